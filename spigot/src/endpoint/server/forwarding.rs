//! Requests that pass through: how they are forwarded, and how what is answered to them goes back.
//!
//! Invariant: nothing in here makes or asks for a dialog.

use std::sync::{Arc, PoisonError};
use std::task::{Context, Waker};

use super::ServerExchange;
use super::exchange::not_sent;
use crate::endpoint::client::Pending;
use crate::endpoint::flow::OwnAddress;
use crate::endpoint::{Core, log};
use crate::flow::Flow;
use crate::incoming::Incoming;
use crate::proto::{Destination, RespondError, proxy};
use crate::resolve::locate::NextHop;
use crate::router::{ServerSide, TransactionError};
use crate::sip::header::{Route, Via};
use crate::sip::{HeaderName, ParseError, Request, Response, StatusCode, Uri};

impl ServerExchange {
    /// Passes a response of another on. It goes back by the way that the request came.
    ///
    /// [RFC 3261 §16.7](https://www.rfc-editor.org/rfc/rfc3261#section-16.7), item 9:
    /// > The proxy MUST NOT add to, modify, or remove the message body.  Unless otherwise specified, the
    /// > proxy MUST NOT remove any header field values other than the Via header field value discussed in
    /// > Section 16.7 Item 3.
    pub(super) fn relay(&self, response: &Response) -> Result<(), RespondError> {
        let restored = self.with_own_vias(response);
        let response = restored.as_ref().unwrap_or(response);
        let outcome = self.core.step(self.lane, |state, now| {
            if response.status().is_final() {
                state.ringing.remove(&self.key);
            }
            state.shard.relay(now, self.key, response)
        });
        self.note_outcome(response.status(), &outcome, Some("passed on"));
        outcome
    }

    /// Gives a response the Vias of the request, if whoever answered has lost them.
    fn with_own_vias(&self, response: &Response) -> Option<Response> {
        let top = response.headers().typed::<Via>().ok().flatten();
        let ours = self.incoming.essentials.via().branch();
        if top.as_ref().is_some_and(|via| via.branch() == ours) {
            return None;
        }
        let mut response = response.clone();
        let headers = response.headers_mut();
        headers.remove(&HeaderName::VIA);
        headers.copy_from(self.incoming.request.headers(), &HeaderName::VIA);
        Some(response)
    }

    /// Passes a 2xx on that comes after a branch has had its final response: from another fork, or again.
    ///
    /// [RFC 3261 §16.7](https://www.rfc-editor.org/rfc/rfc3261#section-16.7), item 5:
    /// > After a final response has been sent on the server transaction, the following responses MUST be
    /// > forwarded immediately:
    /// > -  Any 2xx response to an INVITE request
    pub(in crate::endpoint) fn relay_late(&self, response: &Response) {
        // The log says what has become of it.
        let _ = self.relay(response);
    }

    /// Passes a provisional response of another on.
    pub(super) fn relay_provisional(&self, response: &Response) -> Result<(), TransactionError> {
        match response.status() {
            status if status.is_final() => Err(TransactionError::NotProvisional(status)),
            // > In particular, a stateful proxy MUST NOT forward any 100 (Trying) response.
            StatusCode::TRYING => Ok(()),
            _ => self.relay(response).map_err(|error| not_sent(&error)),
        }
    }

    /// Takes note of a request that this one is forwarded as. If the caller has given up meanwhile, it is
    /// cancelled.
    pub(crate) fn add_branch(&self, pending: &Arc<Pending>) {
        let mut branches = self.branches.lock().unwrap_or_else(PoisonError::into_inner);
        branches.retain(|branch| branch.strong_count() > 0);
        branches.push(Arc::downgrade(pending));
        drop(branches);
        if ServerSide::is_cancelled(self) {
            self.core.cancel_request(pending);
        }
    }

    /// Cancels what the request was forwarded as.
    ///
    /// [RFC 3261 §16.10](https://www.rfc-editor.org/rfc/rfc3261#section-16.10):
    /// > If a matching response context is found, the element MUST immediately return a 200 (OK) response to
    /// > the CANCEL request. [...] Furthermore, the element MUST generate CANCEL requests for all pending
    /// > client transactions in the context
    pub(super) fn cancel_branches(&self) {
        for pending in self.branches() {
            self.core.cancel_request(&pending);
        }
    }

    /// Says whether a request that this one was forwarded as waits for its final response.
    pub(super) fn awaits_branch(&self) -> bool {
        self.branches().iter().any(|pending| pending.state().is_awaited())
    }

