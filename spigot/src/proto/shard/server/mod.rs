//! The server transactions, which answer requests and their retransmissions.
//!
//! `table` has them, `answer` what is said to them. The invariant: a transaction is stepped here and nowhere
//! else.

mod answer;
mod table;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use spigot_parser::header::Expires;
use spigot_parser::{Method, Response, StatusCode};

use super::Shard;
use crate::flow::Flow;
use crate::incoming::Incoming;
use crate::proto::key::{self, DialogKey, ServerKey};
use crate::proto::output::Output;
use crate::proto::role::Role;
use crate::proto::settled::Cause;
use crate::proto::timer::{Deadlines, Due, Timer};
use crate::proto::transaction::{Action, Setting, server_invite, server_non_invite};
use crate::proto::{keep, reply};
pub(super) use table::ServerTable;
use table::{Open, ServerEntry, ServerEvent, ServerMachine};

/// A request that becomes a transaction.
pub(super) struct Arrival {
    pub(super) incoming: Arc<Incoming>,
    pub(super) role: Role,
    /// The dialog that the request is in.
    pub(super) dialog: Option<DialogKey>,
    /// Whether room is kept for the dialog that the request may make.
    pub(super) reserved: bool,
    /// The digest that a merged request would have in common with it, or 0.
    pub(super) merge: u64,
}

impl Shard {
    /// Makes a transaction.
    pub(super) fn open(&mut self, now: Instant, key: ServerKey, arrival: Arrival) {
        let Arrival {
            incoming,
            role,
            dialog,
            reserved,
            merge,
        } = arrival;
        let mut deadlines = Deadlines::default();
        let (machine, actions) = if *incoming.request.method() == Method::INVITE {
            if let Some(expires) = self.expires(&incoming) {
                let at = now + expires;
                self.queues.arm(&mut deadlines, at, Timer::RefuseExpired, key.0);
            }
            let (state, actions) = server_invite::start(self.settings.trying_after);
            (ServerMachine::Invite(state), actions)
        } else {
            let (state, actions) = server_non_invite::start();
            (ServerMachine::NonInvite(state), actions)
        };
        for action in actions {
            if let Action::Arm(timer, after) = action {
                self.queues.arm(&mut deadlines, now + after, timer, key.0);
            }
        }
        let (flow, fallback) = reply::route(incoming.essentials.via(), &incoming.flow);
        let open = Open {
            size: table::weigh(&incoming),
            incoming,
            role,
            dialog,
            reserved,
            label: 0,
        };
        let entry = ServerEntry {
            flow,
            fallback_port: fallback.map(|address| address.port()),
            machine,
            deadlines,
            last: Box::default(),
            merge,
            open: Some(Box::new(open)),
        };
        self.server.insert(key, entry);
    }

    /// Returns after how long an INVITE is refused because of its Expires, if that is sooner than any handler
    /// may take.
    fn expires(&self, invite: &Incoming) -> Option<Duration> {
        let expires = invite.request.headers().typed::<Expires>().ok()??;
        let expires = Duration::from_secs(expires.seconds().into());
        (expires < self.settings.ringing).then_some(expires)
    }

    /// Steps a transaction; `message` is what an answer says. Returns whether the input is the application's.
    fn step_server(&mut self, now: Instant, key: ServerKey, event: ServerEvent, message: Bytes) -> bool {
        let Some(entry) = self.server.entries.get_mut(&key) else {
            return false;
        };
        let relayed = entry.open.as_ref().is_some_and(|open| open.role == Role::Through);
        let setting = Setting {
            timers: &self.settings.timers,
            ringing: (Timer::Ringing, self.settings.ringing),
            repeat_provisional: (!relayed).then_some(self.settings.repeat_provisional),
            reliable: entry.flow.transport().is_reliable(),
        };
        let (machine, actions) = entry.machine.step(event, setting);
        entry.machine = machine;
        let before = entry.last.len();
        let mut deliver = false;
        for action in actions {
            match action {
                Action::Send => {
                    // A copy is exactly as large as the message, and shares nothing with what is sent: most
                    // are never sent again, and this is what memory at load is made of.
                    entry.last = (*message).into();
                    self.outputs.push_back(entry.transmit(message.clone()));
                }
                Action::Resend if entry.last.is_empty() => {}
                Action::Resend => self.outputs.push_back(entry.transmit_last()),
                Action::Trying => {
                    let Some(open) = &entry.open else { continue };
                    let trying = Response::new(StatusCode::TRYING);
                    let keep = keep::often(entry.flow.transport(), self.settings.idle);
                    if let Ok(trying) = reply::write(&open.incoming, &trying, "", keep) {
                        entry.last = (*trying).into();
                        self.outputs.push_back(entry.transmit(trying));
                    }
                }
                Action::Arm(timer, after) => {
                    self.queues.arm(&mut entry.deadlines, now + after, timer, key.0);
                }
                Action::Deliver => deliver = true,
                // Those are a client transaction's.
                Action::Acknowledge | Action::Cancel | Action::Fail(_) => {}
            }
        }
        if machine.is_mute() {
            entry.last = Box::default();
        }
        self.server.bytes = self.server.bytes + entry.last.len() - before;
        if machine.is_terminated() {
            self.server.remove(&key);
        }
        deliver
    }

