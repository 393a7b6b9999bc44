//! The Contact header, which says where its sender can be reached (RFC 3261 §20.10).

use std::borrow::Cow;

use super::{Field, Shape, TypedHeader, fault, outbound, qvalue, text_traits};
use crate::grammar::{Span, decimal, unquote};
use crate::{HeaderName, NameAddr, Params, ParseError, Uri};

/// A Contact header: an address, or `*` for all bindings.
///
/// ```text
/// Contact            = ("Contact" / "m" ) HCOLON ( STAR / (contact-param *(COMMA contact-param)))
/// contact-param      = (name-addr / addr-spec) *(SEMI contact-params)
/// contact-params     = c-p-q / c-p-expires / c-p-reg / c-p-instance / pub-gruu / temp-gruu / contact-extension
/// c-p-q              = "q" EQUAL qvalue
/// c-p-expires        = "expires" EQUAL delta-seconds
/// qvalue             = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )
/// ```
///
/// Two values are equal if their URIs, their `q` and `expires`, and the other parameters that both have are
/// equal.
///
/// ```
/// use spigot_parser::header::Contact;
///
/// let contact: Contact = "\"Mr. Watson\" <sip:watson@worcester.example>;q=0.7; expires=3600".parse()?;
/// assert_eq!((contact.q(), contact.expires()), (Some(0.7), Some(3600)));
/// assert!("*".parse::<Contact>()?.is_any());
///
/// let contact = Contact::new("sip:watson@192.0.2.4".parse()?).with_expires(60).with_q(0.5)?;
/// assert_eq!(contact.to_string(), "<sip:watson@192.0.2.4>;expires=60;q=0.5");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum Contact {
    /// The `*`, which stands for all bindings in a REGISTER (RFC 3261 §10.2.2).
    Any,
    /// An address whose known parameters follow their grammar, made by [`Contact::new`] or `Contact::from`.
    #[non_exhaustive]
    Address(NameAddr),
}

impl Contact {
    /// Creates a Contact of `<uri>`, without display name and parameters.
    pub fn new(uri: Uri) -> Contact {
        Contact::Address(NameAddr::new(uri))
    }

    /// Returns the address, or `None` for `*`.
    pub fn address(&self) -> Option<&NameAddr> {
        match self {
            Contact::Any => None,
            Contact::Address(address) => Some(address),
        }
    }

    /// Reports whether the value is `*`.
    pub fn is_any(&self) -> bool {
        matches!(self, Contact::Any)
    }

    /// Returns the URI, or `None` for `*`.
    pub fn uri(&self) -> Option<&Uri> {
        self.address().map(NameAddr::uri)
    }

    /// Returns the display name without its quotes, or `None` if it is missing or empty.
    pub fn display_name(&self) -> Option<Cow<'_, str>> {
        self.address().and_then(NameAddr::display_name)
    }

    /// Returns the parameters of the header, without those of the URI.
    pub fn params(&self) -> Params<'_> {
        self.address().map_or(Params::of_header(""), NameAddr::params)
    }

    /// Returns the value of the parameter `name` as written, or `Some(None)` if it has no value.
    pub fn param(&self, name: &str) -> Option<Option<&str>> {
        self.params().get(name)
    }

    /// Returns the lifetime of the binding in seconds.
    ///
    /// A number that does not fit 32 bits counts as missing (RFC 4475 §3.1.2.4). Anything but a number is
    /// 3600:
    ///
    /// > Malformed values SHOULD be treated as equivalent to 3600.
    ///
    /// ([RFC 3261 §20.10](https://www.rfc-editor.org/rfc/rfc3261#section-20.10))
    pub fn expires(&self) -> Option<u32> {
        let value = match self.param("expires")? {
            Some(value) => unquote(value),
            None => Cow::Borrowed(""),
        };
        if value.is_empty() || value.bytes().any(|octet| !octet.is_ascii_digit()) {
            return Some(MALFORMED_EXPIRES);
        }
        decimal(value.as_bytes(), u32::MAX)
    }

    /// Returns the preference among several contacts, from 0 to 1.
    pub fn q(&self) -> Option<f32> {
        self.param("q")?.and_then(qvalue::parse)
    }

    /// Sets the lifetime in seconds; `*` stays unchanged.
    pub fn with_expires(self, seconds: u32) -> Contact {
        match &self {
            Contact::Address(address) => match address.with_param("expires", Some(&seconds.to_string())) {
                Ok(address) => Contact::Address(address),
                // Setting it fails only if there are 64 other parameters.
                Err(_) => self,
            },
            Contact::Any => self,
        }
    }

    /// Sets the preference from 0 to 1, of which at most three decimals are written.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if `q` is not within 0 and 1, or for `*`.
    pub fn with_q(self, q: f32) -> Result<Contact, ParseError> {
        self.with_param("q", Some(&qvalue::print(q)?))
    }

    /// Sets the display name, which is written as a quoted string.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if `name` holds CR, LF or NUL, or for `*`.
    pub fn with_display_name(self, name: &str) -> Result<Contact, ParseError> {
        match self {
            Contact::Address(address) => address.with_display_name(name).map(Contact::Address),
            Contact::Any => fault(0, "an address instead of `*`"),
        }
    }

    /// Sets a parameter: replaces it if it is there, appends it otherwise.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Token`, `Value` or `TooManyParams` if name or value leave the
    /// grammar, or for `*`.
    pub fn with_param(self, name: &str, value: Option<&str>) -> Result<Contact, ParseError> {
        match self {
            Contact::Address(address) => checked(address.with_param(name, value)?),
            Contact::Any => fault(0, "an address instead of `*`"),
        }
    }
}

