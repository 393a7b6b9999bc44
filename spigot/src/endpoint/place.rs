//! Where peers reach us: what stands in Via and Contact.
//!
//! Invariant: it follows from the flow, and from the public address of the listener that the flow belongs to if it has one.

use std::fmt;
use std::net::SocketAddr;

use super::Core;
use crate::flow::{Flow, Transport};
use crate::sip::SipUri;

/// A host and a port at which we are reached. Prints as the sent-by of a Via: `192.0.2.1:5060`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// A name, an IPv4 address, or an IPv6 address in brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl From<SocketAddr> for Place {
    fn from(address: SocketAddr) -> Place {
        Place {
            host: host_of(address),
            port: address.port(),
        }
    }
}

impl Place {
    /// `host` or `host:port`; without a port that of `bound`. `None` if it is neither.
    pub(super) fn parse(text: &str, bound: SocketAddr) -> Option<Place> {
        let host = |text: &str| {
            let uri = SipUri::new(false, text).ok()?;
            let host = uri.host();
            let is_somewhere = match host.ip() {
                Some(ip) => !ip.is_unspecified(),
                // RFC 3261 §25.1: the last label of a name begins with a letter. An address with a slip is not a name.
                None => !host
                    .as_str()
                    .trim_end_matches('.')
                    .rsplit('.')
                    .next()?
                    .starts_with(|c: char| c.is_ascii_digit()),
            };
            is_somewhere.then(|| host.as_str().to_owned())
        };
        if let Some(host) = host(text) {
            let port = bound.port();
            return Some(Place { host, port });
        }
        let (name, port) = text.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port != 0)?;
        let host = host(name)?;
        Some(Place { host, port })
    }
}

/// An IP address as a SIP host: IPv6 in brackets.
pub(crate) fn host_of(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    }
}

/// The public address of a listener.
#[derive(Debug)]
pub(super) struct Public {
    pub(super) transport: Transport,
    pub(super) bound: SocketAddr,
    pub(super) place: Place,
}

impl Public {
    fn is_of(&self, flow: &Flow) -> bool {
        let (bound, local) = (self.bound, flow.local());
        self.transport == flow.transport()
            && bound.port() == local.port()
            && bound.is_ipv4() == local.is_ipv4()
            && (bound.ip() == local.ip() || bound.ip().is_unspecified())
    }
}

impl Core {
    /// Where the peer of that flow reaches us.
    pub(crate) fn place(&self, flow: &Flow) -> Place {
        let public = self.publics().iter().find(|public| public.is_of(flow));
        public.map_or_else(|| Place::from(flow.local()), |public| public.place.clone())
    }

    /// Who we are where no flow says it yet: the host of the first listener.
    pub(crate) fn own_host(&self) -> Option<String> {
        let first = self.carriers().first()?;
        let (transport, bound) = (first.transport(), first.local_addr());
        let mut publics = self.publics().iter();
        let public = publics.find(|public| (public.transport, public.bound) == (transport, bound));
        Some(public.map_or_else(|| host_of(bound), |public| public.place.host.clone()))
    }

    /// What a Via says of us on that flow: the sent-by, and over TLS that the connection stays and is also the way back
    /// ([RFC 5923 §8.1](https://www.rfc-editor.org/rfc/rfc5923#section-8.1)).
    pub(crate) fn sent_by(&self, flow: &Flow) -> String {
        let place = self.place(flow);
        match flow.transport() {
            Transport::Tls => format!("{place};alias"),
            _ => place.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_public_address_is_a_host_with_or_without_a_port() {
        let parse = |text| Place::parse(text, address("10.0.0.1:5070")).map(|place| place.to_string());
        let table = [
            ("203.0.113.5", Some("203.0.113.5:5070")),
            ("203.0.113.5:5060", Some("203.0.113.5:5060")),
            ("sip.example.com", Some("sip.example.com:5070")),
            ("sip.example.com:5061", Some("sip.example.com:5061")),
            ("2001:db8::5", Some("[2001:db8::5]:5070")),
            ("[2001:db8::5]", Some("[2001:db8::5]:5070")),
            ("[2001:db8::5]:5080", Some("[2001:db8::5]:5080")),
            ("", None),
            ("sip:example.com", None),
            ("me@example.com", None),
            ("example.com:0", None),
            ("example.com:65536", None),
            ("example.com;lr", None),
            ("0.0.0.0", None),
            ("[::]:5060", None),
            ("203.0.113.300", None),
            ("203.0.113:5060", None),
            ("example .com", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_public_address_is_that_of_one_listener() {
        let of = |bound, transport, local| {
            let public = Public {
                transport: Transport::Udp,
                bound: address(bound),
                place: Place::from(address("203.0.113.5:5060")),
            };
            public.is_of(&Flow::detached(
                transport,
                address(local),
                address("192.0.2.9:5060"),
            ))
        };
        assert!(of("0.0.0.0:5060", Transport::Udp, "10.0.0.1:5060"));
        assert!(of("10.0.0.1:5060", Transport::Udp, "10.0.0.1:5060"));
        assert!(!of("10.0.0.2:5060", Transport::Udp, "10.0.0.1:5060"));
        assert!(!of("0.0.0.0:5070", Transport::Udp, "10.0.0.1:5060"));
        assert!(!of("0.0.0.0:5060", Transport::Tcp, "10.0.0.1:5060"));
        assert!(!of("0.0.0.0:5060", Transport::Udp, "[::1]:5060"));
    }
}
