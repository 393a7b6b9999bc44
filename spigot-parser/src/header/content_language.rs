//! The Content-Language header, which lists the languages of the body (RFC 3261 §20.13).

use bytestring::ByteString;

use super::allow::tokens;
use super::{Field, Shape, TypedHeader, elements, fault, text_traits};
use crate::grammar::Span;
use crate::{HeaderName, ParseError};

/// A Content-Language header: the languages of the readers whom the body is for.
///
/// ```text
/// Content-Language = "Content-Language" HCOLON language-tag *(COMMA language-tag)
/// language-tag     = primary-tag *( "-" subtag )
/// primary-tag      = 1*8ALPHA
/// subtag           = 1*8ALPHA
/// ```
///
/// A subtag may have digits, as in `es-419` (RFC 5646 §2.1).
///
/// ```
/// use spigot_parser::header::ContentLanguage;
///
/// let language: ContentLanguage = "mi, en-GB".parse()?;
/// assert!(language.contains("EN-gb") && !language.contains("en"));
/// assert_eq!(ContentLanguage::new(["fr"])?.to_string(), "fr");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct ContentLanguage {
    text: ByteString,
}

impl ContentLanguage {
    /// Creates a list of the given language tags.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if one of them is no language tag, or there is none.
    pub fn new<'a>(tags: impl IntoIterator<Item = &'a str>) -> Result<ContentLanguage, ParseError> {
        let tags: Vec<&str> = tags.into_iter().collect();
        match tags.iter().all(|tag| is_language_tag(tag)) {
            true => ContentLanguage::parse(Field::exact(&tags.join(", "))),
            false => fault(0, "a language tag"),
        }
    }

    /// Returns the language tags in their order.
    pub fn tags(&self) -> impl Iterator<Item = &str> + '_ {
        tokens(&self.text)
    }

    /// Reports whether the list contains `tag`, compared without case.
    pub fn contains(&self, tag: &str) -> bool {
        self.tags().any(|other| other.eq_ignore_ascii_case(tag))
    }
}

fn is_language_tag(text: &str) -> bool {
    text.split('-').enumerate().all(|(index, tag)| {
        (1..=8).contains(&tag.len())
            && tag.bytes().all(|octet| match index {
                0 => octet.is_ascii_alphabetic(),
                _ => octet.is_ascii_alphanumeric(),
            })
    })
}

impl TypedHeader for ContentLanguage {
    const NAME: HeaderName = HeaderName::CONTENT_LANGUAGE;
    const SHAPE: Shape = Shape::Joined;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        match elements(text).find(|tag| !is_language_tag(tag)) {
            Some(tag) => fault(Span::within(text, tag).start(), "a language tag"),
            None => Ok(ContentLanguage { text: value.share() }),
        }
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.text);
    }
}

/// Compares the languages in any order.
impl PartialEq for ContentLanguage {
    fn eq(&self, other: &ContentLanguage) -> bool {
        self.tags().all(|tag| other.contains(tag)) && other.tags().all(|tag| self.contains(tag))
    }
}

text_traits!(ContentLanguage);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn language_tags_and_nothing_else() {
        for good in [
            "fr",
            "en-GB",
            "es-419",
            "zh-Hant-TW",
            "i-klingon",
            "de-1996 ,\tfr",
        ] {
            assert!(good.parse::<ContentLanguage>().is_ok(), "{good}");
        }
        for (bad, offset) in [
            ("", 0),
            ("fr,", 3),
            ("fr, e n", 4),
            ("419", 0),
            ("en-", 0),
            ("*", 0),
            ("en_GB", 0),
            ("abcdefghi", 0),
            ("fr;q=0.5", 0),
        ] {
            assert_eq!(
                bad.parse::<ContentLanguage>().unwrap_err().offset(),
                offset,
                "{bad}"
            );
        }
        assert!(ContentLanguage::new([]).is_err());
        for evil in testing::EVIL {
            assert!(ContentLanguage::new(["fr", evil]).is_err(), "{evil:?}");
        }
    }

    #[test]
    fn case_and_order_do_not_count() {
        let parse = |text: &str| text.parse::<ContentLanguage>().unwrap();
        assert_eq!(parse("FR, en-gb"), parse("en-GB,fr"));
        assert_ne!(parse("fr"), parse("fr, en"));
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(tags in prop::collection::vec("[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8}){0,3}", 1..5)) {
            testing::assert_round_trip(&ContentLanguage::new(tags.iter().map(String::as_str)).unwrap());
        }
    }
}
