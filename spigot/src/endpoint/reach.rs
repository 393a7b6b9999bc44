//! Where a request goes: the next hop of its Route set or Request-URI, as a flow.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::{Core, Targets};
use crate::flow::{Flow, Transport};
use crate::resolve::locate::NextHop;
use crate::sip::{ParseError, Request, header};

impl NextHop {
    /// The first Route, or else the Request-URI
    /// ([RFC 3261 §8.1.2](https://www.rfc-editor.org/rfc/rfc3261#section-8.1.2)).
    pub(crate) fn of(request: &Request) -> Result<NextHop, Unreachable> {
        let route = request.headers().typed::<header::Route>()?;
        let uri = route.as_ref().map_or(request.uri(), |route| route.uri());
        NextHop::of_uri(uri).ok_or_else(|| Unreachable::NoHost(uri.to_string()))
    }
}

impl Core {
    /// The flow of a request inside a dialog, where nothing has to be waited for: the dialog's own while its
    /// connection stands, and from the dialog's own address where there is none.
    pub(crate) fn flow_at_once(&self, hop: &NextHop, flow: Flow) -> Option<Flow> {
        if hop.is_outbound() && !flow.transport().is_reliable() {
            return Some(flow);
        }
        if flow.transport().is_reliable() {
            return self.is_open(&flow).then_some(flow);
        }
        let peer = hop
            .address()
            .filter(|peer| peer.is_ipv4() == flow.local().is_ipv4())?;
        (hop.transport() == flow.transport()).then_some(flow.with_peer(peer))
    }

    /// The flow to a next hop: to its first target that can be reached.
    pub(crate) async fn flow_to(self: &Arc<Self>, hop: NextHop) -> Result<Flow, Unreachable> {
        Targets::of(self, hop).flow(&|_| 0).await
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
    pub(super) async fn flow_to_server(
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
    /// The host has no address, or the resolver failed, or took longer than [`Limits::dns`](crate::Limits::dns).
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

impl Unreachable {
    /// Whether it is the peer that cannot be reached, and not we who have no connection to spare or are ending.
    pub(super) fn is_theirs(&self) -> bool {
        use io::ErrorKind::{NotConnected, QuotaExceeded};
        match self {
            Unreachable::Connect { source, .. } => !matches!(source.kind(), NotConnected | QuotaExceeded),
            _ => false,
        }
    }

    /// Whether there is a host and nobody who takes the connection.
    pub(super) fn is_refusal(&self) -> bool {
        use io::ErrorKind::{ConnectionRefused, ConnectionReset, Unsupported};
        match self {
            Unreachable::Connect { source, .. } => {
                matches!(source.kind(), ConnectionRefused | ConnectionReset | Unsupported)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip;

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
    fn a_limit_of_ours_is_no_fault_of_the_peer() {
        let of = |kind: io::ErrorKind| Unreachable::Connect {
            transport: Transport::Tcp,
            peer: ([192, 0, 2, 1], 5060).into(),
            source: kind.into(),
        };
        use io::ErrorKind::{ConnectionRefused, NotConnected, QuotaExceeded, TimedOut};
        assert!(of(ConnectionRefused).is_theirs() && of(ConnectionRefused).is_refusal());
        assert!(of(TimedOut).is_theirs() && !of(TimedOut).is_refusal());
        assert!(!of(QuotaExceeded).is_theirs() && !of(NotConnected).is_theirs());
    }

    #[test]
    fn a_uri_without_a_host_is_named() {
        let request = Request::new(sip::Method::INVITE, "tel:+15551234".parse().unwrap());
        let error = NextHop::of(&request).unwrap_err();
        assert!(error.to_string().contains("tel:+15551234"), "{error}");
    }
}
