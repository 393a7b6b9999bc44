//! URIs whose schemes have no meaning in SIP.

use bytestring::ByteString;

use super::escape::escaped_end;
use crate::field::Field;
use crate::grammar::{Class, alphanum_and, class_end};
use crate::{ErrorKind, ParseError};

static SCHEME: Class = alphanum_and(b"+-.");

/// The `uric` of the grammar, and the brackets of IPv6 addresses (RFC 3986 §3.2.2).
pub(crate) static URIC: Class = alphanum_and(b"-_.!~*'();/?:@&=+$,[]");

/// A URI of any scheme other than `sip`, `sips` and `tel`, kept as text.
///
/// ```text
/// absoluteURI = scheme ":" ( hier-part / opaque-part )
/// scheme      = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )
/// uric        = reserved / unreserved / escaped
/// ```
///
/// ```
/// use spigot_parser::{AbsoluteUri, Uri};
///
/// let uri: AbsoluteUri = "soap.beep://192.0.2.103:3002".parse()?;
/// assert_eq!((uri.scheme(), uri.opaque()), ("soap.beep", "//192.0.2.103:3002"));
/// assert!(matches!("urn:service:sos".parse()?, Uri::Other(_)));
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct AbsoluteUri {
    text: ByteString,
    scheme_end: u32,
}

impl AbsoluteUri {
    /// Parses a URI from a field, sharing the field's text.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Uri`] where the text leaves the grammar, and for the schemes that have types of their
    /// own.
    pub fn parse(field: Field<'_>) -> Result<AbsoluteUri, ParseError> {
        let scheme_end = scheme_end(field.as_str())?;
        Ok(AbsoluteUri {
            text: field.share(),
            scheme_end: scheme_end as u32,
        })
    }

    /// Returns the text of the URI.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the scheme as written.
    pub fn scheme(&self) -> &str {
        &self.text[..self.scheme_end as usize]
    }

    /// Returns what follows the scheme and its colon.
    pub fn opaque(&self) -> &str {
        &self.text[self.scheme_end as usize + 1..]
    }
}

/// Where the scheme ends in the URI that the whole of `text` is.
pub(super) fn scheme_end(text: &str) -> Result<usize, ParseError> {
    let bytes = text.as_bytes();
    let fault = |at, expected| Err(ParseError::new(ErrorKind::Uri, at, expected));
    if !bytes.first().is_some_and(u8::is_ascii_alphabetic) {
        return fault(0, "a URI, which begins with its scheme");
    }
    let scheme_end = class_end(&SCHEME, bytes, 0);
    if bytes.get(scheme_end) != Some(&b':') {
        return fault(scheme_end, "`:` after the scheme");
    }
    let end = escaped_end(&URIC, bytes, scheme_end + 1);
    if end == scheme_end + 1 {
        return fault(end, "something after the scheme");
    }
    if end != bytes.len() {
        return fault(end, "the end of the URI");
    }
    // It would be printed as a URI that it is not held to the grammar of.
    if super::scan::scheme(text).is_some() || super::tel::is_tel(text) {
        return fault(0, "a scheme that is not `sip`, `sips` or `tel`");
    }
    Ok(scheme_end)
}

/// Schemes compare without case, the rest octet by octet: its meaning is not known here.
impl PartialEq for AbsoluteUri {
    fn eq(&self, other: &AbsoluteUri) -> bool {
        self.scheme().eq_ignore_ascii_case(other.scheme()) && self.opaque() == other.opaque()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Uri;
    use proptest::prelude::*;

    #[test]
    fn unknown_schemes_are_kept_as_they_are() {
        for text in [
            "nobodyKnowsThisScheme:totallyopaquecontent",
            "http://www.example.com/a?b=%20",
            "isbn:2983792873",
            "name:John_Smith",
            "http://[::1]/",
            "sipx:a",
            "telx:a",
        ] {
            assert!(
                matches!(text.parse::<Uri>(), Ok(Uri::Other(uri)) if uri.as_str() == text),
                "{text}"
            );
        }
    }

    #[test]
    fn what_the_grammar_forbids_is_refused() {
        for text in [
            "", ":", "a", "a:", "1a:b", "a:b c", "a:b<", "a:\"", "a:b%4", "a:b\r\n", "*", "a_b:c", "sip:a",
            "SIPS:a", "sip:;;", "Tel:-",
        ] {
            assert_eq!(
                text.parse::<AbsoluteUri>().unwrap_err().kind(),
                ErrorKind::Uri,
                "{text}"
            );
        }
    }

    #[test]
    fn the_scheme_has_no_case() {
        let uri = |text: &str| text.parse::<AbsoluteUri>().unwrap();
        assert_eq!(uri("URN:a"), uri("urn:a"));
        assert_ne!(uri("urn:a"), uri("urn:A"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}") {
            if let Ok(uri) = text.parse::<Uri>() {
                prop_assert_eq!(uri.to_string(), text);
            }
        }
    }
}
