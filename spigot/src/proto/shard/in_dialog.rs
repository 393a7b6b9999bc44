//! Requests inside a dialog: which of them are taken, and why the others are turned away.
//!
//! The invariant: a request is judged by its dialog once, in the order of [`Objection`], before anything of
//! it is kept.

use std::sync::Arc;
use std::time::Instant;

use spigot_parser::{Method, Request, StatusCode};

use super::Shard;
use super::dialogs::DialogRecord;
use super::server::Arrival;
use crate::incoming::Incoming;
use crate::proto::dialog::Dialog;
use crate::proto::dialog::effect::is_of_session;
use crate::proto::dialog::usage::{Session, Side, Topic};
use crate::proto::invitation;
use crate::proto::key::{self, DialogKey, ServerKey};
use crate::proto::output::{Output, Refusal};
use crate::proto::role::Role;
use crate::proto::settled::Cause;

/// Why a request inside a dialog is turned away.
enum Objection {
    /// There is no such dialog, or not for such a request: 481.
    Unknown,
    /// The request comes after a later one: 500.
    Late,
    /// An INVITE of ours is under way: 491.
    Pending,
    /// Another INVITE of the peer's waits for its answer: 500 with Retry-After.
    Busy,
    /// The dialog has all the usages that it may have: 500.
    Full,
}

impl Shard {
    /// Takes a new request with a To tag, which names a dialog of ours or none.
    pub(super) fn receive_inside(
        &mut self,
        now: Instant,
        key: ServerKey,
        dialog: DialogKey,
        incoming: Arc<Incoming>,
    ) {
        let is_bye = *incoming.request.method() == Method::BYE;
        if is_bye && self.dialogs.departed.contains_key(&dialog) && !self.dialogs.has_session(&dialog) {
            return self.turn_away(incoming, StatusCode::OK, Cause::HungUp);
        }
        if !self.dialogs.contains(&dialog) {
            self.expect_notify(now, &dialog, &incoming);
        }
        if self.settings.forwards && !self.dialogs.contains(&dialog) {
            return self.receive_of_unknown_dialog(now, key, incoming);
        }
        // A BYE is never too much, for it makes room; a second one while the first waits makes none, and
        // one of no dialog is refused below and not kept.
        let makes_room = is_bye && (!self.dialogs.contains(&dialog) || self.dialogs.bye_arrived(&dialog));
        if !makes_room && let Some(cause) = self.too_many() {
            return self.turn_away(incoming, StatusCode::SERVICE_UNAVAILABLE, cause);
        }
        if let Some(objection) = self.objection(key, &dialog, &incoming) {
            if makes_room && let Some(record) = self.dialogs.get_mut(&dialog) {
                record.their_bye = false;
            }
            return self.object(key, incoming, objection);
        }
        self.pass_on(now, key, incoming, Some(dialog));
    }

    /// Takes a new request with a To tag that names no dialog here. It may be in one of others, and pass
    /// through.
    fn receive_of_unknown_dialog(&mut self, now: Instant, key: ServerKey, incoming: Arc<Incoming>) {
        if let Some(cause) = self.too_many() {
            return self.turn_away(incoming, StatusCode::SERVICE_UNAVAILABLE, cause);
        }
        self.pass_on(now, key, incoming, None);
    }

    /// Gives a request to the application: as one of that dialog, or as one that passes through if its route
    /// says so, and is refused otherwise.
    fn pass_on(&mut self, now: Instant, key: ServerKey, incoming: Arc<Incoming>, dialog: Option<DialogKey>) {
        self.counters.requests += 1;
        let arrival = Arrival {
            incoming: incoming.clone(),
            role: Role::Us,
            dialog,
            reserved: false,
            merge: 0,
        };
        self.open(now, key, arrival);
        let (role, refusal) = match dialog {
            Some(_) => (Role::Us, None),
            None => (Role::Through, Some(Refusal::NoDialog)),
        };
        self.outputs.push_back(Output::Request {
            key,
            incoming,
            role,
            dialog,
            label: dialog.map_or(0, |dialog| self.dialogs.label(&dialog)),
            refusal,
        });
    }

