//! The CSeq header, which orders the requests of a dialog (RFC 3261 §20.16).

use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{blanks_end, token_end};
use crate::{HeaderName, Method, ParseError};

/// A CSeq header: the sequence number and the method of a request.
///
/// [RFC 3261 §20.16](https://www.rfc-editor.org/rfc/rfc3261#section-20.16), with the grammar of §25.1:
///
/// ```text
/// CSeq = "CSeq" HCOLON 1*DIGIT LWS Method
/// ```
///
/// [RFC 3261 §8.1.1.5](https://www.rfc-editor.org/rfc/rfc3261#section-8.1.1.5):
///
/// > The sequence number value MUST be expressible as a 32-bit unsigned integer and MUST be less than 2**31.
///
/// ```
/// use spigot_parser::{Method, header::CSeq};
///
/// let cseq: CSeq = "4711 INVITE".parse()?;
/// assert_eq!((cseq.number(), cseq.method()), (4711, &Method::INVITE));
/// assert_eq!(CSeq::new(1, Method::REGISTER)?.to_string(), "1 REGISTER");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CSeq {
    number: u32,
    method: Method,
}

const MAX: u32 = (1 << 31) - 1;

impl CSeq {
    /// Creates the value `number method`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if `number` is 2^31 or more.
    pub fn new(number: u32, method: Method) -> Result<CSeq, ParseError> {
        if number > MAX {
            fault(0, EXPECTED)
        } else {
            Ok(CSeq { number, method })
        }
    }

    /// Returns the sequence number, which is below 2^31.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Returns the method, which is that of the request.
    pub fn method(&self) -> &Method {
        &self.method
    }

    pub(crate) fn into_parts(self) -> (u32, Method) {
        (self.number, self.method)
    }
}

const EXPECTED: &str = "a sequence number below 2^31";

impl TypedHeader for CSeq {
    const NAME: HeaderName = HeaderName::CSEQ;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        let bytes = text.as_bytes();
        let (mut number, mut digits) = (0u64, 0);
        while let Some(octet @ b'0'..=b'9') = bytes.get(digits)
            && number <= u64::from(MAX)
        {
            number = number * 10 + u64::from(octet - b'0');
            digits += 1;
        }
        if digits == 0 || number > u64::from(MAX) {
            return fault(0, EXPECTED);
        }
        let number = number as u32;
        let method = blanks_end(bytes, digits);
        if method == digits {
            return fault(method, "a blank after the sequence number");
        }
        // Most methods are known ones, which need no check for being tokens.
        let Ok(method) = Method::from_token(&text[method..]) else {
            let end = token_end(bytes, method);
            let expected = if end == method {
                "a method"
            } else {
                "the end of the value"
            };
            return fault(end, expected);
        };
        Ok(CSeq { number, method })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.number.to_string());
        out.push(' ');
        out.push_str(self.method.as_str());
    }
}

text_traits!(CSeq);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn numbers_stop_at_their_limit() {
        let number = |text: &str| text.parse::<CSeq>().map(|cseq| cseq.number());
        assert_eq!(number("0009\t INVITE"), Ok(9));
        assert_eq!(number("2147483647 X"), Ok(MAX));
        for (text, offset) in [
            ("2147483648 X", 0),
            ("36893488147419103232 REGISTER", 0),
            ("-1 X", 0),
            ("", 0),
            ("1", 1),
            ("1 ", 1),
            ("1INVITE", 1),
            ("1 INVITE x", 8),
            ("1 é", 2),
            ("1 A/B", 3),
        ] {
            assert_eq!(number(text).unwrap_err().offset(), offset, "{text:?}");
        }
        assert!(CSeq::new(1 << 31, Method::ACK).is_err());
        for evil in testing::EVIL {
            assert!(
                evil.parse::<CSeq>().is_err() && format!("1 {evil}").parse::<CSeq>().is_err(),
                "{evil:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(number in 0u32..=MAX, method in testing::token()) {
            let cseq = CSeq::new(number, Method::from_token(&method).unwrap()).unwrap();
            prop_assert_eq!((cseq.number(), cseq.method().as_str()), (number, method.as_str()));
            testing::assert_round_trip(&cseq);
        }
    }
}
