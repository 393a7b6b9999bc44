//! The client transactions: what sends requests and takes their responses.
//!
//! The invariant: an INVITE keeps itself until its final response, for the ACK and the CANCEL that are made
//! from it; any other request is kept as bytes only, and only where they may have to go out again.

use std::collections::BTreeSet;
use std::time::Instant;

use bytes::Bytes;
use smallvec::SmallVec;
use spigot_parser::header::{CSeq, From, MaxForwards, To, Via};
use spigot_parser::{HeaderName, Headers, Method, Request, Response, StatusCode};

use super::Shard;
use crate::flow::{ConnectionId, Flow};
use crate::proto::ids::BRANCH;
use crate::proto::key::{self, ClientKey, DialogKey, KeyMap};
use crate::proto::output::{Failure, Output};
use crate::proto::timer::{Deadlines, Due, Timer};
use crate::proto::transaction::{Action, Actions, Setting, client_invite, client_non_invite};

/// How many dialogs the responses to one INVITE may make: more than any fork has branches, and few beside
/// [`Settings::max_dialogs`](crate::proto::Settings::max_dialogs), which a peer could use up otherwise.
const FORKS: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Table {
    entries: KeyMap<ClientKey, Box<Entry>>,
    /// Who is on which connection.
    connections: BTreeSet<(ConnectionId, ClientKey)>,
}

/// One transaction.
#[derive(Debug)]
struct Entry {
    flow: Flow,
    /// How many Vias the request has: that of this element, and those of all whom it came through.
    vias: usize,
    machine: Machine,
    deadlines: Deadlines,
    /// What goes out again: the request, or the ACK for the failure.
    sent: Bytes,
    /// The INVITE, while it has no final response.
    invite: Option<Box<Request>>,
    /// Whether the application knows of it; it does not of a CANCEL.
    told: bool,
    /// The dialog that an INVITE is in already, so that its responses make none.
    inside: Option<DialogKey>,
    /// The dialogs that an INVITE made, or the one that a BYE ends.
    dialogs: SmallVec<[DialogKey; 1]>,
}

#[derive(Clone, Copy, Debug)]
enum Machine {
    Invite(client_invite::State),
    NonInvite(client_non_invite::State),
}

/// What happens to either machine.
#[derive(Clone, Copy)]
enum Event {
    Response(StatusCode),
    Cancel,
    TransportError,
    Timer(Timer),
}

impl Machine {
    fn step(self, event: Event, setting: Setting<'_>) -> (Machine, Actions) {
        match self {
            Machine::Invite(state) => {
                use client_invite::Input;
                let input = match event {
                    Event::Response(status) if status.is_provisional() => Input::Provisional,
                    Event::Response(status) if status.is_success() => Input::Success,
                    Event::Response(_) => Input::Failure,
                    Event::Cancel => Input::Cancel,
                    Event::TransportError => Input::TransportError,
                    Event::Timer(timer) => Input::Timer(timer),
                };
                let (state, actions) = client_invite::step(state, input, setting);
                (Machine::Invite(state), actions)
            }
            Machine::NonInvite(state) => {
                use client_non_invite::Input;
                let input = match event {
                    Event::Response(status) if status.is_provisional() => Input::Provisional,
                    Event::Response(_) => Input::Final,
                    // RFC 3261 §9.1: "CANCEL request SHOULD NOT be sent to cancel a request other than INVITE".
                    Event::Cancel => return (self, Actions::new()),
                    Event::TransportError => Input::TransportError,
                    Event::Timer(timer) => Input::Timer(timer),
                };
                let (state, actions) = client_non_invite::step(state, input, setting);
                (Machine::NonInvite(state), actions)
            }
        }
    }

    fn is_terminated(self) -> bool {
        matches!(
            self,
            Machine::Invite(client_invite::State::Terminated)
                | Machine::NonInvite(client_non_invite::State::Terminated)
        )
    }

    fn is_answered(self) -> bool {
        use client_invite::State::{Accepted, Completed};
        matches!(
            self,
            Machine::Invite(Accepted | Completed) | Machine::NonInvite(client_non_invite::State::Completed)
        ) || self.is_terminated()
    }
}

impl Table {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no index has anything that the table does not have.
    #[cfg(test)]
    pub(super) fn is_clean(&self) -> bool {
        self.connections.len() <= self.entries.len()
    }

