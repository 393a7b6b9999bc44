//! The Content-Length header, which gives the length of the body (RFC 3261 §20.14).

use super::{Field, Shape, TypedHeader, text_traits};
use crate::grammar::decimal;
use crate::{ErrorKind, HeaderName, ParseError};

/// A Content-Length header: the length of the body in octets.
///
/// [RFC 3261 §20.14](https://www.rfc-editor.org/rfc/rfc3261#section-20.14), with the grammar of §25.1:
///
/// ```text
/// Content-Length = ( "Content-Length" / "l" ) HCOLON 1*DIGIT
/// ```
///
/// ```
/// use spigot_parser::header::ContentLength;
///
/// let length: ContentLength = "349".parse()?;
/// assert_eq!(length, ContentLength::new(349));
/// assert_eq!(length.to_string(), "349");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentLength {
    octets: u32,
}

impl ContentLength {
    /// Creates a length of `octets` octets.
    pub fn new(octets: u32) -> ContentLength {
        ContentLength { octets }
    }

    /// Returns the length in octets.
    pub fn octets(&self) -> u32 {
        self.octets
    }
}

impl TypedHeader for ContentLength {
    const NAME: HeaderName = HeaderName::CONTENT_LENGTH;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        match decimal(value.as_str().as_bytes(), u32::MAX) {
            Some(octets) => Ok(ContentLength { octets }),
            None => Err(ParseError::new(ErrorKind::ContentLength, 0, "a number of octets")),
        }
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.octets.to_string());
    }
}

text_traits!(ContentLength);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn digits_and_nothing_else() {
        assert_eq!("0005".parse::<ContentLength>().unwrap().octets(), 5);
        for text in [
            "-999",
            "+1",
            "",
            "1 2",
            "1,1",
            "4294967296",
            "0x1",
            "\u{663}",
            "1;x",
        ] {
            assert_eq!(
                text.parse::<ContentLength>().unwrap_err().kind(),
                ErrorKind::ContentLength,
                "{text}"
            );
        }
    }
    #[test]
    fn evil_is_no_length() {
        for evil in testing::EVIL {
            assert!(evil.parse::<ContentLength>().is_err(), "{evil:?}");
        }
        testing::assert_round_trip(&ContentLength::new(0));
    }

    proptest! {
        // The round trip is not tested in a message, because its body would have to be as long.
        #[test]
        fn what_is_built_parses_to_itself(octets in prop_oneof![any::<u32>(), Just(u32::MAX)]) {
            let length = ContentLength::new(octets);
            prop_assert_eq!(length.octets(), octets);
            prop_assert_eq!(length.to_string().parse(), Ok(length));
        }
    }
}
