//! The 2xx to INVITEs whose ACK has not come.
//!
//! The invariant: each is listed by its dialog and ends with it, with its ACK, or after 64\*T1.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use spigot_parser::header::CSeq;
use spigot_parser::{Request, Response};

use super::Shard;
use crate::flow::Flow;
use crate::proto::dialog::{Dialog, DialogId};
use crate::proto::key::{DialogKey, KeyMap, ServerKey};
use crate::proto::output::Output;
use crate::proto::success::{self, Input, State};
use crate::proto::timer::{Deadlines, Due};
use crate::proto::transaction::Action;

#[derive(Debug, Default)]
pub(super) struct Table {
    entries: KeyMap<ServerKey, Box<Success>>,
    bytes: usize,
}

/// A 2xx, under the key of the INVITE's transaction.
#[derive(Debug)]
pub(super) struct Success {
    state: State,
    deadlines: Deadlines,
    dialog: DialogKey,
    cseq: u32,
    flow: Flow,
    fallback: Option<SocketAddr>,
    bytes: Bytes,
    request: Arc<Request>,
    size: usize,
}

impl Table {
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn remove(&mut self, key: &ServerKey) -> Option<Box<Success>> {
        let success = self.entries.remove(key)?;
        self.bytes -= success.size;
        if self.entries.is_empty() {
            self.entries.shrink_to(64);
        }
        Some(success)
    }
}

impl Shard {
    /// A 2xx to an INVITE has left: its dialog stands, and it is said again until the ACK comes.
    #[allow(
        clippy::too_many_arguments,
        reason = "the fields of one record, handed over once"
    )]
    pub(super) fn await_ack(
        &mut self,
        now: Instant,
        key: ServerKey,
        dialog: DialogKey,
        request: Arc<Request>,
        size: usize,
        bytes: Bytes,
        (flow, fallback): (Flow, Option<SocketAddr>),
    ) {
        let Ok(Some(cseq)) = request.headers().typed::<CSeq>() else {
            return;
        };
        self.dialogs.confirm(&dialog);
        let Some(leg) = self.dialogs.get_mut(&dialog) else {
            // The dialog ended before its re-INVITE was answered; the transaction answers no further.
            return;
        };
        leg.unacknowledged.push(key);
        let (state, actions) = success::start(&self.settings.timers);
        let mut deadlines = Deadlines::default();
        for action in actions {
            if let Action::Arm(timer, after) = action {
                deadlines.set(timer, self.queues.arm(now + after, timer, key.0));
            }
        }
        let size = size + bytes.len();
        let cseq = cseq.number();
        let success = Success {
            state,
            deadlines,
            dialog,
            cseq,
            flow,
            fallback,
            bytes,
            request,
            size,
        };
        self.successes.bytes += size;
        self.successes.entries.insert(key, Box::new(success));
    }

    /// An ACK for a 2xx came: of which one its dialog and CSeq number say (RFC 3261 §13.2.2.4). Gives
    /// whether it is the first.
    pub(super) fn success_acknowledged(&mut self, now: Instant, dialog: &DialogKey, cseq: u32) -> bool {
        let Some(leg) = self.dialogs.get_mut(dialog) else {
            return false;
        };
        let entries = &self.successes.entries;
        let key = leg.unacknowledged.iter().copied();
        let key = key
            .into_iter()
            .find(|key| entries.get(key).is_some_and(|success| success.cseq == cseq));
        match key {
            Some(key) => self.step_success(now, key, Input::Ack),
            None => false,
        }
    }

    pub(super) fn success_timeout(&mut self, now: Instant, due: Due) {
        let key = ServerKey(due.key);
        if self
            .successes
            .entries
            .get(&key)
            .is_some_and(|success| !success.deadlines.is_stale(&due))
        {
            self.step_success(now, key, Input::Timer(due.timer));
        }
    }

    /// Gives whether the input is the application's.
    fn step_success(&mut self, now: Instant, key: ServerKey, input: Input) -> bool {
        let Some(success) = self.successes.entries.get_mut(&key) else {
            return false;
        };
        let (state, actions) = success::step(success.state, input, &self.settings.timers);
        success.state = state;
        let mut deliver = false;
        for action in actions {
            match action {
                Action::Resend => self.outputs.push_back(Output::Transmit {
                    flow: success.flow,
                    bytes: success.bytes.clone(),
                    fallback: success.fallback,
                }),
                Action::Arm(timer, after) => {
                    success
                        .deadlines
                        .set(timer, self.queues.arm(now + after, timer, key.0));
                }
                Action::Deliver => deliver = true,
                _ => {}
            }
        }
        if matches!(state, State::Waiting { .. }) {
            return deliver;
        }
        let Some(success) = self.successes.remove(&key) else {
            return deliver;
        };
        if let Some(leg) = self.dialogs.get_mut(&success.dialog) {
            leg.unacknowledged.retain(|other| *other != key);
        }
        if state == State::Unacknowledged {
            self.counters.unacknowledged += 1;
            let dialog = Response::parse(success.bytes)
                .ok()
                .and_then(|response| Dialog::uas(&success.request, &response).ok());
            let id = match &dialog {
                Some(dialog) => dialog.id().clone(),
                None => DialogId::received(&success.request, &self.tag_of_ours(&success.request, key)),
            };
            let (flow, dialog) = (success.flow, dialog.map(Box::new));
            self.outputs.push_back(Output::Unacknowledged {
                key,
                id,
                dialog,
                flow,
            });
        }
        deliver
    }

    /// Our tag in the answers to a request: the one it has, or the one derived from its key.
    fn tag_of_ours(&self, request: &Request, key: ServerKey) -> String {
        match spigot_parser::header::To::tag_of(request.headers()) {
            Ok(Some(tag)) => tag.to_owned(),
            _ => self.tag(key),
        }
    }
}
