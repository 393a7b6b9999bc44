//! The From, To, Route and Record-Route headers, which hold an address (RFC 3261 §20.20, §20.39, §20.34,
//! §20.30).

use crate::grammar::is_token;
use crate::params;
use crate::{ErrorKind, NameAddr, ParseError};

/// Defines header types that hold one address, with accessors for its parts.
///
/// Each entry has five parts: the type, its name in `HeaderName`, its shape, a check beyond the grammar of
/// addresses, and the parameters that make two values different if only one has them. The check is a
/// `fn(&NameAddr) -> Result<(), ParseError>` and has to accept a plain URI in brackets.
macro_rules! addresses {
    ($($(#[$doc:meta])* $type:ident, $name:ident, $shape:ident, $check:expr, $counting:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $type {
            address: crate::NameAddr,
        }

        impl $type {
            /// Creates a header of `<uri>`, without display name and parameters.
            pub fn new(uri: crate::Uri) -> Self {
                $type { address: crate::NameAddr::new(uri) }
            }

            /// Returns the display name without its quotes, or `None` if it is missing or empty.
            pub fn display_name(&self) -> Option<std::borrow::Cow<'_, str>> {
                self.address.display_name()
            }

            /// Sets the display name, which is written as a quoted string.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Value`](crate::ErrorKind::Value) if `name` holds CR, LF or NUL.
            pub fn with_display_name(self, name: &str) -> Result<Self, crate::ParseError> {
                Ok($type { address: self.address.with_display_name(name)? })
            }
        }

        impl std::convert::From<crate::Uri> for $type {
            fn from(uri: crate::Uri) -> Self {
                Self::new(uri)
            }
        }

        crate::header::address::address_accessors!($type, $name, $shape, $check, $counting);
    )*};
}
pub(super) use addresses;

/// Defines accessors for the parts of a header type with a field `address: NameAddr`.
macro_rules! address_accessors {
    ($type:ident, $name:ident, $shape:ident, $check:expr, $counting:expr) => {
        impl $type {
            /// Returns the address with its parameters.
            pub fn name_addr(&self) -> &crate::NameAddr {
                &self.address
            }

            /// Returns the URI.
            pub fn uri(&self) -> &crate::Uri {
                self.address.uri()
            }

            /// Returns the parameters of the header, without those of the URI.
            pub fn params(&self) -> crate::Params<'_> {
                self.address.params()
            }

            /// Returns the value of the parameter `name` as written, or `Some(None)` if it has no value.
            pub fn param(&self, name: &str) -> Option<Option<&str>> {
                self.address.param(name)
            }

            /// Sets a parameter: replaces it if it is there, appends it otherwise.
            ///
            /// `value` is written as it is: a token, a host, or a quoted string with its quotes.
            ///
            /// # Errors
            ///
            /// [`ErrorKind`](crate::ErrorKind) `Token`, `Value` or `TooManyParams` if name or value leave the
            /// grammar of this header.
            pub fn with_param(self, name: &str, value: Option<&str>) -> Result<Self, crate::ParseError> {
                let address = self.address.with_param(name, value)?;
                $check(&address)?;
                Ok($type { address })
            }

            /// Removes the parameter `name`.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Value`](crate::ErrorKind::Value) if this header cannot be without it.
            pub fn without_param(self, name: &str) -> Result<Self, crate::ParseError> {
                let address = self.address.without_param(name);
                $check(&address)?;
                Ok($type { address })
            }
        }

        impl crate::header::TypedHeader for $type {
            const NAME: crate::HeaderName = crate::HeaderName::$name;
            const SHAPE: crate::header::Shape = crate::header::Shape::$shape;

            fn parse(value: crate::header::Field<'_>) -> Result<Self, crate::ParseError> {
                let address = crate::NameAddr::parse(value)?;
                $check(&address)?;
                Ok($type { address })
            }

            fn write(&self, out: &mut String) {
                out.push_str(self.address.as_str());
            }
        }

        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.address.matches(&other.address, $counting)
            }
        }

        crate::header::text_traits!($type);
    };
}
pub(super) use address_accessors;

