//! Finds lines, names and values in the octets of a head: the loop that every message goes through.
//!
//! Eight octets are looked at in one step, for line ends and forbidden control characters at once, so a head is
//! read once. Invariant: nothing here allocates, and every octet is visited a bounded number of times.

use super::line::Line;
use crate::grammar::{TOKEN, class_end};
use crate::header_name::{Known, find_in};
use crate::{ErrorKind, Limits, ParseError};

/// The low bit of every octet of a word.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The high bit of every octet of a word.
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Marks octets below SP, and DEL, by their high bit. Marks above the lowest one may be wrong, and so may one after
/// an octet 0xff, which no UTF-8 has.
#[inline(always)]
const fn controls(word: u64) -> u64 {
    (word.wrapping_sub(ONES * 0x20) | word.wrapping_add(ONES)) & !word & HIGHS
}

/// Marks octets that are `octet`, by their high bit. Marks above the lowest one may be wrong.
#[inline(always)]
const fn equal(word: u64, octet: u8) -> u64 {
    let zero_where_equal = word ^ (ONES * octet as u64);
    zero_where_equal.wrapping_sub(ONES) & !zero_where_equal & HIGHS
}

/// Where the first control character (HTAB and line ends are some) at or after `at` is; the end if there is none.
#[inline(always)]
pub(crate) fn control(bytes: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<16>()) {
        let words = u128::from_le_bytes(*chunk);
        let (low, high) = (controls(words as u64), controls((words >> 64) as u64));
        if low | high != 0 {
            let octets = if low != 0 {
                low.trailing_zeros() / 8
            } else {
                8 + high.trailing_zeros() / 8
            };
            return at + octets as usize;
        }
        at += 16;
    }
    while bytes.get(at).is_some_and(|octet| !octet.is_ascii_control()) {
        at += 1;
    }
    at
}

/// Where the first colon in `bytes[at..end]` is; at or past `end` if there is none.
#[inline(always)]
fn colon(bytes: &[u8], mut at: usize, end: usize) -> usize {
    while at < end {
        let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) else {
            return at
                + bytes[at..end]
                    .iter()
                    .position(|octet| *octet == b':')
                    .unwrap_or(end - at);
        };
        let found = equal(u64::from_le_bytes(*chunk), b':');
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    at
}

/// How long the line end at `at` is: 2 for CRLF, 1 for a bare LF, 0 if there is none.
#[inline(always)]
pub(crate) fn line_end(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b'\r') if bytes.get(at + 1) == Some(&b'\n') => 2,
        Some(b'\n') => 1,
        _ => 0,
    }
}

/// The first octet that begins a line with something in it (RFC 3261 §7.5).
///
/// > Implementations processing SIP messages over stream-oriented transports MUST ignore any CRLF appearing
/// > before the start-line \[H4.1\].
pub(crate) fn skip_empty_lines(bytes: &[u8]) -> usize {
    let mut at = 0;
    loop {
        match line_end(bytes, at) {
            0 => return at,
            length => at += length,
        }
    }
}

/// Reads the header lines that begin at `at`, up to and with the empty line, into `lines`.
///
/// Gives where the body begins and which of `lines` is the Content-Length.
pub(super) fn header_lines(
    bytes: &[u8],
    mut at: usize,
    limits: &Limits,
    lines: &mut Vec<Line>,
) -> Result<(usize, Option<usize>), ParseError> {
    let mut content_length = None;
    loop {
        match line_end(bytes, at) {
            0 => {}
            length => return Ok((at + length, content_length)),
        }
        if lines.len() >= limits.headers {
            return Err(ParseError::new(
                ErrorKind::TooManyHeaders,
                at,
                "no more header lines than the limit",
            ));
        }
        let (line, next) = header_line(bytes, at, limits)?;
        if line.name == Some(Known::ContentLength) {
            if content_length.is_some() {
                return Err(ParseError::new(
                    ErrorKind::ContentLength,
                    at,
                    "only one Content-Length",
                ));
            }
            content_length = Some(lines.len());
        }
        lines.push(line);
        at = next;
    }
}

