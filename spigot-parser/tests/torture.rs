//! The messages of RFC 4475 and RFC 5118, each of their prefixes, and each of them with one octet changed.

use std::fs;
use std::path::PathBuf;

use spigot_parser::{Bytes, Frame, Framer, Limits, Message, Method, ParseError, Request, header};

/// What is not as the manifest has it, and why. An entry that has come to pass fails the run.
const EXPECTED_FAILURES: &[(&str, &str)] = &[
    (
        "rfc5118/ipv6-bug-abnf-3-colons.lf",
        "the archive's copy lacks the empty line that ends the head",
    ),
    (
        "rfc5118/ipv6-correct-abnf-2-colons.lf",
        "the archive's copy lacks the empty line that ends the head",
    ),
    (
        "rfc5118/ipv6-in-sdp.lf",
        "Content-Length counts CRLFs, which the archive's copy does not have",
    ),
    (
        "rfc5118/mult-ip-in-sdp.lf",
        "Content-Length counts an octet more than the archive's copy has",
    ),
];

struct Case {
    file: String,
    verdict: String,
    bytes: Bytes,
}

fn cases() -> Vec<Case> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/torture");
    let manifest = fs::read_to_string(folder.join("MANIFEST.tsv")).unwrap();
    let mut rows = manifest.lines().map(|row| row.split('\t').collect::<Vec<_>>());
    let columns = rows.next().unwrap();
    let column = |name| columns.iter().position(|column| *column == name).unwrap();
    let (file, verdict) = (column("file"), column("parser"));
    let cases: Vec<Case> = rows
        .map(|row| Case {
            file: row[file].to_owned(),
            verdict: row[verdict].to_owned(),
            bytes: fs::read(folder.join(row[file])).unwrap().into(),
        })
        .collect();
    assert_eq!(cases.len(), 75);
    cases
}

fn read(bytes: Bytes) -> Result<Message, ParseError> {
    let message = Message::parse(bytes)?;
    message.validate()?;
    Ok(message)
}

/// Everything that a server does with octets from anywhere. None of it may panic.
fn put_through_everything(bytes: &Bytes) {
    let salvaged = Request::salvage(bytes).map(Message::Request);
    let parsed = Message::parse(bytes.clone());
    for message in parsed.into_iter().chain(salvaged) {
        let _ = message.validate();
        let headers = message.headers();
        for field in headers.iter() {
            let _ = (field.name(), field.raw_name(), field.value());
        }
        headers.all::<header::Via>().for_each(drop);
        headers.all::<header::Route>().for_each(drop);
        headers.all::<header::RecordRoute>().for_each(drop);
        headers.all::<header::Contact>().for_each(drop);
        headers.all::<header::Warning>().for_each(drop);
        headers.all::<header::Accept>().for_each(drop);
        headers.all::<header::Allow>().for_each(drop);
        headers.all::<header::Require>().for_each(drop);
        headers.all::<header::ContentType>().for_each(drop);
        headers.all::<header::Event>().for_each(drop);
        headers.all::<header::Expires>().for_each(drop);
        headers.all::<header::Date>().for_each(drop);
        headers.all::<header::RetryAfter>().for_each(drop);
        headers.all::<header::UserAgent>().for_each(drop);
        let mut changed = message.clone();
        if let Ok(Some(via)) = changed.headers_mut().pop_first::<header::Via>() {
            changed.headers_mut().push_first_typed(&via);
            let _ = changed.headers_mut().replace_first(&via);
        }
        Message::parse(changed.to_bytes()).expect("what is written can be read");
    }
}

