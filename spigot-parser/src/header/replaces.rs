//! The Replaces header: the dialog that an INVITE replaces (RFC 3891).

use super::dialog_reference::between_tags;
use super::parametrized::{Parametrized, param_accessors};
use super::{Field, Shape, TypedHeader, dialog_reference, text_traits};
use crate::{HeaderName, ParseError};

/// A Replaces header: a dialog of the recipient that ends when the request is accepted.
///
/// ```text
/// Replaces       = "Replaces" HCOLON callid *(SEMI replaces-param)
/// replaces-param = to-tag / from-tag / early-flag / generic-param
/// to-tag         = "to-tag" EQUAL token
/// from-tag       = "from-tag" EQUAL token
/// early-flag     = "early-only"
/// ```
///
/// [RFC 3891 §6.1](https://www.rfc-editor.org/rfc/rfc3891#section-6.1):
///
/// > A Replaces header field MUST contain exactly one to-tag and exactly one from-tag, as they are required
/// > for unique dialog matching. For compatibility with dialogs initiated by RFC 2543 \[9\] compliant UAs, a
/// > tag of zero matches both tags of zero and null.
///
/// Two values are equal if their Call-IDs, tags and `early-only` have the same octets; other parameters do
/// not count.
///
/// ```
/// use spigot_parser::header::{CallId, Replaces};
///
/// let replaces: Replaces = "98732@sip.example.com;from-tag=r33th4x0r;to-tag=ff87ff".parse()?;
/// assert_eq!((replaces.to_tag(), replaces.from_tag()), ("ff87ff", "r33th4x0r"));
/// assert!(replaces.names("98732@sip.example.com", Some("ff87ff"), Some("r33th4x0r")));
///
/// let replaces = Replaces::new(&CallId::new("12adf2f34456gs5")?, "12345", "54321")?.with_early_only()?;
/// assert_eq!(replaces.to_string(), "12adf2f34456gs5;to-tag=12345;from-tag=54321;early-only");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Replaces {
    text: Parametrized,
}

impl Replaces {
    /// Reports whether the dialog is to be replaced only before it is confirmed (`early-only`).
    pub fn early_only(&self) -> bool {
        self.params().contains("early-only")
    }

    /// Adds `early-only`: the dialog is to be replaced only before it is confirmed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooManyParams`](crate::ErrorKind::TooManyParams).
    pub fn with_early_only(self) -> Result<Replaces, ParseError> {
        self.with_param("early-only", None)
    }
}

param_accessors!(Replaces);
between_tags!(Replaces, "RFC 3891 §6.1");

impl TypedHeader for Replaces {
    const NAME: HeaderName = HeaderName::REPLACES;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = dialog_reference::scan(value, TAGS, "early-only")?;
        let text = dialog_reference::complete(text, TAGS, "a `to-tag` and a `from-tag`")?;
        Ok(Replaces { text })
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.text.as_str());
    }
}

impl PartialEq for Replaces {
    fn eq(&self, other: &Replaces) -> bool {
        self.call_id() == other.call_id()
            && (self.to_tag(), self.from_tag()) == (other.to_tag(), other.from_tag())
            && self.early_only() == other.early_only()
    }
}

text_traits!(Replaces);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::{CallId, testing};
    use proptest::prelude::*;

    #[test]
    fn a_tag_of_zero_names_one_that_is_missing() {
        let replaces: Replaces = "87134@171.161.34.23 ; To-Tag = 24796;from-tag=0".parse().unwrap();
        for (remote, names) in [(Some("0"), true), (None, true), (Some("1"), false)] {
            assert_eq!(
                replaces.names("87134@171.161.34.23", Some("24796"), remote),
                names,
                "{remote:?}"
            );
        }
        assert!(!replaces.names("87134@171.161.34.23", None, None));
        assert!(!replaces.names("87134", Some("24796"), None));
    }

    #[test]
    fn tags_and_the_flag_make_the_difference() {
        let replaces = |text: &str| text.parse::<Replaces>().unwrap();
        assert_eq!(
            replaces("a;to-tag=1;from-tag=2"),
            replaces("a;x;from-tag=2;to-tag=1")
        );
        for other in [
            "a;to-tag=1;from-tag=2;early-only",
            "a;to-tag=2;from-tag=1",
            "A;to-tag=1;from-tag=2",
        ] {
            assert_ne!(replaces("a;to-tag=1;from-tag=2"), replaces(other), "{other}");
        }
        assert_ne!(
            replaces("a;to-tag=a;from-tag=2"),
            replaces("a;to-tag=A;from-tag=2")
        );
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            (";to-tag=1;from-tag=2", 0),
            ("a", 1),
            ("a;to-tag=1", 10),
            ("a;to-tag=1;from-tag", 19),
            ("a;to-tag=\"1\";from-tag=2", 9),
            ("a;to-tag=1;from-tag=2;to-tag=1", 22),
            ("a;to-tag=1;from-tag=2;early-only=1", 33),
            ("a@;to-tag=1;from-tag=2", 2),
            ("a b;to-tag=1;from-tag=2", 2),
            ("a,b;to-tag=1;from-tag=2", 1),
        ] {
            assert_eq!(text.parse::<Replaces>().unwrap_err().offset(), offset, "{text}");
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let id = CallId::new("a").unwrap();
        let replaces = Replaces::new(&id, "1", "2").unwrap();
        for evil in testing::EVIL.iter().chain(&["", "1;x", "\"1\""]) {
            assert!(
                Replaces::new(&id, evil, "1").is_err() && Replaces::new(&id, "1", evil).is_err(),
                "{evil:?}"
            );
        }
        for evil in testing::EVIL {
            assert!(replaces.clone().with_param("x", Some(evil)).is_err(), "{evil:?}");
        }
        assert!(replaces.without_param("to-tag").is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            id in "[A-Za-z0-9%!()<>:\\\\\"/\\[\\]?{}-]{1,12}(@[a-z.]{1,9})?", to in testing::token(), from in testing::token(),
            value in testing::param_value(), early: bool,
        ) {
            let mut replaces = Replaces::new(&CallId::new(&id).unwrap(), &to, &from).unwrap();
            if early {
                replaces = replaces.with_early_only().unwrap();
            }
            let replaces = replaces.with_param("x", value.as_deref()).unwrap();
            prop_assert_eq!((replaces.call_id(), replaces.to_tag(), replaces.from_tag()), (&*id, &*to, &*from));
            prop_assert_eq!(replaces.early_only(), early);
            testing::assert_round_trip(&replaces);
        }
    }
}
