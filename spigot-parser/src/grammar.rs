//! The basic rules of RFC 3261 §25.1: character classes, tokens, blanks and quoted strings.
//!
//! There are two kinds of parsers. Values that every message has (Via, name-addr, SIP URI) are scanned with
//! the byte tables and the `*_end` functions. Everything else is composed of the nom combinators below, whose
//! error is two words. Neither allocates, and nom is not visible outside of this crate.

use nom::error::{ErrorKind as NomKind, ParseError as NomError};
use nom::{Err, IResult, Parser};

use crate::{ErrorKind, ParseError};

/// A set of octets as a table.
pub(crate) type Class = [bool; 256];

/// Returns the set of letters, digits and the octets in `extra`.
pub(crate) const fn alphanum_and(extra: &[u8]) -> Class {
    let mut class = [false; 256];
    let mut octet = 0;
    while octet < 128 {
        class[octet] = (octet as u8).is_ascii_alphanumeric();
        octet += 1;
    }
    let mut index = 0;
    while index < extra.len() {
        class[extra[index] as usize] = true;
        index += 1;
    }
    class
}

/// Returns the set of all octets that are not in `excepted`.
pub(crate) const fn all_but(excepted: &[u8]) -> Class {
    let mut class = [true; 256];
    let mut index = 0;
    while index < excepted.len() {
        class[excepted[index] as usize] = false;
        index += 1;
    }
    class
}

/// ```text
/// token = 1*(alphanum / "-" / "." / "!" / "%" / "*" / "_" / "+" / "`" / "'" / "~" )
/// ```
pub(crate) static TOKEN: Class = alphanum_and(b"-.!%*_+`'~");

/// The octets of tokens and of hosts with ports.
pub(crate) static TOKEN_OR_HOST: Class = alphanum_and(b"-.!%*_+`'~[]:");

/// ```text
/// word = 1*(alphanum / "-" / "." / "!" / "%" / "*" / "_" / "+" / "`" / "'" / "~" /
///        "(" / ")" / "<" / ">" / ":" / "\" / DQUOTE / "/" / "[" / "]" / "?" / "{" / "}" )
/// ```
pub(crate) static WORD: Class = alphanum_and(b"-.!%*_+`'~()<>:\\\"/[]?{}");

/// Returns the end of the octets of `class` that begin at `at`.
///
/// It examines four at a time, because most octets of a message are scanned here.
#[inline]
pub(crate) fn class_end(class: &Class, bytes: &[u8], at: usize) -> usize {
    let Some(mut rest) = bytes.get(at..) else {
        return at;
    };
    while let [first, second, third, fourth, after @ ..] = rest {
        let at = bytes.len() - rest.len();
        if !class[*first as usize] {
            return at;
        }
        if !class[*second as usize] {
            return at + 1;
        }
        if !class[*third as usize] {
            return at + 2;
        }
        if !class[*fourth as usize] {
            return at + 3;
        }
        rest = after;
    }
    while let [first, after @ ..] = rest
        && class[*first as usize]
    {
        rest = after;
    }
    bytes.len() - rest.len()
}

/// Reports whether `text` is `name`, compared without case; `name` is in lower case.
#[inline]
pub(crate) fn is_name<const N: usize>(text: &[u8], name: &[u8; N]) -> bool {
    text == name || text.eq_ignore_ascii_case(name)
}

/// Returns the end of the token at `at`, which is `at` itself if there is none.
#[inline]
pub(crate) fn token_end(bytes: &[u8], at: usize) -> usize {
    class_end(&TOKEN, bytes, at)
}

/// Reports whether the whole of `text` is one token.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && token_end(text.as_bytes(), 0) == text.len()
}

/// Returns the offset of the first octet at or after `at` that is no blank.
///
/// Lines have been unfolded, so blanks are SP and HTAB.
#[inline]
pub(crate) fn blanks_end(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(0..=b' ') => some_blanks_end(bytes, at),
        _ => at,
    }
}

fn some_blanks_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

/// Returns `text` without the blanks around it.
#[inline]
pub(crate) fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [b'!'..=0xff, .., b'!'..=0xff] => text,
        _ => text.trim_start_matches([' ', '\t']).trim_end_matches([' ', '\t']),
    }
}

/// Returns the offset after the quoted string whose opening quote is at `at`.
///
/// Returns `None` if it does not end, or has an octet that is not allowed.
///
/// ```text
/// quoted-string = SWS DQUOTE *(qdtext / quoted-pair ) DQUOTE
/// qdtext        = LWS / %x21 / %x23-5B / %x5D-7E / UTF8-NONASCII
/// quoted-pair   = "\" (%x00-09 / %x0B-0C / %x0E-7F)
/// ```
pub(crate) fn quoted_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    while let Some(&octet) = bytes.get(at) {
        match octet {
            b'"' => return Some(at + 1),
            b'\\' => match bytes.get(at + 1) {
                Some(b'\r' | b'\n' | 0x80..) | None => return None,
                Some(_) => at += 2,
            },
            b'\t' | b' '..=b'~' | 0x80.. => at += 1,
            _ => return None,
        }
    }
    None
}

