//! Values that state their character set: the `ext-value` of `username*` (RFC 5987 §3.2.1).
//!
//! The one invariant: decoded values are UTF-8 without control characters.

/// Encodes `value` as an `ext-value`.
pub(super) fn written(value: &str) -> String {
    let mut text = String::from("UTF-8''");
    for octet in value.bytes() {
        match octet {
            b'-' | b'.' | b'_' | b'~' => text.push(char::from(octet)),
            _ if octet.is_ascii_alphanumeric() => text.push(char::from(octet)),
            _ => text.push_str(&format!("%{octet:02X}")),
        }
    }
    text
}

/// Decodes an `ext-value`; returns `None` if `text` is none.
///
/// ```text
/// ext-value   = charset  "'" [ language ] "'" value-chars
/// value-chars = *( pct-encoded / attr-char )
/// attr-char   = ALPHA / DIGIT / "!" / "#" / "$" / "&" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~"
/// ```
pub(super) fn decoded(text: &str) -> Option<String> {
    let (charset, rest) = text.split_once('\'')?;
    let (_, value) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("UTF-8") {
        return None;
    }
    let mut octets = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&octet, after)) = rest.split_first() {
        rest = after;
        match octet {
            b'%' => {
                let [high, low, after @ ..] = rest else {
                    return None;
                };
                let digit = |octet: u8| char::from(octet).to_digit(16);
                octets.push((digit(*high)? * 16 + digit(*low)?) as u8);
                rest = after;
            }
            _ if octet.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&octet) => octets.push(octet),
            _ => return None,
        }
    }
    let value = String::from_utf8(octets).ok()?;
    (!value.contains(|c: char| c.is_ascii_control())).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_charset_a_language_and_octets() {
        assert_eq!(decoded("UTF-8''J%C3%A4s%c3%B8n%20Doe").unwrap(), "Jäsøn Doe");
        assert_eq!(decoded("utf-8'en-GB'a#$&+^`|b").unwrap(), "a#$&+^`|b");
        assert_eq!(decoded("UTF-8''").unwrap(), "");
        for text in [
            "",
            "a",
            "UTF-8'a",
            "ISO-8859-1''a",
            "\"UTF-8''a\"",
            "UTF-8''%C3",
            "UTF-8''%0",
            "UTF-8''%",
            "UTF-8''%+1",
            "UTF-8''a%0D%0Ab",
            "UTF-8''%7F",
            "UTF-8''a*",
            "UTF-8''a'",
            "UTF-8''a b",
            "UTF-8''é",
        ] {
            assert_eq!(decoded(text), None, "{text}");
        }
        assert_eq!(written("Jäs ø*'\""), "UTF-8''J%C3%A4s%20%C3%B8%2A%27%22");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value in "[^\\x00-\\x1f\\x7f]{0,20}", text in ".{0,20}") {
            prop_assert_eq!(decoded(&written(&value)), Some(value));
            let _ = decoded(&format!("UTF-8''{text}"));
        }
    }
}
