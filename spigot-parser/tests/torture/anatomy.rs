//! The parts of a message, octet by octet, found without the parser.

use std::fmt;

/// A part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Part {
    StartLine,
    Name,
    /// The colon after a name and the blanks before it.
    Colon,
    /// All that follows the colon, blanks included.
    Value,
    /// The line end within a value and the blanks at the beginning of the next line.
    Fold,
    LineEnd,
    EmptyLine,
    Body,
    /// What follows the body, whose length is that of Content-Length.
    After,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::StartLine => "start line",
            Part::Name => "name",
            Part::Colon => "colon",
            Part::Value => "value",
            Part::Fold => "fold",
            Part::LineEnd => "line end",
            Part::EmptyLine => "empty line",
            Part::Body => "body",
            Part::After => "after the body",
        })
    }
}

/// Returns the part of each octet of `bytes`.
pub(crate) fn parts(bytes: &[u8]) -> Vec<Part> {
    let mut parts = Vec::with_capacity(bytes.len());
    let mut length = None;
    let mut start = 0;
    while start < bytes.len() {
        let end = line_end(bytes, start);
        let next = after_line(bytes, start);
        if end == start && !parts.is_empty() {
            parts.resize(next, Part::EmptyLine);
            let body_end = length.map_or(bytes.len(), |length: usize| next.saturating_add(length));
            parts.resize(body_end.min(bytes.len()), Part::Body);
            parts.resize(bytes.len(), Part::After);
            break;
        }
        if start == 0 {
            parts.resize(end, Part::StartLine);
        } else if matches!(bytes[start], b' ' | b'\t') {
            let content = bytes[start..end]
                .iter()
                .position(|octet| !matches!(octet, b' ' | b'\t'));
            let content = start + content.unwrap_or(end - start);
            let fold = parts
                .iter()
                .rposition(|part| *part != Part::LineEnd)
                .map_or(0, |at| at + 1);
            parts.truncate(fold);
            parts.resize(content, Part::Fold);
            parts.resize(end, Part::Value);
        } else {
            let colon = bytes[start..end]
                .iter()
                .position(|octet| *octet == b':')
                .map_or(end, |colon| start + colon);
            let name_end = start + bytes[start..colon].trim_ascii_end().len();
            parts.resize(name_end, Part::Name);
            parts.resize((colon + 1).min(end), Part::Colon);
            parts.resize(end, Part::Value);
            let name = &bytes[start..name_end];
            if name.eq_ignore_ascii_case(b"Content-Length") || name.eq_ignore_ascii_case(b"l") {
                let value = bytes[(colon + 1).min(end)..end].trim_ascii();
                length = std::str::from_utf8(value)
                    .ok()
                    .and_then(|value| value.parse().ok());
            }
        }
        parts.resize(next, Part::LineEnd);
        start = next;
    }
    parts
}

/// Returns the end of the content of the line at `start`.
pub(crate) fn line_end(bytes: &[u8], start: usize) -> usize {
    let next = after_line(bytes, start);
    let line = &bytes[start..next];
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    start + line.strip_suffix(b"\r").unwrap_or(line).len()
}

/// Returns the beginning of the line after the one at `start`.
pub(crate) fn after_line(bytes: &[u8], start: usize) -> usize {
    bytes[start..]
        .iter()
        .position(|octet| *octet == b'\n')
        .map_or(bytes.len(), |length| start + length + 1)
}

#[test]
fn each_octet_is_one_part() {
    let text = "M u SIP/2.0\r\nTo \t: a\r\n \tb\r\n c\r\nl: 2\r\n\r\nabc";
    let letters: String = parts(text.as_bytes())
        .iter()
        .map(|part| match part {
            Part::StartLine => 's',
            Part::Name => 'n',
            Part::Colon => ':',
            Part::Value => 'v',
            Part::Fold => 'f',
            Part::LineEnd => '.',
            Part::EmptyLine => 'e',
            Part::Body => 'b',
            Part::After => 'a',
        })
        .collect();
    assert_eq!(letters, "sssssssssss..nn:::vvffffvfffv..n:vv..eebba");
    for case in crate::corpus::CASES.iter() {
        assert_eq!(parts(&case.bytes).len(), case.bytes.len(), "{}", case.file);
    }
}
