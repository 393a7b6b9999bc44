//! SIP and SIPS URIs (RFC 3261 §19.1).
//!
//! The one invariant: the offsets are those of the text, whether the text was parsed or built.

use std::borrow::Cow;

use bytestring::ByteString;

use super::escape::{escaped_end, unescape, write_escaped};
use super::parts::UriParts;
use super::scan::{PARAM, USER, fault, scan_params, spans};
use crate::field::Field;
use crate::grammar::is_one_line;
use crate::host::{Host, ipv6};
use crate::params::write_with;
use crate::{Params, ParseError};

/// A `sip:` or `sips:` URI.
///
/// ```text
/// SIP-URI  = "sip:" [ userinfo ] hostport uri-parameters [ headers ]
/// SIPS-URI = "sips:" [ userinfo ] hostport uri-parameters [ headers ]
/// userinfo = ( user / telephone-subscriber ) [ ":" password ] "@"
/// hostport = host [ ":" port ]
/// ```
///
/// ```
/// use spigot_parser::SipUri;
///
/// let uri: SipUri = "sip:user;par=u%40example.net@example.com:5070;lr?Subject=hi".parse()?;
/// assert_eq!(uri.user_decoded().unwrap(), "user;par=u@example.net");
/// assert_eq!(uri.host(), "example.com");
/// assert_eq!(uri.port(), Some(5070));
/// assert!(uri.is_loose_route());
/// assert_eq!(uri.headers().next(), Some(("Subject", "hi")));
///
/// let uri = SipUri::new(false, "example.com")?;
/// let uri = uri.with_user("alice smith")?.with_param("transport", Some("tcp"))?;
/// assert_eq!(uri.to_string(), "sip:alice%20smith@example.com;transport=tcp");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct SipUri {
    pub(super) text: ByteString,
    /// The end of the user, or 0 if there is none.
    pub(super) user_end: u32,
    pub(super) host: u32,
    pub(super) host_end: u32,
    pub(super) params: u32,
    pub(super) headers: u32,
    pub(super) port: Option<u16>,
    pub(super) secure: bool,
}

impl SipUri {
    /// Parses a SIP URI from a field, sharing the field's text.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Uri`](crate::ErrorKind::Uri) where the text leaves the grammar,
    /// [`ErrorKind::TooManyParams`](crate::ErrorKind::TooManyParams).
    #[inline(always)]
    pub fn parse(field: Field<'_>) -> Result<SipUri, ParseError> {
        let spans = spans(field.as_str())?;
        Ok(SipUri {
            text: field.share(),
            user_end: spans.user_end,
            host: spans.host,
            host_end: spans.host_end,
            params: spans.params,
            headers: spans.headers,
            port: spans.port,
            secure: spans.secure,
        })
    }

    /// Creates `sip:host` or `sips:host`, adding brackets to an IPv6 address that has none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Uri`](crate::ErrorKind::Uri) if `host` is no host.
    pub fn new(secure: bool, host: &str) -> Result<SipUri, ParseError> {
        let bracketed = bracketed(host);
        let host = Host::parse(&bracketed)?.as_str();
        let scheme = if secure { "sips" } else { "sip" };
        Ok(UriParts {
            scheme,
            user: None,
            password: None,
            host,
            port: None,
            params: "",
            headers: "",
        }
        .join())
    }

    /// Returns the text of the URI.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Reports whether the scheme is `sips`.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Returns the scheme as written.
    pub fn scheme(&self) -> &str {
        &self.text[..if self.secure { 4 } else { 3 }]
    }

    fn userinfo_start(&self) -> usize {
        if self.secure { 5 } else { 4 }
    }

    /// Returns the user as written, still escaped.
    pub fn user(&self) -> Option<&str> {
        (self.user_end > 0).then(|| &self.text[self.userinfo_start()..self.user_end as usize])
    }

