//! The Authentication-Info header, which a server sends after successful authentication (RFC 3261 §20.6).

use std::borrow::Cow;
use std::fmt;

use bytestring::ByteString;

use super::Qop;
use super::credentials::{check_case, nonce_count};
use super::params::{AuthParam, AuthParams, agree, inner, scan, write_param, write_redacted, write_with};
use crate::grammar::is_token;
use crate::header::{Field, Shape, TypedHeader, fault, parsed_and_printed};
use crate::{HeaderName, ParseError};

/// An Authentication-Info header: the next nonce, and the proof that the server knows the user's secret.
///
/// ```text
/// Authentication-Info = "Authentication-Info" HCOLON ainfo *(COMMA ainfo)
/// ainfo               = nextnonce / message-qop / response-auth / cnonce / nonce-count
/// nextnonce           = "nextnonce" EQUAL quoted-string
/// response-auth       = "rspauth" EQUAL LDQUOT *LHEX RDQUOT
/// ```
///
/// The grammar is that of RFC 3261 §25.1. Other parameters are kept, as RFC 7615 §3 allows. `qop` and `nc` in
/// quotes, and hexadecimal digits in upper case, are accepted. Two values are equal if they have the same
/// parameters in any order. `Display` prints everything, and `Debug` leaves out the proof.
///
/// ```
/// use spigot_parser::header::{AuthenticationInfo, Qop};
///
/// let info: AuthenticationInfo = "nextnonce=\"47364c23\", qop=auth, nc=00000001, cnonce=\"0a4f\", rspauth=\"\"".parse()?;
/// assert_eq!((info.next_nonce().unwrap(), info.nonce_count()), ("47364c23".into(), Some(1)));
///
/// let info = AuthenticationInfo::new([("nextnonce", "47364c23")])?.with_qop(Qop::AUTH)?;
/// assert_eq!(info.to_string(), "nextnonce=\"47364c23\", qop=auth");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct AuthenticationInfo {
    text: ByteString,
}

/// The parameters that are written without quotes (RFC 7616 §3.5).
const BARE: &[&str] = &["qop", "nc"];

impl AuthenticationInfo {
    /// Creates a header with the given parameters, whose values are quoted.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Token`, `Value`, `Duplicate` or `TooManyParams` if they leave the
    /// grammar, which asks for one parameter at least.
    pub fn new<'a>(
        params: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<AuthenticationInfo, ParseError> {
        let mut text = String::new();
        for (name, value) in params {
            check_case(name, value)?;
            write_param(name, value, BARE, &mut text)?;
        }
        AuthenticationInfo::parse(Field::exact(&text))
    }

    /// Returns the nonce for the next request.
    pub fn next_nonce(&self) -> Option<Cow<'_, str>> {
        self.params().value("nextnonce")
    }

    /// Returns the quality of protection of the response.
    pub fn qop(&self) -> Option<Qop> {
        Some(Qop::within(&self.text, inner(self.params().get("qop")?)))
    }

    /// Returns the server's proof of knowing the secret, in hexadecimal digits (`rspauth`).
    pub fn response_auth(&self) -> Option<Cow<'_, str>> {
        self.params().value("rspauth")
    }

    /// Returns the client's nonce, which is that of the request.
    pub fn cnonce(&self) -> Option<Cow<'_, str>> {
        self.params().value("cnonce")
    }

    /// Returns the nonce count, which is that of the request.
    pub fn nonce_count(&self) -> Option<u32> {
        nonce_count(inner(self.params().get("nc")?))
    }

    /// Returns the parameters in their order.
    pub fn params(&self) -> AuthParams<'_> {
        AuthParams::of(&self.text)
    }

    /// Returns the value of a parameter without its quotes.
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        self.params().value(name)
    }

    /// Sets the nonce for the next request.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value` if it holds control characters, or `TooManyParams`.
    pub fn with_next_nonce(self, nonce: &str) -> Result<AuthenticationInfo, ParseError> {
        self.with_param("nextnonce", nonce)
    }

    /// Sets the quality of protection.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value` or `TooManyParams`.
    pub fn with_qop(self, qop: Qop) -> Result<AuthenticationInfo, ParseError> {
        self.with_param("qop", qop.as_str())
    }

    /// Sets the server's digest, in hexadecimal digits in lower case, with the client's nonce and the nonce
    /// count.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value` if one of them leaves the grammar, or `TooManyParams`.
    pub fn with_response_auth(
        self,
        digest: &str,
        nonce_count: u32,
        cnonce: &str,
    ) -> Result<AuthenticationInfo, ParseError> {
        self.with_param("rspauth", digest)?
            .with_param("nc", &format!("{nonce_count:08x}"))?
            .with_param("cnonce", cnonce)
    }

    /// Sets a parameter: replaces it if it is there, appends it otherwise.
    ///
    /// The value is plain text. It is quoted where the grammar asks for quotes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Token`, `Value` or `TooManyParams` if name or value leave the
    /// grammar.
    pub fn with_param(self, name: &str, value: &str) -> Result<AuthenticationInfo, ParseError> {
        let mut text = String::with_capacity(self.text.len() + name.len() + value.len() + 8);
        check_case(name, value)?;
        write_with(self.params(), name, Some(value), BARE, &mut text)?;
        AuthenticationInfo::parse(Field::exact(&text))
    }
}

