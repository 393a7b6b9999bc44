//! What the endpoint does with the answers to its own requests.
//!
//! Invariant: every 2xx to an INVITE is acknowledged (RFC 3261 §13.2.2.4), and one that nobody wants
//! (the caller is gone, or it comes from a second branch of a fork) is ended by a BYE.

use std::sync::Arc;

use super::Core;
use super::outstanding::{Event, Outstanding, RESERVED, Success};
use crate::flow::Flow;
use crate::proto::{ClientKey, Dialog, Failure};
use crate::resolve::locate::NextHop;
use crate::sip::{Method, Request, Response, header};

impl Core {
    /// A response to a request of ours.
    pub(super) fn answered(self: &Arc<Self>, lane: usize, key: ClientKey, response: Response, flow: Flow) {
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
        self.note_registration(&outstanding.request, &response, &flow);
        // A caller that is gone does not want to know.
        let _ = outstanding.events.try_send(Event::Response(response));
    }

    /// No final response came, and none will.
    pub(super) fn failed(self: &Arc<Self>, lane: usize, key: ClientKey, failure: Failure) {
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
        let dialog = match Dialog::uac(&outstanding.request, &response) {
            Ok(dialog) => dialog,
            Err(error) => {
                tracing::debug!(%error, "2xx without a dialog: it cannot be acknowledged");
                let _ = outstanding.events.try_send(Event::Response(response));
                return;
            }
        };
        // Judged and noted in one step: the 2xx of two branches may come at once, by two ways.
        let success = self.step(lane, |state, _| {
            let outstanding = state.outstanding.get_mut(&key)?;
            Some(outstanding.note(&dialog.id().remote_tag))
        });
        match success {
            Some(Success::First) => {
                if outstanding.acknowledge {
                    self.acknowledge(lane, &dialog, flow);
                }
                // Under the lock, as the caller goes: either of them sees what the other did.
                let taken = self.step(lane, |state, _| {
                    let outstanding = state.outstanding.get_mut(&key);
                    outstanding.is_some_and(|outstanding| outstanding.deliver(response))
                });
                if !taken {
                    self.decline(lane, &outstanding.request, dialog, flow);
                }
            }
            Some(Success::Again) if !outstanding.acknowledge => {}
            Some(Success::Again | Success::UnwantedAgain) => self.acknowledge(lane, &dialog, flow),
            Some(Success::Unwanted) => self.decline(lane, &outstanding.request, dialog, flow),
            None => {}
        }
    }

    /// The caller has gone without reading that 2xx.
    pub(crate) fn unread(self: &Arc<Self>, lane: usize, request: &Request, response: &Response, flow: Flow) {
        if let Ok(dialog) = Dialog::uac(request, response) {
            self.decline(lane, request, dialog, flow);
        }
    }

    /// Acknowledges a 2xx that nobody wants, and ends the call; unless the INVITE was one inside a call, which
    /// goes on as it was.
    fn decline(self: &Arc<Self>, lane: usize, request: &Request, dialog: Dialog, flow: Flow) {
        self.acknowledge(lane, &dialog, flow);
        let inside = matches!(header::To::tag_of(request.headers()), Ok(Some(_)));
        if !inside {
            self.hang_up(lane, dialog, flow);
        }
    }

    /// Sends the ACK for the 2xx that made `dialog`.
    fn acknowledge(self: &Arc<Self>, lane: usize, dialog: &Dialog, flow: Flow) {
        self.send_ack(lane, dialog.ack(dialog.local_cseq()), flow);
    }

    /// Sends the ACK for a 2xx to the INVITE with that key, which was the caller's to send until now.
    pub(crate) fn acknowledge_for_caller(
        self: &Arc<Self>,
        lane: usize,
        key: ClientKey,
        ack: Request,
        flow: Flow,
    ) {
        self.step(lane, |state, _| {
            if let Some(outstanding) = state.outstanding.get_mut(&key) {
                outstanding.acknowledge = true;
            }
        });
        self.send_ack(lane, ack, flow);
    }

    fn send_ack(self: &Arc<Self>, lane: usize, ack: Request, flow: Flow) {
        self.send_in_dialog(ack, flow, move |core, ack, flow| {
            let sent_by = core.sent_by(&flow);
            core.step(lane, |state, _| state.shard.send_ack(ack, flow, &sent_by));
        });
    }

    /// Ends a call that nobody wants: ours, or one whose caller never acknowledged it.
    pub(super) fn hang_up(self: &Arc<Self>, lane: usize, mut dialog: Dialog, flow: Flow) {
        let bye = dialog.request(Method::BYE);
        self.step(lane, |state, _| state.shard.end_dialog(dialog.id()));
        self.send_in_dialog(bye, flow, move |core, bye, flow| {
            let sent_by = core.sent_by(&flow);
            core.step(lane, |state, now| {
                state.shard.request(now, bye, flow, &sent_by);
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
        let hop = match NextHop::of(&request) {
            Ok(hop) => hop,
            Err(error) => {
                tracing::debug!(%error, method = %request.method(), "no next hop");
                return;
            }
        };
        if let Some(flow) = self.flow_at_once(&hop, flow) {
            send(self, request, flow);
            return;
        }
        let core = self.clone();
        self.spawn(async move {
            match core.flow_to(hop).await {
                Ok(flow) => send(&core, request, flow),
                Err(error) => tracing::debug!(%error, method = %request.method(), "no flow to the peer"),
            }
        });
    }
}
