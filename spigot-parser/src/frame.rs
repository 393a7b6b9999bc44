//! Splits a stream into messages (RFC 3261 §18.3, RFC 5626 §4.4.1).
//!
//! Invariant: every octet is examined a bounded number of times, however the stream is fragmented. An
//! ambiguity, such as two different lengths, ends the stream.

use std::mem;

use bytes::{Bytes, BytesMut};

use crate::grammar::{TOKEN, token_end};
use crate::header_name::Known;
use crate::message::odd_response::ends_plainly;
use crate::message::scan::{
    LineEnd, header_line, is_all_blanks, is_blank, last_line_end, line_end, line_of_blanks, other_line_end,
};
use crate::message::{content_length, is_response, is_version};
use crate::{ErrorKind, Limits, ParseError};

/// An item of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// One whole message, head and body, for [`Message::parse`](crate::Message::parse).
    Message(Bytes),
    /// A double CRLF between messages, which asks for a single CRLF in return (RFC 5626 §4.4.1).
    Ping,
}

/// An error after which a stream cannot be split any further.
///
/// The connection has to be closed, after an answer if one can be addressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameError {
    error: ParseError,
    head: Option<Bytes>,
}

impl FrameError {
    /// Returns the parse error, whose offsets count from the first octet of the message.
    pub fn error(&self) -> &ParseError {
        &self.error
    }

    /// Returns the lines of the message's head that were read, for
    /// [`SalvagedRequest::read`](crate::SalvagedRequest::read).
    ///
    /// Returns `None` if no message had begun.
    pub fn head(&self) -> Option<&Bytes> {
        self.head.as_ref()
    }
}

impl std::fmt::Display for FrameError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the stream cannot be cut into messages: {}", self.error)
    }
}

impl std::error::Error for FrameError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// Splits a stream into messages.
///
/// Read into [`buffer`](Framer::buffer), then call [`next`](Framer::next) until it returns `None`.
///
/// ```
/// use spigot_parser::{Frame, Framer, Limits};
///
/// let mut framer = Framer::new(Limits::default());
/// framer.buffer().extend_from_slice(b"\r\n\r\nOPTIONS sip:a.example SIP/2.0\r\nl: 2\r\n\r\nab");
///
/// assert_eq!(framer.next()?, Some(Frame::Ping));
/// assert!(matches!(framer.next()?, Some(Frame::Message(message)) if message.ends_with(b"\r\n\r\nab")));
/// assert_eq!(framer.next()?, None);
/// assert!(framer.is_idle());
/// # Ok::<(), spigot_parser::FrameError>(())
/// ```
#[derive(Debug)]
pub struct Framer {
    buffer: BytesMut,
    limits: Limits,
    state: FramerState,
}

#[derive(Debug)]
enum FramerState {
    /// Between messages; `half_ping` says whether one CRLF came, which may be the first half of a ping.
    Between { half_ping: bool },
    /// In the head of the message with which the buffer begins.
    Head(HeadProgress),
    /// In the body of the message with which the buffer begins; `length` is that of head and body.
    Body { length: usize },
    /// After an error, when the stream cannot be split any further.
    Failed(FrameError),
}

/// How much of a head has been read.
#[derive(Debug, Default)]
struct HeadProgress {
    /// The offset at which the search for line ends goes on.
    scanned: usize,
    /// The offset of the line that contains `scanned`.
    line: usize,
    /// The number of octets of the start line's first word that have been examined.
    word_seen: usize,
    /// The line end of the start line, once it has been read.
    line_end: Option<LineEnd>,
    /// The offsets of the first and the second Content-Length line.
    lengths: [Option<usize>; 2],
    /// Whether some lines end otherwise than the start line.
    is_mixed: bool,
    /// The first fault of a line. The rest of the head is waited for, since it says whom to tell.
    fault: Option<LineFault>,
    is_at_fault: bool,
}

/// A fault of a line, after which the rest of the head is read all the same. Heads are shorter than 4 GiB.
#[derive(Clone, Copy, Debug)]
enum LineFault {
    /// The line that ends before this offset does not end as the start line does.
    OtherEnd(u32),
    /// The line that begins at this offset has blanks and nothing else.
    Blanks(u32),
}

