//! Requests that the core itself wants sent: ACKs, BYEs, and requests that answer a challenge.

use std::sync::Arc;

use super::{Pending, RequestDraft};
use crate::endpoint::flow::{Targets, Unreachable};
use crate::endpoint::{Core, log};
use crate::flow::Flow;
use crate::proto::{ClientKey, Failure, Unsent};
use crate::resolve::locate::NextHop;
use crate::sip::Method;

impl Core {
    /// Finds the flow of a request that the core wants sent: at once, or in a task of its own if a look-up is
    /// needed.
    pub(in crate::endpoint) fn send_unsent(self: &Arc<Self>, lane: usize, unsent: Unsent) {
        let before = unsent.replaces();
        if let Some(pending) = before.and_then(|key| self.lanes[lane].pending(&key)) {
            return self.send_resubmission(lane, unsent, &pending);
        }
        let finding = match self.flow_of_unsent(&unsent) {
            Ok(flow) => {
                self.send_on(lane, unsent, flow);
                return;
            }
            Err(finding) => finding,
        };
        let core = self.clone();
        self.spawn(async move {
            match finding.await {
                Ok(flow) => {
                    core.send_on(lane, unsent, flow);
                }
                Err(error) => core.not_sendable(lane, unsent, &error),
            }
        });
    }

    fn send_on(self: &Arc<Self>, lane: usize, unsent: Unsent, flow: Flow) -> Option<ClientKey> {
        let sent_by = self.carriers.sent_by(&flow);
        // An ACK has no transaction, which would give it back.
        let ack = log::is_on() && *unsent.request.method() == Method::ACK;
        let ack = ack.then(|| unsent.request.clone());
        let sent = self.step(lane, |state, now| state.shard.send(now, unsent, flow, &sent_by));
        let request = sent.as_ref().map(|(_, request)| &**request);
        if let Some(request) = request.or(ack.as_ref()) {
            log::request_sent(request, &flow);
        }
        sent.map(|(key, _)| key)
    }

    fn not_sendable(self: &Arc<Self>, lane: usize, unsent: Unsent, error: &Unreachable) {
        log::request_failed(&unsent.request, error);
        self.step(lane, |state, now| state.shard.unsendable(now, unsent));
    }

    /// Sends a request again that somebody waits for. It goes on the flow that it had, unless that is gone or
    /// the request has become too large for its datagrams.
    fn send_resubmission(self: &Arc<Self>, lane: usize, unsent: Unsent, pending: &Arc<Pending>) {
        let (own_parts, inside) = {
            let state = pending.state();
            (state.own_parts.clone(), state.dialog.is_some())
        };
        let draft = RequestDraft::again(unsent.request.clone(), own_parts);
        let is_open = self.carriers.is_open(&unsent.flow);
        let outgrows = self.is_too_large(&unsent.flow, &|flow| draft.size(self, flow));
        let mut state = pending.state();
        let moves = state.targets.is_some() && (outgrows || !is_open);
        if !moves {
            drop(state);
            let flow = unsent.flow;
            return self.send_pending(lane, unsent, pending, &draft, flow);
        }
        let targets = state.targets.take();
        drop(state);
        let Some(mut targets) = targets else { return };
        let flow = unsent.flow;
        match NextHop::of(&unsent.request, unsent.destination()) {
            // The connection of its dialog is gone, and its next hop was never looked up.
            Ok(hop) if inside && !outgrows => targets = Targets::of(self, hop),
            _ => targets.again(&flow),
        }
        let (core, pending) = (self.clone(), pending.clone());
        self.spawn(async move {
            let found = targets.flow(&|flow| draft.size(&core, flow)).await;
            pending.state().targets = Some(targets);
            // What cannot be reached any more fails on the flow that it had.
            let flow = found.unwrap_or(flow);
            core.send_pending(lane, unsent, &pending, &draft, flow);
        });
    }

    fn send_pending(
        self: &Arc<Self>,
        lane: usize,
        mut unsent: Unsent,
        pending: &Arc<Pending>,
        draft: &RequestDraft,
        flow: Flow,
    ) {
        if let Ok(request) = draft.on(self, &flow) {
            unsent.request = request;
        }
        let sent_by = draft.sent_by(self, &flow);
        let sent = self.step(lane, |state, now| {
            let mut waiting = pending.state();
            if state.closed {
                state.shard.unsendable(now, unsent);
                waiting.close();
                return None;
            }
            if waiting.cancelled {
                // Its CANCEL found nothing to cancel: the request had no transaction at that moment.
                state.shard.unsendable(now, unsent);
                waiting.end(Err(Failure::Cancelled));
                return None;
            }
            match state.shard.send(now, unsent, flow, &sent_by) {
                Some((key, request)) => {
                    waiting.moved(key, request.clone(), flow);
                    drop(waiting);
                    state.pending.insert(key, pending.clone());
                    Some(request)
                }
                // Its dialog has ended meanwhile.
                None => {
                    waiting.end(Err(Failure::DialogEnded));
                    None
                }
            }
        });
        if let Some(request) = sent {
            log::request_sent(&request, &flow);
        }
    }
}
