//! Lists of accepted values with preferences: the form of Accept-Encoding and Accept-Language.
//!
//! The one invariant: each element of the text has been parsed.

use super::{elements, fault, qvalue};
use crate::grammar::{Span, prefix, token};
use crate::params::{self, Values};
use crate::{Params, ParseError};

/// One element of an Accept-Encoding or Accept-Language header: an accepted value and its preference.
#[derive(Clone, Debug)]
pub struct Preference<'a> {
    value: &'a str,
    params: Params<'a>,
}

impl<'a> Preference<'a> {
    /// Returns the value as written: a coding, a language range, or `*`.
    pub fn value(&self) -> &'a str {
        self.value
    }

    /// Returns the preference from 0 (refused) to 1 (the default).
    pub fn q(&self) -> f32 {
        qvalue::of(&self.params)
    }

    /// Returns the parameters, `q` included.
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

/// Returns the elements of a list that has been checked.
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

/// Reports whether two lists have the same elements in any order.
pub(super) fn agree(left: &str, right: &str) -> bool {
    let within = |left, right| all(left).all(|one| all(right).any(|other| one.same(&other)));
    within(left, right) && within(right, left)
}

/// Defines header types that are lists of preferences.
///
/// `$is_value` checks the value before the parameters, `$expected` describes it in errors, and `$q(list,
/// value)` returns the preference of a value.
macro_rules! preferences {
    ($(#[$doc:meta])* $type:ident, $name:ident, $is_value:expr, $expected:literal, $q:expr) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $type {
            text: bytestring::ByteString,
        }

        impl $type {
            /// Creates a list of values with their preferences from 0 to 1.
            ///
            /// At most three decimals of a preference are written.
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

            /// Returns the elements in their order.
            pub fn preferences(&self) -> impl Iterator<Item = crate::header::Preference<'_>> + '_ {
                crate::header::preference::all(&self.text)
            }

            /// Reports whether the list is empty.
            pub fn is_empty(&self) -> bool {
                self.text.is_empty()
            }

            /// Returns the preference of `value` from 0, if it is refused, to 1.
            pub fn q(&self, value: &str) -> f32 {
                $q(self, value)
            }

            /// Reports whether `value` is accepted.
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

        /// Compares the elements and their parameters in any order.
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                crate::header::preference::agree(&self.text, &other.text)
            }
        }

        crate::header::text_traits!($type);
    };
}
pub(super) use preferences;
