//! A value with parameters: the form of most headers.
//!
//! The one invariant: the whole text was scanned, and no parameter is there twice.

use std::borrow::Cow;

use bytestring::ByteString;

use super::{Field, fault};
use crate::grammar::{decimal, is_one_line, is_token, write_quoted};
use crate::params::{self, MAX_PARAMS, ParamSpan, Values};
use crate::{Host, Params, ParseError};

/// The form `value *( SEMI generic-param )`, with a value that its header has checked.
#[derive(Clone)]
pub(crate) struct Parametrized {
    text: ByteString,
    value_end: u32,
}

impl Parametrized {
    /// Scans the parameters of a field whose value ends at `value_end`, and calls `each` with every
    /// parameter.
    ///
    /// The caller has checked the value.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) `Value`, `Duplicate` and `TooManyParams` where the parameters leave
    /// the grammar; whatever `each` says.
    pub(crate) fn scan(
        field: Field<'_>,
        value_end: usize,
        each: impl FnMut(ParamSpan) -> Result<(), ParseError>,
    ) -> Result<Parametrized, ParseError> {
        params::scan(field.as_str().as_bytes(), value_end, Values::Generic, each)?;
        Ok(Parametrized {
            text: field.share(),
            value_end: value_end as u32,
        })
    }

    /// Creates a checked value without parameters.
    pub(crate) fn bare(value: impl Into<ByteString>) -> Parametrized {
        let text = value.into();
        let value_end = text.len();
        Parametrized::known(text, value_end)
    }

    /// Creates a value from a text that is known to have this form, with no parameter twice.
    pub(crate) fn known(text: impl Into<ByteString>, value_end: usize) -> Parametrized {
        Parametrized {
            text: text.into(),
            value_end: value_end as u32,
        }
    }

    /// Returns the whole text.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the value before the parameters.
    pub(crate) fn value(&self) -> &str {
        &self.text[..self.value_end as usize]
    }

    /// Returns the parameters.
    pub(crate) fn params(&self) -> Params<'_> {
        Params::of_header(&self.text[self.value_end as usize..])
    }

    /// Writes the text with a parameter replaced or appended.
    ///
    /// The header parses the result, so that its checks hold for parameters that are set.
    pub(crate) fn text_with(&self, name: &str, value: Option<&str>) -> Result<String, ParseError> {
        params::check(name, value)?;
        if self.params().count() >= MAX_PARAMS && !self.params().contains(name) {
            return Err(params::too_many(0));
        }
        Ok(self.rewritten(name, Some(value)))
    }

    /// Writes the text without the parameter `name`.
    pub(crate) fn text_without(&self, name: &str) -> String {
        self.rewritten(name, None)
    }

    /// Replaces the value by another checked one, and keeps the parameters.
    pub(crate) fn with_value(&self, value: &str) -> Parametrized {
        Parametrized::known(format!("{value}{}", self.params().as_str()), value.len())
    }

    fn rewritten(&self, name: &str, setting: Option<Option<&str>>) -> String {
        let mut text = String::with_capacity(self.text.len() + name.len() + 8);
        text.push_str(self.value());
        params::write_with(self.params(), name, setting, &mut text);
        text
    }
}

/// Returns `text` as it is if it is a token, and as a quoted string otherwise.
///
/// # Errors
///
/// [`ErrorKind::Value`](crate::ErrorKind::Value) if it holds CR, LF or NUL.
pub(crate) fn token_or_quoted(text: &str) -> Result<Cow<'_, str>, ParseError> {
    match is_token(text) {
        true => Ok(text.into()),
        false => quoted(text).map(Cow::Owned),
    }
}

/// Returns `text` as it is if it is a token or a host, and as a quoted string otherwise.
///
/// # Errors
///
/// [`ErrorKind::Value`](crate::ErrorKind::Value) if it holds CR, LF or NUL.
pub(crate) fn gen_value(text: &str) -> Result<Cow<'_, str>, ParseError> {
    match Host::parse(text) {
        Ok(_) => Ok(text.into()),
        Err(_) => token_or_quoted(text),
    }
}

