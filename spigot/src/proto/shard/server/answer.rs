//! The answers to requests, and their effect on the dialog that the request makes or is in.
//!
//! The invariant: a transaction gets one final answer, and the room that was kept for its dialog is used or
//! given back with it.

use std::time::Instant;

use spigot_parser::{HeaderName, Method, Request, Response, StatusCode};

use super::super::Shard;
use super::table::{Open, ServerEvent};
use crate::proto::dialog::Dialog;
use crate::proto::dialog::usage::{Notified, Session, Side, Topic, granted};
use crate::proto::key::{self, DialogKey, ServerKey};
use crate::proto::output::{Refusal, RespondError};
use crate::proto::role::Role;
use crate::proto::shard::dialogs::DialogRecord;
use crate::proto::shard::unacknowledged::Answer;
use crate::proto::{keep, reply};

/// How many octets a datagram holds at most: 65,535 less the headers of IPv4 and UDP.
const DATAGRAM: usize = 65_507;

impl Shard {
    /// Answers a request, provisionally or for good.
    ///
    /// Via, From, To (with [our tag](Shard::tag)), Call-ID, CSeq and, where a dialog is made, Record-Route
    /// are filled in from the request (RFC 3261 §8.2.6.2). A 2xx to an INVITE confirms its dialog and is
    /// retransmitted until its ACK.
    ///
    /// # Errors
    ///
    /// The transaction is gone or answered, or the response cannot be written.
    pub fn respond(&mut self, now: Instant, key: ServerKey, response: Response) -> Result<(), RespondError> {
        self.answer(now, key, &response, true)
    }

    /// Answers a request and keeps nothing of it: a retransmission of the request is a new one ([RFC 3261
    /// §8.2.7](https://www.rfc-editor.org/rfc/rfc3261#section-8.2.7)). The response has the same tag then.
    ///
    /// This is for refusals, such as challenges. A provisional response or a 2xx is kept as
    /// [`respond`](Shard::respond) keeps it.
    ///
    /// # Errors
    ///
    /// As [`respond`](Shard::respond).
    pub fn respond_statelessly(
        &mut self,
        now: Instant,
        key: ServerKey,
        response: Response,
    ) -> Result<(), RespondError> {
        let refuses = response.status().is_final() && !response.status().is_success();
        self.answer(now, key, &response, !refuses)
    }

    /// Refuses a request for which this element is the user agent, for the reason that
    /// [`Output::Request`](crate::proto::Output::Request) gave.
    pub fn decline(&mut self, now: Instant, key: ServerKey, refusal: Refusal) {
        let mut response = Response::new(refusal.status());
        // A transaction that is gone needs no answer any more.
        let _ = match refusal {
            Refusal::Merged => {
                self.counters.merged += 1;
                self.respond(now, key, response)
            }
            Refusal::DialogsFull => {
                self.counters.refused_dialogs += 1;
                let seconds = self.settings.retry_after.to_string();
                // A number can always be written.
                let _ = response.headers_mut().push(HeaderName::RETRY_AFTER, &seconds);
                self.respond_statelessly(now, key, response)
            }
            Refusal::NoDialog => {
                self.counters.unknown += 1;
                self.respond_statelessly(now, key, response)
            }
        };
    }

    /// Passes a response of another on to the sender of a request, as it is. It has the Vias of the request
    /// on top, and ours no more.
    ///
    /// A 2xx to an INVITE is passed on as often as it comes ([RFC 6026
    /// §7.1](https://www.rfc-editor.org/rfc/rfc6026#section-7.1)) and retransmitted by nobody here.
    ///
    /// # Errors
    ///
    /// The transaction is gone or answered.
    pub fn relay(&mut self, now: Instant, key: ServerKey, response: &Response) -> Result<(), RespondError> {
        let entry = self.server.entries.get(&key).ok_or(RespondError::Gone)?;
        let status = response.status();
        if entry.open.is_none() && !(entry.machine.is_accepted() && status.is_success()) {
            return Err(RespondError::Answered);
        }
        self.pass_through(key);
        self.step_server(now, key, ServerEvent::Answer(status), response.to_bytes());
        if status.is_final() {
            self.server.close(&key);
        }
        Ok(())
    }

    fn answer(
        &mut self,
        now: Instant,
        key: ServerKey,
        response: &Response,
        keep: bool,
    ) -> Result<(), RespondError> {
        let tag = self.tag(key);
        self.answer_with_tag(now, key, response, &tag, keep)
    }

