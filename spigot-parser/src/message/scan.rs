//! Finds lines, names and values in the octets of a head: the loop that every message goes through.
//!
//! Line ends are found as the control characters that they are, 64 octets at a time, so a head is read once
//! for lines and forbidden characters together. Invariant: nothing here allocates but the index, and every
//! octet is visited a bounded number of times.

use std::ops::DerefMut;

use smallvec::SmallVec;

use super::line::{Line, length_of_name};
use super::octets::{self, Controls, equal_mask};
use super::quoted_pair::Quotes;
use crate::grammar::{TOKEN, class_end};
use crate::header_name::{Known, find, find_short};
use crate::{ErrorKind, Limits, ParseError};

/// How long the line end at `at` is: 2 for CRLF, 1 for a bare LF, 0 if there is none.
#[inline(always)]
pub(crate) fn line_end(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b'\r') if bytes.get(at + 1) == Some(&b'\n') => 2,
        Some(b'\n') => 1,
        _ => 0,
    }
}

/// What ends a line, by its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineEnd {
    Lf = 1,
    CrLf = 2,
}

/// What the last of `lines` ends with.
#[inline]
pub(crate) fn last_line_end(lines: &[u8]) -> LineEnd {
    match lines {
        [b'\n'] | [.., 0..=b'\x0c' | b'\x0e'..=0xff, b'\n'] => LineEnd::Lf,
        _ => LineEnd::CrLf,
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

/// What the lines of a head come to.
pub(super) struct Head {
    /// Where the body begins.
    pub(super) end: usize,
    /// The line that is the Content-Length.
    pub(super) content_length: Option<Line>,
    /// Whether some lines have folds.
    pub(super) folded: bool,
    /// Whether some lines have octets that are not ASCII.
    pub(super) not_ascii: bool,
}

/// How far the lines of a head go, and what is in them.
struct Extents {
    /// Where the body begins.
    end: usize,
    folded: bool,
    not_ascii: bool,
}

/// Reads the header lines that begin at `at`, up to and with the empty line, into `lines`.
///
/// `controls` are those of the head from `at` on, and no octet of `bytes` is past [`Limits::head`]. Before
/// `at` stands the start line; the others have to end as it does.
pub(super) fn header_lines(
    bytes: &[u8],
    at: usize,
    controls: Controls,
    limits: &Limits,
    lines: &mut impl Lines,
) -> Result<Head, ParseError> {
    let end = match last_line_end(&bytes[..at]) {
        LineEnd::CrLf => extents(bytes, at, controls, limits, lines),
        LineEnd::Lf => bare_extents(bytes, at, controls, limits, lines),
    };
    // A line that is wrong comes before the fault that ended the scan, if one did.
    let content_length = read_lines(bytes, lines)?;
    let extents = end?;
    Ok(Head {
        end: extents.end,
        content_length,
        folded: extents.folded,
        not_ascii: extents.not_ascii,
    })
}

/// Finds the header lines that begin at `start`, up to the empty line, and puts an entry in `lines` for each
/// that has its beginning and its end.
///
/// It is a loop of its own because what it has in hand and what the reading of a line has do not fit in the
/// registers together.
#[inline(never)]
fn extents(
    bytes: &[u8],
    mut start: usize,
    mut controls: Controls,
    limits: &Limits,
    lines: &mut impl Lines,
) -> Result<Extents, ParseError> {
    let (mut folded, mut not_ascii) = (false, false);
    loop {
        if line_end(bytes, start) == LineEnd::CrLf as usize {
            return Ok(Extents {
                end: start + 2,
                folded,
                not_ascii,
            });
        }
        // Nearly always another line follows, which is no fold, or the empty line does.
        loop {
            let end = controls.peek(bytes);
            let Some([line_end @ .., next, _]) = bytes.get(end..).and_then(|rest| rest.first_chunk::<4>())
            else {
                break;
            };
            if line_end != b"\r\n" {
                break;
            }
            if *next > b' ' {
                controls.skip_pair(bytes);
                add(lines, start, end, limits)?;
                start = end + 2;
            } else if bytes[end..].starts_with(b"\r\n\r\n") {
                add(lines, start, end, limits)?;
                return Ok(Extents {
                    end: end + 4,
                    folded,
                    not_ascii,
                });
            } else {
                break;
            }
        }
        let extent = extent(bytes, start, &mut controls)?;
        extent.ends_as(LineEnd::CrLf, bytes, start)?;
        folded |= extent.folded;
        not_ascii |= extent.not_ascii;
        add(lines, start, extent.end, limits)?;
        start = extent.next;
    }
}

/// Finds the lines of a head whose start line ends with a bare LF, as [`extents`] does for CRLF.
#[cold]
fn bare_extents(
    bytes: &[u8],
    mut start: usize,
    mut controls: Controls,
    limits: &Limits,
    lines: &mut impl Lines,
) -> Result<Extents, ParseError> {
    let (mut folded, mut not_ascii) = (false, false);
    loop {
        let extent = extent(bytes, start, &mut controls)?;
        extent.ends_as(LineEnd::Lf, bytes, start)?;
        if extent.end == start {
            return Ok(Extents {
                end: extent.next,
                folded,
                not_ascii,
            });
        }
        folded |= extent.folded;
        not_ascii |= extent.not_ascii;
        add(lines, start, extent.end, limits)?;
        start = extent.next;
    }
}

/// Where the entries of lines are put.
pub(super) trait Lines: DerefMut<Target = [Line]> {
    fn push(&mut self, line: Line);
    fn clear(&mut self);
}

impl Lines for Vec<Line> {
    #[inline(always)]
    fn push(&mut self, line: Line) {
        self.push(line);
    }

    fn clear(&mut self) {
        self.clear();
    }
}

impl<const N: usize> Lines for SmallVec<[Line; N]> {
    #[inline(always)]
    fn push(&mut self, line: Line) {
        self.push(line);
    }

    fn clear(&mut self) {
        self.clear();
    }
}

/// Adds the line from `start` to `end`, which is still to be read.
#[inline(always)]
fn add(lines: &mut impl Lines, start: usize, end: usize, limits: &Limits) -> Result<(), ParseError> {
    let line = unread(start, end, limits)?;
    if lines.len() >= limits.headers {
        return Err(too_many(start));
    }
    lines.push(line);
    Ok(())
}

/// The error for a line at `start` that is one too many.
#[cold]
#[inline(never)]
pub(super) fn too_many(start: usize) -> ParseError {
    ParseError::new(
        ErrorKind::TooManyHeaders,
        start,
        "no more header lines than the limit",
    )
}

/// The entry of a line from `start` to `end` that is still to be read.
#[inline(always)]
fn unread(start: usize, end: usize, limits: &Limits) -> Result<Line, ParseError> {
    match u16::try_from(end - start) {
        Ok(length) if end - start <= limits.header_line => Ok(Line::unread(start, length)),
        _ => Err(ParseError::new(
            ErrorKind::HeaderTooLong,
            start,
            "a header line within the limit",
        )),
    }
}

/// Takes apart all of `lines`; gives which is the Content-Length.
#[inline(never)]
fn read_lines(bytes: &[u8], lines: &mut [Line]) -> Result<Option<Line>, ParseError> {
    let mut content_length = None;
    for line in lines.iter_mut() {
        read_line(bytes, line)?;
        if line.name == Some(Known::ContentLength) && content_length.replace(*line).is_some() {
            return Err(ParseError::new(
                ErrorKind::ContentLength,
                line.in_head().start,
                "only one Content-Length",
            ));
        }
    }
    Ok(content_length)
}

/// Reads the one header line that begins at `start`; gives it, where the next one begins, and whether it has
/// folds.
pub(crate) fn header_line(
    bytes: &[u8],
    start: usize,
    limits: &Limits,
) -> Result<(Line, usize, bool), ParseError> {
    let within = &bytes[..bytes.len().min(limits.head)];
    let extent = extent(within, start, &mut Controls::new(within, start))
        .map_err(|error| cut(error, bytes, limits))?;
    let mut line = unread(start, extent.end, limits)?;
    read_line(within, &mut line)?;
    Ok((line, extent.next, extent.folded))
}

/// Returns the entry of the line from `start` to `end`, or `None` if it is no header line.
pub(super) fn entry(
    bytes: &[u8],
    start: usize,
    end: usize,
    limits: &Limits,
) -> Result<Option<Line>, ParseError> {
    let mut line = unread(start, end, limits)?;
    Ok(read_line(bytes, &mut line).is_ok().then_some(line))
}

/// The error for a head of which the part within the limit has no end: it is too large if there is more of
/// it.
pub(super) fn cut(error: ParseError, bytes: &[u8], limits: &Limits) -> ParseError {
    if error.kind() == ErrorKind::Truncated && bytes.len() > limits.head {
        return ParseError::new(ErrorKind::HeadTooLarge, limits.head, "a head within the limit");
    }
    error
}

/// Takes apart a header line of which beginning and end are known.
///
/// ```text
/// message-header = header-name HCOLON header-value CRLF
/// HCOLON         = *( SP / HTAB ) ":" SWS
/// ```
#[inline(always)]
fn read_line(bytes: &[u8], entry: &mut Line) -> Result<(), ParseError> {
    let range = entry.in_head();
    let start = range.start;
    let (mut from, mut is_other) = (0, false);
    // Nearly always 16 octets are left, the colon is among them, and a known name is before it.
    if let Some(first) = bytes.get(start..).and_then(|rest| rest.first_chunk::<16>()) {
        from = equal_mask(first, b':').trailing_zeros() as usize;
        if from < first.len().min(range.len()) {
            if let Some(known) = find_short(first, from) {
                entry.read((Some(known), from as u8), from + 1);
                return Ok(());
            }
            is_other = true;
        }
    }
    let line = bytes.get(range).unwrap_or_default();
    let Some(colon) = octets::find(line, from, b':') else {
        return Err(no_colon(bytes, start));
    };
    match name(&line[..colon], is_other) {
        Ok(name) => {
            entry.read(name, colon + 1);
            Ok(())
        }
        Err(at) => {
            let expected = "a header's name, which is a token";
            Err(ParseError::new(ErrorKind::HeaderLine, start + at, expected))
        }
    }
}

/// The name before a colon and its length: blanks may be after it. Or where it is no token. `is_other` says
/// that the whole is no known name.
#[inline(never)]
fn name(before_colon: &[u8], is_other: bool) -> Result<(Option<Known>, u8), usize> {
    let end = class_end(&TOKEN, before_colon, 0);
    let blanks = &before_colon[end..];
    if end == 0 || !blanks.iter().all(|octet| is_blank(*octet)) {
        return Err(end);
    }
    let known = match is_other && blanks.is_empty() {
        true => None,
        false => find(&before_colon[..end]),
    };
    Ok((known, length_of_name(end)))
}

/// A header line with its continuation lines.
struct Extent {
    /// Where its content ends and the line end begins.
    end: usize,
    /// Where the next line begins.
    next: usize,
    folded: bool,
    /// Whether there are octets that are not ASCII.
    not_ascii: bool,
}

impl Extent {
    /// Refuses a line from `start` that some readers would take for other lines: it does not end as the start
    /// line did, a fold of it does not, or a fold has nothing but blanks and looks like the end of the head.
    ///
    /// [RFC 3261 §7](https://www.rfc-editor.org/rfc/rfc3261#section-7):
    ///
    /// > The start-line, each message-header line, and the empty line MUST be terminated by a carriage-return
    /// > line-feed sequence (CRLF).
    #[inline(always)]
    fn ends_as(&self, line_end: LineEnd, bytes: &[u8], start: usize) -> Result<(), ParseError> {
        let same = self.next - self.end == line_end as usize;
        if !same || self.folded {
            return folds(bytes, start, self, line_end);
        }
        Ok(())
    }
}

#[cold]
fn folds(bytes: &[u8], start: usize, extent: &Extent, line_end: LineEnd) -> Result<(), ParseError> {
    let mut at = start;
    while let Some(found) = memchr::memchr(b'\n', &bytes[at..extent.next]) {
        let next = at + found + 1;
        if last_line_end(&bytes[..next]) != line_end {
            return Err(other_line_end(next));
        }
        if next < extent.next && is_all_blanks(&bytes[next..]) {
            return Err(line_of_blanks(next));
        }
        at = next;
    }
    Ok(())
}

/// The error for a line that ends before `next`, and not as the start line does.
#[cold]
pub(crate) fn other_line_end(next: usize) -> ParseError {
    ParseError::new(
        ErrorKind::HeaderLine,
        next - 1,
        "a line end like that of the start line",
    )
}

/// The error for a line of blanks that begins at `start`.
#[cold]
pub(crate) fn line_of_blanks(start: usize) -> ParseError {
    ParseError::new(
        ErrorKind::HeaderLine,
        start,
        "something in a line that continues another",
    )
}

/// Whether the line that `rest` begins with has blanks in it and nothing else.
pub(crate) fn is_all_blanks(rest: &[u8]) -> bool {
    let blanks = rest.iter().take_while(|octet| is_blank(**octet)).count();
    blanks > 0 && line_end(rest, blanks) > 0
}

/// How far the line that begins at `start` goes, and its folds with it unless it is empty. `controls` begin
/// there, and then at the next line.
fn extent(bytes: &[u8], start: usize, controls: &mut Controls) -> Result<Extent, ParseError> {
    let (mut folded, mut not_ascii) = (false, false);
    loop {
        let end = controls.next(bytes);
        let next = match bytes.get(end..) {
            Some([b'\r', b'\n', ..]) => {
                controls.next(bytes);
                end + 2
            }
            Some([b'\n', ..]) => end + 1,
            Some([b'\t', ..]) => continue,
            Some([0x80..=0xff, ..]) => {
                not_ascii = true;
                continue;
            }
            _ => {
                let extent = extent_with_quoted_pairs(bytes, start)?;
                *controls = Controls::new(bytes, extent.next);
                return Ok(extent);
            }
        };
        if end == start || !matches!(bytes.get(next), Some(b' ' | b'\t')) {
            return Ok(Extent {
                end,
                next,
                folded,
                not_ascii,
            });
        }
        folded = true;
    }
}

/// Finds the end of a line in which there are control characters. They may be the second half of a
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
                    not_ascii: !bytes[start..at].is_ascii(),
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
            return Err(control_in_line(at));
        }
        at += 1;
    }
    Err(ParseError::new(
        ErrorKind::Truncated,
        bytes.len(),
        "the empty line that ends the head",
    ))
}

/// The error for a control character at `at`.
#[cold]
pub(super) fn control_in_line(at: usize) -> ParseError {
    ParseError::new(ErrorKind::HeaderLine, at, "no control character in a header line")
}

#[cold]
fn no_colon(bytes: &[u8], start: usize) -> ParseError {
    let mut at = class_end(&TOKEN, bytes, start);
    while bytes.get(at).copied().is_some_and(is_blank) {
        at += 1;
    }
    ParseError::new(ErrorKind::HeaderLine, at, "a colon after the header's name")
}

/// SP or HTAB.
#[inline(always)]
pub(crate) fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Result<(String, String), ParseError> {
        let (line, next, _) = header_line(text.as_bytes(), 0, &Limits::DEFAULT)?;
        assert!(next <= text.len());
        let name = &text[..line.name_length_in(text.as_bytes())];
        Ok((
            name.to_owned(),
            text[line.value_in_head(text.as_bytes())].to_owned(),
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
    }
}