    /// Returns the user with its escapes decoded once.
    ///
    /// Octets that are not UTF-8 become U+FFFD.
    pub fn user_decoded(&self) -> Option<Cow<'_, str>> {
        self.user().map(unescape)
    }

    /// Returns the password as written.
    ///
    /// The RFC advises against passwords in URIs (RFC 3261 §19.1.1).
    pub fn password(&self) -> Option<&str> {
        let (start, end) = (self.user_end as usize + 1, self.host as usize - 1);
        (self.user_end > 0 && start <= end).then(|| &self.text[start..end])
    }

    /// Returns the host.
    pub fn host(&self) -> Host<'_> {
        Host::known(&self.text[self.host as usize..self.host_end as usize])
    }

    /// Returns the port, if one is written.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Returns the URI parameters.
    pub fn params(&self) -> Params<'_> {
        Params::of_uri(&self.text[self.params as usize..self.headers as usize])
    }

    /// Returns the value of the URI parameter `name` as written, or `Some(None)` if it has no value.
    pub fn param(&self, name: &str) -> Option<Option<&str>> {
        self.params().get(name)
    }

    /// Returns the `transport` parameter.
    pub fn transport(&self) -> Option<&str> {
        self.param("transport").flatten()
    }

    /// Returns the `maddr` parameter, which is the address to send to instead of the host.
    pub fn maddr(&self) -> Option<&str> {
        self.param("maddr").flatten()
    }

    /// Reports whether the `lr` parameter is there: the element is a loose router (RFC 3261 §19.1.1).
    pub fn is_loose_route(&self) -> bool {
        self.params().contains("lr")
    }

    /// Reports whether the `ob` parameter is there: requests to this URI use the flow that it came from (RFC
    /// 5626 §4.3).
    pub fn is_outbound(&self) -> bool {
        self.params().contains("ob")
    }

    /// Reports whether the `gr` parameter is there: the URI is a GRUU of one user agent (RFC 5627 §4.5).
    pub fn is_gruu(&self) -> bool {
        self.params().contains("gr")
    }

    /// Returns the URI with the user `user`, which is plain text and is escaped where necessary.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Uri`](crate::ErrorKind::Uri) if `user` is empty or holds CR, LF or NUL.
    pub fn with_user(&self, user: &str) -> Result<SipUri, ParseError> {
        if user.is_empty() || !is_one_line(user) {
            return fault(0, "a user: at least one character, and no CR, LF or NUL");
        }
        let mut escaped = String::with_capacity(user.len() + 8);
        write_escaped(&USER, user, &mut escaped);
        Ok(UriParts {
            user: Some(&escaped),
            ..self.parts()
        }
        .join())
    }

    /// Returns the URI without user and password.
    pub fn without_user(&self) -> SipUri {
        UriParts {
            user: None,
            password: None,
            ..self.parts()
        }
        .join()
    }

    /// Returns the URI with the host `host`, adding brackets to an IPv6 address that has none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Uri`](crate::ErrorKind::Uri) if `host` is no host.
    pub fn with_host(&self, host: &str) -> Result<SipUri, ParseError> {
        let bracketed = bracketed(host);
        Ok(UriParts {
            host: Host::parse(&bracketed)?.as_str(),
            ..self.parts()
        }
        .join())
    }

    /// Returns the URI with the port `port`, or without a port.
    pub fn with_port(&self, port: Option<u16>) -> SipUri {
        UriParts { port, ..self.parts() }.join()
    }

    /// Returns the URI with one parameter set: it is replaced if it is there, and appended otherwise.
    ///
    /// `value` is plain text, and is escaped where necessary.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Uri`](crate::ErrorKind::Uri) if `name` has characters that the grammar forbids, or
    /// `value` is empty or holds CR, LF or NUL;
    /// [`ErrorKind::TooManyParams`](crate::ErrorKind::TooManyParams).
    pub fn with_param(&self, name: &str, value: Option<&str>) -> Result<SipUri, ParseError> {
        if name.is_empty() || escaped_end(&PARAM, name.as_bytes(), 0) != name.len() {
            return fault(0, "a parameter's name");
        }
        if value.is_some_and(|value| value.is_empty() || !is_one_line(value)) {
            return fault(
                0,
                "a parameter's value: at least one character, and no CR, LF or NUL",
            );
        }
        let escaped = value.map(|value| {
            let mut escaped = String::with_capacity(value.len() + 8);
            write_escaped(&PARAM, value, &mut escaped);
            escaped
        });
        let uri = self.set_param(name, Some(escaped.as_deref()));
        scan_params(uri.text.as_bytes(), uri.params as usize)?;
        Ok(uri)
    }

    /// Returns the URI without the parameter `name`.
    pub fn without_param(&self, name: &str) -> SipUri {
        self.set_param(name, None)
    }

    fn set_param(&self, name: &str, setting: Option<Option<&str>>) -> SipUri {
        let mut params = String::with_capacity(self.text.len());
        write_with(self.params(), name, setting, &mut params);
        UriParts {
            params: &params,
            ..self.parts()
        }
        .join()
    }

    /// Returns the URI without parameters.
    pub fn without_params(&self) -> SipUri {
        UriParts {
            params: "",
            ..self.parts()
        }
        .join()
    }

    /// Returns the URI without the headers after its `?`.
    pub fn without_headers(&self) -> SipUri {
        UriParts {
            headers: "",
            ..self.parts()
        }
        .join()
    }
}

