//! Lists of what is taken and how much it is preferred: the form of Accept-Encoding and Accept-Language.
//!
//! The one invariant: each element of the text was parsed before it was kept.

use super::{elements, fault, qvalue};
use crate::grammar::{Span, prefix, token};
use crate::params::{self, Values};
use crate::{Params, ParseError};

/// One element of an Accept-Encoding or Accept-Language: what is taken, and how much it is preferred.
#[derive(Clone, Debug)]
pub struct Preference<'a> {
    value: &'a str,
    params: Params<'a>,
}

impl<'a> Preference<'a> {
    /// What is taken, as written: a coding, a range of languages, or `*`.
    pub fn value(&self) -> &'a str {
        self.value
    }

    /// The preference from 0 to 1; 1 where none is given, and 0 for what is not taken.
    pub fn q(&self) -> f32 {
        qvalue::of(&self.params)
    }

    /// The parameters, `q` included.
    pub fn params(&self) -> Params<'a> {
        self.params.clone()
    }

    fn parse(
        text: &'a str,
        is_value: fn(&str) -> bool,
        expected: &'static str,
    ) -> Result<Preference<'a>, ParseError> {
        let (value, end) = prefix(text, token(expected))?;
        if !is_value(value) {
            return fault(Span::within(text, value).start(), expected);
        }
        params::scan(text.as_bytes(), end, Values::Generic, |param| {
            let is_q = param.name(text).eq_ignore_ascii_case("q");
            match is_q && param.value(text).and_then(qvalue::parse).is_none() {
                true => fault(param.at(), qvalue::EXPECTED),
                false => Ok(()),
            }
        })?;
        Ok(Preference {
            value,
            params: Params::of_header(&text[end..]),
        })
    }

    fn same(&self, other: &Preference<'_>) -> bool {
        self.value.eq_ignore_ascii_case(other.value) && params::agree(self.params(), other.params(), |_| true)
    }
}

/// The elements of a list that was checked.
pub(super) fn all(text: &str) -> impl Iterator<Item = Preference<'_>> + Clone + '_ {
    elements(text).filter_map(|element| Preference::parse(element, |_| true, "").ok())
}

/// Checks a list, which may be empty.
pub(super) fn check(
    text: &str,
    is_value: fn(&str) -> bool,
    expected: &'static str,
) -> Result<(), ParseError> {
    if text.is_empty() {
        return Ok(());
    }
    for element in elements(text) {
        Preference::parse(element, is_value, expected)
            .map_err(|error| error.shifted(Span::within(text, element).start()))?;
    }
    Ok(())
}

/// Whether two lists have the same elements, in whatever order.
pub(super) fn agree(left: &str, right: &str) -> bool {
    let within = |left, right| all(left).all(|one| all(right).any(|other| one.same(&other)));
    within(left, right) && within(right, left)
}

/// A header that is such a list: `$is_value` says what may stand before the parameters, `$expected` names it, and
/// `$q(list, value)` is how much a value is preferred.
macro_rules! preferences {
    ($(#[$doc:meta])* $type:ident, $name:ident, $is_value:expr, $expected:literal, $q:expr) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $type {
            text: bytestring::ByteString,
        }

        impl $type {
            /// These values with their preferences from 0 to 1, of which three decimals are written, in this order.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Token`](crate::ErrorKind::Token) for a value that is none,
            /// [`ErrorKind::Value`](crate::ErrorKind::Value) for a preference that is not within 0 and 1.
            pub fn new<'a>(values: impl IntoIterator<Item = (&'a str, f32)>) -> Result<Self, crate::ParseError> {
                let mut text = String::new();
                for (value, q) in values {
                    if !crate::grammar::is_token(value) || !$is_value(value) {
                        return Err(crate::ParseError::new(crate::ErrorKind::Token, 0, $expected));
                    }
                    let q = crate::header::qvalue::print(q)?;
                    if !text.is_empty() {
                        text.push_str(", ");
                    }
                    text.push_str(value);
                    if q != "1" {
                        text.push_str(";q=");
                        text.push_str(&q);
                    }
                }
                Ok($type { text: text.into() })
            }

            /// The elements, in their order.
            pub fn preferences(&self) -> impl Iterator<Item = crate::header::Preference<'_>> + '_ {
                crate::header::preference::all(&self.text)
            }

            /// Whether there is none.
            pub fn is_empty(&self) -> bool {
                self.text.is_empty()
            }

            /// How much `value` is preferred, from 0 to 1; 0 if it is not taken.
            pub fn q(&self, value: &str) -> f32 {
                $q(self, value)
            }

            /// Whether `value` is taken.
            pub fn allows(&self, value: &str) -> bool {
                self.q(value) > 0.0
            }
        }

        impl crate::header::TypedHeader for $type {
            const NAME: crate::HeaderName = crate::HeaderName::$name;
            const SHAPE: crate::header::Shape = crate::header::Shape::Joined;

            fn parse(value: crate::header::Field<'_>) -> Result<Self, crate::ParseError> {
                crate::header::preference::check(value.as_str(), $is_value, $expected)?;
                Ok($type { text: value.share() })
            }

            fn write(&self, out: &mut String) {
                out.push_str(&self.text);
            }
        }

        /// The same elements with the same parameters, in whatever order.
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                crate::header::preference::agree(&self.text, &other.text)
            }
        }

        crate::header::text_traits!($type);
    };
}
pub(super) use preferences;