impl From<LineFault> for ParseError {
    fn from(fault: LineFault) -> ParseError {
        match fault {
            LineFault::OtherEnd(next) => other_line_end(next as usize),
            LineFault::Blanks(start) => line_of_blanks(start as usize),
        }
    }
}

impl Framer {
    /// Creates a framer that has read nothing.
    pub fn new(limits: Limits) -> Self {
        Framer {
            buffer: BytesMut::new(),
            limits,
            state: FramerState::Between { half_ping: false },
        }
    }

    /// Returns the buffer to read into.
    ///
    /// Callers may only append to it.
    pub fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// Reports whether no part of a message is buffered, so that the connection can be closed.
    pub fn is_idle(&self) -> bool {
        self.buffer.is_empty() && matches!(self.state, FramerState::Between { .. })
    }

    /// Frees the buffer if it is empty.
    ///
    /// The message that was returned last shares the memory, and keeps it until it is dropped.
    pub fn release(&mut self) {
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
    }

    /// Returns the next message or ping, or `None` until there is more to read.
    ///
    /// Empty lines between messages are skipped (RFC 3261 §7.5), so the single CRLF that answers a ping is
    /// ignored. So is NUL there, which some devices send after the CRLF of a keepalive.
    ///
    /// # Errors
    ///
    /// A [`FrameError`], which every later call returns again: for octets that begin no message, a head or a
    /// message beyond [`Limits`], or a Content-Length that is missing (RFC 3261 §20.14), not a number, or
    /// there twice.
    #[allow(clippy::should_implement_trait)] // an Iterator would end, and this goes on after `None`
    pub fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        loop {
            match &mut self.state {
                FramerState::Between { half_ping } => match line_end(&self.buffer, 0) {
                    0 if self.buffer.is_empty() || self.buffer[..] == *b"\r" => return Ok(None),
                    0 if self.buffer[0] == 0 => {
                        let _ = self.buffer.split_to(1);
                        *half_ping = false;
                    }
                    0 => self.state = FramerState::Head(HeadProgress::default()),
                    length => {
                        let _ = self.buffer.split_to(length);
                        *half_ping = !*half_ping;
                        if !*half_ping {
                            return Ok(Some(Frame::Ping));
                        }
                    }
                },
                FramerState::Head(head) => match head.read(&self.buffer, &self.limits) {
                    Ok(Some(length)) => self.state = FramerState::Body { length },
                    Ok(None) => return Ok(None),
                    Err(error) => return Err(self.fail(error)),
                },
                FramerState::Body { length } => {
                    if self.buffer.len() < *length {
                        return Ok(None);
                    }
                    let message = self.buffer.split_to(*length).freeze();
                    self.state = FramerState::Between { half_ping: false };
                    return Ok(Some(Frame::Message(message)));
                }
                FramerState::Failed(error) => return Err(error.clone()),
            }
        }
    }

    #[cold]
    fn fail(&mut self, error: ParseError) -> FrameError {
        let error = if is_response(&self.buffer) {
            error.in_response()
        } else {
            error
        };
        let lines = match &self.state {
            FramerState::Head(head) if head.line_end.is_some() => head.line,
            _ => 0,
        };
        let mut read = mem::take(&mut self.buffer);
        read.truncate(lines);
        let error = FrameError {
            error,
            head: Some(read.freeze()).filter(|head| !head.is_empty()),
        };
        self.state = FramerState::Failed(error.clone());
        error
    }
}

