//! Tests that the framer and the parser agree on where a message ends.
//!
//! Otherwise the sender of a message could choose what the next message is.

use proptest::collection::vec;
use proptest::prelude::*;
use spigot_parser::{Bytes, ErrorKind, Frame, Framer, Limits, Message, Request};

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
                    let _ = error.head().and_then(Request::salvage);
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
