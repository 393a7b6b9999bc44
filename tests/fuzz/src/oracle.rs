//! Checks that several targets share.

use std::fmt::Debug;

use spigot_parser::{
    Bytes, HeaderName, Headers, Limits, Message, ParseError, Response, SalvagedRequest, StatusCode,
};

/// Limits that no input of a campaign reaches, for messages to which lines were added.
pub(crate) const LOOSE: Limits = Limits {
    message: usize::MAX,
    head: 1 << 20,
    headers: 1 << 10,
    header_line: 1 << 15,
    uri: 1 << 15,
    ..Limits::DEFAULT
};

/// Checks that an error is at an octet of the input or at its end, and reads as a sentence.
pub(crate) fn error(error: &ParseError, length: usize) {
    assert!(error.offset() <= length, "{error} is outside of {length} octets");
    assert!(!error.expected().is_empty());
    assert!(!error.to_string().contains(['\r', '\n']));
}

/// Reports whether octets are a response that breaks a rule of text, so that other text is read in its place:
/// octets that are no UTF-8, control characters, line ends that differ, or lines that are no header lines.
///
/// A control character in a quoted-pair breaks no rule and is taken for one that does.
pub(crate) fn is_odd_response(data: &[u8]) -> bool {
    let mut lines = data
        .split_inclusive(|octet| *octet == b'\n')
        .skip_while(|line| matches!(line, [b'\n'] | [b'\r', b'\n']));
    let Some(status_line) = lines.next() else {
        return false;
    };
    if !status_line
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/"))
    {
        return false;
    }
    let is_text = |line: &[u8]| {
        let content = line.trim_ascii_end();
        let is_plain = content
            .iter()
            .all(|octet| *octet == b'\t' || !octet.is_ascii_control());
        is_plain
            && std::str::from_utf8(line).is_ok()
            && line.ends_with(b"\r\n") == status_line.ends_with(b"\r\n")
    };
    let is_header_line = |line: &[u8]| {
        let name = line.split(|octet| *octet == b':').next().unwrap_or_default();
        let name = std::str::from_utf8(name).unwrap_or_default();
        line.contains(&b':') && name.trim_end_matches([' ', '\t']).parse::<HeaderName>().is_ok()
    };
    let mut head = lines
        .take_while(|line| !matches!(line, [b'\n'] | [b'\r', b'\n']))
        .peekable();
    let begins_with_fold = head.peek().is_some_and(|line| matches!(line, [b' ' | b'\t', ..]));
    let is_good = |line: &[u8]| is_text(line) && (matches!(line, [b' ' | b'\t', ..]) || is_header_line(line));
    begins_with_fold || !is_text(status_line) || !head.all(is_good)
}

/// Checks that the answer to a request that is refused is one response with lines of the request only.
pub(crate) fn answer(request: &SalvagedRequest, length: usize) {
    let source = ([192, 0, 2, 7], 40000).into();
    let answer = request.write_response(&Response::new(StatusCode::BAD_REQUEST), "tag", source);
    assert!(
        answer.len() <= 2 * length + 128,
        "{} octets for {length}",
        answer.len()
    );
    match Message::parse_with(answer.clone(), &LOOSE) {
        Ok(Message::Response(response)) => {
            assert!(response.body().is_empty());
            for field in response.headers().iter() {
                let name = field.name();
                assert!(request.get(&name).is_some() || name == HeaderName::CONTENT_LENGTH);
            }
        }
        other => panic!("{other:?}: {:?}", String::from_utf8_lossy(&answer)),
    }
}

/// Checks that equality is reflexive and symmetric.
pub(crate) fn equal<T: PartialEq + Debug>(one: &T, two: &T) {
    for (left, right) in [(one, one), (one, two), (two, one)] {
        assert!(left == right, "{left:?} is not {right:?}");
    }
}

/// Returns whether two values are equal, and checks that this is symmetric.
pub(crate) fn are_equal<T: PartialEq + Debug>(one: &T, two: &T) -> bool {
    let [one_way, other_way] = [(one, two), (two, one)].map(|(left, right)| left == right);
    assert!(one_way == other_way, "{one:?} and {two:?}");
    one_way
}

/// Checks that the text does not end its header line.
pub(crate) fn is_one_line(text: &str) {
    assert!(!text.contains(['\r', '\n']), "{text:?} is more than a line");
}

/// Returns names and values of all lines but Content-Length, which the printer writes.
pub(crate) fn fields(headers: &Headers) -> Vec<(&str, &str)> {
    headers
        .iter()
        .filter(|field| !field.is(&HeaderName::CONTENT_LENGTH))
        .map(|field| (field.raw_name(), field.value()))
        .collect()
}

/// Checks that a printed message parses to the same message with a correct Content-Length.
///
/// Returns the parsed message and the printed octets.
pub(crate) fn survives(message: &Message) -> (Message, Bytes) {
    let printed = message.to_bytes();
    let again = match Message::parse_with(printed.clone(), &LOOSE) {
        Ok(again) => again,
        Err(error) => panic!("{error}: {:?}", String::from_utf8_lossy(&printed)),
    };
    assert_eq!(
        fields(message.headers()),
        fields(again.headers()),
        "{:?}",
        String::from_utf8_lossy(&printed)
    );
    assert_eq!(message.body(), again.body());
    match (message, &again) {
        (Message::Request(one), Message::Request(two)) => {
            assert_eq!(one.method(), two.method());
            assert_eq!(one.uri().as_str(), two.uri().as_str());
            assert!(one.uri() == two.uri());
        }
        (Message::Response(one), Message::Response(two)) => {
            assert_eq!((one.status(), one.reason()), (two.status(), two.reason()));
        }
        _ => panic!("a request became a response, or a response a request"),
    }
    let lengths: Vec<_> = again.headers().get_all(&HeaderName::CONTENT_LENGTH).collect();
    assert!(
        matches!(lengths[..], [length] if length.parse() == Ok(again.body().len())),
        "{lengths:?} for {} octets",
        again.body().len()
    );
    (again, printed)
}
