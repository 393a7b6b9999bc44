//! How dialogs end: by a BYE of either side, a failure inside them, the end of their last usage, or their
//! age.
//!
//! The invariant: a dialog that leaves the table takes with it all that waits for it, and its end is told
//! once.

use std::time::Instant;

use spigot_parser::{Method, Request};

use super::Shard;
use super::dialogs::DialogRecord;
use crate::proto::dialog::effect::{self, Effect};
use crate::proto::dialog::usage::{Notified, Session, Side, Topic};
use crate::proto::key::DialogKey;
use crate::proto::output::{Output, Purpose, Unsent};
use crate::proto::settled::Cause;
use crate::proto::timer::{Deadlines, Due, Timer};

impl Shard {
    /// Puts a dialog into the table.
    pub(super) fn add_dialog(&mut self, now: Instant, key: DialogKey, mut record: DialogRecord) {
        let end = now + self.settings.dialog_lifetime;
        self.queues
            .arm(&mut record.deadlines, end, Timer::EndDialog, key.0);
        self.dialogs.insert(key, record);
        // Few dialogs live so long, so most timers of this queue are stale.
        let (queues, dialogs) = (&mut self.queues, &self.dialogs);
        queues.sweep(Timer::EndDialog, dialogs.len(), |due| {
            let record = dialogs.get(&DialogKey(due.key));
            record.is_none_or(|record| record.deadlines.is_stale(due))
        });
    }

    /// Takes a dialog out of the table, with the 2xx of it that are said again.
    fn remove_dialog(&mut self, key: &DialogKey) {
        let Some(record) = self.dialogs.remove(key) else {
            return;
        };
        for success in &record.unacknowledged {
            self.successes.remove(success);
        }
        self.queues.disarm(&record.deadlines, Timer::ExpireUsages, key.0);
        self.outputs.push_back(Output::DialogEnded { dialog: *key });
    }

    /// Ends a dialog that is used for nothing any more.
    pub(super) fn settle(&mut self, _now: Instant, key: &DialogKey) {
        if self
            .dialogs
            .get(key)
            .is_some_and(|record| record.usages.is_empty())
        {
            self.remove_dialog(key);
        }
    }

    /// Ends an early dialog whose INVITE came to nothing.
    pub(super) fn end_early(&mut self, key: &DialogKey) {
        if self
            .dialogs
            .get(key)
            .is_some_and(|record| record.dialog.is_early())
        {
            self.remove_dialog(key);
        }
    }

    /// Ends the session of a dialog: with a BYE of ours or of the peer's, or without one.
    ///
    /// [RFC 3261 §15.1.2](https://www.rfc-editor.org/rfc/rfc3261#section-15.1.2):
    /// > The UAS MUST still respond to any pending requests received for that dialog.  It is RECOMMENDED that
    /// > a 487 (Request Terminated) response be generated to those pending requests.
    pub(super) fn end_session(&mut self, now: Instant, key: &DialogKey) {
        // The peer sends its 2xx again until the ACK comes, whoever has hung up.
        self.acknowledge_for_caller(key);
        let pending = self
            .dialogs
            .get_mut(key)
            .and_then(|record| record.their_invite.take());
        if let Some(invite) = pending {
            self.terminate_invite(now, invite, Cause::DialogEnded, None);
        }
        let Some(record) = self.dialogs.get_mut(key) else {
            return;
        };
        record.usages.session = Session::None;
        record.their_bye = false;
        record.hang_up = false;
        for success in std::mem::take(&mut record.unacknowledged) {
            self.successes.remove(&success);
        }
        self.settle(now, key);
    }