    /// Answers with a To tag that is not that of the transaction itself.
    pub(in crate::proto::shard) fn answer_with_tag(
        &mut self,
        now: Instant,
        key: ServerKey,
        response: &Response,
        tag: &str,
        keep: bool,
    ) -> Result<(), RespondError> {
        let entry = self.server.entries.get(&key).ok_or(RespondError::Gone)?;
        let status = response.status();
        let open = entry.open.as_ref().ok_or(RespondError::Answered)?;
        let (flow, fallback) = (entry.flow, entry.fallback());
        let keep_every = keep::often(entry.flow.transport(), self.settings.idle);
        let bytes =
            reply::write(&open.incoming, response, tag, keep_every).map_err(RespondError::Unwritable)?;
        if !entry.flow.transport().is_reliable() && bytes.len() > DATAGRAM {
            return Err(RespondError::TooLarge(bytes.len()));
        }
        if !status.is_final() {
            if status != StatusCode::TRYING {
                self.make_early_dialog(now, key, tag);
            }
            self.step_server(now, key, ServerEvent::Answer(status), bytes);
            return Ok(());
        }
        if !status.is_success() {
            self.server.forget_merge(&key);
        }
        self.disarm_expires(&key);
        let open = self.server.close(&key);
        if keep {
            self.step_server(now, key, ServerEvent::Answer(status), bytes.clone());
        } else if let Some(entry) = self.server.remove(&key) {
            self.outputs.push_back(entry.transmit(bytes.clone()));
        }
        let Some(open) = open else { return Ok(()) };
        if open.reserved {
            self.dialogs.release();
        }
        if open.role == Role::Us {
            let answer = Answer {
                key,
                flow,
                fallback,
                bytes,
            };
            self.answered(now, &open, tag, response, answer);
        }
        Ok(())
    }

    /// Gives up a request that no response was sent to: nothing is sent, and nothing is kept of it. A
    /// retransmission is a new request for the application.
    ///
    /// # Errors
    ///
    /// When the transaction is gone, or has its final response already.
    pub fn abandon(&mut self, now: Instant, key: ServerKey) -> Result<(), RespondError> {
        let entry = self.server.entries.get(&key).ok_or(RespondError::Gone)?;
        if entry.open.is_none() {
            return Err(RespondError::Answered);
        }
        self.server.forget_merge(&key);
        self.disarm_expires(&key);
        let open = self.server.close(&key);
        self.server.remove(&key);
        if let Some(open) = open {
            if open.reserved {
                self.dialogs.release();
            }
            self.not_granted(now, &key, &open, None);
        }
        Ok(())
    }

    /// Makes the early dialog of the first provisional response to an initial INVITE.
    fn make_early_dialog(&mut self, now: Instant, key: ServerKey, tag: &str) {
        let Some(open) = self.server.open_mut(&key) else {
            return;
        };
        let is_invite = *open.incoming.request.method() == Method::INVITE;
        if !is_invite || open.role == Role::Through || open.dialog.is_some() {
            return;
        }
        let (incoming, label) = (open.incoming.clone(), open.label);
        let Ok(dialog) = Dialog::uas(&incoming.request, tag) else {
            return;
        };
        let dialog_key = key::dialog_received(&self.seed, &incoming.essentials, tag);
        open.dialog = Some(dialog_key);
        if std::mem::take(&mut open.reserved) {
            self.dialogs.release();
        }
        let mut record = DialogRecord::of_session(dialog, incoming.flow);
        record.label = label;
        record.their_invite = Some(key);
        self.add_dialog(now, dialog_key, record);
    }

