//! The Geolocation-Error header, which says what was wrong with the location in a request (RFC 6442 §4.4).

use std::borrow::Cow;

use super::parametrized::{Parametrized, param_accessors, quoted};
use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{decimal, is_quoted, number, prefix};
use crate::params;
use crate::{HeaderName, ParseError};

/// A Geolocation-Error header: the reason why a location could not be used.
///
/// ```text
/// Geolocation-Error        = "Geolocation-Error" HCOLON locationErrorValue
/// locationErrorValue       = location-error-code *(SEMI location-error-params)
/// location-error-code      = 1*3DIGIT
/// location-error-params    = location-error-code-text / generic-param
/// location-error-code-text = "code" EQUAL quoted-string
/// ```
///
/// The grammar is that of [RFC 6442 §4.4](https://www.rfc-editor.org/rfc/rfc6442#section-4.4). Two values are
/// equal if their codes and the parameters that both have are equal.
///
/// ```
/// use spigot_parser::header::GeolocationError;
///
/// let error: GeolocationError = "100;code=\"Cannot Process Location\"".parse()?;
/// assert_eq!((error.code(), error.text().as_deref()), (100, Some("Cannot Process Location")));
/// assert_eq!(GeolocationError::new(300)?.with_text("Dereference Failure")?.to_string(), "300;code=\"Dereference Failure\"");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct GeolocationError {
    text: Parametrized,
}

impl GeolocationError {
    /// Creates an error with the code `code`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if it is above 999.
    pub fn new(code: u16) -> Result<GeolocationError, ParseError> {
        match code {
            0..=999 => Ok(GeolocationError {
                text: Parametrized::bare(code.to_string()),
            }),
            _ => fault(0, CODE),
        }
    }

    /// Returns the code.
    ///
    /// From 100 on, the location cannot be used. From 200 on, there is no permission to use it. From 300 on,
    /// the server that holds it did not return it.
    pub fn code(&self) -> u16 {
        decimal(self.text.value().as_bytes(), 999).map_or(0, |code| code as u16)
    }

    /// Returns the text of the `code` parameter for people, without its quotes.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        self.params().value("code")
    }

    /// Sets the text for people, which is quoted.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if it holds CR, LF or NUL.
    pub fn with_text(self, text: &str) -> Result<GeolocationError, ParseError> {
        self.with_param("code", Some(&quoted(text)?))
    }
}

const CODE: &str = "a code of one to three digits";

param_accessors!(GeolocationError);

impl TypedHeader for GeolocationError {
    const NAME: HeaderName = HeaderName::GEOLOCATION_ERROR;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        let (_, end) = prefix(text, number(999, CODE))?;
        if end > 3 {
            return fault(3, CODE);
        }
        let text = Parametrized::scan(value, end, |param| {
            let is_text = param.name(text).eq_ignore_ascii_case("code");
            match is_text && !param.value(text).is_some_and(is_quoted) {
                true => fault(param.at(), "a quoted string"),
                false => Ok(()),
            }
        })?;
        Ok(GeolocationError { text })
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.text.as_str());
    }
}

impl PartialEq for GeolocationError {
    fn eq(&self, other: &GeolocationError) -> bool {
        self.code() == other.code() && params::agree(self.params(), other.params(), |_| false)
    }
}

text_traits!(GeolocationError);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    fn error(text: &str) -> GeolocationError {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn code_and_text_are_read() {
        assert_eq!(error("7 ; CODE = \"a \\\"b\\\"\"").text().unwrap(), "a \"b\"");
        assert_eq!((error("007").code(), error("999").text()), (7, None));
        assert_eq!(error("100;code=\"a\""), error("100"));
        assert_ne!(error("100;code=\"a\""), error("100;code=\"A\""));
        assert_ne!(error("100"), error("200"));
    }

    #[test]
    fn what_leaves_the_grammar_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            ("x", 0),
            ("1000", 0),
            ("0001", 3),
            ("100 a", 4),
            ("100;code", 8),
            ("100;code=a", 9),
            ("100;x=", 6),
            ("100,200", 3),
        ] {
            let error = text.parse::<GeolocationError>().expect_err(text);
            assert_eq!(error.offset(), offset, "{text}: {error}");
        }
        assert!(GeolocationError::new(1000).is_err());
        for evil in testing::EVIL {
            for name in ["code", "x"] {
                assert!(error("100").with_param(name, Some(evil)).is_err(), "{evil:?}");
            }
            let set = error("100").with_text(evil);
            assert_eq!(set.is_err(), evil.contains(['\r', '\n', '\0']), "{evil:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(code in 0u16..1000, text in testing::line(), value in testing::param_value()) {
            let built = GeolocationError::new(code).unwrap().with_text(&text).unwrap();
            prop_assert_eq!((built.code(), built.text()), (code, Some(text.as_str().into())));
            testing::assert_round_trip(&built.with_param("x", value.as_deref()).unwrap());
        }
    }
}