impl HeadProgress {
    /// Continues to read, and returns the length of the whole message once the head is complete.
    fn read(&mut self, buffer: &[u8], limits: &Limits) -> Result<Option<usize>, ParseError> {
        self.look_at_first_word(&buffer[..buffer.len().min(limits.head)])?;
        while let Some(found) = memchr::memchr(b'\n', &buffer[self.scanned.min(buffer.len())..]) {
            let next = self.scanned + found + 1;
            if next > limits.head {
                break;
            }
            let line = mem::replace(&mut self.line, next);
            self.scanned = next;
            let line_end = last_line_end(&buffer[..next]);
            let Some(same) = self.line_end else {
                looks_like_a_start_line(&buffer[..next])?;
                self.line_end = Some(line_end);
                continue;
            };
            // The end of a head is unambiguous only if all its lines end alike, and no line only looks empty.
            if line_end != same || is_blank(buffer[line]) || self.is_at_fault {
                self.note_fault(buffer, line, next)?;
            }
            if matches!(&buffer[line..next], b"\r\n" | b"\n") {
                return self.length(buffer, next, limits).map(Some);
            } else if is_content_length(&buffer[line..next]) {
                self.lengths = [self.lengths[0].or(Some(line)), self.lengths[0].and(Some(line))];
            }
        }
        if buffer.len() > limits.head || self.line > limits.head {
            let too_large = ParseError::new(ErrorKind::HeadTooLarge, limits.head, "a head within the limit");
            return Err(self.fault.map_or(too_large, ParseError::from));
        }
        self.scanned = buffer.len();
        Ok(None)
    }

    /// Takes note of a line, from `line` to `next`, that ends as no other or only looks empty. Fails once the
    /// head of a request ends; that of a response may have lines that end otherwise.
    #[cold]
    fn note_fault(&mut self, buffer: &[u8], line: usize, next: usize) -> Result<(), ParseError> {
        let seems_empty = is_all_blanks(&buffer[line..next]);
        if seems_empty {
            self.fault.get_or_insert(LineFault::Blanks(line as u32));
        } else if self.line_end != Some(last_line_end(&buffer[..next])) {
            self.is_mixed = true;
            if !is_response(buffer) {
                self.fault.get_or_insert(LineFault::OtherEnd(next as u32));
            }
        }
        let ends = seems_empty || matches!(&buffer[line..next], b"\r\n" | b"\n");
        self.is_at_fault = self.fault.is_some();
        match self.fault {
            Some(fault) if ends => Err(fault.into()),
            _ => Ok(()),
        }
    }

    /// Refuses octets that cannot become a start line as early as possible: the first word has to be a method
    /// or `SIP/`.
    fn look_at_first_word(&mut self, buffer: &[u8]) -> Result<(), ParseError> {
        if self.line_end.is_some() || self.word_seen == usize::MAX {
            return Ok(());
        }
        let end = token_end(buffer, self.word_seen);
        match buffer.get(end) {
            None => {
                self.word_seen = end;
                return Ok(());
            }
            Some(b' ') if end > 0 => {}
            Some(b'/') if end == 3 && buffer[..3].eq_ignore_ascii_case(b"SIP") => {}
            Some(_) if end == 0 || !TOKEN[usize::from(buffer[0])] => {
                return Err(ParseError::new(ErrorKind::Method, 0, "a method, or `SIP/2.0`"));
            }
            Some(_) => {
                return Err(ParseError::new(
                    ErrorKind::StartLine,
                    end,
                    "one SP after the method",
                ));
            }
        }
        self.word_seen = usize::MAX;
        Ok(())
    }

    /// Returns the length of the message whose head ends at `head_end`.
    fn length(&self, buffer: &[u8], head_end: usize, limits: &Limits) -> Result<usize, ParseError> {
        let start = match self.lengths {
            [Some(start), None] => start,
            [None, _] => {
                let error = ParseError::new(
                    ErrorKind::ContentLength,
                    head_end,
                    "a Content-Length, as streams need",
                );
                return Err(error);
            }
            [_, Some(second)] => {
                return Err(ParseError::new(
                    ErrorKind::ContentLength,
                    second,
                    "only one Content-Length",
                ));
            }
        };
        let (line, next, _) = header_line(&buffer[..head_end], start, limits)?;
        if self.is_mixed {
            let lines_end = head_end - last_line_end(&buffer[..head_end]) as usize;
            ends_plainly(buffer, 0..lines_end, head_end, Some(start..next))?;
        }
        let body = content_length(buffer, &line)?;
        match head_end.checked_add(body) {
            Some(length) if length <= limits.message => Ok(length),
            _ => Err(ParseError::new(
                ErrorKind::TooLarge,
                line.value_in_head(buffer).start,
                "a length that keeps the message within the limit",
            )),
        }
    }
}

