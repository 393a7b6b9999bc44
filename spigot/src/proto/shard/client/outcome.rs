//! The outcome of a response to a request of ours: for whoever waits for it, for its dialog, and, where it is
//! a challenge, for the request itself.
//!
//! The invariant: a challenge that can be answered is answered here and told to nobody.

use std::time::Instant;

use spigot_parser::{Essentials, Method, Request, Response};

use super::super::Shard;
use super::Arrived;
use super::table::ClientMachine;
use crate::flow::Flow;
use crate::proto::dialog::Dialog;
use crate::proto::dialog::effect;
use crate::proto::dialog::usage::{Notified, Side, Topic, granted};
use crate::proto::invitation;
use crate::proto::key::{self, ClientKey, DialogKey};
use crate::proto::output::{Again, Output, Purpose, Unsent};
use crate::proto::role::Role;
use crate::proto::shard::dialogs::DialogRecord;

/// How often a request is sent again: enough for some proxies on the way and a stale nonce. A server that
/// finds every nonce stale is left alone.
const MOST_RESUBMISSIONS: u8 = 8;

impl Shard {
    /// Takes a response that the transaction passes on.
    pub(super) fn take_response(
        &mut self,
        now: Instant,
        key: ClientKey,
        mut arrived: Arrived,
        request: Option<&Request>,
    ) {
        let Some(entry) = self.client.entries.get(&key) else {
            return;
        };
        let status = arrived.response.status();
        let (told, is_invite) = (entry.told, matches!(entry.machine, ClientMachine::Invite(_)));
        let dialog = entry.dialog;
        if entry.role == Role::Us && status.is_final() {
            if is_invite && status.is_success() {
                self.settle_invite(&key);
                return self.take_success(now, key, arrived);
            }
            if is_invite {
                self.refuse_forks(&key);
            }
            if request.is_some_and(|request| self.answer_challenge(key, request, &arrived.response)) {
                return;
            }
            self.settle_invite(&key);
            self.step_invitation_failed(key);
            if let Some(request) = request {
                match dialog {
                    Some(dialog) => self.final_inside(now, key, &dialog, request, &arrived.response),
                    None => arrived.dialog = self.final_outside(now, request, &arrived),
                }
            }
        }
        if told {
            self.outputs.push_back(Output::Response {
                key,
                response: Box::new(arrived.response),
                flow: arrived.flow,
                dialog: arrived.dialog,
            });
        }
    }

    /// Lets other INVITEs be taken in the dialogs of an INVITE that has its first final response, or will get
    /// none. An INVITE that is sent again with credentials is still under way.
    pub(super) fn settle_invite(&mut self, key: &ClientKey) {
        let Some(entry) = self.client.entries.get(key) else {
            return;
        };
        let dialogs = &mut self.dialogs;
        for fork in entry.forks.iter().map(|fork| &fork.dialog).chain(&entry.dialog) {
            dialogs.invite_settled(fork, key);
        }
    }

    /// Takes note that an INVITE was refused, so that no branch of it will answer 2xx.
    ///
    /// [RFC 3261 §13.2.2.3](https://www.rfc-editor.org/rfc/rfc3261#section-13.2.2.3):
    /// > All early dialogs are considered terminated upon reception of the non-2xx final response.
    fn refuse_forks(&mut self, key: &ClientKey) {
        if let Some(entry) = self.client.entries.get_mut(key) {
            let forks = std::mem::take(&mut entry.forks);
            self.end_early_forks(&forks);
        }
    }

    /// Sends a request again with credentials, if the response asks for them and there are some.
    ///
    /// [RFC 3261 §22.2](https://www.rfc-editor.org/rfc/rfc3261#section-22.2):
    /// > When a UAC resubmits a request with its credentials after receiving a 401 (Unauthorized) or 407
    /// > (Proxy Authentication Required) response, it MUST increment the CSeq header field value as it would
    /// > normally when sending an updated request.
    fn answer_challenge(&mut self, key: ClientKey, request: &Request, response: &Response) -> bool {
        if ![401, 407].contains(&response.status().as_u16()) {
            return false;
        }
        let cnonce = self.branches.next();
        let Some(entry) = self.client.entries.get_mut(&key) else {
            return false;
        };
        if entry.attempt.resubmissions >= MOST_RESUBMISSIONS {
            return false;
        }
        let mut answered = entry.attempt.answered;
        let login = match entry.dialog {
            Some(dialog) => self
                .dialogs
                .get_mut(&dialog)
                .and_then(|record| record.login.as_mut()),
            None => entry.attempt.login.as_mut(),
        };
        let Some(login) = login else { return false };
        let mut again = request.clone();
        if !login.challenged(request, response, &mut answered)
            || login.authorize(&mut again, &cnonce).is_err()
        {
            return false;
        }
        entry.attempt.answered = answered;
        entry.attempt.resubmissions += 1;
        if entry.dialog.is_none() {
            Shard::renumber(&mut again);
        }
        self.go_again(key, again);
        true
    }

    /// Sends a request inside a dialog again, once, by a new connection, because its own is gone and nothing
    /// was answered yet ([RFC 3261 §18.1.1](https://www.rfc-editor.org/rfc/rfc3261#section-18.1.1) leaves
    /// that open).
    pub(super) fn connect_again(&mut self, key: ClientKey, request: Option<&Request>) -> bool {
        let Some(entry) = self.client.entries.get_mut(&key) else {
            return false;
        };
        let is_fresh = entry.flow.transport().is_reliable() && !entry.heard && !entry.attempt.reconnected;
        let Some(request) = request.filter(|_| is_fresh && entry.dialog.is_some()) else {
            return false;
        };
        entry.attempt.reconnected = true;
        self.go_again(key, request.clone());
        true
    }

