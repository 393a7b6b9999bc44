//! Comma-separated parameters of challenges and credentials.
//!
//! The one invariant: the text of an [`AuthParams`] was scanned to its end, and no parameter is there twice.

use std::borrow::Cow;
use std::fmt;

use nom::Parser;

use crate::grammar::{
    Class, Expected, TOKEN, alphanum_and, blanks_end, class, is_token, prefix, quoted, separator, token,
    unquote, write_quoted,
};
use crate::header::fault;
use crate::params::{MAX_PARAMS, too_many};
use crate::{ErrorKind, ParseError};

/// An iterator over the parameters of a challenge or credentials, as (name, value) pairs of text.
///
/// ```text
/// auth-param = auth-param-name EQUAL ( token / quoted-string )
/// ```
///
/// Values are as written: quoted strings keep their quotes, which [`AuthParams::value`] removes. Names are
/// compared without case.
///
/// ```
/// use spigot_parser::header::Challenge;
///
/// let challenge: Challenge = "Bearer realm=\"a.example\", scope=\"sip\", x=1".parse()?;
/// let params = challenge.params();
/// assert_eq!((params.get("SCOPE"), params.get("x")), (Some("\"sip\""), Some("1")));
/// assert_eq!(params.value("scope").unwrap(), "sip");
/// assert_eq!(params.count(), 3);
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct AuthParams<'a> {
    rest: &'a str,
}

impl<'a> AuthParams<'a> {
    /// Creates an iterator over the parameters in `text`, which has been scanned.
    pub(super) fn of(text: &'a str) -> AuthParams<'a> {
        AuthParams { rest: text }
    }

    /// Returns the value of the parameter `name` as written.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        let mut params = self.clone();
        params
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Returns the value of the parameter `name` without its quotes.
    pub fn value(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).map(unquote)
    }

    /// Reports whether there is a parameter `name`.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Reports whether there are no parameters.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

impl<'a> Iterator for AuthParams<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest;
        let param = one(text, 0).ok()?;
        let comma = blanks_end(text.as_bytes(), param.end());
        self.rest = match text.as_bytes().get(comma) {
            Some(_) => &text[blanks_end(text.as_bytes(), comma + 1)..],
            None => "",
        };
        Some((param.name, param.value))
    }
}

impl fmt::Debug for AuthParams<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.clone().map(|(name, _)| name))
            .finish()
    }
}

/// A parameter that the scanner has found.
#[derive(Clone, Copy)]
pub(super) struct AuthParam<'a> {
    pub(super) name: &'a str,
    /// The value as written.
    pub(super) value: &'a str,
    /// The offset of the value in the scanned text.
    pub(super) at: usize,
}

impl<'a> AuthParam<'a> {
    pub(super) fn is(self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Returns the value without its quotes, but with its escapes.
    pub(super) fn inner(self) -> &'a str {
        inner(self.value)
    }

    fn end(self) -> usize {
        self.at + self.value.len()
    }
}

/// Returns a value without its quotes, but with its escapes.
pub(super) fn inner(value: &str) -> &str {
    let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    quoted.unwrap_or(value)
}

/// The octets that an `ext-value` may have besides those of tokens (RFC 5987 §3.2.1).
static EXT_VALUE: Class = alphanum_and(b"-.!%*_+`'~#$&^|");

/// Parses the parameter that begins at `at`.
fn one(text: &str, at: usize) -> Result<AuthParam<'_>, ParseError> {
    let name = (
        token("a parameter's name"),
        separator('=', "`=` after the parameter's name"),
    );
    let ((name, ()), length) = prefix(&text[at..], name).map_err(|error| error.shifted(at))?;
    let at = at + length;
    let octets = if name.ends_with('*') { &EXT_VALUE } else { &TOKEN };
    let (value, _) = prefix(&text[at..], value(octets)).map_err(|error| error.shifted(at))?;
    Ok(AuthParam { name, value, at })
}

/// Parses `token / quoted-string`.
fn value<'a>(octets: &'static Class) -> impl Parser<&'a str, Output = &'a str, Error = Expected> {
    const WHAT: &str = "a token or a quoted string as the parameter's value";
    move |input: &'a str| match input.starts_with('"') {
        true => quoted(WHAT).parse(input),
        false => class(octets, WHAT).parse(input),
    }
}

