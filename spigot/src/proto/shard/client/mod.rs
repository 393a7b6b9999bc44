//! The client transactions, which send requests and take their responses.
//!
//! `table` has them, `send` begins them, `calling` is what an INVITE's caller owes to those who answer it,
//! `outcome` what a final response does to the dialog that its request was in. The invariant: a transaction
//! is stepped here and nowhere else.

mod beside;
mod calling;
mod outcome;
mod send;
mod table;

use std::time::Instant;

use bytes::Bytes;
use spigot_parser::{Essentials, Method, Response};

use super::Shard;
use crate::flow::Flow;
use crate::proto::key::{self, ClientKey, DialogKey};
use crate::proto::output::{Failure, Output};
use crate::proto::role::Role;
use crate::proto::settled::Stray;
use crate::proto::timer::{Due, Timer};
use crate::proto::transaction::{Action, Setting, client_invite};
pub(crate) use beside::via_length;
pub use send::{DialogDraft, Outgoing, OwnVia};
pub(super) use table::ClientTable;
use table::{ClientEvent, ClientMachine};

/// A response on its way through a step.
struct Arrived {
    response: Response,
    flow: Flow,
    dialog: Option<DialogKey>,
}

impl Shard {
    /// Cancels an INVITE of ours: at once, or when its first provisional response comes (RFC 3261 §9.1).
    /// Does nothing to any other request, or once there is a final response.
    ///
    /// An INVITE that nobody has answered within T1 fails with [`Failure::Cancelled`]. What comes late all the
    /// same is taken care of: a provisional response is followed by the CANCEL, and a 2xx by its ACK and a
    /// BYE.
    pub fn cancel(&mut self, now: Instant, key: ClientKey) {
        let entry = self.client.entries.get(&key);
        let unanswered = entry.filter(|entry| entry.is_unanswered_call());
        // T1 is the estimate of a round trip: an answer may be under way until then.
        let patience = unanswered.map(|entry| entry.left_at + self.settings.timers.t1);
        if patience.is_some_and(|end| end <= now) {
            return self.let_unanswered_go(now, key);
        }
        self.step_client(now, key, ClientEvent::Cancel, None);
        if let Some(end) = patience {
            self.queues.arm_at(end, Timer::CancelUnanswered, key.0);
        }
    }

    /// Tells the caller of a cancelled INVITE that it is cancelled, if nobody has answered it.
    fn let_unanswered_go(&mut self, now: Instant, key: ClientKey) {
        let entry = self.client.entries.get(&key);
        let Some(entry) = entry.filter(|entry| entry.is_unanswered_call()) else {
            return;
        };
        let told = entry.told;
        self.abandon_call(now, key);
        if told {
            let failure = Failure::Cancelled;
            self.outputs.push_back(Output::Failed { key, failure });
        }
    }

