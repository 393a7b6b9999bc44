//! The Join header: the dialog that an INVITE joins (RFC 3911).

use super::dialog_reference::between_tags;
use super::parametrized::{Parametrized, param_accessors};
use super::{Field, Shape, TypedHeader, dialog_reference, text_traits};
use crate::{HeaderName, ParseError};

/// A Join header: a dialog of the recipient that the new call joins.
///
/// ```text
/// Join       = "Join" HCOLON callid *(SEMI join-param)
/// join-param = to-tag / from-tag / generic-param
/// to-tag     = "to-tag" EQUAL token
/// from-tag   = "from-tag" EQUAL token
/// ```
///
/// [RFC 3911 §7.1](https://www.rfc-editor.org/rfc/rfc3911#section-7.1):
///
/// > A Join header MUST contain exactly one to-tag and exactly one from-tag, as they are required for unique
/// > dialog matching.
///
/// Two values are equal if their Call-IDs and tags have the same octets; other parameters do not count.
///
/// ```
/// use spigot_parser::header::{CallId, Join};
///
/// let join: Join = "12adf2f34456gs5;to-tag=12345;from-tag=54321".parse()?;
/// assert_eq!((join.call_id(), join.to_tag(), join.from_tag()), ("12adf2f34456gs5", "12345", "54321"));
/// assert_eq!(Join::new(&CallId::new("12adf2f34456gs5")?, "12345", "54321")?, join);
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Join {
    text: Parametrized,
}

param_accessors!(Join);
between_tags!(Join, "RFC 3911 §7.1");

impl TypedHeader for Join {
    const NAME: HeaderName = HeaderName::JOIN;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = dialog_reference::scan(value, TAGS, "")?;
        let text = dialog_reference::complete(text, TAGS, "a `to-tag` and a `from-tag`")?;
        Ok(Join { text })
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.text.as_str());
    }
}

impl PartialEq for Join {
    fn eq(&self, other: &Join) -> bool {
        self.call_id() == other.call_id()
            && (self.to_tag(), self.from_tag()) == (other.to_tag(), other.from_tag())
    }
}

text_traits!(Join);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::{CallId, testing};
    use proptest::prelude::*;

    #[test]
    fn both_tags_are_there_and_count() {
        let join = |text: &str| text.parse::<Join>();
        assert_eq!(join("a;to-tag=1;from-tag=2"), join("a ; from-tag=2;to-tag=1;x"));
        assert_ne!(join("a;to-tag=1;from-tag=2"), join("a;to-tag=1;from-tag=3"));
        for (text, offset) in [
            ("", 0),
            ("a;to-tag=1", 10),
            ("a;from-tag=1", 12),
            ("a;to-tag;from-tag=1", 8),
            ("a;to-tag=1;from-tag=[::1]", 20),
            ("a;to-tag=1;from-tag=2;from-tag=2", 22),
            ("a\r\n;to-tag=1;from-tag=2", 1),
        ] {
            assert_eq!(join(text).unwrap_err().offset(), offset, "{text:?}");
        }
        let zero = join("87134@192.0.2.23;to-tag=24796;from-tag=0").unwrap();
        assert!(zero.names("87134@192.0.2.23", Some("24796"), None));
        assert!(!zero.names("87134@192.0.2.23", Some("24796"), Some("1")));
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let id = CallId::new("a").unwrap();
        let join = Join::new(&id, "1", "2").unwrap();
        for evil in testing::EVIL {
            assert!(
                Join::new(&id, evil, "1").is_err() && Join::new(&id, "1", evil).is_err(),
                "{evil:?}"
            );
            assert!(join.clone().with_param("x", Some(evil)).is_err(), "{evil:?}");
        }
        assert!(join.without_param("from-tag").is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(to in testing::token(), from in testing::token(), value in testing::param_value()) {
            let join = Join::new(&CallId::new("a@b").unwrap(), &to, &from).unwrap();
            testing::assert_round_trip(&join.with_param("x", value.as_deref()).unwrap());
        }
    }
}
