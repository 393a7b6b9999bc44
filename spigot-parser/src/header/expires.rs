//! Expires and Min-Expires: times in seconds.

use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::decimal;
use crate::{HeaderName, ParseError};

/// How long something is valid: a registration, an invitation, a subscription (RFC 3261 §20.19).
///
/// ```text
/// Expires       = "Expires" HCOLON delta-seconds
/// delta-seconds = 1*DIGIT
/// ```
///
/// A value of 2^32 or more is an error; whoever reads it may take its default instead (RFC 4475 §3.1.2.4).
///
/// ```
/// use spigot_parser::header::Expires;
///
/// assert_eq!("5".parse::<Expires>()?.seconds(), 5);
/// assert_eq!(Expires::new(3600).to_string(), "3600");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Expires {
    seconds: u32,
}

impl Expires {
    /// `seconds` seconds.
    pub fn new(seconds: u32) -> Expires {
        Expires { seconds }
    }

    /// The time in seconds.
    pub fn seconds(&self) -> u32 {
        self.seconds
    }
}

impl TypedHeader for Expires {
    const NAME: HeaderName = HeaderName::EXPIRES;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        match decimal(value.as_str().as_bytes(), u32::MAX) {
            Some(seconds) => Ok(Expires { seconds }),
            None => fault(0, "a number of seconds below 2^32"),
        }
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.seconds.to_string());
    }
}

/// The shortest time that a registrar takes, in its 423 response (RFC 3261 §20.23).
///
/// ```text
/// Min-Expires = "Min-Expires" HCOLON delta-seconds
/// ```
///
/// ```
/// use spigot_parser::header::MinExpires;
///
/// assert_eq!("60".parse::<MinExpires>()?.seconds(), 60);
/// assert_eq!(MinExpires::new(60).to_string(), "60");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MinExpires {
    seconds: u32,
}

impl MinExpires {
    /// `seconds` seconds.
    pub fn new(seconds: u32) -> MinExpires {
        MinExpires { seconds }
    }

    /// The time in seconds.
    pub fn seconds(&self) -> u32 {
        self.seconds
    }
}

impl TypedHeader for MinExpires {
    const NAME: HeaderName = HeaderName::MIN_EXPIRES;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        match decimal(value.as_str().as_bytes(), u32::MAX) {
            Some(seconds) => Ok(MinExpires { seconds }),
            None => fault(0, "a number of seconds below 2^32"),
        }
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.seconds.to_string());
    }
}

text_traits!(Expires, MinExpires);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_fit_32_bits() {
        for seconds in [0, 60, u32::MAX] {
            assert_eq!(
                Expires::new(seconds).to_string().parse(),
                Ok(Expires::new(seconds))
            );
            assert_eq!(
                MinExpires::new(seconds).to_string().parse(),
                Ok(MinExpires::new(seconds))
            );
        }
        for text in ["4294967296", "10000000000", "-1", "", "1 2", "never"] {
            assert!(
                text.parse::<Expires>().is_err() && text.parse::<MinExpires>().is_err(),
                "{text}"
            );
        }
    }
}