    /// Finds what stands against a request inside a dialog. Takes note of its number, and of an INVITE.
    fn objection(&mut self, key: ServerKey, dialog: &DialogKey, incoming: &Incoming) -> Option<Objection> {
        let request = &incoming.request;
        let method = request.method();
        let Some(record) = self.dialogs.get_mut(dialog) else {
            return Some(Objection::Unknown);
        };
        let (session, usages) = (record.usages.session, &record.usages);
        let topic = || Topic::of(request);
        let fits = match *method {
            Method::BYE => session != Session::None,
            // One of no subscription is refused with 481 (RFC 6665 §4.1.3).
            Method::NOTIFY => {
                session == Session::Up || topic().is_some_and(|topic| usages.has(Side::Subscriber, &topic))
            }
            Method::SUBSCRIBE => {
                session == Session::Up || topic().is_some_and(|topic| usages.has(Side::Notifier, &topic))
            }
            ref method if is_of_session(method) => session == Session::Up,
            _ => session != Session::Ending,
        };
        if !fits {
            return Some(Objection::Unknown);
        }
        if !record.dialog.note_remote_cseq(incoming.essentials.cseq()) {
            return Some(Objection::Late);
        }
        if [Method::SUBSCRIBE, Method::REFER].contains(method)
            && record.usages.is_full()
            && topic().is_none_or(|topic| !record.usages.has(Side::Notifier, &topic))
        {
            return Some(Objection::Full);
        }
        if *method != Method::INVITE {
            return None;
        }
        // RFC 3261 §14.2:
        // > A UAS that receives an INVITE on a dialog while an INVITE it had sent on that dialog is in
        // > progress MUST return a 491 (Request Pending) response to the received INVITE.
        if record.our_invite.is_some() {
            return Some(Objection::Pending);
        }
        // > A UAS that receives a second INVITE before it sends the final response to a first INVITE with
        // > a lower CSeq sequence number on the same dialog MUST return a 500 (Server Internal Error)
        // > response to the second INVITE and MUST include a Retry-After header field with a randomly
        // > chosen value of between 0 and 10 seconds.
        (!self.dialogs.invite_arrived(dialog, key)).then_some(Objection::Busy)
    }

    fn object(&mut self, key: ServerKey, incoming: Arc<Incoming>, objection: Objection) {
        let failed = StatusCode::SERVER_INTERNAL_ERROR;
        match objection {
            Objection::Unknown => {
                self.counters.unknown += 1;
                self.turn_away(incoming, StatusCode::CALL_DOES_NOT_EXIST, Cause::UnknownDialog);
            }
            Objection::Late => {
                self.counters.out_of_order += 1;
                self.turn_away(incoming, failed, Cause::OutOfOrder);
            }
            Objection::Pending => {
                self.turn_away(incoming, StatusCode::REQUEST_PENDING, Cause::InvitePending);
            }
            Objection::Busy => {
                self.counters.out_of_order += 1;
                let wait = Some(u32::from(key.0[0]) % 11);
                self.turn_away_until(incoming, failed, Cause::InviteWaits, wait);
            }
            Objection::Full => self.turn_away(incoming, failed, Cause::TooManyUsages),
        }
    }

    /// Makes the dialog of a NOTIFY that answers a SUBSCRIBE or REFER of ours, if it is one.
    ///
    /// [RFC 6665 §4.4.1](https://www.rfc-editor.org/rfc/rfc6665#section-4.4.1):
    /// > Dialog is established upon completion of a NOTIFY transaction, not by the 2xx of the SUBSCRIBE
    fn expect_notify(&mut self, now: Instant, dialog: &DialogKey, incoming: &Incoming) {
        let request = &incoming.request;
        if *request.method() != Method::NOTIFY || self.dialogs.expected.is_empty() {
            return;
        }
        let (call_id, tag) = (incoming.essentials.call_id(), incoming.essentials.to_tag());
        let half = key::half_dialog_key(&self.seed, call_id, tag.unwrap_or_default());
        let is_full = self.dialogs.is_full();
        let Some(expected) = self.dialogs.expected.get_mut(&half) else {
            return;
        };
        let asked = Topic::of(&expected.request);
        let Some((asked, told)) = asked.zip(Topic::of(request)) else {
            return;
        };
        if !asked.covers(&told) {
            return;
        }
        if expected.forks.contains(dialog) {
            // It has ended.
            return;
        }
        if is_full || expected.forks.len() >= invitation::FORKS {
            self.counters.refused_dialogs += u64::from(is_full);
            self.counters.forks_dropped += u64::from(!is_full);
            return;
        }
        let Ok(made) = Dialog::subscriber(&expected.request, request) else {
            return;
        };
        expected.forks.push(*dialog);
        let stays_on_flow = expected.stays_on_flow || incoming.flow != expected.flow;
        let mut record = DialogRecord::of_caller(made, incoming.flow, stays_on_flow);
        record.login = expected.login.clone();
        let until = now + self.settings.timers.lifetime();
        record.usages.subscribe(Side::Subscriber, asked, until);
        self.add_dialog(now, *dialog, record);
        self.watch_usages(dialog);
    }

    /// Puts the credentials of a dialog, if it has some that can be written, into a request inside it.
    pub fn authorize(&mut self, dialog: &DialogKey, request: &mut Request) {
        let cnonce = self.branches.next();
        let login = self
            .dialogs
            .get_mut(dialog)
            .and_then(|record| record.login.as_mut());
        if let Some(login) = login {
            // Without credentials the request is challenged, and its sender hears of that.
            let _ = login.authorize(request, &cnonce);
        }
    }
}
