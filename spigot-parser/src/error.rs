//! Parse errors: what is wrong, and where.
//!
//! Invariant: a [`ParseError`] owns nothing, so errors in hostile input cost no allocation.

use std::convert::Infallible;
use std::fmt;

use crate::header_name::Known;
use crate::{HeaderName, StatusCode};

/// The kind of a [`ParseError`].
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The first line is neither a Request-Line nor a Status-Line (RFC 3261 §7.1, §7.2).
    StartLine,
    /// The start line names another version than `SIP/2.0`.
    Version,
    /// The method is not a token (RFC 3261 §7.1).
    Method,
    /// A URI does not follow its grammar (RFC 3261 §19.1.1, RFC 3966 §3).
    Uri,
    /// The Request-URI is longer than [`Limits::uri`](crate::Limits::uri).
    UriTooLong,
    /// The status code is not three digits from 100 to 699 (RFC 3261 §7.2).
    Status,
    /// A header line has no name, no colon, or holds a control character (RFC 3261 §7.3.1).
    HeaderLine,
    /// A header line is longer than [`Limits::header_line`](crate::Limits::header_line).
    HeaderTooLong,
    /// There are more header lines than [`Limits::headers`](crate::Limits::headers).
    TooManyHeaders,
    /// Start line and headers together are longer than [`Limits::head`](crate::Limits::head).
    HeadTooLarge,
    /// A header's value does not follow its grammar (RFC 3261 §25.1).
    Value,
    /// A header that must be there is not (RFC 3261 §8.1.1).
    Missing,
    /// A header that may be there once is there again (RFC 3261 §7.3.1).
    Duplicate,
    /// Content-Length is not one number, or is missing where framing needs it (RFC 3261 §18.3).
    ContentLength,
    /// The message ends before it is complete.
    Truncated,
    /// The message is longer than [`Limits::message`](crate::Limits::message).
    TooLarge,
    /// The start line or a header is not UTF-8 (RFC 3261 §7).
    Utf8,
    /// The method of the CSeq is not the one of the request (RFC 3261 §8.1.1.5).
    Mismatch,
    /// What was given is not a token (RFC 3261 §25.1).
    Token,
    /// A route pattern does not follow its grammar.
    Pattern,
    /// A value has more parameters than [`MAX_PARAMS`](crate::MAX_PARAMS).
    TooManyParams,
    /// A multipart body, or the boundary that its Content-Type names, does not follow its grammar (RFC 2046
    /// §5.1.1).
    Multipart,
    /// A multipart body has more parts than [`Limits::multipart_parts`](crate::Limits::multipart_parts).
    TooManyParts,
    /// Multipart bodies lie in each other deeper than
    /// [`Limits::multipart_depth`](crate::Limits::multipart_depth).
    TooDeep,
    /// A session description does not follow its grammar (RFC 8866 §9).
    Sdp,
    /// A session description has more media, formats or attributes than [`Limits`](crate::Limits) allow.
    SdpTooLarge,
}

/// An error about text that is not valid SIP, with its kind, its offset and what was expected there.
///
/// It prints as a sentence. Offsets count octets from the start of the parser's input, which is the datagram
/// for a message, and the text for a single value.
///
/// ```
/// let error = spigot_parser::Request::parse("OPTIONS sip:example.com SIP/2.0\r\nVia SIP/2.0\r\n\r\n").unwrap_err();
///
/// assert_eq!(error.kind(), spigot_parser::ErrorKind::HeaderLine);
/// assert_eq!(error.to_string(), "header line at octet 37: expected a colon after the header's name");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ParseError {
    expected: &'static str,
    offset: u32,
    kind: ErrorKind,
    header: Option<Known>,
    in_response: bool,
}

impl ParseError {
    /// Creates an error at `offset`; `expected` is a fragment that follows "expected".
    pub(crate) const fn new(kind: ErrorKind, offset: usize, expected: &'static str) -> Self {
        let offset = if offset > u32::MAX as usize {
            u32::MAX
        } else {
            offset as u32
        };
        ParseError {
            expected,
            offset,
            kind,
            header: None,
            in_response: false,
        }
    }

    /// Moves the offset by `by` octets.
    pub(crate) const fn shifted(self, by: usize) -> Self {
        ParseError {
            offset: self.offset.saturating_add(if by > u32::MAX as usize {
                u32::MAX
            } else {
                by as u32
            }),
            ..self
        }
    }

    /// Sets the offset.
    pub(crate) const fn moved_to(self, offset: usize) -> Self {
        ParseError { offset: 0, ..self }.shifted(offset)
    }

    /// Sets the header whose value has the error, unless it is set already.
    pub(crate) fn in_header(self, name: &HeaderName) -> Self {
        ParseError {
            header: self.header.or(name.known()),
            ..self
        }
    }

