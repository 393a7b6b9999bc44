//! The Allow-Events header: the event packages that its sender supports (RFC 6665 §8.2.2).

use bytestring::ByteString;

use super::event::{EXPECTED, is_event_type};
use super::{Field, Shape, TypedHeader, elements, fault, text_traits};
use crate::grammar::Span;
use crate::{ErrorKind, HeaderName, ParseError};

/// An Allow-Events header: the event packages to which the sender takes subscriptions.
///
/// [RFC 6665 §8.2.2](https://www.rfc-editor.org/rfc/rfc6665#section-8.2.2), with the grammar of §8.4:
///
/// ```text
/// Allow-Events = ( "Allow-Events" / "u" ) HCOLON event-type *(COMMA event-type)
/// event-type   = event-package *( "." event-template )
/// ```
///
/// Packages are compared with case, as in [`Event`](crate::header::Event). Two values are equal if they have
/// the same packages in any order.
///
/// ```
/// use spigot_parser::header::AllowEvents;
///
/// let events: AllowEvents = "presence, presence.winfo, dialog".parse()?;
/// assert!(events.allows("presence.winfo") && !events.allows("Dialog"));
/// assert_eq!(AllowEvents::new(["dialog", "message-summary"])?.to_string(), "dialog, message-summary");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct AllowEvents {
    text: ByteString,
}

impl AllowEvents {
    /// Creates a list of the given packages, templates included.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] if one of them is no package, [`ErrorKind::Value`] if there is none.
    pub fn new<'a>(packages: impl IntoIterator<Item = &'a str>) -> Result<AllowEvents, ParseError> {
        let mut text = String::new();
        for package in packages {
            if !is_event_type(package) {
                return Err(ParseError::new(ErrorKind::Token, 0, EXPECTED));
            }
            if !text.is_empty() {
                text.push_str(", ");
            }
            text.push_str(package);
        }
        match text.is_empty() {
            true => fault(0, EXPECTED),
            false => Ok(AllowEvents { text: text.into() }),
        }
    }

    /// Returns the packages in their order.
    pub fn packages(&self) -> impl Iterator<Item = &str> + '_ {
        elements(&self.text)
    }

    /// Reports whether the list contains `package`, templates included.
    pub fn allows(&self, package: &str) -> bool {
        self.packages().any(|other| other == package)
    }
}

impl TypedHeader for AllowEvents {
    const NAME: HeaderName = HeaderName::ALLOW_EVENTS;
    const SHAPE: Shape = Shape::Joined;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        for package in elements(text) {
            if !is_event_type(package) {
                return fault(Span::within(text, package).start(), EXPECTED);
            }
        }
        Ok(AllowEvents { text: value.share() })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.text);
    }
}

impl PartialEq for AllowEvents {
    fn eq(&self, other: &AllowEvents) -> bool {
        self.packages().all(|package| other.allows(package))
            && other.packages().all(|package| self.allows(package))
    }
}

text_traits!(AllowEvents);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn a_list_of_packages() {
        let events: AllowEvents = " talk,hold ,\tpresence.winfo ".parse().unwrap();
        assert!(events.packages().eq(["talk", "hold", "presence.winfo"]));
        assert_eq!(events, "hold,presence.winfo,talk".parse().unwrap());
        assert_ne!(events, "hold,talk".parse().unwrap());
        assert_ne!(events, "Hold,presence.winfo,talk".parse().unwrap());
        for (text, offset) in [
            ("", 0),
            (",", 0),
            ("a,", 2),
            ("a,,b", 2),
            ("a b", 0),
            ("a, .b", 3),
            ("a, b..c", 3),
            ("a;x=1", 0),
            ("a\r\n", 0),
        ] {
            assert_eq!(
                text.parse::<AllowEvents>().unwrap_err().offset(),
                offset,
                "{text:?}"
            );
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        for evil in testing::EVIL {
            assert!(AllowEvents::new([*evil]).is_err(), "{evil:?}");
        }
        assert!(AllowEvents::new([]).is_err() && AllowEvents::new(["a,b"]).is_err());
        assert!(AllowEvents::new(["a", ""]).is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            packages in prop::collection::vec(testing::event_package(), 1..6)
        ) {
            let events = AllowEvents::new(packages.iter().map(String::as_str)).unwrap();
            prop_assert!(events.packages().eq(packages.iter()));
            testing::assert_round_trip(&events);
        }
    }
}