    /// Takes the final answer of a request into its dialog.
    fn answered(&mut self, now: Instant, open: &Open, tag: &str, response: &Response, answer: Answer) {
        let request = &open.incoming.request;
        let method = request.method();
        let status = response.status();
        if !status.is_success() {
            let ends = *method == Method::BYE && status == StatusCode::CALL_DOES_NOT_EXIST;
            match open.dialog {
                Some(dialog) if ends => self.end_session(now, &dialog),
                _ => self.not_granted(now, &answer.key, open, Some(status)),
            }
            return;
        }
        let dialog = match open.dialog {
            Some(dialog) => dialog,
            // A SUBSCRIBE that does not say to what is none.
            None if open.is_initial() && (*method == Method::INVITE || opens_subscription(request)) => {
                let dialog = key::dialog_received(&self.seed, &open.incoming.essentials, tag);
                if !self.dialogs.contains(&dialog) {
                    let Ok(made) = Dialog::uas(request, tag) else {
                        return;
                    };
                    let mut record = DialogRecord::new(made, open.incoming.flow);
                    record.label = open.label;
                    self.add_dialog(now, dialog, record);
                }
                dialog
            }
            None => return,
        };
        if method.refreshes_target()
            && let Some(record) = self.dialogs.get_mut(&dialog)
        {
            // Requests of ours go by a connection that the peer has opened, and not by one of ours unless
            // they lead there.
            record.stays_on_flow |= record.flow != open.incoming.flow;
            record.flow = open.incoming.flow;
            if !open.is_initial() {
                record.dialog.refresh_target(request.headers());
            }
        }
        match *method {
            Method::INVITE => {
                self.dialogs.invite_answered(&dialog, &answer.key);
                if let Some(record) = self.dialogs.get_mut(&dialog) {
                    record.dialog.confirm();
                    if open.is_initial() {
                        record.usages.session = Session::Up;
                    }
                    let cseq = open.incoming.essentials.cseq();
                    self.await_ack(now, dialog, cseq, answer);
                }
            }
            Method::BYE => self.end_session(now, &dialog),
            Method::SUBSCRIBE | Method::REFER => {
                self.grant_subscription(now, &dialog, request, response);
            }
            Method::NOTIFY => self.note_notify(now, &dialog, Side::Subscriber, request),
            _ => {}
        }
    }

    /// Takes note that a SUBSCRIBE or REFER of the peer's was answered 2xx.
    fn grant_subscription(&mut self, now: Instant, key: &DialogKey, request: &Request, response: &Response) {
        let spare = self.settings.timers.lifetime();
        let most = self.settings.dialog_lifetime;
        let until = now + granted(request, response.headers(), spare).min(most);
        let record = self.dialogs.get_mut(key);
        if let Some((record, topic)) = record.zip(Topic::of(request)) {
            record.dialog.confirm();
            record.usages.subscribe(Side::Notifier, topic, until);
            self.watch_usages(key);
        }
        // One without an Event makes no subscription, and so no dialog.
        self.settle(now, key);
    }

    /// Ends the subscription of a NOTIFY or SUBSCRIBE of the peer's that was refused.
    fn give_up_subscription(&mut self, now: Instant, key: &DialogKey, request: &Request) {
        let side = match *request.method() {
            Method::NOTIFY => Side::Subscriber,
            _ => Side::Notifier,
        };
        if let Some((record, topic)) = self.dialogs.get_mut(key).zip(Topic::of(request)) {
            record.usages.unsubscribe(side, &topic);
        }
        self.settle(now, key);
    }

    /// Takes the refusal of a request into its dialog. Without a `status` nobody will answer the request.
    fn not_granted(&mut self, now: Instant, key: &ServerKey, open: &Open, status: Option<StatusCode>) {
        let Some(dialog) = &open.dialog else { return };
        let request = &open.incoming.request;
        match *request.method() {
            Method::INVITE => {
                self.dialogs.invite_answered(dialog, key);
                if open.is_initial() {
                    self.end_early(dialog);
                }
            }
            Method::BYE => {
                if let Some(record) = self.dialogs.get_mut(dialog) {
                    record.their_bye = false;
                }
            }
            Method::NOTIFY | Method::SUBSCRIBE if ends_subscription(request, status) => {
                self.give_up_subscription(now, dialog, request);
            }
            _ => {}
        }
    }
}

/// Reports whether a 2xx to a request makes a subscription.
fn opens_subscription(request: &Request) -> bool {
    request.method().opens_dialog() && Topic::of(request).is_some()
}

/// Reports whether the refusal of a NOTIFY or SUBSCRIBE of the peer's ends its subscription.
///
/// A 481 does, which says that there is none, and so does any to the last NOTIFY. After a challenge the
/// request comes again.
fn ends_subscription(request: &Request, status: Option<StatusCode>) -> bool {
    match status {
        None | Some(StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED) => false,
        Some(StatusCode::CALL_DOES_NOT_EXIST) => true,
        Some(_) => Notified::by(request.headers()) == Notified::Ended,
    }
}
