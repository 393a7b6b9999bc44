//! The `%` escapes of URIs: scanning, decoding once, encoding and comparing.

use std::borrow::Cow;

use crate::grammar::{Class, class_end};

/// Returns the end of the octets of `class` and escapes that begin at `at`.
///
/// ```text
/// escaped = "%" HEXDIG HEXDIG
/// ```
#[inline]
pub(crate) fn escaped_end(class: &Class, bytes: &[u8], mut at: usize) -> usize {
    loop {
        at = class_end(class, bytes, at);
        if bytes.get(at) != Some(&b'%') {
            return at;
        }
        match bytes.get(at + 1..at + 3) {
            Some([high, low]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => at += 3,
            _ => return at,
        }
    }
}

/// Decodes the escapes of `text` once: `%2541` becomes `%41`.
///
/// Octets that are not UTF-8 become U+FFFD.
pub(crate) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let octets: Vec<u8> = octets(text.as_bytes()).map(|(octet, _)| octet).collect();
    match String::from_utf8(octets) {
        Ok(plain) => plain.into(),
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned().into(),
    }
}

/// Decodes the escapes of `text` once; returns `None` if the result is not UTF-8.
pub(crate) fn unescape_utf8(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    String::from_utf8(octets(text.as_bytes()).map(|(octet, _)| octet).collect())
        .ok()
        .map(Cow::Owned)
}

/// Appends `text`, and escapes every octet that is not in `class`.
pub(crate) fn write_escaped(class: &Class, text: &str, out: &mut String) {
    text.bytes().for_each(|octet| write_octet(class, octet, out));
}

/// Appends `text`, and escapes exactly the octets that are not in `class`, whether they are escaped or not.
///
/// Two texts are written alike where their decoded octets are alike.
pub(super) fn write_canonical(class: &Class, text: &str, out: &mut String) {
    octets(text.as_bytes()).for_each(|(octet, _)| write_octet(class, octet, out));
}

fn write_octet(class: &Class, octet: u8, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    if class[octet as usize] {
        out.push(char::from(octet));
    } else {
        out.push('%');
        out.push(char::from(HEX[usize::from(octet >> 4)]));
        out.push(char::from(HEX[usize::from(octet & 15)]));
    }
}

/// Reports whether two texts are equal when their escapes are decoded.
///
/// [RFC 3261 §19.1.4](https://www.rfc-editor.org/rfc/rfc3261#section-19.1.4):
///
/// > Characters other than those in the "reserved" set (see RFC 2396 \[5\]) are equivalent to their ""%" HEX
/// > HEX" encoding.
pub(crate) fn same(left: &str, right: &str, ignore_case: bool) -> bool {
    if left == right {
        return true;
    }
    let fold = |(octet, escaped): (u8, bool)| {
        let octet = if ignore_case {
            octet.to_ascii_lowercase()
        } else {
            octet
        };
        (octet, escaped && is_reserved(octet))
    };
    octets(left.as_bytes())
        .map(fold)
        .eq(octets(right.as_bytes()).map(fold))
}

/// ```text
/// reserved = ";" / "/" / "?" / ":" / "@" / "&" / "=" / "+" / "$" / ","
/// ```
fn is_reserved(octet: u8) -> bool {
    matches!(
        octet,
        b';' | b'/' | b'?' | b':' | b'@' | b'&' | b'=' | b'+' | b'$' | b','
    )
}

/// Returns the decoded octets of `text`, each with whether it was escaped.
fn octets(text: &[u8]) -> impl Iterator<Item = (u8, bool)> + '_ {
    let digit = |octet: u8| char::from(octet).to_digit(16);
    let mut at = 0;
    std::iter::from_fn(move || {
        let octet = *text.get(at)?;
        at += 1;
        if octet == b'%'
            && let Some(&[high, low]) = text.get(at..at + 2)
            && let (Some(high), Some(low)) = (digit(high), digit(low))
        {
            at += 2;
            return Some(((high * 16 + low) as u8, true));
        }
        Some((octet, false))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_once() {
        assert_eq!(unescape("value%2541"), "value%41");
        assert_eq!(unescape("null-%00-null"), "null-\0-null");
        assert_eq!(unescape("%C3%A9%zz%4"), "é%zz%4");
        assert_eq!(unescape("%ff"), "\u{fffd}");
    }

    #[test]
    fn an_escape_equals_its_octet_unless_that_is_reserved() {
        assert!(same("%61lice", "alice", false));
        assert!(same("%6a", "%6A", false) && same("%3b", "%3B", false));
        assert!(!same("%41lice", "alice", false) && same("%41lice", "alice", true));
        assert!(!same("a%3bb", "a;b", false));
        assert!(!same("%00", "%00%00", false));
    }
}
