//! The Security-Client, Security-Server and Security-Verify headers, which agree on the protection of a hop
//! (RFC 3329).

use std::borrow::Cow;
use std::fmt;

use super::auth::{Algorithm, Qop};
use super::parametrized::{Parametrized, param_accessors};
use super::{Field, Shape, TypedHeader, fault, parsed_and_printed, qvalue};
use crate::grammar::{is_token, prefix, token, unquote};
use crate::params::{self, ParamSpan};
use crate::{ErrorKind, HeaderName, ParseError};

macro_rules! mechanisms {
    ($($(#[$doc:meta])* $type:ident, $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $type {
            text: Parametrized,
        }

        impl $type {
            /// Creates a header for a mechanism: `tls`, `digest`, `ipsec-ike`, `ipsec-man` or another one.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Token`](crate::ErrorKind::Token) if it is no token.
            pub fn new(mechanism: &str) -> Result<Self, ParseError> {
                match is_token(mechanism) {
                    true => Ok($type { text: Parametrized::bare(mechanism) }),
                    false => Err(ParseError::new(ErrorKind::Token, 0, "a mechanism's name, which is a token")),
                }
            }

            /// Returns the mechanism's name as written, which is compared without case.
            pub fn mechanism(&self) -> &str {
                self.text.value()
            }

            /// Returns the preference from 0 to 1.
            ///
            /// The mechanisms of one list must have different preferences, which the reader of the list
            /// checks.
            pub fn q(&self) -> Option<f32> {
                self.param("q").flatten().and_then(qvalue::parse)
            }

            /// Returns the Digest algorithm, if the mechanism is Digest.
            pub fn digest_algorithm(&self) -> Option<Algorithm> {
                self.param("d-alg").flatten().and_then(|name| name.parse().ok())
            }

            /// Returns the Digest quality of protection, if the mechanism is Digest.
            pub fn digest_qop(&self) -> Option<Qop> {
                self.param("d-qop").flatten().and_then(|name| name.parse().ok())
            }

            /// Returns the digest over the server's list, in hexadecimal digits, if the mechanism is Digest.
            pub fn digest_verify(&self) -> Option<Cow<'_, str>> {
                self.params().value("d-ver")
            }

            /// Sets the preference, of which at most three decimals are written.
            ///
            /// # Errors
            ///
            /// [`ErrorKind`](crate::ErrorKind) `Value` if `q` is not within 0 and 1, or `TooManyParams`.
            pub fn with_q(self, q: f32) -> Result<Self, ParseError> {
                self.with_param("q", Some(&qvalue::print(q)?))
            }

            /// Sets the Digest algorithm.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::TooManyParams`](crate::ErrorKind::TooManyParams).
            pub fn with_digest_algorithm(self, algorithm: Algorithm) -> Result<Self, ParseError> {
                self.with_param("d-alg", Some(algorithm.as_str()))
            }

            /// Sets the Digest quality of protection.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::TooManyParams`](crate::ErrorKind::TooManyParams).
            pub fn with_digest_qop(self, qop: Qop) -> Result<Self, ParseError> {
                self.with_param("d-qop", Some(qop.as_str()))
            }

            /// Sets the digest over the server's list, which has at least 32 hexadecimal digits in lower
            /// case.
            ///
            /// # Errors
            ///
            /// [`ErrorKind`](crate::ErrorKind) `Value` if it is no such thing, or `TooManyParams`.
            pub fn with_digest_verify(self, digest: &str) -> Result<Self, ParseError> {
                self.with_param("d-ver", Some(&format!("\"{digest}\"")))
            }
        }

        param_accessors!($type);

        impl TypedHeader for $type {
            const NAME: HeaderName = HeaderName::$name;
            const SHAPE: Shape = Shape::List;

            fn parse(value: Field<'_>) -> Result<Self, ParseError> {
                Ok($type { text: scan(value)? })
            }

            fn write(&self, out: &mut String) {
                out.push_str(self.text.as_str());
            }
        }

        /// Compares the mechanism, and the parameters in any order.
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.mechanism().eq_ignore_ascii_case(other.mechanism())
                    && params::agree(self.params(), other.params(), |_| true)
            }
        }

        /// Formats the value without the digest, from which the password could be guessed.
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($type), "({}"), self.mechanism())?;
                for (name, value) in self.params() {
                    match value {
                        Some(_) if name.eq_ignore_ascii_case("d-ver") => write!(f, ";{name}=(redacted)")?,
                        Some(value) => write!(f, ";{name}={value}")?,
                        None => write!(f, ";{name}")?,
                    }
                }
                f.write_str(")")
            }
        }

        parsed_and_printed!($type);
    )*};
}

