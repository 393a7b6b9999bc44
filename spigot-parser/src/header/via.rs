//! Via: where the responses go (RFC 3261 §20.42).

mod received;

use std::net::IpAddr;

use bytestring::ByteString;

use super::{Field, Shape, TypedHeader, fault, text_traits};
use crate::grammar::{Span, blanks_end, decimal, is_name, is_token, token_end};
use crate::host::{Host, host_end, ipv6, port};
use crate::params::{self, MAX_PARAMS, ParamSpan, Values};
use crate::uri::bracketed;
use crate::{ErrorKind, HeaderName, Params, ParseError};

/// One hop of the way that a request came and its responses go back.
///
/// ```text
/// via-parm          = sent-protocol LWS sent-by *( SEMI via-params )
/// via-params        = via-ttl / via-maddr / via-received / via-branch / response-port / via-extension
/// sent-protocol     = protocol-name SLASH protocol-version SLASH transport
/// sent-by           = host [ COLON port ]
/// via-received      = "received" EQUAL (IPv4address / IPv6address)
/// response-port     = "rport" [EQUAL 1*DIGIT]                            ; RFC 3581 §5
/// ```
///
/// `received` may have brackets around an IPv6 address (RFC 5118 §4.5). Two are equal if protocol, sent-by
/// and all parameters are ([RFC 3261 §20.42](https://www.rfc-editor.org/rfc/rfc3261#section-20.42)).
///
/// ```
/// use spigot_parser::header::Via;
///
/// let via: Via = "SIP/2.0/UDP bigbox3.site3.atlanta.example;branch=z9hG4bK77ef4c2312983.1;rport".parse()?;
/// assert_eq!(via.transport(), "UDP");
/// assert_eq!(via.rport(), Some(None));
///
/// let via = Via::new("TCP", "192.0.2.1", Some(5060))?.with_branch("z9hG4bK-1")?.with_param("rport", None)?;
/// assert_eq!(via.to_string(), "SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bK-1;rport");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Via {
    text: ByteString,
    spans: ViaSpans,
}

/// Where the parts of a Via are. They are found before the text is shared, so that a Via that is only checked
/// shares nothing.
#[derive(Clone, Copy)]
struct ViaSpans {
    transport: Span,
    sent_by: Span,
    host: Span,
    known: Known,
    params: u32,
    port: Option<u16>,
}

/// What is read of the parameters while they are scanned.
#[derive(Clone, Copy, Default)]
struct Known {
    branch: Span,
    received: Span,
    maddr: Span,
    /// The whole parameter `rport`, with its name.
    rport: Span,
    rport_value: Option<u16>,
    ttl: Option<u8>,
    /// How many parameters there are, these and all others.
    count: u8,
}

impl Known {
    #[inline]
    fn take(&mut self, text: &str, place: ParamSpan) -> Result<(), ParseError> {
        self.count += 1;
        let bytes = text.as_bytes();
        let (start, end) = place.name;
        let value = place.value.map(|(start, end)| &text[start..end]);
        let span = place
            .value
            .map_or(Span::default(), |(start, end)| Span::new(start, end));
        let at = place.value.map_or(end, |(start, _)| start);
        let name = &bytes[start..end];
        let once = |seen: bool| match seen {
            true => Err(ParseError::new(
                ErrorKind::Duplicate,
                start,
                "each parameter once",
            )),
            false => Ok(()),
        };
        match end - start {
            6 if is_name(name, b"branch") => {
                once(!self.branch.is_empty())?;
                if !place.is_token {
                    return fault(at, "a branch, which is a token");
                }
                self.branch = span;
            }
            8 if is_name(name, b"received") => {
                once(!self.received.is_empty())?;
                if value.and_then(address).is_none() {
                    return fault(at, "an IP address in `received`");
                }
                self.received = span;
            }
            5 if is_name(name, b"rport") => {
                once(!self.rport.is_empty())?;
                self.rport_value = match value.map(|value| decimal(value.as_bytes(), 65_535)) {
                    None => None,
                    Some(Some(port)) => Some(port as u16),
                    Some(None) => return fault(at, "a port in `rport`"),
                };
                self.rport = Span::new(start, place.value.map_or(end, |(_, end)| end));
            }
            5 if is_name(name, b"maddr") => {
                once(!self.maddr.is_empty())?;
                if value.is_none_or(|value| Host::parse(value).is_err()) {
                    return fault(at, "a host in `maddr`");
                }
                self.maddr = span;
            }
            3 if is_name(name, b"ttl") => {
                once(self.ttl.is_some())?;
                match value.and_then(|value| decimal(value.as_bytes(), 255)) {
                    Some(ttl) => self.ttl = Some(ttl as u8),
                    None => return fault(at, "a number from 0 to 255 in `ttl`"),
                }
            }
            // A colon is only for addresses, which the grammar of other parameters has in brackets.
            _ if !place.is_token && value.is_some_and(|value| !value.starts_with(['"', '['])) => {
                return fault(at, "a token, a host or a quoted string");
            }
            _ => {}
        }
        Ok(())
    }
}

