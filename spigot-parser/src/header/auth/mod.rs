//! Authentication: challenges, credentials, and the headers that carry them (RFC 3261 §22, RFC 8760).
//!
//! Types only; who hashes, makes nonces and keeps passwords is the caller. The one invariant: `Debug` shows no secret.

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

/// `FromStr`, `Display` and `Debug` of a challenge or of credentials.
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

        /// Without what is secret.
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

/// A header that holds a challenge or credentials, and nothing else.
macro_rules! auth_headers {
    ($($(#[$doc:meta])* $type:ident, $name:ident, $inner:ident, $field:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq)]
        pub struct $type {
            $field: $inner,
        }

        impl $type {
            /// The header that holds this.
            pub fn new($field: $inner) -> Self {
                $type { $field }
            }

            /// What it holds.
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

        /// Without what is secret.
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