    fn insert(&mut self, key: ClientKey, entry: Entry) {
        if let Some(connection) = entry.flow.connection() {
            self.connections.insert((connection, key));
        }
        self.entries.insert(key, Box::new(entry));
    }

    fn remove(&mut self, key: &ClientKey) -> Option<Box<Entry>> {
        let entry = self.entries.remove(key)?;
        if let Some(connection) = entry.flow.connection() {
            self.connections.remove(&(connection, *key));
        }
        if self.entries.is_empty() {
            self.entries.shrink_to(64);
        }
        Some(entry)
    }

    /// Every transaction on a flow, in the order of their keys.
    fn on(&self, flow: &Flow) -> Vec<ClientKey> {
        if let Some(connection) = flow.connection() {
            let all = (connection, ClientKey([0; 16]))..=(connection, ClientKey([255; 16]));
            return self.connections.range(all).map(|&(_, key)| key).collect();
        }
        let on_flow = self.entries.iter().filter(|(_, entry)| entry.flow == *flow);
        let mut keys: Vec<_> = on_flow.map(|(&key, _)| key).collect();
        keys.sort_unstable();
        keys
    }
}

impl Shard {
    /// Sends a request on `flow`, with a new Via on top that says `sent_by` (`host` or `host:port`, with or without
    /// parameters behind it). Its responses come as [`Output::Response`], its end as [`Output::Ended`].
    ///
    /// For an ACK use [`Shard::send_ack`], for a CANCEL [`Shard::cancel`]. A `sent_by` that cannot stand in
    /// a Via makes the request fail at once, with [`Failure::Transport`].
    ///
    /// An INVITE that rings for longer than [`Settings::ringing`](crate::proto::Settings::ringing) is cancelled.
    pub fn request(&mut self, now: Instant, mut request: Request, flow: Flow, sent_by: &str) -> ClientKey {
        let branch = self.branches.next();
        let key = key::client_key(&self.seed, &branch, request.method());
        if !push_via(&mut request, &flow, sent_by, &branch) {
            self.outputs.push_back(Output::Failed {
                key,
                failure: Failure::Transport,
            });
            self.outputs.push_back(Output::Ended { key });
            return key;
        }
        self.begin(now, key, request, flow, true);
        key
    }

    /// Sends the ACK for a 2xx: no transaction, a branch of its own (RFC 3261 §13.2.2.4). It goes again
    /// whenever the 2xx comes again, which is for the caller to do.
    pub fn send_ack(&mut self, mut request: Request, flow: Flow, sent_by: &str) {
        let branch = self.branches.next();
        if push_via(&mut request, &flow, sent_by, &branch) {
            self.outputs.push_back(Output::Transmit {
                flow,
                bytes: request.to_bytes(),
                fallback: None,
            });
        }
    }

    /// Cancels an INVITE of ours: at once, or when its first provisional response comes (RFC 3261 §9.1).
    /// Does nothing to any other request, or once there is a final response.
    pub fn cancel(&mut self, now: Instant, key: ClientKey) {
        self.step_client(now, key, Event::Cancel, None);
    }

    /// A response arrived, validated.
    ///
    /// One that matches nothing is dropped (RFC 6026 §7.3 forbids a proxy to forward it, and to a UAC it
    /// means nothing), and so is one that has more Vias than its request, for it was on its way to somebody else
    /// ([RFC 3261 §8.1.3.3](https://www.rfc-editor.org/rfc/rfc3261#section-8.1.3.3)):
    /// > If more than one Via header field value is present in a response, the UAC SHOULD discard the message.
    pub fn receive_response(&mut self, now: Instant, response: Response, flow: Flow) {
        let headers = response.headers();
        let (Ok(Some(via)), Ok(Some(cseq))) = (headers.typed::<Via>(), headers.typed::<CSeq>()) else {
            self.counters.stray_responses += 1;
            return;
        };
        let key = key::client_key(&self.seed, via.branch().unwrap_or_default(), cseq.method());
        let entry = self.client.entries.get(&key);
        if entry.is_none_or(|entry| vias(headers) > entry.vias) {
            self.counters.stray_responses += 1;
            return;
        }
        if *cseq.method() == Method::INVITE {
            self.note_dialog(key, &response);
        }
        self.step_client(
            now,
            key,
            Event::Response(response.status()),
            Some((response, flow)),
        );
    }

