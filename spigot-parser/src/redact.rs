//! Texts for logs and debugging, without the passwords of the URIs in them.
//!
//! The one invariant: the password of a URI that parses is hidden. Text that only looks like a password may
//! be hidden, too.

use std::fmt;

/// Displays a text with `(redacted)` for the passwords of its URIs.
///
/// It looks for `sip:`, `sips:` and `://` with an `@` after them in any text, because values that do not
/// parse are shown, too.
pub(crate) struct Redacted<'a>(pub(crate) &'a str);

impl fmt::Display for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0;
        let mut shown = 0;
        for (colon, _) in text.match_indices(':') {
            if colon < shown {
                continue;
            }
            if let Some((start, end)) = password(text.as_bytes(), colon) {
                write!(f, "{}(redacted)", &text[shown..start])?;
                shown = end;
            }
        }
        f.write_str(&text[shown..])
    }
}

/// Returns the range of the password, if the colon follows a scheme whose URIs may have one.
fn password(bytes: &[u8], colon: usize) -> Option<(usize, usize)> {
    let after = colon + 1;
    let (start, ends): (usize, &[u8]) = match bytes.get(after..after + 2) {
        _ if ends_in_sip(&bytes[..colon]) => (after, b" \t\r\n<>\""),
        Some(b"//") => (after + 2, b" \t\r\n<>\"/?#"),
        _ => return None,
    };
    let rest = &bytes[start..];
    let length = rest
        .iter()
        .position(|octet| ends.contains(octet))
        .unwrap_or(rest.len());
    let rest = &rest[..length];
    let first = rest.iter().position(|&octet| octet == b'@')?;
    // A password with an `@` does not parse, but is hidden, too.
    let host = &rest[first..];
    let host = &host[..host
        .iter()
        .position(|octet| b";?,".contains(octet))
        .unwrap_or(host.len())];
    let last = first + host.iter().rposition(|&octet| octet == b'@')?;
    let separator = rest[..first].iter().position(|&octet| octet == b':')?;
    (separator + 1 < last).then_some((start + separator + 1, start + last))
}

/// Reports whether the text ends in `sip` or `sips`, in any case.
fn ends_in_sip(bytes: &[u8]) -> bool {
    let ends_in = |scheme: &[u8]| {
        bytes
            .len()
            .checked_sub(scheme.len())
            .is_some_and(|at| bytes[at..].eq_ignore_ascii_case(scheme))
    };
    ends_in(b"sip") || ends_in(b"sips")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NameAddr, SipUri, Uri};
    use proptest::prelude::*;

    #[test]
    fn passwords_are_not_shown_and_all_else_is() {
        for (text, shown) in [
            ("sip:alice:secret@a.example", "sip:alice:(redacted)@a.example"),
            ("SIPS:a:p;x=1@b", "SIPS:a:(redacted)@b"),
            (
                "<sip:a:p@b>;x, <sip:c:q@d>",
                "<sip:a:(redacted)@b>;x, <sip:c:(redacted)@d>",
            ),
            ("sip:a:p@b,sip:c:q@d", "sip:a:(redacted)@b,sip:c:(redacted)@d"),
            ("sip:a:p@ss@b;x", "sip:a:(redacted)@b;x"),
            (
                "\"sip:\" <https://a:p@b/c:d@e>",
                "\"sip:\" <https://a:(redacted)@b/c:d@e>",
            ),
            ("sip:a@b:5060;x=y:z", "sip:a@b:5060;x=y:z"),
            ("sip:b:5060", "sip:b:5060"),
            ("sip:a:@b", "sip:a:@b"),
            ("sip:b:5060>;tag=x@y", "sip:b:5060>;tag=x@y"),
            // The user of a SIP URI may begin with slashes and have question marks.
            ("sip://?:=@b", "sip://?:(redacted)@b"),
            ("sips:///a?b:secret@c", "sips:///a?b:(redacted)@c"),
            ("mailto:a:b@c", "mailto:a:b@c"),
            ("call:1:2@host", "call:1:2@host"),
            ("sip:é:ü@b", "sip:é:(redacted)@b"),
            ("sip:sip:a:p@b", "sip:sip:(redacted)@b"),
            ("", ""),
        ] {
            assert_eq!(Redacted(text).to_string(), shown);
        }
    }

    #[test]
    fn debug_is_without_passwords_and_display_has_them() {
        let uri: Uri = "sip:alice:secret@a.example;lr?Subject=x".parse().unwrap();
        let address = NameAddr::new(uri.clone()).with_display_name("A").unwrap();
        for debug in [
            format!("{uri:?}"),
            format!("{address:?}"),
            format!("{:?}", uri.as_sip().unwrap()),
        ] {
            assert!(
                debug.contains("sip:alice:(redacted)@a.example;lr?Subject=x"),
                "{debug}"
            );
        }
        assert_eq!(uri.to_string(), "sip:alice:secret@a.example;lr?Subject=x");
        assert_eq!(
            address.to_string(),
            "\"A\" <sip:alice:secret@a.example;lr?Subject=x>"
        );
    }

    proptest! {
        #[test]
        fn no_password_that_parses_is_shown(
            user in "[a-z0-9;?/,&=+$_.!~*'()-]{1,6}|[a-z%40]{0,3}%3A", password in "([Z&=+$,_.!~*'()-]|%[0-9A-F]{2}){1,8}",
            host in "b|\\[::1\\]|1\\.2\\.3\\.4", rest in "(:5060)?(;x=y:z)?(\\?a=b)?", before in "([a-z]|<|\"|sip:| |,|é){0,4}"
        ) {
            let text = format!("sip:{user}:{password}@{host}{rest}");
            if let Ok(uri) = text.parse::<SipUri>() {
                let shown = format!("sip:{user}:(redacted)@{host}{rest}");
                prop_assert_eq!(format!("{uri:?}"), shown);
                let within = Redacted(&format!("{before}<{text}>")).to_string();
                prop_assert!(!within.contains(&format!(":{password}@")), "{}", within);
            }
        }

        #[test]
        fn no_text_panics(text in "(sips?:|://|[a-z:@;<é ]){0,20}") {
            let _ = Redacted(&text).to_string();
        }
    }
}