    /// Takes a response that arrived, validated. Says why the response is dropped, if it is.
    ///
    /// A response that matches nothing is dropped: RFC 6026 §7.3 forbids a proxy to forward it, and to a UAC
    /// it means nothing. A response with more Vias than its request is dropped, too, for it was on its way to
    /// somebody else ([RFC 3261 §8.1.3.3](https://www.rfc-editor.org/rfc/rfc3261#section-8.1.3.3)):
    /// > If more than one Via header field value is present in a response, the UAC SHOULD discard the
    /// > message.
    ///
    /// So is a response with another Call-ID than its request
    /// ([RFC 3261 §8.2.6.2](https://www.rfc-editor.org/rfc/rfc3261#section-8.2.6.2)):
    /// > The Call-ID header field of the response MUST equal the Call-ID header field of the request.
    pub fn receive_response(
        &mut self,
        now: Instant,
        response: Response,
        essentials: &Essentials,
        flow: Flow,
    ) -> Option<Stray> {
        let branch = essentials.via().branch().unwrap_or_default();
        let key = key::client_key(&self.seed, branch, essentials.method());
        let Some(entry) = self.client.entries.get_mut(&key) else {
            self.counters.stray_responses += 1;
            return Some(Stray::NoRequest);
        };
        if !entry.is_answered_by(essentials) {
            self.counters.stray_responses += 1;
            return Some(Stray::NotItsAnswer);
        }
        let mut dialog = entry.dialog;
        entry.heard = true;
        if entry.role == Role::Us
            && *essentials.method() == Method::INVITE
            && (101..300).contains(&response.status().as_u16())
        {
            let is_success = response.status().is_success();
            let named = is_success || essentials.to_tag().is_some();
            let is_refused = matches!(
                entry.machine,
                ClientMachine::Invite(client_invite::State::Completed)
            );
            if named && (is_success || !is_refused) {
                let fork = self.dialog_of_answer(dialog, essentials);
                if !self.note_fork(now, key, fork, &response, flow) {
                    return Some(Stray::NoBranch);
                }
                dialog = Some(fork);
            }
            if is_success && is_refused {
                // The machine of RFC 6026 §7.2 knows no 2xx behind another final response. Its sender waits
                // for an ACK all the same.
                let arrived = Arrived {
                    response,
                    flow,
                    dialog,
                };
                self.take_success(now, key, arrived);
                return None;
            }
        }
        let event = ClientEvent::Response(response.status());
        let arrived = Arrived {
            response,
            flow,
            dialog,
        };
        self.step_client(now, key, event, Some(arrived));
        None
    }

    /// Returns the key of the dialog that a response to an INVITE of ours makes or belongs to. `inside` is the
    /// dialog that the INVITE was in.
    ///
    /// A peer of RFC 2543 need not repeat the tag, nor need it have had one when the dialog began.
    fn dialog_of_answer(&self, inside: Option<DialogKey>, essentials: &Essentials) -> DialogKey {
        let has_null_tag = |inside: &DialogKey| {
            let record = self.dialogs.get(inside);
            essentials.to_tag().is_none() || record.is_some_and(|record| record.dialog.has_null_tag())
        };
        inside
            .filter(has_null_tag)
            .unwrap_or_else(|| key::dialog_answered(&self.seed, essentials))
    }

    /// Fails the client transactions on a flow that is gone, or that a request could not be sent on.
    ///
    /// Server transactions stay, and send their responses to the fallback address.
    /// [RFC 6026 §8.8](https://www.rfc-editor.org/rfc/rfc6026#section-8.8):
    /// > the server transaction SHOULD inform the TU that a failure has occurred, and MUST remain in the
    /// > current state.
    pub fn flow_failed(&mut self, now: Instant, flow: &Flow) {
        for key in self.client.on(flow) {
            self.step_client(now, key, ClientEvent::TransportError, None);
        }
    }

    /// Reports whether a request of ours is under way on that connection. Always `false` for datagrams.
    pub fn awaits(&self, flow: &Flow) -> bool {
        flow.connection().is_some() && !self.client.on(flow).is_empty()
    }

    pub(super) fn client_timeout(&mut self, now: Instant, due: Due) {
        let key = ClientKey(due.key);
        if due.timer == Timer::CancelUnanswered {
            return self.let_unanswered_go(now, key);
        }
        let is_due = self
            .client
            .entries
            .get(&key)
            .is_some_and(|entry| match due.timer {
                Timer::CancelExpired => entry.expires == Some(due.at),
                _ => !entry.deadlines.is_stale(&due),
            });
        if is_due {
            self.step_client(now, key, ClientEvent::Timer(due.timer), None);
        }
    }

