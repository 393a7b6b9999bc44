//! The number of allocations for a message: one for its index when it is read, two for more than 32 lines,
//! and one when it is written.
//!
//! Headers cost none, typed ones included.

use allocation_counter::measure;
use spigot_parser::header::{self, TypedHeader};
use spigot_parser::{Bytes, HeaderName, Message, MessageWriter, RawLines, RawMessage, StatusCode};

const MESSAGES: &[(&str, &[u8], u64)] = &[
    ("options", include_bytes!("../benches/messages/options.sip"), 1),
    ("register", include_bytes!("../benches/messages/register.sip"), 1),
    ("invite", include_bytes!("../benches/messages/invite.sip"), 1),
    ("200ok", include_bytes!("../benches/messages/200ok.sip"), 1),
    ("invite60", include_bytes!("../benches/messages/invite60.sip"), 2),
];

/// What an answer copies from its request.
static COPIED: [HeaderName; 5] = [
    HeaderName::VIA,
    HeaderName::FROM,
    HeaderName::TO,
    HeaderName::CALL_ID,
    HeaderName::CSEQ,
];

/// Copies octets as a socket returns them, shared once already, because the first sharing of a `Bytes`
/// allocates.
fn datagram(octets: &[u8]) -> Bytes {
    let datagram = Bytes::from(octets.to_vec());
    drop(datagram.clone());
    datagram
}

#[test]
fn a_message_is_indexed_with_one_allocation() {
    for (name, octets, expected) in MESSAGES {
        let datagram = datagram(octets);
        let info = measure(|| {
            Message::parse(datagram.clone()).unwrap();
        });
        assert_eq!(info.count_total, *expected, "{name}");
        assert_eq!(info.count_current, 0, "{name}");
    }
}

#[test]
fn a_raw_message_of_16_lines_is_indexed_without_any() {
    for (name, octets, _) in MESSAGES {
        let mut lines = RawLines::new();
        let once = measure(|| assert!(RawMessage::parse(octets, &mut lines).is_ok()));
        assert_eq!(
            once.count_total > 0,
            !matches!(*name, "options" | "register" | "200ok"),
            "{name}"
        );
        let again = measure(|| assert!(RawMessage::parse(octets, &mut lines).is_ok()));
        assert_eq!(again.count_total, 0, "{name}");
    }
}

#[test]
fn a_typed_header_costs_none() {
    fn check<H: TypedHeader>(message: &Message, name: &str) {
        let info = measure(|| {
            for value in message.headers().all::<H>() {
                value.unwrap();
            }
        });
        assert_eq!(info.count_total, 0, "{} of {name}", H::NAME);
    }
    for (name, octets, _) in MESSAGES {
        let message = Message::parse(datagram(octets)).unwrap();
        check::<header::Via>(&message, name);
        check::<header::From>(&message, name);
        check::<header::To>(&message, name);
        check::<header::CallId>(&message, name);
        check::<header::CSeq>(&message, name);
        check::<header::MaxForwards>(&message, name);
        check::<header::Contact>(&message, name);
        check::<header::Route>(&message, name);
        check::<header::RecordRoute>(&message, name);
        check::<header::Authorization>(&message, name);
        check::<header::ContentType>(&message, name);
        check::<header::Allow>(&message, name);
        check::<header::Supported>(&message, name);
        check::<header::SessionExpires>(&message, name);
        check::<header::HistoryInfo>(&message, name);
        check::<header::PAssertedIdentity>(&message, name);
        check::<header::UserAgent>(&message, name);
    }
}

#[test]
fn checking_a_message_costs_none() {
    for (name, octets, _) in MESSAGES {
        let message = Message::parse(datagram(octets)).unwrap();
        assert_eq!(measure(|| message.validate().unwrap()).count_total, 0, "{name}");
        assert_eq!(
            measure(|| drop(message.essentials().unwrap().clone())).count_total,
            0,
            "{name}"
        );
    }
}

#[test]
fn a_stamp_costs_three_for_its_line() {
    for (name, octets, _) in MESSAGES {
        let Message::Request(mut request) = Message::parse(datagram(octets)).unwrap() else {
            continue;
        };
        let mut essentials = request.essentials().unwrap();
        // The line, the sharing of it, and the place that the message has for lines that were added.
        let info = measure(|| {
            request
                .stamp(&mut essentials, ([192, 0, 2, 1], 5060).into())
                .unwrap()
        });
        assert_eq!(info.count_total, 3, "{name}");
    }
}

#[test]
fn a_message_is_written_with_one_allocation() {
    for (name, octets, _) in MESSAGES {
        let message = Message::parse(datagram(octets)).unwrap();
        let info = measure(|| {
            assert_eq!(message.to_bytes(), octets);
        });
        assert_eq!(info.count_total, 1, "{name}");
        let mut changed = message.clone();
        changed.headers_mut().remove(&HeaderName::CONTENT_LENGTH);
        changed
            .headers_mut()
            .set(HeaderName::SUBJECT, "another line")
            .unwrap();
        assert_eq!(
            measure(|| drop(changed.to_bytes())).count_total,
            1,
            "{name}, changed"
        );
    }
}

#[test]
fn an_answer_is_written_with_one_allocation() {
    for (name, octets, _) in MESSAGES {
        let message = Message::parse(datagram(octets)).unwrap();
        let from = message.headers();
        let write = |capacity| {
            let mut answer = MessageWriter::response(StatusCode::OK, "OK", capacity);
            for copied in &COPIED {
                answer.lines_of(from, copied);
            }
            answer.line(&HeaderName::CONTACT, "<sip:b@192.0.2.1>").unwrap();
            answer.finish(message.body())
        };
        let exact = write(0).len();
        assert_eq!(measure(|| drop(write(exact))).count_total, 1, "{name}");
        // With room left over, the count of who shares it is made at once, and not by the first clone.
        let about = from.written_len_of(&COPIED) + message.body().len() + 80;
        assert!((exact..exact + 64).contains(&about), "{name}: {exact} {about}");
        assert_eq!(measure(|| drop(write(about))).count_total, 2, "{name}");
    }
}
