//! Checks that hold for every value of every typed header.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use spigot_parser::header::{Field, Shape, TypedHeader};
use spigot_parser::{ErrorKind, HeaderName, Headers, Message, Method, ParseError, Request};

use crate::input::Texts;
use crate::oracle;

/// A typed header whose values can be checked.
pub(crate) trait Header:
    TypedHeader + FromStr<Err = ParseError> + Display + Debug + PartialEq
{
    /// Parses `text` and checks the value, in a message too if `whole` is true.
    fn parsed(text: &str, whole: bool) -> Option<Self> {
        if let Err(error) = text.parse::<Self>() {
            oracle::error(&error, text.len());
            return None;
        }
        match Self::parse(Field::new(text)) {
            Ok(value) => {
                check(&value, whole);
                Some(value)
            }
            Err(error) => panic!("{error} in a field, and none in a text: {text:?}"),
        }
    }

    /// Checks values that were built from the texts.
    ///
    /// They have no NUL, unless a parsed part had an escaped one.
    fn check_built(built: impl IntoIterator<Item = Self>, texts: &Texts<'_>) {
        let is_escaped = [&texts.first, &texts.second]
            .iter()
            .any(|text| text.contains("\\\0"));
        for value in built {
            assert!(
                is_escaped || !value.to_string().contains('\0'),
                "no constructor takes NUL"
            );
            check(&value, true);
        }
    }

    /// Checks the results of changing this value, which may still have what the peer has escaped in it.
    fn check_changed(&self, changed: impl IntoIterator<Item = Self>, texts: &Texts<'_>) {
        if self.to_string().contains('\0') {
            changed.into_iter().for_each(|value| check(&value, true));
        } else {
            Self::check_built(changed, texts);
        }
    }

    /// Reads all values in a message of `length` octets.
    fn read(headers: &Headers, length: usize) {
        let all = all::<Self>(headers);
        let first = match typed::<Self>(headers) {
            Ok(first) => first,
            Err(error) => return oracle::error(&error, length),
        };
        assert_eq!(first.is_none(), !headers.contains(&Self::NAME));
        match (first, all.first()) {
            (None, None) => {}
            (Some(value), Some(Ok(same))) if *same == value => {
                assert_eq!(same.to_string(), value.to_string())
            }
            _ => panic!("the first {} of all is another one", Self::NAME),
        }
        for error in all.iter().filter_map(|value| value.as_ref().err()) {
            oracle::error(error, length);
        }
    }
}

impl<H: TypedHeader + FromStr<Err = ParseError> + Display + Debug + PartialEq> Header for H {}

/// Checks that a value is one line, equals itself, and is the same after printing and parsing, alone and in a
/// message.
fn check<H: Header>(value: &H, whole: bool) {
    let text = value.to_string();
    oracle::is_one_line(&text);
    let again: H = match text.parse() {
        Ok(again) => again,
        Err(error) => panic!("{value:?} is printed as {text:?}: {error}"),
    };
    oracle::equal(value, &again);
    assert_eq!(again.to_string(), text, "what is printed is printed so again");
    if whole {
        in_a_message(value, &text);
    }
}

#[inline(never)]
fn typed<H: TypedHeader>(headers: &Headers) -> Result<Option<H>, ParseError> {
    headers.typed()
}

#[inline(never)]
fn all<H: TypedHeader>(headers: &Headers) -> Vec<Result<H, ParseError>> {
    headers.all().collect()
}

/// Checks that the value survives in a message, once and twice, as its shape defines.
fn in_a_message<H: Header>(value: &H, text: &str) {
    let mut request = request();
    request.headers_mut().push_typed(value);
    let _ = request.headers_mut().push("X-After", "x");
    let (read, _) = oracle::survives(&Message::Request(request.clone()));
    if !is_there(read.headers(), &H::NAME, text) {
        return;
    }
    match typed::<H>(read.headers()) {
        Ok(Some(same)) if same == *value => assert_eq!(same.to_string(), text),
        other => panic!("{other:?} is not {value:?}"),
    }

    request.headers_mut().push_typed(value);
    let (first, all) = (typed::<H>(request.headers()), all::<H>(request.headers()));
    let first = first.map(|first| first.is_some_and(|first| first == *value));
    twice(H::SHAPE, first, all.iter().filter(|value| value.is_ok()).count());
    let popped = request.headers_mut().pop_first::<H>();
    let popped = popped.map(|popped| popped.is_some_and(|popped| popped == *value));
    let left = request.headers().get_all(&H::NAME).count();
    match H::SHAPE {
        Shape::List | Shape::Lines => assert_eq!((popped, left), (Ok(true), 1)),
        Shape::Single => assert_eq!(left, 2),
        Shape::Joined => assert_eq!(left, if popped.is_ok() { 0 } else { 2 }),
    }
}

fn request() -> Request {
    let Ok(uri) = "sip:a.example".parse() else {
        panic!("a URI")
    };
    Request::new(Method::OPTIONS, uri)
}

/// Reports whether the line has the text that was to be written.
///
/// Control characters may have been written as SP, and Content-Length is written by the message itself.
fn is_there(headers: &Headers, name: &HeaderName, text: &str) -> bool {
    let line = headers.get(name).expect("it was pushed");
    let is_bad = |char: char| char.is_ascii_control() && char != '\t';
    if *name == HeaderName::CONTENT_LENGTH {
        return false;
    }
    if line != text && text.contains(is_bad) {
        let harmless = text.replace(|char: char| char.is_ascii_control(), " ");
        assert_eq!(
            line,
            harmless.trim_matches(' '),
            "control characters go out as SP"
        );
        return false;
    }
    assert_eq!(line, text.trim_matches([' ', '\t']));
    true
}

/// Checks a header that is there twice, by its shape: its first value, and the number of those that parse.
fn twice(shape: Shape, first: Result<bool, ParseError>, all: usize) {
    match (shape, first) {
        (Shape::Single, Err(error)) => assert_eq!(error.kind(), ErrorKind::Duplicate),
        (Shape::List | Shape::Lines, Ok(true)) => assert_eq!(all, 2),
        (Shape::Joined, Ok(_)) => assert_eq!(all, 1),
        // Twice as many elements may be too many.
        (Shape::Joined, Err(_)) => assert_eq!(all, 0),
        (shape, first) => panic!("{shape:?} twice is {first:?}"),
    }
}
