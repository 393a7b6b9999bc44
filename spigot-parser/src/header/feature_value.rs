//! The values of features, which are names, truth values and numbers (RFC 3840 §9).

use std::fmt;

use super::fault;
use crate::ParseError;
use crate::grammar::{Class, alphanum_and, class_end};

/// A value that a [`Feature`](crate::header::Feature) lists, and whether the feature has it or lacks it.
///
/// ```text
/// tag-value = ["!"] (token-nobang / boolean / numeric)
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TagValue<'a> {
    value: FeatureValue<'a>,
    has: bool,
}

/// A value of a feature.
///
/// ```text
/// token-nobang     = 1*(alphanum / "-" / "." / "%" / "*" / "_" / "+" / "`" / "'" / "~" )
/// boolean          = "TRUE" / "FALSE"
/// numeric          = "#" numeric-relation number
/// numeric-relation = ">=" / "<=" / "=" / (number ":")
/// number           = [ "+" / "-" ] 1*DIGIT ["." 0*DIGIT]
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FeatureValue<'a> {
    /// A name.
    Token(&'a str),
    /// `TRUE` or `FALSE`.
    Boolean(bool),
    /// Any number that is not below the given one.
    AtLeast(f64),
    /// Any number that is not above the given one.
    AtMost(f64),
    /// The given number.
    Exactly(f64),
    /// Any number from the first to the second.
    Between(f64, f64),
}

static TOKEN_NOBANG: Class = alphanum_and(b"-.%*_+`'~");

impl<'a> TagValue<'a> {
    /// Returns the value.
    pub fn value(&self) -> FeatureValue<'a> {
        self.value
    }

    /// Reports whether the feature has the value, which is false if a `!` precedes it.
    pub fn has(&self) -> bool {
        self.has
    }

    /// Parses one element of a list of values.
    pub(super) fn parse(text: &'a str) -> Option<TagValue<'a>> {
        let bare = text.strip_prefix('!');
        let value = FeatureValue::parse(bare.unwrap_or(text))?;
        Some(TagValue {
            value,
            has: bare.is_none(),
        })
    }
}

/// Converts a value into one that the feature has.
impl<'a> From<FeatureValue<'a>> for TagValue<'a> {
    fn from(value: FeatureValue<'a>) -> Self {
        TagValue { value, has: true }
    }
}

/// Converts a value, and whether the feature has it.
impl<'a> From<(FeatureValue<'a>, bool)> for TagValue<'a> {
    fn from((value, has): (FeatureValue<'a>, bool)) -> Self {
        TagValue { value, has }
    }
}

impl<'a> FeatureValue<'a> {
    fn parse(text: &'a str) -> Option<FeatureValue<'a>> {
        let Some(numeric) = text.strip_prefix('#') else {
            if text.eq_ignore_ascii_case("TRUE") {
                return Some(FeatureValue::Boolean(true));
            }
            if text.eq_ignore_ascii_case("FALSE") {
                return Some(FeatureValue::Boolean(false));
            }
            let is_token = !text.is_empty() && class_end(&TOKEN_NOBANG, text.as_bytes(), 0) == text.len();
            return is_token.then_some(FeatureValue::Token(text));
        };
        if let Some(least) = numeric.strip_prefix(">=") {
            Some(FeatureValue::AtLeast(number(least)?))
        } else if let Some(most) = numeric.strip_prefix("<=") {
            Some(FeatureValue::AtMost(number(most)?))
        } else if let Some(exact) = numeric.strip_prefix('=') {
            Some(FeatureValue::Exactly(number(exact)?))
        } else {
            let (least, most) = numeric.split_once(':')?;
            Some(FeatureValue::Between(number(least)?, number(most)?))
        }
    }
}

/// Writes the value as an element of a list.
impl fmt::Display for TagValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.has {
            f.write_str("!")?;
        }
        match self.value {
            FeatureValue::Token(token) => f.write_str(token),
            FeatureValue::Boolean(true) => f.write_str("TRUE"),
            FeatureValue::Boolean(false) => f.write_str("FALSE"),
            FeatureValue::AtLeast(least) => write!(f, "#>={least}"),
            FeatureValue::AtMost(most) => write!(f, "#<={most}"),
            FeatureValue::Exactly(exact) => write!(f, "#={exact}"),
            FeatureValue::Between(least, most) => write!(f, "#{least}:{most}"),
        }
    }
}

