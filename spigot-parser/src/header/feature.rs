//! Features: what a user agent or a proxy can do, as parameters say it (RFC 3840 §9).
//!
//! Accept-Contact, Reject-Contact, Feature-Caps and Contact have parameters of this form.

use std::borrow::Cow;
use std::fmt;

use super::fault;
use super::feature_value::TagValue;
use crate::grammar::{Class, alphanum_and, class_end, is_one_line, unquote};
use crate::{ErrorKind, Params, ParseError};

/// One feature: the tag that names it, and the values that it has or may have.
///
/// [RFC 3840 §9](https://www.rfc-editor.org/rfc/rfc3840#section-9):
///
/// ```text
/// feature-param    = enc-feature-tag [EQUAL LDQUOT (tag-value-list / string-value ) RDQUOT]
/// enc-feature-tag  = base-tags / other-tags
/// base-tags        = "audio" / "automata" / "class" / "duplex" / "data" / "control" / "mobility" / "description"
///                  / "events" / "priority" / "methods" / "schemes" / "application" / "video" / "language" / "type"
///                  / "isfocus" / "actor" / "text" / "extensions"
/// other-tags       = "+" ftag-name
/// ftag-name        = ALPHA *( ALPHA / DIGIT / "!" / "'" / "." / "-" / "%" )
/// tag-value-list   = tag-value *("," tag-value)
/// string-value     = "<" *(qdtext-no-abkt / quoted-pair ) ">"
/// ```
///
/// ```
/// use spigot_parser::header::{Contact, Feature, FeatureValue};
///
/// let contact: Contact =
///     "<sip:a@b.example>;audio;methods=\"INVITE,!BYE\";+sip.instance=\"<urn:uuid:0>\";+g.size=\"#>=4\";q=1".parse()?;
/// let features: Vec<Feature> = Feature::all(contact.params()).collect();
/// assert_eq!((features[0].tag().as_ref(), features[0].is_flag()), ("sip.audio", true));
/// assert_eq!(features[1].values().last().unwrap(), (FeatureValue::Token("BYE"), false).into());
/// assert_eq!(features[2].text().unwrap(), "urn:uuid:0");
/// assert_eq!(features[3].values().next().unwrap().value(), FeatureValue::AtLeast(4.0));
/// assert_eq!(features.len(), 4);
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Feature<'a> {
    name: &'a str,
    /// The value with its quotes.
    value: Option<&'a str>,
}

static FTAG_NAME: Class = alphanum_and(b"!'.-%");

const BASE_TAGS: [&str; 20] = [
    "audio",
    "automata",
    "class",
    "duplex",
    "data",
    "control",
    "mobility",
    "description",
    "events",
    "priority",
    "methods",
    "schemes",
    "application",
    "video",
    "language",
    "type",
    "isfocus",
    "actor",
    "text",
    "extensions",
];

impl<'a> Feature<'a> {
    /// The features among some parameters. A parameter that has the name of a feature but no value that features have
    /// is another parameter.
    pub fn all(params: Params<'a>) -> impl Iterator<Item = Feature<'a>> + Clone + 'a {
        params.filter_map(|(name, value)| Feature::of(name, value))
    }

    /// The feature that a parameter is.
    pub(super) fn of(name: &'a str, value: Option<&'a str>) -> Option<Feature<'a>> {
        let is_feature = is_name(name) && value.is_none_or(is_value);
        is_feature.then_some(Feature { name, value })
    }

    /// The name of the parameter as written: `audio`, `+sip.instance`.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The name of the feature, to which RFC 3840 §5 encodes that of the parameter: `sip.audio`, `sip.instance`. It has
    /// no case.
    pub fn tag(&self) -> Cow<'a, str> {
        match self.name.strip_prefix('+') {
            Some(tag) => tag.into(),
            None if ["language", "type"]
                .iter()
                .any(|tag| self.name.eq_ignore_ascii_case(tag)) =>
            {
                self.name.into()
            }
            None => format!("sip.{}", self.name).into(),
        }
    }

    /// Whether it is there without a value, which means that it is true.
    pub fn is_flag(&self) -> bool {
        self.value.is_none()
    }

    /// The text between `<` and `>`, if its value is a text.
    pub fn text(&self) -> Option<Cow<'a, str>> {
        let value = self.value.filter(|value| value.starts_with("\"<"))?;
        Some(match unquote(value) {
            Cow::Borrowed(text) => text[1..text.len() - 1].into(),
            Cow::Owned(text) => text[1..text.len() - 1].to_owned().into(),
        })
    }

    /// The values that it lists; `TRUE` if it is there without a value, and none if its value is a text.
    pub fn values(&self) -> impl Iterator<Item = TagValue<'a>> + Clone + 'a {
        let list = self.value.map(|value| value.trim_matches('"'));
        list.unwrap_or("TRUE").split(',').filter_map(TagValue::parse)
    }
}

