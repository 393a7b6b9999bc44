//! The Geolocation header, which points to the location of its target (RFC 6442).

use std::borrow::Cow;

use super::address::{address_accessors, check_brackets, checked};
use super::fault;
use crate::uri::escape::unescape;
use crate::{NameAddr, ParseError, Uri};

/// A Geolocation header: a body part of the message that holds a location, or a server that knows it.
///
/// ```text
/// Geolocation-header = "Geolocation" HCOLON locationValue *( COMMA locationValue )
/// locationValue      = LAQUOT locationURI RAQUOT *(SEMI geoloc-param)
/// locationURI        = sip-URI / sips-URI / pres-URI / http-URI / https-URI / cid-url / absoluteURI
/// geoloc-param       = generic-param
/// ```
///
/// The grammar is that of [RFC 6442 §4.1](https://www.rfc-editor.org/rfc/rfc6442#section-4.1). There is no
/// display name, and no parameters are defined. Two values are equal if their URIs and the parameters that
/// both have are equal.
///
/// ```
/// use spigot_parser::header::Geolocation;
///
/// let location: Geolocation = "<cid:alice123@atlanta.example.com>".parse()?;
/// assert_eq!(location.cid().as_deref(), Some("alice123@atlanta.example.com"));
///
/// let location = Geolocation::new("https://server5.atlanta.example.com/alice123".parse()?);
/// assert_eq!(location.to_string(), "<https://server5.atlanta.example.com/alice123>");
/// assert_eq!(location.cid(), None);
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Geolocation {
    address: NameAddr,
}

impl Geolocation {
    /// Creates a header of `<uri>`.
    pub fn new(uri: Uri) -> Geolocation {
        Geolocation {
            address: NameAddr::new(uri),
        }
    }

    /// Returns the Content-ID of the body part that holds the location, if it is in the message (RFC 2392
    /// §2).
    pub fn cid(&self) -> Option<Cow<'_, str>> {
        match self.uri() {
            Uri::Other(uri) if uri.scheme().eq_ignore_ascii_case("cid") => Some(unescape(uri.opaque())),
            _ => None,
        }
    }
}

impl From<Uri> for Geolocation {
    fn from(uri: Uri) -> Self {
        Geolocation::new(uri)
    }
}

/// Checks that the URI is in brackets and that nothing precedes them.
fn check(address: &NameAddr) -> Result<(), ParseError> {
    check_brackets(address)?;
    match address.as_str().starts_with('<') {
        true => Ok(()),
        false => fault(0, "`<`"),
    }
}

address_accessors!(Geolocation, GEOLOCATION, List, check, &[]);

checked! {
    Geolocation, check;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn locations_are_here_or_there() {
        let cid = |text: &str| text.parse::<Geolocation>().unwrap().cid().map(Cow::into_owned);
        assert_eq!(cid("<CID:a%20b@c>;x").as_deref(), Some("a b@c"));
        assert_eq!(cid("<sips:a@b>"), None);
        assert_eq!(cid("<pres:a@b>"), None);
    }

    #[test]
    fn what_leaves_the_grammar_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            ("cid:a@b", 0),
            ("A <cid:a@b>", 0),
            ("\"\" <cid:a@b>", 0),
            ("<cid:a@b", 8),
            ("<cid:a@b>;", 10),
            ("<cid:a@b>, <cid:c@d>", 9),
        ] {
            let error = text.parse::<Geolocation>().expect_err(text);
            assert_eq!(error.offset(), offset, "{text}: {error}");
        }
        for evil in testing::EVIL {
            let location = Geolocation::new("cid:a@b".parse().unwrap());
            assert!(location.clone().with_param("x", Some(evil)).is_err(), "{evil:?}");
            assert!(location.with_param(evil, None).is_err(), "{evil:?}");
        }
        let address: NameAddr = "A <cid:a@b>".parse().unwrap();
        assert!(Geolocation::try_from(address).is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(uri in testing::uri(), value in testing::param_value()) {
            let location = Geolocation::new(uri).with_param("x", value.as_deref()).unwrap();
            testing::assert_round_trip(&location);
            testing::assert_round_trip(&location.without_param("x").unwrap());
        }
    }
}