addresses! {
    /// A From header: the sender of the request, as the sender says.
    ///
    /// Imported, it hides [`std::convert::From`]. Import the module, and write `header::From`.
    ///
    /// ```text
    /// from-spec  = ( name-addr / addr-spec ) *( SEMI from-param )
    /// from-param = tag-param / generic-param
    /// tag-param  = "tag" EQUAL token
    /// ```
    ///
    /// Two values are equal if their URIs, their tags and the other parameters that both have are equal (RFC
    /// 3261 §20.20).
    ///
    /// ```
    /// use spigot_parser::header::From;
    ///
    /// let from: From = "Bob <sip:bob@biloxi.example>;tag=a6c85cf".parse()?;
    /// assert_eq!((from.uri().user(), from.tag()), (Some("bob"), Some("a6c85cf")));
    ///
    /// let from = From::new("sip:bob@biloxi.example".parse()?).with_display_name("Bob")?.with_tag("a6c85cf")?;
    /// assert_eq!(from.to_string(), "\"Bob\" <sip:bob@biloxi.example>;tag=a6c85cf");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    From, FROM, Single, check_tag, &["tag"];

    /// A To header: the recipient that the request is meant for.
    ///
    /// ```text
    /// To       = ( "To" / "t" ) HCOLON ( name-addr / addr-spec ) *( SEMI to-param )
    /// to-param = tag-param / generic-param
    /// ```
    ///
    /// ```
    /// use spigot_parser::header::To;
    ///
    /// let to: To = "sip:+12125551212@server.phone2net.example;tag=287447".parse()?;
    /// assert_eq!(to.tag(), Some("287447"));
    /// assert_eq!(To::new("tel:+12125551212".parse()?).to_string(), "<tel:+12125551212>");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    To, TO, Single, check_tag, &["tag"];

    /// A Route header: one proxy that the request has to visit.
    ///
    /// ```text
    /// route-param = name-addr *( SEMI rr-param )
    /// ```
    ///
    /// ```
    /// use spigot_parser::header::Route;
    ///
    /// let route: Route = "<sip:bigbox3.site3.atlanta.example;lr>".parse()?;
    /// assert!(route.uri().as_sip().unwrap().is_loose_route());
    /// assert!("sip:bigbox3.site3.atlanta.example".parse::<Route>().is_err());
    /// assert_eq!(Route::new("sip:p1.example.com;lr".parse()?).to_string(), "<sip:p1.example.com;lr>");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    Route, ROUTE, List, check_brackets, &[];

    /// A Record-Route header: one proxy that wants to see the later requests of the dialog.
    ///
    /// ```text
    /// rec-route = name-addr *( SEMI rr-param )
    /// ```
    ///
    /// ```
    /// use spigot_parser::header::RecordRoute;
    ///
    /// let hop: RecordRoute = "<sip:server10.biloxi.example;lr>".parse()?;
    /// assert_eq!(hop.uri().host(), Some("server10.biloxi.example"));
    /// assert_eq!(RecordRoute::new("sip:p1.example.com;lr".parse()?).to_string(), "<sip:p1.example.com;lr>");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    RecordRoute, RECORD_ROUTE, List, check_brackets, &[];
}

