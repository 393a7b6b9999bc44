//! Where a request goes: the next hop of its Route set or Request-URI, as an address, as a flow.
//!
//! Hosts are looked up as A and AAAA records through the system's resolver.

use std::io;
use std::net::SocketAddr;

use super::Core;
use crate::flow::{Flow, Transport};
use crate::sip::{ParseError, Request, SipUri, Uri, header};

/// The next hop of a request, not yet looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NextHop {
    transport: Transport,
    host: String,
    port: u16,
}

impl NextHop {
    /// The first Route, or else the Request-URI
    /// ([RFC 3261 §8.1.2](https://www.rfc-editor.org/rfc/rfc3261#section-8.1.2)).
    pub(crate) fn of(request: &Request) -> Result<NextHop, Unreachable> {
        let route = request.headers().typed::<header::Route>()?;
        match route {
            Some(route) => NextHop::of_uri(route.uri()),
            None => NextHop::of_uri(request.uri()),
        }
    }

    /// The host, port and transport that a URI names. A `sips:` URI goes over TLS
    /// ([RFC 3261 §26.2.2](https://www.rfc-editor.org/rfc/rfc3261#section-26.2.2)), one without a transport
    /// parameter over UDP.
    fn of_uri(uri: &Uri) -> Result<NextHop, Unreachable> {
        let sip = uri.as_sip().ok_or_else(|| Unreachable::NoHost(uri.to_string()))?;
        let transport = transport_of(sip);
        Ok(NextHop {
            transport,
            host: sip.maddr().unwrap_or(sip.host().as_str()).to_owned(),
            port: sip.port().unwrap_or(transport.default_port()),
        })
    }

    /// The address, if it needs no look-up.
    fn address(&self) -> Option<SocketAddr> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        host.parse().ok().map(|ip| SocketAddr::new(ip, self.port))
    }

    /// The addresses of the host, in the resolver's order: the first, and the others.
    async fn resolve(&self) -> Result<(SocketAddr, Vec<SocketAddr>), Unreachable> {
        if let Some(address) = self.address() {
            return Ok((address, Vec::new()));
        }
        let failed = |source| Unreachable::Resolve {
            host: self.host.clone(),
            source,
        };
        let mut found = tokio::net::lookup_host((self.host.as_str(), self.port))
            .await
            .map_err(failed)?;
        match found.next() {
            Some(first) => Ok((first, found.collect())),
            None => Err(failed(io::Error::new(io::ErrorKind::NotFound, "no address"))),
        }
    }
}

impl Core {
    /// The flow of a request inside a dialog, where nothing has to be waited for: the dialog's own while its
    /// connection stands, and from the dialog's own address where there is none.
    pub(crate) fn flow_at_once(&self, hop: &NextHop, flow: Flow) -> Option<Flow> {
        if flow.transport.is_reliable() {
            return self.is_open(&flow).then_some(flow);
        }
        let peer = hop
            .address()
            .filter(|peer| peer.is_ipv4() == flow.local.is_ipv4())?;
        (hop.transport == flow.transport).then_some(Flow { peer, ..flow })
    }

    /// The flow to a next hop: its first address that can be reached.
    pub(crate) async fn flow_to(&self, hop: &NextHop) -> Result<Flow, Unreachable> {
        let (first, rest) = hop.resolve().await?;
        // Who should be there, if that is more than an address.
        let domain = Some(&*hop.host).filter(|_| hop.address().is_none());
        let mut outcome = self.flow_to_server(hop.transport, first, domain).await;
        for peer in rest {
            if outcome.is_ok() {
                break;
            }
            outcome = self.flow_to_server(hop.transport, peer, domain).await;
        }
        outcome
    }

    /// The flow to an address: at once for datagrams, a connection otherwise.
    pub(crate) async fn flow_to_address(
        &self,
        transport: Transport,
        peer: SocketAddr,
    ) -> Result<Flow, Unreachable> {
        self.flow_to_server(transport, peer, None).await
    }

    /// The same to the server of a domain.
    async fn flow_to_server(
        &self,
        transport: Transport,
        peer: SocketAddr,
        domain: Option<&str>,
    ) -> Result<Flow, Unreachable> {
        let carrier = self
            .carrier_towards(transport, peer)
            .ok_or(Unreachable::NoListener { transport, peer })?;
        carrier
            .connect_to(peer, domain)
            .await
            .map_err(|source| Unreachable::Connect {
                transport,
                peer,
                source,
            })
    }
}

