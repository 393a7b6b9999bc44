//! The lines of a session description, and the words that they are made of.
//!
//! Invariant: the lines with their line ends are the whole text.

use crate::grammar::{Class, Span, alphanum_and, is_one_line};

/// One line.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    /// The offset of the line.
    pub(super) start: usize,
    /// The line without its line end.
    pub(super) text: &'a str,
    /// The line end: CRLF, LF, or nothing after the last line.
    pub(super) end: &'a str,
}

impl<'a> Line<'a> {
    /// Returns the letter before the `=`, if the line begins with a letter and `=`.
    pub(super) fn letter(&self) -> Option<u8> {
        match self.text.as_bytes() {
            [letter, b'=', ..] if letter.is_ascii() => Some(*letter),
            _ => None,
        }
    }

    /// Returns what follows the `=`.
    pub(super) fn value(&self) -> &'a str {
        self.text.get(2..).unwrap_or_default()
    }

    /// Reports whether the line is empty.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

/// Returns the lines of `text`, empty ones included.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |whole| {
        let text = match whole.strip_suffix('\n') {
            Some(text) => text.strip_suffix('\r').unwrap_or(text),
            None => whole,
        };
        let line = Line {
            start,
            text,
            end: &whole[text.len()..],
        };
        start += whole.len();
        line
    })
}

/// ```text
/// token-char = ALPHA / DIGIT / "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "{" / "|" /
///              "}" / "~"
/// ```
static TOKEN: Class = alphanum_and(b"!#$%&'*+-.^_`{|}~");

/// Reports whether `text` is a token of RFC 8866, which differs slightly from a token of RFC 3261.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| TOKEN[usize::from(octet)])
}

/// ```text
/// proto = token *("/" token)
/// ```
pub(super) fn is_protocol(text: &str) -> bool {
    text.split('/').all(is_token)
}

/// Reports whether `text` may be the value of an attribute: not empty, and without NUL, CR and LF.
///
/// ```text
/// byte-string = 1*(%x01-09/%x0B-0C/%x0E-FF)
/// ```
pub(super) fn is_text(text: &str) -> bool {
    !text.is_empty() && is_one_line(text)
}

/// Reports whether `text` is digits, any number of them.
pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit())
}

/// Splits a text at its blanks, several of which count as one.
pub(super) fn words(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.split(' ').filter(|word| !word.is_empty())
}

/// The parts of the value of an `o=` line.
pub(super) struct OriginParts<'a> {
    pub(super) username: &'a str,
    pub(super) id: &'a str,
    pub(super) version: &'a str,
    /// Network type, address type and address.
    pub(super) rest: [&'a str; 3],
}

/// ```text
/// origin-field = %s"o" "=" username SP sess-id SP sess-version SP nettype SP addrtype SP unicast-address CRLF
/// ```
///
/// Splits the value of an `o=` line.
///
/// The last five fields have no blanks, so everything before them is the user name, which may have some.
pub(super) fn origin_parts(value: &str) -> Option<OriginParts<'_>> {
    let mut words = words(value).rev();
    let (address, address_type, network) = (words.next()?, words.next()?, words.next()?);
    let (version, id) = (words.next()?, words.next()?);
    let username = value[..Span::within(value, id).start()].trim_matches(' ');
    (!username.is_empty() && is_number(id) && is_number(version)).then_some(OriginParts {
        username,
        id,
        version,
        rest: [network, address_type, address],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_at_either_line_end() {
        let all: Vec<_> = lines("v=0\r\n\no=é\n=\r\r\n")
            .map(|line| (line.start, line.text, line.end))
            .collect();
        assert_eq!(
            all,
            [
                (0, "v=0", "\r\n"),
                (5, "", "\n"),
                (6, "o=é", "\n"),
                (11, "=\r", "\r\n")
            ]
        );
        assert_eq!(lines("").count(), 0);
        assert_eq!(
            lines("a=b").map(|line| (line.text, line.end)).collect::<Vec<_>>(),
            [("a=b", "")]
        );
        let letters: Vec<_> = lines("a=\n=a\né=\n==").map(|line| line.letter()).collect();
        assert_eq!(letters, [Some(b'a'), None, None, Some(b'=')]);
    }
}
