//! Event: what a subscription is about (RFC 6665 §8.2.1).

use bytestring::ByteString;

use super::{Field, Shape, TypedHeader, text_traits};
use crate::grammar::{Span, is_token, prefix, token};
use crate::params::{self, MAX_PARAMS, Values};
use crate::{ErrorKind, HeaderName, Params, ParseError};

/// The event package of a SUBSCRIBE, NOTIFY or PUBLISH.
///
/// ```text
/// Event       = ( "Event" / "o" ) HCOLON event-type *( SEMI event-param )
/// event-type  = event-package *( "." event-template )
/// event-param = generic-param / ( "id" EQUAL token )
/// ```
///
/// Two are equal if package and `id` are, octet by octet; other parameters do not count (RFC 6665 §8.2.1).
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
    text: ByteString,
    package: Span,
}

impl Event {
    /// The event package `package`, templates included.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] if it is no token.
    pub fn new(package: &str) -> Result<Event, ParseError> {
        match is_token(package) {
            true => Ok(Event {
                text: ByteString::from(package),
                package: Span::new(0, package.len()),
            }),
            false => Err(ParseError::new(
                ErrorKind::Token,
                0,
                "an event package, which is a token",
            )),
        }
    }

    /// The event package, templates included.
    pub fn package(&self) -> &str {
        self.package.of(&self.text)
    }

    /// The `id`, which tells several subscriptions of one dialog apart.
    pub fn id(&self) -> Option<&str> {
        self.param("id").flatten()
    }

    /// The value of a parameter as written. `Some(None)`: it is there, without a value.
    pub fn param(&self, name: &str) -> Option<Option<&str>> {
        self.params().get(name)
    }

    /// The parameters.
    pub fn params(&self) -> Params<'_> {
        Params::of_header(&self.text[self.package.end()..])
    }

    /// With another `id`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] if `id` is no token.
    pub fn with_id(self, id: &str) -> Result<Event, ParseError> {
        match is_token(id) {
            true => self.with_param("id", Some(id)),
            false => Err(ParseError::new(ErrorKind::Token, 0, "an id, which is a token")),
        }
    }

    /// With one parameter set: in its place if it is there, at the end otherwise.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] or [`ErrorKind::Value`] if name or value leave the grammar, [`ErrorKind::TooManyParams`].
    pub fn with_param(self, name: &str, value: Option<&str>) -> Result<Event, ParseError> {
        params::check(name, value)?;
        if self.params().count() >= MAX_PARAMS && self.param(name).is_none() {
            return Err(params::too_many(0));
        }
        let mut text = self.package().to_owned();
        params::write_with(self.params(), name, Some(value), &mut text);
        Ok(Event {
            text: text.into(),
            package: Span::new(0, self.package().len()),
        })
    }
}

impl TypedHeader for Event {
    const NAME: HeaderName = HeaderName::EVENT;
    const SHAPE: Shape = Shape::Single;

    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        let text = value.as_str();
        let (package, at) = prefix(text, token("an event package"))?;
        params::scan(text.as_bytes(), at, Values::Generic, |_| Ok(()))?;
        Ok(Event {
            package: Span::within(text, package),
            text: value.share(),
        })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.text);
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

    #[test]
    fn package_and_id_make_the_event() {
        let event = |text: &str| text.parse::<Event>().unwrap();
        assert_eq!(event("dialog; id = 1 ;x"), event("dialog;id=1"));
        assert_ne!(event("dialog;id=1"), event("dialog"));
        assert_ne!(event("dialog"), event("Dialog"));
        for text in ["", ";id=1", "a b", "a;", "a,b", "a;id=", "\"a\""] {
            assert!(text.parse::<Event>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_built_parses_to_itself() {
        let event = Event::new("a.b")
            .unwrap()
            .with_id("1")
            .unwrap()
            .with_param("x", Some("\"y z\""))
            .unwrap();
        assert_eq!(event.to_string(), "a.b;id=1;x=\"y z\"");
        assert_eq!(event.to_string().parse(), Ok(event.clone()));
        assert!(
            Event::new("a;b").is_err()
                && event.clone().with_id("\"1\"").is_err()
                && event.with_id("a\r\n").is_err()
        );
    }
}
