//! The parameters of a value, which are scanned once and then read from the text.
//!
//! The one invariant: a [`Params`] iterates over a text that was scanned, so it has no errors.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use crate::grammar::{
    Class, Span, TOKEN_OR_HOST, all_but, blanks_end, class_end, is_one_line, is_quoted, is_token, quoted_end,
    token_end, unquote,
};
use crate::host::{Host, host_end};
use crate::uri::escape::unescape;
use crate::{ErrorKind, ParseError};

/// The largest number of parameters of one value, and of headers of a URI, which is 64.
///
/// Beyond it the error is [`ErrorKind::TooManyParams`](crate::ErrorKind::TooManyParams), which is answered
/// 400.
///
/// This is a constant and not in [`Limits`](crate::Limits), because a value is parsed in many places and has
/// to mean the same in all of them.
pub const MAX_PARAMS: usize = 64;

/// Returns the error for more than [`MAX_PARAMS`] parameters, at the offset `at`.
#[cold]
pub(crate) fn too_many(at: usize) -> ParseError {
    ParseError::new(ErrorKind::TooManyParams, at, "at most 64 parameters")
}

/// An iterator over the parameters of a header value or a URI, as (name, value) pairs of text.
///
/// Values are as written: quoted strings keep their quotes and URI parameters their escapes, which
/// [`Params::value`] removes. Names are compared without case (RFC 3261 §7.3.1).
///
/// ```
/// use spigot_parser::header::Contact;
///
/// let contact: Contact = "<sip:alice@192.0.2.1>;+sip.instance=\"<urn:uuid:0>\";q=0.7;ob".parse()?;
/// let params = contact.params();
/// assert_eq!(params.get("Q"), Some(Some("0.7")));
/// assert_eq!(params.get("ob"), Some(None));
/// assert_eq!(params.value("+sip.instance").unwrap(), "<urn:uuid:0>");
/// assert_eq!(params.count(), 3);
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Params<'a> {
    rest: &'a str,
    of_uri: bool,
}

impl<'a> Params<'a> {
    /// Creates an iterator over the parameters of a header value; `text` is empty or begins with `;`, and was
    /// scanned.
    pub(crate) fn of_header(text: &'a str) -> Params<'a> {
        Params {
            rest: text,
            of_uri: false,
        }
    }

    /// Creates an iterator over the parameters of a URI; `text` is empty or begins with `;`, and was scanned.
    pub(crate) fn of_uri(text: &'a str) -> Params<'a> {
        Params {
            rest: text,
            of_uri: true,
        }
    }

    /// Returns the value of the first parameter `name` as written, or `Some(None)` if it has no value.
    pub fn get(&self, name: &str) -> Option<Option<&'a str>> {
        self.clone()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Returns the value of the first parameter `name`, without its quotes or escapes.
    pub fn value(&self, name: &str) -> Option<Cow<'a, str>> {
        let value = self.get(name)??;
        Some(if self.of_uri {
            unescape(value)
        } else {
            unquote(value)
        })
    }

    /// Reports whether there is a parameter `name`.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Reports whether there are no parameters.
    pub fn is_empty(&self) -> bool {
        self.clone().next().is_none()
    }

    /// Returns the text of all parameters, from the first semicolon on.
    pub fn as_str(&self) -> &'a str {
        self.rest
    }
}

impl<'a> Iterator for Params<'a> {
    type Item = (&'a str, Option<&'a str>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest;
        let bytes = text.as_bytes();
        let at = blanks_end(bytes, 0);
        if bytes.get(at) != Some(&b';') {
            return None;
        }
        let name = blanks_end(bytes, at + 1);
        let name_end = word_end(bytes, name);
        let after = blanks_end(bytes, name_end);
        let value = match bytes.get(after) {
            Some(b'=') => {
                let value = blanks_end(bytes, after + 1);
                let end = match bytes.get(value) {
                    Some(b'"') => quoted_end(bytes, value).unwrap_or(bytes.len()),
                    _ => word_end(bytes, value),
                };
                Some((value, end))
            }
            _ => None,
        };
        // The octet before each cut is ASCII, so no cut is within a character.
        let (before, rest) = text.split_at(value.map_or(name_end, |(_, end)| end));
        self.rest = rest;
        match value {
            Some((value, _)) => Some((&before[name..name_end], Some(&before[value..]))),
            None => Some((&before[name..], None)),
        }
    }
}