    /// Returns the setting of the machine of a client transaction.
    fn client_setting(&self, role: Role, reliable: bool) -> Setting<'_> {
        Setting {
            timers: &self.settings.timers,
            ringing: match role {
                Role::Us => (Timer::Ringing, self.settings.ringing),
                Role::Through => (Timer::ForwardedRinging, self.settings.forwarded_ringing),
            },
            repeat_provisional: None,
            reliable,
        }
    }

    fn step_client(
        &mut self,
        now: Instant,
        key: ClientKey,
        event: ClientEvent,
        mut arrived: Option<Arrived>,
    ) {
        let Some(entry) = self.client.entries.get(&key) else {
            return;
        };
        let reliable = entry.flow.transport().is_reliable();
        let (machine, actions) = entry
            .machine
            .step(event, self.client_setting(entry.role, reliable));
        let Some(entry) = self.client.entries.get_mut(&key) else {
            return;
        };
        let was_answered = entry.machine.is_answered();
        entry.machine = machine;
        let (flow, role, told) = (entry.flow, entry.role, entry.told);
        let mut cancel = None;
        let mut deliver = false;
        let mut failure = None;
        for action in actions {
            match action {
                Action::Resend if entry.sent.is_empty() => {}
                Action::Resend => {
                    let bytes = entry.sent.clone();
                    self.outputs.push_back(transmit(flow, bytes));
                }
                Action::Acknowledge => {
                    let parts = entry.request.as_deref().zip(arrived.as_ref());
                    if let Some(ack) =
                        parts.and_then(|(invite, arrived)| beside::ack(invite, &arrived.response))
                    {
                        entry.sent = ack.to_bytes();
                        self.outputs.push_back(transmit(flow, entry.sent.clone()));
                    }
                }
                Action::Cancel => cancel = entry.request.as_deref().and_then(beside::hop_by_hop_cancel),
                Action::Deliver => deliver = true,
                Action::Arm(timer, after) => {
                    self.queues.arm(&mut entry.deadlines, now + after, timer, key.0);
                }
                Action::Fail(why) => failure = Some(why),
                // The first `Send` is that of `begin`; the rest is a server transaction's.
                Action::Send | Action::Trying => {}
            }
        }
        let request = entry.request.clone();
        if machine.is_answered() && !was_answered {
            let is_invite = matches!(machine, ClientMachine::Invite(_));
            if !is_invite {
                entry.request = None;
            }
            if !matches!(machine, ClientMachine::Invite(client_invite::State::Completed)) {
                entry.sent = Bytes::new();
            }
        }
        if let Some((cancel, branch)) = cancel {
            self.begin_cancel(now, cancel, &branch, flow, role);
        }
        if deliver && let Some(arrived) = arrived.take() {
            self.take_response(now, key, arrived, request.as_deref());
        }
        if let Some(failure) = failure {
            self.take_failure(now, key, failure, request.as_deref());
        }
        if machine.is_terminated() {
            self.end_client(key, told);
        }
    }

    /// Ends a transaction.
    fn end_client(&mut self, key: ClientKey, told: bool) {
        let Some(entry) = self.client.remove(&key) else {
            return;
        };
        if let Some(at) = entry.expires {
            self.queues.disarm_at(at, Timer::CancelExpired, key.0);
        }
        self.end_early_forks(&entry.forks);
        if told && entry.is_unheard() {
            let failure = Failure::DialogEnded;
            self.outputs.push_back(Output::Failed { key, failure });
        }
        if told {
            self.outputs.push_back(Output::Ended { key });
        }
    }

    /// Takes the failure of a request of ours, which will get no final response.
    fn take_failure(
        &mut self,
        now: Instant,
        key: ClientKey,
        failure: Failure,
        request: Option<&spigot_parser::Request>,
    ) {
        if failure == Failure::Transport && self.connect_again(key, request) {
            return;
        }
        let Some(entry) = self.client.entries.get(&key) else {
            return;
        };
        let (told, dialog, role) = (entry.told, entry.dialog, entry.role);
        self.settle_invite(&key);
        self.step_invitation_failed(key);
        if told {
            self.counters.timeouts += u64::from(matches!(failure, Failure::Timeout(_)));
            self.outputs.push_back(Output::Failed { key, failure });
        }
        // Of any other that the application knows it says itself when it tries no other way; a BYE has none.
        if let Some((dialog, request)) = dialog.zip(request)
            && role == Role::Us
            && (!told || *request.method() == Method::BYE)
        {
            self.unanswered_inside(now, &dialog, request);
        }
    }
}

fn transmit(flow: Flow, bytes: Bytes) -> Output {
    Output::Transmit {
        flow,
        bytes,
        fallback: None,
    }
}
