//! The Digest algorithms and qualities of protection (RFC 8760 §2.7).
//!
//! The one invariant: each name is a token. This module hashes nothing.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use bytestring::ByteString;

use crate::grammar::is_token;
use crate::{ErrorKind, ParseError};

macro_rules! names {
    ($($(#[$doc:meta])* $type:ident, $expected:literal { $($name:ident $text:literal $says:literal;)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $type(ByteString);

        impl $type {
            $(#[doc = concat!("`", $text, "`: ", $says)]
            pub const $name: $type = $type(ByteString::from_static($text));)*

            /// Returns the name as written in a header.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Creates a value from a token, without allocating if it is one of the constants.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Token`] if it is not a token.
            pub fn from_token(token: &str) -> Result<$type, ParseError> {
                $(if token == $text {
                    return Ok($type::$name);
                })*
                match is_token(token) {
                    true => Ok($type(token.into())),
                    false => Err(ParseError::new(ErrorKind::Token, 0, $expected)),
                }
            }

            /// Creates a value from `token`, which is a token and a part of `text`.
            pub(super) fn within(text: &ByteString, token: &str) -> $type {
                $type(text.slice_ref(token))
            }
        }

        impl FromStr for $type {
            type Err = ParseError;

            fn from_str(token: &str) -> Result<Self, Self::Err> {
                $type::from_token(token)
            }
        }

        /// Compares tokens without case (RFC 3261 §7.3.1).
        impl PartialEq for $type {
            fn eq(&self, other: &$type) -> bool {
                self.0.eq_ignore_ascii_case(&other.0)
            }
        }

        impl Eq for $type {}

        impl Hash for $type {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.0.bytes().for_each(|octet| state.write_u8(octet.to_ascii_lowercase()));
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// A digest algorithm: one of the constants, or another token.
    ///
    /// ```text
    /// algorithm = "algorithm" EQUAL ( "MD5" / "MD5-sess" / "SHA-256" / "SHA-256-sess" / "SHA-512-256" /
    ///             "SHA-512-256-sess" / token )
    /// ```
    ///
    /// The grammar is that of [RFC 8760 §2.7](https://www.rfc-editor.org/rfc/rfc8760#section-2.7). Two values
    /// are equal if they differ in case only.
    ///
    /// ```
    /// use spigot_parser::header::Algorithm;
    ///
    /// assert_eq!("sha-256".parse(), Ok(Algorithm::SHA_256));
    /// assert!(Algorithm::SHA_512_256_SESS.is_session() && !Algorithm::MD5.is_session());
    /// assert_eq!(Algorithm::from_token("AKAv1-MD5")?.as_str(), "AKAv1-MD5");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    Algorithm, "an algorithm, which is a token" {
        MD5 "MD5" "the default algorithm, for old peers only (RFC 8760 §3).";
        MD5_SESS "MD5-sess" "MD5 over a session key.";
        SHA_256 "SHA-256" "SHA-2 with 256 bits.";
        SHA_256_SESS "SHA-256-sess" "SHA-256 over a session key.";
        SHA_512_256 "SHA-512-256" "SHA-2 with 512 bits, truncated to 256 bits.";
        SHA_512_256_SESS "SHA-512-256-sess" "SHA-512/256 over a session key.";
    }

    /// A quality of protection, which says what a digest covers: one of the constants, or another token.
    ///
    /// ```text
    /// qop-value = "auth" / "auth-int" / token
    /// ```
    ///
    /// The grammar is that of RFC 3261 §25.1. Two values are equal if they differ in case only.
    ///
    /// ```
    /// use spigot_parser::header::Qop;
    ///
    /// assert_eq!("auth-int".parse(), Ok(Qop::AUTH_INT));
    /// assert_eq!(Qop::from_token("auth")?.to_string(), "auth");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    Qop, "a quality of protection, which is a token" {
        AUTH "auth" "the digest covers method and Request-URI.";
        AUTH_INT "auth-int" "the digest covers method, Request-URI and body.";
    }
}

impl Algorithm {
    /// Reports whether the secret is first hashed together with the nonces of the session (RFC 7616 §3.4.2).
    pub fn is_session(&self) -> bool {
        let Some(at) = self.0.len().checked_sub(5) else {
            return false;
        };
        self.0.as_bytes()[at..].eq_ignore_ascii_case(b"-sess")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;

    #[test]
    fn names_are_tokens_without_case() {
        assert_eq!("md5-SESS".parse(), Ok(Algorithm::MD5_SESS));
        assert_ne!("MD5".parse(), Ok(Algorithm::MD5_SESS));
        assert!("x-SESS".parse::<Algorithm>().unwrap().is_session());
        assert!(!"sess".parse::<Algorithm>().unwrap().is_session());
        assert_eq!("Auth".parse::<Qop>().unwrap().as_str(), "Auth");
        for evil in testing::EVIL {
            assert!(evil.parse::<Algorithm>().is_err() && evil.parse::<Qop>().is_err());
        }
        assert_eq!("".parse::<Qop>().unwrap_err().kind(), ErrorKind::Token);
    }
}
