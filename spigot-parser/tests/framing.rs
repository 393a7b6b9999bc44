//! Tests that the framer and the parser agree on where a message ends.
//!
//! Otherwise the sender of a message could choose what the next message is.

use proptest::collection::vec;
use proptest::prelude::*;
use spigot_parser::{Bytes, ErrorKind, Frame, Framer, Limits, Message, SalvagedRequest};

/// Generates pieces of messages that matter for their length.
fn piece() -> impl Strategy<Value = &'static [u8]> {
    let pieces: &[&'static [u8]] = &[
        b"OPTIONS sip:a SIP/2.0\r\n",
        b"OPTIONS sip:a SIP/2.0\r\nl: 3\r\n\r\nabc",
        b"SIP/2.0 200 OK\r\nContent-Length:\r\n 2\r\n\r\n\r\n",
        b"sip/2.0 200 OK\nContent-Length \t: 0\n\n",
        b"l: 3\r\n",
        b"L:0\n",
        b"content-length : 7\r\n",
        b"Content-Length: 0",
        b"l",
        b":",
        b"12",
        b"To: \"\\\0\"\r\n",
        b"X: y",
        b"\r\n",
        b"\n",
        b"\r",
        b" ",
        b"\t",
        b"\x0b",
        b"\x0c",
        b"\0",
        b"\"",
        b"\\",
        b"\xff",
        "é".as_bytes(),
        b"abc",
    ];
    prop::sample::select(pieces.to_vec())
}

/// Returns the frames of `chunks`, and the error that ends them.
fn cut<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> (Vec<Frame>, Option<ErrorKind>) {
    let (mut framer, mut frames) = (Framer::new(Limits::default()), Vec::new());
    for chunk in chunks {
        framer.buffer().extend_from_slice(chunk);
        loop {
            match framer.next() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => {
                    let _ = error
                        .head()
                        .and_then(|head| SalvagedRequest::read(head, &Limits::default()));
                    return (frames, Some(error.error().kind()));
                }
            }
        }
    }
    (frames, None)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn a_frame_is_one_message_to_the_parser(
        start in prop::bool::weighted(0.9),
        pieces in vec(piece(), 0..24),
        step in 1usize..16,
    ) {
        let start: &[u8] = if start { b"OPTIONS sip:a SIP/2.0\r\n" } else { b"" };
        let stream = [start, &pieces.concat()].concat();
        let whole = cut([&stream[..]].into_iter());
        prop_assert_eq!(&whole, &cut(stream.chunks(step)), "however it comes");

        for frame in whole.0 {
            let Frame::Message(frame) = frame else { continue };
            let longer = Bytes::from([&frame[..], b"\r\nl: 9\r\n\r\nmore"].concat());
            match (Message::parse(frame.clone()), Message::parse(longer)) {
                (Ok(message), Ok(longer)) => {
                    prop_assert_eq!(message.body(), longer.body());
                    let head = &frame[..frame.len() - message.body().len()];
                    prop_assert!(head.ends_with(b"\n\r\n") || head.ends_with(b"\n\n"), "{:?}", frame);
                }
                (Err(error), Err(_)) => {
                    let framing = matches!(error.kind(), ErrorKind::Truncated | ErrorKind::ContentLength);
                    prop_assert!(!framing, "{}: {:?}", error, frame);
                }
                other => prop_assert!(false, "{:?} {:?}", other, frame),
            }
        }
    }
}

const MESSAGE: &str = "OPTIONS sip:a.example SIP/2.0\r\nTo: x\r\nContent-Length: 5\r\nX: y\r\n\r\nab\r\nc";
const RESPONSE: &str = "sip/2.0 200 OK\nl \t:\n  0\nX: y\n\n";

fn message(text: &'static str) -> Frame {
    Frame::Message(Bytes::from_static(text.as_bytes()))
}

