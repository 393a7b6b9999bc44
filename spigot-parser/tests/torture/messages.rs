//! Tests of each message as it is.

use spigot_parser::{Message, Method, header};

use crate::corpus::{CASES, case};
use crate::decisions::decision;
use crate::outcome::Outcome;
use crate::rules::{self, Known};

fn message(name: &str) -> Message {
    let message = Message::parse(case(name).bytes.clone()).unwrap();
    message.validate().unwrap();
    message
}

#[test]
fn each_message_is_taken_or_refused_as_the_manifest_or_a_decision_has_it() {
    for case in CASES.iter() {
        let outcome = Outcome::of(&case.bytes);
        let right = match (decision(&case.file), case.verdict.as_str()) {
            (Some(decision), _) => outcome.kind() == decision.refused,
            (None, "accept") => outcome == Outcome::Accepted,
            (None, "reject" | "frame") => outcome != Outcome::Accepted,
            (None, other) => panic!("{}: the manifest says `{other}`", case.file),
        };
        assert!(
            right,
            "{}: the manifest says {}, and it is {outcome:?}",
            case.file, case.verdict
        );
    }
}

#[test]
fn every_rule_holds_for_every_line_of_every_message() {
    for case in CASES.iter() {
        rules::hold(&case.bytes, &Known::default(), case.bytes.len());
    }
}

#[test]
fn what_is_taken_is_written_as_it_came() {
    for case in CASES.iter() {
        let Ok(message) = Message::parse(case.bytes.clone()) else {
            continue;
        };
        let written = message.to_bytes();
        let head = &written[..written.len() - message.body().len() - 2];
        // A missing Content-Length is added.
        let mut lines: Vec<&[u8]> = head.split_inclusive(|octet| *octet == b'\n').collect();
        if !message
            .headers()
            .contains(&spigot_parser::HeaderName::CONTENT_LENGTH)
        {
            let added = format!("Content-Length: {}\r\n", message.body().len());
            assert_eq!(lines.pop(), Some(added.as_bytes()), "{}", case.file);
        }
        let mut came = lines.concat();
        if case.file.ends_with(".lf") {
            came.retain(|octet| *octet != b'\r');
        }
        assert!(
            case.bytes.starts_with(&came),
            "{}:\n{}",
            case.file,
            String::from_utf8_lossy(&written)
        );
    }
}

#[test]
fn the_points_that_the_messages_make_are_understood() {
    let wsinv = message("rfc4475/wsinv.dat");
    assert_eq!(wsinv.headers().all::<header::Via>().count(), 3);
    let cseq = wsinv.headers().typed::<header::CSeq>().unwrap().unwrap();
    assert_eq!(cseq.number(), 9);

    let Message::Request(intmeth) = message("rfc4475/intmeth.dat") else {
        panic!("a request")
    };
    assert_eq!(
        intmeth.method().as_str(),
        "!interesting-Method0123456789_*+`.%indeed'~"
    );

    let Message::Request(esc02) = message("rfc4475/esc02.dat") else {
        panic!("a request")
    };
    assert_ne!(esc02.method(), &Method::REGISTER);
    assert_eq!(esc02.headers().all::<header::Contact>().count(), 2);

    let vias = message("rfc4475/longreq.dat")
        .headers()
        .all::<header::Via>()
        .count();
    assert_eq!(vias, 34);
    assert!(message("rfc4475/dblreq.dat").body().is_empty());
    assert_eq!(message("rfc4475/mpart01.dat").body().len(), 553);
    assert_eq!(message("rfc4475/inv2543.dat").body().len(), 105);

    let Message::Response(noreason) = message("rfc4475/noreason.dat") else {
        panic!("a response")
    };
    assert_eq!(noreason.reason(), "");

    let Message::Request(escruri) = message("rfc4475/escruri.dat") else {
        panic!("a request")
    };
    assert!(escruri.uri().as_str().contains("?Route="));
    assert_eq!(escruri.headers().all::<header::Route>().count(), 0);
}

#[test]
fn what_was_not_looked_at_is_an_error_when_it_is_asked_for() {
    let baddate = message("rfc4475/baddate.dat");
    let error = baddate.headers().typed::<header::Date>().unwrap_err();
    let value = b"Fri, 01 Jan 2010 16:00:00 EST";
    let octets = &case("rfc4475/baddate.dat").bytes;
    let at = octets.windows(value.len()).position(|window| window == value);
    assert_eq!((error.header(), Some(error.offset())), (Some("Date"), at));
    let regbadct = message("rfc4475/regbadct.dat");
    let error = regbadct.headers().typed::<header::Contact>().unwrap_err();
    assert_eq!(error.header(), Some("Contact"));
}
