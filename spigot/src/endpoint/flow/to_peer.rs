//! Where a request goes: the next hop of its Route set or Request-URI, as a flow.

use std::net::SocketAddr;
use std::sync::Arc;

use super::{Targets, Unreachable};
use crate::endpoint::Core;
use crate::endpoint::client::RequestDraft;
use crate::flow::{Flow, Transport};
use crate::proto::{Destination, Unsent};
use crate::resolve::locate::NextHop;
use crate::sip::{Request, SipUri, header};

impl NextHop {
    /// Returns the next hop of a request: its first Route, or else its Request-URI
    /// ([RFC 3261 §8.1.2](https://www.rfc-editor.org/rfc/rfc3261#section-8.1.2)). In front of a strict router
    /// it is the Request-URI in any case.
    pub(crate) fn of(request: &Request, destination: Destination) -> Result<NextHop, Unreachable> {
        let route = if destination.by_request_uri {
            None
        } else {
            request.headers().typed::<header::Route>()?
        };
        let uri = route.as_ref().map_or(request.uri(), |route| route.uri());
        NextHop::of_uri(uri).ok_or_else(|| Unreachable::NoHost(uri.to_string()))
    }
}

impl Core {
    /// Returns the flow of a request inside a dialog, if nothing has to be waited for. `flow` is that of the
    /// dialog.
    ///
    /// The connection of the dialog is used where the request is to stay on it, and where it leads to the
    /// next hop. Datagrams leave from the dialog's own address.
    fn flow_at_once(&self, hop: &NextHop, flow: Flow, destination: Destination) -> Option<Flow> {
        if (destination.by_flow || hop.is_outbound())
            && let Some(flow) = self.flow_while_open(flow)
        {
            return Some(flow);
        }
        if hop.transport() != flow.transport() {
            return None;
        }
        let peer = hop.address()?;
        if flow.transport().is_reliable() {
            return self.flow_while_open(flow).filter(|flow| flow.peer() == peer);
        }
        (peer.is_ipv4() == flow.local().is_ipv4()).then_some(flow.with_peer(peer))
    }

    fn flow_while_open(&self, flow: Flow) -> Option<Flow> {
        self.carriers.is_open(&flow).then_some(flow)
    }

    /// Finds the flow of a request inside a dialog, and the targets that are left then. `flow` is that of the
    /// dialog.
    ///
    /// A next hop that is no host, has no address or takes no connection cannot be reached. The other end of
    /// the dialog's flow can, and perhaps knows the way: browsers write names into Contact that nobody can
    /// look up ([RFC 7118 §5](https://www.rfc-editor.org/rfc/rfc7118#section-5)), and so do phones behind a
    /// NAT.
    pub(crate) async fn flow_in_dialog(
        self: &Arc<Self>,
        draft: &RequestDraft,
        flow: Flow,
        destination: Destination,
    ) -> Result<(Flow, Option<Targets>), Unreachable> {
        let size = |flow: &Flow| draft.size(self, flow);
        let hop = match NextHop::of(draft.request(), destination) {
            Ok(hop) => hop,
            Err(error) => return Ok((self.flow_while_open(flow).ok_or(error)?, None)),
        };
        let at_once = self.flow_at_once(&hop, flow, destination);
        if let Some(flow) = at_once.filter(|flow| !self.is_too_large(flow, &size)) {
            return Ok((flow, Some(Targets::none(self, hop))));
        }
        let needs_tls = hop.is_secure() || is_sips(draft.request());
        let mut targets = Targets::of(self, hop);
        let found = targets.flow(&size).await;
        let flow = found.or_else(|error| self.instead_of_hop(flow, needs_tls, error))?;
        Ok((flow, Some(targets)))
    }

    /// Finds the flow of a request inside a dialog that the core makes. If it has to be waited for, the
    /// future that gives it is returned.
    pub(crate) fn flow_of_unsent(
        self: &Arc<Self>,
        unsent: &Unsent,
    ) -> Result<Flow, impl Future<Output = Result<Flow, Unreachable>> + Send + use<>> {
        let flow = unsent.flow;
        let hop = NextHop::of(&unsent.request, unsent.destination());
        if let Ok(hop) = &hop
            && let Some(flow) = self.flow_at_once(hop, flow, unsent.destination())
        {
            return Ok(flow);
        }
        let core = self.clone();
        let needs_tls = hop.as_ref().is_ok_and(NextHop::is_secure) || is_sips(&unsent.request);
        Err(async move {
            let found = match hop {
                Ok(hop) => core.flow_to(hop).await,
                Err(error) => Err(error),
            };
            found.or_else(|error| core.instead_of_hop(flow, needs_tls, error))
        })
    }

    /// Returns the flow of a dialog, if it is still there, in the place of a next hop that cannot be reached.
    /// For a request that `needs_tls` it must be one with TLS.
    ///
    /// [RFC 3261 §8.1.2](https://www.rfc-editor.org/rfc/rfc3261#section-8.1.2):
    /// > If the Request-URI contains a SIPS URI, any alternate destinations MUST be contacted with TLS.
    fn instead_of_hop(&self, flow: Flow, needs_tls: bool, error: Unreachable) -> Result<Flow, Unreachable> {
        let may_take_it = flow.transport().is_secure() || !needs_tls;
        let Some(flow) = self.flow_while_open(flow).filter(|_| may_take_it) else {
            return Err(error);
        };
        tracing::debug!(%flow, %error, "the next hop cannot be reached: sent by the flow of the dialog");
        Ok(flow)
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

fn is_sips(request: &Request) -> bool {
    request.uri().as_sip().is_some_and(SipUri::is_secure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip;

    #[test]
    fn the_first_route_comes_before_the_request_uri() {
        let mut request = Request::new(sip::Method::BYE, "sip:bob@192.0.2.1".parse().unwrap());
        let of = |request: &Request| {
            NextHop::of(request, Destination::default())
                .unwrap()
                .address()
                .unwrap()
                .to_string()
        };
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
        let error = NextHop::of(&request, Destination::default()).unwrap_err();
        assert!(error.to_string().contains("tel:+15551234"), "{error}");
    }
}
