//! The duties of a caller to those who answer its INVITE: an ACK for each 2xx, and a BYE for each branch that
//! nobody wants.
//!
//! The invariant: as [`invitation`] has it; what it asks for is carried out here and nowhere else.

use std::time::Instant;

use spigot_parser::{Bytes, Method, Request, Response};

use super::super::Shard;
use super::Arrived;
use super::beside::success_ack;
use super::table::{Ack, ClientEvent, Fork};
use crate::flow::Flow;
use crate::proto::dialog::usage::Session;
use crate::proto::dialog::{Destination, Dialog};
use crate::proto::invitation::{self, Action, Input, State};
use crate::proto::key::{ClientKey, DialogKey};
use crate::proto::output::{Failure, Output, Purpose, Unsent};
use crate::proto::shard::dialogs::DialogRecord;

impl Shard {
    /// Takes note of the branch of a 101 to 199 or a 2xx to an INVITE of ours. The response makes the dialog
    /// of the branch, confirms it or moves its target. Returns `false` if it is dropped because there are too
    /// many branches, which for a 2xx are those that have answered 2xx.
    pub(super) fn note_fork(
        &mut self,
        now: Instant,
        key: ClientKey,
        dialog: DialogKey,
        response: &Response,
        flow: Flow,
    ) -> bool {
        let Some(entry) = self.client.entries.get_mut(&key) else {
            return false;
        };
        let inside = entry.dialog;
        if inside.is_some_and(|inside| inside != dialog) {
            // A response inside a dialog from somebody who is not in it.
            self.counters.stray_responses += 1;
            return false;
        }
        let known = entry.fork_mut(&dialog);
        let is_new = known.is_none();
        // One that comes again is older than what may have moved the target since.
        let comes_again = known.as_ref().is_some_and(|fork| fork.answered);
        let has_dialog = known.is_some_and(|fork| fork.has_dialog);
        let is_success = response.status().is_success();
        let mut evicted = None;
        if is_new {
            if entry.forks.len() >= invitation::FORKS {
                // A 2xx may be the only one, and is worth more than a branch that rings.
                let silent = entry.forks.iter().position(|fork| !fork.answered);
                let Some(silent) = silent.filter(|_| is_success) else {
                    self.counters.forks_dropped += 1;
                    return false;
                };
                evicted = Some(entry.forks.remove(silent).dialog);
            }
            entry.forks.push(Fork {
                dialog,
                has_dialog: false,
                is_unusable: false,
                answered: false,
                ended: None,
                ack: Ack::None,
            });
        }
        let is_open = !entry.machine.is_answered();
        let is_refused = entry.invitation == State::Refused;
        let invite = entry.request.clone();
        let login = entry.attempt.login.clone();
        let stays_on_flow = entry.attempt.stays_on_flow;
        if let Some(evicted) = evicted {
            self.end_early(&evicted);
        }
        // A 2xx may find the room that the 180 before it did not.
        let makes_dialog = !is_refused && (is_new || (is_success && !comes_again && !has_dialog));
        let mut is_made = false;
        if inside.is_none() && makes_dialog && !self.dialogs.contains(&dialog) {
            let made = invite.and_then(|invite| Dialog::uac(&invite, response).ok());
            if self.dialogs.is_full() {
                self.counters.refused_dialogs += u64::from(is_new);
            } else if let Some(made) = made {
                let mut record = DialogRecord::of_caller(made, flow, stays_on_flow);
                record.usages.session = Session::Up;
                record.last_invite = Some(key);
                record.our_invite = is_open.then_some(key);
                record.login = login;
                self.add_dialog(now, dialog, record);
                is_made = true;
            }
        }
        let mut is_unusable = false;
        if is_success
            && !comes_again
            && let Some(record) = self.dialogs.get_mut(&dialog)
        {
            record.flow = flow;
            if !is_made {
                record.dialog.confirmed_by(response.headers());
            }
            is_unusable = inside.is_none() && record.dialog.has_unreadable_contact();
        }
        let entry = self.client.entries.get_mut(&key);
        if let Some(fork) = entry.and_then(|entry| entry.fork_mut(&dialog)) {
            fork.has_dialog |= is_made;
            fork.is_unusable |= is_unusable;
        }
        true
    }