/// Parses a number, as precisely as an `f64` can hold it.
fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Writes a list of values with its quotes.
pub(super) fn print<'a>(values: impl IntoIterator<Item = TagValue<'a>>) -> Result<String, ParseError> {
    let mut list = String::from("\"");
    for value in values {
        let text = value.to_string();
        // A token such as `TRUE` or `!a` would be parsed as another value.
        if TagValue::parse(&text) != Some(value) {
            return fault(0, "values that are tokens without `!`, or finite numbers");
        }
        if list.len() > 1 {
            list.push(',');
        }
        list.push_str(&text);
    }
    if list.len() == 1 {
        return fault(0, "one value or more");
    }
    list.push('"');
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(list: &str) -> Option<Vec<TagValue<'_>>> {
        list.split(',').map(TagValue::parse).collect()
    }

    #[test]
    fn names_truth_and_numbers() {
        assert_eq!(
            values("!presence,message-summary,#-4:+5.125").unwrap(),
            [
                (FeatureValue::Token("presence"), false).into(),
                FeatureValue::Token("message-summary").into(),
                FeatureValue::Between(-4.0, 5.125).into()
            ]
        );
        assert_eq!(
            values("#<=5.,!#=007,true,FALSE,#>=-1").unwrap(),
            [
                FeatureValue::AtMost(5.0).into(),
                (FeatureValue::Exactly(7.0), false).into(),
                FeatureValue::Boolean(true).into(),
                FeatureValue::Boolean(false).into(),
                FeatureValue::AtLeast(-1.0).into()
            ]
        );
    }

    #[test]
    fn what_the_grammar_forbids_is_no_value() {
        for text in [
            "", " a", "a b", "!", "!!a", "#4", "#>4", "#>=", "#1:", "#:1", "#1:2:3", "#>=1e3", "#=.5",
            "#=--1", "#=", "#=inf", "#=nan", "a\\b", "\"", "<a>", "é",
        ] {
            assert_eq!(values(text), None, "{text:?}");
        }
        assert_eq!(
            values(&format!("#={}", "9".repeat(400))),
            None,
            "no double is that large"
        );
    }

    #[test]
    fn what_leaves_the_grammar_is_not_printed() {
        for token in ["", "a,b", "!a", "true", "a b", "#=1", "<a>", "\"", "é", "a\r\nb"] {
            assert!(print([FeatureValue::Token(token).into()]).is_err(), "{token:?}");
        }
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(print([FeatureValue::AtLeast(number).into()]).is_err(), "{number}");
        }
        assert!(print([]).is_err());
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(
            token in "[A-Za-z0-9.%*_+`'~-]{1,12}", has: bool, least in prop::num::f64::NORMAL, most: i32
        ) {
            prop_assume!(!token.eq_ignore_ascii_case("true") && !token.eq_ignore_ascii_case("false"));
            let built: [TagValue<'_>; 4] = [
                (FeatureValue::Token(&token), has).into(),
                (FeatureValue::Between(least, most.into()), has).into(),
                (FeatureValue::Boolean(has), !has).into(),
                FeatureValue::AtMost(least).into(),
            ];
            let list = print(built).unwrap();
            prop_assert_eq!(values(list.trim_matches('"')).unwrap(), built);
        }

        #[test]
        fn no_value_panics(text in "[!#<>=:0-9a,.+é-]{0,12}") {
            let _ = values(&text);
        }
    }
}
