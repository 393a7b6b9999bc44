//! The Feature-Caps header, which says what a proxy on the way supports (RFC 6809 §4).

use super::feature::{Feature, feature_accessors};
use super::parametrized::{Parametrized, param_accessors};
use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::{HeaderName, ParseError, params};

/// A Feature-Caps header: the features of one entity on the way.
///
/// The entity is a proxy, or a user agent that does not state its features in its Contact.
///
/// [RFC 6809 §4](https://www.rfc-editor.org/rfc/rfc6809#section-4), with the grammar of §6:
///
/// ```text
/// Feature-Caps      = "Feature-Caps" HCOLON fc-value *(COMMA fc-value)
/// fc-value          = "*" *(SEMI feature-cap)
/// feature-cap       = "+" fcap-name [EQUAL LDQUOT (fcap-value-list / fcap-string-value ) RDQUOT]
/// fcap-name         = ftag-name
/// fcap-value-list   = tag-value-list
/// fcap-string-value = string-value
/// ```
///
/// Two values are equal if they have the same features in any order.
///
/// ```
/// use spigot_parser::header::FeatureCaps;
///
/// let caps: FeatureCaps = "*;+g.3gpp.srvcc;+g.3gpp.atcf=\"<tel:+1-237-888-9999>\"".parse()?;
/// assert!(caps.feature("+g.3gpp.srvcc").unwrap().is_flag());
/// assert_eq!(caps.feature("+g.3gpp.atcf").unwrap().text().unwrap(), "tel:+1-237-888-9999");
/// assert_eq!(FeatureCaps::new().with_feature("+sip.607")?.to_string(), "*;+sip.607");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct FeatureCaps {
    text: Parametrized,
}

impl FeatureCaps {
    /// Creates the value `*`, to which features are added.
    pub fn new() -> FeatureCaps {
        FeatureCaps {
            text: Parametrized::bare("*"),
        }
    }
}

impl Default for FeatureCaps {
    fn default() -> Self {
        FeatureCaps::new()
    }
}

param_accessors!(FeatureCaps);
feature_accessors!(FeatureCaps);

impl TypedHeader for FeatureCaps {
    const NAME: HeaderName = HeaderName::FEATURE_CAPS;
    const SHAPE: Shape = Shape::List;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        if !text.starts_with('*') {
            return fault(0, "`*`");
        }
        let text = Parametrized::scan(value, 1, |param| {
            let name = param.name(text);
            if !name.starts_with('+') || Feature::of(name, None).is_none() {
                return fault(param.name.0, "`+` and the name of a feature");
            }
            match Feature::of(name, param.value(text)) {
                Some(_) => Ok(()),
                None => fault(param.at(), "a list of values or a text in `<` and `>`, in quotes"),
            }
        })?;
        Ok(FeatureCaps { text })
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.text.as_str());
    }
}

impl PartialEq for FeatureCaps {
    fn eq(&self, other: &FeatureCaps) -> bool {
        params::agree(self.params(), other.params(), |_| true)
    }
}

text_traits!(FeatureCaps);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::{FeatureValue, testing};
    use proptest::prelude::*;

    #[test]
    fn features_only() {
        let caps: FeatureCaps = "* ; +a = \"b,!c\" ;+d.e=\"<f>\"".parse().unwrap();
        assert_eq!(caps.features().count(), 2);
        assert_eq!(caps, "*;+D.e=\"<f>\";+a=\"b,!c\"".parse().unwrap());
        assert_ne!(caps, "*;+D.e=\"<f>\"".parse().unwrap());
        for (text, offset) in [
            ("", 0),
            ("+a", 0),
            ("*+a", 1),
            ("*;", 2),
            ("*;a", 2),
            ("*;audio", 2),
            ("*;+1", 2),
            ("*;+a_b", 2),
            ("*;+a=b", 5),
            ("*;+a=\"\"", 5),
            ("*;+a=\"b c\"", 5),
            ("*;+a=\"<b\"", 5),
            ("*;+a;+A=\"b\"", 5),
            ("*,*", 1),
            ("*\r\n", 1),
        ] {
            let error = text.parse::<FeatureCaps>().unwrap_err();
            assert_eq!(error.offset(), offset, "{text:?}: {error}");
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let caps = FeatureCaps::new();
        for evil in testing::EVIL {
            assert!(caps.clone().with_feature(evil).is_err(), "{evil:?}");
            assert!(caps.clone().with_param("+a", Some(evil)).is_err(), "{evil:?}");
            assert!(caps.clone().with_feature_text(evil, "a").is_err(), "{evil:?}");
            assert!(
                caps.clone()
                    .with_feature_values("+a", [FeatureValue::Token(evil).into()])
                    .is_err(),
                "{evil:?}"
            );
        }
        assert!(caps.clone().with_feature("audio").is_err() && caps.clone().with_param("x", None).is_err());
        assert!(caps.with_feature_text("+a", "b\r\nVia: c").is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            name in "\\+[a-z][a-z0-9!'.%-]{0,8}", text in testing::line(), number: i32
        ) {
            let values = [FeatureValue::Exactly(number.into()).into(), (FeatureValue::Token("a"), false).into()];
            let caps = FeatureCaps::new().with_feature(&name).unwrap();
            testing::assert_round_trip(&caps);
            let caps = caps.with_feature_text(&name, &text).unwrap();
            prop_assert_eq!(caps.feature(&name).unwrap().text().unwrap(), text);
            testing::assert_round_trip(&caps);
            let caps = caps.with_feature_values("+other.name", values).unwrap();
            prop_assert!(caps.feature("+Other.name").unwrap().values().eq(values));
            testing::assert_round_trip(&caps);
            testing::assert_round_trip(&caps.without_param(&name).unwrap());
        }
    }
}