mechanisms! {
    /// A Security-Client header: one mechanism that the client supports for the first hop.
    ///
    /// ```text
    /// security-client  = "Security-Client" HCOLON sec-mechanism *(COMMA sec-mechanism)
    /// sec-mechanism    = mechanism-name *(SEMI mech-parameters)
    /// mechanism-name   = ( "digest" / "tls" / "ipsec-ike" / "ipsec-man" / token )
    /// mech-parameters  = ( preference / digest-algorithm / digest-qop / digest-verify / extension )
    /// preference       = "q" EQUAL qvalue
    /// digest-algorithm = "d-alg" EQUAL token
    /// digest-qop       = "d-qop" EQUAL token
    /// digest-verify    = "d-ver" EQUAL LDQUOT 32LHEX RDQUOT
    /// extension        = generic-param
    /// ```
    ///
    /// The grammar is that of [RFC 3329 §2.2](https://www.rfc-editor.org/rfc/rfc3329#section-2.2). A digest
    /// may have more than 32 digits, because those of the algorithms of RFC 8760 do. Digits in upper case are
    /// accepted.
    ///
    /// ```
    /// use spigot_parser::header::{Algorithm, SecurityClient};
    ///
    /// let mechanism: SecurityClient = "digest;d-alg=MD5;q=0.2".parse()?;
    /// assert_eq!((mechanism.mechanism(), mechanism.q()), ("digest", Some(0.2)));
    /// assert_eq!(mechanism.digest_algorithm(), Some(Algorithm::MD5));
    /// assert_eq!(SecurityClient::new("tls")?.to_string(), "tls");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    SecurityClient, SECURITY_CLIENT;

    /// A Security-Server header: one mechanism that the server supports, in its 494 response.
    ///
    /// The client uses the mechanism with the highest `q` among those it supports.
    ///
    /// ```text
    /// security-server = "Security-Server" HCOLON sec-mechanism *(COMMA sec-mechanism)
    /// ```
    ///
    /// ```
    /// use spigot_parser::header::SecurityServer;
    ///
    /// assert_eq!("tls;q=0.2".parse::<SecurityServer>()?.q(), Some(0.2));
    /// assert_eq!(SecurityServer::new("ipsec-ike")?.with_q(0.1)?.to_string(), "ipsec-ike;q=0.1");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    SecurityServer, SECURITY_SERVER;

    /// A Security-Verify header: one mechanism of the server's list, which the client returns over the
    /// protected hop.
    ///
    /// ```text
    /// security-verify = "Security-Verify" HCOLON sec-mechanism *(COMMA sec-mechanism)
    /// ```
    ///
    /// [RFC 3329 §2.3.1](https://www.rfc-editor.org/rfc/rfc3329#section-2.3.1):
    ///
    /// > Note that, following the standard SIP header field comparison rules defined in \[1\], both lists
    /// > have to contain the same security mechanisms in the same order to be considered equivalent. In
    /// > addition, for each particular security mechanism, its parameters in both lists need to have the same
    /// > values.
    ///
    /// ```
    /// use spigot_parser::header::{SecurityServer, SecurityVerify};
    ///
    /// let server: SecurityServer = "tls;q=0.2".parse()?;
    /// assert_eq!(SecurityVerify::from(server).to_string(), "tls;q=0.2");
    /// assert_eq!("TLS ; q=0.2".parse::<SecurityVerify>()?, SecurityVerify::new("tls")?.with_q(0.2)?);
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    SecurityVerify, SECURITY_VERIFY;
}

/// Copies the server's mechanism octet by octet.
impl From<SecurityServer> for SecurityVerify {
    fn from(server: SecurityServer) -> Self {
        SecurityVerify { text: server.text }
    }
}

fn scan(value: Field<'_>) -> Result<Parametrized, ParseError> {
    let text = value.as_str();
    let (_, end) = prefix(text, token("a mechanism's name"))?;
    Parametrized::scan(value, end, |param| check(text, param))
}

