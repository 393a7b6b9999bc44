//! Boundaries: checking them, finding them in a body, and choosing one that no part contains (RFC 2046
//! §5.1.1).
//!
//! Invariant: a body is scanned once, whatever it contains.

use std::collections::HashSet;

use memchr::{memchr, memmem};

use super::Part;
use crate::grammar::{Class, alphanum_and};
use crate::header::{ContentType, TypedHeader};
use crate::{ErrorKind, ParseError};

/// ```text
/// bchars        := bcharsnospace / " "
/// bcharsnospace := DIGIT / ALPHA / "'" / "(" / ")" / "+" / "_" / "," / "-" / "." / "/" / ":" / "=" / "?"
/// ```
static BCHARS: Class = alphanum_and(b"'()+_,-./:=? ");

/// The largest length of a boundary in octets.
const LONGEST: usize = 70;

/// Returns the boundary that `content_type` names.
///
/// ```text
/// boundary := 0*69<bchars> bcharsnospace
/// ```
pub(super) fn of(content_type: &ContentType) -> Result<String, ParseError> {
    let fault =
        |expected| Err(ParseError::new(ErrorKind::Multipart, 0, expected).in_header(&ContentType::NAME));
    if !content_type.kind().eq_ignore_ascii_case("multipart") {
        return fault("a multipart type");
    }
    match content_type.param("boundary") {
        None => fault("a boundary"),
        Some(boundary) if is_boundary(&boundary) => Ok(boundary.into_owned()),
        Some(_) => fault("a boundary of 1 to 70 octets that RFC 2046 allows, the last one no blank"),
    }
}

fn is_boundary(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len())
        && !text.ends_with(' ')
        && text.bytes().all(|octet| BCHARS[usize::from(octet)])
}

/// A boundary line, which begins or ends a part.
pub(super) struct Delimiter {
    /// The offset of the line.
    pub(super) start: usize,
    /// The end of what precedes the line; the line end before the line belongs to the line.
    pub(super) before: usize,
    /// The offset of the next line.
    pub(super) next: usize,
    /// Whether the line is the closing one.
    pub(super) closes: bool,
}

/// Finds the first delimiter at or after `at`, which is the beginning of a line.
///
/// ```text
/// dash-boundary     := "--" boundary
/// delimiter         := CRLF dash-boundary
/// close-delimiter   := delimiter "--"
/// transport-padding := *LWSP-char
/// ```
///
/// > Boundary string comparisons must compare the boundary value with the beginning of each candidate line.
/// > An exact match of the entire candidate line is not required; it is sufficient that the boundary appear
/// > in its entirety following the CRLF.
///
/// Readers differ on lines that continue after the boundary. Such a body is refused, because the section
/// forbids boundaries in the content of parts.
pub(super) fn find(bytes: &[u8], at: usize, boundary: &str) -> Result<Option<Delimiter>, ParseError> {
    let mut start = at;
    while let Some(rest) = bytes.get(start..).filter(|rest| !rest.is_empty()) {
        let length = memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let line = &rest[..length];
        let after = line
            .strip_prefix(b"--")
            .and_then(|line| line.strip_prefix(boundary.as_bytes()));
        if let Some(after) = after {
            let closes = after.starts_with(b"--");
            let padding = if closes { &after[2..] } else { after };
            if !is_padding(padding) {
                let place = start + length - padding.len();
                return Err(ParseError::new(
                    ErrorKind::Multipart,
                    place,
                    "nothing but blanks after a boundary",
                ));
            }
            return Ok(Some(Delimiter {
                start,
                before: line_end_before(bytes, start),
                next: start + length,
                closes,
            }));
        }
        start += length;
    }
    Ok(None)
}

/// Reports whether `text` is blanks and a line end, or blanks at the end of the body.
fn is_padding(text: &[u8]) -> bool {
    let text = text
        .strip_suffix(b"\n")
        .map_or(text, |text| text.strip_suffix(b"\r").unwrap_or(text));
    text.iter().all(|octet| matches!(octet, b' ' | b'\t'))
}