    fn branches(&self) -> Vec<Arc<Pending>> {
        let branches = self.branches.lock().unwrap_or_else(PoisonError::into_inner);
        branches.iter().filter_map(|branch| branch.upgrade()).collect()
    }
}

/// A request that is ready to be forwarded.
pub(crate) struct Onward {
    pub(crate) request: Request,
    /// How its next hop is found.
    pub(crate) destination: Destination,
    /// Whether it carried a Route of this element.
    is_routed: bool,
    /// The flow that it has to go by, because its peer is reached by no other way.
    pub(crate) flow: Option<Flow>,
}

/// Why a request is not forwarded.
#[derive(Debug)]
pub(crate) enum Unforwardable {
    /// Its Max-Forwards is 0.
    TooManyHops,
    /// The flow is closed by which alone its target is reached.
    FlowFailed,
    /// A header that says where it goes cannot be read.
    Invalid(ParseError),
}

impl From<ParseError> for Unforwardable {
    fn from(error: ParseError) -> Self {
        Unforwardable::Invalid(error)
    }
}

impl Core {
    /// Makes the request that goes on out of one that came: its routes read, its hop counted. `target` takes
    /// the place of the Request-URI of a request outside of any dialog, and `next_hop` is a Route before all
    /// others.
    pub(crate) fn onward(
        &self,
        incoming: &Incoming,
        target: Option<Uri>,
        next_hop: Option<Uri>,
    ) -> Result<Onward, Unforwardable> {
        let mut request = Request::clone(&incoming.request);
        if !proxy::count_hop(&mut request)? {
            return Err(Unforwardable::TooManyHops);
        }
        let own = self.carriers.own_address(&incoming.flow);
        let was_recorded = |uri: &Uri| uri.user().is_some_and(|user| self.is_flow_token(user));
        let is_ours = |uri: &Uri| was_recorded(uri) || is_at(uri, &own);
        let route = proxy::enter(&mut request, was_recorded, is_ours)?;
        let is_initial = incoming.essentials.to_tag().is_none();
        if let Some(target) = target.filter(|_| is_initial) {
            proxy::go_to(&mut request, target);
        }
        let token = route.as_ref().and_then(Uri::user).filter(|_| !is_initial);
        let flow = match token {
            Some(token) if needs_flow(&request) => match self.flow_of(token) {
                Ok(flow) => (flow != incoming.flow).then_some(flow),
                Err(_) => return Err(Unforwardable::FlowFailed),
            },
            _ => None,
        };
        if let Some(next_hop) = next_hop {
            request.headers_mut().push_first_typed(&Route::new(next_hop));
        }
        // RFC 3261 §16.6, item 7:
        // > If the proxy has reformatted the request to send to a strict-routing element as described in step
        // > 6 above, the proxy MUST apply those procedures to the Request-URI of the request.
        let destination = Destination {
            by_request_uri: proxy::follow_strict_route(&mut request)?,
            by_flow: false,
        };
        Ok(Onward {
            request,
            destination,
            is_routed: route.is_some(),
            flow,
        })
    }

    /// Makes the mark of a request by which it is known again when it loops; `None` if it has looped.
    pub(crate) fn mark_of(&self, incoming: &Incoming) -> Option<String> {
        let Incoming {
            request, essentials, ..
        } = incoming;
        let mark = proxy::mark(&self.random.token_key, request, essentials);
        (!proxy::is_loop(&mark, request)).then_some(mark)
    }

    /// Passes the ACK of a 2xx on to where its Route and its Request-URI say. Nothing is kept of it. Returns
    /// `false` if it does not pass through: it carries no Route of this element.
    ///
    /// [RFC 3261 §16.6](https://www.rfc-editor.org/rfc/rfc3261#section-16.6) holds for it as for any request,
    /// but that it has no transaction ([§17](https://www.rfc-editor.org/rfc/rfc3261#section-17)).
    pub(in crate::endpoint) fn forward_ack(self: &Arc<Self>, lane: usize, incoming: &Incoming) -> bool {
        match self.onward(incoming, None, None) {
            Ok(onward) if onward.is_routed => self.send_ack_onward(lane, onward),
            Ok(_) => {
                self.step(lane, |state, _| state.shard.note_stray_ack());
                return false;
            }
            Err(why) => tracing::debug!(?why, "an ACK goes no further"),
        }
        true
    }

