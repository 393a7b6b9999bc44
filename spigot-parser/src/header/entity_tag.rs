//! The SIP-ETag, SIP-If-Match and Suppress-If-Match headers, which name a version of a state (RFC 3903 §11.3,
//! RFC 5839 §7.2).

use bytestring::ByteString;

use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{is_token, token_end};
use crate::{ErrorKind, HeaderName, ParseError};

macro_rules! entity_tags {
    ($($(#[$doc:meta])* $type:ident, $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $type {
            text: ByteString,
        }

        impl $type {
            /// Creates a header with the entity tag `tag`.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Token`] if it is no token.
            pub fn new(tag: &str) -> Result<Self, ParseError> {
                match is_token(tag) {
                    true => Ok($type { text: tag.into() }),
                    false => Err(ParseError::new(ErrorKind::Token, 0, EXPECTED)),
                }
            }

            /// Returns the entity tag.
            pub fn as_str(&self) -> &str {
                &self.text
            }
        }

        impl TypedHeader for $type {
            const NAME: HeaderName = HeaderName::$name;
            const SHAPE: Shape = Shape::Single;

            fn parse(value: Field<'_>) -> Result<Self, ParseError> {
                let text = value.as_str();
                match token_end(text.as_bytes(), 0) {
                    0 => fault(0, EXPECTED),
                    end if end < text.len() => fault(end, "the end of the value"),
                    _ => Ok($type { text: value.share() }),
                }
            }

            fn write(&self, out: &mut String) {
                out.push_str(&self.text);
            }
        }

        text_traits!($type);
    )*};
}

const EXPECTED: &str = "an entity tag, which is a token";

entity_tags! {
    /// A SIP-ETag header: the entity tag that a server gives to a version of a published state.
    ///
    /// [RFC 3903 §11.3.1](https://www.rfc-editor.org/rfc/rfc3903#section-11.3.1), with the grammar of §12:
    ///
    /// ```text
    /// SIP-ETag   = "SIP-ETag" HCOLON entity-tag
    /// entity-tag = token
    /// ```
    ///
    /// Two values are equal if they have the same octets, because only the server knows what a tag means.
    ///
    /// ```
    /// use spigot_parser::header::SipEtag;
    ///
    /// assert_eq!("dx200xyz".parse::<SipEtag>()?.as_str(), "dx200xyz");
    /// assert_eq!(SipEtag::new("kwj449x")?.to_string(), "kwj449x");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    SipEtag, SIP_ETAG;

    /// A SIP-If-Match header: the version of a published state that a PUBLISH refreshes, changes or removes.
    ///
    /// [RFC 3903 §11.3.2](https://www.rfc-editor.org/rfc/rfc3903#section-11.3.2), with the grammar of §12:
    ///
    /// ```text
    /// SIP-If-Match = "SIP-If-Match" HCOLON entity-tag
    /// ```
    ///
    /// Two values are equal if they have the same octets.
    ///
    /// ```
    /// use spigot_parser::header::{SipEtag, SipIfMatch};
    ///
    /// let version: SipIfMatch = "dx200xyz".parse()?;
    /// assert!(version.matches(&SipEtag::new("dx200xyz")?) && !version.matches(&SipEtag::new("DX200XYZ")?));
    /// assert_eq!(SipIfMatch::from(&SipEtag::new("kwj449x")?).to_string(), "kwj449x");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    SipIfMatch, SIP_IF_MATCH;

    /// A Suppress-If-Match header: the version of a state that the subscriber already has.
    ///
    /// The notifier sends no NOTIFY of this version; `*` stands for any version.
    ///
    /// [RFC 5839 §7.2](https://www.rfc-editor.org/rfc/rfc5839#section-7.2), with the grammar of §7.3:
    ///
    /// ```text
    /// Suppress-If-Match = "Suppress-If-Match" HCOLON ( entity-tag / "*" )
    /// ```
    ///
    /// Two values are equal if they have the same octets.
    ///
    /// ```
    /// use spigot_parser::header::{SipEtag, SuppressIfMatch};
    ///
    /// let version: SuppressIfMatch = "b4cf7".parse()?;
    /// assert!(version.matches(&SipEtag::new("b4cf7")?) && !version.matches(&SipEtag::new("7ca42")?));
    /// assert!(SuppressIfMatch::ANY.matches(&SipEtag::new("7ca42")?));
    /// assert_eq!(SuppressIfMatch::ANY.to_string(), "*");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    SuppressIfMatch, SUPPRESS_IF_MATCH;
}

impl SipIfMatch {
    /// Reports whether the state has the required version.
    pub fn matches(&self, version: &SipEtag) -> bool {
        self.text == version.text
    }
}

impl SuppressIfMatch {
    /// The value `*`, which stands for any version of the state.
    pub const ANY: SuppressIfMatch = SuppressIfMatch {
        text: ByteString::from_static("*"),
    };

    /// Reports whether the value is `*`, which stands for any version.
    pub fn is_any(&self) -> bool {
        self.as_str() == "*"
    }

    /// Reports whether a NOTIFY of the version `version` is to be suppressed.
    pub fn matches(&self, version: &SipEtag) -> bool {
        self.is_any() || self.text == version.text
    }
}

macro_rules! conditions {
    ($($type:ident),*) => {$(
        impl From<&SipEtag> for $type {
            fn from(version: &SipEtag) -> Self {
                $type { text: version.text.clone() }
            }
        }
    )*};
}

conditions!(SipIfMatch, SuppressIfMatch);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn one_token() {
        for (text, offset) in [
            ("", 0),
            ("a b", 1),
            ("a,b", 1),
            ("a;x", 1),
            ("\"a\"", 0),
            ("W/\"a\"", 1),
            ("é", 0),
        ] {
            let offsets = (
                text.parse::<SipEtag>().unwrap_err().offset(),
                text.parse::<SipIfMatch>().unwrap_err().offset(),
                text.parse::<SuppressIfMatch>().unwrap_err().offset(),
            );
            assert_eq!(offsets, (offset, offset, offset), "{text:?}");
        }
        for evil in testing::EVIL {
            assert!(
                SipEtag::new(evil).is_err() && SipIfMatch::new(evil).is_err(),
                "{evil:?}"
            );
            assert!(
                SuppressIfMatch::new(evil).is_err() && evil.parse::<SuppressIfMatch>().is_err(),
                "{evil:?}"
            );
        }
    }

    #[test]
    fn a_star_is_any_version_to_a_subscriber_only() {
        let star = SipEtag::new("*").unwrap();
        assert_eq!("*".parse(), Ok(SuppressIfMatch::ANY));
        assert!(SuppressIfMatch::from(&star).is_any());
        assert!(!SipIfMatch::new("*").unwrap().matches(&SipEtag::new("a").unwrap()));
        assert!(!SuppressIfMatch::new("a").unwrap().matches(&star));
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(tag in testing::token()) {
            let version = SipEtag::new(&tag).unwrap();
            prop_assert_eq!(version.as_str(), tag.as_str());
            testing::assert_round_trip(&version);
            testing::assert_round_trip(&SipIfMatch::new(&tag).unwrap());
            testing::assert_round_trip(&SipIfMatch::from(&version));
            testing::assert_round_trip(&SuppressIfMatch::new(&tag).unwrap());
            testing::assert_round_trip(&SuppressIfMatch::from(&version));
            testing::assert_round_trip(&SuppressIfMatch::ANY);
        }
    }
}