/// Reads the header line that begins at `start`; gives it and where the next one begins.
///
/// ```text
/// message-header = header-name HCOLON header-value CRLF
/// HCOLON         = *( SP / HTAB ) ":" SWS
/// ```
#[inline(always)]
pub(crate) fn header_line(bytes: &[u8], start: usize, limits: &Limits) -> Result<(Line, usize), ParseError> {
    let extent = extent(bytes, start)?;
    if extent.next > limits.head {
        return Err(ParseError::new(
            ErrorKind::HeadTooLarge,
            limits.head,
            "a head within the limit",
        ));
    }
    if extent.end - start > limits.header_line.min(usize::from(u16::MAX)) {
        return Err(ParseError::new(
            ErrorKind::HeaderTooLong,
            start,
            "a header line within the limit",
        ));
    }
    let colon = colon(bytes, start, extent.end);
    if colon >= extent.end {
        return Err(no_colon(bytes, start));
    }
    let mut name_end = colon;
    while name_end > start && is_blank(bytes[name_end - 1]) {
        name_end -= 1;
    }
    let name = find_in(bytes, start, name_end);
    if name.is_none() {
        let token_end = class_end(&TOKEN, &bytes[..name_end], start);
        if token_end < name_end || name_end == start {
            return Err(ParseError::new(
                ErrorKind::HeaderLine,
                token_end,
                "a header's name, which is a token",
            ));
        }
    }
    let value = if extent.folded {
        trim(bytes, colon + 1, extent.end, |octet| {
            is_blank(octet) || matches!(octet, b'\r' | b'\n')
        })
    } else {
        trim(bytes, colon + 1, extent.end, is_blank)
    };
    let line = Line {
        start: start as u32,
        end: extent.end as u32,
        value_start: value.0 as u32,
        value_end: value.1 as u32,
        text: 0,
        value_text: 0,
        name_len: (name_end - start) as u16,
        name,
        folded: extent.folded,
    };
    Ok((line, extent.next))
}

/// A header line with its continuation lines.
struct Extent {
    /// Where its content ends and the line end begins.
    end: usize,
    /// Where the next line begins.
    next: usize,
    folded: bool,
}

/// How far the header line that begins at `start` goes.
#[inline(always)]
fn extent(bytes: &[u8], start: usize) -> Result<Extent, ParseError> {
    let mut at = start;
    let mut folded = false;
    loop {
        at = control(bytes, at);
        match line_end(bytes, at) {
            0 if bytes.get(at) == Some(&b'\t') => at += 1,
            0 => return extent_with_quoted_pairs(bytes, start),
            length => {
                let next = at + length;
                if !bytes.get(next).copied().is_some_and(is_blank) {
                    return Ok(Extent {
                        end: at,
                        next,
                        folded,
                    });
                }
                folded = true;
                at = next;
            }
        }
    }
}

/// The same as [`extent`] for a line in which there are control characters: they may be the second half of a
/// quoted-pair, and nothing else (RFC 3261 §25.1).
#[cold]
fn extent_with_quoted_pairs(bytes: &[u8], start: usize) -> Result<Extent, ParseError> {
    let mut folded = false;
    let mut quotes = Quotes::default();
    let mut at = start;
    while let Some(&octet) = bytes.get(at) {
        let length = line_end(bytes, at);
        if length > 0 {
            let next = at + length;
            if !bytes.get(next).copied().is_some_and(is_blank) {
                return Ok(Extent {
                    end: at,
                    next,
                    folded,
                });
            }
            folded = true;
            at = next;
            continue;
        }
        if octet == b'\r' && at + 1 == bytes.len() {
            break;
        }
        if !quotes.admit(octet) {
            return Err(ParseError::new(
                ErrorKind::HeaderLine,
                at,
                "no control character in a header line",
            ));
        }
        at += 1;
    }
    Err(ParseError::new(
        ErrorKind::Truncated,
        bytes.len(),
        "the empty line that ends the head",
    ))
}

/// Whether we are in a quoted string, and after a backslash in it.
#[derive(Default)]
struct Quotes {
    open: bool,
    escaped: bool,
}

impl Quotes {
    /// Goes past `octet`; whether it may stand there.
    ///
    /// ```text
    /// quoted-pair = "\" (%x00-09 / %x0B-0C / %x0E-7F)
    /// ```
    fn admit(&mut self, octet: u8) -> bool {
        let escaped = std::mem::take(&mut self.escaped);
        match octet {
            b'\r' | b'\n' => return false,
            b'\\' if self.open && !escaped => self.escaped = true,
            b'"' if !escaped => self.open = !self.open,
            b'\t' => {}
            _ if octet.is_ascii_control() => return escaped,
            _ => {}
        }
        true
    }
}

/// Where the first octet is that a value which an application sets may not have: CR, LF, NUL, and control
/// characters other than HTAB outside of a quoted-pair.
pub(super) fn unfit_for_value(value: &str) -> Option<usize> {
    let bytes = value.as_bytes();
    if control(bytes, 0) == bytes.len() {
        return None;
    }
    let mut quotes = Quotes::default();
    bytes
        .iter()
        .position(|octet| *octet == 0 || !quotes.admit(*octet))
}

#[cold]
fn no_colon(bytes: &[u8], start: usize) -> ParseError {
    let mut at = class_end(&TOKEN, bytes, start);
    while bytes.get(at).copied().is_some_and(is_blank) {
        at += 1;
    }
    ParseError::new(ErrorKind::HeaderLine, at, "a colon after the header's name")
}

