//! What transports hand in: judged, then given to the shard of its Call-ID.

use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use super::Core;
use super::counters::count;
use super::sanity::{Verdict, judge, refuse};
use super::signs::Sign;
use crate::flow::{Flow, Transport};
use crate::proto::reply;
use crate::sip::header::{Via, Warning};
use crate::sip::{Bytes, FrameError, HeaderName, Request};
use crate::transport::Inbound;

/// The endpoint as its transports know it. It holds the core weakly, so that transports that outlive a
/// dropped endpoint keep nothing alive.
#[derive(Debug)]
pub(super) struct Gate(pub(super) Weak<Core>);

impl Inbound for Gate {
    fn message(&self, flow: Flow, bytes: Bytes) {
        let Some(core) = self.0.upgrade() else { return };
        let verdict = judge(bytes, flow, &core.limits.transport);
        core.take(verdict, flow);
    }

    fn unframed(&self, flow: Flow, error: FrameError) {
        let Some(core) = self.0.upgrade() else { return };
        let request = error.head().and_then(Request::salvage);
        core.take(refuse(request, flow, *error.error()), flow);
    }

    fn closed(&self, flow: Flow) {
        let Some(core) = self.0.upgrade() else { return };
        tracing::debug!(%flow, "flow closed");
        core.flow_failed(flow);
        core.tell_closed(flow);
    }

    fn alive(&self, flow: Flow, mapped: Option<SocketAddr>) {
        let Some(core) = self.0.upgrade() else { return };
        core.signs.seen(flow, Sign::Alive(mapped));
    }

    fn refused(&self, flow: Flow) {
        let Some(core) = self.0.upgrade() else { return };
        core.signs.seen(flow, Sign::Refused);
    }

    fn owes(&self, flow: Flow) -> bool {
        let Some(core) = self.0.upgrade() else {
            return false;
        };
        core.lanes.iter().any(|lane| lane.lock().shard.owes(&flow))
    }

    fn awaits(&self, flow: Flow) -> bool {
        let Some(core) = self.0.upgrade() else {
            return false;
        };
        core.lanes.iter().any(|lane| lane.lock().shard.awaits(&flow))
    }
}

impl Core {
    /// A peer that has a certificate may say in its Via that its connection is also the way back to it
    /// ([RFC 5923 §8.2](https://www.rfc-editor.org/rfc/rfc5923#section-8.2)).
    fn take_alias(&self, request: &Request, flow: &Flow) {
        if flow.transport() != Transport::Tls {
            return;
        }
        // Looked at as text first: few say it, and reading a Via costs more than all else here.
        let text = request.headers().get(&HeaderName::VIA).unwrap_or_default();
        let says_it = |word: &[u8]| word.eq_ignore_ascii_case(b"alias");
        if !text.as_bytes().windows(5).any(says_it) {
            return;
        }
        let Ok(Some(via)) = request.headers().typed::<Via>() else {
            return;
        };
        if via.param("alias").is_some() {
            let port = via.port().unwrap_or(flow.transport().default_port());
            let address = SocketAddr::new(flow.peer().ip(), port);
            for carrier in self.carriers_for(flow) {
                carrier.alias(flow, address);
            }
        }
    }

    fn take(self: &Arc<Self>, verdict: Verdict, flow: Flow) {
        match verdict {
            Verdict::Request(request) => {
                count(&self.tally.requests);
                self.take_alias(&request, &flow);
                let lane = self.lane_of(request.headers());
                self.step(lane, |state, now| {
                    state.shard.receive_request(now, Arc::new(request), flow);
                });
            }
            Verdict::Response(response) => {
                count(&self.tally.responses);
                let lane = self.lane_of(response.headers());
                self.step(lane, |state, now| {
                    state.shard.receive_response(now, response, flow)
                });
            }
            Verdict::Refuse {
                request,
                status,
                reason,
            } => {
                count(&self.tally.refused);
                tracing::debug!(%flow, %status, %reason, "message refused");
                let mut response = reply::stateless(&request, status, self.tag_key);
                // 399 is a "miscellaneous warning" (RFC 3261 §20.43): it says what was wrong, and where.
                if let Ok(warning) = Warning::new(399, "spigot", &reason.to_string()) {
                    response.headers_mut().push_typed(&warning);
                }
                let (flow, fallback) = reply::route_of(&request, &flow);
                self.transmit(flow, response.to_bytes(), fallback);
            }
            Verdict::Drop(reason) => {
                count(&self.tally.dropped);
                tracing::debug!(%flow, %reason, "message dropped");
            }
        }
    }
}