    /// Ends the session of a dialog by a BYE of ours: at once, or when the ACK of our 2xx has come or will
    /// not come any more. Returns `false` if there is no session to end, or one that only its INVITE's answer
    /// can end.
    ///
    /// [RFC 3261 §15](https://www.rfc-editor.org/rfc/rfc3261#section-15):
    /// > the callee's UA MUST NOT send a BYE on a confirmed dialog until it has received an ACK for its 2xx
    /// > response or until the server transaction times out.
    pub fn hang_up(&mut self, _now: Instant, key: &DialogKey) -> bool {
        let Some(record) = self.dialogs.get_mut(key) else {
            return false;
        };
        if record.usages.session != Session::Up || (record.dialog.is_early() && !record.is_caller) {
            return false;
        }
        if !record.unacknowledged.is_empty() {
            record.hang_up = true;
            return true;
        }
        self.acknowledge_for_caller(key);
        let Some(record) = self.dialogs.get_mut(key) else {
            return false;
        };
        record.usages.session = Session::Ending;
        let (mut request, flow) = (record.dialog.draft(Method::BYE), record.flow);
        let destination = record.destination();
        self.authorize(key, &mut request);
        self.outputs.push_back(Output::Send(Box::new(Unsent {
            request,
            flow,
            purpose: Purpose::Bye {
                dialog: Some(*key),
                destination,
            },
        })));
        true
    }

    /// Ends a session whose BYE of ours has its final answer, or will get none. The dialog is remembered for
    /// a moment, so that a BYE which crosses ours is answered 200 ([RFC 5407
    /// §3.2.1](https://www.rfc-editor.org/rfc/rfc5407#section-3.2.1)).
    pub(super) fn bye_done(&mut self, now: Instant, key: &DialogKey) {
        let reliable = match self.dialogs.get(key) {
            Some(record) => record.flow.transport().is_reliable(),
            None => return,
        };
        self.end_session(now, key);
        if !reliable {
            let mut deadlines = Deadlines::default();
            let at = now + self.settings.timers.t4;
            self.queues.arm(&mut deadlines, at, Timer::ForgetDialog, key.0);
            self.dialogs.departed.insert(*key, deadlines);
        }
    }

    /// Ends what the failure of a request of ours inside a dialog ends, which is its `effect`.
    pub(super) fn failed_inside(&mut self, now: Instant, key: &DialogKey, request: &Request, effect: Effect) {
        let method = request.method();
        // The peer has a session until the BYE of ours comes, which may not have left yet.
        let record = self.dialogs.get(key);
        let bye_ends_it =
            *method != Method::BYE && record.is_some_and(|record| record.usages.session == Session::Ending);
        let ends_session =
            effect == Effect::Dialog || (effect == Effect::Usage && effect::is_of_session(method));
        if ends_session && !bye_ends_it && *method != Method::BYE {
            self.keep_ended(key);
        }
        match effect {
            Effect::Transaction => {}
            Effect::Dialog => {
                if let Some(record) = self.dialogs.get_mut(key) {
                    record.usages.end_subscriptions();
                }
                if !bye_ends_it {
                    self.end_session(now, key);
                }
            }
            Effect::Usage if *method == Method::BYE => self.bye_done(now, key),
            Effect::Usage if effect::is_of_session(method) && bye_ends_it => {}
            // The request may have overtaken our 2xx, and the peer has a session as soon as that comes.
            Effect::Usage if effect::is_of_session(method) && self.is_unacknowledged(key) => {
                self.hang_up(now, key);
            }
            Effect::Usage if effect::is_of_session(method) => self.end_session(now, key),
            Effect::Usage => {
                let side = match *method {
                    Method::NOTIFY => Side::Notifier,
                    _ => Side::Subscriber,
                };
                if let Some((record, topic)) = self.dialogs.get_mut(key).zip(Topic::of(request)) {
                    record.usages.unsubscribe(side, &topic);
                }
                self.settle(now, key);
            }
        }
    }

    /// Reports whether the ACK of a 2xx of ours in a dialog has not come yet.
    fn is_unacknowledged(&self, key: &DialogKey) -> bool {
        let record = self.dialogs.get(key);
        record.is_some_and(|record| !record.unacknowledged.is_empty())
    }

