//! Features: parameters for the capabilities of a user agent or a proxy (RFC 3840 §9).
//!
//! Accept-Contact, Reject-Contact, Feature-Caps and Contact have such parameters.

use std::borrow::Cow;
use std::fmt;

use super::fault;
use super::feature_value::TagValue;
use crate::grammar::{Class, alphanum_and, class_end, is_one_line, unquote};
use crate::{ErrorKind, Params, ParseError};

/// A feature: a tag and its values.
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
    /// Returns the features among `params`.
    ///
    /// A parameter with a feature's name and a value that no feature can have is not a feature.
    pub fn all(params: Params<'a>) -> impl Iterator<Item = Feature<'a>> + Clone + 'a {
        params.filter_map(|(name, value)| Feature::of(name, value))
    }

    /// Returns the parameter as a feature, if it is one.
    pub(super) fn of(name: &'a str, value: Option<&'a str>) -> Option<Feature<'a>> {
        let is_feature = is_name(name) && value.is_none_or(is_value);
        is_feature.then_some(Feature { name, value })
    }

    /// Returns the name of the parameter as written, such as `audio` and `+sip.instance`.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Returns the feature tag, such as `sip.audio` and `sip.instance`, in which case does not count.
    ///
    /// RFC 3840 §5 defines how parameter names encode feature tags.
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

    /// Reports whether the feature has no value, and so is true.
    pub fn is_flag(&self) -> bool {
        self.value.is_none()
    }

    /// Returns the text between `<` and `>`, if the value is a text.
    pub fn text(&self) -> Option<Cow<'a, str>> {
        let value = self.value.filter(|value| value.starts_with("\"<"))?;
        Some(match unquote(value) {
            Cow::Borrowed(text) => text[1..text.len() - 1].into(),
            Cow::Owned(text) => text[1..text.len() - 1].to_owned().into(),
        })
    }

    /// Returns the listed values.
    ///
    /// A feature without a value gives `TRUE`. A feature whose value is a text gives no values.
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

/// Reports whether a parameter with this name may be a feature.
pub(super) fn is_name(name: &str) -> bool {
    match name.strip_prefix('+') {
        Some(tag) => {
            tag.starts_with(|first: char| first.is_ascii_alphabetic())
                && class_end(&FTAG_NAME, tag.as_bytes(), 0) == tag.len()
        }
        None => BASE_TAGS.iter().any(|tag| name.eq_ignore_ascii_case(tag)),
    }
}

/// Reports whether `value`, quotes included, is a list of values or a text.
pub(super) fn is_value(value: &str) -> bool {
    let Some(content) = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) else {
        return false;
    };
    match content.strip_prefix('<') {
        Some(text) => ends_at_bracket(text),
        None => content.split(',').all(|value| TagValue::parse(value).is_some()),
    }
}

/// Reports whether the first bracket in `text` that is not escaped is a `>` at its end.
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

/// Checks that `name` can be the name of a feature.
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

/// Writes a text as the value of a feature, with brackets and quotes.
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

/// Defines accessors for the features of a header type with a field `text: Parametrized`.
macro_rules! feature_accessors {
    ($($type:ident),*) => {$(
        impl $type {
            /// Returns the features among the parameters.
            pub fn features(&self) -> impl Iterator<Item = crate::header::Feature<'_>> + '_ {
                crate::header::Feature::all(self.params())
            }

            /// Returns the feature whose parameter is `name`, such as `audio` and `+sip.instance`.
            pub fn feature(&self, name: &str) -> Option<crate::header::Feature<'_>> {
                self.features().find(|feature| feature.name().eq_ignore_ascii_case(name))
            }

            /// Sets a feature without a value, which stands for `TRUE`.
            ///
            /// # Errors
            ///
            /// [`ErrorKind`](crate::ErrorKind) `Token` or `Value` if no feature of this header has that name,
            /// `TooManyParams`.
            pub fn with_feature(self, name: &str) -> Result<Self, crate::ParseError> {
                crate::header::feature::check_name(name)?;
                self.with_param(name, None)
            }

            /// Sets a feature whose value is a text.
            ///
            /// # Errors
            ///
            /// [`ErrorKind`](crate::ErrorKind) `Token` or `Value` if no feature of this header has that name,
            /// `Value` if `text` holds CR, LF or NUL, `TooManyParams`.
            pub fn with_feature_text(self, name: &str, text: &str) -> Result<Self, crate::ParseError> {
                crate::header::feature::check_name(name)?;
                self.with_param(name, Some(&crate::header::feature::print_text(text)?))
            }

            /// Sets a feature whose value is a list of values.
            ///
            /// # Errors
            ///
            /// [`ErrorKind`](crate::ErrorKind) `Token` or `Value` if no feature of this header has that name,
            /// `Value` if there is no value or one leaves the grammar, `TooManyParams`.
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
