//! The Supported, Require, Proxy-Require and Unsupported headers, which are lists of option tags (RFC 3261
//! §20.37, §20.32, §20.29, §20.40).

use bytestring::ByteString;

use super::allow::{check, tokens};
use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::is_token;
use crate::{ErrorKind, HeaderName, ParseError};

macro_rules! option_tags {
    ($($(#[$doc:meta])* $type:ident, $name:ident, $may_be_empty:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $type {
            text: ByteString,
        }

        impl $type {
            /// Creates a list of the given option tags.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Token`] if one of them is no token, [`ErrorKind::Value`] if there is none where
            /// the grammar asks for one.
            pub fn new<'a>(tags: impl IntoIterator<Item = &'a str>) -> Result<Self, ParseError> {
                Ok($type { text: join(tags, $may_be_empty)?.into() })
            }

            /// Returns the option tags in their order.
            pub fn tags(&self) -> impl Iterator<Item = &str> + '_ {
                tokens(&self.text)
            }

            /// Reports whether the list contains `tag`, compared without case (RFC 3261 §7.3.1).
            pub fn contains(&self, tag: &str) -> bool {
                self.tags().any(|other| other.eq_ignore_ascii_case(tag))
            }

            /// Reports whether the list is empty.
            pub fn is_empty(&self) -> bool {
                self.tags().next().is_none()
            }
        }

        impl TypedHeader for $type {
            const NAME: HeaderName = HeaderName::$name;
            const SHAPE: Shape = Shape::Joined;

            fn parse(value: Field<'_>) -> Result<Self, ParseError> {
                if value.as_str().is_empty() && !$may_be_empty {
                    return fault(0, "an option tag");
                }
                check(value.as_str(), "an option tag")?;
                Ok($type { text: value.share() })
            }

            fn write(&self, out: &mut String) {
                out.push_str(&self.text);
            }
        }

        /// Compares the option tags in any order.
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.tags().all(|tag| other.contains(tag)) && other.tags().all(|tag| self.contains(tag))
            }
        }

        text_traits!($type);
    )*};
}

option_tags! {
    /// A Supported header: the extensions that the sender supports.
    ///
    /// The list may be empty.
    ///
    /// [RFC 3261 §20.37](https://www.rfc-editor.org/rfc/rfc3261#section-20.37), with the grammar of §25.1:
    ///
    /// ```text
    /// Supported = ( "Supported" / "k" ) HCOLON [option-tag *(COMMA option-tag)]
    /// ```
    ///
    /// ```
    /// use spigot_parser::header::Supported;
    ///
    /// assert!("100rel, timer".parse::<Supported>()?.contains("timer"));
    /// assert_eq!(Supported::new(["100rel", "path"])?.to_string(), "100rel, path");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    Supported, SUPPORTED, true;

    /// A Require header: the extensions that the receiver has to support.
    ///
    /// The receiver answers 420 if it does not.
    ///
    /// [RFC 3261 §20.32](https://www.rfc-editor.org/rfc/rfc3261#section-20.32), with the grammar of §25.1:
    ///
    /// ```text
    /// Require = "Require" HCOLON option-tag *(COMMA option-tag)
    /// ```
    ///
    /// ```
    /// use spigot_parser::header::Require;
    ///
    /// assert_eq!("100rel".parse::<Require>()?.tags().next(), Some("100rel"));
    /// assert_eq!(Require::new(["100rel"])?.to_string(), "100rel");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    Require, REQUIRE, false;

    /// A Proxy-Require header: the extensions that every proxy on the way has to support.
    ///
    /// [RFC 3261 §20.29](https://www.rfc-editor.org/rfc/rfc3261#section-20.29), with the grammar of §25.1:
    ///
    /// ```text
    /// Proxy-Require = "Proxy-Require" HCOLON option-tag *(COMMA option-tag)
    /// ```
    ///
    /// ```
    /// use spigot_parser::header::ProxyRequire;
    ///
    /// assert!("foo".parse::<ProxyRequire>()?.contains("foo"));
    /// assert_eq!(ProxyRequire::new(["foo"])?.to_string(), "foo");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    ProxyRequire, PROXY_REQUIRE, false;

    /// An Unsupported header: the required extensions that the sender of a 420 response does not support.
    ///
    /// [RFC 3261 §20.40](https://www.rfc-editor.org/rfc/rfc3261#section-20.40), with the grammar of §25.1:
    ///
    /// ```text
    /// Unsupported = "Unsupported" HCOLON option-tag *(COMMA option-tag)
    /// ```
    ///
    /// ```
    /// use spigot_parser::header::Unsupported;
    ///
    /// assert!("foo".parse::<Unsupported>()?.contains("foo"));
    /// assert_eq!(Unsupported::new(["foo", "bar"])?.to_string(), "foo, bar");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    Unsupported, UNSUPPORTED, false;
}

fn join<'a>(tags: impl IntoIterator<Item = &'a str>, may_be_empty: bool) -> Result<String, ParseError> {
    let mut text = String::new();
    for tag in tags {
        if !is_token(tag) {
            return Err(ParseError::new(
                ErrorKind::Token,
                0,
                "an option tag, which is a token",
            ));
        }
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(tag);
    }
    if text.is_empty() && !may_be_empty {
        fault(0, "an option tag")
    } else {
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn only_supported_may_be_empty() {
        assert!("".parse::<Supported>().unwrap().is_empty());
        assert!(
            "".parse::<Require>().is_err()
                && Unsupported::new([]).is_err()
                && "".parse::<ProxyRequire>().is_err()
        );
    }

    #[test]
    fn tags_are_tokens_and_a_set() {
        assert_eq!("a, B".parse::<Require>(), "b,A".parse());
        assert_ne!("a".parse::<Require>(), "a,b".parse());
        assert!("a,,b".parse::<Supported>().is_err() && "a b".parse::<Supported>().is_err());
        assert!(
            Supported::new(["a,b"]).is_err()
                && Supported::new(["a\r\n"]).is_err()
                && Supported::new([""]).is_err()
        );
    }
    #[test]
    fn what_leaves_the_grammar_is_refused_where_it_is() {
        for (text, offset) in [
            ("a,,b", 2),
            ("a b", 0),
            (",a", 0),
            ("a, b;c", 3),
            ("a,", 2),
            ("a, \"b\"", 3),
        ] {
            let errors = (
                text.parse::<Supported>().unwrap_err().offset(),
                text.parse::<Require>().unwrap_err().offset(),
                text.parse::<ProxyRequire>().unwrap_err().offset(),
                text.parse::<Unsupported>().unwrap_err().offset(),
            );
            assert_eq!(errors, (offset, offset, offset, offset), "{text}");
        }
        for evil in testing::EVIL.iter().copied().chain(["", "a,b"]) {
            assert!(
                Supported::new([evil]).is_err() && Require::new([evil]).is_err(),
                "{evil:?}"
            );
            assert!(
                ProxyRequire::new([evil]).is_err() && Unsupported::new([evil]).is_err(),
                "{evil:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(tags in prop::collection::vec(testing::token(), 0..5)) {
            let each = || tags.iter().map(String::as_str);
            let supported = Supported::new(each()).unwrap();
            prop_assert!(supported.tags().eq(each()) && each().all(|tag| supported.contains(tag)));
            testing::assert_round_trip(&supported);
            prop_assume!(!tags.is_empty());
            testing::assert_round_trip(&Require::new(each()).unwrap());
            testing::assert_round_trip(&ProxyRequire::new(each()).unwrap());
            testing::assert_round_trip(&Unsupported::new(each()).unwrap());
        }
    }
}
