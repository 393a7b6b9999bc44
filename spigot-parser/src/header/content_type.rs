//! The Content-Type header, which gives the media type of the body (RFC 3261 §20.15).

use std::borrow::Cow;

use bytestring::ByteString;

use super::parametrized::token_or_quoted;
use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{Span, is_token, prefix, separator, token};
use crate::params::{self, MAX_PARAMS, Values};
use crate::{ErrorKind, HeaderName, Params, ParseError};

/// A Content-Type header: the media type of the body.
///
/// [RFC 3261 §20.15](https://www.rfc-editor.org/rfc/rfc3261#section-20.15), with the grammar of §25.1:
///
/// ```text
/// Content-Type = ( "Content-Type" / "c" ) HCOLON media-type
/// media-type   = m-type SLASH m-subtype *(SEMI m-parameter)
/// m-parameter  = m-attribute EQUAL m-value
/// m-value      = token / quoted-string
/// ```
///
/// ```
/// use spigot_parser::header::ContentType;
///
/// let kind: ContentType = "multipart/mixed; boundary=\"a b\"".parse()?;
/// assert!(kind.is("Multipart", "mixed"));
/// assert_eq!(kind.param("boundary").unwrap(), "a b");
/// assert_eq!(ContentType::new("text", "plain")?.with_param("charset", "utf-8")?.to_string(), "text/plain;charset=utf-8");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct ContentType {
    text: ByteString,
    kind: Span,
    subtype: Span,
    params: u32,
}

impl ContentType {
    /// Creates the media type `kind/subtype`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] if one of them is no token.
    pub fn new(kind: &str, subtype: &str) -> Result<ContentType, ParseError> {
        match is_token(kind) && is_token(subtype) {
            true => format!("{kind}/{subtype}").parse(),
            false => Err(ParseError::new(
                ErrorKind::Token,
                0,
                "type and subtype, which are tokens",
            )),
        }
    }

    /// Returns the type, which is `application` in `application/sdp`.
    pub fn kind(&self) -> &str {
        self.kind.of(&self.text)
    }

    /// Returns the subtype, which is `sdp` in `application/sdp`.
    pub fn subtype(&self) -> &str {
        self.subtype.of(&self.text)
    }

    /// Reports whether the media type is `kind/subtype`, compared without case.
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind().eq_ignore_ascii_case(kind) && self.subtype().eq_ignore_ascii_case(subtype)
    }

    /// Returns the parameters.
    pub fn params(&self) -> Params<'_> {
        Params::of_header(&self.text[self.params as usize..])
    }

    /// Returns the value of a parameter without its quotes.
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        self.params().value(name)
    }

    /// Sets a parameter, and quotes its value if necessary.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] if `name` is no token, [`ErrorKind::Value`] if `value` holds CR, LF or NUL,
    /// [`ErrorKind::TooManyParams`].
    pub fn with_param(self, name: &str, value: &str) -> Result<ContentType, ParseError> {
        params::check(name, None)?;
        let written = token_or_quoted(value)?;
        let mut text = self.text[..self.params as usize].to_owned();
        params::write_with(self.params(), name, Some(Some(&written)), &mut text);
        match self.params().count() >= MAX_PARAMS && self.param(name).is_none() {
            true => Err(params::too_many(0)),
            false => text.parse(),
        }
    }
}

impl TypedHeader for ContentType {
    const NAME: HeaderName = HeaderName::CONTENT_TYPE;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        let slash = separator('/', "`/` after the type");
        let ((kind, (), subtype), at) = prefix(text, (token("a media type"), slash, token("a subtype")))?;
        params::scan(text.as_bytes(), at, Values::Generic, |param| {
            match param.value(text) {
                Some(value) if param.is_token || value.starts_with('"') => Ok(()),
                Some(_) => fault(param.at(), "a value that is a token or in quotes"),
                None => fault(param.at(), "`=` and the parameter's value"),
            }
        })?;
        let (kind, subtype) = (Span::within(text, kind), Span::within(text, subtype));
        Ok(ContentType {
            text: value.share(),
            kind,
            subtype,
            params: at as u32,
        })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.text);
    }
}

/// Compares type, subtype, and the parameters in any order.
impl PartialEq for ContentType {
    fn eq(&self, other: &ContentType) -> bool {
        self.is(other.kind(), other.subtype()) && params::agree(self.params(), other.params(), |_| true)
    }
}

text_traits!(ContentType);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn media_types() {
        let kind: ContentType = "application / pkcs7-mime ; smime-type=x".parse().unwrap();
        assert_eq!((kind.kind(), kind.subtype()), ("application", "pkcs7-mime"));
        for (text, offset) in [
            ("", 0),
            ("text", 4),
            ("text/", 5),
            ("text/plain;", 11),
            ("text/plain;x", 12),
            ("text/plain,x", 10),
            ("/x", 0),
            ("text/plain;x=\"", 13),
            ("text/plain;x=[::1]", 13),
            ("text/plain;x=1;X=2", 15),
        ] {
            assert_eq!(
                text.parse::<ContentType>().unwrap_err().offset(),
                offset,
                "{text}"
            );
        }
        let equal = "TEXT/plain;A=b;c=\"d\"".parse::<ContentType>() == "text/PLAIN; c=\"d\"; a=B".parse();
        assert!(equal);
        assert_ne!("a/b;c=d".parse::<ContentType>(), "a/b".parse());
    }

    #[test]
    fn nothing_that_is_set_can_break_out() {
        let kind = ContentType::new("a", "b").unwrap();
        for evil in testing::EVIL.iter().copied().chain(["", "a/b", "b;c", "a b"]) {
            assert!(
                ContentType::new(evil, "a").is_err() && ContentType::new("a", evil).is_err(),
                "{evil:?}"
            );
            assert!(kind.clone().with_param(evil, "a").is_err(), "{evil:?}");
        }
        // A value that is no token is quoted.
        for evil in ["a\r\nVia: b", "a\n", "a\r", "\0"] {
            assert!(kind.clone().with_param("x", evil).is_err(), "{evil:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            kind in testing::token(), subtype in testing::token(), value in "[^\r\n\0]{0,20}"
        ) {
            let built = ContentType::new(&kind, &subtype).unwrap();
            prop_assert!(built.is(&kind, &subtype));
            testing::assert_round_trip(&built);
            let built = built.with_param("x", &value).unwrap();
            prop_assert_eq!(built.param("X").unwrap(), value);
            testing::assert_round_trip(&built);
        }
    }
}