impl fmt::Display for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rest)
    }
}

impl fmt::Debug for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.clone()).finish()
    }
}

/// The octets of names and values in scanned parameters: all but blanks and separators.
static WORD: Class = all_but(b"; =\t");

fn word_end(bytes: &[u8], at: usize) -> usize {
    class_end(&WORD, bytes, at)
}

/// A parameter that the scanner has found, as ranges of the scanned text.
///
/// It is the first parameter of its name.
#[derive(Clone, Copy)]
pub(crate) struct ParamSpan {
    pub(crate) name: (usize, usize),
    pub(crate) value: Option<(usize, usize)>,
    /// Whether there is a value and it is a token.
    pub(crate) is_token: bool,
}

impl ParamSpan {
    /// Returns the name from the scanned text.
    pub(crate) fn name(self, text: &str) -> &str {
        &text[self.name.0..self.name.1]
    }

    /// Returns the value from the scanned text, as written.
    pub(crate) fn value(self, text: &str) -> Option<&str> {
        self.value.map(|(start, end)| &text[start..end])
    }

    /// Returns the offset of the value, or of the end of the name if there is no value.
    pub(crate) fn at(self) -> usize {
        self.value.map_or(self.name.1, |(start, _)| start)
    }
}

/// Scans the parameters of a header value from `at` to its end, and calls `each` with every parameter.
///
/// ```text
/// *( SEMI generic-param )
/// generic-param = token [ EQUAL gen-value ]
/// gen-value     = token / host / quoted-string
/// ```
///
/// RFC 3261 §7.3.1:
///
/// > Even though an arbitrary number of parameter pairs may be attached to a header field value, any given
/// > parameter-name MUST NOT appear more than once.
///
/// # Errors
///
/// [`ErrorKind::Value`], with the offset in `text`; [`ErrorKind::Duplicate`]; [`ErrorKind::TooManyParams`];
/// whatever `each` says.
#[inline]
pub(crate) fn scan(
    bytes: &[u8],
    mut at: usize,
    values: Values,
    mut each: impl FnMut(ParamSpan) -> Result<(), ParseError>,
) -> Result<(), ParseError> {
    let fault = |at, expected| Err(ParseError::new(ErrorKind::Value, at, expected));
    let mut count = 0;
    let (first, mut seen) = (at, 0u64);
    loop {
        at = blanks_end(bytes, at);
        match bytes.get(at) {
            None => return Ok(()),
            Some(b';') => {}
            Some(_) => return fault(at, "`;` or the end of the value"),
        }
        count += 1;
        if count > MAX_PARAMS {
            return Err(too_many(at));
        }
        let name = blanks_end(bytes, at + 1);
        let name_end = token_end(bytes, name);
        if name_end == name {
            return fault(name, "a parameter's name after `;`");
        }
        // Names that differ in length or first letter nearly always have different marks.
        let mark = 1 << ((usize::from(bytes[name] & 0x1f) + 8 * (name_end - name)) % 64);
        if seen & mark != 0 && is_repeated(bytes, first, name..name_end) {
            return Err(ParseError::new(ErrorKind::Duplicate, name, "each parameter once"));
        }
        seen |= mark;
        at = blanks_end(bytes, name_end);
        let mut place = ParamSpan {
            name: (name, name_end),
            value: None,
            is_token: false,
        };
        if bytes.get(at) == Some(&b'=') {
            let value = blanks_end(bytes, at + 1);
            at = match bytes.get(value) {
                Some(b'"') => match quoted_end(bytes, value) {
                    Some(end) => end,
                    None => return fault(value, "a quoted string that ends"),
                },
                Some(b'[') => host_end(ErrorKind::Value, bytes, value)?,
                _ => {
                    let end = token_end(bytes, value);
                    place.is_token = values == Values::Generic || bytes.get(end) != Some(&b':');
                    if place.is_token {
                        end
                    } else {
                        class_end(&TOKEN_OR_HOST, bytes, end)
                    }
                }
            };
            if at == value {
                return fault(value, "a value after `=`");
            }
            place.value = Some((value, at));
        }
        each(place)?;
    }
}

