//! The Content-Encoding header, which lists the codings applied to the body (RFC 3261 §20.12).

use bytestring::ByteString;

use super::allow::{check, tokens};
use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::is_token;
use crate::{ErrorKind, HeaderName, ParseError};

/// A Content-Encoding header: the codings of the body, in the order in which they were applied.
///
/// A reader undoes the last one first.
///
/// ```text
/// Content-Encoding = ( "Content-Encoding" / "e" ) HCOLON content-coding *(COMMA content-coding)
/// content-coding   = token
/// ```
///
/// ```
/// use spigot_parser::header::ContentEncoding;
///
/// let encoding: ContentEncoding = "tar, gzip".parse()?;
/// assert_eq!(encoding.codings().collect::<Vec<_>>(), ["tar", "gzip"]);
/// assert_eq!(ContentEncoding::new(["gzip"])?.to_string(), "gzip");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct ContentEncoding {
    text: ByteString,
}

impl ContentEncoding {
    /// Creates a list of the given codings, of which the first is applied first.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] if one of them is no token, [`ErrorKind::Value`] if there is none.
    pub fn new<'a>(codings: impl IntoIterator<Item = &'a str>) -> Result<ContentEncoding, ParseError> {
        let codings: Vec<&str> = codings.into_iter().collect();
        match codings.iter().all(|coding| is_token(coding)) {
            true => ContentEncoding::parse(Field::exact(&codings.join(", "))),
            false => Err(ParseError::new(ErrorKind::Token, 0, "a coding, which is a token")),
        }
    }

    /// Returns the codings in the order in which they were applied.
    pub fn codings(&self) -> impl DoubleEndedIterator<Item = &str> + '_ {
        tokens(&self.text).collect::<Vec<_>>().into_iter()
    }

    /// Reports whether every coding is `identity`, which changes nothing.
    pub fn is_identity(&self) -> bool {
        self.codings()
            .all(|coding| coding.eq_ignore_ascii_case("identity"))
    }
}

impl TypedHeader for ContentEncoding {
    const NAME: HeaderName = HeaderName::CONTENT_ENCODING;
    const SHAPE: Shape = Shape::Joined;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        if value.as_str().is_empty() {
            return fault(0, "a coding");
        }
        check(value.as_str(), "a coding, which is a token")?;
        Ok(ContentEncoding { text: value.share() })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.text);
    }
}

/// Compares the codings in their order and without case.
impl PartialEq for ContentEncoding {
    fn eq(&self, other: &ContentEncoding) -> bool {
        let lower = |encoding: &ContentEncoding| encoding.text.to_ascii_lowercase();
        tokens(&lower(self)).eq(tokens(&lower(other)))
    }
}

text_traits!(ContentEncoding);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn order_counts_and_case_does_not() {
        let parse = |text: &str| text.parse::<ContentEncoding>().unwrap();
        assert_eq!(parse("GZIP ,tar"), parse("gzip, TAR"));
        assert_ne!(parse("gzip, tar"), parse("tar, gzip"));
        assert_ne!(parse("gzip"), parse("gzip, gzip"));
        assert_eq!(parse("tar, gzip").codings().next_back(), Some("gzip"));
        assert!(parse("Identity").is_identity() && !parse("identity, gzip").is_identity());
    }

    #[test]
    fn tokens_and_nothing_else() {
        for bad in ["", ",", "gzip,", ",gzip", "a b", "gzip;q=1", "\"gzip\"", "a,,b"] {
            assert!(bad.parse::<ContentEncoding>().is_err(), "{bad}");
        }
        assert!(ContentEncoding::new([]).is_err());
        for evil in testing::EVIL {
            assert!(ContentEncoding::new(["gzip", evil]).is_err(), "{evil:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(codings in prop::collection::vec(testing::token(), 1..5)) {
            testing::assert_round_trip(&ContentEncoding::new(codings.iter().map(String::as_str)).unwrap());
        }
    }
}
