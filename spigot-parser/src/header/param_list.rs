//! Lists of parameters without a value before them: the form of P-Charging-Vector and
//! P-Charging-Function-Addresses.
//!
//! The one invariant: the whole text was scanned, it has at least one parameter, and no parameter is there
//! twice.

use bytestring::ByteString;

use super::{Field, elements, fault};
use crate::grammar::{Span, blanks_end, quoted_end, token_end};
use crate::host::host_end;
use crate::params::{self, MAX_PARAMS, Values};
use crate::{ErrorKind, Params, ParseError};

/// The list `generic-param *( (SEMI / COMMA) generic-param )`.
#[derive(Clone)]
pub(super) struct ParamList {
    text: ByteString,
}

impl ParamList {
    /// Scans a field, and calls `each` with the name and value of every parameter.
    ///
    /// The third argument of `each` is the offset of the value, or that of the end of the name if there is no
    /// value.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`] `Value`, `Duplicate` and `TooManyParams` where the parameters leave the grammar;
    /// whatever `each` says.
    pub(super) fn scan(
        field: Field<'_>,
        mut each: impl FnMut(&str, Option<&str>, usize) -> Result<(), ParseError>,
    ) -> Result<ParamList, ParseError> {
        let text = field.as_str();
        let mut count = 0;
        for element in elements(text) {
            let start = Span::within(text, element).start();
            let mut one = |name: &str, value: Option<&str>, at: usize| {
                count += 1;
                if count > MAX_PARAMS {
                    return Err(params::too_many(0));
                }
                if all(&text[..start]).any(|(other, _)| other.eq_ignore_ascii_case(name)) {
                    return Err(ParseError::new(ErrorKind::Duplicate, 0, "each parameter once"));
                }
                each(name, value, start + at)
            };
            let shifted = |error: ParseError| error.shifted(start);
            let (name, value, end) = first(element).map_err(shifted)?;
            let at = Span::within(element, value.unwrap_or(name)).start();
            one(name, value, if value.is_some() { at } else { at + name.len() })?;
            let mut result = Ok(());
            params::scan(element.as_bytes(), end, Values::Generic, |param| {
                if param.name(element).eq_ignore_ascii_case(name) {
                    return Err(ParseError::new(
                        ErrorKind::Duplicate,
                        param.name.0,
                        "each parameter once",
                    ));
                }
                if result.is_ok() {
                    result = one(param.name(element), param.value(element), param.at());
                }
                Ok(())
            })
            .map_err(shifted)?;
            result?;
        }
        Ok(ParamList { text: field.share() })
    }

    /// Returns the whole text.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the parameters in their order.
    pub(super) fn params(&self) -> impl Iterator<Item = (&str, Option<&str>)> + '_ {
        all(&self.text)
    }

    /// Returns the value of the parameter `name` as written, or `Some(None)` if it has no value.
    pub(super) fn get(&self, name: &str) -> Option<Option<&str>> {
        self.params()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Writes the text with a parameter replaced or appended.
    ///
    /// The caller parses the result.
    pub(super) fn text_with(&self, name: &str, value: Option<&str>) -> Result<String, ParseError> {
        params::check(name, value)?;
        Ok(self.rewritten(name, Some(value)))
    }

    /// Writes the text without the parameter `name`.
    pub(super) fn text_without(&self, name: &str) -> String {
        self.rewritten(name, None)
    }

    fn rewritten(&self, name: &str, mut setting: Option<Option<&str>>) -> String {
        let mut out = String::with_capacity(self.text.len() + name.len() + 8);
        for element in elements(&self.text) {
            let mut separator = ", ";
            for (other, value) in params_of(element) {
                if !other.eq_ignore_ascii_case(name) {
                    write(other, value, separator, &mut out);
                } else if let Some(value) = setting.take() {
                    write(name, value, separator, &mut out);
                } else {
                    continue;
                }
                separator = ";";
            }
        }
        if let Some(value) = setting {
            write(name, value, ";", &mut out);
        }
        out
    }

    /// Reports whether both lists have the same parameters in any order.
    pub(super) fn agrees(&self, other: &ParamList) -> bool {
        let within = |left: &ParamList, right: &ParamList| {
            left.params().all(|(name, value)| match (value, right.get(name)) {
                (Some(left), Some(Some(right))) => params::same_value(name, Some(left), Some(right)),
                (None, Some(None)) => true,
                _ => false,
            })
        };
        within(self, other) && within(other, self)
    }
}

fn write(name: &str, value: Option<&str>, separator: &str, out: &mut String) {
    if !out.is_empty() {
        out.push_str(separator);
    }
    out.push_str(name);
    if let Some(value) = value {
        out.push('=');
        out.push_str(value);
    }
}

/// Returns the parameters of a text that has been scanned.
fn all(text: &str) -> impl Iterator<Item = (&str, Option<&str>)> + '_ {
    elements(text).flat_map(params_of)
}

fn params_of(element: &str) -> impl Iterator<Item = (&str, Option<&str>)> + '_ {
    let first = first(element).ok();
    let rest = first.map_or("", |(_, _, end)| &element[end..]);
    first
        .map(|(name, value, _)| (name, value))
        .into_iter()
        .chain(Params::of_header(rest))
}

