//! Challenges, credentials, and the headers that carry them (RFC 3261 §22, RFC 8760).
//!
//! These are types only. The caller hashes, generates nonces and stores passwords. The one invariant: `Debug`
//! shows no secret.

mod authenticate;
mod authorization;
mod challenge;
mod credentials;
mod digest;
mod extended;
mod info;
mod params;
mod value;

pub use authenticate::{ProxyAuthenticate, WwwAuthenticate};
pub use authorization::{Authorization, ProxyAuthorization};
pub use challenge::Challenge;
pub use credentials::Credentials;
pub use digest::{Algorithm, Qop};
pub use info::AuthenticationInfo;
pub use params::AuthParams;

/// Implements `FromStr`, `Display` and `Debug` for a challenge or credentials.
macro_rules! auth_traits {
    ($type:ident) => {
        impl std::str::FromStr for $type {
            type Err = crate::ParseError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(crate::header::Field::new(text))
                    .map_err(|error| error.shifted(crate::grammar::blanks_end(text.as_bytes(), 0)))
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        /// Formats the value without its secrets.
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($type), "("))?;
                self.write_redacted(f)?;
                f.write_str(")")
            }
        }
    };
}
use auth_traits;

/// Defines header types that hold a challenge or credentials.
macro_rules! auth_headers {
    ($($(#[$doc:meta])* $type:ident, $name:ident, $inner:ident, $field:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq)]
        pub struct $type {
            $field: $inner,
        }

        impl $type {
            /// Creates a header of the given content.
            pub fn new($field: $inner) -> Self {
                $type { $field }
            }

            /// Returns the content of the header.
            pub fn $field(&self) -> &$inner {
                &self.$field
            }
        }

        impl std::convert::From<$inner> for $type {
            fn from($field: $inner) -> Self {
                $type { $field }
            }
        }

        impl std::convert::From<$type> for $inner {
            fn from(header: $type) -> Self {
                header.$field
            }
        }

        impl crate::header::TypedHeader for $type {
            const NAME: crate::HeaderName = crate::HeaderName::$name;
            const SHAPE: crate::header::Shape = crate::header::Shape::Lines;

            fn parse(value: crate::header::Field<'_>) -> Result<Self, crate::ParseError> {
                $inner::parse(value).map(Self::new)
            }

            fn write(&self, out: &mut String) {
                out.push_str(self.$field.as_str());
            }
        }

        /// Formats the header without its secrets.
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($type), "("))?;
                self.$field.write_redacted(f)?;
                f.write_str(")")
            }
        }

        crate::header::parsed_and_printed!($type);
    )*};
}
use auth_headers;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn look_at(challenge: &Challenge) {
        let texts = [
            challenge.realm(),
            challenge.nonce(),
            challenge.opaque(),
            challenge.charset(),
        ];
        let flags = (
            challenge.stale(),
            challenge.userhash(),
            challenge.algorithm(),
            challenge.token68(),
        );
        let lists = (
            challenge.qop().count(),
            challenge.domain().count(),
            challenge.params().count(),
        );
        assert!(!format!("{challenge:?} {texts:?} {flags:?} {lists:?}").is_empty());
    }

    fn look_into(credentials: &Credentials) {
        let texts = [
            credentials.username(),
            credentials.realm(),
            credentials.nonce(),
            credentials.cnonce(),
        ];
        let more = [
            credentials.response(),
            credentials.opaque(),
            credentials.token68().map(Into::into),
        ];
        let types = (
            credentials.uri(),
            credentials.algorithm(),
            credentials.qop(),
            credentials.nonce_count(),
        );
        assert!(!format!("{credentials:?} {texts:?} {more:?} {types:?}").is_empty());
        let has_name = credentials.as_str().to_ascii_lowercase().contains("username");
        assert!(!credentials.is_digest() || has_name == credentials.username().is_some());
    }

    proptest! {
        #[test]
        fn what_is_read_is_printed_and_read_again(
            text in "(Digest|basic|x)[ \t]{0,2}((Username\\*?|uri|nc|qop|response|realm|a|stale|algorithm|domain)\
                     ( = |=)(\"([a-z,: é]|\\\\.){0,6}\"|[a-zA-Z0-9'%=]{0,8}|UTF-8''a%41|0000000[a-g]|\"sip:a@b\")(,|, )?){0,4}"
        ) {
            if let Ok(challenge) = text.parse::<Challenge>() {
                prop_assert_eq!(challenge.to_string().parse::<Challenge>().unwrap(), challenge.clone());
                look_at(&challenge);
            }
            if let Ok(credentials) = text.parse::<Credentials>() {
                prop_assert_eq!(credentials.to_string().parse::<Credentials>().unwrap(), credentials.clone());
                look_into(&credentials);
            }
        }
    }
}
