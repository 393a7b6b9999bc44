//! The Content-ID header, which names a body for references to it (RFC 8262).

use bytestring::ByteString;

use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{Class, alphanum_and, class_end, quoted_end};
use crate::{HeaderName, ParseError};

/// A Content-ID header: the identifier of a body or body part, to which `cid:` URLs refer.
///
/// ```text
/// Content-ID    = "Content-ID" HCOLON msg-id
/// msg-id        = "<" id-left "@" id-right ">"
/// id-left       = dot-atom-text / obs-id-left
/// id-right      = dot-atom-text / no-fold-literal / obs-id-right
/// dot-atom-text = 1*atext *("." 1*atext)
/// ```
///
/// The two sides of the identifier are those of RFC 5322 §3.6.4. Of their obsolete forms only a quoted string
/// on the left is accepted.
///
/// ```
/// use spigot_parser::header::ContentId;
///
/// let id: ContentId = "<cn35t8jf02@example.com>".parse()?;
/// assert_eq!(id.as_str(), "cn35t8jf02@example.com");
/// assert!(id.is_target_of("cid:cn35t8jf02@example.com"));
/// assert_eq!(ContentId::new("7@pc33.atlanta.example.com")?.to_string(), "<7@pc33.atlanta.example.com>");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ContentId {
    text: ByteString,
}

impl ContentId {
    /// Creates a Content-ID from the identifier `id`, without angle brackets.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if it leaves the grammar.
    pub fn new(id: &str) -> Result<ContentId, ParseError> {
        ContentId::parse(Field::exact(&format!("<{id}>")))
    }

    /// Returns the identifier without its angle brackets.
    pub fn as_str(&self) -> &str {
        let text = self.text.strip_prefix('<').unwrap_or(&self.text);
        text.strip_suffix('>').unwrap_or(text)
    }

    /// Reports whether the `cid:` URL `url` refers to this identifier; any octet of the URL may be escaped
    /// (RFC 2392 §2).
    pub fn is_target_of(&self, url: &str) -> bool {
        match url.split_at_checked(4) {
            Some((scheme, id)) => {
                scheme.eq_ignore_ascii_case("cid:") && crate::uri::escape::unescape(id) == self.as_str()
            }
            None => false,
        }
    }
}

/// ```text
/// atext = ALPHA / DIGIT / "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "/" / "=" / "?" / "^" / "_" / "`" /
///         "{" / "|" / "}" / "~"
/// ```
static ATEXT: Class = alphanum_and(b"!#$%&'*+-/=?^_`{|}~");

/// ```text
/// no-fold-literal = "[" *dtext "]"
/// dtext           = %d33-90 / %d94-126
/// ```
static DTEXT: Class = {
    let mut class = alphanum_and(b"");
    let mut octet = 33;
    while octet < 127 {
        class[octet] = !matches!(octet as u8, b'[' | b'\\' | b']');
        octet += 1;
    }
    class
};

/// Returns the end of the `dot-atom-text` that begins at `at`, if there is one.
fn dot_atom_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let end = class_end(&ATEXT, bytes, at);
        if end == at {
            return None;
        }
        if bytes.get(end) != Some(&b'.') {
            return Some(end);
        }
        at = end + 1;
    }
}

fn id_left_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at) {
        Some(b'"') => quoted_end(bytes, at)
            .filter(|end| bytes[at..*end].iter().all(|octet| matches!(octet, b' '..=b'~'))),
        _ => dot_atom_end(bytes, at),
    }
}

fn id_right_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at) {
        Some(b'[') => {
            let end = class_end(&DTEXT, bytes, at + 1);
            (bytes.get(end) == Some(&b']')).then_some(end + 1)
        }
        _ => dot_atom_end(bytes, at),
    }
}

impl TypedHeader for ContentId {
    const NAME: HeaderName = HeaderName::CONTENT_ID;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let bytes = value.as_str().as_bytes();
        if bytes.first() != Some(&b'<') {
            return fault(0, "`<` and an identifier");
        }
        let Some(at) = id_left_end(bytes, 1) else {
            return fault(1, "the left half of an identifier");
        };
        if bytes.get(at) != Some(&b'@') {
            return fault(at, "`@` in the identifier");
        }
        let Some(end) = id_right_end(bytes, at + 1) else {
            return fault(at + 1, "the right half of an identifier");
        };
        match &bytes[end..] {
            b">" => Ok(ContentId { text: value.share() }),
            _ => fault(end, "`>` and the end of the value"),
        }
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.text);
    }
}

text_traits!(ContentId);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn identifiers_and_nothing_else() {
        for good in [
            "<a@b>",
            "<a.b+c@d.e>",
            "<\"a b>\"@c>",
            "<a@[2001:db8::1]>",
            "<a@[]>",
            "<1/2=3@4>",
        ] {
            assert!(good.parse::<ContentId>().is_ok(), "{good}");
        }
        for (bad, offset) in [
            ("", 0),
            ("a@b", 0),
            ("<>", 1),
            ("<a>", 2),
            ("<@b>", 1),
            ("<a@>", 3),
            ("<a.@b>", 1),
            ("<.a@b>", 1),
            ("<a@b", 4),
            ("<a@b> ;x", 4),
            ("<a@b.>", 3),
            ("<a@b@c>", 4),
            ("<a b@c>", 2),
            ("<a@[b>", 3),
            ("<é@b>", 1),
            ("<\"a\\\u{7}\"@b>", 1),
        ] {
            assert_eq!(bad.parse::<ContentId>().unwrap_err().offset(), offset, "{bad}");
        }
    }

    #[test]
    fn a_cid_url_names_it_octet_by_octet() {
        let id = ContentId::new("a%b@c").unwrap();
        assert!(id.is_target_of("cid:a%25b@c") && id.is_target_of("CID:%61%25b%40c"));
        for other in [
            "",
            "cid",
            "cid:",
            "cid:A%25b@c",
            "cid:<a%25b@c>",
            "mid:a%25b@c",
            "é:",
        ] {
            assert!(!id.is_target_of(other), "{other}");
        }
    }

    #[test]
    fn nothing_evil_is_built() {
        for evil in testing::EVIL {
            assert!(ContentId::new(evil).is_err(), "{evil:?}");
            assert!(ContentId::new(&format!("{evil}@b")).is_err(), "{evil:?}");
            assert!(ContentId::new(&format!("a@{evil}")).is_err(), "{evil:?}");
        }
        assert!(ContentId::new("\"\\\0\"@b").is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            left in "[a-zA-Z0-9!#$&'*+/=?^_`{|}~-]{1,8}(\\.[a-z]{1,3}){0,2}|\"[ !#-\\[]{0,6}\"",
            right in "[a-z0-9-]{1,8}(\\.[a-z]{1,3}){0,2}|\\[[0-9.:]{0,9}\\]",
        ) {
            let id = ContentId::new(&format!("{left}@{right}")).unwrap();
            testing::assert_round_trip(&id);
            prop_assert_eq!(id.as_str(), format!("{left}@{right}"));
        }
    }
}