/// An IP address; an IPv6 one with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match bare {
        Some(bare) => ipv6(bare).map(IpAddr::V6),
        None => text.parse().ok().or_else(|| ipv6(text).map(IpAddr::V6)),
    }
}

/// Where the transport is: after the protocol's name and version.
fn transport(bytes: &[u8]) -> Result<(usize, usize), ParseError> {
    let mut at = 0;
    if bytes.starts_with(b"SIP/2.0/") {
        at = 8;
    } else {
        for expected in [
            "`/` after the protocol's name",
            "`/` after the protocol's version",
        ] {
            let end = token_end(bytes, at);
            let slash = blanks_end(bytes, end);
            if end == at || bytes.get(slash) != Some(&b'/') {
                return fault(slash, expected);
            }
            at = blanks_end(bytes, slash + 1);
        }
    }
    let start = blanks_end(bytes, at);
    match token_end(bytes, start) {
        end if end == start => fault(start, "a transport"),
        end => Ok((start, end)),
    }
}

/// Finds the parts of the Via that the whole of `text` is.
fn spans(text: &str) -> Result<ViaSpans, ParseError> {
    let bytes = text.as_bytes();
    let (start, end) = transport(bytes)?;
    let host = blanks_end(bytes, end);
    if host == end {
        return fault(end, "a blank after the transport");
    }
    let host_end = host_end(ErrorKind::Value, bytes, host)?;
    let (mut port_number, mut sent_by_end) = (None, host_end);
    let colon = blanks_end(bytes, host_end);
    if bytes.get(colon) == Some(&b':') {
        let (number, end) = port(ErrorKind::Value, bytes, blanks_end(bytes, colon + 1))?;
        (port_number, sent_by_end) = (Some(number), end);
    }
    let mut known = Known::default();
    params::scan(bytes, sent_by_end, Values::WithBareIpv6, |place| {
        known.take(text, place)
    })?;
    Ok(ViaSpans {
        transport: Span::new(start, end),
        sent_by: Span::new(host, sent_by_end),
        host: Span::new(host, host_end),
        known,
        params: sent_by_end as u32,
        port: port_number,
    })
}

impl Via {
    /// `SIP/2.0/transport host:port`. An IPv6 address gets its brackets if it has none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] if `transport` is no token, [`ErrorKind::Uri`] if `host` is no host.
    pub fn new(transport: &str, host: &str, port: Option<u16>) -> Result<Via, ParseError> {
        if !is_token(transport) {
            return Err(ParseError::new(
                ErrorKind::Token,
                0,
                "a transport, which is a token",
            ));
        }
        let host = bracketed(host);
        let host = Host::parse(&host)?;
        match port {
            Some(port) => format!("SIP/2.0/{transport} {host}:{port}").parse(),
            None => format!("SIP/2.0/{transport} {host}").parse(),
        }
    }

    /// Refuses a text that is no Via, as [`parse`](TypedHeader::parse) does, without making one.
    pub(crate) fn check(text: &str) -> Result<(), ParseError> {
        spans(text).map(drop)
    }

    /// The value as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The transport as written: `UDP`, `TCP`, `TLS`, `WS`, `WSS` or any other token.
    pub fn transport(&self) -> &str {
        self.spans.transport.of(&self.text)
    }

    /// Host and port as written.
    pub fn sent_by(&self) -> &str {
        self.spans.sent_by.of(&self.text)
    }