fn check(text: &str, param: ParamSpan) -> Result<(), ParseError> {
    let is = |name: &str| param.name(text).eq_ignore_ascii_case(name);
    let value = param.value(text);
    if is("q") && value.and_then(qvalue::parse).is_none() {
        return fault(param.at(), qvalue::EXPECTED);
    }
    if (is("d-alg") || is("d-qop")) && !param.is_token {
        return fault(param.at(), "a token");
    }
    if is("d-ver") && !value.is_some_and(is_digest) {
        return fault(param.at(), "a digest of 32 hexadecimal digits or more, in quotes");
    }
    Ok(())
}

fn is_digest(value: &str) -> bool {
    let digits = unquote(value);
    value.starts_with('"') && digits.len() >= 32 && digits.bytes().all(|octet| octet.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;
    use crate::header::testing;
    use proptest::prelude::*;

    const DIGEST: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn a_list_is_read_across_lines() {
        let request = Request::parse(format!(
            "OPTIONS sip:a SIP/2.0\r\nSecurity-Verify: tls;q=0.2, digest;d-alg=MD5;d-qop=auth;d-ver=\"{DIGEST}\"\r\n\
             Security-Verify: ipsec-3gpp;alg=hmac-sha-1-96;spi-c=98765432;q=0.1\r\n\r\n"
        ))
        .unwrap();
        let list: Vec<SecurityVerify> = request.headers().all().collect::<Result<_, _>>().unwrap();
        assert_eq!(
            list.iter().map(SecurityVerify::q).collect::<Vec<_>>(),
            [Some(0.2), None, Some(0.1)]
        );
        assert_eq!(
            (list[1].digest_algorithm(), list[1].digest_qop()),
            (Some(Algorithm::MD5), Some(Qop::AUTH))
        );
        assert_eq!(list[1].digest_verify().unwrap(), DIGEST);
        assert_eq!(list[2].param("spi-c"), Some(Some("98765432")));
        assert_eq!(
            format!("{:?}", list[1]),
            "SecurityVerify(digest;d-alg=MD5;d-qop=auth;d-ver=(redacted))"
        );
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            (";q=1", 0),
            ("tls;q=2", 6),
            ("tls;q", 5),
            ("tls;d-alg=\"MD5\"", 10),
            ("tls;d-qop", 9),
            ("tls;d-ver=0123456789abcdef0123456789abcdef", 10),
            ("tls;d-ver=\"0123456789abcdef0123456789abcde\"", 10),
            ("tls;d-ver=\"0123456789abcdef0123456789abcdeg\"", 10),
            ("tls digest", 4),
            ("tls;q=1;Q=1", 8),
        ] {
            assert_eq!(
                text.parse::<SecurityServer>().unwrap_err().offset(),
                offset,
                "{text}"
            );
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let tls = SecurityClient::new("tls").unwrap();
        for evil in testing::EVIL {
            assert!(
                SecurityClient::new(evil).is_err() && tls.clone().with_digest_verify(evil).is_err(),
                "{evil:?}"
            );
            assert!(
                tls.clone().with_param("x", Some(evil)).is_err()
                    && tls.clone().with_param(evil, None).is_err()
            );
        }
        assert!(tls.clone().with_q(1.5).is_err() && tls.clone().with_param("q", None).is_err());
        assert!(SecurityClient::new("tls;q=1").is_err());
        assert_ne!(tls.clone().with_q(0.5).unwrap(), tls);
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            mechanism in testing::token(), q in 0f32..=1.0, token in testing::token(), digest in "[0-9a-f]{32,64}",
            value in testing::param_value(),
        ) {
            let built = SecurityServer::new(&mechanism).unwrap()
                .with_q(q).unwrap()
                .with_digest_algorithm(token.parse().unwrap()).unwrap()
                .with_digest_qop(token.parse().unwrap()).unwrap()
                .with_digest_verify(&digest).unwrap()
                .with_param("x", value.as_deref()).unwrap();
            prop_assert_eq!((built.mechanism(), built.digest_verify().unwrap()), (&*mechanism, digest.into()));
            prop_assert_eq!(built.digest_qop(), Some(token.parse().unwrap()));
            testing::assert_round_trip(&SecurityVerify::from(built.clone()));
            testing::assert_round_trip(&built.without_param("d-ver").unwrap());
            testing::assert_round_trip(&SecurityClient::new(&mechanism).unwrap());
        }
    }
}
