//! The Refer-Sub header, which says whether a REFER creates a subscription (RFC 4488).

use super::parametrized::{Parametrized, param_accessors};
use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{prefix, token};
use crate::params;
use crate::{HeaderName, ParseError};

/// A Refer-Sub header: whether a REFER creates a subscription.
///
/// A request says what its sender wants, and a response what happens.
///
/// ```text
/// Refer-Sub       = "Refer-Sub" HCOLON refer-sub-value *(SEMI exten)
/// refer-sub-value = "true" / "false"
/// exten           = generic-param
/// ```
///
/// The grammar is that of [RFC 4488 §4](https://www.rfc-editor.org/rfc/rfc4488#section-4). Two values are
/// equal if they have the same word, and the parameters that both have are equal.
///
/// ```
/// use spigot_parser::header::ReferSub;
///
/// assert!(!"false".parse::<ReferSub>()?.is_wanted());
/// assert_eq!(ReferSub::new(false).to_string(), "false");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct ReferSub {
    text: Parametrized,
}

impl ReferSub {
    /// Creates the value `true` or `false`.
    pub fn new(wanted: bool) -> ReferSub {
        let text = if wanted { "true" } else { "false" };
        ReferSub {
            text: Parametrized::bare(text),
        }
    }

    /// Reports whether there is to be a subscription.
    pub fn is_wanted(&self) -> bool {
        self.text.value().eq_ignore_ascii_case("true")
    }
}

param_accessors!(ReferSub);

impl TypedHeader for ReferSub {
    const NAME: HeaderName = HeaderName::REFER_SUB;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        let (word, end) = prefix(text, token("`true` or `false`"))?;
        if !["true", "false"]
            .iter()
            .any(|known| word.eq_ignore_ascii_case(known))
        {
            return fault(0, "`true` or `false`");
        }
        let text = Parametrized::scan(value, end, |_| Ok(()))?;
        Ok(ReferSub { text })
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.text.as_str());
    }
}

impl PartialEq for ReferSub {
    fn eq(&self, other: &ReferSub) -> bool {
        self.is_wanted() == other.is_wanted() && params::agree(self.params(), other.params(), |_| false)
    }
}

text_traits!(ReferSub);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn it_is_true_or_false() {
        let sub = |text: &str| text.parse::<ReferSub>();
        assert!(sub("True ;x").unwrap().is_wanted() && !sub("FALSE").unwrap().is_wanted());
        assert_eq!(sub("true;x").unwrap(), sub("TRUE;y").unwrap());
        assert_ne!(sub("true;x=1").unwrap(), sub("true;x=2").unwrap());
        for (text, offset) in [
            ("", 0),
            ("yes", 0),
            ("true,false", 4),
            ("true x", 5),
            ("false;", 6),
            ("\"true\"", 0),
        ] {
            assert_eq!(sub(text).unwrap_err().offset(), offset, "{text}");
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        for evil in testing::EVIL {
            assert!(evil.parse::<ReferSub>().is_err(), "{evil:?}");
            assert!(
                ReferSub::new(true).with_param("x", Some(evil)).is_err(),
                "{evil:?}"
            );
            assert!(ReferSub::new(true).with_param(evil, None).is_err(), "{evil:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(wanted: bool, value in testing::param_value()) {
            let sub = ReferSub::new(wanted).with_param("x", value.as_deref()).unwrap();
            prop_assert_eq!(sub.is_wanted(), wanted);
            testing::assert_round_trip(&sub);
            testing::assert_round_trip(&sub.without_param("x").unwrap());
        }
    }
}
