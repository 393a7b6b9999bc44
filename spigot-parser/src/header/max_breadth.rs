//! Max-Breadth: the limit of a request's branches (RFC 5393 §5.8).

use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::decimal;
use crate::{HeaderName, ParseError};

/// How many branches of the request may be under way at once, those of all proxies further on together.
///
/// [RFC 5393 §5.8](https://www.rfc-editor.org/rfc/rfc5393#section-5.8):
///
/// ```text
/// Max-Breadth = "Max-Breadth" HCOLON 1*DIGIT
/// ```
///
/// A proxy divides it among the branches that it starts, and answers 440 if it is not enough (RFC 5393 §5.3).
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
    /// What a client that sets a limit should set: 60 (RFC 5393 §5.3.4).
    pub const RECOMMENDED: MaxBreadth = MaxBreadth { branches: 60 };

    /// `branches` branches at once.
    pub fn new(branches: u32) -> MaxBreadth {
        MaxBreadth { branches }
    }

    /// How many branches at once.
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
