//! Addresses: a URI with a display name and header parameters.
//!
//! The one invariant: the text is a `name-addr` or an `addr-spec` with its parameters, and the URI is the one
//! in it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use bytestring::ByteString;

use crate::field::Field;
use crate::grammar::{
    Span, blanks_end, is_name, is_one_line, is_token, quoted_end, token_end, unquote, write_quoted,
};
use crate::message::octets::find;
use crate::params::{self, MAX_PARAMS, Values};
use crate::redact::Redacted;
use crate::{ErrorKind, Params, ParseError, Uri};

/// A URI with a display name and header parameters: what From, To, Contact, Route and Record-Route hold.
///
/// ```text
/// ( name-addr / addr-spec ) *( SEMI generic-param )
/// name-addr    = [ display-name ] LAQUOT addr-spec RAQUOT
/// addr-spec    = SIP-URI / SIPS-URI / absoluteURI
/// display-name = *( token LWS ) / quoted-string
/// ```
///
/// Without angle brackets every `;` begins a parameter of the header, not of the URI, and the URI may hold no
/// `?` and no `,` ([RFC 3261 §20.10](https://www.rfc-editor.org/rfc/rfc3261#section-20.10)). The blank
/// between display name and `<` may be missing (RFC 4475 §3.1.1.6).
///
/// ```
/// use spigot_parser::NameAddr;
///
/// let address: NameAddr = r#""Alice \"A.\" Smith" <sip:alice@atlanta.example;lr>;tag=1"#.parse()?;
/// assert_eq!(address.display_name().unwrap(), r#"Alice "A." Smith"#);
/// assert_eq!(address.uri().user(), Some("alice"));
/// assert_eq!(address.param("tag"), Some(Some("1")));
///
/// let address = NameAddr::new("sip:bob@biloxi.example".parse()?).with_display_name("Bob")?;
/// assert_eq!(address.to_string(), r#""Bob" <sip:bob@biloxi.example>"#);
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct NameAddr {
    text: ByteString,
    uri: Uri,
    display: Span,
    tag: Span,
    params: u32,
}

fn fault<T>(at: usize, expected: &'static str) -> Result<T, ParseError> {
    Err(ParseError::new(ErrorKind::Value, at, expected))
}

impl NameAddr {
    /// Parses an address out of a field, sharing the field's text.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] or [`ErrorKind::Uri`] where the text leaves the grammar,
    /// [`ErrorKind::TooManyParams`], and [`ErrorKind::Duplicate`] for a second `tag`.
    #[inline]
    pub fn parse(field: Field<'_>) -> Result<NameAddr, ParseError> {
        let text = field.as_str();
        let (spans, tag) = places_and_tag(text)?;
        let (start, end) = spans.uri;
        match Uri::parse(field.narrow(&text[start..end])) {
            Ok(uri) => Ok(NameAddr {
                text: field.share(),
                uri,
                display: spans.display,
                tag,
                params: spans.params as u32,
            }),
            Err(error) => Err(error.shifted(start)),
        }
    }

    /// `<uri>`, without display name and parameters.
    pub fn new(uri: Uri) -> NameAddr {
        Parts {
            display: "",
            uri,
            params: "",
        }
        .join()
    }