    /// The flow is gone, or a request could not be sent on it: the client transactions on it fail.
    ///
    /// Server transactions stay, and say what they have to say at the fallback address.
    /// [RFC 6026 §8.8](https://www.rfc-editor.org/rfc/rfc6026#section-8.8):
    /// > the server transaction SHOULD inform the TU that a failure has occurred, and MUST remain in the
    /// > current state.
    pub fn flow_failed(&mut self, now: Instant, flow: &Flow) {
        for key in self.client.on(flow) {
            self.step_client(now, key, Event::TransportError, None);
        }
    }

    /// Whether a request of ours is under way on that connection. Always `false` for datagrams.
    pub fn awaits(&self, flow: &Flow) -> bool {
        flow.connection().is_some() && !self.client.on(flow).is_empty()
    }

    pub(super) fn client_timeout(&mut self, now: Instant, due: Due) {
        let key = ClientKey(due.key);
        if self
            .client
            .entries
            .get(&key)
            .is_some_and(|entry| !entry.deadlines.is_stale(&due))
        {
            self.step_client(now, key, Event::Timer(due.timer), None);
        }
    }

    /// Starts a transaction with a request that has its Via.
    fn begin(&mut self, now: Instant, key: ClientKey, request: Request, flow: Flow, told: bool) {
        let reliable = flow.transport().is_reliable();
        let setting = Setting {
            ringing: self.settings.ringing,
            timers: &self.settings.timers,
            reliable,
        };
        let is_invite = *request.method() == Method::INVITE;
        let (machine, actions) = if is_invite {
            let (state, actions) = client_invite::start(setting);
            (Machine::Invite(state), actions)
        } else {
            let (state, actions) = client_non_invite::start(setting);
            (Machine::NonInvite(state), actions)
        };
        let vias = vias(request.headers());
        let bytes = request.to_bytes();
        let mut deadlines = Deadlines::default();
        for action in actions {
            match action {
                Action::Send => {
                    self.outputs.push_back(Output::Transmit {
                        flow,
                        bytes: bytes.clone(),
                        fallback: None,
                    });
                }
                Action::Arm(timer, after) => {
                    deadlines.set(timer, self.queues.arm(now + after, timer, key.0));
                }
                _ => {}
            }
        }
        let dialogs = if *request.method() == Method::BYE {
            self.dialog_sent(&request).into_iter().collect()
        } else {
            SmallVec::new()
        };
        let to_tag = To::tag_of(request.headers()).ok().flatten();
        let inside = if is_invite && to_tag.is_some() {
            self.dialog_sent(&request)
        } else {
            None
        };
        if let Some(dialog) = &inside {
            self.dialogs.invite_sent(dialog, key);
        }
        let sent = if reliable { Bytes::new() } else { bytes };
        let invite = is_invite.then(|| Box::new(request));
        self.client.insert(
            key,
            Entry {
                flow,
                vias,
                machine,
                deadlines,
                sent,
                invite,
                told,
                inside,
                dialogs,
            },
        );
    }

