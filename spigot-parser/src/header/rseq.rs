//! The RSeq header, which numbers a reliable provisional response (RFC 3262 §7.1).

use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::decimal;
use crate::{HeaderName, ParseError};

/// An RSeq header: the number of a provisional response, which a PRACK acknowledges.
///
/// ```text
/// RSeq         = "RSeq" HCOLON response-num
/// response-num = 1*DIGIT
/// ```
///
/// The grammar is that of RFC 3262 §10.
/// [RFC 3262 §7.1](https://www.rfc-editor.org/rfc/rfc3262#section-7.1):
///
/// > It contains a single numeric value from 1 to 2**32 - 1.
///
/// ```
/// use spigot_parser::header::RSeq;
///
/// assert_eq!("988789".parse::<RSeq>()?.number(), 988789);
/// assert_eq!(RSeq::new(1)?.to_string(), "1");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RSeq {
    number: u32,
}

const EXPECTED: &str = "a response's number from 1 to 2^32 - 1";

impl RSeq {
    /// Creates an RSeq from `number`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if it is 0.
    pub fn new(number: u32) -> Result<RSeq, ParseError> {
        match number {
            0 => fault(0, EXPECTED),
            number => Ok(RSeq { number }),
        }
    }

    /// Returns the number, which is not 0.
    pub fn number(&self) -> u32 {
        self.number
    }
}

impl TypedHeader for RSeq {
    const NAME: HeaderName = HeaderName::RSEQ;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        match decimal(value.as_str().as_bytes(), u32::MAX) {
            Some(number) => RSeq::new(number),
            None => fault(0, EXPECTED),
        }
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.number.to_string());
    }
}

text_traits!(RSeq);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn numbers_have_their_limits() {
        assert_eq!("4294967295".parse(), RSeq::new(u32::MAX));
        assert_eq!("007".parse(), RSeq::new(7));
        for text in [
            "",
            "0",
            "00",
            "4294967296",
            "36893488147419103232",
            "-1",
            "+1",
            "1 2",
            "a",
            "1\r\n",
        ] {
            assert_eq!(text.parse::<RSeq>().unwrap_err().offset(), 0, "{text:?}");
        }
        assert!(RSeq::new(0).is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(number in 1u32..) {
            testing::assert_round_trip(&RSeq::new(number).unwrap());
        }
    }
}
