//! How requests of ours leave.
//!
//! The invariant: a request inside a dialog gets its number when it leaves, so numbers have no gaps and their
//! order is that of the requests on the wire.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use smallvec::SmallVec;
use spigot_parser::header::{CSeq, Expires, From, To};
use spigot_parser::{HeaderName, Method, Request};

use super::super::Shard;
use super::beside::{push_via, vias};
use super::table::{Ack, ClientEntry, ClientMachine};
use super::transmit;
use crate::flow::Flow;
use crate::proto::dialog::Destination;
use crate::proto::dialog::effect::{is_of_session, is_of_subscription};
use crate::proto::dialog::usage::{Notified, Session, Side, Topic};
use crate::proto::digest::Login;
use crate::proto::invitation;
use crate::proto::key::{self, ClientKey, DialogKey};
use crate::proto::output::{Attempt, Output, Purpose, RequestRefused, Unsent};
use crate::proto::role::Role;
use crate::proto::shard::dialogs::Expected;
use crate::proto::timer::{Deadlines, Timer};
use crate::proto::transaction::{Action, client_invite, client_non_invite};

/// A request of ours that has its flow.
#[derive(Debug)]
pub struct Outgoing<'a> {
    /// The request, complete but for its Via; inside a dialog its number is written when it leaves.
    pub request: Request,
    /// The flow that it leaves by.
    pub flow: Flow,
    /// Whether the dialogs that the request makes stay on the connection of that flow: the caller has named it,
    /// or the peer has opened it.
    pub stays_on_flow: bool,
    /// The parts of its Via that are ours.
    pub via: &'a OwnVia<'a>,
    /// Whether this element is its user agent, or forwards it.
    pub role: Role,
    /// The dialog that the request is in.
    pub dialog: Option<DialogKey>,
    /// Whether the core acknowledges the 2xx to an INVITE. Otherwise [`Shard::acknowledge`] does.
    pub acknowledge: bool,
    /// The credentials for challenges. Inside a dialog they are for the whole dialog, unless that has some
    /// already.
    pub login: Option<Box<Login>>,
    /// Whether the request goes in the place of one that failed elsewhere, so that its dialog knows of it
    /// already.
    pub again: bool,
}

/// A request inside a dialog that has no number and no flow yet.
#[derive(Debug)]
pub struct DialogDraft {
    /// The request.
    pub request: Request,
    /// The flow that the peer was last heard on.
    pub flow: Flow,
    /// How the next hop is found.
    pub destination: Destination,
}

/// The parts of the Via of a request of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnVia<'a> {
    /// The sent-by: `host` or `host:port`, with or without parameters behind it.
    pub sent_by: &'a str,
    /// The end of the branch, by which a forwarded request is known again when it loops.
    pub mark: Option<&'a str>,
}

/// The parts of a new transaction besides its request.
struct Beginning {
    key: ClientKey,
    flow: Flow,
    destination: Destination,
    told: bool,
    role: Role,
    dialog: Option<DialogKey>,
    begins_usage: bool,
    acknowledge: bool,
    attempt: Attempt,
}

impl Shard {
    /// Sends a request with a new Via on top. Its responses come as
    /// [`Output::Response`](crate::proto::Output::Response), its end as
    /// [`Output::Ended`](crate::proto::Output::Ended).
    ///
    /// For an ACK use [`Shard::acknowledge`], for a CANCEL [`Shard::cancel`]. An INVITE that rings for longer
    /// than [`Settings::ringing`](crate::proto::Settings::ringing), or than its Expires says, is cancelled.
    ///
    /// # Errors
    ///
    /// [`RequestRefused`]; nothing has left then.
    pub fn request(
        &mut self,
        now: Instant,
        outgoing: Outgoing<'_>,
    ) -> Result<(ClientKey, Arc<Request>), RequestRefused> {
        let Outgoing {
            mut request,
            flow,
            stays_on_flow,
            via: OwnVia { sent_by, mark },
            role,
            dialog,
            acknowledge,
            mut login,
            again,
        } = outgoing;
        if self.client.len() >= self.settings.max_client_transactions {
            self.counters.client_transactions_full += 1;
            return Err(RequestRefused::Full);
        }
        let mut branch = self.branches.next();
        if let Some(mark) = mark {
            branch.push('-');
            branch.push_str(mark);
        }
        if !push_via(&mut request, &flow, sent_by, &branch) {
            return Err(RequestRefused::Unwritable);
        }
        let key = key::client_key(&self.seed, &branch, request.method());
        let mut begins_usage = false;
        let mut destination = Destination::default();
        if let Some(dialog) = &dialog {
            begins_usage = self.enter_dialog(now, key, dialog, &mut request, again)?;
            if let Some(record) = self.dialogs.get_mut(dialog) {
                destination = record.destination();
                if record.login.is_none() {
                    record.login = login.take();
                }
            }
        }
        let attempt = Attempt {
            login,
            stays_on_flow,
            ..Attempt::default()
        };
        let beginning = Beginning {
            key,
            flow,
            destination,
            told: true,
            role,
            dialog,
            begins_usage,
            acknowledge,
            attempt,
        };
        Ok((key, self.begin(now, request, beginning)))
    }

