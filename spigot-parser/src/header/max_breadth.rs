//! The Max-Breadth header, which limits the branches of a request (RFC 5393 §5.8).

use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::decimal;
use crate::{HeaderName, ParseError};

/// A Max-Breadth header: the number of branches that all proxies further on may have pending at once.
///
/// [RFC 5393 §5.8](https://www.rfc-editor.org/rfc/rfc5393#section-5.8):
///
/// ```text
/// Max-Breadth = "Max-Breadth" HCOLON 1*DIGIT
/// ```
///
/// A proxy divides the number among its branches, and answers 440 if it is too small (RFC 5393 §5.3).
///
/// ```
/// use spigot_parser::header::MaxBreadth;
///
/// assert_eq!("60".parse::<MaxBreadth>()?.branches(), 60);
/// assert_eq!(MaxBreadth::new(30).to_string(), "30");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MaxBreadth {
    branches: u32,
}

impl MaxBreadth {
    /// The recommended limit for clients, which is 60 (RFC 5393 §5.3.4).
    pub const RECOMMENDED: MaxBreadth = MaxBreadth { branches: 60 };

    /// Creates a limit of `branches` branches.
    pub fn new(branches: u32) -> MaxBreadth {
        MaxBreadth { branches }
    }

    /// Returns the number of branches.
    pub fn branches(&self) -> u32 {
        self.branches
    }
}

impl TypedHeader for MaxBreadth {
    const NAME: HeaderName = HeaderName::MAX_BREADTH;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        match decimal(value.as_str().as_bytes(), u32::MAX) {
            Some(branches) => Ok(MaxBreadth { branches }),
            None => fault(0, "a number of branches below 2^32"),
        }
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.branches.to_string());
    }
}

text_traits!(MaxBreadth);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn digits_and_nothing_else() {
        assert_eq!("060".parse(), Ok(MaxBreadth::RECOMMENDED));
        for text in ["", "-1", "6x", "6 0", "6;x", "4294967296", "60\r\n"] {
            assert_eq!(text.parse::<MaxBreadth>().unwrap_err().offset(), 0, "{text:?}");
        }
        for evil in testing::EVIL {
            assert!(evil.parse::<MaxBreadth>().is_err(), "{evil:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(branches: u32) {
            prop_assert_eq!(MaxBreadth::new(branches).branches(), branches);
            testing::assert_round_trip(&MaxBreadth::new(branches));
            testing::assert_round_trip(&MaxBreadth::RECOMMENDED);
        }
    }
}