/// Returns `host`, with brackets if it is an IPv6 address without them.
pub(crate) fn bracketed(host: &str) -> Cow<'_, str> {
    if ipv6(host).is_some() {
        format!("[{host}]").into()
    } else {
        host.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use proptest::prelude::*;

    fn uri(text: &str) -> SipUri {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn every_part_is_found() {
        let uri = uri("SIPS:al%69ce;x=1:se%63ret@[2001:db8::1]:5061;lr;transport=TCP?to=a%40b&Subject=");
        assert!(uri.is_secure() && uri.is_loose_route());
        assert_eq!(uri.scheme(), "SIPS");
        assert_eq!(uri.user(), Some("al%69ce;x=1"));
        assert_eq!(uri.user_decoded().unwrap(), "alice;x=1");
        assert_eq!(uri.password(), Some("se%63ret"));
        assert_eq!(uri.host(), "[2001:db8::1]");
        assert_eq!(uri.port(), Some(5061));
        assert_eq!(uri.transport(), Some("TCP"));
        assert_eq!(
            uri.headers().collect::<Vec<_>>(),
            [("to", "a%40b"), ("Subject", "")]
        );
    }

    #[test]
    fn what_may_be_left_out_may_be_left_out() {
        let uri = uri("sip:example.com");
        assert_eq!(
            (uri.user(), uri.password(), uri.port(), uri.params().count()),
            (None, None, None, 0)
        );
        assert_eq!(uri.headers().count(), 0);
        assert_eq!(self::uri("sip:a:@b").password(), Some(""));
    }

    #[test]
    fn odd_and_legal() {
        for text in [
            "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
            "sip:sips%3Auser%40example.com@example.net",
            "sip:null-%00-null@example.com",
            "sip:%00%00@example.com",
            "sip:+1-212-555-1212:1234@gateway.com;user=phone",
            "sip:[2001:db8:::192.0.2.1]",
            "sip:a@b;%6Cr;x=[::1]:/&+$?a[=]:",
        ] {
            assert_eq!(uri(text).as_str(), text);
        }
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            ("sip:", 4),
            ("sip:@b", 4),
            ("sip:a@", 6),
            ("sip:a@b@c", 7),
            ("sip:a b@c", 5),
            ("sip:a@b; lr", 8),
            ("sip:a@b;", 8),
            ("sip:a@b;;lr", 8),
            ("sip:a@b?", 8),
            ("sip:a@b?x", 9),
            ("sip:a@b:", 8),
            ("sip:a@b:x", 8),
            ("sip:a@b:65536", 8),
            ("sip:2001:db8::10", 9),
            ("sip:fe80::10", 9),
            ("sip:a%4@b", 5),
            ("sip:a@b%41", 7),
            ("sip:a@b\r\n", 7),
            ("sip:a\"@b", 5),
            ("sip:é@b", 4),
            ("http://a", 0),
            ("sip", 0),
            ("sip:a@b;x?y=z,", 13),
        ] {
            let error = text.parse::<SipUri>().expect_err(text);
            assert_eq!(
                (error.kind(), error.offset()),
                (ErrorKind::Uri, offset),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn a_parameter_may_have_an_empty_value_which_is_written_again() {
        for text in [
            "sip:bob@192.0.2.1;app-imei=;transport=udp",
            "sip:a@b;x=",
            "sips:a@b;x=;lr?h=v",
            "sip:b;lr=",
        ] {
            let uri = uri(text);
            assert_eq!(uri.as_str(), text);
            assert!(uri.params().any(|(_, value)| value == Some("")), "{text}");
            // What is changed beside it leaves it alone.
            let changed = uri.with_port(Some(5070)).with_param("y", Some("1")).unwrap();
            assert_eq!(changed.params().as_str(), format!("{};y=1", uri.params()));
        }
        let imei = uri("sip:bob@192.0.2.1;app-imei=;transport=udp");
        assert_eq!(imei.param("app-imei"), Some(Some("")));
        assert_eq!(imei.transport(), Some("udp"));
        assert!(uri("sip:b;lr=").is_loose_route());
        assert_ne!(uri("sip:a@b;x="), uri("sip:a@b;x"));
        assert_eq!(uri("sip:a@b;x="), uri("sip:a@b;X="));
        assert!("sip:a@b;=".parse::<SipUri>().is_err());
        assert!("sip:a@b;=x".parse::<SipUri>().is_err());
        assert!("sip:a@b;x==".parse::<SipUri>().is_err());
    }

    #[test]
    fn each_parameter_is_there_once() {
        for text in [
            "sip:a;lr;^lr",
            "sip:a;transport=udp;lr;^TRANSPORT=tcp",
            "sip:a;%74ransport=udp;^transport=tcp",
            "sip:a;transport=udp;x;^tr%61nsport=tcp?x=y",
            "tel:+1;ext=1;^EXT=2",
        ] {
            let error = text.replace('^', "").parse::<crate::Uri>().unwrap_err();
            assert_eq!(
                (error.kind(), Some(error.offset())),
                (ErrorKind::Uri, text.find('^')),
                "{text}"
            );
        }
        for text in ["sip:a;ab;ac;bc;b;c;%61", "sip:a;lr?x=1&x=2", "sip:a;b%3bc;b;c"] {
            assert!(text.parse::<SipUri>().is_ok(), "{text}");
        }
    }

    #[test]
    fn sixty_four_parameters_and_no_more() {
        let many = |count: usize| (0..count).map(|n| format!(";x{n}")).collect::<String>();
        assert!(format!("sip:a{}", many(64)).parse::<SipUri>().is_ok());
        let error = format!("sip:a{}", many(65)).parse::<SipUri>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooManyParams);
        assert!(format!("sip:a?x={}", "&x=".repeat(63)).parse::<SipUri>().is_ok());
        let error = format!("sip:a?x={}", "&x=".repeat(64))
            .parse::<SipUri>()
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.offset()),
            (ErrorKind::TooManyParams, 8 + 63 * 3)
        );
    }

    #[test]
    fn changes_write_what_they_say() {
        let uri = uri("sip:a:pw@b:1;lr;x=1?h=v");
        assert_eq!(
            uri.with_user("é@").unwrap().as_str(),
            "sip:%C3%A9%40:pw@b:1;lr;x=1?h=v"
        );
        assert_eq!(uri.without_user().as_str(), "sip:b:1;lr;x=1?h=v");
        assert_eq!(
            uri.with_host("::1").unwrap().as_str(),
            "sip:a:pw@[::1]:1;lr;x=1?h=v"
        );
        assert_eq!(uri.with_port(None).as_str(), "sip:a:pw@b;lr;x=1?h=v");
        assert_eq!(
            uri.with_param("LR", Some("on")).unwrap().as_str(),
            "sip:a:pw@b:1;LR=on;x=1?h=v"
        );
        assert_eq!(
            uri.with_param("y", Some("a b;c")).unwrap().as_str(),
            "sip:a:pw@b:1;lr;x=1;y=a%20b%3Bc?h=v"
        );
        assert_eq!(
            uri.without_param("x").without_headers().as_str(),
            "sip:a:pw@b:1;lr"
        );
        assert_eq!(uri.without_params().as_str(), "sip:a:pw@b:1?h=v");
    }

    #[test]
    fn nothing_that_is_set_can_break_out() {
        let uri = uri("sip:b");
        for evil in ["", "a\r\nVia: x", "a\0"] {
            assert!(uri.with_user(evil).is_err(), "{evil:?}");
            assert!(uri.with_param("x", Some(evil)).is_err(), "{evil:?}");
        }
        for evil in ["", "a;b", "a=b", "a\r\n", "a b", "a>"] {
            assert!(uri.with_param(evil, None).is_err(), "{evil:?}");
            assert!(uri.with_host(&format!("{evil}@")).is_err(), "{evil:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}", likely in "sips?:[a-z%0-9@:;=?&\\[\\]. ]{0,40}") {
            let _ = text.parse::<SipUri>();
            if let Ok(uri) = likely.parse::<SipUri>() {
                prop_assert_eq!(uri.as_str(), &likely);
                prop_assert_eq!(uri.params().count(), uri.params().as_str().matches(';').count());
                prop_assert_eq!(uri.with_port(uri.port()).to_string().len() <= likely.len(), true);
            }
        }

        #[test]
        fn what_is_built_parses_to_itself(
            secure: bool, user in "[^\r\n\0]{1,20}", port: Option<u16>, name in "[a-z]{1,5}", value in "[^\r\n\0]{1,20}",
        ) {
            let uri = SipUri::new(secure, "example.com").unwrap().with_user(&user).unwrap().with_port(port);
            let uri = uri.with_param(&name, Some(&value)).unwrap();
            let again: SipUri = uri.to_string().parse().unwrap();
            prop_assert_eq!(again.user_decoded().unwrap(), user);
            prop_assert_eq!(again.params().value(&name).unwrap(), value);
            prop_assert_eq!(again.port(), port);
            prop_assert_eq!(again, uri);
        }
    }
}
