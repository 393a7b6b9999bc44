//! Texts, strategies and checks for the tests of typed headers.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use proptest::prelude::*;

use super::TypedHeader;
use crate::{HeaderName, Headers, ParseError, Request};

/// Texts that no constructor may accept.
pub(crate) const EVIL: &[&str] = &[
    "a\r\nVia: b",
    "a\n",
    "a\r",
    "\0",
    "a\0b",
    "\u{7f}",
    "\"a\r\n\"",
    "\"a",
    "a\"b",
];

/// Checks that a built value is one line and parses to itself, both alone and in a message.
pub(crate) fn assert_round_trip<H>(header: &H)
where
    H: TypedHeader + FromStr<Err = ParseError> + PartialEq + Display + Debug,
{
    let text = header.to_string();
    let again: H = text
        .parse()
        .unwrap_or_else(|error| panic!("{header:?} is printed as {text:?}, which does not parse: {error}"));
    assert_eq!(again, *header, "printed as {text:?}");
    assert_eq!(again.to_string(), text, "what is printed is printed so again");

    let mut headers = Headers::default();
    headers.push_typed(header);
    headers
        .push(HeaderName::from_token("X-After").unwrap(), "x")
        .unwrap();
    let lines: String = headers
        .iter()
        .map(|field| format!("{}: {}\r\n", field.raw_name(), field.value()))
        .collect();
    let request = Request::parse(format!("OPTIONS sip:a.example SIP/2.0\r\n{lines}\r\n")).unwrap();
    assert_eq!(request.headers().len(), 2, "{text:?} is more than one line");
    let in_message = request.headers().typed::<H>();
    assert_eq!(in_message, Ok(Some(header.clone())), "in a message: {text:?}");
}

/// Generates a token of up to twelve octets.
pub(crate) fn token() -> impl Strategy<Value = String> {
    "[A-Za-z0-9.!%*_+`'~-]{1,12}"
}

/// Generates an event package, with or without templates.
pub(crate) fn event_package() -> impl Strategy<Value = String> {
    "[A-Za-z0-9!%*_+`'~-]{1,6}(\\.[A-Za-z0-9-]{1,6}){0,2}"
}

/// Generates text without control characters.
pub(crate) fn line() -> impl Strategy<Value = String> {
    "[ -~é漢]{0,16}"
}

/// Generates the value of a generic parameter as written, or `None`.
pub(crate) fn param_value() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        Just(None),
        token().prop_map(Some),
        "\"([ !#-\\[\\]-~é]|\\\\[\"\\\\a]){0,8}\"".prop_map(Some),
        Just(Some("[2001:db8::1]".to_owned())),
    ]
}

/// Generates a URI of some scheme.
pub(crate) fn uri() -> impl Strategy<Value = crate::Uri> {
    prop_oneof![
        "sips?:([a-z]{1,5}@)?[a-z]{1,6}\\.example(:[1-9][0-9]{1,3})?(;lr|;transport=tcp)?(\\?x=y)?",
        "tel:\\+[0-9]{3,12}",
        "urn:uuid:[0-9a-f]{4}",
        "https://[a-z]{1,6}\\.example/[a-z,;]{0,6}",
    ]
    .prop_map(|text| text.parse().unwrap_or_else(|error| panic!("{text}: {error}")))
}
