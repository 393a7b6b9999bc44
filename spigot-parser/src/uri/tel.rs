//! Telephone numbers as URIs (RFC 3966).

use bytestring::ByteString;

use super::scan::scan_params;
use crate::field::Field;
use crate::grammar::{Class, alphanum_and};
use crate::{ErrorKind, Params, ParseError};

/// The octets of local numbers. RFC 3966 §3 has `phonedigit-hex = HEXDIG / "*" / "#" / [ visual-separator ]`.
static LOCAL: Class = {
    let mut class = alphanum_and(b"*#-.()");
    let mut octet = b'g';
    while octet <= b'z' {
        class[octet as usize] = false;
        class[octet.to_ascii_uppercase() as usize] = false;
        octet += 1;
    }
    class
};

/// A `tel:` URI.
///
/// ```text
/// telephone-uri        = "tel:" telephone-subscriber
/// telephone-subscriber = global-number / local-number
/// global-number        = "+" *phonedigit DIGIT *phonedigit *par
/// local-number         = *phonedigit-hex (HEXDIG / "*" / "#") *phonedigit-hex *par context *par
/// visual-separator     = "-" / "." / "(" / ")"
/// ```
///
/// A local number without `phone-context` is accepted, because emergency numbers have none.
///
/// ```
/// use spigot_parser::TelUri;
///
/// let uri: TelUri = "tel:+1-201-555-0123;ext=7".parse()?;
/// assert!(uri.is_global());
/// assert_eq!(uri.digits(), "+12015550123");
/// assert_eq!(uri.param("ext"), Some(Some("7")));
/// assert_eq!(TelUri::new("+1(201)5550123")?, "TEL:+12015550123".parse()?);
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct TelUri {
    text: ByteString,
    number_end: u32,
}

const START: usize = "tel:".len();

/// Reports whether `text` begins with `tel:`.
pub(super) fn is_tel(text: &str) -> bool {
    text.as_bytes()
        .get(..START)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"tel:"))
}

impl TelUri {
    /// Parses a `tel` URI from a field, sharing the field's text.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Uri`] where the text leaves the grammar, [`ErrorKind::TooManyParams`].
    pub fn parse(field: Field<'_>) -> Result<TelUri, ParseError> {
        let number_end = number_end(field.as_str())?;
        Ok(TelUri {
            text: field.share(),
            number_end: number_end as u32,
        })
    }

    /// Creates a URI from a global number with its `+`, or from a local number.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Uri`] if `number` is not a number.
    pub fn new(number: &str) -> Result<TelUri, ParseError> {
        let uri: TelUri = format!("tel:{number}").parse()?;
        match uri.params().is_empty() {
            true => Ok(uri),
            false => Err(ParseError::new(
                ErrorKind::Uri,
                uri.number().len(),
                "the end of the number",
            )),
        }
    }

    /// Returns the text of the URI.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the scheme as written.
    pub fn scheme(&self) -> &str {
        &self.text[..START - 1]
    }

    /// Returns the number as written, visual separators included.
    pub fn number(&self) -> &str {
        &self.text[START..self.number_end as usize]
    }

    /// Returns the number without its visual separators.
    pub fn digits(&self) -> String {
        digits(self.number()).map(char::from).collect()
    }

    /// Reports whether the number begins with `+`, which makes it valid everywhere.
    pub fn is_global(&self) -> bool {
        self.number().starts_with('+')
    }

    /// Returns the parameters.
    pub fn params(&self) -> Params<'_> {
        Params::of_uri(&self.text[self.number_end as usize..])
    }

    /// Returns the value of the parameter `name` as written, or `Some(None)` if it has no value.
    pub fn param(&self, name: &str) -> Option<Option<&str>> {
        self.params().get(name)
    }
}

/// Where the number ends in the `tel` URI that the whole of `text` is.
pub(super) fn number_end(text: &str) -> Result<usize, ParseError> {
    let bytes = text.as_bytes();
    let fault = |at, expected| Err(ParseError::new(ErrorKind::Uri, at, expected));
    if !is_tel(text) {
        return fault(0, "`tel:`");
    }
    let end = phone_digits_end(bytes, START);
    if !bytes[START..end]
        .iter()
        .any(|&octet| octet != b'+' && !is_separator(octet))
    {
        return fault(end, "a digit of the number");
    }
    match scan_params(bytes, end)? {
        after if after != bytes.len() => fault(after, "`;` or the end of the number"),
        _ => Ok(end),
    }
}

