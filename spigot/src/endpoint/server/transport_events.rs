//! Messages and events that transports hand in. A message is judged, then given to the shard of its Call-ID.

use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use super::sanity::{Verdict, judge, refuse};
use crate::endpoint::counters::count;
use crate::endpoint::flow::PeerSign;
use crate::endpoint::{Core, log};
use crate::flow::Flow;
use crate::incoming::Incoming;
use crate::proto::{Role, reply};
use crate::sip::header::{Route, Warning};
use crate::sip::{Bytes, FrameError, HeaderName, Request, Response};
use crate::transport::Inbound;

/// The endpoint as its transports know it. It holds the core weakly, so that transports that outlive a
/// dropped endpoint keep nothing alive.
#[derive(Debug)]
pub(in crate::endpoint) struct TransportEvents(pub(in crate::endpoint) Weak<Core>);

impl Inbound for TransportEvents {
    fn message(&self, flow: Flow, bytes: Bytes) {
        let Some(core) = self.0.upgrade() else { return };
        let verdict = judge(bytes, flow, &core.limits.transport);
        core.receive(verdict, flow);
    }

    fn unframed(&self, flow: Flow, error: FrameError) {
        let Some(core) = self.0.upgrade() else { return };
        let verdict = refuse(error.head(), *error.error(), &core.limits.transport);
        core.receive(verdict, flow);
    }

    fn closed(&self, flow: Flow) {
        let Some(core) = self.0.upgrade() else { return };
        core.flow_failed(flow);
        core.tell_closed(flow);
    }

    fn alive(&self, flow: Flow, mapped: Option<SocketAddr>) {
        let Some(core) = self.0.upgrade() else { return };
        core.keep_alives.seen(flow, PeerSign::Alive(mapped));
    }

    fn refused(&self, flow: Flow) {
        let Some(core) = self.0.upgrade() else { return };
        core.keep_alives.seen(flow, PeerSign::Refused);
    }

    fn owes(&self, flow: Flow) -> bool {
        let Some(core) = self.0.upgrade() else {
            return false;
        };
        core.lanes
            .iter()
            .any(|lane| lane.read(|state| state.shard.owes(&flow)))
    }

    fn awaits(&self, flow: Flow) -> bool {
        let Some(core) = self.0.upgrade() else {
            return false;
        };
        core.lanes
            .iter()
            .any(|lane| lane.read(|state| state.shard.awaits(&flow)))
    }
}

impl Core {
    /// Returns [`Role::Through`] for a request whose first Route carries a token of ours: it passes through.
    fn role_of(&self, request: &Request) -> Role {
        if !request.headers().contains(&HeaderName::ROUTE) {
            return Role::Us;
        }
        let route = request.headers().typed::<Route>().ok().flatten();
        let token = route.as_ref().and_then(|route| route.uri().user());
        if token.is_some_and(|token| self.is_flow_token(token)) {
            Role::Through
        } else {
            Role::Us
        }
    }

    /// Carries out a verdict.
    fn receive(self: &Arc<Self>, verdict: Verdict, flow: Flow) {
        match verdict {
            Verdict::Request(request, essentials) => {
                count(&self.tally.requests);
                self.carriers.note_alias(essentials.via(), &flow);
                let lane = self.lanes.of(essentials.call_id());
                let role = self.role_of(&request);
                let incoming = Arc::new(Incoming {
                    request: Arc::new(request),
                    essentials,
                    flow,
                });
                self.step(lane, |state, now| {
                    state.shard.receive_request(now, incoming, role);
                });
            }
            Verdict::Response(response, essentials) => {
                count(&self.tally.responses);
                let lane = self.lanes.of(essentials.call_id());
                let stray = self.step(lane, |state, now| {
                    state.shard.receive_response(now, response, &essentials, flow)
                });
                if let Some(stray) = stray {
                    let method = essentials.method().as_str();
                    log::message_dropped(method, essentials.call_id(), &flow, stray.as_str());
                }
            }
            Verdict::Refuse {
                request,
                status,
                reason,
            } => {
                count(&self.tally.refused);
                tracing::debug!(%flow, status = status.as_u16(), %reason, "message refused");
                let mut response = Response::new(status);
                // 399 is a "miscellaneous warning" (RFC 3261 §20.43): it says what was wrong, and where.
                if let Ok(warning) = Warning::new(399, "spigot", &reason.to_string()) {
                    response.headers_mut().push_typed(&warning);
                }
                let (to, fallback) = reply::route_of(&request, &flow);
                let bytes = reply::refusal(&request, &response, self.random.tag_key, &flow);
                self.transmit(to, bytes, fallback);
            }
            Verdict::Drop(reason) => {
                count(&self.tally.dropped);
                tracing::debug!(%flow, %reason, "message dropped");
            }
        }
    }
}