    /// Takes a 2xx to an INVITE of ours.
    pub(super) fn take_success(&mut self, now: Instant, key: ClientKey, arrived: Arrived) {
        let Arrived {
            response,
            flow,
            dialog,
        } = arrived;
        let Some(dialog) = dialog else { return };
        let Some(entry) = self.client.entries.get_mut(&key) else {
            return;
        };
        let (inside, told) = (entry.dialog.is_some(), entry.told);
        let Some(fork) = entry.fork_mut(&dialog) else {
            return;
        };
        let has_no_room = !inside && !fork.has_dialog && !self.dialogs.contains(&dialog);
        let is_over = fork.has_dialog && !self.dialogs.has_session(&dialog);
        let failure = if fork.is_unusable {
            Failure::UnreadableContact
        } else {
            Failure::DialogEnded
        };
        let input = if std::mem::replace(&mut fork.answered, true) {
            Input::SuccessAgain
        } else if fork.ended.is_some() {
            Input::UnwantedSuccess
        } else if is_over {
            Input::LateSuccess
        } else if has_no_room || fork.is_unusable {
            Input::SuccessWithoutDialog
        } else {
            Input::Success
        };
        let (state, actions) = invitation::step(entry.invitation, input);
        entry.invitation = state;
        let mut response = Some(response);
        for action in actions {
            match action {
                Action::Acknowledge => {
                    let acknowledges = self
                        .client
                        .entries
                        .get(&key)
                        .is_some_and(|entry| entry.acknowledge);
                    if let Some(response) = response.as_ref().filter(|_| acknowledges) {
                        self.send_ack(key, &dialog, response, flow);
                    }
                }
                Action::AcknowledgeForCaller => {
                    if let Some(response) = &response {
                        self.send_ack(key, &dialog, response, flow);
                    }
                }
                Action::AcknowledgeAgain => {
                    if let Some(response) = &response {
                        self.send_ack_again(key, &dialog, response, flow);
                    }
                }
                Action::Deliver => {
                    if let Some(entry) = self.client.entries.get_mut(&key) {
                        entry.answer = Some(dialog);
                    }
                    if let Some(response) = response.take() {
                        self.outputs.push_back(Output::Response {
                            key,
                            response: Box::new(response),
                            flow,
                            dialog: Some(dialog),
                        });
                    }
                }
                Action::HangUp => {
                    if let Some(response) = &response {
                        self.hang_up_fork(now, key, &dialog, response, flow);
                    }
                }
                Action::Fail if told => {
                    self.outputs.push_back(Output::Failed { key, failure });
                }
                Action::Fail | Action::HangUpOnAnswer | Action::Cancel => {}
            }
        }
    }

    /// Gives up an INVITE whose caller goes without having read its answer. The INVITE is cancelled, or the
    /// call that it has become is ended. An INVITE inside a dialog leaves the call as it is.
    pub fn abandon_call(&mut self, now: Instant, key: ClientKey) {
        let Some(entry) = self.client.entries.get_mut(&key) else {
            return;
        };
        let (state, actions) = invitation::step(entry.invitation, Input::Abandon);
        entry.invitation = state;
        let (inside, answer) = (entry.dialog.is_some(), entry.answer);
        for action in actions {
            match action {
                Action::Cancel => self.step_client(now, key, ClientEvent::Cancel, None),
                Action::HangUpOnAnswer => {
                    let Some(answer) = answer else { continue };
                    self.acknowledge(&answer, None);
                    if !inside {
                        self.hang_up(now, &answer);
                    }
                }
                _ => {}
            }
        }
    }

    /// Takes note that no 2xx came to an INVITE, and none will.
    pub(super) fn step_invitation_failed(&mut self, key: ClientKey) {
        if let Some(entry) = self.client.entries.get_mut(&key) {
            entry.invitation = invitation::step(entry.invitation, Input::Failure).0;
        }
    }

    /// Sends the ACK for the 2xx to the last INVITE of ours in a dialog, if the core was told to leave that
    /// to the caller. An ACK that was sent before is sent once more.
    ///
    /// `body` is the type and the octets of an answer to an offer that came with the 2xx. Returns `false` if
    /// there is no such INVITE, or not any more.
    pub fn acknowledge(&mut self, dialog: &DialogKey, body: Option<(&str, Bytes)>) -> bool {
        let Some(record) = self.dialogs.get(dialog) else {
            return false;
        };
        let (flow, destination) = (record.flow, record.destination());
        let Some(invite) = record.last_invite else {
            return false;
        };
        let Some(entry) = self.client.entries.get_mut(&invite) else {
            return false;
        };
        let fork = entry.fork_mut(dialog);
        match fork.filter(|fork| fork.answered).map(|fork| fork.ack.clone()) {
            None => return false,
            Some(Ack::None) => {}
            Some(ack) => {
                self.push_ack_again(invite, dialog, ack, flow);
                return true;
            }
        }
        entry.acknowledge = true;
        let Some((record, request)) = self.dialogs.get(dialog).zip(entry.request.as_deref()) else {
            return false;
        };
        let mut ack = record.dialog.ack(request.headers());
        if let Some((kind, body)) = body
            && let Err(error) = ack.set_body(kind, body)
        {
            debug_assert!(false, "the type was checked before: {error}");
        }
        self.push_ack(invite, dialog, ack, (flow, destination));
        true
    }

    /// Acknowledges a 2xx in the place of a caller that hangs up and has not done so.
    pub(in crate::proto::shard) fn acknowledge_for_caller(&mut self, dialog: &DialogKey) {
        let invite = self.dialogs.get(dialog).and_then(|record| record.last_invite);
        let entry = invite.and_then(|invite| self.client.entries.get_mut(&invite));
        let fork = entry.and_then(|entry| entry.fork_mut(dialog));
        if fork.is_some_and(|fork| matches!(fork.ack, Ack::None)) {
            self.acknowledge(dialog, None);
        }
    }