fn phone_digits_end(bytes: &[u8], start: usize) -> usize {
    match bytes.get(start) {
        Some(b'+') => {
            let digit = |octet: &&u8| octet.is_ascii_digit() || is_separator(**octet);
            start + 1 + bytes[start + 1..].iter().take_while(digit).count()
        }
        _ => crate::grammar::class_end(&LOCAL, bytes, start),
    }
}

fn is_separator(octet: u8) -> bool {
    matches!(octet, b'-' | b'.' | b'(' | b')')
}

fn same_digits(left: &str, right: &str) -> bool {
    let left = digits(left).map(|octet| octet.to_ascii_lowercase());
    left.eq(digits(right).map(|octet| octet.to_ascii_lowercase()))
}

/// Returns the octets of a number without its visual separators.
pub(crate) fn digits(number: &str) -> impl Iterator<Item = u8> + '_ {
    number.bytes().filter(|&octet| !is_separator(octet))
}

/// Compares by [RFC 3966 §4](https://www.rfc-editor.org/rfc/rfc3966#section-4): the digits without visual
/// separators, and all parameters in any order, both without case.
impl PartialEq for TelUri {
    fn eq(&self, other: &TelUri) -> bool {
        let same_value = |name: &str, left: Option<&str>, right: Option<&str>| match (left, right) {
            (Some(left), Some(right)) => {
                let numeric = name.eq_ignore_ascii_case("ext")
                    || (name.eq_ignore_ascii_case("phone-context")
                        && left.starts_with('+')
                        && right.starts_with('+'));
                super::escape::same(left, right, true) || (numeric && same_digits(left, right))
            }
            (left, right) => left == right,
        };
        let within = |one: &TelUri, two: &TelUri| {
            one.params().all(|(name, value)| {
                two.params().any(|(other, theirs)| {
                    other.eq_ignore_ascii_case(name) && same_value(name, value, theirs)
                })
            })
        };
        same_digits(self.number(), other.number())
            && self.params().count() == other.params().count()
            && within(self, other)
            && within(other, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn uri(text: &str) -> TelUri {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn numbers_are_global_or_local() {
        assert!(uri("tel:+1-201-555-0123").is_global());
        let local = uri("tel:7042;phone-context=example.com");
        assert!(!local.is_global());
        assert_eq!(local.param("Phone-Context"), Some(Some("example.com")));
        assert_eq!(uri("tel:863-1234;phone-context=+1-914-555").digits(), "8631234");
        assert_eq!(uri("tel:*#aF").number(), "*#aF");
        for text in [
            "tel:",
            "tel:+",
            "tel:()",
            "tel:+1a",
            "tel:12 3",
            "tel:g",
            "tel:1;",
            "tel:1;=x",
            "sip:1",
            "tel:+1\r\n",
        ] {
            assert!(text.parse::<TelUri>().is_err(), "{text}");
        }
        assert!(TelUri::new("+1;ext=2").is_err() && TelUri::new("+1\r\nx").is_err());
    }

    #[test]
    fn numbers_compare_without_separators_case_and_order() {
        for (left, right) in [
            ("tel:+1-201-555-0123", "tel:+1(201)555.0123"),
            ("tel:+1;ext=12;isub=a", "TEL:+1;ISUB=A;ext=1-2"),
            ("tel:1;phone-context=+1-914", "tel:1;phone-context=+1914"),
            (
                "tel:aF;phone-context=Example.com",
                "tel:Af;phone-context=example.COM",
            ),
        ] {
            assert_eq!(uri(left), uri(right));
        }
        for (left, right) in [
            ("tel:+1", "tel:1"),
            ("tel:+1", "tel:+1;ext=1"),
            ("tel:+1;ext=1", "tel:+1;ext=2"),
            ("tel:+1;a", "tel:+1;a=b"),
            ("tel:1;phone-context=a-b.c", "tel:1;phone-context=ab.c"),
            ("tel:1;phone-context=+1", "tel:1;phone-context=-+1"),
        ] {
            assert_ne!(uri(left), uri(right), "{left} {right}");
            assert_ne!(uri(right), uri(left), "{left} {right}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(tel:)?[-+0-9a-g;=.%]{0,30}|.{0,30}") {
            if let Ok(uri) = text.parse::<TelUri>() {
                prop_assert_eq!(uri.as_str(), &text);
            }
        }
    }
}