/// Returns `text` as a quoted string.
///
/// # Errors
///
/// [`ErrorKind::Value`](crate::ErrorKind::Value) if it holds CR, LF or NUL.
pub(crate) fn quoted(text: &str) -> Result<String, ParseError> {
    if !is_one_line(text) {
        return fault(0, "a text without CR, LF or NUL");
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    write_quoted(text, &mut quoted);
    Ok(quoted)
}

/// Checks a parameter whose value is a number of seconds.
pub(crate) fn check_seconds(text: &str, param: ParamSpan) -> Result<(), ParseError> {
    match param
        .value(text)
        .and_then(|value| decimal(value.as_bytes(), u32::MAX))
    {
        Some(_) => Ok(()),
        None => fault(param.at(), "a number of seconds below 2^32"),
    }
}

/// Checks a parameter whose value is a token; `expected` describes it in errors.
pub(crate) fn check_token(param: ParamSpan, expected: &'static str) -> Result<(), ParseError> {
    match param.is_token {
        true => Ok(()),
        false => fault(param.at(), expected),
    }
}

/// Checks a parameter that must not have a value.
pub(crate) fn check_flag(param: ParamSpan) -> Result<(), ParseError> {
    match param.value {
        None => Ok(()),
        Some((at, _)) => fault(at, "no value for this parameter"),
    }
}

/// Defines accessors for the parameters of a header type with a field `text: Parametrized`.
macro_rules! param_accessors {
    ($($type:ident),*) => {$(
        impl $type {
            /// Returns the parameters in their order.
            pub fn params(&self) -> crate::Params<'_> {
                self.text.params()
            }

            /// Returns the value of the parameter `name` as written, or `Some(None)` if it has no value.
            pub fn param(&self, name: &str) -> Option<Option<&str>> {
                self.text.params().get(name)
            }

            /// Sets a parameter: replaces it if it is there, appends it otherwise.
            ///
            /// `value` is written as it is: a token, a host, or a quoted string with its quotes.
            ///
            /// # Errors
            ///
            /// [`ErrorKind`](crate::ErrorKind) `Token`, `Value` or `TooManyParams` if name or value leave the
            /// grammar of this header.
            pub fn with_param(self, name: &str, value: Option<&str>) -> Result<Self, crate::ParseError> {
                let text = self.text.text_with(name, value)?;
                <Self as crate::header::TypedHeader>::parse(crate::header::Field::exact(&text))
            }

            /// Removes the parameter `name`.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Value`](crate::ErrorKind::Value) if this header cannot be without it.
            pub fn without_param(self, name: &str) -> Result<Self, crate::ParseError> {
                let text = self.text.text_without(name);
                <Self as crate::header::TypedHeader>::parse(crate::header::Field::exact(&text))
            }
        }
    )*};
}
pub(crate) use param_accessors;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn scanned(text: &str) -> Result<Parametrized, ParseError> {
        let value_end = text.find(';').unwrap_or(text.len());
        Parametrized::scan(Field::exact(text), value_end, |_| Ok(()))
    }

    #[test]
    fn value_and_parameters_are_told_apart() {
        let value = scanned("a/b;x=1 ; y").unwrap();
        assert_eq!((value.value(), value.as_str()), ("a/b", "a/b;x=1 ; y"));
        assert_eq!(value.params().get("y"), Some(None));
        assert_eq!(value.text_with("X", Some("\"2\"")).unwrap(), "a/b;X=\"2\";y");
        assert_eq!(value.text_with("z", None).unwrap(), "a/b;x=1;y;z");
        assert_eq!(value.text_without("x"), "a/b;y");
    }

    #[test]
    fn what_leaves_the_grammar_is_refused() {
        let value = scanned("a").unwrap();
        assert_eq!(value.text_with("a b", None).unwrap_err().kind(), ErrorKind::Token);
        assert_eq!(
            value.text_with("x", Some("1\r\nVia: y")).unwrap_err().kind(),
            ErrorKind::Value
        );
        let full: String = (0..64).map(|n| format!(";p{n}")).collect();
        let full = scanned(&format!("a{full}")).unwrap();
        assert_eq!(
            full.text_with("one-more", None).unwrap_err().kind(),
            ErrorKind::TooManyParams
        );
        assert!(full.text_with("p7", Some("1")).is_ok());
        assert_eq!(
            scanned("a;x;X").map(drop).unwrap_err().kind(),
            ErrorKind::Duplicate
        );
    }
}