    /// Marks the error as one in a response, to which there is no answer.
    pub(crate) const fn in_response(self) -> Self {
        ParseError {
            in_response: true,
            ..self
        }
    }

    /// Returns the kind of the error.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns the offset of the error in octets from the start of the parser's input.
    pub const fn offset(&self) -> usize {
        self.offset as usize
    }

    /// Returns what was expected there: a fragment of a sentence, such as "a colon after the header's name".
    pub const fn expected(&self) -> &'static str {
        self.expected
    }

    /// Returns the header whose value has the error, if the library knows it.
    pub fn header(&self) -> Option<&'static str> {
        self.header.map(Known::long)
    }

    /// Returns the status with which a server answers the request: 414, 488, 505, 513 or else 400 (RFC 3261
    /// §21.4, §21.5).
    ///
    /// Returns `None` if the message is a response, which has no answer.
    pub fn status(&self) -> Option<StatusCode> {
        if self.in_response {
            return None;
        }
        match self.kind {
            ErrorKind::Status => None,
            ErrorKind::UriTooLong => Some(StatusCode::REQUEST_URI_TOO_LONG),
            ErrorKind::Version => Some(StatusCode::VERSION_NOT_SUPPORTED),
            ErrorKind::SdpTooLarge => Some(StatusCode::NOT_ACCEPTABLE_HERE),
            ErrorKind::HeadTooLarge | ErrorKind::TooLarge => Some(StatusCode::MESSAGE_TOO_LARGE),
            _ => Some(StatusCode::BAD_REQUEST),
        }
    }
}

impl ErrorKind {
    /// Returns the subject of the error's sentence.
    const fn subject(self) -> &'static str {
        match self {
            ErrorKind::StartLine => "start line",
            ErrorKind::Version => "version",
            ErrorKind::Method => "method",
            ErrorKind::Uri | ErrorKind::UriTooLong => "URI",
            ErrorKind::Status => "status code",
            ErrorKind::HeaderLine | ErrorKind::HeaderTooLong => "header line",
            ErrorKind::TooManyHeaders => "headers",
            ErrorKind::HeadTooLarge => "head",
            ErrorKind::Value => "value",
            ErrorKind::Missing | ErrorKind::Duplicate => "header",
            ErrorKind::ContentLength => "Content-Length",
            ErrorKind::Truncated | ErrorKind::TooLarge => "message",
            ErrorKind::Utf8 => "text",
            ErrorKind::Mismatch => "CSeq",
            ErrorKind::Token => "token",
            ErrorKind::Pattern => "pattern",
            ErrorKind::TooManyParams => "parameters",
            ErrorKind::Multipart | ErrorKind::TooManyParts | ErrorKind::TooDeep => "multipart body",
            ErrorKind::Sdp | ErrorKind::SdpTooLarge => "session description",
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = self.header().unwrap_or(self.kind.subject());
        write!(
            f,
            "{subject} at octet {}: expected {}",
            self.offset, self.expected
        )
    }
}

impl fmt::Debug for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ParseError({:?}: {self})", self.kind)
    }
}

impl std::error::Error for ParseError {}

impl From<Infallible> for ParseError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_small_and_reads_as_a_sentence() {
        assert!(size_of::<ParseError>() <= 32);
        let error = ParseError::new(ErrorKind::Value, 4, "`/` after the protocol name")
            .in_header(&HeaderName::VIA)
            .shifted(38);
        assert_eq!(
            error.to_string(),
            "Via at octet 42: expected `/` after the protocol name"
        );
        assert_eq!(error.header(), Some("Via"));
    }

    #[test]
    fn the_innermost_header_is_the_one_named() {
        let error = ParseError::new(ErrorKind::Value, 0, "x")
            .in_header(&HeaderName::VIA)
            .in_header(&HeaderName::TO);
        assert_eq!(error.header(), Some("Via"));
    }

    #[test]
    fn each_kind_has_the_answer_that_the_rfc_gives_it() {
        let status = |kind| ParseError::new(kind, 0, "").status().map(StatusCode::as_u16);
        assert_eq!(status(ErrorKind::UriTooLong), Some(414));
        assert_eq!(status(ErrorKind::Version), Some(505));
        assert_eq!(status(ErrorKind::TooLarge), Some(513));
        assert_eq!(status(ErrorKind::SdpTooLarge), Some(488));
        assert_eq!(status(ErrorKind::Sdp), Some(400));
        assert_eq!(status(ErrorKind::Value), Some(400));
        assert_eq!(status(ErrorKind::Status), None);
        assert_eq!(
            ParseError::new(ErrorKind::Value, 0, "").in_response().status(),
            None
        );
    }
}