fn transport_of(uri: &SipUri) -> Transport {
    let named = uri.transport().and_then(|name| name.parse().ok());
    match named {
        Some(Transport::Ws | Transport::Wss) if uri.is_secure() => Transport::Wss,
        _ if uri.is_secure() => Transport::Tls,
        Some(transport) => transport,
        None => Transport::Udp,
    }
}

/// Why there is no flow to where a request should go.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unreachable {
    /// The first Route of the request cannot be read.
    #[error("the request's Route: {0}")]
    Route(#[from] ParseError),
    /// The URI is neither `sip:` nor `sips:`, so there is no host to send to.
    #[error("`{0}` names no host to send to: expected a sip: or sips: URI, or `to_address`")]
    NoHost(String),
    /// No listener of this endpoint sends over that transport to that address family.
    #[error("no listener to send from over {transport} to {peer}")]
    NoListener {
        /// The transport that the URI, or the caller, asked for.
        transport: Transport,
        /// Where the request was to go.
        peer: SocketAddr,
    },
    /// The host has no A or AAAA record, or the resolver failed.
    #[error("cannot resolve `{host}`: {source}")]
    Resolve {
        /// The host of the URI.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// The connection could not be opened.
    #[error("cannot connect to {peer} over {transport}: {source}")]
    Connect {
        /// Over what.
        transport: Transport,
        /// To whom.
        peer: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip;

    fn hop(uri: &str) -> String {
        let hop = NextHop::of_uri(&uri.parse().unwrap()).unwrap();
        format!("{}:{}:{}", hop.transport, hop.host, hop.port)
    }

    #[test]
    fn a_uri_names_host_port_and_transport() {
        assert_eq!(hop("sip:bob@192.0.2.1"), "udp:192.0.2.1:5060");
        assert_eq!(
            hop("sip:bob@example.com:5080;transport=tcp"),
            "tcp:example.com:5080"
        );
        assert_eq!(hop("sips:bob@example.com"), "tls:example.com:5061");
        assert_eq!(hop("sip:bob@example.com;maddr=192.0.2.7"), "udp:192.0.2.7:5060");
        assert_eq!(hop("sip:[2001:db8::1]:5062"), "udp:[2001:db8::1]:5062");
    }

    #[test]
    fn a_transport_of_a_sips_uri_is_a_secure_one() {
        assert_eq!(hop("sips:b@example.com;transport=tcp"), "tls:example.com:5061");
        assert_eq!(hop("sips:b@example.com;transport=ws"), "wss:example.com:443");
        assert_eq!(hop("sip:b@example.com;transport=TLS"), "tls:example.com:5061");
        assert_eq!(hop("sip:b@example.com;transport=ws"), "ws:example.com:80");
    }

    #[test]
    fn the_first_route_comes_before_the_request_uri() {
        let mut request = Request::new(sip::Method::BYE, "sip:bob@192.0.2.1".parse().unwrap());
        let of = |request: &Request| NextHop::of(request).unwrap().address().unwrap().to_string();
        assert_eq!(of(&request), "192.0.2.1:5060");
        let routes = "<sip:192.0.2.8:5080;lr>, <sip:192.0.2.9;lr>";
        request
            .headers_mut()
            .push(sip::HeaderName::ROUTE, routes)
            .unwrap();
        assert_eq!(of(&request), "192.0.2.8:5080");
    }

    #[test]
    fn only_a_name_has_to_be_looked_up() {
        let of = |uri: &str| NextHop::of_uri(&uri.parse().unwrap()).unwrap().address();
        assert_eq!(of("sip:example.com"), None);
        let six = of("sip:b@[2001:db8::1]:5070").unwrap();
        assert_eq!(six.to_string(), "[2001:db8::1]:5070");
        let group = of("sip:b@example.com:5070;maddr=192.0.2.4").unwrap();
        assert_eq!(group.to_string(), "192.0.2.4:5070");
    }

    #[test]
    fn a_tel_uri_has_no_host() {
        let error = NextHop::of_uri(&"tel:+15551234".parse().unwrap()).unwrap_err();
        assert!(error.to_string().contains("tel:+15551234"), "{error}");
    }
}
