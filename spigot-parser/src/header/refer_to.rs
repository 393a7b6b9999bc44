//! The Refer-To header: the resource that a REFER points to (RFC 3515).

use super::address::addresses;
use super::{Replaces, TypedHeader};
use crate::{ErrorKind, Method, NameAddr, ParseError};

addresses! {
    /// A Refer-To header: the resource that the recipient of a REFER is to contact.
    ///
    /// ```text
    /// Refer-To = ("Refer-To" / "r") HCOLON ( name-addr / addr-spec ) *(SEMI generic-param)
    /// ```
    ///
    /// The grammar is that of [RFC 3515 §2.1](https://www.rfc-editor.org/rfc/rfc3515#section-2.1). A REFER
    /// has exactly one. The `method` of the URI is that of the request to send, and the headers of the URI
    /// are headers of that request. Feature tags (RFC 4508) are parameters of the header. Two values are
    /// equal if their URIs and the parameters that both have are equal.
    ///
    /// ```
    /// use spigot_parser::header::{Event, ReferTo};
    /// use spigot_parser::{Method, SipUri};
    ///
    /// let to: ReferTo = "<sip:dave@denver.example?Replaces=12345%40b.example%3Bfrom-tag%3D1%3Bto-tag%3D2>".parse()?;
    /// assert_eq!(to.method()?, Some(Method::INVITE));
    /// assert_eq!(to.replaces()?.expect("it is there").call_id(), "12345@b.example");
    ///
    /// let uri: SipUri = "sip:dave@denver.example;method=SUBSCRIBE".parse()?;
    /// let to = ReferTo::new(uri.with_typed_header(&Event::new("presence")?)?.into());
    /// assert_eq!(to.to_string(), "<sip:dave@denver.example;method=SUBSCRIBE?Event=presence>");
    /// assert_eq!(to.method()?, Some(Method::SUBSCRIBE));
    /// assert_eq!(to.uri_header::<Event>()?.unwrap().package(), "presence");
    /// # Ok::<(), spigot_parser::ParseError>(())
    /// ```
    ReferTo, REFER_TO, Single, accept_any, &[];
}

impl ReferTo {
    /// Returns the method of the request to send: that of the URI, or INVITE by default.
    ///
    /// Returns `None` if the URI is no SIP URI, because its scheme decides what to do (RFC 3261 §19.1.1, RFC
    /// 3515 §2.4.2).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Method`] if the URI's `method` is no method.
    pub fn method(&self) -> Result<Option<Method>, ParseError> {
        let Some(uri) = self.uri().as_sip() else {
            return Ok(None);
        };
        match (uri.param("method"), uri.params().value("method")) {
            (None, _) => Ok(Some(Method::INVITE)),
            (Some(_), Some(method)) => Method::from_token(&method).map(Some),
            (Some(_), None) => Err(ParseError::new(
                ErrorKind::Method,
                0,
                "a value of the URI's `method`",
            )),
        }
    }

    /// Returns the Replaces header in the URI: the dialog that the request to send replaces (RFC 3891 §2).
    ///
    /// # Errors
    ///
    /// As [`SipUri::typed_header`](crate::SipUri::typed_header).
    pub fn replaces(&self) -> Result<Option<Replaces>, ParseError> {
        self.uri_header()
    }

    /// Returns the header `H` in the URI, which belongs to the request to send.
    ///
    /// # Errors
    ///
    /// As [`SipUri::typed_header`](crate::SipUri::typed_header).
    pub fn uri_header<H: TypedHeader>(&self) -> Result<Option<H>, ParseError> {
        match self.uri().as_sip() {
            Some(uri) => uri.typed_header(),
            None => Ok(None),
        }
    }
}

impl From<NameAddr> for ReferTo {
    fn from(address: NameAddr) -> Self {
        ReferTo { address }
    }
}

/// Accepts every address.
fn accept_any(_: &NameAddr) -> Result<(), ParseError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::{Event, testing};
    use crate::{HeaderName, SipUri};
    use proptest::prelude::*;

    fn refer_to(text: &str) -> ReferTo {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn the_method_is_the_one_of_the_uri() {
        for (text, method) in [
            ("sip:a@b", Some(Method::INVITE)),
            ("<sip:a@b;method=BYE>", Some(Method::BYE)),
            ("<sip:a@b;METHOD=%52EFER>", Some(Method::REFER)),
            ("<sip:a@b>;method=BYE", Some(Method::INVITE)),
            ("<http://a.example/>", None),
            ("tel:+1", None),
        ] {
            assert_eq!(refer_to(text).method(), Ok(method), "{text}");
        }
        for text in [
            "<sip:a@b;method>",
            "<sip:a@b;method=B%20YE>",
            "<sip:a@b;method=%0d%0a>",
        ] {
            let error = refer_to(text).method().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Method, "{text}");
        }
    }

    #[test]
    fn headers_of_the_uri_are_read_by_their_type() {
        let to = refer_to("<sip:a@b?x=y&o=dialog%3Bid%3D1&Event=>");
        assert_eq!(to.uri_header::<Event>().unwrap_err().kind(), ErrorKind::Duplicate);
        let to = refer_to("<sip:a@b?x=y&o=dialog%3Bid%3D1>");
        assert_eq!(to.uri_header::<Event>().unwrap().unwrap().id(), Some("1"));
        assert_eq!(refer_to("<sip:a@b?x=y>").uri_header::<Event>(), Ok(None));
        assert_eq!(refer_to("<tel:+1>").uri_header::<Event>(), Ok(None));
        assert!(
            refer_to("<sip:a@b?Event=a%0d%0aVia%3Ab>")
                .uri_header::<Event>()
                .is_err()
        );
    }

    #[test]
    fn a_uri_with_headers_is_in_brackets() {
        for (text, offset) in [
            ("sip:a@b?Replaces=1", 7),
            ("", 0),
            ("<sip:a@b>, <sip:c@d>", 9),
            ("<sip:a@b", 8),
        ] {
            assert_eq!(text.parse::<ReferTo>().unwrap_err().offset(), offset, "{text}");
        }
    }

    #[test]
    fn what_leaves_the_grammar_is_not_set() {
        let to = refer_to("<sip:a@b>");
        for evil in testing::EVIL {
            assert!(to.clone().with_param("x", Some(evil)).is_err(), "{evil:?}");
            assert!(to.clone().with_param(evil, None).is_err(), "{evil:?}");
        }
        assert!(to.with_display_name("a\r\nVia: b").is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            uri in testing::uri(), display in testing::line(), package in testing::event_package(), value in testing::param_value()
        ) {
            let to = ReferTo::new(uri).with_display_name(&display).unwrap();
            testing::assert_round_trip(&to.with_param("isfocus", value.as_deref()).unwrap());
            let uri = SipUri::new(false, "a.example").unwrap().with_header(HeaderName::EVENT, &package).unwrap();
            let to = ReferTo::new(uri.into());
            let event = to.uri_header::<Event>().unwrap();
            prop_assert_eq!(event.as_ref().map(Event::package), Some(package.as_str()));
            testing::assert_round_trip(&to);
        }
    }
}