    /// Sends on, with a new Via on top, the ACK of a 2xx to an INVITE that passed through. Nothing is kept of
    /// it. Returns `false` if the Via cannot be written.
    pub fn forward_ack(&mut self, mut ack: Request, flow: Flow, sent_by: &str) -> bool {
        let branch = self.branches.next();
        let written = push_via(&mut ack, &flow, sent_by, &branch);
        if written {
            self.outputs.push_back(transmit(flow, ack.to_bytes()));
        }
        written
    }

    /// Makes a request inside a dialog, which is numbered when it is sent. It has no Via and no Contact yet.
    /// Returns `None` if the dialog has ended.
    pub fn draft(&self, dialog: &DialogKey, method: Method) -> Option<DialogDraft> {
        let record = self.dialogs.get(dialog)?;
        Some(DialogDraft {
            request: record.dialog.draft(method),
            flow: record.flow,
            destination: record.destination(),
        })
    }

    /// Numbers a request in its dialog, and takes note of the usage that it begins or ends. Returns whether
    /// it begins a subscription.
    fn enter_dialog(
        &mut self,
        now: Instant,
        key: ClientKey,
        dialog: &DialogKey,
        request: &mut Request,
        again: bool,
    ) -> Result<bool, RequestRefused> {
        let method = request.method().clone();
        let until = now + self.settings.timers.lifetime();
        let record = self.dialogs.get_mut(dialog).ok_or(RequestRefused::DialogEnded)?;
        let session = record.usages.session;
        let is_over = match session {
            Session::Up => false,
            Session::Ending => !is_of_subscription(&method),
            Session::None => is_of_session(&method),
        };
        if is_over && !again {
            return Err(RequestRefused::DialogEnded);
        }
        let begins_another = match method {
            Method::SUBSCRIBE => {
                Topic::of(request).is_none_or(|topic| !record.usages.has(Side::Subscriber, &topic))
            }
            ref other => *other == Method::REFER,
        };
        if begins_another && record.usages.is_full() {
            return Err(RequestRefused::Full);
        }
        record.dialog.number(request);
        match method {
            Method::INVITE => {
                record.our_invite = Some(key);
                record.last_invite = Some(key);
            }
            Method::BYE => record.usages.session = Session::Ending,
            Method::SUBSCRIBE | Method::REFER => {
                let topic = Topic::of(request);
                if let Some(topic) = topic.filter(|topic| !record.usages.has(Side::Subscriber, topic)) {
                    record.usages.subscribe(Side::Subscriber, topic, until);
                    self.watch_usages(dialog);
                    return Ok(true);
                }
            }
            Method::NOTIFY if Notified::by(request.headers()) != Notified::Ended => {
                self.note_notify(now, dialog, Side::Notifier, request);
            }
            _ => {}
        }
        Ok(false)
    }

