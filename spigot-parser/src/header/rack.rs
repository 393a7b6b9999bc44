//! The RAck header: the provisional response that a PRACK acknowledges (RFC 3262 §7.2).

use super::{CSeq, Field, RSeq, Shape, TypedHeader, fault, text_traits};
use crate::grammar::blanks_end;
use crate::{HeaderName, ParseError};

/// A RAck header: the RSeq and the CSeq of the acknowledged response.
///
/// ```text
/// RAck         = "RAck" HCOLON response-num LWS CSeq-num LWS Method
/// response-num = 1*DIGIT
/// CSeq-num     = 1*DIGIT
/// ```
///
/// The grammar is that of RFC 3262 §10.
///
/// ```
/// use spigot_parser::Method;
/// use spigot_parser::header::{CSeq, RAck, RSeq};
///
/// let rack: RAck = "776656 1 INVITE".parse()?;
/// assert_eq!((rack.rseq().number(), rack.cseq()), (776656, &CSeq::new(1, Method::INVITE)?));
/// assert_eq!(RAck::new(RSeq::new(776656)?, CSeq::new(1, Method::INVITE)?), rack);
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RAck {
    rseq: RSeq,
    cseq: CSeq,
}

impl RAck {
    /// Creates a header for the response with this RSeq and CSeq.
    pub fn new(rseq: RSeq, cseq: CSeq) -> RAck {
        RAck { rseq, cseq }
    }

    /// Returns the RSeq of the response.
    pub fn rseq(&self) -> RSeq {
        self.rseq
    }

    /// Returns the CSeq of the response.
    pub fn cseq(&self) -> &CSeq {
        &self.cseq
    }
}

impl TypedHeader for RAck {
    const NAME: HeaderName = HeaderName::RACK;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let rseq = RSeq::parse(value.narrow(&text[..digits]))?;
        let at = blanks_end(text.as_bytes(), digits);
        if at == digits {
            return fault(at, "a blank after the response's number");
        }
        let cseq = CSeq::parse(value.narrow(&text[at..])).map_err(|error| error.shifted(at))?;
        Ok(RAck { rseq, cseq })
    }

    fn write(&self, out: &mut String) {
        self.rseq.write(out);
        out.push(' ');
        self.cseq.write(out);
    }
}

text_traits!(RAck);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Method;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn three_parts_and_no_less() {
        let rack: RAck = "1 \t 2  invite".parse().unwrap();
        assert_eq!(rack.to_string(), "1 2 invite");
        assert_ne!(rack, "1 2 INVITE".parse().unwrap());
        for (text, offset) in [
            ("", 0),
            ("0 1 INVITE", 0),
            ("4294967296 1 INVITE", 0),
            ("x 1 INVITE", 0),
            ("1", 1),
            ("1 ", 1),
            ("1 INVITE", 2),
            ("1 2", 3),
            ("1 2147483648 INVITE", 2),
            ("1 2 INVITE x", 10),
            ("1;2 INVITE", 1),
            ("1 2 IN\r\nVITE", 6),
        ] {
            assert_eq!(text.parse::<RAck>().unwrap_err().offset(), offset, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(rseq in 1u32.., cseq in 0u32..=i32::MAX as u32, method in testing::token()) {
            let cseq = CSeq::new(cseq, Method::from_token(&method).unwrap()).unwrap();
            testing::assert_round_trip(&RAck::new(RSeq::new(rseq).unwrap(), cseq));
        }
    }
}