/// Checks that a whole line looks like a start line of any version.
///
/// Otherwise the framer would wait for more of something that is not SIP.
fn looks_like_a_start_line(line: &[u8]) -> Result<(), ParseError> {
    let last_word = line
        .trim_ascii_end()
        .rsplit(|octet| is_blank(*octet))
        .next()
        .unwrap_or_default();
    if is_response(line) || is_version(last_word) {
        return Ok(());
    }
    Err(ParseError::new(
        ErrorKind::StartLine,
        line.len(),
        "`SIP/2.0` at the end of the start line",
    ))
}

/// Reports whether a line begins with the name Content-Length or `l`, and a colon.
fn is_content_length(line: &[u8]) -> bool {
    if !matches!(line.first(), Some(b'C' | b'c' | b'L' | b'l')) {
        return false;
    }
    let name_end = token_end(line, 0);
    let mut colon = name_end;
    while line.get(colon).copied().is_some_and(is_blank) {
        colon += 1;
    }
    line.get(colon) == Some(&b':')
        && crate::header_name::find(&line[..name_end]) == Some(Known::ContentLength)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str =
        "OPTIONS sip:a.example SIP/2.0\r\nTo: x\r\nContent-Length: 5\r\nX: y\r\n\r\nab\r\nc";
    const RESPONSE: &str = "sip/2.0 200 OK\nl \t:\n  0\nX: y\n\n";

    fn framer(text: &str) -> Framer {
        let mut framer = Framer::new(Limits::default());
        framer.buffer().extend_from_slice(text.as_bytes());
        framer
    }

    fn all(framer: &mut Framer) -> Result<Vec<Frame>, FrameError> {
        std::iter::from_fn(|| framer.next().transpose()).collect()
    }

    fn message(text: &'static str) -> Frame {
        Frame::Message(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn a_stream_is_cut_the_same_however_it_comes() {
        let text = format!("\r\n{MESSAGE}{RESPONSE}\r\n\r\n\r\n{MESSAGE}");
        let expected = [message(MESSAGE), message(RESPONSE), Frame::Ping, message(MESSAGE)];
        assert_eq!(all(&mut framer(&text)).unwrap(), expected);
        for step in 1..50 {
            let mut framer = framer("");
            let mut frames = Vec::new();
            for chunk in text.as_bytes().chunks(step) {
                framer.buffer().extend_from_slice(chunk);
                frames.extend(all(&mut framer).unwrap());
            }
            assert_eq!(frames, expected);
            assert!(framer.is_idle());
        }
    }

    #[test]
    fn a_head_that_ends_elsewhere_for_other_readers_ends_the_stream() {
        let start_line = "OPTIONS sip:a.example SIP/2.0";
        for (text, at) in [
            (format!("{start_line}\r\nl: 0\r\n\n"), 37),
            (format!("{start_line}\r\nl: 0\n\r\n"), 35),
            (format!("{start_line}\r\nTo: x\nl: 0\r\n\r\n"), 36),
            (format!("{start_line}\nl: 0\n\r\n"), 36),
            (format!("{start_line}\r\nl: 0\r\n \r\n\r\n"), 37),
            (format!("{start_line}\nl: 0\n\t \n\n"), 35),
        ] {
            let error = framer(&text).next().unwrap_err();
            let expected = (ErrorKind::HeaderLine, at);
            assert_eq!(
                (error.error().kind(), error.error().offset()),
                expected,
                "{text:?}"
            );
        }
        assert!(
            framer(&format!("\n{start_line}\r\nl:\r\n 0\r\n\r\n"))
                .next()
                .is_ok()
        );
    }

    #[test]
    fn it_is_idle_only_between_messages() {
        for (text, idle) in [
            ("", true),
            ("\r\n", true),
            ("O", false),
            (MESSAGE, true),
            (&MESSAGE[..60], false),
        ] {
            let mut framer = framer(text);
            all(&mut framer).unwrap();
            assert_eq!(framer.is_idle(), idle, "{text:?}");
        }
    }

    #[test]
    fn what_is_not_sip_is_refused_at_once() {
        for text in [
            "\x16\x03\x01",
            " ",
            "\rx",
            "GET/",
            "é",
            ":",
            "SIPS/",
            "GET / HTTP/1.1\r\n",
            "A b\n",
        ] {
            let error = framer(text).next().unwrap_err();
            assert_eq!(error.head(), None, "{text:?}");
        }
        for text in ["I", "INVITE", "INVITE ", "SI", "SIP/", "SIP/2.0 2", "\r"] {
            assert_eq!(framer(text).next(), Ok(None), "{text:?}");
        }
    }

    #[test]
    fn a_length_that_is_not_one_number_ends_the_stream_and_gives_the_head() {
        for lengths in [
            "",
            "l: 5\r\nl: 5\r\n",
            "l: 5\r\nl: 6\r\n",
            "l: -5\r\n",
            "l: 5, 5\r\n",
            "l: 99999999999999999999\r\n",
        ] {
            let head = format!("OPTIONS sip:a.example SIP/2.0\r\nTo: x\r\n{lengths}\r\n");
            let mut framer = framer(&format!("{head}abcde"));
            let error = framer.next().unwrap_err();
            assert_eq!(error.head().unwrap(), &head, "{lengths:?}");
            let kind = if lengths.len() > 20 {
                ErrorKind::TooLarge
            } else {
                ErrorKind::ContentLength
            };
            assert_eq!(error.error().kind(), kind, "{lengths:?}");
            assert_eq!(framer.next(), Err(error));
        }
    }

    #[test]
    fn the_limits_hold_and_one_past_them_does_not() {
        let cut = |limits: Limits| {
            let mut framer = Framer::new(limits);
            framer.buffer().extend_from_slice(MESSAGE.as_bytes());
            framer.next().map_err(|error| error.error().kind())
        };
        let fits = Limits {
            head: MESSAGE.len() - 5,
            message: MESSAGE.len(),
            ..Limits::default()
        };
        assert_eq!(cut(fits.clone()), Ok(Some(message(MESSAGE))));
        assert_eq!(
            cut(Limits {
                head: fits.head - 1,
                ..fits.clone()
            }),
            Err(ErrorKind::HeadTooLarge)
        );
        assert_eq!(
            cut(Limits {
                message: fits.message - 1,
                ..fits
            }),
            Err(ErrorKind::TooLarge)
        );
    }

    #[test]
    fn a_length_that_is_too_much_is_found_where_it_is() {
        let head = "OPTIONS sip:a.example SIP/2.0\r\nl: 65536\r\n\r\n";
        let error = framer(head).next().unwrap_err();
        assert_eq!(error.error().kind(), ErrorKind::TooLarge);
        assert_eq!(Some(error.error().offset()), head.find("65536"));
    }

    #[test]
    fn a_fault_beyond_the_head_is_not_looked_for() {
        for (text, head) in [("AAAA\0", 4), ("AAAAA", 4), ("A b\0", 2)] {
            let limits = Limits {
                head,
                ..Limits::default()
            };
            let mut whole = Framer::new(limits.clone());
            whole.buffer().extend_from_slice(text.as_bytes());
            let mut parts = Framer::new(limits);
            let in_parts = text.bytes().find_map(|octet| {
                parts.buffer().extend_from_slice(&[octet]);
                parts.next().err()
            });
            let error = whole.next().unwrap_err();
            assert_eq!(error.error().kind(), ErrorKind::HeadTooLarge, "{text:?}");
            assert_eq!(Some(error), in_parts, "{text:?}");
        }
    }

    #[test]
    fn a_head_that_does_not_end_is_given_in_whole_lines() {
        let mut framer = Framer::new(Limits {
            head: 64,
            ..Limits::default()
        });
        framer
            .buffer()
            .extend_from_slice(b"OPTIONS sip:a.example SIP/2.0\r\nTo: x\r\n");
        assert_eq!(framer.next(), Ok(None));
        framer.buffer().extend_from_slice(&[b'x'; 64]);
        let error = framer.next().unwrap_err();
        assert_eq!(error.error().kind(), ErrorKind::HeadTooLarge);
        assert_eq!(
            error.head().unwrap(),
            &b"OPTIONS sip:a.example SIP/2.0\r\nTo: x\r\n"[..]
        );
    }
}