    /// Takes the Expires of an INVITE off the clock, because the core has no need to refuse it any more.
    fn disarm_expires(&mut self, key: &ServerKey) {
        if let Some(entry) = self.server.entries.get(key) {
            self.queues.disarm(&entry.deadlines, Timer::RefuseExpired, key.0);
        }
    }

    /// Takes a request that came again.
    pub(super) fn retransmitted(&mut self, now: Instant, key: ServerKey) {
        self.step_server(now, key, ServerEvent::Retransmission, Bytes::new());
    }

    /// Takes an ACK that has the key of a transaction. Returns whether it acknowledges a 2xx, and so is the
    /// application's.
    pub(super) fn acknowledged(&mut self, now: Instant, key: ServerKey) -> bool {
        self.step_server(now, key, ServerEvent::Ack, Bytes::new())
    }

    pub(super) fn server_timeout(&mut self, now: Instant, due: Due) {
        let key = ServerKey(due.key);
        let entry = self.server.entries.get(&key);
        let Some(entry) = entry.filter(|entry| !entry.deadlines.is_stale(&due)) else {
            return;
        };
        if due.timer != Timer::RefuseExpired {
            self.step_server(now, key, ServerEvent::Timer(due.timer), Bytes::new());
            return;
        }
        // RFC 3261 §13.3.1:
        // > If the invitation expires before the UAS has generated a final response, a 487 (Request
        // > Terminated) response SHOULD be generated.
        let is_ours = entry.open.as_ref().is_some_and(|open| open.role == Role::Us);
        if is_ours {
            self.terminate_invite(now, key, Cause::Expired, None);
        }
    }

    /// Answers 487 to an INVITE of the peer's that waits, and says so. `cancel` is the CANCEL that asks for
    /// it, if one does.
    pub(super) fn terminate_invite(
        &mut self,
        now: Instant,
        key: ServerKey,
        cause: Cause,
        cancel: Option<Arc<Incoming>>,
    ) {
        let Some(open) = self.server.open(&key) else {
            return;
        };
        let (dialog, label) = (open.dialog, open.label);
        let label = dialog.map_or(label, |dialog| self.dialogs.label(&dialog));
        if open.role == Role::Us {
            let (invite, terminated) = (open.incoming.clone(), StatusCode::REQUEST_TERMINATED);
            if self.respond(now, key, Response::new(terminated)).is_err() {
                return;
            }
            self.settled(invite, Some(terminated), cause);
        }
        self.outputs.push_back(Output::Cancelled {
            key,
            cancel,
            dialog,
            label,
        });
    }

    /// Reports whether a request that came by that connection has no final response yet. Always `false` for
    /// datagrams.
    pub fn owes(&self, flow: &Flow) -> bool {
        flow.connection()
            .is_some_and(|connection| self.server.owes(connection))
    }

    /// Returns our To tag in the responses of a transaction.
    pub fn tag(&self, key: ServerKey) -> String {
        key::tag(&self.seed, &key)
    }

    /// Notes a label for the dialog that an open request may make. Each [request](Output::Request) inside the
    /// dialog comes with it.
    pub fn label(&mut self, key: ServerKey, label: u32) {
        let Some(open) = self.server.open_mut(&key) else {
            return;
        };
        open.label = label;
        if let Some(record) = open.dialog.and_then(|dialog| self.dialogs.get_mut(&dialog)) {
            record.label = label;
        }
    }

    /// Takes note that a request passes through this element: no dialog is made of it, and none is judged.
    pub fn pass_through(&mut self, key: ServerKey) {
        self.server.forget_merge(&key);
        self.disarm_expires(&key);
        let Some(open) = self.server.open_mut(&key) else {
            return;
        };
        open.role = Role::Through;
        let (is_initial, dialog) = (open.is_initial(), open.dialog.take());
        if std::mem::take(&mut open.reserved) {
            self.dialogs.release();
        }
        // It waits in no dialog of ours any more, and what a provisional response of ours has made is none.
        let Some(dialog) = dialog else { return };
        self.dialogs.invite_answered(&dialog, &key);
        if is_initial {
            self.end_early(&dialog);
        } else if let Some(record) = self.dialogs.get_mut(&dialog) {
            record.their_bye = false;
        }
    }
}
