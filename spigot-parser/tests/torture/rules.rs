//! Rules that hold for any octets; `DISPOSITIONS.md` states them, and this module asserts them.

use spigot_parser::header::Via;
use spigot_parser::{
    Bytes, ErrorKind, HeaderName, Limits, Message, ParseError, Response, SalvagedRequest, StatusCode,
};

use crate::lax;
use crate::outcome::{First, Outcome};
use crate::responses::DECIDING;
use crate::singles;
use crate::typed;

/// Lines that are known to be good, because the message had them before the change.
#[derive(Default)]
pub(crate) struct Known {
    lines: Vec<(String, String)>,
}

impl Known {
    /// Returns the lines of `bytes`, if they are a message.
    pub(crate) fn of(bytes: &Bytes) -> Known {
        let lines = Message::parse(bytes.clone()).map(|message| {
            let fields = message.headers().iter();
            fields
                .map(|field| (field.raw_name().to_owned(), field.value().to_owned()))
                .collect()
        });
        Known {
            lines: lines.unwrap_or_default(),
        }
    }

    fn has(&self, at: usize, name: &str, value: &str) -> bool {
        let is = |line: &(String, String)| line.0 == name && line.1 == value;
        self.lines.get(at).is_some_and(is) || self.lines.iter().any(is)
    }
}

/// Passes `bytes` through everything that a server does with untrusted octets.
///
/// They are read as a datagram, and as a stream in two reads, of which the first ends at `cut`.
///
/// # Panics
///
/// Where a rule is broken.
pub(crate) fn hold(bytes: &Bytes, known: &Known, cut: usize) -> (Outcome, First) {
    let parsed = Message::parse(bytes.clone());
    let first = First::of([&bytes[..cut], &bytes[cut..]]);
    stream_and_datagram_agree(bytes, &first, &parsed);
    let outcome = match &parsed {
        Ok(message) => {
            is_written_and_read_the_same(message, known);
            Outcome::of_message(message)
        }
        Err(error) => Outcome::Unparsed(*error),
    };
    if let Some(error) = outcome.error() {
        match &parsed {
            // Other text may be read in the place of a response.
            Ok(message @ Message::Response(_)) => is_a_good_error(error, &message.to_bytes()),
            _ => is_a_good_error(error, bytes),
        }
        the_answer_is_one_response(bytes);
    } else if let Ok(message) = &parsed {
        nothing_is_there_twice_that_may_be_there_once(message, known);
    }
    if let First::Refused(error) = &first {
        is_a_good_error(error, bytes);
    }
    (outcome, first)
}

/// Asserts that a message is written as one message, and that other readers understand it as the parser does.
fn is_written_and_read_the_same(message: &Message, known: &Known) {
    let written = message.to_bytes();
    lax::sees_the_same(&written, message);
    let again = Message::parse(written.clone()).expect("what is written parses");
    assert_eq!(again.to_bytes(), written, "and is written so again");
    assert_eq!(again.body(), message.body());
    match (message, &again) {
        (Message::Request(message), Message::Request(again)) => {
            assert_eq!((message.method(), message.uri()), (again.method(), again.uri()));
        }
        (Message::Response(message), Message::Response(again)) => {
            assert_eq!(
                (message.status(), message.reason()),
                (again.status(), again.reason())
            );
        }
        _ => panic!("a request is a request"),
    }
    assert_eq!(
        Outcome::of_message(&again).kind(),
        Outcome::of_message(message).kind()
    );

    let mut others = again.headers().iter();
    for (at, field) in message.headers().iter().enumerate() {
        let other = others.next().expect("as many lines");
        assert_eq!(field.raw_name(), other.raw_name());
        let same_value = field.value() == other.value();
        let is_length = || field.is(&HeaderName::CONTENT_LENGTH);
        assert!(
            same_value || is_length(),
            "{:?} became {:?}",
            field.value(),
            other.value()
        );
        if known.has(at, field.raw_name(), field.value()) {
            continue;
        }
        let name = field.name();
        assert_eq!(
            HeaderName::from_token(field.raw_name()),
            Ok(name.clone()),
            "it has the name that is written"
        );
        assert!(
            message
                .headers()
                .get_all(&name)
                .any(|value| value == field.value()),
            "it is found by its name"
        );
        for typed in typed::ALL.iter().filter(|typed| typed.name == name) {
            (typed.same)(message, &again);
        }
        is_gone_when_removed(message, &name);
        if name == HeaderName::VIA {
            is_edited_as_a_server_does(message);
        }
    }
}

/// Asserts that the topmost Via can be removed, pushed and replaced, and that the result parses.
fn is_edited_as_a_server_does(message: &Message) {
    let mut changed = message.clone();
    let headers = changed.headers_mut();
    let Ok(Some(via)) = headers.pop_first::<Via>() else {
        return;
    };
    headers.push_first_typed(&via);
    headers.replace_first(&via).expect("there is one again");
    assert_eq!(
        headers.typed::<Via>().expect("a Via").as_ref(),
        Some(&via),
        "it is the first one"
    );
    lax::sees_the_same(&changed.to_bytes(), &changed);
    Message::parse(changed.to_bytes()).expect("what is written parses");
}

