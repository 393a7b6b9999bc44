//! A message that is looked at and left where it is.
//!
//! Invariant: it is the index that a [`Message`](crate::Message) begins with, made by the same code, so the
//! two see the same lines.

use std::fmt;
use std::ops::Range;

use smallvec::SmallVec;

use super::body_length::body_length;
use super::line::Line;
use super::odd_response;
use super::parse::index;
use super::scan::{Lines, cut, skip_empty_lines};
use super::start_line::{StartLine, is_response};
use crate::{ErrorKind, HeaderName, Limits, ParseError, StatusCode};

/// The start line, the header lines and the body of a message, in octets that stay where they are.
///
/// It is for those who ask a message one thing and pass it on: which worker has this Call-ID, whom to shed
/// under load, what to draw in a trace. Nothing is copied, no URI is parsed, and nothing has to be UTF-8; all
/// else is refused that [`Message::parse`](crate::Message::parse) refuses.
///
/// ```
/// use spigot_parser::{HeaderName, RawLines, RawMessage};
///
/// let mut lines = RawLines::new();
/// let raw = RawMessage::parse(b"BYE sip:bob@example.com SIP/2.0\r\ni: 1@a.example\r\nl: 2\r\n\r\nok", &mut lines)?;
/// assert_eq!(raw.method(), Some(&b"BYE"[..]));
/// assert_eq!(raw.get(&HeaderName::CALL_ID), Some(&b"1@a.example"[..]));
/// assert_eq!(raw.body(), b"ok");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct RawMessage<'a> {
    bytes: &'a [u8],
    start: usize,
    start_line: StartLine,
    lines: &'a [Line],
    body: Range<usize>,
}

/// The room that a [`RawMessage`] needs to say where its lines are: on the stack for up to 16 of them. It can
/// be used again for the next message.
#[derive(Clone, Default)]
pub struct RawLines(SmallVec<[Line; 16]>);

/// One header line of a [`RawMessage`].
#[derive(Clone, Copy)]
pub struct RawField<'a> {
    bytes: &'a [u8],
    line: &'a Line,
}

impl RawLines {
    /// Room for the lines of a message.
    pub fn new() -> RawLines {
        RawLines::default()
    }
}

impl<'a> RawMessage<'a> {
    /// Finds the lines of one whole datagram, or of one whole message that a [`Framer`](crate::Framer) cut
    /// out, with the default [`Limits`].
    ///
    /// # Errors
    ///
    /// A [`ParseError`] with the first fault, as [`Message::parse`](crate::Message::parse) has it.
    #[inline]
    pub fn parse(bytes: &'a [u8], lines: &'a mut RawLines) -> Result<RawMessage<'a>, ParseError> {
        RawMessage::parse_with(bytes, lines, &Limits::DEFAULT)
    }

    /// Finds the lines of one whole message, as [`parse`](RawMessage::parse) does, within other limits.
    ///
    /// # Errors
    ///
    /// As [`parse`](RawMessage::parse).
    pub fn parse_with(
        bytes: &'a [u8],
        lines: &'a mut RawLines,
        limits: &Limits,
    ) -> Result<RawMessage<'a>, ParseError> {
        if u32::try_from(bytes.len()).is_err() {
            return Err(ParseError::new(ErrorKind::TooLarge, 0, "less than 4 GiB"));
        }
        lines.0.clear();
        let start = skip_empty_lines(bytes);
        match read(bytes, start, &mut lines.0, limits) {
            Ok((start_line, body)) => Ok(RawMessage {
                bytes,
                start,
                start_line,
                lines: &lines.0,
                body,
            }),
            Err(error) if is_response(&bytes[start..]) => Err(error.in_response()),
            Err(error) => Err(error),
        }
    }

    /// The method of a request.
    pub fn method(&self) -> Option<&'a [u8]> {
        match self.start_line {
            StartLine::Request { method_end, .. } => self.bytes.get(self.start..method_end),
            StartLine::Response { .. } => None,
        }
    }

    /// The Request-URI of a request, whatever it is.
    pub fn uri(&self) -> Option<&'a [u8]> {
        match self.start_line {
            StartLine::Request {
                uri: (start, end), ..
            } => self.bytes.get(start..end),
            StartLine::Response { .. } => None,
        }
    }

    /// The status of a response.
    pub fn status(&self) -> Option<StatusCode> {
        match self.start_line {
            StartLine::Request { .. } => None,
            StartLine::Response { status, .. } => Some(status),
        }
    }

    /// The header lines, in order.
    pub fn headers(
        &self,
    ) -> impl ExactSizeIterator<Item = RawField<'a>> + DoubleEndedIterator + Clone + use<'a> {
        let bytes = self.bytes;
        self.lines.iter().map(move |line| RawField { bytes, line })
    }

    /// The value of the first line of that name, without the blanks around it and with its folds.
    pub fn get(&self, name: &HeaderName) -> Option<&'a [u8]> {
        self.headers()
            .find(|field| field.is(name))
            .map(|field| field.value())
    }

    /// The body, empty if there is none.
    pub fn body(&self) -> &'a [u8] {
        self.bytes.get(self.body.clone()).unwrap_or_default()
    }
}