impl fmt::Debug for Feature<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value {
            Some(value) => write!(f, "Feature({}={value})", self.name),
            None => write!(f, "Feature({})", self.name),
        }
    }
}

/// Whether a parameter of that name may be a feature.
pub(super) fn is_name(name: &str) -> bool {
    match name.strip_prefix('+') {
        Some(tag) => {
            tag.starts_with(|first: char| first.is_ascii_alphabetic())
                && class_end(&FTAG_NAME, tag.as_bytes(), 0) == tag.len()
        }
        None => BASE_TAGS.iter().any(|tag| name.eq_ignore_ascii_case(tag)),
    }
}

/// Whether `value`, quotes included, is a list of values or a text.
pub(super) fn is_value(value: &str) -> bool {
    let Some(content) = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) else {
        return false;
    };
    match content.strip_prefix('<') {
        Some(text) => ends_at_bracket(text),
        None => content.split(',').all(|value| TagValue::parse(value).is_some()),
    }
}

/// Whether the first bracket in `text` that is not escaped is a `>` at its end.
fn ends_at_bracket(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        match bytes.get(at) {
            Some(b'\\') => at += 2,
            Some(b'>') => return at + 1 == bytes.len(),
            Some(b'<') | None => return false,
            Some(_) => at += 1,
        }
    }
}

/// Refuses a name that no feature has.
pub(super) fn check_name(name: &str) -> Result<(), ParseError> {
    match is_name(name) {
        true => Ok(()),
        false => Err(ParseError::new(
            ErrorKind::Token,
            0,
            "a feature of RFC 3840, or `+` and the name of another",
        )),
    }
}

/// A text as the value of a feature, with its brackets and quotes.
pub(super) fn print_text(text: &str) -> Result<String, ParseError> {
    if !is_one_line(text) {
        return fault(0, "a text without CR, LF or NUL");
    }
    let mut value = String::with_capacity(text.len() + 4);
    value.push_str("\"<");
    for character in text.chars() {
        let is_control = character.is_ascii_control() && character != '\t';
        if is_control || matches!(character, '"' | '\\' | '<' | '>') {
            value.push('\\');
        }
        value.push(character);
    }
    value.push_str(">\"");
    Ok(value)
}

