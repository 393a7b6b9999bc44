//! What must hold for every value of every typed header.

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
    /// Parses `text` and checks what comes of it, in a message too if it is to be checked as a `whole`.
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

    /// Checks values that were built of the texts. They hold no NUL, unless a part was parsed that had one escaped.
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

    /// Checks what this value was changed to. What the peer has escaped in it may still be there.
    fn check_changed(&self, changed: impl IntoIterator<Item = Self>, texts: &Texts<'_>) {
        if self.to_string().contains('\0') {
            changed.into_iter().for_each(|value| check(&value, true));
        } else {
            Self::check_built(changed, texts);
        }
    }

    /// Reads all there are in a message of `length` octets.
    fn read(headers: &Headers, length: usize) {
        let first = headers.typed::<Self>();
        let mut all = headers.all::<Self>();
        match &first {
            Err(error) => oracle::error(error, length),
            Ok(None) => assert!(!headers.contains(&Self::NAME) && all.next().is_none()),
            Ok(Some(value)) => match all.next() {
                Some(Ok(same)) => assert!(same == *value && same.to_string() == value.to_string()),
                other => panic!("{other:?} is not {value:?}"),
            },
        }
        for error in all.filter_map(Result::err) {
            oracle::error(&error, length);
        }
    }
}

impl<H: TypedHeader + FromStr<Err = ParseError> + Display + Debug + PartialEq> Header for H {}

/// It is one line, equals itself, and is the same once it was printed and parsed, alone and in a message.
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

/// In a message it is one line and the same value; there twice, it is what its shape says.
fn in_a_message<H: Header>(value: &H, text: &str) {
    let Ok(uri) = "sip:a.example".parse() else {
        panic!("a URI")
    };
    let mut request = Request::new(Method::OPTIONS, uri);
    let headers = request.headers_mut();
    headers.push_typed(value);
    let _ = headers.push("X-After", "x");
    let (read, _) = oracle::survives(&Message::Request(request.clone()));
    let headers = read.headers();
    if text.contains(|char: char| char.is_ascii_control() && char != '\t')
        && headers.get(&H::NAME) != Some(text)
    {
        let harmless: String = text
            .chars()
            .map(|char| if char.is_ascii_control() { ' ' } else { char })
            .collect();
        assert_eq!(
            headers.get(&H::NAME),
            Some(harmless.trim_matches(' ')),
            "control characters go out as SP"
        );
        return;
    }
    if H::NAME == HeaderName::CONTENT_LENGTH {
        return;
    }
    assert_eq!(headers.get(&H::NAME), Some(text.trim_matches([' ', '\t'])));
    match headers.typed::<H>() {
        Ok(Some(same)) => assert!(
            same == *value && same.to_string() == text,
            "{same:?} is not {value:?}"
        ),
        other => panic!("{other:?} is not {value:?}"),
    }

    request.headers_mut().push_typed(value);
    let headers = request.headers();
    match (H::SHAPE, headers.typed::<H>()) {
        (Shape::Single, Err(error)) => assert_eq!(error.kind(), ErrorKind::Duplicate),
        (Shape::List | Shape::Lines, Ok(Some(first))) => {
            assert!(first == *value);
            assert_eq!(headers.all::<H>().filter_map(Result::ok).count(), 2);
        }
        // Twice as much may be too much.
        (Shape::Joined, Ok(Some(_)) | Err(_)) => assert_eq!(headers.all::<H>().count(), 1),
        (shape, other) => panic!("{shape:?} twice is {other:?}"),
    }
    let (popped, left) = (
        request.headers_mut().pop_first::<H>(),
        request.headers().get_all(&H::NAME).count(),
    );
    match H::SHAPE {
        Shape::List | Shape::Lines => {
            assert!(popped.is_ok_and(|popped| popped.is_some_and(|popped| popped == *value)));
            assert_eq!(left, 1);
        }
        Shape::Single => assert_eq!(left, 2),
        Shape::Joined => assert_eq!(left, if popped.is_ok() { 0 } else { 2 }),
    }
}
