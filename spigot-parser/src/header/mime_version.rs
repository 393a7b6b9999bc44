//! The MIME-Version header: the version of MIME that the message uses (RFC 3261 §20.24).

use super::{Field, Shape, TypedHeader, text_traits};
use crate::grammar::{Parsed, expected, number, whole};
use crate::{HeaderName, ParseError};

/// A MIME-Version header, which has always been 1.0.
///
/// ```text
/// MIME-Version = "MIME-Version" HCOLON 1*DIGIT "." 1*DIGIT
/// ```
///
/// ```
/// use spigot_parser::header::MimeVersion;
///
/// let version: MimeVersion = "1.0".parse()?;
/// assert_eq!((version.major(), version.minor()), (1, 0));
/// assert_eq!(version, MimeVersion::new(1, 0));
/// assert_eq!(MimeVersion::new(1, 0).to_string(), "1.0");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MimeVersion {
    major: u32,
    minor: u32,
}

impl MimeVersion {
    /// Creates the version `major.minor`.
    pub fn new(major: u32, minor: u32) -> MimeVersion {
        MimeVersion { major, minor }
    }

    /// Returns the number before the dot.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// Returns the number after the dot.
    pub fn minor(&self) -> u32 {
        self.minor
    }
}

impl TypedHeader for MimeVersion {
    const NAME: HeaderName = HeaderName::MIME_VERSION;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let (major, (), minor) = whole(
            value.as_str(),
            (
                number(u32::MAX, "a number"),
                dot,
                number(u32::MAX, "a number after the dot"),
            ),
        )?;
        Ok(MimeVersion { major, minor })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&format!("{}.{}", self.major, self.minor));
    }
}

text_traits!(MimeVersion);

fn dot(input: &str) -> Parsed<'_, ()> {
    match input.strip_prefix('.') {
        Some(rest) => Ok((rest, ())),
        None => expected(input, "a dot after the number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn two_numbers_and_a_dot() {
        assert_eq!("01.00".parse(), Ok(MimeVersion::new(1, 0)));
        for (text, offset) in [
            ("", 0),
            ("1", 1),
            ("1.", 2),
            (".0", 0),
            ("1 .0", 1),
            ("1. 0", 2),
            ("1.0.0", 3),
            ("1.0 (made by hand)", 4),
            ("-1.0", 0),
            ("4294967296.0", 0),
        ] {
            assert_eq!(
                text.parse::<MimeVersion>().unwrap_err().offset(),
                offset,
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(major: u32, minor: u32) {
            testing::assert_round_trip(&MimeVersion::new(major, minor));
        }
    }
}