    fn send_ack_onward(self: &Arc<Self>, lane: usize, onward: Onward) {
        let hop = match NextHop::of(&onward.request, onward.destination) {
            Ok(hop) => hop,
            Err(why) => return tracing::debug!(%why, "an ACK goes no further"),
        };
        if let Some(flow) = onward.flow {
            return self.send_ack(lane, onward.request, flow);
        }
        let core = self.clone();
        let mut sending = Box::pin(async move {
            match core.flow_to(hop).await {
                Ok(flow) => core.send_ack(lane, onward.request, flow),
                Err(why) => tracing::debug!(%why, "an ACK goes no further"),
            }
        });
        // It needs a task only where a look-up or a connection has to be waited for.
        let polled = sending.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if polled.is_pending()
            && let Some(place) = self.take_reconnect()
        {
            self.spawn(async move {
                sending.await;
                drop(place);
            });
        }
    }

    fn send_ack(self: &Arc<Self>, lane: usize, ack: Request, flow: Flow) {
        log::request_sent(&ack, &flow);
        let sent_by = self.carriers.sent_by(&flow);
        self.step(lane, |state, _| state.shard.forward_ack(ack, flow, &sent_by));
    }
}

/// Says whether the target of a request is reached by its own flow alone: a browser has no address, and who
/// says `ob` wants it so ([RFC 5626 §5.3](https://www.rfc-editor.org/rfc/rfc5626#section-5.3)).
fn needs_flow(request: &Request) -> bool {
    let is_last = !request.headers().contains(&HeaderName::ROUTE);
    let uri = request.uri().as_sip().filter(|_| is_last);
    uri.is_some_and(|uri| {
        let host = uri.host().as_str().trim_end_matches('.');
        uri.is_outbound() || host.to_ascii_lowercase().ends_with(".invalid")
    })
}

/// Says whether a URI of no user in particular is that address of ours.
fn is_at(uri: &Uri, own: &OwnAddress) -> bool {
    uri.as_sip().is_some_and(|uri| {
        let transport = uri.transport().unwrap_or_default();
        let is_secure = uri.is_secure() || transport.eq_ignore_ascii_case("tls");
        let port = uri.port().unwrap_or(if is_secure { 5061 } else { 5060 });
        port == own.port && uri.host().as_str().eq_ignore_ascii_case(&own.host)
    })
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use std::time::Duration;

    use crate::testing::TestServer;
    use crate::{ForwardError, Method, Proxy, Reply, StatusCode, Uri, sip_router};

    struct Relay;

    #[sip_router]
    impl Relay {
        #[any]
        async fn relay(&self, proxy: Proxy, uri: Uri) -> Result<Reply, ForwardError> {
            let mut branch = proxy.forward(uri).record_route().start().await?;
            while let Some(response) = branch.provisional().await {
                proxy.relay(&response)?;
            }
            Ok(Reply::relayed(branch.response().await?))
        }
    }

    /// What each lane has: server and client transactions, dialogs, INVITEs that ring, requests that wait.
    fn held(server: &TestServer) -> [usize; 5] {
        let mut held = [0; 5];
        for lane in server.spigot().core.lanes.iter() {
            let of_lane = lane.read(|state| {
                let shard = &state.shard;
                let (transactions, dialogs) = (shard.server_transactions(), shard.dialogs());
                [
                    transactions,
                    shard.client_transactions(),
                    dialogs,
                    state.ringing.len(),
                    state.pending.len(),
                ]
            });
            for (sum, of_lane) in held.iter_mut().zip(of_lane) {
                *sum += of_lane;
            }
        }
        held
    }

    #[spigot::test]
    async fn what_passed_through_leaves_nothing_behind() {
        let server = TestServer::start(Relay).await;
        let alice = server.client("sip:alice@example.com").await;
        let bob = server.client("sip:bob@example.com").await;
        let mut invite = alice.invite(format!("sip:bob@{}", bob.address())).start().await;
        let received = bob.expect(Method::INVITE).await;
        assert_eq!(held(&server), [1, 1, 0, 1, 1]);
        received.reply(StatusCode::OK);
        let answer = invite.response().await;
        bob.expect(Method::ACK).await;
        assert_eq!(held(&server), [1, 1, 0, 0, 1], "a fork may still answer");
        let mut bye = invite.dialog(&answer).request(Method::BYE).start().await;
        bob.expect(Method::BYE).await.reply(StatusCode::OK);
        assert_eq!(bye.response().await.status(), StatusCode::OK);
        tokio::time::sleep(Duration::from_secs(64)).await;
        assert_eq!(held(&server), [0; 5]);
    }
}