/// Parses the parameter at the beginning of `text`, and returns its name, its value and its end.
fn first(text: &str) -> Result<(&str, Option<&str>, usize), ParseError> {
    let bytes = text.as_bytes();
    let name_end = token_end(bytes, 0);
    if name_end == 0 {
        return fault(0, "a parameter's name");
    }
    let equal = blanks_end(bytes, name_end);
    if bytes.get(equal) != Some(&b'=') {
        return Ok((&text[..name_end], None, name_end));
    }
    let value = blanks_end(bytes, equal + 1);
    let end = match bytes.get(value) {
        Some(b'"') => match quoted_end(bytes, value) {
            Some(end) => end,
            None => return fault(value, "a quoted string that ends"),
        },
        Some(b'[') => host_end(ErrorKind::Value, bytes, value)?,
        _ => token_end(bytes, value),
    };
    match end > value {
        true => Ok((&text[..name_end], Some(&text[value..end]), end)),
        false => fault(value, "a value after `=`"),
    }
}

/// Defines accessors for the parameters of a header type with a field `params: ParamList`.
macro_rules! list_accessors {
    ($type:ident) => {
        impl $type {
            /// Returns the parameters in their order.
            pub fn params(&self) -> impl Iterator<Item = (&str, Option<&str>)> + '_ {
                self.params.params()
            }

            /// Returns the value of the parameter `name` as written, or `Some(None)` if it has no value.
            pub fn param(&self, name: &str) -> Option<Option<&str>> {
                self.params.get(name)
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
                let text = self.params.text_with(name, value)?;
                <Self as crate::header::TypedHeader>::parse(crate::header::Field::exact(&text))
            }

            /// Removes the parameter `name`.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Value`](crate::ErrorKind::Value) if this header cannot be without it.
            pub fn without_param(self, name: &str) -> Result<Self, crate::ParseError> {
                let text = self.params.text_without(name);
                <Self as crate::header::TypedHeader>::parse(crate::header::Field::exact(&text))
            }
        }
    };
}
pub(super) use list_accessors;

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(text: &str) -> Result<ParamList, ParseError> {
        ParamList::scan(Field::new(text), |_, _, _| Ok(()))
    }

    #[test]
    fn every_parameter_is_found() {
        let list = scanned("a = 1 ; b, c=\"2,;\";d=[::1] , e").unwrap();
        assert_eq!(
            list.params().collect::<Vec<_>>(),
            [
                ("a", Some("1")),
                ("b", None),
                ("c", Some("\"2,;\"")),
                ("d", Some("[::1]")),
                ("e", None)
            ]
        );
        assert_eq!((list.get("C"), list.get("x")), (Some(Some("\"2,;\"")), None));
    }

    #[test]
    fn where_values_are_is_told() {
        let mut seen = Vec::new();
        let text = "a=1;b , c = 2";
        ParamList::scan(Field::exact(text), |name, _, at| {
            seen.push((name.to_owned(), at));
            Ok(())
        })
        .unwrap();
        assert_eq!(
            seen,
            [("a".to_owned(), 2), ("b".to_owned(), 5), ("c".to_owned(), 12)]
        );
        let refuse = |wanted: &'static str| {
            ParamList::scan(Field::exact(text), move |name, _, at| match name == wanted {
                true => fault(at, "x"),
                false => Ok(()),
            })
        };
        for (name, offset) in [("a", 2), ("b", 5), ("c", 12)] {
            assert_eq!(refuse(name).map(drop).unwrap_err().offset(), offset);
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            (";a", 0),
            ("a;", 2),
            ("a,", 2),
            ("a=", 2),
            ("a=;b", 2),
            ("a=\"", 2),
            ("a=[", 3),
            ("a b", 2),
            ("a=1 2", 4),
            ("a,,b", 2),
            ("a=b=c", 3),
            ("a, b;c=", 7),
        ] {
            assert_eq!(scanned(text).map(drop).unwrap_err().offset(), offset, "{text}");
        }
        for text in ["a;A", "a;b;b", "a,A=1", "a;b,c;B"] {
            assert_eq!(
                scanned(text).map(drop).unwrap_err().kind(),
                ErrorKind::Duplicate,
                "{text}"
            );
        }
        let many = |count: usize| (0..count).map(|n| format!("p{n}")).collect::<Vec<_>>().join(",");
        assert!(scanned(&many(64)).is_ok());
        assert_eq!(
            scanned(&many(65)).map(drop).unwrap_err().kind(),
            ErrorKind::TooManyParams
        );
        let many = many(65).replace(',', ";");
        assert_eq!(
            scanned(&many).map(drop).unwrap_err().kind(),
            ErrorKind::TooManyParams
        );
    }

    #[test]
    fn setting_replaces_in_place() {
        let list = scanned("a=1;b, c").unwrap();
        assert_eq!(list.text_with("B", Some("2")).unwrap(), "a=1;B=2, c");
        assert_eq!(list.text_with("d", None).unwrap(), "a=1;b, c;d");
        assert_eq!(list.text_without("a"), "b, c");
        assert_eq!(list.text_without("c"), "a=1;b");
        assert_eq!(scanned("a").unwrap().text_without("a"), "");
        assert!(list.text_with("d", Some("x y")).is_err() && list.text_with("d ", None).is_err());
    }

    #[test]
    fn order_does_not_count() {
        assert!(scanned("a=X;b").unwrap().agrees(&scanned("b, A=x").unwrap()));
        for other in ["a=x", "a=y;b", "a=x;b=1", "a;b", "a=x;b;c"] {
            assert!(
                !scanned("a=x;b").unwrap().agrees(&scanned(other).unwrap()),
                "{other}"
            );
        }
    }
}