/// Returns what a stream with this text gives, read in steps of so many octets.
fn frames(text: &str, step: usize) -> (Vec<Frame>, Option<ErrorKind>) {
    cut(text.as_bytes().chunks(step))
}

#[test]
fn nul_between_messages_is_passed_over_and_nowhere_else() {
    for between in ["\0", "\r\n\0", "\0\0\0", "\r\n\0\r\n\0", "\0\r\n", "\n\0\n"] {
        let text = format!("{between}{MESSAGE}{between}{RESPONSE}{between}");
        for step in [1, 2, 3, text.len()] {
            let expected = vec![message(MESSAGE), message(RESPONSE)];
            assert_eq!(frames(&text, step), (expected, None), "{between:?}");
        }
    }
    for ping in ["\0\r\n\r\n", "\r\n\r\n\0\r\n", "\r\n\0\r\n\r\n"] {
        assert_eq!(frames(ping, 1), (vec![Frame::Ping], None), "{ping:?}");
    }
    for text in ["\r\0", "OPTIONS\0sip:a.example SIP/2.0\r\n", "\0GET/"] {
        assert!(frames(text, 1).1.is_some(), "{text:?}");
    }
}

#[test]
fn however_many_nul_come_none_is_kept() {
    let mut framer = Framer::new(Limits::default());
    for _ in 0..64 {
        framer.buffer().extend_from_slice(&[0; 4096]);
        assert_eq!(framer.next(), Ok(None));
        assert!(framer.is_idle() && framer.buffer().is_empty());
    }
}

#[test]
fn a_request_with_a_bad_line_is_given_whole_with_its_error() {
    let head = "OPTIONS sip:a.example SIP/2.0\r\nTo: x\nCSeq: 1 OPTIONS\r\nl: 0\r\n\r\n";
    for (head, kind) in [
        (head.to_owned(), ErrorKind::HeaderLine),
        (head.replace("\r\n\r\n", "\r\n\n"), ErrorKind::HeaderLine),
        (
            head.replace("x\n", "x\r\n").replace("\r\n\r\n", "\r\n \r\n"),
            ErrorKind::HeaderLine,
        ),
    ] {
        for step in [1, 7, head.len()] {
            let mut framer = Framer::new(Limits::default());
            let (whole, mut error) = (format!("{head}body"), None);
            for chunk in whole.as_bytes().chunks(step) {
                framer.buffer().extend_from_slice(chunk);
                error = error.or(framer.next().err());
            }
            let error = error.expect("it cannot be framed");
            assert_eq!(
                (error.error().kind(), error.head()),
                (kind, Some(&head.clone().into()))
            );
        }
    }
}

#[test]
fn a_line_of_a_response_may_end_with_a_line_feed_alone() {
    for text in [
        "SIP/2.0 183 Session Progress\r\nX-A: b\nX-C: d\r\nl: 4\r\n\r\nbody",
        "SIP/2.0 183 Session Progress\nX-A: b\r\nl: 4\r\n\r\nbody",
        "SIP/2.0 183 Session Progress\r\nX-A: b\n c\n d\r\nl: 4\r\nX-C: d\nX-E: f\r\n\r\nbody",
    ] {
        for step in [1, 5, text.len()] {
            assert_eq!(frames(text, step), (vec![message(text)], None), "{text:?}");
        }
    }
}

#[test]
fn a_fault_in_a_response_is_answered_by_nobody() {
    for lengths in ["", "l: x\r\n", "l: 70000\r\n", "l: 1\r\nl: 1\r\n"] {
        let status = |start_line: &str| {
            let mut framer = Framer::new(Limits::default());
            let text = format!("\r\n{start_line}\r\n{lengths}\r\n");
            framer.buffer().extend_from_slice(text.as_bytes());
            framer.next().unwrap_err().error().status()
        };
        assert_eq!(status("SIP/2.0 200 OK"), None, "{lengths:?}");
        assert!(status("OPTIONS sip:a.example SIP/2.0").is_some(), "{lengths:?}");
    }
}