/// Reports whether a parameter between `first` and `name` has the same name.
#[cold]
fn is_repeated(bytes: &[u8], first: usize, name: Range<usize>) -> bool {
    let Ok(before) = std::str::from_utf8(&bytes[first..name.start]) else {
        return false;
    };
    Params::of_header(before).any(|(other, _)| other.as_bytes().eq_ignore_ascii_case(&bytes[name.clone()]))
}

/// Returns the offset in `text` of a parameter's value, or of the end of its name if there is no value.
///
/// Name and value are slices of `text`.
pub(crate) fn place_in(text: &str, name: &str, value: Option<&str>) -> usize {
    match value {
        Some(value) => Span::within(text, value).start(),
        None => Span::within(text, name).start() + name.len(),
    }
}

/// The values that a parameter may have besides tokens, hosts and quoted strings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    /// No others.
    Generic,
    /// An IPv6 address without brackets, as in `received` (RFC 5118 §4.5).
    WithBareIpv6,
}

/// Checks that a parameter follows the grammar of a generic parameter: `name [ "=" value ]`.
pub(crate) fn check(name: &str, value: Option<&str>) -> Result<(), ParseError> {
    if !is_token(name) {
        return Err(ParseError::new(
            ErrorKind::Token,
            0,
            "a parameter's name, which is a token",
        ));
    }
    match value {
        Some(value) if !is_value(value) => Err(ParseError::new(
            ErrorKind::Value,
            0,
            "a token, a host or a quoted string as the parameter's value",
        )),
        _ => Ok(()),
    }
}

fn is_value(value: &str) -> bool {
    is_token(value) || (is_quoted(value) && is_one_line(value)) || Host::parse(value).is_ok()
}

/// Appends `params` to `out` with one parameter replaced or appended, or removed if `setting` is `None`.
pub(crate) fn write_with(params: Params<'_>, name: &str, setting: Option<Option<&str>>, out: &mut String) {
    let mut open = setting;
    for (found, value) in params {
        if !found.eq_ignore_ascii_case(name) {
            write_one(found, value, out);
        } else if let Some(value) = open.take() {
            write_one(name, value, out);
        }
    }
    if let Some(value) = open {
        write_one(name, value, out);
    }
}

/// Appends `;name=value`, or `;name`.
pub(crate) fn write_one(name: &str, value: Option<&str>, out: &mut String) {
    out.push(';');
    out.push_str(name);
    if let Some(value) = value {
        out.push('=');
        out.push_str(value);
    }
}

/// Reports whether the parameters that both lists have are equal, and no other parameter `counts`.
///
/// If a name is there more than once, each value has to be among those of the other list, so that a list
/// equals itself.
pub(crate) fn agree(left: Params<'_>, right: Params<'_>, counts: impl Fn(&str) -> bool) -> bool {
    let agrees = |one: &Params<'_>, two: &Params<'_>| {
        one.clone().all(|(name, value)| {
            let mut theirs = two
                .clone()
                .filter(|(other, _)| other.eq_ignore_ascii_case(name))
                .peekable();
            match theirs.peek() {
                Some(_) => theirs.any(|(_, other)| same_value(name, value, other)),
                None => !counts(name),
            }
        })
    };
    agrees(&left, &right) && agrees(&right, &left)
}

