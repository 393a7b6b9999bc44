//! A request of ours that waits for its answer, as the endpoint keeps it; and what the endpoint does with
//! what comes back.
//!
//! Invariant: every 2xx to an INVITE is acknowledged (RFC 3261 §13.2.2.4), and one that nobody wants
//! (the caller is gone, or it comes from a second branch of a fork) is ended by a BYE.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::target::NextHop;
use crate::endpoint::{Core, address_of};
use crate::flow::Flow;
use crate::proto::{ClientKey, Dialog, Failure};
use crate::sip::{Method, Request, Response, header};

/// What the waiting side hears.
#[derive(Debug)]
pub(crate) enum Event {
    Response(Response),
    Failed(Failure),
}

/// Provisional responses stop being queued when only this much room is left, so that the final one fits.
const RESERVED: usize = 4;
/// Events that a caller may leave unread.
pub(super) const QUEUE: usize = 32;

/// A client transaction that somebody waits for.
#[derive(Clone, Debug)]
pub(crate) struct Outstanding {
    pub(super) events: mpsc::Sender<Event>,
    pub(super) request: Arc<Request>,
    /// Whether the endpoint sends the ACK for a 2xx; otherwise the caller does.
    pub(super) acknowledge: bool,
    /// The To tag of the 2xx that the caller has got.
    pub(super) answered_by: Option<String>,
}

impl Core {
    /// A response to a request of ours.
    pub(crate) fn answered(self: &Arc<Self>, lane: usize, key: ClientKey, response: Response, flow: Flow) {
        let Some(outstanding) = self.outstanding(lane, key) else {
            return;
        };
        let status = response.status();
        if status.is_success() && *outstanding.request.method() == Method::INVITE {
            self.accepted(lane, key, outstanding, response, flow);
            return;
        }
        if status.is_provisional() && outstanding.events.capacity() <= RESERVED {
            tracing::debug!(%status, "provisional response dropped: nobody reads them");
            return;
        }
        // A caller that is gone does not want to know.
        let _ = outstanding.events.try_send(Event::Response(response));
    }

    /// No final response came, and none will.
    pub(crate) fn failed(self: &Arc<Self>, lane: usize, key: ClientKey, failure: Failure) {
        if let Some(outstanding) = self.outstanding(lane, key) {
            let _ = outstanding.events.try_send(Event::Failed(failure));
        }
    }

    /// A 2xx to an INVITE: acknowledged every time it comes, delivered once, and hung up on if nobody wants
    /// the call.
    fn accepted(
        self: &Arc<Self>,
        lane: usize,
        key: ClientKey,
        outstanding: Outstanding,
        response: Response,
        flow: Flow,
    ) {
        let tag = response
            .headers()
            .typed::<header::To>()
            .ok()
            .flatten()
            .and_then(|to| to.tag().map(str::to_owned))
            .unwrap_or_default();
        let dialog = match Dialog::uac(&outstanding.request, &response) {
            Ok(dialog) => dialog,
            Err(error) => {
                tracing::debug!(%error, "2xx without a dialog: it cannot be acknowledged");
                let _ = outstanding.events.try_send(Event::Response(response));
                return;
            }
        };
        let first = outstanding.answered_by.is_none();
        let retransmitted = outstanding.answered_by.as_deref() == Some(tag.as_str());
        if first {
            self.step(lane, None, |state, _| {
                state.shard.open_dialog(dialog.id());
                if let Some(outstanding) = state.outstanding.get_mut(&key) {
                    outstanding.answered_by = Some(tag);
                }
            });
        }
        if outstanding.acknowledge {
            self.acknowledge(lane, &dialog, flow);
        }
        if retransmitted {
            return;
        }
        let wanted = first && outstanding.events.try_send(Event::Response(response)).is_ok();
        if !wanted && outstanding.acknowledge {
            self.hang_up(lane, dialog, flow);
        }
    }

    /// Sends the ACK for the 2xx that made `dialog`.
    pub(super) fn acknowledge(self: &Arc<Self>, lane: usize, dialog: &Dialog, flow: Flow) {
        let ack = dialog.ack(dialog.local_cseq());
        self.send_in_dialog(ack, flow, move |core, ack, flow| {
            core.step(lane, None, |state, _| {
                state.shard.send_ack(ack, flow, &address_of(&flow))
            });
        });
    }

    /// Ends a call that nobody wants: ours, or one whose caller never acknowledged it.
    pub(crate) fn hang_up(self: &Arc<Self>, lane: usize, mut dialog: Dialog, flow: Flow) {
        let bye = dialog.request(Method::BYE);
        self.step(lane, None, |state, _| state.shard.end_dialog(dialog.id()));
        self.send_in_dialog(bye, flow, move |core, bye, flow| {
            core.step(lane, None, |state, now| {
                state.shard.request(now, bye, flow, &address_of(&flow));
            });
        });
    }

    /// Finds the flow of a request inside a dialog, then hands both to `send`: at once where no look-up is
    /// needed, from a task of its own where one is.
    fn send_in_dialog(
        self: &Arc<Self>,
        request: Request,
        flow: Flow,
        send: impl FnOnce(&Arc<Core>, Request, Flow) + Send + 'static,
    ) {
        if flow.transport.is_reliable() {
            send(self, request, flow);
            return;
        }
        let hop = match NextHop::of(&request) {
            Ok(hop) => hop,
            Err(error) => {
                tracing::debug!(%error, method = %request.method(), "no next hop");
                return;
            }
        };
        if hop.transport == flow.transport
            && let Some(peer) = hop.address()
        {
            send(self, request, Flow { peer, ..flow });
            return;
        }
        let core = self.clone();
        tokio::spawn(async move {
            match core.flow_to(&hop).await {
                Ok(flow) => send(&core, request, flow),
                Err(error) => tracing::debug!(%error, method = %request.method(), "no flow to the peer"),
            }
        });
    }

    /// The flow to a next hop: its first address that can be reached.
    pub(super) async fn flow_to(&self, hop: &NextHop) -> Result<Flow, super::RequestError> {
        let mut last = None;
        for peer in hop.resolve().await? {
            match self.flow_to_address(hop.transport, peer).await {
                Ok(flow) => return Ok(flow),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or(super::RequestError::ShutDown))
    }

    /// The flow to an address: at once for datagrams, a connection otherwise.
    pub(super) async fn flow_to_address(
        &self,
        transport: crate::Transport,
        peer: std::net::SocketAddr,
    ) -> Result<Flow, super::RequestError> {
        let carrier = self
            .carrier_towards(transport, peer)
            .ok_or(super::RequestError::NoListener { transport, peer })?;
        carrier
            .connect(peer)
            .await
            .map_err(|source| super::RequestError::Connect {
                transport,
                peer,
                source,
            })
    }
}