    /// The text, parameters included.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The display name, without its quotes; `None` where there is none or it is empty.
    pub fn display_name(&self) -> Option<Cow<'_, str>> {
        let name = unquote(self.display.get(&self.text)?);
        (!name.is_empty()).then_some(name)
    }

    /// The URI.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The `tag`, if it is a token.
    pub(crate) fn tag(&self) -> Option<&str> {
        self.tag.get(&self.text)
    }

    /// The parameters of the header; those of the URI are the URI's.
    pub fn params(&self) -> Params<'_> {
        Params::of_header(&self.text[self.params as usize..])
    }

    /// The value of a parameter as written. `Some(None)`: it is there, without a value.
    pub fn param(&self, name: &str) -> Option<Option<&str>> {
        self.params().get(name)
    }

    /// Gives the address another display name, which is written as a quoted string.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] if `name` holds CR, LF or NUL.
    pub fn with_display_name(&self, name: &str) -> Result<NameAddr, ParseError> {
        if !is_one_line(name) {
            return fault(0, "a display name without CR, LF or NUL");
        }
        let mut display = String::with_capacity(name.len() + 2);
        write_quoted(name, &mut display);
        Ok(Parts {
            display: &display,
            ..self.parts()
        }
        .join())
    }

    /// Gives the address another URI, and keeps display name and parameters.
    pub fn with_uri(&self, uri: Uri) -> NameAddr {
        Parts { uri, ..self.parts() }.join()
    }

    /// Sets one header parameter of the address: in its place if it is there, at the end otherwise. `value`
    /// is written as it is: a token, a host, or a quoted string with its quotes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] or [`ErrorKind::Value`] if name or value leave the grammar,
    /// [`ErrorKind::TooManyParams`].
    pub fn with_param(&self, name: &str, value: Option<&str>) -> Result<NameAddr, ParseError> {
        params::check(name, value)?;
        let address = self.set_param(name, Some(value));
        if address.params().count() > MAX_PARAMS {
            return Err(params::too_many(0));
        }
        Ok(address)
    }

    /// Removes the header parameters of that name from the address.
    pub fn without_param(&self, name: &str) -> NameAddr {
        self.set_param(name, None)
    }

    /// Removes all header parameters from the address.
    pub fn without_params(&self) -> NameAddr {
        Parts {
            params: "",
            ..self.parts()
        }
        .join()
    }

    /// `name` and value were checked.
    pub(crate) fn set_param(&self, name: &str, setting: Option<Option<&str>>) -> NameAddr {
        let mut params = String::with_capacity(self.text.len());
        params::write_with(self.params(), name, setting, &mut params);
        Parts {
            params: &params,
            ..self.parts()
        }
        .join()
    }

    fn parts(&self) -> Parts<'_> {
        Parts {
            display: self.display.of(&self.text),
            uri: self.uri.clone(),
            params: self.params().as_str(),
        }
    }

    /// Whether the URIs are equal and the parameters agree: one that only one of the two has makes a
    /// difference only if it is among `counting`.
    ///
    /// [RFC 3261 §20.20](https://www.rfc-editor.org/rfc/rfc3261#section-20.20):
    ///
    /// > Two From header fields are equivalent if their URIs match, and their parameters match. Extension
    /// > parameters in one header field, not present in the other are ignored for the purposes of comparison.
    /// > This means that the display name and presence or absence of angle brackets do not affect matching.
    pub(crate) fn matches(&self, other: &NameAddr, counting: &[&str]) -> bool {
        self.uri == other.uri
            && params::agree(self.params(), other.params(), |name| {
                counting.iter().any(|counts| counts.eq_ignore_ascii_case(name))
            })
    }
}

/// Where the parts of an address are.
struct AddressSpans {
    display: Span,
    uri: (usize, usize),
    params: usize,
}

/// Finds the parts of an address; its URI and its parameters are still to be looked at.
fn spans(text: &str) -> Result<AddressSpans, ParseError> {
    let bytes = text.as_bytes();
    let (display, bracket) = match bytes.first() {
        Some(b'<') => (0, 0),
        Some(b'"') => match quoted_end(bytes, 0) {
            Some(end) => (end, blanks_end(bytes, end)),
            None => return fault(0, "a quoted display name that ends"),
        },
        _ => tokens_end(bytes),
    };
    match bytes.get(bracket) {
        Some(b'<') => match find(bytes, bracket + 1, b'>') {
            Some(end) => Ok(AddressSpans {
                display: Span::new(0, display),
                uri: (bracket + 1, end),
                params: end + 1,
            }),
            None => fault(text.len(), "`>` after the URI"),
        },
        // Tokens that no `<` follows were no display name, but the beginning of a URI.
        _ if bytes.first() != Some(&b'"') => {
            let end = bare_end(bytes)?;
            Ok(AddressSpans {
                display: Span::default(),
                uri: (0, end),
                params: end,
            })
        }
        _ => fault(bracket, "`<` after the display name"),
    }
}

/// Scans the parameters that begin at `at`, and finds a `tag` that is a token.
fn tag(bytes: &[u8], at: usize) -> Result<Span, ParseError> {
    let mut tag = Span::default();
    if at == bytes.len() {
        return Ok(tag);
    }
    params::scan(bytes, at, Values::Generic, |param| {
        if let Some((start, end)) = param.value
            && param.is_token
            && is_name(&bytes[param.name.0..param.name.1], b"tag")
        {
            tag = Span::new(start, end);
        }
        Ok(())
    })?;
    Ok(tag)
}

/// Finds the parts of an address and its `tag`; the URI is still to be looked at.
#[inline(always)]
fn places_and_tag(text: &str) -> Result<(AddressSpans, Span), ParseError> {
    let spans = spans(text)?;
    match tag(text.as_bytes(), spans.params) {
        Ok(tag) => Ok((spans, tag)),
        // A fault in the URI comes before one in the parameters.
        Err(error) => {
            let (start, end) = spans.uri;
            match Uri::check(&text[start..end]) {
                Ok(()) => Err(error),
                Err(error) => Err(error.shifted(start)),
            }
        }
    }
}