/// Returns the offset of the line end right before `at`.
fn line_end_before(bytes: &[u8], at: usize) -> usize {
    let before = &bytes[..at];
    let before = before
        .strip_suffix(b"\n")
        .map_or(before, |before| before.strip_suffix(b"\r").unwrap_or(before));
    before.len()
}

/// The prefix of generated boundaries, which eight digits follow.
const PREFIX: &str = "part-";
const DIGITS: usize = 8;

/// Returns a boundary that does not occur in `parts`: [`PREFIX`] with the lowest unused number.
pub(super) fn unused(parts: &[Part]) -> String {
    let finder = memmem::Finder::new(PREFIX);
    let mut taken = HashSet::new();
    for part in parts {
        let bytes = part.to_bytes();
        for at in finder.find_iter(&bytes) {
            let digits = bytes
                .get(at + PREFIX.len()..)
                .and_then(|rest| rest.first_chunk::<DIGITS>());
            if let Some(number) = digits.and_then(number) {
                taken.insert(number);
            }
        }
    }
    let mut free = 0;
    while taken.contains(&free) {
        free += 1;
    }
    format!("{PREFIX}{free:0DIGITS$}")
}

fn number(digits: &[u8; DIGITS]) -> Option<u32> {
    crate::grammar::decimal(digits, 99_999_999)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boundary(value: &str) -> Result<String, ParseError> {
        of(&format!("multipart/mixed;boundary={value}").parse().unwrap())
    }

    #[test]
    fn a_boundary_is_what_the_grammar_says() {
        let longest = "b".repeat(70);
        for good in [
            "b",
            "gc0pJq0M:08jU534c0p",
            "'()+_,-./:=?",
            "a b",
            "----",
            longest.as_str(),
        ] {
            assert_eq!(boundary(&format!("\"{good}\"")).unwrap(), good);
        }
        assert_eq!(boundary("unique-boundary-1").unwrap(), "unique-boundary-1");
        let too_long = "b".repeat(71);
        for bad in [
            "",
            "b ",
            " ",
            "a\tb",
            "é",
            "a;b",
            "a@b",
            "a\\\"b",
            too_long.as_str(),
        ] {
            let error = boundary(&format!("\"{bad}\"")).unwrap_err();
            assert_eq!(
                (error.kind(), error.header()),
                (ErrorKind::Multipart, Some("Content-Type")),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_type_without_boundary_is_no_multipart() {
        for bad in [
            "multipart/mixed",
            "multipart/mixed;charset=x",
            "text/plain;boundary=b",
        ] {
            assert_eq!(
                of(&bad.parse().unwrap()).unwrap_err().kind(),
                ErrorKind::Multipart,
                "{bad}"
            );
        }
        assert!(of(&"Multipart/Mixed;Boundary=b".parse().unwrap()).is_ok());
    }

    #[test]
    fn lines_are_found_at_the_beginning_of_lines_only() {
        let at = |text: &str| {
            let found = find(text.as_bytes(), 0, "b").unwrap()?;
            Some((found.start, found.before, found.next, found.closes))
        };
        assert_eq!(at("--b\r\n"), Some((0, 0, 5, false)));
        assert_eq!(at("x\r\n--b \t\r\ny"), Some((3, 1, 10, false)));
        assert_eq!(at("x\n--b--"), Some((2, 1, 7, true)));
        assert_eq!(at("x\r\n\r\n--b--  \n"), Some((5, 3, 13, true)));
        assert_eq!(at("--b"), Some((0, 0, 3, false)));
        for none in [
            "",
            "x--b\r\n",
            " --b\r\n",
            "-b\r\n",
            "--\r\n",
            "--c\r\n--",
            "--B\r\n",
        ] {
            assert_eq!(at(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_line_that_goes_on_is_refused_where_it_does() {
        let fault = |text: &str| find(text.as_bytes(), 0, "b").err().unwrap().offset();
        assert_eq!(fault("x\r\n--bc\r\n"), 6);
        assert_eq!(fault("--b--c\r\n"), 5);
        assert_eq!(fault("--b -- \r\n"), 3);
        assert_eq!(fault("--b-\r\n"), 3);
        assert_eq!(fault("--b\r"), 3);
    }
}
