//! The Event header, which names the event package of a subscription (RFC 6665 §8.2.1).

use super::parametrized::{Parametrized, check_token, param_accessors};
use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{is_token, prefix, token};
use crate::{ErrorKind, HeaderName, ParseError};

/// An Event header: the event package of a SUBSCRIBE, NOTIFY or PUBLISH.
///
/// [RFC 6665 §8.2.1](https://www.rfc-editor.org/rfc/rfc6665#section-8.2.1), with the grammar of §8.4:
///
/// ```text
/// Event       = ( "Event" / "o" ) HCOLON event-type *( SEMI event-param )
/// event-type  = event-package *( "." event-template )
/// event-param = generic-param / ( "id" EQUAL token )
/// ```
///
/// Two values are equal if their packages and `id`s have the same octets; other parameters do not count (RFC
/// 6665 §8.2.1).
///
/// ```
/// use spigot_parser::header::Event;
///
/// let event: Event = "presence.winfo;id=7".parse()?;
/// assert_eq!((event.package(), event.id()), ("presence.winfo", Some("7")));
/// assert_eq!(Event::new("refer")?.with_id("93809824")?.to_string(), "refer;id=93809824");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Event {
    text: Parametrized,
}

impl Event {
    /// Creates a header for the event package `package`, templates included.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] if it is no token, or none before or after a dot.
    pub fn new(package: &str) -> Result<Event, ParseError> {
        match is_event_type(package) {
            true => Ok(Event {
                text: Parametrized::bare(package),
            }),
            false => Err(ParseError::new(ErrorKind::Token, 0, EXPECTED)),
        }
    }

    /// Returns the event package, templates included.
    pub fn package(&self) -> &str {
        self.text.value()
    }

    /// Returns the `id`, which distinguishes the subscriptions of one dialog.
    pub fn id(&self) -> Option<&str> {
        self.param("id").flatten()
    }

    /// Sets the `id`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] if `id` is no token.
    pub fn with_id(self, id: &str) -> Result<Event, ParseError> {
        self.with_param("id", Some(id))
    }
}

/// The expectation that errors about event packages name.
pub(super) const EXPECTED: &str = "an event package: tokens with dots between them";

/// ```text
/// event-type  = event-package *( "." event-template )
/// token-nodot = 1*( alphanum / "-"  / "!" / "%" / "*" / "_" / "+" / "`" / "'" / "~" )
/// ```
pub(super) fn is_event_type(text: &str) -> bool {
    is_token(text) && text.split('.').all(|part| !part.is_empty())
}

param_accessors!(Event);

impl TypedHeader for Event {
    const NAME: HeaderName = HeaderName::EVENT;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        let (package, end) = prefix(text, token(EXPECTED))?;
        if !is_event_type(package) {
            return fault(0, EXPECTED);
        }
        let text = Parametrized::scan(value, end, |param| {
            match param.name(text).eq_ignore_ascii_case("id") {
                true => check_token(param, "an id, which is a token"),
                false => Ok(()),
            }
        })?;
        Ok(Event { text })
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.text.as_str());
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Event) -> bool {
        self.package() == other.package() && self.id() == other.id()
    }
}

text_traits!(Event);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn package_and_id_make_the_event() {
        let event = |text: &str| text.parse::<Event>().unwrap();
        assert_eq!(event("dialog; id = 1 ;x"), event("dialog;id=1"));
        assert_ne!(event("dialog;id=1"), event("dialog"));
        assert_ne!(event("dialog"), event("Dialog"));
        for (text, offset) in [
            ("", 0),
            (";id=1", 0),
            ("a b", 2),
            ("a;", 2),
            ("a,b", 1),
            ("a;id=", 5),
            ("a;id", 4),
            ("a;id=\"1\"", 5),
            ("\"a\"", 0),
            (".a", 0),
            ("a..b", 0),
            ("a.;id=1", 0),
        ] {
            assert_eq!(text.parse::<Event>().unwrap_err().offset(), offset, "{text}");
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let event = Event::new("a.b").unwrap();
        for evil in testing::EVIL {
            assert!(
                Event::new(evil).is_err() && event.clone().with_id(evil).is_err(),
                "{evil:?}"
            );
            assert!(event.clone().with_param("x", Some(evil)).is_err(), "{evil:?}");
        }
        assert!(Event::new("a;b").is_err() && Event::new("a.").is_err() && event.with_id("\"1\"").is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(package in testing::event_package(), id in testing::token(), value in testing::param_value()) {
            let event = Event::new(&package).unwrap().with_id(&id).unwrap();
            let event = event.with_param("x", value.as_deref()).unwrap();
            prop_assert_eq!(event.id(), Some(id.as_str()));
            testing::assert_round_trip(&event);
        }
    }
}