/// The start line, and where the body is.
#[inline]
fn read(
    bytes: &[u8],
    start: usize,
    lines: &mut impl Lines,
    limits: &Limits,
) -> Result<(StartLine, Range<usize>), ParseError> {
    let mut parts = index(bytes, start, limits, lines);
    if let Err(error) = &parts
        && odd_response::may_be(error, bytes, start)
    {
        parts = odd_response::index(bytes, start, limits, lines);
    }
    let (start_line, head) = match parts {
        Ok(parts) => parts,
        Err(error) => return Err(cut(error, bytes, limits)),
    };
    let length = body_length(bytes, head.end, head.content_length.as_ref())?;
    Ok((start_line, head.end..head.end + length))
}

impl<'a> RawField<'a> {
    /// The name as it is spelled.
    pub fn name(&self) -> &'a [u8] {
        let line = self.bytes.get(self.line.in_head()).unwrap_or_default();
        &line[..self.line.name_length_in(line)]
    }

    /// The value, without the blanks around it and with its folds.
    pub fn value(&self) -> &'a [u8] {
        self.bytes
            .get(self.line.value_in_head(self.bytes))
            .unwrap_or_default()
    }

    /// Whether the line has that name, in either form and any case.
    pub fn is(&self, name: &HeaderName) -> bool {
        match name.known() {
            Some(known) => self.line.name == Some(known),
            None => self.line.name.is_none() && self.name().eq_ignore_ascii_case(name.as_str().as_bytes()),
        }
    }
}

/// How many lines and octets, and nothing of what they say.
impl fmt::Debug for RawMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawMessage")
            .field("lines", &self.lines.len())
            .field("octets", &(self.body.end - self.start))
            .finish()
    }
}

/// How many lines there are.
impl fmt::Debug for RawLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawLines({})", self.0.len())
    }
}

/// The name: values may be secrets.
impl fmt::Debug for RawField<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawField({})", String::from_utf8_lossy(self.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(bytes: &[u8]) -> ParseError {
        RawMessage::parse(bytes, &mut RawLines::new()).unwrap_err()
    }

    #[test]
    fn what_is_no_text_and_no_uri_is_looked_at_all_the_same() {
        let error = fault(b"\r\nNOTE <> sip/2.0\r\nX-\xc3\x28: 1\r\n\r\n");
        assert_eq!((error.kind(), error.offset()), (ErrorKind::HeaderLine, 21));

        let mut lines = RawLines::new();
        let octets = b"\r\nNOTE <> sip/2.0\nSubject :\t\xff\xfe\n \xfd \nx-a: 1\n\n";
        let raw = RawMessage::parse(octets, &mut lines).unwrap();
        assert_eq!((raw.method(), raw.uri()), (Some(&b"NOTE"[..]), Some(&b"<>"[..])));
        assert_eq!(raw.get(&HeaderName::SUBJECT), Some(&b"\xff\xfe\n \xfd"[..]));
        assert_eq!(raw.get(&"X-A".parse().unwrap()), Some(&b"1"[..]));
        let names: Vec<_> = raw.headers().map(|field| field.name()).collect();
        assert_eq!(names, [&b"Subject"[..], b"x-a"]);
        assert!(raw.body().is_empty() && raw.status().is_none());
    }

    #[test]
    fn the_room_for_lines_is_used_again() {
        let mut lines = RawLines::new();
        for count in [0, 16, 17, 128, 3] {
            let text = format!("NOTE sip:a SIP/2.0\r\n{}\r\n", "a: b\r\n".repeat(count));
            let raw = RawMessage::parse(text.as_bytes(), &mut lines).unwrap();
            assert_eq!(raw.headers().len(), count);
        }
    }

    #[test]
    fn a_response_has_a_status_and_its_faults_are_answered_by_nobody() {
        let mut lines = RawLines::new();
        let raw = RawMessage::parse(b"SIP/2.0 404 Not Found\r\nl: 1\r\n\r\nab", &mut lines).unwrap();
        assert_eq!((raw.status(), raw.method()), (Some(StatusCode::NOT_FOUND), None));
        assert_eq!((raw.uri(), raw.body()), (None, &b"a"[..]));
        for text in [
            "SIP/2.0 404 Not Found\r\nl: x\r\n\r\n",
            "SIP/2.0 404 Not Found\r\nl: 1\r\n\r\n",
        ] {
            assert_eq!(fault(text.as_bytes()).status(), None);
        }
        let error = fault(b"NOTE sip:a SIP/2.0\r\nl: 1\r\n\r\n");
        assert_eq!(error.status(), Some(StatusCode::BAD_REQUEST));
    }
}
