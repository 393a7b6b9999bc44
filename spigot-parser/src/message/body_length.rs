//! How long the body of a message is (RFC 3261 §18.3, §20.14).
//!
//! Invariant: Content-Length is decimal digits and nothing else, and says no more than there is.

use super::line::Line;
use crate::{ErrorKind, ParseError};

/// How long the body after a head is (RFC 3261 §18.3).
///
/// > If there are additional bytes in the transport packet beyond the end of the body, they MUST be
/// > discarded. If the transport packet ends before the end of the message body, this is considered an
/// > error.
pub(super) fn body_length(
    datagram: &[u8],
    head_end: usize,
    content_length: Option<&Line>,
) -> Result<usize, ParseError> {
    let there = datagram.len() - head_end;
    let length = match content_length {
        Some(line) => self::content_length(datagram, line)?,
        None => there,
    };
    if length > there {
        let all = datagram.len();
        return Err(ParseError::new(
            ErrorKind::Truncated,
            all,
            "as many octets of body as Content-Length says",
        ));
    }
    Ok(length)
}

/// The number in a Content-Length line of `bytes`; `usize::MAX` if it is beyond that.
///
/// ```text
/// Content-Length = ( "Content-Length" / "l" ) HCOLON 1*DIGIT
/// ```
pub(crate) fn content_length(bytes: &[u8], line: &Line) -> Result<usize, ParseError> {
    let value = line.value_in_head(bytes);
    let start = value.start;
    let digits = bytes.get(value).unwrap_or_default();
    match number(digits) {
        Some(length) => Ok(length),
        None => Err(ParseError::new(
            ErrorKind::ContentLength,
            start,
            "a length in decimal digits",
        )),
    }
}

/// The number that one or more decimal digits make; the largest there is where it does not fit.
pub(super) fn number(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0usize, |number, octet| match octet {
        b'0'..=b'9' => Some(
            number
                .saturating_mul(10)
                .saturating_add(usize::from(octet - b'0')),
        ),
        _ => None,
    })
}
