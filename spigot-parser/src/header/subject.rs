//! The Subject and Organization headers, which are texts for humans (RFC 3261 §20.36, §20.25).

use super::fault;
use crate::ParseError;

/// Defines header types that are a text for humans, with a check for each type.
macro_rules! texts {
    ($($(#[$doc:meta])* $type:ident, $name:ident, $check:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $type {
            text: bytestring::ByteString,
        }

        impl $type {
            /// Creates a header of `text`, without the blanks around it.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Value`](crate::ErrorKind::Value) if `text` holds a control character other than
            /// HTAB, or is blank where there has to be a text.
            pub fn new(text: &str) -> Result<Self, crate::ParseError> {
                text.parse()
            }

            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.text
            }
        }

        impl crate::header::TypedHeader for $type {
            const NAME: crate::HeaderName = crate::HeaderName::$name;
            const SHAPE: crate::header::Shape = crate::header::Shape::Single;

            fn parse(value: crate::header::Field<'_>) -> Result<Self, crate::ParseError> {
                $check(value.as_str())?;
                Ok($type { text: value.share() })
            }

            fn write(&self, out: &mut String) {
                out.push_str(&self.text);
            }
        }

        crate::header::text_traits!($type);
    )*};
}
pub(super) use texts;

texts! {
    /// A Subject header: the subject of the call, which may be empty.
    ///
    /// [RFC 3261 §20.36](https://www.rfc-editor.org/rfc/rfc3261#section-20.36), with the grammar of §25.1:
    ///
    /// ```text
    /// Subject        = ( "Subject" / "s" ) HCOLON [TEXT-UTF8-TRIM]
    /// TEXT-UTF8-TRIM = 1*TEXT-UTF8char *(*LWS TEXT-UTF8char)
    /// TEXT-UTF8char  = %x21-7E / UTF8-NONASCII
    /// ```
    ///
    /// Two values are equal if they have the same octets.
    ///
    /// ```
    /// use spigot_parser::header::Subject;
    ///
    /// assert_eq!("Need more boxes".parse::<Subject>()?.as_str(), "Need more boxes");
    /// assert_eq!(Subject::new("A tornado is heading our way!")?.to_string(), "A tornado is heading our way!");
    /// assert!(Subject::new("Lunch\r\nVia: x").is_err());
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    Subject, SUBJECT, check;

    /// An Organization header: the organization of the sender, which may be empty.
    ///
    /// [RFC 3261 §20.25](https://www.rfc-editor.org/rfc/rfc3261#section-20.25), with the grammar of §25.1:
    ///
    /// ```text
    /// Organization = "Organization" HCOLON [TEXT-UTF8-TRIM]
    /// ```
    ///
    /// Two values are equal if they have the same octets.
    ///
    /// ```
    /// use spigot_parser::header::Organization;
    ///
    /// assert_eq!("Boxes by Bob".parse::<Organization>()?.as_str(), "Boxes by Bob");
    /// assert_eq!(Organization::new("Kistenbau Müller")?.to_string(), "Kistenbau Müller");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    Organization, ORGANIZATION, check;
}

impl Subject {
    /// Reports whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

impl Organization {
    /// Reports whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

/// Refuses control characters other than HTAB.
pub(super) fn check(text: &str) -> Result<(), ParseError> {
    let is_control = |octet: u8| octet.is_ascii_control() && octet != b'\t';
    match text.bytes().position(is_control) {
        Some(at) => fault(at, "no control character"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn text_without_control_characters() {
        assert_eq!("  é\t\"x  ".parse::<Subject>().unwrap().as_str(), "é\t\"x");
        assert!(" ".parse::<Organization>().unwrap().is_empty() && Subject::new("").unwrap().is_empty());
        assert_ne!("a".parse::<Subject>(), "A".parse());
        for (text, offset) in [("a\r\nb", 1), (" a\0", 2), ("é\u{7f}", 2), ("\x08", 0)] {
            assert_eq!(text.parse::<Subject>().unwrap_err().offset(), offset, "{text:?}");
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        // Quotes are ordinary characters here.
        let evil = |text: &&&str| text.bytes().any(|octet| octet.is_ascii_control());
        for text in testing::EVIL.iter().filter(evil) {
            // A line end is not removed as a blank.
            assert!(
                Subject::new(text).is_err() && Organization::new(text).is_err(),
                "{text:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(text in "[\t !-~é漢]{0,20}") {
            let subject = Subject::new(&text).unwrap();
            prop_assert_eq!(subject.as_str(), text.trim_matches([' ', '\t']));
            testing::assert_round_trip(&subject);
            testing::assert_round_trip(&Organization::new(&text).unwrap());
        }
    }
}