/// `bytes[start..end]` without what `is_space` at both ends.
#[inline(always)]
fn trim(bytes: &[u8], mut start: usize, mut end: usize, is_space: impl Fn(u8) -> bool) -> (usize, usize) {
    while start < end && is_space(bytes[start]) {
        start += 1;
    }
    while end > start && is_space(bytes[end - 1]) {
        end -= 1;
    }
    (start, end)
}

/// SP or HTAB.
#[inline(always)]
pub(crate) fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_control_character_is_found_wherever_it_is() {
        for length in 0..40 {
            let plain = vec![b'a'; length];
            assert_eq!(control(&plain, 0), length);
            for at in 0..length {
                for octet in (0..=255u8).filter(u8::is_ascii_control) {
                    let mut bytes = plain.clone();
                    bytes[at] = octet;
                    bytes[length - 1] = if at == length - 1 { octet } else { 0x7f };
                    assert_eq!(control(&bytes, 0), at);
                    assert_eq!(control(&bytes, at), at);
                }
            }
        }
        assert_eq!(
            control("\u{80}é漢 ~\u{ffff}".as_bytes(), 0),
            "\u{80}é漢 ~\u{ffff}".len()
        );
    }

    #[test]
    fn the_first_colon_is_found_before_the_end() {
        let bytes = b"Call-ID: a:b, and some more";
        assert_eq!(colon(bytes, 0, bytes.len()), 7);
        assert_eq!(colon(bytes, 8, bytes.len()), 10);
        assert!(colon(bytes, 0, 5) >= 5);
        assert_eq!(colon(bytes, 11, bytes.len()), bytes.len());
        assert_eq!(colon(b"To", 0, 2), 2);
    }

    fn line(text: &str) -> Result<(String, String), ParseError> {
        let (line, next) = header_line(text.as_bytes(), 0, &Limits::DEFAULT)?;
        assert!(next <= text.len());
        let name = &text[..usize::from(line.name_len)];
        Ok((
            name.to_owned(),
            text[line.value_start as usize..line.value_end as usize].to_owned(),
        ))
    }

    #[test]
    fn names_and_values_are_trimmed() {
        let pair = |name: &str, value: &str| Ok((name.to_owned(), value.to_owned()));
        assert_eq!(line("To: x\r\n\r\n"), pair("To", "x"));
        assert_eq!(line("v \t: \t a: b \t\r\n\r\n"), pair("v", "a: b"));
        assert_eq!(line("Subject:\r\n\r\n"), pair("Subject", ""));
        assert_eq!(line("Subject:\r\n \r\n \r\n\r\n"), pair("Subject", ""));
        assert_eq!(line("l:\r\n  5\r\n \r\n\r\n"), pair("l", "5"));
        assert_eq!(line("X-Mine:1\n\n"), pair("X-Mine", "1"));
    }

    #[test]
    fn faults_are_found_where_they_are() {
        let fault = |text: &str| {
            line(text)
                .map_err(|error| (error.kind(), error.offset()))
                .unwrap_err()
        };
        assert_eq!(fault(": x\r\n\r\n"), (ErrorKind::HeaderLine, 0));
        assert_eq!(fault("To  x\r\n\r\n"), (ErrorKind::HeaderLine, 4));
        assert_eq!(fault(" To: x\r\n\r\n"), (ErrorKind::HeaderLine, 0));
        assert_eq!(fault("T o: x\r\n\r\n"), (ErrorKind::HeaderLine, 1));
        assert_eq!(fault("To\r\n : x\r\n\r\n"), (ErrorKind::HeaderLine, 2));
        assert_eq!(fault("To: a\rb\r\n\r\n"), (ErrorKind::HeaderLine, 5));
        assert_eq!(fault("To: a\0b\r\n\r\n"), (ErrorKind::HeaderLine, 5));
        assert_eq!(fault("To: \"a\0b\"\r\n\r\n"), (ErrorKind::HeaderLine, 6));
        assert_eq!(fault("To: a\\\0b\r\n\r\n"), (ErrorKind::HeaderLine, 6));
        assert_eq!(fault("To: \"\\\r\"\r\n\r\n"), (ErrorKind::HeaderLine, 6));
        assert_eq!(fault("To: a"), (ErrorKind::Truncated, 5));
        assert_eq!(fault("To: a\r"), (ErrorKind::Truncated, 6));
    }

    #[test]
    fn a_quoted_pair_may_be_a_control_character() {
        assert!(line("To: \"a\\\0b\\\x07\\\x7f\\\\\" <sip:a>\r\n\r\n").is_ok());
        assert!(line("To: \"a\r\n \\\0b\"\r\n\r\n").is_ok());
        assert_eq!(unfit_for_value("\"\\\x07\" \t é"), None);
        assert_eq!(unfit_for_value("\"\\\0\""), Some(2));
        assert_eq!(unfit_for_value("a\r\nb"), Some(1));
        assert_eq!(unfit_for_value("a\x07"), Some(1));
    }
}
