//! What must hold wherever it comes up.

use std::fmt::Debug;

use spigot_parser::{Bytes, HeaderName, Headers, Limits, Message, ParseError};

/// Limits that no input of a campaign comes near, for what was edited: one line more is no fault of the edit.
pub(crate) const LOOSE: Limits = Limits {
    message: usize::MAX,
    head: 1 << 20,
    headers: 1 << 10,
    header_line: 1 << 15,
    uri: 1 << 15,
    ..Limits::DEFAULT
};

/// An error is at an octet of what was given, or at its end, and reads as a sentence.
pub(crate) fn error(error: &ParseError, length: usize) {
    assert!(error.offset() <= length, "{error} is outside of {length} octets");
    assert!(!error.expected().is_empty());
    assert!(!error.to_string().contains(['\r', '\n']));
}

/// A value equals itself, and another one whichever of the two is asked.
pub(crate) fn equal<T: PartialEq + Debug>(one: &T, two: &T) {
    for (left, right) in [(one, one), (one, two), (two, one)] {
        assert!(left == right, "{left:?} is not {right:?}");
    }
}

/// Whether two are equal, whichever of the two is asked.
pub(crate) fn are_equal<T: PartialEq + Debug>(one: &T, two: &T) -> bool {
    let [one_way, other_way] = [(one, two), (two, one)].map(|(left, right)| left == right);
    assert!(one_way == other_way, "{one:?} and {two:?}");
    one_way
}

/// What is written into a header line does not end it.
pub(crate) fn is_one_line(text: &str) {
    assert!(!text.contains(['\r', '\n']), "{text:?} is more than a line");
}

/// The names as spelled and the values, without those of Content-Length, which the printer answers for.
pub(crate) fn fields(headers: &Headers) -> Vec<(&str, &str)> {
    headers
        .iter()
        .filter(|field| !field.is(&HeaderName::CONTENT_LENGTH))
        .map(|field| (field.raw_name(), field.value()))
        .collect()
}

/// A message that is printed is read as the same message, its lines and nothing else, and Content-Length is right.
/// Gives what is read, and what was printed.
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