/// Scans `auth-param *(COMMA auth-param)` from `at` to the end of `text`, and calls `each` with each
/// parameter.
///
/// # Errors
///
/// [`ErrorKind::Value`], with the offset in `text`; [`ErrorKind::Duplicate`]; [`ErrorKind::TooManyParams`];
/// whatever `each` says.
pub(super) fn scan<'a>(
    text: &'a str,
    mut at: usize,
    mut each: impl FnMut(AuthParam<'a>) -> Result<(), ParseError>,
) -> Result<(), ParseError> {
    let (bytes, first) = (text.as_bytes(), at);
    let (mut count, mut seen) = (0, 0u64);
    loop {
        count += 1;
        if count > MAX_PARAMS {
            return Err(too_many(at));
        }
        let param = one(text, at)?;
        // Names that differ in length or first letter nearly always have different marks.
        let letter = param.name.bytes().next().unwrap_or_default();
        let mark = 1 << ((usize::from(letter & 0x1f) + 8 * param.name.len()) % 64);
        let before = AuthParams::of(&text[first..at]);
        if seen & mark != 0 && before.clone().any(|(other, _)| param.is(other)) {
            return Err(ParseError::new(ErrorKind::Duplicate, at, "each parameter once"));
        }
        seen |= mark;
        each(param)?;
        at = blanks_end(bytes, param.end());
        match bytes.get(at) {
            None => return Ok(()),
            Some(b',') => at = blanks_end(bytes, at + 1),
            Some(_) => return fault(at, "`,` or the end of the value"),
        }
    }
}

/// Appends `name=value`, after a comma if `out` has parameters already.
///
/// The value is quoted unless `bare` contains the name.
///
/// # Errors
///
/// [`ErrorKind::Token`] if the name, or a value that is not quoted, is no token; [`ErrorKind::Value`] if the
/// value holds control characters.
pub(super) fn write_param(
    name: &str,
    value: &str,
    bare: &[&str],
    out: &mut String,
) -> Result<(), ParseError> {
    if !is_token(name) {
        return Err(ParseError::new(
            ErrorKind::Token,
            0,
            "a parameter's name, which is a token",
        ));
    }
    let is_bare = bare.iter().any(|other| other.eq_ignore_ascii_case(name));
    if is_bare && !is_token(value) {
        return Err(ParseError::new(
            ErrorKind::Token,
            0,
            "a parameter's value that is a token",
        ));
    }
    if value.chars().any(|c| c.is_ascii_control() && c != '\t') {
        return fault(0, "a parameter's value without control characters");
    }
    if !out.is_empty() && !out.ends_with(' ') {
        out.push_str(", ");
    }
    out.push_str(name);
    out.push('=');
    if is_bare {
        out.push_str(value);
    } else {
        write_quoted(value, out);
    }
    Ok(())
}

/// Appends `params` to `out`, with one parameter replaced or appended, or removed if its value is `None`.
///
/// `out` is empty or ends where parameters begin.
pub(super) fn write_with(
    params: AuthParams<'_>,
    name: &str,
    setting: Option<&str>,
    bare: &[&str],
    out: &mut String,
) -> Result<(), ParseError> {
    let mut open = setting;
    let mut count = 0;
    for (found, value) in params {
        if !found.eq_ignore_ascii_case(name) {
            count += 1;
            if !out.is_empty() && !out.ends_with(' ') {
                out.push_str(", ");
            }
            out.push_str(found);
            out.push('=');
            out.push_str(value);
        } else if let Some(value) = open.take() {
            write_param(name, value, bare, out)?;
        }
    }
    match open {
        Some(_) if count >= MAX_PARAMS => Err(too_many(0)),
        Some(value) => write_param(name, value, bare, out),
        None => Ok(()),
    }
}

/// Reports whether two lists have the same parameters in any order, with or without quotes.
///
/// The values that the grammar has as tokens are compared without case.
pub(super) fn agree(left: AuthParams<'_>, right: AuthParams<'_>) -> bool {
    const TOKENS: [&str; 6] = ["algorithm", "charset", "nc", "qop", "stale", "userhash"];
    let same = |name: &str, left: &str, right: &str| match TOKENS
        .iter()
        .any(|token| token.eq_ignore_ascii_case(name))
    {
        true => unquote(left).eq_ignore_ascii_case(&unquote(right)),
        false => unquote(left) == unquote(right),
    };
    let within = |mut one: AuthParams<'_>, two: &AuthParams<'_>| {
        one.all(|(name, value)| two.get(name).is_some_and(|other| same(name, value, other)))
    };
    left.clone().count() == right.clone().count() && within(left, &right)
}

/// Writes parameters for a log, without the values of those that are not `shown`.
pub(super) fn write_redacted(
    params: AuthParams<'_>,
    shown: impl Fn(&str) -> bool,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    for (index, (name, value)) in params.enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        let value = if shown(name) { value } else { REDACTED };
        write!(f, "{comma}{name}={value}")?;
    }
    Ok(())
}

pub(super) const REDACTED: &str = "(redacted)";