    /// Sends a request out of [`Output::Send`](crate::proto::Output::Send) on the flow that was found for it.
    /// Returns the transaction and the request as it left. An ACK has no transaction.
    pub fn send(
        &mut self,
        now: Instant,
        unsent: Unsent,
        flow: Flow,
        sent_by: &str,
    ) -> Option<(ClientKey, Arc<Request>)> {
        let Unsent {
            mut request, purpose, ..
        } = unsent;
        let branch = self.branches.next();
        let dialog = match &purpose {
            Purpose::Ack { .. } => None,
            Purpose::Bye { dialog, .. } => *dialog,
            Purpose::Again(again) => again.dialog,
        };
        let record = dialog.map(|dialog| self.dialogs.get_mut(&dialog));
        let is_over = matches!(record, Some(None));
        if let Some(record) = record.flatten() {
            let before = Topic::of(&request);
            record.dialog.number(&mut request);
            // A transfer is known by the number of its REFER.
            if *request.method() == Method::REFER
                && let Some((before, after)) = before.zip(Topic::of(&request))
            {
                record.usages.rename(Side::Subscriber, &before, after);
            }
        }
        if is_over || !push_via(&mut request, &flow, sent_by, &branch) {
            self.give_up(now, request, purpose);
            return None;
        }
        let key = key::client_key(&self.seed, &branch, request.method());
        let mut beginning = Beginning {
            key,
            flow,
            destination: purpose.destination(),
            told: false,
            role: Role::Us,
            dialog: None,
            begins_usage: false,
            acknowledge: true,
            attempt: Attempt::default(),
        };
        match purpose {
            Purpose::Ack { invite, dialog, .. } => {
                let bytes = request.to_bytes();
                let entry = self.client.entries.get_mut(&invite);
                if let Some(fork) = entry.and_then(|entry| entry.fork_mut(&dialog)) {
                    fork.ack = Ack::Sent(flow, bytes.clone());
                }
                self.outputs.push_back(transmit(flow, bytes));
                return None;
            }
            Purpose::Bye { dialog, .. } => beginning.dialog = dialog,
            Purpose::Again(again) => {
                if *request.method() == Method::INVITE
                    && let Some(record) = again.dialog.and_then(|dialog| self.dialogs.get_mut(&dialog))
                {
                    record.our_invite = Some(key);
                    record.last_invite = Some(key);
                }
                beginning.told = again.told;
                beginning.dialog = again.dialog;
                beginning.begins_usage = again.begins_usage;
                beginning.acknowledge = again.acknowledge;
                beginning.attempt = again.attempt;
            }
        }
        Some((key, self.begin(now, request, beginning)))
    }

    /// Takes note that there is no flow for a request out of [`Output::Send`](crate::proto::Output::Send).
    pub fn unsendable(&mut self, now: Instant, unsent: Unsent) {
        self.give_up(now, unsent.request, unsent.purpose);
    }

    fn give_up(&mut self, now: Instant, request: Request, purpose: Purpose) {
        match purpose {
            Purpose::Ack {
                invite,
                dialog,
                destination,
            } => {
                let entry = self.client.entries.get_mut(&invite);
                if let Some(fork) = entry.and_then(|entry| entry.fork_mut(&dialog)) {
                    fork.ack = Ack::Stuck(Box::new(request), destination);
                }
            }
            Purpose::Bye { dialog: None, .. } => {}
            Purpose::Bye {
                dialog: Some(dialog), ..
            } => self.bye_done(now, &dialog),
            Purpose::Again(again) => {
                if let Some(dialog) = again.dialog {
                    self.dialogs.invite_settled(&dialog, &again.before);
                    self.unsent_inside(now, &dialog, &request, again.begins_usage);
                }
            }
        }
    }

    /// Begins the transaction of a CANCEL.
    pub(super) fn begin_cancel(
        &mut self,
        now: Instant,
        cancel: Request,
        branch: &str,
        flow: Flow,
        role: Role,
    ) {
        let key = key::client_key(&self.seed, branch, &Method::CANCEL);
        let beginning = Beginning {
            key,
            flow,
            destination: Destination::default(),
            told: false,
            role,
            dialog: None,
            begins_usage: false,
            acknowledge: false,
            attempt: Attempt::default(),
        };
        let request = self.begin(now, cancel, beginning);
        self.outputs.push_back(Output::CancelSent { request, flow });
    }