    /// The host that the sender says it is.
    pub fn host(&self) -> Host<'_> {
        Host::known(self.spans.host.of(&self.text))
    }

    /// The port that the sender says it listens on, if it says one.
    pub fn port(&self) -> Option<u16> {
        self.spans.port
    }

    /// The `branch`: the transaction's name, if the sender follows RFC 3261.
    pub fn branch(&self) -> Option<&str> {
        self.spans.known.branch.get(&self.text)
    }

    /// The `received` address as written: where the request really came from (RFC 3261 §18.2.1).
    pub fn received(&self) -> Option<&str> {
        self.spans.known.received.get(&self.text)
    }

    /// The `received` address.
    pub fn received_ip(&self) -> Option<IpAddr> {
        self.received().and_then(address)
    }

    /// The `rport` parameter (RFC 3581): `Some(None)` where the sender asks for it, `Some(Some(port))` where
    /// the receiver filled it in.
    pub fn rport(&self) -> Option<Option<u16>> {
        let known = &self.spans.known;
        (!known.rport.is_empty()).then_some(known.rport_value)
    }

    /// The `maddr` parameter: where to send responses to instead.
    pub fn maddr(&self) -> Option<&str> {
        self.spans.known.maddr.get(&self.text)
    }

    /// The `ttl` parameter, for multicast.
    pub fn ttl(&self) -> Option<u8> {
        self.spans.known.ttl
    }

    /// The parameters.
    pub fn params(&self) -> Params<'_> {
        Params::of_header(&self.text[self.spans.params as usize..])
    }

    /// The value of a parameter as written. `Some(None)`: it is there, without a value.
    pub fn param(&self, name: &str) -> Option<Option<&str>> {
        self.params().get(name)
    }

    /// With another branch.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] if `branch` is no token.
    pub fn with_branch(self, branch: &str) -> Result<Via, ParseError> {
        self.with_param("branch", Some(branch))
    }

    /// With one parameter set: in its place if it is there, at the end otherwise.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] or [`ErrorKind::Value`] if name or value leave the grammar,
    /// [`ErrorKind::TooManyParams`].
    pub fn with_param(self, name: &str, value: Option<&str>) -> Result<Via, ParseError> {
        // An IPv6 address in `received` has no brackets, which no other value may do without.
        let is_received = name.eq_ignore_ascii_case("received") && value.and_then(address).is_some();
        params::check(name, if is_received { None } else { value })?;
        let mut known = Known::default();
        let mut one = format!(";{name}");
        if let Some(value) = value {
            one.push('=');
            one.push_str(value);
        }
        params::scan(one.as_bytes(), 0, Values::WithBareIpv6, |place| {
            known.take(&one, place)
        })?;
        if self.params().count() >= MAX_PARAMS && !self.params().contains(name) {
            return Err(params::too_many(0));
        }
        self.set_param(name, Some(value))
    }

    /// Without the parameters of that name.
    pub fn without_param(self, name: &str) -> Via {
        match self.set_param(name, None) {
            Ok(via) => via,
            // Taking one away from what parses leaves what parses.
            Err(_) => self,
        }
    }

    fn set_param(&self, name: &str, setting: Option<Option<&str>>) -> Result<Via, ParseError> {
        let mut text = String::with_capacity(self.text.len() + 48);
        text.push_str(&self.text[..self.spans.params as usize]);
        params::write_with(self.params(), name, setting, &mut text);
        let text = ByteString::from(text);
        Via::parse(Field::within(&text, &text))
    }
}

impl TypedHeader for Via {
    const NAME: HeaderName = HeaderName::VIA;
    const SHAPE: Shape = Shape::List;

    #[inline]
    fn parse(value: Field<'_>) -> Result<Self, ParseError> {
        match spans(value.as_str()) {
            Ok(spans) => Ok(Via {
                text: value.share(),
                spans,
            }),
            Err(error) => Err(error),
        }
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.text);
    }
}

/// > Two Via header fields are equal if their sent-protocol and sent-by fields are equal, both have the same
/// > set of parameters, and the values of all parameters are equal.
impl PartialEq for Via {
    fn eq(&self, other: &Via) -> bool {
        self.transport().eq_ignore_ascii_case(other.transport())
            && self.host() == other.host()
            && self.spans.port == other.spans.port
            && params::agree(self.params(), other.params(), |_| true)
    }
}

