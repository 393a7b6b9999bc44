//! Checks that several targets share.

use std::fmt::Debug;

use spigot_parser::{Bytes, HeaderName, Headers, Limits, Message, ParseError};

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
