//! The grammar of URNs ([RFC 8141 §2](https://www.rfc-editor.org/rfc/rfc8141#section-2)), without a fragment:
//! no `instance-val` has one ([RFC 5626 §10](https://www.rfc-editor.org/rfc/rfc5626#section-10)).

/// Reports whether a text is a URN.
///
/// ```text
/// namestring    = assigned-name [ rq-components ] [ "#" f-component ]
/// assigned-name = "urn" ":" NID ":" NSS
/// NSS           = pchar *(pchar / "/")
/// ```
pub(super) fn is_urn(text: &str) -> bool {
    let mut parts = text.splitn(3, ':');
    let (Some(scheme), Some(nid), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let (nss, components) = match rest.split_once('?') {
        Some((nss, components)) => (nss, Some(components)),
        None => (rest, None),
    };
    scheme.eq_ignore_ascii_case("urn")
        && is_nid(nid)
        && is_path(nss, b"/")
        && components.is_none_or(are_components)
}

/// Reports whether a text is the namespace of a URN.
///
/// ```text
/// NID = (alphanum) 0*30(ldh) (alphanum)
/// ldh = alphanum / "-"
/// ```
fn is_nid(text: &str) -> bool {
    (2..=32).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
}

/// Reports whether a text can follow the first `?` of a URN.
///
/// ```text
/// rq-components = [ "?+" r-component ] [ "?=" q-component ]
/// r-component   = pchar *( pchar / "/" / "?" )
/// q-component   = pchar *( pchar / "/" / "?" )
/// ```
fn are_components(text: &str) -> bool {
    let is_component = |text: &str| is_path(text, b"/?");
    match (text.strip_prefix('+'), text.strip_prefix('=')) {
        (Some(resolution), _) => match resolution.split_once("?=") {
            Some((resolution, query)) => is_component(resolution) && is_component(query),
            None => is_component(resolution),
        },
        (_, Some(query)) => is_component(query),
        (None, None) => false,
    }
}

/// Reports whether a text is a `pchar`, and then more of them or of the octets `also`.
///
/// ```text
/// pchar = unreserved / pct-encoded / sub-delims / ":" / "@"
/// ```
fn is_path(text: &str, also: &[u8]) -> bool {
    let mut octets = text.bytes().enumerate();
    while let Some((at, octet)) = octets.next() {
        let fits = match octet {
            b'%' => (0..2).all(|_| octets.next().is_some_and(|(_, octet)| octet.is_ascii_hexdigit())),
            _ => {
                octet.is_ascii_alphanumeric()
                    || b"-._~!$&'()*+,;=:@".contains(&octet)
                    || at > 0 && also.contains(&octet)
            }
        };
        if !fits {
            return false;
        }
    }
    !text.is_empty()
}

#[cfg(test)]
mod tests {
    use super::is_urn;

    #[test]
    fn urns_are_told_from_what_is_none() {
        for urn in [
            "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            "URN:UUID:F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6",
            "urn:gsma:imei:90420156-025763-0",
            "urn:example:a123,0%7C00/z456",
            "urn:example:foo-bar-baz-qux?+CCResolve:cc=uk?=lat=34",
            "urn:example:weather?=op=map&lat=39.56?/x",
            "urn:example:a%C3",
            "urn:ab:c",
        ] {
            assert!(is_urn(urn), "{urn}");
        }
        for text in [
            "",
            "alice",
            "uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            "sip:alice@example.com",
            "urn:",
            "urn:uuid",
            "urn:uuid:",
            "urn::x",
            "urn:a:x",
            "urn:-a:x",
            "urn:a-:x",
            "urn:abcdefghijklmnopqrstuvwxyz0123456:x",
            "urn:a_b:x",
            "urn:example:/x",
            "urn:example:a b",
            "urn:example:a%4",
            "urn:example:a%zz",
            "urn:example:ä",
            "urn:example:a?b",
            "urn:example:a?+",
            "urn:example:a?+/b",
            "urn:example:a?+b?=",
            "urn:example:a#b",
            "urn:example:a>\";reg-id=7;x=\"<",
            "<urn:example:a>",
            "urn:example:a\r\nVia: x",
            "urn:example:a\\",
        ] {
            assert!(!is_urn(text), "{text}");
        }
    }
}