    /// Takes note that a request of ours inside a dialog could not leave again. That ends nothing but the
    /// usage that the request was to end or to begin itself.
    ///
    /// [RFC 3261 §8.1.3.1](https://www.rfc-editor.org/rfc/rfc3261#section-8.1.3.1):
    /// > If a fatal transport error is reported by the transport layer [...], the condition MUST be treated
    /// > as a 503 (Service Unavailable) status code.
    pub(super) fn unsent_inside(
        &mut self,
        now: Instant,
        key: &DialogKey,
        request: &Request,
        begins_usage: bool,
    ) {
        let method = request.method();
        if *method == Method::BYE {
            return self.bye_done(now, key);
        }
        if *method == Method::NOTIFY && Notified::by(request.headers()) == Notified::Ended {
            return self.note_notify(now, key, Side::Notifier, request);
        }
        if begins_usage && let Some((record, topic)) = self.dialogs.get_mut(key).zip(Topic::of(request)) {
            record.usages.unsubscribe(Side::Subscriber, &topic);
        }
        self.settle(now, key);
    }

    /// Takes note that no answer to a request inside a dialog has come, by whatever way it was sent, and that
    /// none will.
    ///
    /// [RFC 3261 §12.2.1.2](https://www.rfc-editor.org/rfc/rfc3261#section-12.2.1.2):
    /// > If the response for a request within a dialog is a 481 (Call/Transaction Does Not Exist) or a 408
    /// > (Request Timeout), the UAC SHOULD terminate the dialog.  A UAC SHOULD also terminate a dialog if no
    /// > response at all is received for the request [...].  For INVITE initiated dialogs, terminating the
    /// > dialog consists of sending a BYE.
    ///
    /// A failure of the transport is no silence, and ends nothing but a BYE, whose end the shard sees by
    /// itself.
    pub fn unanswered_inside(&mut self, now: Instant, key: &DialogKey, request: &Request) {
        let effect = effect::of_silence(request.method());
        let is_bye = *request.method() == Method::BYE;
        if effect == Effect::Usage
            && effect::is_of_session(request.method())
            && !is_bye
            && self.hang_up(now, key)
        {
            return;
        }
        self.failed_inside(now, key, request, effect);
    }

    /// Takes note of a NOTIFY, which says how its subscription goes on.
    pub(super) fn note_notify(&mut self, now: Instant, key: &DialogKey, side: Side, notify: &Request) {
        let spare = self.settings.timers.lifetime();
        let most = self.settings.dialog_lifetime;
        let Some((record, topic)) = self.dialogs.get_mut(key).zip(Topic::of(notify)) else {
            return;
        };
        match Notified::by(notify.headers()) {
            Notified::Ended => record.usages.unsubscribe(side, &topic),
            Notified::GoesOn(time) => {
                let until = time.map(|time| now + (time + spare).min(most));
                record.usages.notified(side, &topic, until);
                self.watch_usages(key);
            }
        }
        self.settle(now, key);
    }

    /// Arms the timer for the subscription that ends next.
    pub(super) fn watch_usages(&mut self, key: &DialogKey) {
        let Some(record) = self.dialogs.get_mut(key) else {
            return;
        };
        self.queues.disarm(&record.deadlines, Timer::ExpireUsages, key.0);
        record.deadlines.stop();
        if let Some(at) = record.usages.next_end() {
            let deadlines = &mut record.deadlines;
            self.queues.arm(deadlines, at, Timer::ExpireUsages, key.0);
        }
    }

    pub(super) fn dialog_timeout(&mut self, now: Instant, due: Due) {
        let key = DialogKey(due.key);
        let record = self.dialogs.get_mut(&key);
        let Some(record) = record.filter(|record| !record.deadlines.is_stale(&due)) else {
            return;
        };
        if due.timer == Timer::ExpireUsages {
            record.usages.expire(now);
            self.watch_usages(&key);
            return self.settle(now, &key);
        }
        self.counters.dialogs_too_old += 1;
        record.usages.end_subscriptions();
        if !self.hang_up(now, &key) {
            self.end_session(now, &key);
        }
    }

    pub(super) fn departed_timeout(&mut self, due: Due) {
        let key = DialogKey(due.key);
        let departed = self.dialogs.departed.get(&key);
        if departed.is_some_and(|deadlines| !deadlines.is_stale(&due)) {
            self.dialogs.departed.remove(&key);
        }
    }

    pub(super) fn expected_timeout(&mut self, due: Due) {
        let key = DialogKey(due.key);
        let expected = self.dialogs.expected.get(&key);
        if expected.is_some_and(|expected| !expected.deadlines.is_stale(&due)) {
            self.dialogs.expected.remove(&key);
        }
    }
}
