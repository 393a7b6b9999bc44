//! The Geolocation-Routing header, which says whether proxies may use the location (RFC 6442 §4.2).

use bytestring::ByteString;

use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{blanks, blanks_end, prefix, token, unquote};
use crate::{HeaderName, ParseError, params};

/// A Geolocation-Routing header: whether proxies may route a request by the location in it.
///
/// ```text
/// Georouting-header = "Geolocation-Routing" HCOLON ( "yes" / "no" / generic-value )
/// generic-value     = generic-param
/// ```
///
/// The grammar is that of [RFC 6442 §4.2](https://www.rfc-editor.org/rfc/rfc6442#section-4.2). Two values are
/// equal if they have the same word, without case, and the same value.
///
/// ```
/// use spigot_parser::header::GeolocationRouting;
///
/// assert!("yes".parse::<GeolocationRouting>()?.is_allowed());
/// assert!(!"maybe=later".parse::<GeolocationRouting>()?.is_allowed());
/// assert_eq!(GeolocationRouting::new(false).to_string(), "no");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct GeolocationRouting {
    text: ByteString,
    word_end: u32,
}

impl GeolocationRouting {
    /// Creates the word `yes` or `no`.
    pub fn new(allowed: bool) -> GeolocationRouting {
        let text = ByteString::from_static(if allowed { "yes" } else { "no" });
        GeolocationRouting {
            word_end: text.len() as u32,
            text,
        }
    }

    /// Reports whether the word is `yes`.
    ///
    /// > Implementations not aware of an extension MUST treat any other received value the same as "no".
    pub fn is_allowed(&self) -> bool {
        self.text.eq_ignore_ascii_case("yes")
    }

    /// Returns the word: `yes`, `no`, or another one.
    pub fn word(&self) -> &str {
        &self.text[..self.word_end as usize]
    }

    /// Returns the value after the `=` of an extension, as written.
    pub fn value(&self) -> Option<&str> {
        let rest = blanks(&self.text[self.word_end as usize..]);
        rest.strip_prefix('=').map(blanks)
    }
}

impl TypedHeader for GeolocationRouting {
    const NAME: HeaderName = HeaderName::GEOLOCATION_ROUTING;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        let bytes = text.as_bytes();
        let (word, end) = prefix(text, token("`yes` or `no`"))?;
        let equal = blanks_end(bytes, end);
        match bytes.get(equal) {
            None => {}
            Some(b'=') => {
                let value = blanks_end(bytes, equal + 1);
                params::check(word, Some(&text[value..])).map_err(|error| error.shifted(value))?;
            }
            Some(_) => return fault(equal, "the end of the value"),
        }
        Ok(GeolocationRouting {
            text: value.share(),
            word_end: end as u32,
        })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.text);
    }
}

impl PartialEq for GeolocationRouting {
    fn eq(&self, other: &GeolocationRouting) -> bool {
        let same = |left: &str, right: &str| match left.starts_with('"') && right.starts_with('"') {
            true => unquote(left) == unquote(right),
            false => left.eq_ignore_ascii_case(right),
        };
        self.word().eq_ignore_ascii_case(other.word())
            && match (self.value(), other.value()) {
                (Some(left), Some(right)) => same(left, right),
                (left, right) => left == right,
            }
    }
}

text_traits!(GeolocationRouting);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    fn routing(text: &str) -> GeolocationRouting {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn only_yes_is_yes() {
        for (text, allowed, word, value) in [
            ("YES", true, "YES", None),
            ("no", false, "no", None),
            ("yes=1", false, "yes", Some("1")),
            ("later = \"a b\"", false, "later", Some("\"a b\"")),
            ("x=[::1]", false, "x", Some("[::1]")),
        ] {
            let parsed = routing(text);
            assert_eq!(
                (parsed.is_allowed(), parsed.word(), parsed.value()),
                (allowed, word, value)
            );
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            ("yes, no", 3),
            ("yes no", 4),
            ("yes;x", 3),
            ("x=", 2),
            ("x= a b", 3),
            ("\"yes\"", 0),
        ] {
            let error = text.parse::<GeolocationRouting>().expect_err(text);
            assert_eq!(error.offset(), offset, "{text}: {error}");
        }
        for evil in testing::EVIL {
            assert!(evil.parse::<GeolocationRouting>().is_err(), "{evil:?}");
            assert!(
                format!("x={evil}").parse::<GeolocationRouting>().is_err(),
                "{evil:?}"
            );
        }
    }

    #[test]
    fn words_have_no_case_and_quoted_values_do() {
        assert_eq!(routing("Yes"), GeolocationRouting::new(true));
        assert_eq!(routing("a=\"b\""), routing("A = \"\\b\""));
        assert_ne!(routing("a=\"b\""), routing("a=\"B\""));
        assert_ne!(routing("a=b"), routing("a"));
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(allowed: bool, word in testing::token(), value in testing::param_value()) {
            testing::assert_round_trip(&GeolocationRouting::new(allowed));
            let text = value.map_or(word.clone(), |value| format!("{word}={value}"));
            testing::assert_round_trip(&routing(&text));
        }
    }
}