/// The lifetime in seconds that one which is no number stands for.
const MALFORMED_EXPIRES: u32 = 3600;

/// Returns what a known parameter has to be, if `value` does not follow its grammar.
fn violation(name: &str, value: Option<&str>) -> Option<&'static str> {
    match name.len() {
        1 if name.eq_ignore_ascii_case("q") => value
            .and_then(qvalue::parse)
            .is_none()
            .then_some(qvalue::EXPECTED),
        _ => outbound::violation(name, value),
    }
}

/// Checks that the known parameters follow their grammar, but for `expires`, which may be anything (RFC 4475
/// §3.1.2.4).
fn checked(address: NameAddr) -> Result<Contact, ParseError> {
    let violation = address
        .params()
        .find_map(|(name, value)| violation(name, value).map(|expected| (value.unwrap_or(name), expected)));
    match violation {
        Some((at, expected)) => fault(Span::within(address.as_str(), at).start(), expected),
        None => Ok(Contact::Address(address)),
    }
}

impl TypedHeader for Contact {
    const NAME: HeaderName = HeaderName::CONTACT;
    const SHAPE: Shape = Shape::List;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        match value.as_str() {
            "*" => Ok(Contact::Any),
            _ => checked(NameAddr::parse(value)?),
        }
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.address().map_or("*", NameAddr::as_str));
    }
}

impl PartialEq for Contact {
    fn eq(&self, other: &Contact) -> bool {
        match (self, other) {
            (Contact::Any, Contact::Any) => true,
            (Contact::Address(left), Contact::Address(right)) => left.matches(right, &["q", "expires"]),
            _ => false,
        }
    }
}

impl From<NameAddr> for Contact {
    /// Converts an address, leaving out the parameters that do not follow their grammar.
    fn from(address: NameAddr) -> Self {
        let found = address
            .params()
            .find(|(name, value)| violation(name, *value).is_some());
        match found.map(|(name, _)| address.without_param(name)) {
            Some(rest) => Contact::from(rest),
            None => Contact::Address(address),
        }
    }
}

text_traits!(Contact);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn contact(text: &str) -> Contact {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn parameters_outside_of_brackets_are_the_headers() {
        let outside = contact("sip:+19725552222@gw1.example.net;unknownparam");
        assert_eq!(outside.param("unknownparam"), Some(None));
        assert!(outside.uri().unwrap().params().is_empty());
        let inside = contact("<sip:+19725552222@gw1.example.net;unknownparam>");
        assert!(inside.params().is_empty());
        assert!(inside.uri().unwrap().params().contains("unknownparam"));
    }

    #[test]
    fn a_preference_is_from_0_to_1() {
        for (text, q) in [
            ("0", 0.0),
            ("0.", 0.0),
            ("0.33", 0.33),
            ("1", 1.0),
            ("1.000", 1.0),
        ] {
            assert_eq!(contact(&format!("<sip:a>;q={text}")).q(), Some(q));
        }
        for text in ["1.1", "2", "0.1234", "x", "-1", ".5", "\"0\""] {
            assert!(format!("<sip:a>;q={text}").parse::<Contact>().is_err(), "{text}");
        }
        assert!(contact("sip:a").with_q(1.5).is_err() && contact("sip:a").with_q(f32::NAN).is_err());
        assert_eq!(contact("sip:a").with_q(0.0).unwrap().to_string(), "<sip:a>;q=0");
    }

    #[test]
    fn a_lifetime_beyond_32_bits_counts_as_none() {
        assert_eq!(contact("<sip:a>;expires=4294967295").expires(), Some(u32::MAX));
        assert_eq!(contact("<sip:a>;expires=280297596632815").expires(), None);
        for malformed in [
            ";expires=never",
            ";expires",
            ";expires=\"Thu, 01 Dec 2030 16:00:00 GMT\"",
            ";expires=\"\"",
            ";expires=6e1",
            ";expires=-1",
        ] {
            assert_eq!(
                contact(&format!("<sip:a>{malformed}")).expires(),
                Some(3600),
                "{malformed}"
            );
        }
        assert_eq!(contact("<sip:a>;expires=\"60\"").expires(), Some(60));
        assert_eq!(contact("<sip:a>;q=1").expires(), None);
    }

    #[test]
    fn star_is_alone() {
        assert!(contact(" * ").is_any());
        assert_eq!(contact("*"), Contact::Any);
        assert!("*;expires=0".parse::<Contact>().is_err());
        assert!(Contact::Any.with_param("a", None).is_err());
    }

    #[test]
    fn what_torture_has_is_refused() {
        for text in [
            "\"Joe\" <sip:joe@example.org>;;;;",
            "sip:user@example.com?Route=%3Csip:sip.example.com%3E",
            "",
        ] {
            assert!(text.parse::<Contact>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(expires: u32, q in 0.0f32..=1.0, display in "[^\r\n\0]{0,12}") {
            let contact = Contact::new("sip:a@b;lr?x=y".parse().unwrap()).with_expires(expires).with_q(q).unwrap();
            let contact = contact.with_display_name(&display).unwrap();
            let again: Contact = contact.to_string().parse().unwrap();
            prop_assert_eq!(again.expires(), Some(expires));
            prop_assert!((again.q().unwrap() - q).abs() < 0.001);
            prop_assert_eq!(again, contact);
        }
    }
}
