//! The Content-Disposition header, which says what a body is for (RFC 3261 §20.11).

use super::parametrized::{Parametrized, param_accessors};
use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{is_token, prefix, token};
use crate::params;
use crate::{ErrorKind, HeaderName, ParseError};

/// A Content-Disposition header: the purpose of a body, and whether a receiver has to understand it.
///
/// ```text
/// Content-Disposition  = "Content-Disposition" HCOLON disp-type *( SEMI disp-param )
/// disp-type            = "render" / "session" / "icon" / "alert" / disp-extension-token
/// disp-param           = handling-param / generic-param
/// handling-param       = "handling" EQUAL ( "optional" / "required" / other-handling )
/// other-handling       = token
/// disp-extension-token = token
/// ```
///
/// The type and the value of `handling` are compared without case (RFC 3261 §7.3.1). For a body without this
/// header, see [`Part::disposition`](crate::Part::disposition).
///
/// ```
/// use spigot_parser::header::ContentDisposition;
///
/// let disposition: ContentDisposition = "signal ; handling = optional".parse()?;
/// assert_eq!((disposition.kind(), disposition.is_required()), ("signal", false));
/// let session = ContentDisposition::new("session")?;
/// assert!(session.is_required());
/// assert_eq!(session.with_param("handling", Some("required"))?.to_string(), "session;handling=required");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct ContentDisposition {
    text: Parametrized,
}

impl ContentDisposition {
    /// Creates a header with the disposition type `kind`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] if it is no token.
    pub fn new(kind: &str) -> Result<ContentDisposition, ParseError> {
        match is_token(kind) {
            true => ContentDisposition::parse(Field::exact(kind)),
            false => Err(ParseError::new(
                ErrorKind::Token,
                0,
                "a disposition type, which is a token",
            )),
        }
    }

    /// Returns the disposition type, such as `session` for session descriptions and `render` for what is
    /// shown to the user.
    pub fn kind(&self) -> &str {
        self.text.value()
    }

    /// Reports whether a receiver that does not understand the body has to refuse the message.
    ///
    /// This is false for `handling=optional` only.
    ///
    /// > If the handling parameter is missing, the value "required" SHOULD be assumed.
    ///
    /// ([RFC 3261 §20.11](https://www.rfc-editor.org/rfc/rfc3261#section-20.11))
    pub fn is_required(&self) -> bool {
        !matches!(self.param("handling"), Some(Some(handling)) if handling.eq_ignore_ascii_case("optional"))
    }
}

param_accessors!(ContentDisposition);

impl TypedHeader for ContentDisposition {
    const NAME: HeaderName = HeaderName::CONTENT_DISPOSITION;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        let (_, end) = prefix(text, token("a disposition type"))?;
        let text = Parametrized::scan(value, end, |param| {
            match param.name(text).eq_ignore_ascii_case("handling") && !param.is_token {
                true => fault(param.at(), "`required`, `optional` or another token"),
                false => Ok(()),
            }
        })?;
        Ok(ContentDisposition { text })
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.text.as_str());
    }
}

/// Compares the type, and the parameters in any order.
impl PartialEq for ContentDisposition {
    fn eq(&self, other: &ContentDisposition) -> bool {
        self.kind().eq_ignore_ascii_case(other.kind())
            && params::agree(self.params(), other.params(), |_| true)
    }
}

text_traits!(ContentDisposition);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn only_optional_is_optional() {
        let required = |text: &str| text.parse::<ContentDisposition>().unwrap().is_required();
        assert!(
            required("session")
                && required("session;handling=required")
                && required("session;handling=other")
        );
        assert!(!required("session;Handling=OPTIONAL") && !required("icon; size=\"1\"; handling=optional"));
    }

    #[test]
    fn what_leaves_the_grammar_is_refused_where_it_does() {
        for (text, offset) in [
            ("", 0),
            (";handling=optional", 0),
            ("\"session\"", 0),
            ("session;", 8),
            ("session, render", 7),
            ("session;handling", 16),
            ("session;handling=\"optional\"", 17),
            ("session;handling=optional;handling=required", 26),
        ] {
            assert_eq!(
                text.parse::<ContentDisposition>().unwrap_err().offset(),
                offset,
                "{text}"
            );
        }
    }

    #[test]
    fn type_and_parameters_make_it_equal() {
        let parse = |text: &str| text.parse::<ContentDisposition>().unwrap();
        assert_eq!(
            parse("Session;a=1;handling=optional"),
            parse("session ; HANDLING = Optional;a=1")
        );
        assert_ne!(parse("session"), parse("session;handling=optional"));
        assert_ne!(parse("session"), parse("render"));
    }

    #[test]
    fn nothing_evil_is_built() {
        for evil in testing::EVIL {
            let disposition = ContentDisposition::new("session").unwrap();
            assert!(ContentDisposition::new(evil).is_err(), "{evil:?}");
            assert!(disposition.clone().with_param(evil, None).is_err(), "{evil:?}");
            assert!(
                disposition.with_param("handling", Some(evil)).is_err(),
                "{evil:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(kind in testing::token(), name in testing::token(), value in testing::param_value()) {
            let disposition = ContentDisposition::new(&kind).unwrap();
            testing::assert_round_trip(&disposition);
            if let Ok(disposition) = disposition.with_param(&name, value.as_deref()) {
                testing::assert_round_trip(&disposition);
            }
        }
    }
}