    fn step_client(&mut self, now: Instant, key: ClientKey, event: Event, message: Option<(Response, Flow)>) {
        let Some(entry) = self.client.entries.get_mut(&key) else {
            return;
        };
        let reliable = entry.flow.transport().is_reliable();
        let setting = Setting {
            ringing: self.settings.ringing,
            timers: &self.settings.timers,
            reliable,
        };
        let (machine, actions) = entry.machine.step(event, setting);
        entry.machine = machine;
        let mut message = message;
        let mut cancel = None;
        for action in actions {
            let flow = entry.flow;
            match action {
                Action::Resend if entry.sent.is_empty() => {}
                Action::Resend => {
                    let bytes = entry.sent.clone();
                    self.outputs.push_back(Output::Transmit {
                        flow,
                        bytes,
                        fallback: None,
                    });
                }
                Action::Acknowledge => {
                    let parts = entry.invite.as_deref().zip(message.as_ref());
                    if let Some(ack) = parts.and_then(|(invite, (refusal, _))| ack(invite, refusal)) {
                        entry.sent = ack.to_bytes();
                        let bytes = entry.sent.clone();
                        self.outputs.push_back(Output::Transmit {
                            flow,
                            bytes,
                            fallback: None,
                        });
                    }
                }
                Action::Cancel => cancel = entry.invite.as_deref().and_then(hop_by_hop_cancel),
                Action::Deliver => {
                    if let Some((response, flow)) = message.take().filter(|_| entry.told) {
                        self.outputs.push_back(Output::Response { key, response, flow });
                    }
                }
                Action::Arm(timer, after) => {
                    entry
                        .deadlines
                        .set(timer, self.queues.arm(now + after, timer, key.0));
                }
                Action::Fail(failure) => {
                    if entry.told {
                        self.counters.timeouts += u64::from(matches!(failure, Failure::Timeout(_)));
                        self.outputs.push_back(Output::Failed { key, failure });
                    }
                }
                // The first `Send` is `begin`'s; the rest is a server transaction's.
                Action::Send | Action::Trying => {}
            }
        }
        let flow = entry.flow;
        if machine.is_answered() {
            entry.invite = None;
            if !matches!(machine, Machine::Invite(client_invite::State::Completed)) {
                entry.sent = Bytes::new();
            }
            self.settle_dialogs(key);
        }
        if let Some((cancel, branch)) = cancel {
            let key = key::client_key(&self.seed, &branch, &Method::CANCEL);
            self.begin(now, key, cancel, flow, false);
        }
        if machine.is_terminated() && self.client.remove(&key).is_some_and(|entry| entry.told) {
            self.outputs.push_back(Output::Ended { key });
        }
    }

    /// A response to an INVITE makes a dialog known, early or not, so that the peer's requests in it get
    /// through (RFC 3261 §12.1.2). One too many is not known. Each is made known once: a response that comes
    /// again, or late, does not bring back a dialog that has ended.
    fn note_dialog(&mut self, key: ClientKey, response: &Response) {
        if !(101..300).contains(&response.status().as_u16()) {
            return;
        }
        let Some(dialog) = self.dialog_answered(response) else {
            return;
        };
        let Some(entry) = self.client.entries.get_mut(&key) else {
            return;
        };
        let is_over = matches!(entry.machine, Machine::Invite(client_invite::State::Completed));
        if entry.inside.is_some() || is_over {
            return;
        }
        if !entry.dialogs.contains(&dialog) && !self.dialogs.contains(&dialog) {
            if entry.dialogs.len() >= FORKS || !self.dialogs.open(dialog, None) {
                self.counters.refused_dialogs += 1;
                return;
            }
            entry.dialogs.push(dialog);
            if !entry.machine.is_answered() {
                self.dialogs.invite_sent(&dialog, key);
            }
        }
        if response.status().is_success() {
            self.dialogs.confirm(&dialog);
        }
    }

    /// A request has its final response, or will not get one. The early dialogs of an INVITE end, unless
    /// there was a 2xx: then with the transaction, for the other branches of a fork may still answer
    /// (RFC 3261 §13.2.2.4). The dialog of a BYE ends (RFC 3261 §15.1.1).
    fn settle_dialogs(&mut self, key: ClientKey) {
        let Some(entry) = self.client.entries.get_mut(&key) else {
            return;
        };
        for dialog in entry.inside.iter().chain(&entry.dialogs) {
            self.dialogs.invite_settled(dialog, &key);
        }
        match entry.machine {
            Machine::Invite(client_invite::State::Accepted) => {}
            Machine::Invite(_) => {
                for dialog in std::mem::take(&mut entry.dialogs) {
                    self.dialogs.close_early(&dialog);
                }
            }
            Machine::NonInvite(_) => {
                for dialog in std::mem::take(&mut entry.dialogs) {
                    self.close_dialog(&dialog);
                }
            }
        }
    }

    /// The dialog that a request of ours is in.
    fn dialog_sent(&self, request: &Request) -> Option<DialogKey> {
        let headers = request.headers();
        let call_id = headers.get(&HeaderName::CALL_ID)?;
        // The peer's is empty if it knows no tags (RFC 3261 §12.1.1).
        let remote_tag = To::tag_of(headers).ok()?.unwrap_or_default();
        Some(key::dialog_key(
            &self.seed,
            call_id,
            From::tag_of(headers).ok()??,
            remote_tag,
        ))
    }