fn check(param: AuthParam<'_>) -> Result<(), ParseError> {
    let value = param.inner();
    if param.is("qop") && !is_token(value) {
        return fault(param.at, "one quality of protection");
    }
    if param.is("nc") && nonce_count(value).is_none() {
        return fault(param.at, "a nonce count of eight hexadecimal digits");
    }
    if param.is("rspauth") && !value.bytes().all(|octet| octet.is_ascii_hexdigit()) {
        return fault(param.at, "a digest of hexadecimal digits");
    }
    Ok(())
}

impl TypedHeader for AuthenticationInfo {
    const NAME: HeaderName = HeaderName::AUTHENTICATION_INFO;
    const SHAPE: Shape = Shape::Joined;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        scan(value.as_str(), 0, check)?;
        Ok(AuthenticationInfo { text: value.share() })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.text);
    }
}

impl PartialEq for AuthenticationInfo {
    fn eq(&self, other: &AuthenticationInfo) -> bool {
        agree(self.params(), other.params())
    }
}

/// Formats the header without the digest and the client's nonce.
impl fmt::Debug for AuthenticationInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: [&str; 3] = ["nextnonce", "qop", "nc"];
        f.write_str("AuthenticationInfo(")?;
        write_redacted(
            self.params(),
            |name| SHOWN.iter().any(|shown| shown.eq_ignore_ascii_case(name)),
            f,
        )?;
        f.write_str(")")
    }
}

parsed_and_printed!(AuthenticationInfo);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use crate::{ErrorKind, Response};
    use proptest::prelude::*;

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            ("Digest nextnonce=\"a\"", 7),
            ("nextnonce", 9),
            ("nextnonce=\"a\" qop=auth", 14),
            ("qop=\"auth,auth-int\"", 4),
            ("nc=1", 3),
            ("rspauth=\"x\"", 8),
            ("qop=auth,", 9),
        ] {
            assert_eq!(
                text.parse::<AuthenticationInfo>().unwrap_err().offset(),
                offset,
                "{text}"
            );
        }
        let twice = "qop=a, QOP=a".parse::<AuthenticationInfo>().unwrap_err();
        assert_eq!((twice.kind(), twice.offset()), (ErrorKind::Duplicate, 7));
        let lenient: AuthenticationInfo = "qop=\"auth\",nc=\"0000000A\"".parse().unwrap();
        assert_eq!(
            (lenient.qop(), lenient.nonce_count()),
            (Some(Qop::AUTH), Some(10))
        );
    }

    #[test]
    fn lines_are_joined() {
        let response = Response::parse(
            "SIP/2.0 200 OK\r\nAuthentication-Info: nextnonce=\"a,b\"\r\nAuthentication-Info: rspauth=\"0F\"\r\n\r\n",
        )
        .unwrap();
        let info = response.headers().typed::<AuthenticationInfo>().unwrap().unwrap();
        assert_eq!(
            (info.next_nonce().unwrap(), info.response_auth().unwrap()),
            ("a,b".into(), "0F".into())
        );
        assert_eq!(
            format!("{info:?}"),
            "AuthenticationInfo(nextnonce=\"a,b\", rspauth=(redacted))"
        );
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let info = AuthenticationInfo::new([("nextnonce", "a")]).unwrap();
        for evil in testing::EVIL {
            let control = evil.chars().any(char::is_control);
            assert_eq!(
                AuthenticationInfo::new([("nextnonce", *evil)]).is_err(),
                control,
                "{evil:?}"
            );
            assert_eq!(info.clone().with_next_nonce(evil).is_err(), control, "{evil:?}");
            assert!(info.clone().with_response_auth(evil, 1, "a").is_err(), "{evil:?}");
            assert_eq!(
                info.clone().with_response_auth("", 1, evil).is_err(),
                control,
                "{evil:?}"
            );
            assert!(info.clone().with_param(evil, "a").is_err(), "{evil:?}");
        }
        assert!(AuthenticationInfo::new([]).is_err() && info.with_response_auth("0F", 1, "a").is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            nonce in testing::line(), cnonce in testing::line(), qop in testing::token(), digest in "[0-9a-f]{0,64}", count: u32,
        ) {
            let info = AuthenticationInfo::new([("x", &*cnonce)]).unwrap()
                .with_next_nonce(&nonce).unwrap()
                .with_qop(Qop::from_token(&qop).unwrap()).unwrap()
                .with_response_auth(&digest, count, &cnonce).unwrap();
            prop_assert_eq!((info.next_nonce().unwrap(), info.cnonce().unwrap()), (nonce.into(), cnonce.as_str().into()));
            prop_assert_eq!((info.param("x").unwrap(), info.response_auth().unwrap()), (cnonce.into(), digest.into()));
            prop_assert_eq!((info.qop(), info.nonce_count()), (Some(Qop::from_token(&qop).unwrap()), Some(count)));
            testing::assert_round_trip(&info);
        }
    }
}