/// What a header with features, which keeps itself in a `text: Parametrized`, says of them.
macro_rules! feature_accessors {
    ($($type:ident),*) => {$(
        impl $type {
            /// The features among the parameters.
            pub fn features(&self) -> impl Iterator<Item = crate::header::Feature<'_>> + '_ {
                crate::header::Feature::all(self.params())
            }

            /// The feature whose parameter has that name: `audio`, `+sip.instance`.
            pub fn feature(&self, name: &str) -> Option<crate::header::Feature<'_>> {
                self.features().find(|feature| feature.name().eq_ignore_ascii_case(name))
            }

            /// With a feature that is there without a value.
            ///
            /// # Errors
            ///
            /// [`ErrorKind`](crate::ErrorKind) `Token` or `Value` if no feature of this header has that name,
            /// `TooManyParams`.
            pub fn with_feature(self, name: &str) -> Result<Self, crate::ParseError> {
                crate::header::feature::check_name(name)?;
                self.with_param(name, None)
            }

            /// With a feature that has a text.
            ///
            /// # Errors
            ///
            /// [`ErrorKind`](crate::ErrorKind) `Token` or `Value` if no feature of this header has that name, `Value` if
            /// `text` holds CR, LF or NUL, `TooManyParams`.
            pub fn with_feature_text(self, name: &str, text: &str) -> Result<Self, crate::ParseError> {
                crate::header::feature::check_name(name)?;
                self.with_param(name, Some(&crate::header::feature::print_text(text)?))
            }

            /// With a feature that has these values.
            ///
            /// # Errors
            ///
            /// [`ErrorKind`](crate::ErrorKind) `Token` or `Value` if no feature of this header has that name, `Value` if
            /// there is no value or one leaves the grammar, `TooManyParams`.
            pub fn with_feature_values<'a>(
                self,
                name: &str,
                values: impl IntoIterator<Item = crate::header::TagValue<'a>>,
            ) -> Result<Self, crate::ParseError> {
                crate::header::feature::check_name(name)?;
                self.with_param(name, Some(&crate::header::feature_value::print(values)?))
            }
        }
    )*};
}
pub(super) use feature_accessors;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::FeatureValue;
    use proptest::prelude::*;

    fn feature<'a>(name: &'a str, value: Option<&'a str>) -> Option<Feature<'a>> {
        Feature::of(name, value)
    }

    #[test]
    fn names_are_those_of_rfc_3840_or_have_a_plus() {
        for name in [
            "audio",
            "ISFOCUS",
            "+sip.instance",
            "+g.3gpp.icsi-ref",
            "+a!'.-%1",
        ] {
            assert!(feature(name, None).is_some(), "{name}");
        }
        for name in [
            "",
            "+",
            "+1a",
            "audios",
            "q",
            "expires",
            "+a_b",
            "+a+b",
            "++a",
            "sip.audio",
            "+é",
        ] {
            assert!(feature(name, None).is_none(), "{name}");
        }
        let tag = |name| feature(name, None).unwrap().tag().into_owned();
        assert_eq!(
            (tag("Video"), tag("TYPE"), tag("language")),
            ("sip.Video".into(), "TYPE".into(), "language".into())
        );
        assert_eq!(tag("+sip.rendering"), "sip.rendering");
    }

    #[test]
    fn a_text_ends_at_its_bracket() {
        let text = |value| feature("description", Some(value))?.text();
        assert_eq!(text("\"<PC>\"").unwrap(), "PC");
        assert_eq!(text("\"<>\"").unwrap(), "");
        assert_eq!(text("\"<a, \\\"b\\\" \\> é>\"").unwrap(), "a, \"b\" > é");
        assert!(
            feature("description", Some("\"<a>\""))
                .unwrap()
                .values()
                .next()
                .is_none()
        );
        for value in [
            "\"<a\"",
            "\"<a>b\"",
            "\"<a<b>\"",
            "\"a>\"",
            "\"<a\\>\"",
            "\"<\"",
            "\">\"",
        ] {
            assert!(text(value).is_none(), "{value}");
        }
    }

    #[test]
    fn a_list_has_values_and_a_flag_is_true() {
        let values = |value| {
            feature("+rangeparam", value)
                .unwrap()
                .values()
                .collect::<Vec<_>>()
        };
        assert_eq!(
            values(Some("\"#-4:+5.125,!a\"")),
            [
                FeatureValue::Between(-4.0, 5.125).into(),
                (FeatureValue::Token("a"), false).into()
            ]
        );
        assert_eq!(values(None), [FeatureValue::Boolean(true).into()]);
        let flag = feature("audio", None).unwrap();
        assert!(flag.is_flag() && flag.text().is_none());
        for value in [
            "fixed", "\"\"", "\"a,\"", "\",a\"", "\"a b\"", "\"#4\"", "[::1]", "\"é\"", "\"",
        ] {
            assert!(feature("audio", Some(value)).is_none(), "{value}");
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_not_printed() {
        for text in ["a\r\nb", "a\n", "\0"] {
            assert!(print_text(text).is_err(), "{text:?}");
        }
        assert_eq!(print_text("a<\"\\>").unwrap(), r#""<a\<\"\\\>>""#);
        assert!(check_name("audio").is_ok() && check_name("x").is_err());
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(text in "[^\r\n\0]{0,20}") {
            let printed = print_text(&text).unwrap();
            prop_assert_eq!(feature("+a", Some(&printed)).unwrap().text().unwrap(), text);
        }

        #[test]
        fn no_value_panics(value in "\"?[!#<>=:0-9a,\\\\\"é]{0,12}\"?") {
            if let Some(feature) = feature("+a", Some(&value)) {
                let (_, _, _) = (feature.text(), feature.values().count(), feature.tag());
            }
        }
    }
}