    /// Starts a transaction with a request that has its Via.
    fn begin(&mut self, now: Instant, request: Request, beginning: Beginning) -> Arc<Request> {
        let Beginning {
            key,
            flow,
            destination,
            told,
            role,
            dialog,
            begins_usage,
            acknowledge,
            attempt,
        } = beginning;
        let reliable = flow.transport().is_reliable();
        let is_invite = *request.method() == Method::INVITE;
        let setting = self.client_setting(role, reliable);
        let (machine, actions) = if is_invite {
            let (state, actions) = client_invite::start(setting);
            (ClientMachine::Invite(state), actions)
        } else {
            let (state, actions) = client_non_invite::start(setting);
            (ClientMachine::NonInvite(state), actions)
        };
        let vias = vias(request.headers());
        let bytes = request.to_bytes();
        let mut deadlines = Deadlines::default();
        for action in actions {
            match action {
                Action::Send => self.outputs.push_back(transmit(flow, bytes.clone())),
                Action::Arm(timer, after) => self.queues.arm(&mut deadlines, now + after, timer, key.0),
                _ => {}
            }
        }
        // That of one which is forwarded is its caller's.
        let expires = (is_invite && role == Role::Us)
            .then(|| self.expires_of(&request))
            .flatten();
        let expires = expires.map(|after| self.queues.arm_at(now + after, Timer::CancelExpired, key.0));
        let request = Arc::new(request);
        if role == Role::Us
            && dialog.is_none()
            && [Method::SUBSCRIBE, Method::REFER].contains(request.method())
        {
            self.expect_dialog(now, &request, flow, &attempt);
        }
        let entry = ClientEntry {
            flow,
            destination,
            vias,
            machine,
            deadlines,
            left_at: now,
            expires,
            sent: if reliable { Bytes::new() } else { bytes },
            request: Some(request.clone()),
            heard: false,
            told,
            role,
            dialog,
            begins_usage,
            attempt,
            acknowledge,
            invitation: invitation::State::Calling,
            forks: SmallVec::new(),
            answer: None,
        };
        self.client.insert(key, entry);
        request
    }

    /// Returns after how long an INVITE of ours is cancelled because of its Expires.
    ///
    /// [RFC 3261 §13.2.1](https://www.rfc-editor.org/rfc/rfc3261#section-13.2.1):
    /// > If the time indicated in the Expires header field is reached and no final answer for the INVITE has
    /// > been received, the UAC core SHOULD generate a CANCEL request for the INVITE
    fn expires_of(&self, invite: &Request) -> Option<Duration> {
        let expires = invite.headers().typed::<Expires>().ok()??;
        let expires = Duration::from_secs(expires.seconds().into());
        Some(expires.min(self.settings.dialog_lifetime))
    }

    /// Expects NOTIFYs from now on that make the dialog of a SUBSCRIBE or REFER.
    fn expect_dialog(&mut self, now: Instant, request: &Arc<Request>, flow: Flow, attempt: &Attempt) {
        let headers = request.headers();
        let (call_id, tag) = (headers.get(&HeaderName::CALL_ID), From::tag_of(headers));
        let Some((call_id, tag)) = call_id.zip(tag.ok().flatten()) else {
            return;
        };
        if To::tag_of(headers).ok().flatten().is_some() {
            return;
        }
        let half = key::half_dialog_key(&self.seed, call_id, tag);
        let mut deadlines = Deadlines::default();
        let at = now + self.settings.timers.lifetime();
        self.queues.arm(&mut deadlines, at, Timer::AwaitNotify, half.0);
        let expected = Expected {
            request: request.clone(),
            flow,
            stays_on_flow: attempt.stays_on_flow,
            login: attempt.login.clone(),
            forks: SmallVec::new(),
            deadlines,
        };
        self.dialogs.expected.insert(half, Box::new(expected));
    }

    /// Writes the next number into a request outside of a dialog.
    pub(super) fn renumber(request: &mut Request) {
        let cseq = request.headers().typed::<CSeq>().ok().flatten();
        let next = cseq.map_or(1, |cseq| cseq.number().saturating_add(1).min((1 << 31) - 1));
        if let Ok(cseq) = CSeq::new(next, request.method().clone()) {
            request.headers_mut().set_typed(&cseq);
        }
    }
}