/// Reports whether `text` is one quoted string and nothing else.
pub(crate) fn is_quoted(text: &str) -> bool {
    text.starts_with('"') && quoted_end(text.as_bytes(), 0) == Some(text.len())
}

/// Reports whether `text` has no CR, LF or NUL, none of which a header value may have.
pub(crate) fn is_one_line(text: &str) -> bool {
    !text.bytes().any(|octet| matches!(octet, b'\r' | b'\n' | 0))
}

/// Appends `text` as a quoted string; it must not have CR, LF or other control characters than HTAB.
pub(crate) fn write_quoted(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') || (character.is_ascii_control() && character != '\t') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
}

/// Returns the content of a quoted string, and any other text as it is.
pub(crate) fn unquote(text: &str) -> std::borrow::Cow<'_, str> {
    let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
        return text.into();
    };
    if !inner.contains('\\') {
        return inner.into();
    }
    let mut plain = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        plain.push(if character == '\\' {
            characters.next().unwrap_or('\\')
        } else {
            character
        });
    }
    plain.into()
}

/// The error of nom parsers: how much input was left, and what was expected there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Expected {
    rest: usize,
    what: &'static str,
}

impl NomError<&str> for Expected {
    fn from_error_kind(input: &str, _: NomKind) -> Self {
        Expected {
            rest: input.len(),
            what: "",
        }
    }

    fn append(_: &str, _: NomKind, inner: Self) -> Self {
        inner
    }

    /// Returns the error of the alternative that parsed further.
    fn or(self, other: Self) -> Self {
        if other.rest < self.rest { other } else { self }
    }
}

/// The result of a nom parser.
pub(crate) type Parsed<'a, T> = IResult<&'a str, T, Expected>;

/// Fails at `input`, where `what` was expected.
pub(crate) fn expected<'a, T>(input: &'a str, what: &'static str) -> Parsed<'a, T> {
    Err(Err::Error(Expected {
        rest: input.len(),
        what,
    }))
}

/// Runs `parser` over the whole of `text` except for the blanks around it.
pub(crate) fn whole<'a, T>(
    text: &'a str,
    parser: impl Parser<&'a str, Output = T, Error = Expected>,
) -> Result<T, ParseError> {
    let (value, end) = prefix(text, parser)?;
    match blanks_end(text.as_bytes(), end) {
        end if end == text.len() => Ok(value),
        end => Err(ParseError::new(ErrorKind::Value, end, "the end of the value")),
    }
}

/// Runs `parser` over the beginning of `text` after its blanks, and returns where it stopped, too.
pub(crate) fn prefix<'a, T>(
    text: &'a str,
    mut parser: impl Parser<&'a str, Output = T, Error = Expected>,
) -> Result<(T, usize), ParseError> {
    match parser.parse(blanks(text)) {
        Ok((rest, value)) => Ok((value, text.len() - rest.len())),
        Err(Err::Error(error) | Err::Failure(error)) => Err(ParseError::new(
            ErrorKind::Value,
            text.len() - error.rest,
            error.what,
        )),
        Err(Err::Incomplete(_)) => Err(ParseError::new(ErrorKind::Value, text.len(), "more")),
    }
}

/// A part of a text, by its offsets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Span {
        Span {
            start: start as u32,
            end: end as u32,
        }
    }

    /// Returns the position of `part`, which is a slice of `text`.
    pub(crate) fn within(text: &str, part: &str) -> Span {
        let start = part.as_ptr().addr().wrapping_sub(text.as_ptr().addr());
        Span::new(start, start + part.len())
    }

    /// Reports whether the part is empty.
    pub(crate) fn is_empty(self) -> bool {
        self.start == self.end
    }

    pub(crate) fn start(self) -> usize {
        self.start as usize
    }

    pub(crate) fn end(self) -> usize {
        self.end as usize
    }

    pub(crate) fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    pub(crate) fn of(self, text: &str) -> &str {
        &text[self.start as usize..self.end as usize]
    }

    /// Returns the part, unless it is empty.
    pub(crate) fn get(self, text: &str) -> Option<&str> {
        (!self.is_empty()).then(|| self.of(text))
    }
}

/// Returns `input` without the blanks at its beginning.
pub(crate) fn blanks(input: &str) -> &str {
    &input[blanks_end(input.as_bytes(), 0)..]
}

/// Parses a token; `what` describes it in errors.
pub(crate) fn token<'a>(what: &'static str) -> impl Parser<&'a str, Output = &'a str, Error = Expected> {
    class(&TOKEN, what)
}