macro_rules! tagged {
    ($($type:ident),*) => {$(
        impl $type {
            /// Returns the tag, which is this end's half of the dialog identifier (RFC 3261 §19.3).
            pub fn tag(&self) -> Option<&str> {
                self.address.tag()
            }

            /// Reads only the tag of this header, at a third of the cost of [`typed`](crate::Headers::typed).
            ///
            /// Returns `None` if the header is missing or has no tag.
            ///
            /// ```
            /// use spigot_parser::{Request, header};
            ///
            /// let request = Request::parse("BYE sip:a@a.example SIP/2.0\r\nf: A <sip:a@a.example>;tag=7\r\n\r\n")?;
            /// assert_eq!(header::From::tag_of(request.headers())?, Some("7"));
            /// assert_eq!(header::To::tag_of(request.headers())?, None);
            /// # Ok::<(), spigot_parser::ParseError>(())
            /// ```
            ///
            /// # Errors
            ///
            /// As [`typed`](crate::Headers::typed), but for those of the URI, which is not looked at.
            pub fn tag_of(headers: &crate::Headers) -> Result<Option<&str>, ParseError> {
                headers.read_single::<$type, _>(crate::name_addr::tag_of).map(Option::flatten)
            }

            /// Sets the tag.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Token`] if `tag` is no token.
            pub fn with_tag(self, tag: &str) -> Result<Self, ParseError> {
                match is_token(tag) {
                    true => self.with_param("tag", Some(tag)),
                    false => Err(ParseError::new(ErrorKind::Token, 0, "a tag, which is a token")),
                }
            }
        }

        impl std::convert::From<NameAddr> for $type {
            /// Converts an address, leaving out a `tag` that is no token.
            fn from(address: NameAddr) -> Self {
                match check_tag(&address) {
                    Ok(()) => $type { address },
                    Err(_) => $type { address: address.without_param("tag") },
                }
            }
        }
    )*};
}

tagged!(From, To);

/// Converts addresses into headers that are always in brackets.
macro_rules! bracketed {
    ($($type:ident),*) => {$(
        impl std::convert::From<crate::NameAddr> for $type {
            /// Converts an address, adding brackets if it has none.
            fn from(address: crate::NameAddr) -> Self {
                match crate::header::address::check_brackets(&address) {
                    Ok(()) => $type { address },
                    Err(_) => $type { address: address.with_uri(address.uri().clone()) },
                }
            }
        }
    )*};
}
pub(super) use bracketed;

bracketed!(Route, RecordRoute);

/// Converts addresses into headers, with the header's own check.
macro_rules! checked {
    ($($type:ident, $check:expr;)*) => {$(
        impl TryFrom<crate::NameAddr> for $type {
            type Error = crate::ParseError;

            fn try_from(address: crate::NameAddr) -> Result<Self, Self::Error> {
                $check(&address)?;
                Ok($type { address })
            }
        }
    )*};
}
pub(super) use checked;

/// Checks that the tag is a token, if there is one.
fn check_tag(address: &NameAddr) -> Result<(), ParseError> {
    if address.tag().is_some() {
        return Ok(());
    }
    check_param(address, "tag", "a tag that is a token", |value| {
        value.is_some_and(is_token)
    })
}

/// Checks the value of the parameter `name`, if it is there, with `fits`.
///
/// The offset of the error is where the value begins.
pub(super) fn check_param(
    address: &NameAddr,
    name: &str,
    expected: &'static str,
    fits: impl Fn(Option<&str>) -> bool,
) -> Result<(), ParseError> {
    match address
        .params()
        .find(|(other, _)| other.eq_ignore_ascii_case(name))
    {
        Some((found, value)) if !fits(value) => {
            super::fault(params::place_in(address.as_str(), found, value), expected)
        }
        _ => Ok(()),
    }
}