/// Compares two values: tokens without case, and quoted strings with case (RFC 3261 §7.3.1).
///
/// Tags and branches are compared with case, because an element compares them with its own.
pub(crate) fn same_value(name: &str, left: Option<&str>, right: Option<&str>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) if left.starts_with('"') && right.starts_with('"') => {
            unquote(left) == unquote(right)
        }
        (Some(left), Some(right)) => {
            let exact = name.eq_ignore_ascii_case("tag") || name.eq_ignore_ascii_case("branch");
            left == right || (!exact && left.eq_ignore_ascii_case(right))
        }
        (left, right) => left == right,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(text: &str) -> Result<Vec<(&str, Option<&str>)>, ParseError> {
        let mut count = 0;
        scan(text.as_bytes(), 0, Values::Generic, |_| {
            count += 1;
            Ok(())
        })?;
        let params: Vec<_> = Params::of_header(text).collect();
        assert_eq!(
            params.len(),
            count,
            "the scanner and the iterator see the same: {text}"
        );
        Ok(params)
    }

    #[test]
    fn the_iterator_reads_what_the_scanner_took() {
        assert_eq!(scanned("").unwrap(), []);
        assert_eq!(
            scanned(" ; a = b;c ;\td=\"x;\\\"y\"; e=[::1];f=1.2.3.4 ").unwrap(),
            [
                ("a", Some("b")),
                ("c", None),
                ("d", Some("\"x;\\\"y\"")),
                ("e", Some("[::1]")),
                ("f", Some("1.2.3.4"))
            ]
        );
        for text in [
            "x", ";", ";;", ";a=", ";a=;b", ";=a", ";a b", ";a=b c", ";a=\"", ";a=[", ";a=b=c", ";a,b",
            ";a=é", ";a:b",
        ] {
            assert!(scanned(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sixty_four_and_no_more() {
        let many = |count| (0..count).map(|n| format!(";x{n}")).collect::<String>();
        assert_eq!(scanned(&many(64)).unwrap().len(), 64);
        assert_eq!(scanned(&many(65)).unwrap_err().kind(), ErrorKind::TooManyParams);
    }

    #[test]
    fn each_name_is_there_once() {
        for (text, offset) in [
            (";a;a", 3),
            (";a=1; A=2", 6),
            (";b;ab=\";ab\";c=1;aB", 16),
            (";a=[::1];b;a=x", 11),
        ] {
            let error = scanned(text).unwrap_err();
            assert_eq!(
                (error.kind(), error.offset()),
                (ErrorKind::Duplicate, offset),
                "{text}"
            );
        }
        assert_eq!(scanned(";ab;ac;bc;cb;a;b;c=\";a\";d=\"x;;b\"").unwrap().len(), 8);
    }

    #[test]
    fn a_name_that_is_there_twice_equals_itself() {
        let agrees = |left, right| {
            let (left, right) = (Params::of_header(left), Params::of_header(right));
            let one = agree(left.clone(), right.clone(), |_| true);
            assert_eq!(one, agree(right, left, |_| true));
            one
        };
        assert!(agrees(";a=1;a=2", ";a=1;a=2"));
        assert!(agrees(";a;A=2", ";a=2;a"));
        assert!(!agrees(";a=1;a=2", ";a=1"));
        assert!(!agrees(";a=1;a=1", ";a=1;a=2"));
    }

    #[test]
    fn setting_replaces_in_place() {
        let with = |text, name, setting| {
            let mut out = String::new();
            write_with(Params::of_header(text), name, setting, &mut out);
            out
        };
        assert_eq!(with(";a=1 ; b;A=2", "a", Some(Some("3"))), ";a=3;b");
        assert_eq!(with(";a=1", "b", Some(None)), ";a=1;b");
        assert_eq!(with(";a=1;b", "a", None), ";b");
    }
}