/// Parses one or more octets of `class`, which is ASCII only.
pub(crate) fn class<'a>(
    class: &'static Class,
    what: &'static str,
) -> impl Parser<&'a str, Output = &'a str, Error = Expected> {
    move |input: &'a str| match class_end(class, input.as_bytes(), 0) {
        0 => expected(input, what),
        end => Ok((&input[end..], &input[..end])),
    }
}

/// Parses a separator with optional blanks around it, such as `SLASH = SWS "/" SWS`, `EQUAL`, `COMMA` and
/// `SEMI`.
pub(crate) fn separator<'a>(
    separator: char,
    what: &'static str,
) -> impl Parser<&'a str, Output = (), Error = Expected> {
    move |input: &'a str| match blanks(input).strip_prefix(separator) {
        Some(rest) => Ok((blanks(rest), ())),
        None => expected(blanks(input), what),
    }
}

/// Parses the mandatory blanks `LWS`.
pub(crate) fn lws<'a>(what: &'static str) -> impl Parser<&'a str, Output = (), Error = Expected> {
    move |input: &'a str| match blanks(input) {
        rest if rest.len() < input.len() => Ok((rest, ())),
        _ => expected(input, what),
    }
}

/// Parses a quoted string, and returns it with its quotes.
pub(crate) fn quoted<'a>(what: &'static str) -> impl Parser<&'a str, Output = &'a str, Error = Expected> {
    move |input: &'a str| match input.starts_with('"').then(|| quoted_end(input.as_bytes(), 0)) {
        Some(Some(end)) => Ok((&input[end..], &input[..end])),
        Some(None) => expected(input, "a closing quote"),
        None => expected(input, what),
    }
}

/// Parses digits as a number that is at most `max`.
pub(crate) fn number<'a>(
    max: u32,
    what: &'static str,
) -> impl Parser<&'a str, Output = u32, Error = Expected> {
    move |input: &'a str| {
        let digits = input.bytes().take_while(u8::is_ascii_digit).count();
        match decimal(&input.as_bytes()[..digits], max) {
            Some(value) => Ok((&input[digits..], value)),
            None => expected(input, what),
        }
    }
}

/// Parses `digits` as a number, unless it has other octets or is more than `max`.
#[inline]
pub(crate) fn decimal(digits: &[u8], max: u32) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    let mut value = 0u64;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u64::from(digit);
        if value > u64::from(max) {
            return None;
        }
    }
    Some(value as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_what_the_grammar_says() {
        assert!(is_token("!interesting-Method0123456789_*+`.%indeed'~"));
        for text in ["", "a b", "a;b", "a\"", "é", "a\0", "a@b", "a/b", "(a)", "a:b"] {
            assert!(!is_token(text), "{text:?}");
        }
    }

    #[test]
    fn a_quoted_string_ends_at_its_own_quote() {
        assert_eq!(quoted_end(br#""a \" b" c"#, 0), Some(8));
        assert_eq!(quoted_end("\"é\"".as_bytes(), 0), Some(4));
        assert_eq!(
            quoted_end(b"\"a\\\0\"", 0),
            Some(5),
            "an escaped NUL is a quoted-pair"
        );
        for text in [
            "\"", "\"a", "\"a\\\"", "\"\0\"", "\"\r\n\"", "\"\\\n\"", "\"\\é\"", "\"\\",
        ] {
            assert_eq!(quoted_end(text.as_bytes(), 0), None, "{text:?}");
        }
    }

    #[test]
    fn quoting_and_unquoting_are_each_others_inverse() {
        for text in ["", "plain", "with \"quotes\" and \\", "é\t"] {
            let mut out = String::new();
            write_quoted(text, &mut out);
            assert!(is_quoted(&out), "{out:?}");
            assert_eq!(unquote(&out), text);
        }
        assert_eq!(unquote("bare"), "bare");
    }

    #[test]
    fn a_number_stops_at_its_limit_and_never_wraps() {
        assert_eq!(decimal(b"0068", 255), Some(68));
        assert_eq!(decimal(b"255", 255), Some(255));
        assert_eq!(decimal(b"256", 255), None);
        assert_eq!(decimal(b"36893488147419103232", u32::MAX), None);
        assert_eq!(decimal(b"", 1), None);
        assert_eq!(decimal(b"-1", 1), None);
    }

    #[test]
    fn an_error_says_where() {
        let error = whole(
            "  abc / ",
            (token("a name"), separator('/', "`/`"), token("a version")),
        )
        .unwrap_err();
        assert_eq!((error.offset(), error.expected()), (8, "a version"));
        assert_eq!(whole(" abc x", token("a name")).unwrap_err().offset(), 5);
    }
}
