//! Fuzzes splitting a stream into messages, whatever its fragments are.
//!
//! The first octet of the input chooses the limits, the second the fragments of the stream.

use spigot_parser::{ErrorKind, Frame, FrameError, Framer, Limits, Message, SalvagedRequest};

use crate::oracle;

pub(crate) fn run(data: &[u8]) {
    let [limits, pieces, stream @ ..] = data else {
        return;
    };
    let limits = match limits {
        0..128 => Limits::DEFAULT,
        _ => Limits {
            head: usize::from(*limits),
            message: usize::from(*limits) + 32,
            header_line: 64,
            ..Limits::DEFAULT
        },
    };
    let whole = cut([stream].into_iter(), &limits);
    let parts = cut(
        Pieces {
            rest: stream,
            state: *pieces,
        },
        &limits,
    );
    assert_eq!(whole, parts, "a stream is cut the same however it comes");
    account_for_every_octet(stream, &whole, &limits);
    for frame in &whole.frames {
        check(frame, &limits);
    }
    if let Some(error) = &whole.error {
        oracle::error(error.error(), stream.len());
        if let Some(head) = error.head()
            && let Some(request) = SalvagedRequest::read(head, &limits)
        {
            oracle::answer(&request, head.len());
        }
    }
}

/// The result of framing a stream.
#[derive(Debug, PartialEq)]
struct Cut {
    frames: Vec<Frame>,
    error: Option<FrameError>,
    /// The octets that the framer still holds.
    left: Vec<u8>,
    idle: bool,
}

fn cut<'a>(pieces: impl Iterator<Item = &'a [u8]>, limits: &Limits) -> Cut {
    let (mut framer, mut frames) = (Framer::new(limits.clone()), Vec::new());
    for piece in pieces {
        framer.buffer().extend_from_slice(piece);
        loop {
            match framer.next() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(framer.next(), Err(error.clone()), "the same error ever after");
                    assert!(!framer.is_idle());
                    return Cut {
                        frames,
                        error: Some(error),
                        left: Vec::new(),
                        idle: false,
                    };
                }
            }
        }
    }
    let idle = framer.is_idle();
    Cut {
        frames,
        error: None,
        left: framer.buffer().to_vec(),
        idle,
    }
}

/// Splits the stream into pieces of pseudorandom lengths, which are the same for the same input.
struct Pieces<'a> {
    rest: &'a [u8],
    state: u8,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        self.state = self.state.wrapping_mul(101).wrapping_add(29);
        // Most pieces are about a line, and many are one octet.
        let longest = if self.state & 1 == 0 { 3 } else { 64 };
        let length = 1 + usize::from(self.state >> 1) % longest;
        let (piece, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        Some(piece)
    }
}

/// Checks that frames, the line ends between them and the octets still held are the stream, octet for octet.
fn account_for_every_octet(stream: &[u8], cut: &Cut, limits: &Limits) {
    let mut rest = stream;
    for frame in &cut.frames {
        match frame {
            Frame::Ping => {
                let (after, is_ping) = after_empty_lines(rest);
                assert!(is_ping, "a ping is two line ends");
                rest = after;
            }
            Frame::Message(message) => {
                let (message_on, is_ping) = after_empty_lines(rest);
                assert!(!is_ping, "two line ends are a ping");
                rest = message_on
                    .strip_prefix(&message[..])
                    .expect("a message is what came");
            }
        }
    }
    let (after_one, is_ping) = after_empty_lines(rest);
    assert!(!is_ping, "two line ends are a ping");
    match &cut.error {
        Some(error) => {
            let head = error.head().map(|head| &head[..]).unwrap_or_default();
            assert!(after_one.starts_with(head), "the head is what came");
            assert!(head.is_empty() || head.ends_with(b"\n"), "in whole lines");
        }
        None => {
            let bound = if is_whole(&cut.left) {
                limits.message
            } else {
                limits.head
            };
            assert!(cut.left.len() <= bound, "{} octets are held", cut.left.len());
            assert_eq!(cut.left, after_one);
            assert_eq!(cut.idle, after_one.is_empty());
        }
    }
}

/// Reports whether the head is complete.
fn is_whole(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|end| end == b"\n\n") || bytes.windows(3).any(|end| end == b"\n\r\n")
}

/// Passes over line ends and NUL up to a message or the end of a ping, and says which of both it is.
fn after_empty_lines(mut bytes: &[u8]) -> (&[u8], bool) {
    let mut is_half = false;
    loop {
        match (after_line_end(bytes), bytes) {
            (Some(rest), _) if is_half => return (rest, true),
            (Some(rest), _) => (bytes, is_half) = (rest, true),
            (None, [0, rest @ ..]) => (bytes, is_half) = (rest, false),
            (None, _) => return (bytes, false),
        }
    }
}

fn after_line_end(bytes: &[u8]) -> Option<&[u8]> {
    bytes.strip_prefix(b"\r\n").or(bytes.strip_prefix(b"\n"))
}

/// Checks that a frame keeps to the limits and is one message to the parser.
fn check(frame: &Frame, limits: &Limits) {
    let Frame::Message(frame) = frame else {
        return;
    };
    assert!(frame.len() <= limits.message);
    match Message::parse_with(frame.clone(), limits) {
        Ok(message) => {
            let head = frame.len() - message.body().len();
            assert!(head <= limits.head);
            assert!(frame[..head].ends_with(b"\n\r\n") || frame[..head].ends_with(b"\n\n"));
        }
        Err(error) => {
            oracle::error(&error, frame.len());
            let about_framing = matches!(error.kind(), ErrorKind::Truncated | ErrorKind::ContentLength);
            assert!(!about_framing, "the framer saw a message, and the parser {error}");
        }
    }
}