/// Checks the address that the whole of `text` is, as From and To do, and finds its `tag`.
///
/// # Errors
///
/// As [`From`](crate::header::From) and [`To`](crate::header::To) have them when they are parsed.
pub(crate) fn checked_tag(text: &str) -> Result<Option<&str>, ParseError> {
    let (spans, tag) = places_and_tag(text)?;
    let (start, end) = spans.uri;
    if let Err(error) = Uri::check(&text[start..end]) {
        return Err(error.shifted(start));
    }
    match tag.get(text) {
        None => no_other_tag(text, spans.params).map(|()| None),
        tag => Ok(tag),
    }
}

/// The `tag` of the address that the whole of `text` is, where there is one. The URI is passed over and not
/// looked at.
///
/// # Errors
///
/// [`ErrorKind`](crate::ErrorKind) `Value`, `Duplicate` or `TooManyParams` where display name or parameters
/// leave the grammar, and where a tag is no token.
pub(crate) fn tag_of(text: &str) -> Result<Option<&str>, ParseError> {
    let start = spans(text)?.params;
    if let Some(tag) = tag(text.as_bytes(), start)?.get(text) {
        return Ok(Some(tag));
    }
    no_other_tag(text, start)?;
    Ok(None)
}

/// Refuses a `tag` that is no token, among parameters that begin at `start`.
fn no_other_tag(text: &str, start: usize) -> Result<(), ParseError> {
    let mut params = Params::of_header(&text[start..]);
    match params.find(|(name, _)| name.eq_ignore_ascii_case("tag")) {
        None => Ok(()),
        Some((name, value)) => fault(params::place_in(text, name, value), "a tag that is a token"),
    }
}

/// The end of the tokens at the beginning of `bytes`, and the first octet that is neither token nor blank.
fn tokens_end(bytes: &[u8]) -> (usize, usize) {
    let (mut end, mut next) = (0, 0);
    loop {
        let token = token_end(bytes, next);
        if token == next {
            return (end, next);
        }
        end = token;
        next = blanks_end(bytes, token);
    }
}

/// The end of the URI that is not in brackets.
fn bare_end(bytes: &[u8]) -> Result<usize, ParseError> {
    let end = bytes
        .iter()
        .position(|octet| matches!(octet, b';' | b' ' | b'\t' | b',' | b'?' | b'<' | b'>' | b'"'));
    match end.map(|end| (end, bytes[end])) {
        None => Ok(bytes.len()),
        Some((end, b',')) if !bytes[..end].contains(&b':') => {
            fault(end, "a display name of tokens, or one in quotes")
        }
        Some((end, b';' | b' ' | b'\t')) => Ok(end),
        Some((end, b',' | b'?')) => fault(end, "`<` and `>` around a URI that holds `,` or `?`"),
        Some((end, _)) => fault(end, "a display name of tokens, or one in quotes"),
    }
}

impl PartialEq for NameAddr {
    fn eq(&self, other: &NameAddr) -> bool {
        self.matches(other, &["tag"])
    }
}

impl From<Uri> for NameAddr {
    fn from(uri: Uri) -> Self {
        NameAddr::new(uri)
    }
}

impl FromStr for NameAddr {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        NameAddr::parse(Field::new(text)).map_err(|error| error.shifted(blanks_end(text.as_bytes(), 0)))
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// As it is printed, without a password in the URI.
impl fmt::Debug for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Redacted(&self.text))
    }
}

/// An address in its parts, each of which was checked; `display` with its quotes.
struct Parts<'a> {
    display: &'a str,
    uri: Uri,
    params: &'a str,
}