    /// Wants a request sent in the place of one that has its end.
    fn go_again(&mut self, key: ClientKey, mut request: Request) {
        let Some(entry) = self.client.entries.get_mut(&key) else {
            return;
        };
        // What answers the first one from now on is wanted by nobody.
        entry.invitation = invitation::State::Refused;
        // Ours is the topmost Via; the next one is written for the flow that is found.
        let _ = request.headers_mut().pop_first::<spigot_parser::header::Via>();
        let again = Again {
            before: key,
            destination: entry.destination,
            told: entry.told,
            dialog: entry.dialog,
            begins_usage: entry.begins_usage,
            acknowledge: entry.acknowledge,
            attempt: std::mem::take(&mut entry.attempt),
        };
        let flow = entry.flow;
        self.outputs.push_back(Output::Send(Box::new(Unsent {
            request,
            flow,
            purpose: Purpose::Again(again),
        })));
    }

    /// Takes the final response to a request inside a dialog.
    fn final_inside(
        &mut self,
        now: Instant,
        key: ClientKey,
        dialog: &DialogKey,
        request: &Request,
        response: &Response,
    ) {
        let method = request.method();
        let ends_notifying = *method == Method::NOTIFY && Notified::by(request.headers()) == Notified::Ended;
        if response.status().is_success() {
            if method.refreshes_target()
                && let Some(record) = self.dialogs.get_mut(dialog)
            {
                record.dialog.refresh_target(response.headers());
            }
            match *method {
                Method::BYE => self.bye_done(now, dialog),
                Method::SUBSCRIBE | Method::REFER => self.subscribed(now, dialog, request, response),
                Method::NOTIFY if ends_notifying => self.note_notify(now, dialog, Side::Notifier, request),
                _ => {}
            }
            return;
        }
        if ends_notifying {
            self.note_notify(now, dialog, Side::Notifier, request);
        }
        let begins_usage = self
            .client
            .entries
            .get(&key)
            .is_some_and(|entry| entry.begins_usage);
        if begins_usage && let Some((record, topic)) = self.dialogs.get_mut(dialog).zip(Topic::of(request)) {
            record.usages.unsubscribe(Side::Subscriber, &topic);
        }
        let effect = effect::of_response(method, response.status());
        // > a 408 (Request Timeout) [...] terminating the dialog consists of sending a BYE.
        if response.status().as_u16() == 408 && effect == effect::Effect::Usage && *method != Method::BYE {
            return self.unanswered_inside(now, dialog, request);
        }
        self.failed_inside(now, dialog, request, effect);
        self.settle(now, dialog);
    }

    /// Takes the final response to a request outside of any dialog. Returns the dialog that one to a
    /// SUBSCRIBE or REFER makes.
    fn final_outside(&mut self, now: Instant, request: &Request, arrived: &Arrived) -> Option<DialogKey> {
        let method = request.method();
        if ![Method::SUBSCRIBE, Method::REFER].contains(method) {
            return arrived.dialog;
        }
        let response = &arrived.response;
        let essentials = response.essentials().ok()?;
        let half = self.half_key(&essentials);
        if !response.status().is_success() {
            self.dialogs.expected.remove(&half);
            return None;
        }
        let dialog = key::dialog_answered(&self.seed, &essentials);
        if !self.dialogs.contains(&dialog) {
            let expected = self.dialogs.expected.get(&half);
            let forks = expected.map_or(&[][..], |expected| &expected.forks);
            if forks.contains(&dialog) {
                // A NOTIFY has ended it before.
                return None;
            }
            if forks.len() >= invitation::FORKS {
                self.counters.forks_dropped += 1;
                return None;
            }
            if self.dialogs.is_full() {
                self.counters.refused_dialogs += 1;
                return None;
            }
            let made = Dialog::uac(request, response).ok()?;
            let mut record = DialogRecord::of_caller(made, arrived.flow, false);
            if let Some(expected) = self.dialogs.expected.get_mut(&half) {
                record.stays_on_flow = expected.stays_on_flow;
                record.login = expected.login.clone();
                expected.forks.push(dialog);
            }
            self.add_dialog(now, dialog, record);
        }
        self.subscribed(now, &dialog, request, response);
        Some(dialog)
    }

    /// Returns the key of a dialog of ours whose peer has not named itself yet.
    fn half_key(&self, essentials: &Essentials) -> DialogKey {
        let local = essentials.from_tag().unwrap_or_default();
        key::half_dialog_key(&self.seed, essentials.call_id(), local)
    }

    /// Takes note that a SUBSCRIBE or REFER of ours was answered 2xx.
    fn subscribed(&mut self, now: Instant, key: &DialogKey, request: &Request, response: &Response) {
        let spare = self.settings.timers.lifetime();
        let until = now + granted(request, response.headers(), spare).min(self.settings.dialog_lifetime);
        if let Some((record, topic)) = self.dialogs.get_mut(key).zip(Topic::of(request)) {
            record.usages.grant(topic, until, now + spare);
            self.watch_usages(key);
        }
        self.settle(now, key);
    }

    /// Returns the flow that requests inside a dialog prefer.
    pub fn flow_of(&self, dialog: &DialogKey) -> Option<Flow> {
        self.dialogs.get(dialog).map(|record| record.flow)
    }
}