/// Asserts that a header removed by its name is no longer written in any spelling.
fn is_gone_when_removed(message: &Message, name: &HeaderName) {
    let mut without = message.clone();
    let there = without.headers().get_all(name).count();
    assert_eq!(without.headers_mut().remove(name), there);
    assert!(!without.headers().contains(name));
    let written = without.to_bytes();
    lax::sees_the_same(&written, &without);
    let again = Message::parse(written).expect("what is written parses");
    assert!(
        !again.headers().contains(name) || *name == HeaderName::CONTENT_LENGTH,
        "{name} is gone"
    );
}

/// Asserts that a valid message has every single header only once; a response has those that decide.
fn nothing_is_there_twice_that_may_be_there_once(message: &Message, known: &Known) {
    for (at, field) in message.headers().iter().enumerate() {
        if known.has(at, field.raw_name(), field.value()) {
            continue;
        }
        let names = singles::forms(field.raw_name());
        let Some((long, compact)) = names else { continue };
        if matches!(message, Message::Response(_)) && !DECIDING.contains(&long) {
            continue;
        }
        let count = message
            .headers()
            .iter()
            .filter(|other| {
                other.raw_name().eq_ignore_ascii_case(long) || other.raw_name().eq_ignore_ascii_case(compact)
            })
            .count();
        assert_eq!(count, 1, "{long} is there once");
    }
}

/// Asserts that an error says what is wrong, where, and what to answer.
pub(crate) fn is_a_good_error(error: &ParseError, bytes: &[u8]) {
    let expected = error.expected();
    assert!(!expected.is_empty() && expected.trim() == expected && !expected.ends_with('.'));
    assert!(error.offset() <= bytes.len(), "{error} is beyond the end");
    if error.kind() == ErrorKind::Truncated {
        assert_eq!(
            error.offset(),
            bytes.len(),
            "what is missing is missing at the end"
        );
    }
    let sentence = error.to_string();
    assert!(sentence.ends_with(&format!(" at octet {}: expected {expected}", error.offset())));
    assert!(!sentence.contains('\n') && sentence.len() < 160, "{sentence}");
    let answer = error.status().map(|status| status.as_u16());
    let expected = match error.kind() {
        _ if is_response(bytes) => None,
        ErrorKind::Version => Some(505),
        ErrorKind::UriTooLong => Some(414),
        ErrorKind::HeadTooLarge | ErrorKind::TooLarge => Some(513),
        _ => Some(400),
    };
    assert_eq!(answer, expected, "{error}");
}

/// Reports whether a message with this beginning is a response, to which there is no answer.
fn is_response(bytes: &[u8]) -> bool {
    without_empty_lines(bytes)
        .get(..4)
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case(b"SIP/"))
}

/// Returns `bytes` without the empty lines at their beginning.
fn without_empty_lines(mut bytes: &[u8]) -> &[u8] {
    while let [b'\n', rest @ ..] | [b'\r', b'\n', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

/// Asserts that the answer to a refused request is one response, which has the lines of the request and is
/// longer by a few octets only.
fn the_answer_is_one_response(bytes: &Bytes) {
    let Some(request) = SalvagedRequest::read(bytes, &Limits::DEFAULT) else {
        return;
    };
    assert!(!is_response(bytes));
    let source = ([192, 0, 2, 7], 40000).into();
    let answer = request.write_response(
        &Response::new(StatusCode::BAD_REQUEST),
        "0123456789abcdef",
        source,
    );
    let line_ends = bytes.iter().filter(|octet| **octet == b'\n').count();
    assert!(
        answer.len() <= bytes.len() + line_ends + 120,
        "{} octets",
        answer.len()
    );
    let response = Response::parse(answer.clone()).expect("a response");
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(response.body().is_empty() && First::of([&answer[..]]) == First::Message(answer));
    let names = response.headers().iter().map(|field| field.name());
    for name in names.filter(|name| *name != HeaderName::CONTENT_LENGTH) {
        assert!(DECIDING.contains(&name.as_str()), "{name} has no business there");
        assert_eq!(request.get(&name).is_some(), response.headers().contains(&name));
    }
}

/// Asserts that the framer and the parser see the same message, or that one of them refuses it.
fn stream_and_datagram_agree(bytes: &Bytes, first: &First, parsed: &Result<Message, ParseError>) {
    match (first, parsed) {
        (First::Message(frame), Ok(message)) => {
            assert!(without_empty_lines(bytes).starts_with(frame));
            let head = frame.len() - message.body().len();
            assert_eq!(frame[head..], message.body()[..], "the same body");
            assert!(frame[..head].ends_with(b"\n\r\n") || frame[..head].ends_with(b"\n\n"));
        }
        (First::Message(_), Err(error)) => assert!(
            !matches!(error.kind(), ErrorKind::Truncated | ErrorKind::ContentLength),
            "what is framed is whole: {error}"
        ),
        (First::Waits, Ok(_)) => panic!("a stream waits for more of what is a whole message"),
        (First::Refused(error), Ok(message)) => {
            assert_eq!(
                (error.kind(), error.expected()),
                (ErrorKind::ContentLength, "a Content-Length, as streams need")
            );
            assert!(!message.headers().contains(&HeaderName::CONTENT_LENGTH));
        }
        (First::Waits | First::Refused(_), Err(_)) => {}
    }
}