    /// The dialog that a response to a request of ours is in.
    fn dialog_answered(&self, response: &Response) -> Option<DialogKey> {
        let headers = response.headers();
        let call_id = headers.get(&HeaderName::CALL_ID)?;
        let (from, to) = (From::tag_of(headers).ok()??, To::tag_of(headers).ok()??);
        Some(key::dialog_key(&self.seed, call_id, from, to))
    }
}

/// Puts our Via on top. `false` if `sent_by` cannot stand in one.
///
/// RFC 3581 §3:
/// > A client, compliant to this specification (clients include UACs and proxies), MAY include an "rport"
/// > parameter in the top Via header field value of requests it generates.  This parameter MUST have no value
fn push_via(request: &mut Request, flow: &Flow, sent_by: &str, branch: &str) -> bool {
    let via = via(flow, sent_by, branch);
    via.parse::<Via>().is_ok() && request.headers_mut().push_first(HeaderName::VIA, &via).is_ok()
}

fn via(flow: &Flow, sent_by: &str, branch: &str) -> String {
    format!(
        "SIP/2.0/{} {sent_by};branch={branch};rport",
        flow.transport().as_str()
    )
}

fn vias(headers: &Headers) -> usize {
    headers.all::<Via>().count()
}

/// How many octets the line is that [`Shard::request`] puts on top.
pub(crate) fn via_length(flow: &Flow, sent_by: &str) -> usize {
    "Via: \r\n".len() + via(flow, sent_by, "").len() + BRANCH
}

/// What an INVITE's ACK and its CANCEL share: one Via, the INVITE's top one, and its Route.
fn beside(invite: &Request, method: Method) -> Option<(Request, Via)> {
    let headers = invite.headers();
    let via = headers.typed::<Via>().ok()??;
    let cseq = headers.typed::<CSeq>().ok()??;
    let mut request = Request::new(method.clone(), invite.uri().clone());
    let beside = request.headers_mut();
    beside.push_typed(&via);
    beside.copy_from(headers, &HeaderName::ROUTE);
    beside.push_typed(&MaxForwards::new(70));
    beside.copy_from(headers, &HeaderName::FROM);
    beside.copy_from(headers, &HeaderName::TO);
    beside.copy_from(headers, &HeaderName::CALL_ID);
    beside.push_typed(&CSeq::new(cseq.number(), method).ok()?);
    Some((request, via))
}

/// The ACK for a response other than 2xx ([RFC 3261 §17.1.1.3]).
///
/// > The ACK request constructed by the client transaction MUST contain values for the Call-ID, From, and
/// > Request-URI that are equal to the values of those header fields in the request passed to the transport
/// > by the client transaction (call this the "original request").  The To header field in the ACK MUST equal
/// > the To header field in the response being acknowledged [...].  The ACK MUST contain a single Via header
/// > field, and this MUST be equal to the top Via header field of the original request.
///
/// [RFC 3261 §17.1.1.3]: https://www.rfc-editor.org/rfc/rfc3261#section-17.1.1.3
fn ack(invite: &Request, refusal: &Response) -> Option<Request> {
    let (mut ack, _) = beside(invite, Method::ACK)?;
    ack.headers_mut()
        .set(HeaderName::TO, refusal.headers().get(&HeaderName::TO)?)
        .ok()?;
    Some(ack)
}

/// The CANCEL of an INVITE, and the branch that it shares with it ([RFC 3261 §9.1]).
///
/// > The Request-URI, Call-ID, To, the numeric part of CSeq, and From header fields in the CANCEL request
/// > MUST be identical to those in the request being cancelled, including tags.  A CANCEL constructed by a
/// > client MUST have only a single Via header field value matching the top Via value in the request being
/// > cancelled. [...] If the request being cancelled contains a Route header field, the CANCEL request MUST
/// > include that Route header field's values.
///
/// [RFC 3261 §9.1]: https://www.rfc-editor.org/rfc/rfc3261#section-9.1
fn hop_by_hop_cancel(invite: &Request) -> Option<(Request, String)> {
    let (cancel, via) = beside(invite, Method::CANCEL)?;
    Some((cancel, via.branch()?.to_owned()))
}