impl Parts<'_> {
    fn join(self) -> NameAddr {
        let uri = self.uri.as_str();
        let mut text = String::with_capacity(self.display.len() + uri.len() + self.params.len() + 3);
        text.push_str(self.display);
        if !self.display.is_empty() {
            text.push(' ');
        }
        text.push('<');
        text.push_str(uri);
        text.push('>');
        let params = text.len();
        text.push_str(self.params);
        let tag = match Params::of_header(&text[params..]).get("tag") {
            Some(Some(tag)) if is_token(tag) => Span::within(&text, tag),
            _ => Span::default(),
        };
        let display = Span::new(0, self.display.len());
        NameAddr {
            text: text.into(),
            uri: self.uri,
            display,
            tag,
            params: params as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn address(text: &str) -> NameAddr {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn the_forms_of_an_address() {
        for (text, display, uri, params) in [
            ("<sip:a@b>", None, "sip:a@b", ""),
            ("sip:a@b", None, "sip:a@b", ""),
            ("sip:a@b;tag=1", None, "sip:a@b", ";tag=1"),
            ("sip:a@b ; tag = 1", None, "sip:a@b", " ; tag = 1"),
            ("caller<sip:a@b;x>;y", Some("caller"), "sip:a@b;x", ";y"),
            ("The  Caller \t<sip:a@b>", Some("The  Caller"), "sip:a@b", ""),
            ("\"a, <b>\" <sip:a@b>", Some("a, <b>"), "sip:a@b", ""),
            ("\"\" <sip:a@b>", None, "sip:a@b", ""),
            ("%Z%45 <sip:a@b>", Some("%Z%45"), "sip:a@b", ""),
            (
                "\"J Rosenberg \\\\\\\"\"  <sip:a@b>  ;  tag  = 98asjd8",
                Some("J Rosenberg \\\""),
                "sip:a@b",
                "  ;  tag  = 98asjd8",
            ),
            ("isbn:2983792873", None, "isbn:2983792873", ""),
            ("  <tel:+1>  ", None, "tel:+1", ""),
        ] {
            let address = address(text);
            assert_eq!(address.display_name().as_deref(), display, "{text}");
            assert_eq!(
                (address.uri().as_str(), address.params().as_str()),
                (uri, params),
                "{text}"
            );
            assert_eq!(address.to_string(), text.trim());
        }
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            ("\"open <sip:a@b>", 0),
            ("a, b <sip:a@b>", 1),
            ("<sip:a@b", 8),
            ("< sip:a@b>", 1),
            ("<sip:a@b >", 8),
            ("<sip:a@b>x", 9),
            ("<sip:a@b>;;", 10),
            ("<sip:a@b>;x=", 12),
            ("sip:a@b?x=y", 7),
            ("sip:a@b,c", 7),
            ("\"x\" sip:a@b", 4),
            ("é <sip:a@b>", 0),
            ("sip:user;par=x@b", 14),
            ("<sip:a@b>;x=\"y", 12),
            ("<>", 1),
            ("<sip:a@b>\r\nVia: x", 9),
            (" <sip:a@b>;=", 11),
        ] {
            let error = text.parse::<NameAddr>().expect_err(text);
            assert_eq!(error.offset(), offset, "{text}: {error}");
        }
        for twice in [
            "tag=1;tag=2",
            "tag=\"1\";TAG=2",
            "tag;tag=2",
            "tag=[::1];tag=2",
            "tag=2;tag",
        ] {
            let two = format!("<sip:a@b>;{twice}").parse::<NameAddr>().unwrap_err();
            assert_eq!(two.kind(), ErrorKind::Duplicate);
        }
    }

    #[test]
    fn changes_write_what_they_say() {
        let plain = address("sip:a@b;x=1");
        assert_eq!(
            plain.with_display_name("A \"B\"").unwrap().as_str(),
            "\"A \\\"B\\\"\" <sip:a@b>;x=1"
        );
        assert_eq!(plain.with_param("tag", Some("t")).unwrap().tag(), Some("t"));
        assert_eq!(
            plain.with_param("X", Some("\"q;\"")).unwrap().as_str(),
            "<sip:a@b>;X=\"q;\""
        );
        assert_eq!(plain.without_param("x").as_str(), "<sip:a@b>");
        assert_eq!(plain.with_uri("tel:+1".parse().unwrap()).as_str(), "<tel:+1>;x=1");
        for evil in ["a\r\nb", "a\0", "a\n"] {
            assert!(plain.with_display_name(evil).is_err());
            assert!(plain.with_param("x", Some(evil)).is_err() && plain.with_param(evil, None).is_err());
        }
        for evil in ["a;b", "a, b", "\"a", "a\"", "", "\"a\r\nb\""] {
            assert!(plain.with_param("x", Some(evil)).is_err(), "{evil:?}");
        }
    }

    #[test]
    fn display_names_and_brackets_do_not_count() {
        assert_eq!(address("\"A\" <sip:a@b>;tag=1"), address("sip:a@B;tag=1;ext"));
        assert_ne!(address("<sip:a@b>;tag=1"), address("<sip:a@b>"));
        assert_ne!(address("<sip:a@b>;tag=a"), address("<sip:a@b>;tag=A"));
        assert_ne!(address("<sip:a@b>;x=1"), address("<sip:a@b>;x=2"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}", likely in "[\"a <>;=,\\\\]{0,10}<?sip:[a-z@]{1,5}>?[;=a \"]{0,8}") {
            let _ = text.parse::<NameAddr>();
            if let Ok(address) = likely.parse::<NameAddr>() {
                prop_assert_eq!(address.as_str(), likely.trim_matches([' ', '\t']));
            }
        }

        #[test]
        fn what_is_built_parses_to_itself(display in "[^\r\n\0]{0,20}", tag in "[a-z0-9.-]{1,8}") {
            let built = NameAddr::new("sip:a@b;lr".parse().unwrap());
            let built = built.with_display_name(&display).unwrap().with_param("tag", Some(&tag)).unwrap();
            let again: NameAddr = built.to_string().parse().unwrap();
            prop_assert_eq!(again.display_name().unwrap_or_default(), display);
            prop_assert_eq!(again.tag(), Some(&*tag));
            prop_assert_eq!(again, built);
        }
    }
}
