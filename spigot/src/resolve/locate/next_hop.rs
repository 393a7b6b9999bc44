//! Where a message should go, as its URI or its Via names it.

use std::net::{IpAddr, SocketAddr};

use crate::flow::Transport;
use crate::sip::header::Via;
use crate::sip::{SipUri, Uri};

/// The next hop of a message, not yet looked up.
///
/// It is what RFC 3263 calls the TARGET, with the port and the transport where they are given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NextHop {
    /// An address without brackets, or a name.
    pub(super) host: String,
    pub(super) ip: Option<IpAddr>,
    pub(super) port: Option<u16>,
    /// The transport, where it is given.
    pub(super) transport: Option<Transport>,
    /// Whether the transport must be one with TLS.
    pub(super) secure: bool,
    /// Whether the next hop is reached by the flow of the dialog.
    outbound: bool,
}

impl NextHop {
    /// Reads the next hop that a URI names; `None` for one that is neither `sip:` nor `sips:`.
    ///
    /// [RFC 3263 §4](https://www.rfc-editor.org/rfc/rfc3263#section-4):
    /// > We define TARGET as the value of the maddr parameter of the URI, if present, otherwise, the host
    /// > value of the hostport component of the URI.
    pub(crate) fn of_uri(uri: &Uri) -> Option<NextHop> {
        let uri = uri.as_sip()?;
        // `;maddr=` names nobody.
        let maddr = uri.maddr().filter(|maddr| !maddr.is_empty());
        let host = maddr.unwrap_or(uri.host().as_str());
        let port = uri.port();
        let hop = NextHop::new(host, port, transport_of(uri), uri.is_secure());
        let outbound = uri.is_outbound();
        Some(NextHop { outbound, ..hop })
    }

    /// The next hop of a response whose connection is gone: the sent-by of its Via
    /// ([RFC 3263 §5](https://www.rfc-editor.org/rfc/rfc3263#section-5)).
    pub(crate) fn of_via(via: &Via, transport: Transport) -> NextHop {
        NextHop::new(
            via.host().as_str(),
            via.port(),
            Some(transport),
            transport.is_secure(),
        )
    }

    fn new(host: &str, port: Option<u16>, transport: Option<Transport>, secure: bool) -> NextHop {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        NextHop {
            ip: host.parse().ok(),
            host: host.to_owned(),
            port,
            transport,
            secure,
            outbound: false,
        }
    }

    /// The transport that is given, or the default one
    /// ([RFC 3263 §4.1](https://www.rfc-editor.org/rfc/rfc3263#section-4.1)):
    /// > if no transport protocol is specified, but the TARGET is a numeric IP address, the client SHOULD use
    /// > UDP for a SIP URI, and TCP for a SIPS URI.
    pub(crate) fn transport(&self) -> Transport {
        match self.transport {
            Some(transport) => transport,
            None if self.secure => Transport::Tls,
            None => Transport::Udp,
        }
    }

    /// Whether the next hop is reached by the flow of the dialog, wherever its address is: the URI has `ob`
    /// ([RFC 5626 §4.3](https://www.rfc-editor.org/rfc/rfc5626#section-4.3)).
    pub(crate) fn is_outbound(&self) -> bool {
        self.outbound
    }

    /// Whether the next hop may be reached by TLS alone: its URI is `sips:`.
    pub(crate) fn is_secure(&self) -> bool {
        self.secure
    }

    /// The address, if the host needs no look-up.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        let port = self.port.unwrap_or(self.transport().default_port());
        self.ip.map(|ip| SocketAddr::new(ip, port))
    }

    /// The host, if it has to be looked up.
    pub(crate) fn domain(&self) -> Option<&str> {
        self.ip.is_none().then_some(&*self.host)
    }

    /// The host, for messages to a human.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }
}

/// The transport that a URI asks for. One of a `sips:` URI is secure
/// ([RFC 3261 §26.2.2](https://www.rfc-editor.org/rfc/rfc3261#section-26.2.2)).
fn transport_of(uri: &SipUri) -> Option<Transport> {
    let named = uri.transport().and_then(|name| name.parse().ok());
    match named {
        Some(Transport::Ws | Transport::Wss) if uri.is_secure() => Some(Transport::Wss),
        Some(_) if uri.is_secure() => Some(Transport::Tls),
        named => named,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(uri: &str) -> NextHop {
        NextHop::of_uri(&uri.parse().unwrap()).unwrap()
    }

    fn said(uri: &str) -> String {
        let hop = of(uri);
        let port = hop.port.map_or_else(|| "-".to_owned(), |port| port.to_string());
        let named = if hop.transport.is_some() { "" } else { "?" };
        format!("{}{named}:{}:{port}", hop.transport(), hop.host)
    }

    #[test]
    fn a_uri_names_host_port_and_transport() {
        assert_eq!(said("sip:bob@192.0.2.1"), "udp?:192.0.2.1:-");
        assert_eq!(
            said("sip:bob@example.com:5080;transport=tcp"),
            "tcp:example.com:5080"
        );
        assert_eq!(said("sips:bob@example.com"), "tls?:example.com:-");
        assert_eq!(said("sip:bob@example.com;maddr=192.0.2.7"), "udp?:192.0.2.7:-");
        assert_eq!(
            said("sip:bob@example.com;maddr=;transport="),
            "udp?:example.com:-"
        );
    }

    #[test]
    fn a_transport_of_a_sips_uri_is_a_secure_one() {
        assert_eq!(said("sips:b@example.com;transport=tcp"), "tls:example.com:-");
        assert_eq!(said("sips:b@example.com;transport=ws"), "wss:example.com:-");
        assert_eq!(said("sip:b@example.com;transport=TLS"), "tls:example.com:-");
        assert_eq!(said("sip:b@example.com;transport=ws"), "ws:example.com:-");
    }

    #[test]
    fn only_a_name_has_to_be_looked_up() {
        assert_eq!(of("sip:example.com").address(), None);
        assert_eq!(of("sip:example.com").domain(), Some("example.com"));
        // 3232235777 would be 192.168.1.1 to some readers.
        assert_eq!(of("sip:34020000001320000001@3232235777").address(), None);
        let address = |uri: &str| of(uri).address().unwrap().to_string();
        assert_eq!(address("sip:b@[2001:db8::1]:5070"), "[2001:db8::1]:5070");
        assert_eq!(
            address("sip:b@example.com:5070;maddr=192.0.2.4"),
            "192.0.2.4:5070"
        );
        assert_eq!(address("sips:b@192.0.2.4"), "192.0.2.4:5061");
        assert_eq!(address("sip:b@192.0.2.4;transport=ws"), "192.0.2.4:80");
    }

    #[test]
    fn a_tel_uri_has_no_host() {
        assert_eq!(NextHop::of_uri(&"tel:+15551234".parse().unwrap()), None);
    }

    #[test]
    fn a_via_names_the_host_of_its_sender() {
        let via: Via = "SIP/2.0/TLS pc.example.com;branch=z9hG4bK1".parse().unwrap();
        let hop = NextHop::of_via(&via, Transport::Tls);
        assert_eq!(
            (hop.domain(), hop.port, hop.secure),
            (Some("pc.example.com"), None, true)
        );
    }
}
