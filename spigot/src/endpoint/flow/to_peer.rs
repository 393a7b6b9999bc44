//! Where a request goes: the next hop of its Route set or Request-URI, as a flow.

use std::net::SocketAddr;
use std::sync::Arc;

use super::{Targets, Unreachable};
use crate::endpoint::Core;
use crate::flow::{Flow, Transport};
use crate::resolve::locate::NextHop;
use crate::sip::{Request, header};

impl NextHop {
    /// Returns the next hop of a request: its first Route, or else its Request-URI
    /// ([RFC 3261 §8.1.2](https://www.rfc-editor.org/rfc/rfc3261#section-8.1.2)).
    pub(crate) fn of(request: &Request) -> Result<NextHop, Unreachable> {
        let route = request.headers().typed::<header::Route>()?;
        let uri = route.as_ref().map_or(request.uri(), |route| route.uri());
        NextHop::of_uri(uri).ok_or_else(|| Unreachable::NoHost(uri.to_string()))
    }
}

impl Core {
    /// Returns the flow of a request inside a dialog, if nothing has to be waited for. It is the dialog's own
    /// flow while its connection stands; datagrams leave from the dialog's own address.
    pub(crate) fn flow_at_once(&self, hop: &NextHop, flow: Flow) -> Option<Flow> {
        if hop.is_outbound() && !flow.transport().is_reliable() {
            return Some(flow);
        }
        if flow.transport().is_reliable() {
            return self.carriers.is_open(&flow).then_some(flow);
        }
        let peer = hop
            .address()
            .filter(|peer| peer.is_ipv4() == flow.local().is_ipv4())?;
        (hop.transport() == flow.transport()).then_some(flow.with_peer(peer))
    }

    /// Finds the flow to the first target of a next hop that can be reached.
    pub(crate) async fn flow_to(self: &Arc<Self>, hop: NextHop) -> Result<Flow, Unreachable> {
        Targets::of(self, hop).flow(&|_| 0).await
    }

    /// Finds the flow to an address: at once for datagrams, by a connection otherwise.
    pub(crate) async fn flow_to_address(
        &self,
        transport: Transport,
        peer: SocketAddr,
    ) -> Result<Flow, Unreachable> {
        self.flow_to_server(transport, peer, None).await
    }

    /// Finds the flow to a server of a domain. Over TLS the server's certificate has to be of that domain.
    pub(super) async fn flow_to_server(
        &self,
        transport: Transport,
        peer: SocketAddr,
        domain: Option<&str>,
    ) -> Result<Flow, Unreachable> {
        let carrier = self
            .carriers
            .towards(transport, peer)
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
    fn a_uri_without_a_host_is_named() {
        let request = Request::new(sip::Method::INVITE, "tel:+15551234".parse().unwrap());
        let error = NextHop::of(&request).unwrap_err();
        assert!(error.to_string().contains("tel:+15551234"), "{error}");
    }
}
