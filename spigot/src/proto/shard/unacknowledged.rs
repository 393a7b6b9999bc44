//! The 2xx to INVITEs whose ACK has not come.
//!
//! The invariant: each is listed by its dialog and ends with it, with its ACK, or after 64\*T1.

use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;

use super::Shard;
use crate::flow::Flow;
use crate::proto::key::{DialogKey, KeyMap, ServerKey};
use crate::proto::output::Output;
use crate::proto::success_retransmission::{self, Input, State};
use crate::proto::timer::{Deadlines, Due};
use crate::proto::transaction::Action;

#[derive(Debug, Default)]
pub(super) struct Successes {
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
}

/// A final answer that was sent.
pub(super) struct Answer {
    /// The transaction of its request.
    pub(super) key: ServerKey,
    pub(super) flow: Flow,
    pub(super) fallback: Option<SocketAddr>,
    pub(super) bytes: Bytes,
}

impl Successes {
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn remove(&mut self, key: &ServerKey) -> Option<Box<Success>> {
        let success = self.entries.remove(key)?;
        self.bytes -= success.bytes.len();
        if self.entries.is_empty() {
            self.entries.shrink_to(64);
        }
        Some(success)
    }
}

impl Shard {
    /// Sends a 2xx to an INVITE again until its ACK comes. Its dialog has to be there.
    pub(super) fn await_ack(&mut self, now: Instant, dialog: DialogKey, cseq: u32, answer: Answer) {
        let Answer {
            key,
            flow,
            fallback,
            bytes,
        } = answer;
        let Some(record) = self.dialogs.get_mut(&dialog) else {
            return;
        };
        record.unacknowledged.push(key);
        let (state, actions) = success_retransmission::start(&self.settings.timers);
        let mut deadlines = Deadlines::default();
        for action in actions {
            if let Action::Arm(timer, after) = action {
                self.queues.arm(&mut deadlines, now + after, timer, key.0);
            }
        }
        // A copy of its own size: the one that was sent shares the buffer that it was written into.
        let bytes = Bytes::copy_from_slice(&bytes);
        self.successes.bytes += bytes.len();
        let success = Success {
            state,
            deadlines,
            dialog,
            cseq,
            flow,
            fallback,
            bytes,
        };
        self.successes.entries.insert(key, Box::new(success));
    }

    /// Takes an ACK for the 2xx that its dialog and CSeq number name (RFC 3261 §13.2.2.4). Returns whether it
    /// is the first.
    pub(super) fn success_acknowledged(&mut self, now: Instant, dialog: &DialogKey, cseq: u32) -> bool {
        let Some(record) = self.dialogs.get(dialog) else {
            return false;
        };
        let entries = &self.successes.entries;
        let key = record.unacknowledged.iter().copied();
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

    /// Steps a 2xx. Returns whether the input is the application's.
    fn step_success(&mut self, now: Instant, key: ServerKey, input: Input) -> bool {
        let Some(success) = self.successes.entries.get_mut(&key) else {
            return false;
        };
        let (state, actions) = success_retransmission::step(success.state, input, &self.settings.timers);
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
                    self.queues.arm(&mut success.deadlines, now + after, timer, key.0);
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
        let Some(record) = self.dialogs.get_mut(&success.dialog) else {
            return deliver;
        };
        record.unacknowledged.retain(|other| *other != key);
        let hang_up = record.hang_up;
        if state == State::Unacknowledged {
            // > If the server retransmits the 2xx response for 64*T1 seconds without receiving an ACK, the
            // > dialog is confirmed, but the session SHOULD be terminated.  This is accomplished with a BYE,
            // > as described in Section 15.
            self.counters.unacknowledged += 1;
            self.hang_up(now, &success.dialog);
        } else if hang_up {
            self.hang_up(now, &success.dialog);
        }
        deliver
    }
}