/// Checks that the URI is in brackets, because the grammar says `name-addr` only.
pub(super) fn check_brackets(address: &NameAddr) -> Result<(), ParseError> {
    let bare = address.uri().as_str().len();
    match address.as_str().as_bytes().get(bare) {
        None | Some(b';' | b' ' | b'\t') if address.as_str().starts_with(address.uri().as_str()) => {
            super::fault(0, "`<` and `>` around the URI")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::testing;
    use proptest::prelude::*;

    #[test]
    fn tags_are_tokens_and_there_is_one() {
        assert_eq!("sip:a@b".parse::<To>().unwrap().tag(), None);
        assert_eq!("<sip:a@b> ; TAG = x".parse::<To>().unwrap().tag(), Some("x"));
        for text in [
            "<sip:a@b>;tag",
            "<sip:a@b>;tag=\"x\"",
            "<sip:a@b>;tag=1;tag=1",
            "<sip:a@b>;tag=",
            "<sip:a@b>;tag=1;tag",
        ] {
            let parsed = text.parse::<From>();
            assert!(parsed.is_err() || text.ends_with(";tag"), "{text}");
        }
        for (text, at) in [("<sip:a@b>;tag", 13), ("<sip:a@b>;x=y;tag = \"1\";z", 20)] {
            assert_eq!(text.parse::<From>().unwrap_err().offset(), at, "{text}");
        }
    }

    #[test]
    fn a_tag_is_found_without_its_address() {
        let tag = |lines: &str| {
            let request = crate::Request::parse(format!("OPTIONS sip:a SIP/2.0\r\n{lines}\r\n\r\n")).unwrap();
            let (found, typed) = (
                From::tag_of(request.headers()).map(|tag| tag.map(str::to_owned)),
                request
                    .headers()
                    .typed::<From>()
                    .map(|from| from.and_then(|from| from.tag().map(str::to_owned))),
            );
            if typed
                .as_ref()
                .err()
                .is_none_or(|error| error.kind() != ErrorKind::Uri)
            {
                assert_eq!(found, typed, "{lines}");
            }
            found.map_err(|error| (error.kind(), error.header()))
        };
        let is = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(tag("From: \"a;tag=2\" <sip:a;tag=3> ; x ; Tag = 1"), is("1"));
        assert_eq!(tag("f:\r\n sip:a@b\r\n ;tag=1"), is("1"));
        assert_eq!(tag("From: <no uri>;tag=1"), is("1"));
        assert_eq!(tag("From: <sip:a>;x=\";tag=1\""), Ok(None));
        assert_eq!(tag("To: <sip:a>;tag=1"), Ok(None));
        for (lines, kind) in [
            ("From: <sip:a>;tag", ErrorKind::Value),
            ("From: <sip:a>;tag=\"1\"", ErrorKind::Value),
            ("From: <sip:a>;tag=1;tag=1", ErrorKind::Duplicate),
            ("From: <sip:a>;tag=1\r\nf: <sip:a>;tag=1", ErrorKind::Duplicate),
            ("From: <sip:a;tag=1", ErrorKind::Value),
        ] {
            assert_eq!(tag(lines), Err((kind, Some("From"))), "{lines}");
        }
    }

    #[test]
    fn a_tag_that_is_set_replaces_the_old_one() {
        let to: To = "Bob <sip:b@c>;tag=1;x".parse().unwrap();
        assert_eq!(
            to.clone().with_tag("2").unwrap().to_string(),
            "Bob <sip:b@c>;tag=2;x"
        );
        for evil in ["", "a;b", "\"q\"", "a\r\nb"] {
            assert!(to.clone().with_tag(evil).is_err(), "{evil:?}");
        }
        assert!(to.with_param("tag", None).is_err());
    }

    #[test]
    fn from_is_compared_by_uri_and_tag() {
        let from = |text: &str| text.parse::<From>().unwrap();
        assert_eq!(from("A <sip:a@b>;tag=1"), from("sip:a@b;tag=1"));
        assert_ne!(from("sip:a@b;tag=1"), from("sip:a@b"));
        assert_ne!(from("<sip:a@b>"), from("<sips:a@b>"));
    }

    #[test]
    fn a_route_from_an_address_has_brackets() {
        let bare: NameAddr = "sip:a;x=1".parse().unwrap();
        assert_eq!(Route::from(bare).to_string(), "<sip:a>;x=1");
        assert_eq!(
            From::from("<sip:a>;tag=\"x\"".parse::<NameAddr>().unwrap()).to_string(),
            "<sip:a>"
        );
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            uri in testing::uri(), display in testing::line(), tag in testing::token(), value in testing::param_value()
        ) {
            let from = From::new(uri.clone()).with_display_name(&display).unwrap().with_tag(&tag).unwrap();
            prop_assert_eq!((from.uri(), from.tag()), (&uri, Some(tag.as_str())));
            testing::assert_round_trip(&from.with_param("x", value.as_deref()).unwrap());
            testing::assert_round_trip(&Route::new(uri).with_param("x", value.as_deref()).unwrap());
        }
    }
}