#[test]
fn each_message_is_taken_or_refused_as_the_rfcs_have_it() {
    let mut wrong = Vec::new();
    for case in cases() {
        let outcome = read(case.bytes);
        let as_expected = match case.verdict.as_str() {
            "accept" => outcome.is_ok(),
            "reject" | "frame" => outcome.is_err(),
            "either" | "any" => true,
            other => panic!("the manifest says `{other}`"),
        };
        let known = EXPECTED_FAILURES.iter().any(|(file, _)| *file == case.file);
        if as_expected == known {
            let outcome = outcome.map(drop);
            wrong.push(format!(
                "{}: {} was expected, failing is expected: {known}, got {outcome:?}",
                case.file, case.verdict
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_taken_is_written_as_it_came() {
    for case in cases().into_iter().filter(|case| case.file.ends_with(".dat")) {
        let Ok(message) = Message::parse(case.bytes.clone()) else {
            continue;
        };
        let written = message.to_bytes();
        let end = written.len() - message.body().len() - 2;
        let head = written[..end]
            .strip_suffix(b"Content-Length: 0\r\n")
            .unwrap_or(&written[..end]);
        let head = head.strip_suffix(b"Content-Length: 105\r\n").unwrap_or(head);
        assert!(
            case.bytes.starts_with(head),
            "{}:\n{}",
            case.file,
            String::from_utf8_lossy(&written)
        );
        let again = Message::parse(written.clone()).unwrap();
        assert_eq!(again.to_bytes(), written, "{}", case.file);
        assert_eq!(again.body(), message.body());
    }
}

#[test]
fn every_prefix_is_survived() {
    for case in cases() {
        for end in 0..=case.bytes.len() {
            put_through_everything(&case.bytes.slice(..end));
        }
    }
}

/// Puts each message with each octet of its head, and a few of its body, changed to each of `octets` through
/// everything.
fn change_every_octet_to(octets: &[u8]) {
    for case in cases().into_iter().filter(|case| case.file.ends_with(".dat")) {
        let head = case
            .bytes
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .unwrap_or(case.bytes.len());
        for at in 0..case.bytes.len().min(head + 16) {
            for octet in octets {
                let mut bytes = case.bytes.to_vec();
                bytes[at] = *octet;
                put_through_everything(&bytes.into());
            }
        }
    }
}

#[test]
fn every_octet_changed_to_a_line_end_is_survived() {
    change_every_octet_to(b"\r\n");
}

#[test]
fn every_octet_changed_to_another_separator_is_survived() {
    change_every_octet_to(b":,\"");
}

#[test]
fn every_octet_changed_to_what_is_no_text_is_survived() {
    change_every_octet_to(b"\0\xff");
}

#[test]
fn a_stream_is_cut_into_the_same_messages_however_it_comes() {
    for case in cases() {
        let cut = |step: usize| {
            let mut framer = Framer::new(Limits::default());
            let mut frames = Vec::new();
            for chunk in case.bytes.chunks(step) {
                framer.buffer().extend_from_slice(chunk);
                loop {
                    match framer.next() {
                        Ok(Some(frame)) => frames.push(frame),
                        Ok(None) => break,
                        Err(error) => return (frames, Some((error.error().kind(), error.error().offset()))),
                    }
                }
            }
            (frames, None)
        };
        let whole = cut(case.bytes.len());
        assert_eq!(cut(1), whole, "{}", case.file);
        assert_eq!(cut(7), whole, "{}", case.file);
        if let (Some(Frame::Message(message)), Ok(parsed)) =
            (whole.0.first(), Message::parse(case.bytes.clone()))
        {
            assert_eq!(
                Message::parse(message.clone()).unwrap().to_bytes(),
                parsed.to_bytes(),
                "{}",
                case.file
            );
        }
    }
}

#[test]
fn the_points_that_the_messages_make_are_understood() {
    let all = cases();
    let message = |name: &str| {
        let case = all
            .iter()
            .find(|case| case.file == format!("rfc4475/{name}.dat"))
            .unwrap();
        read(case.bytes.clone()).unwrap()
    };
    let wsinv = message("wsinv");
    assert_eq!(wsinv.headers().all::<header::Via>().count(), 3);
    assert_eq!(
        wsinv.headers().typed::<header::CSeq>().unwrap().unwrap().number(),
        9
    );

    let Message::Request(intmeth) = message("intmeth") else {
        panic!("a request")
    };
    assert_eq!(
        intmeth.method().as_str(),
        "!interesting-Method0123456789_*+`.%indeed'~"
    );

    let Message::Request(esc02) = message("esc02") else {
        panic!("a request")
    };
    assert_ne!(esc02.method(), &Method::REGISTER);
    assert_eq!(esc02.headers().all::<header::Contact>().count(), 2);

    assert_eq!(message("longreq").headers().all::<header::Via>().count(), 34);
    assert!(message("dblreq").body().is_empty());
    assert_eq!(message("mpart01").body().len(), 553);
    assert_eq!(message("inv2543").body().len(), 105);

    let Message::Response(noreason) = message("noreason") else {
        panic!("a response")
    };
    assert_eq!(noreason.reason(), "");
}