text_traits!(Via);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn via(text: &str) -> Via {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn blanks_may_stand_around_every_separator() {
        let via = via(
            "SIP  / 2.0\t/UDP  first.example.com : 4000 ;ttl=16\t;maddr=224.2.0.1 ;branch\t= z9hG4bKa7c6a8dlze.1",
        );
        assert_eq!(
            (via.transport(), via.host().as_str(), via.port()),
            ("UDP", "first.example.com", Some(4000))
        );
        assert_eq!(
            (via.ttl(), via.maddr(), via.branch()),
            (Some(16), Some("224.2.0.1"), Some("z9hG4bKa7c6a8dlze.1"))
        );
        assert_eq!(via.sent_by(), "first.example.com : 4000");
    }

    #[test]
    fn received_takes_brackets_or_none() {
        for text in ["[2001:db8::9:255]", "2001:db8::9:255"] {
            let via = via(&format!(
                "SIP/2.0/UDP [2001:db8::9:1];received={text};branch=z9hG4bKas3-111"
            ));
            assert_eq!(via.received(), Some(text));
            assert_eq!(via.received_ip(), "2001:db8::9:255".parse().ok());
        }
    }

    #[test]
    fn what_the_rfc_leaves_out_may_be_left_out() {
        let bare = via("SIP/2.0/UDP iftgw.example.com");
        assert_eq!(
            (bare.branch(), bare.port(), bare.rport(), bare.received()),
            (None, None, None, None)
        );
        assert_eq!(via("SIP/2.0/UDP a;rport=5060").rport(), Some(Some(5060)));
        assert_eq!(
            via("SIP/2.0/UNKNOWN t4.example.com;branch=-1%;x;y=\"z;\"").transport(),
            "UNKNOWN"
        );
    }

    #[test]
    fn what_the_grammar_forbids_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            ("SIP/2.0", 7),
            ("SIP/2.0/", 8),
            ("SIP/2.0/UDP", 11),
            ("SIP/2.0/UDP ", 11),
            ("SIP/2.0/UDP a;;b", 14),
            ("SIP/2.0/UDP 192.0.2.15;;,;,,", 23),
            ("SIP/2.0/UDP a;", 14),
            ("SIP/2.0/UDP a:", 14),
            ("SIP/2.0/UDP a b", 14),
            ("SIP/2.0/UDP a;branch", 20),
            ("SIP/2.0/UDP a;branch=\"x\"", 21),
            ("SIP/2.0/UDP a;ttl=256", 18),
            ("SIP/2.0/UDP a;rport=x", 20),
            ("SIP/2.0/UDP a;received=b", 23),
            ("SIP/2.0/UDP 2001:db8::1", 17),
            ("SIP/2.0/UDP fe80::1", 17),
            ("SIP/2.0/UDP a;x=b:c", 16),
            ("SIP/2.0/UDP a;branch=1;branch=2", 23),
            ("SIP/2.0/UDP a\r\n", 13),
        ] {
            let error = text.parse::<Via>().expect_err(text);
            assert_eq!(error.offset(), offset, "{text}: {error}");
        }
    }

    #[test]
    fn changes_write_what_they_say() {
        let via = Via::new("UDP", "2001:db8::1", None).unwrap();
        let via = via
            .with_branch("z9hG4bK1")
            .unwrap()
            .with_param("rport", None)
            .unwrap();
        let via = via
            .with_param("received", Some("2001:db8::2"))
            .unwrap()
            .with_param("rport", Some("4000"))
            .unwrap();
        assert_eq!(
            via.to_string(),
            "SIP/2.0/UDP [2001:db8::1];branch=z9hG4bK1;rport=4000;received=2001:db8::2"
        );
        assert_eq!(via.clone().without_param("branch").branch(), None);
        for (name, value) in [
            ("x;y", None),
            ("x", Some("a;b")),
            ("x", Some("a,b")),
            ("branch", Some("a\r\nb")),
            ("ttl", Some("x")),
        ] {
            assert!(via.clone().with_param(name, value).is_err(), "{name} {value:?}");
        }
        assert!(Via::new("UDP x", "a", None).is_err() && Via::new("UDP", "a;b", None).is_err());
    }

    #[test]
    fn vias_compare_whole() {
        assert_eq!(
            via("SIP/2.0/UDP A.b:1;x=1;branch=q"),
            via("sip / 2.0 / udp a.B : 1 ; branch=q;X=1")
        );
        assert_ne!(via("SIP/2.0/UDP a;branch=q"), via("SIP/2.0/UDP a;branch=Q"));
        assert_ne!(via("SIP/2.0/UDP a;branch=q"), via("SIP/2.0/UDP a;branch=q;rport"));
        assert_ne!(via("SIP/2.0/UDP a"), via("SIP/2.0/UDP a:5060"));
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(
            transport in "[A-Z]{2,4}", host in "[a-z][a-z0-9]{0,8}", port: Option<u16>, branch in "[!-~]{1,20}", rport: Option<u16>,
        ) {
            let via = Via::new(&transport, &host, port).unwrap();
            let via = via.with_param("rport", rport.map(|port| port.to_string()).as_deref()).unwrap();
            match via.clone().with_branch(&branch) {
                Ok(via) => prop_assert_eq!(via.to_string().parse::<Via>().unwrap(), via),
                Err(_) => prop_assert!(!is_token(&branch)),
            }
        }
    }
}