    /// Sends the ACK for the 2xx of a branch.
    fn send_ack(&mut self, invite: ClientKey, dialog: &DialogKey, success: &Response, flow: Flow) {
        let entry = self.client.entries.get(&invite);
        let Some(request) = entry.and_then(|entry| entry.request.clone()) else {
            return;
        };
        let inside = entry.filter(|entry| entry.dialog.is_some());
        let ack = if let Some(record) = self.dialogs.get(dialog) {
            let ack = record.dialog.ack(request.headers());
            Some((ack, record.flow, record.destination()))
        } else if let Some(entry) = inside {
            let destination = entry.destination;
            success_ack(&request, success, destination).map(|ack| (ack, flow, destination))
        } else {
            let made = Dialog::uac(&request, success).ok();
            made.map(|made| (made.ack(request.headers()), flow, made.destination()))
        };
        if let Some((ack, flow, destination)) = ack {
            self.push_ack(invite, dialog, ack, (flow, destination));
        }
    }

    /// Wants an ACK sent, by the way that its dialog has.
    fn push_ack(
        &mut self,
        invite: ClientKey,
        dialog: &DialogKey,
        request: Request,
        (flow, destination): (Flow, Destination),
    ) {
        let entry = self.client.entries.get_mut(&invite);
        if let Some(fork) = entry.and_then(|entry| entry.fork_mut(dialog)) {
            fork.ack = Ack::Leaving;
        }
        self.outputs.push_back(Output::Send(Box::new(Unsent {
            request,
            flow,
            purpose: Purpose::Ack {
                invite,
                dialog: *dialog,
                destination,
            },
        })));
    }

    /// Sends the ACK of a branch once more, unless the caller has yet to send it.
    fn send_ack_again(&mut self, invite: ClientKey, dialog: &DialogKey, success: &Response, flow: Flow) {
        let Some(entry) = self.client.entries.get_mut(&invite) else {
            return;
        };
        let is_callers = entry.answer == Some(*dialog) && !entry.acknowledge;
        match entry.fork_mut(dialog).map(|fork| fork.ack.clone()) {
            Some(Ack::None) if is_callers => {}
            None | Some(Ack::None) => self.send_ack(invite, dialog, success, flow),
            Some(ack) => self.push_ack_again(invite, dialog, ack, flow),
        }
    }

    /// Sends an ACK once more that was made before.
    fn push_ack_again(&mut self, invite: ClientKey, dialog: &DialogKey, ack: Ack, flow: Flow) {
        match ack {
            Ack::None | Ack::Leaving => {}
            Ack::Stuck(request, destination) => {
                self.push_ack(invite, dialog, *request, (flow, destination));
            }
            Ack::Sent(flow, bytes) => self.outputs.push_back(super::transmit(flow, bytes)),
        }
    }

    /// Ends a branch that nobody wants. An INVITE inside a dialog leaves the call as it is.
    fn hang_up_fork(
        &mut self,
        now: Instant,
        invite: ClientKey,
        dialog: &DialogKey,
        success: &Response,
        flow: Flow,
    ) {
        let Some(entry) = self.client.entries.get_mut(&invite) else {
            return;
        };
        let (inside, request) = (entry.dialog.is_some(), entry.request.clone());
        let ended = entry.fork_mut(dialog).and_then(|fork| fork.ended.take());
        if inside || self.hang_up(now, dialog) {
            return;
        }
        let (request, purpose) = if let Some(record) = self.dialogs.get(dialog) {
            // A subscription has outlived the session.
            let purpose = Purpose::Bye {
                dialog: Some(*dialog),
                destination: record.destination(),
            };
            (record.dialog.draft(Method::BYE), purpose)
        } else {
            // There was no room for its dialog, or that has ended.
            let made = match ended {
                Some(mut ended) => {
                    ended.confirmed_by(success.headers());
                    Some(*ended)
                }
                None => request.and_then(|request| Dialog::uac(&request, success).ok()),
            };
            let Some(mut made) = made else { return };
            let purpose = Purpose::Bye {
                dialog: None,
                destination: made.destination(),
            };
            (made.request(Method::BYE), purpose)
        };
        self.outputs.push_back(Output::Send(Box::new(Unsent {
            request,
            flow,
            purpose,
        })));
    }

    /// Keeps the dialog of a branch that a failure ends before its 2xx, for the BYE behind a late 2xx.
    pub(in crate::proto::shard) fn keep_ended(&mut self, dialog: &DialogKey) {
        let Some(record) = self.dialogs.get(dialog) else {
            return;
        };
        let entry = record
            .last_invite
            .and_then(|invite| self.client.entries.get_mut(&invite));
        let fork = entry.and_then(|entry| entry.fork_mut(dialog));
        if let Some(fork) = fork.filter(|fork| !fork.answered) {
            fork.ended = Some(Box::new(record.dialog.clone()));
        }
    }

    /// Ends the dialogs of branches that have not answered 2xx, because their INVITE has ended.
    pub(super) fn end_early_forks(&mut self, forks: &[Fork]) {
        for fork in forks.iter().filter(|fork| !fork.answered) {
            self.end_early(&fork.dialog);
        }
    }
}
