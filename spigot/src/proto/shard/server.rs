//! The server transactions: what answers requests and their retransmissions.
//!
//! The invariant: a transaction that has its final response keeps its key, its flow, its small state and
//! the bytes of that response, and no request. While it is `open` it has the request.

use std::collections::{BTreeMap, HashSet, btree_map};
use std::hash::BuildHasherDefault;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use spigot_parser::{HeaderName, Method, Request, Response, StatusCode};

use super::Shard;
use crate::flow::{ConnectionId, Flow};
use crate::proto::keep;
use crate::proto::key::{self, DialogKey, Identity, KeyMap, ServerKey};
use crate::proto::output::{Output, RespondError};
use crate::proto::reply;
use crate::proto::timer::{Deadlines, Due, Timer};
use crate::proto::transaction::{Action, Actions, Setting, server_invite, server_non_invite};

/// What a transaction counts for besides its messages: its entry and its places in the indexes and queues.
const OVERHEAD: usize = 400;

/// What a datagram holds at most: 65,535 octets less the headers of IPv4 and UDP.
const DATAGRAM: usize = 65_507;

#[derive(Debug, Default)]
pub(super) struct Table {
    entries: KeyMap<ServerKey, Box<Entry>>,
    /// What a merged request would have in common with one that is here.
    merge: HashSet<u64, BuildHasherDefault<Identity>>,
    bytes: usize,
    open: usize,
    /// How many of the open ones came by each connection.
    owed: BTreeMap<ConnectionId, usize>,
}

/// One transaction.
#[derive(Debug)]
struct Entry {
    flow: Flow,
    fallback: Option<SocketAddr>,
    machine: Machine,
    deadlines: Deadlines,
    /// What a retransmission of the request is answered with; empty if nothing.
    last: Bytes,
    /// Its place in `Table::merge`, or 0.
    merge: u64,
    /// Whether the application knows of it.
    told: bool,
    open: Option<Box<Open>>,
}

/// What a transaction has until it is answered.
#[derive(Debug)]
struct Open {
    request: Arc<Request>,
    size: usize,
    /// The dialog that the request is in or, an initial INVITE, may make.
    dialog: Option<DialogKey>,
}

#[derive(Clone, Copy, Debug)]
enum Machine {
    Invite(server_invite::State),
    NonInvite(server_non_invite::State),
}

/// What happens to either machine.
#[derive(Clone, Copy)]
enum Event {
    Retransmission,
    Ack,
    Answer(StatusCode),
    Timer(Timer),
}

impl Machine {
    fn step(self, event: Event, setting: Setting<'_>) -> (Machine, Actions) {
        match self {
            Machine::Invite(state) => {
                use server_invite::Input;
                let input = match event {
                    Event::Retransmission => Input::Invite,
                    Event::Ack => Input::Ack,
                    Event::Answer(status) if status.is_provisional() => Input::Provisional,
                    Event::Answer(status) if status.is_success() => Input::Success,
                    Event::Answer(_) => Input::Failure,
                    Event::Timer(timer) => Input::Timer(timer),
                };
                let (state, actions) = server_invite::step(state, input, setting);
                (Machine::Invite(state), actions)
            }
            Machine::NonInvite(state) => {
                use server_non_invite::Input;
                let input = match event {
                    Event::Retransmission => Input::Request,
                    // No ACK has the key of anything but an INVITE.
                    Event::Ack => return (self, Actions::new()),
                    Event::Answer(status) if status.is_provisional() => Input::Provisional,
                    Event::Answer(_) => Input::Final,
                    Event::Timer(timer) => Input::Timer(timer),
                };
                let (state, actions) = server_non_invite::step(state, input, setting);
                (Machine::NonInvite(state), actions)
            }
        }
    }

    fn is_terminated(self) -> bool {
        matches!(
            self,
            Machine::Invite(server_invite::State::Terminated)
                | Machine::NonInvite(server_non_invite::State::Terminated)
        )
    }

    fn is_accepted(self) -> bool {
        matches!(self, Machine::Invite(server_invite::State::Accepted))
    }

    /// Whether what was said last is never said again.
    fn is_mute(self) -> bool {
        use server_invite::State::{Accepted, Confirmed};
        matches!(self, Machine::Invite(Accepted | Confirmed))
    }
}

impl Entry {
    fn transmit(&self, bytes: Bytes) -> Output {
        Output::Transmit {
            flow: self.flow,
            bytes,
            fallback: self.fallback,
        }
    }
}

impl Table {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn unanswered(&self) -> usize {
        self.open
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether no index has anything that the table does not have.
    #[cfg(test)]
    pub(super) fn is_clean(&self) -> bool {
        self.merge.len() <= self.entries.len()
            && self.open <= self.entries.len()
            && self.owed.values().sum::<usize>() <= self.open
    }

    pub(super) fn contains(&self, key: &ServerKey) -> bool {
        self.entries.contains_key(key)
    }

    /// Whether the transaction has no final response yet; `None` if there is no such transaction.
    pub(super) fn is_open(&self, key: &ServerKey) -> Option<bool> {
        self.entries.get(key).map(|entry| entry.open.is_some())
    }

    /// The dialog that an open request is in, or may make.
    pub(super) fn dialog_of(&self, key: &ServerKey) -> Option<&DialogKey> {
        self.entries.get(key)?.open.as_ref()?.dialog.as_ref()
    }

    /// Whether a request that has this in common with another is under way.
    pub(super) fn has_merged(&self, merge: u64) -> bool {
        self.merge.contains(&merge)
    }

    /// The request was refused, which harms nobody twice: it may come again by another way, from a proxy
    /// that follows a 302 or tries its next branch, or a client that tries the next address after a 503.
    fn forget_merge(&mut self, key: &ServerKey) {
        if let Some(entry) = self.entries.get_mut(key) {
            self.merge.remove(&std::mem::take(&mut entry.merge));
        }
    }

    fn insert(&mut self, key: ServerKey, entry: Entry) {
        self.bytes += OVERHEAD + entry.open.as_ref().map_or(0, |open| open.size);
        self.open += 1;
        if let Some(connection) = entry.flow.connection() {
            *self.owed.entry(connection).or_default() += 1;
        }
        if entry.merge != 0 {
            self.merge.insert(entry.merge);
        }
        self.entries.insert(key, Box::new(entry));
    }

    /// The transaction has its final response: what it was kept open with is handed out.
    fn close(&mut self, key: &ServerKey) -> Option<Box<Open>> {
        let entry = self.entries.get_mut(key)?;
        let open = entry.open.take()?;
        if let Some(connection) = entry.flow.connection()
            && let btree_map::Entry::Occupied(mut owed) = self.owed.entry(connection)
        {
            *owed.get_mut() -= 1;
            if *owed.get() == 0 {
                owed.remove();
            }
        }
        self.open -= 1;
        self.bytes -= open.size;
        Some(open)
    }

    fn remove(&mut self, key: &ServerKey) -> Option<Box<Entry>> {
        self.close(key);
        let entry = self.entries.remove(key)?;
        self.bytes -= OVERHEAD + entry.last.len();
        self.merge.remove(&entry.merge);
        if self.entries.is_empty() {
            // What a burst needed is given back.
            self.entries.shrink_to(64);
            self.merge.shrink_to(64);
        }
        Some(entry)
    }
}

/// A request that becomes a transaction.
pub(super) struct Arrival {
    pub(super) request: Arc<Request>,
    pub(super) flow: Flow,
    /// The dialog it is in or may make.
    pub(super) dialog: Option<DialogKey>,
    /// What a merged request would have in common with it, or 0.
    pub(super) merge: u64,
}

impl Shard {
    /// Makes a transaction. Only if it is `told` to the application does the application hear its end.
    pub(super) fn open(&mut self, now: Instant, key: ServerKey, arrival: Arrival, told: bool) {
        let Arrival {
            request,
            flow,
            dialog,
            merge,
        } = arrival;
        let (machine, actions) = if *request.method() == Method::INVITE {
            let (state, actions) = server_invite::start(self.settings.trying_after);
            (Machine::Invite(state), actions)
        } else {
            let (state, actions) = server_non_invite::start();
            (Machine::NonInvite(state), actions)
        };
        let (flow, fallback) = reply::route_of(&request, &flow);
        let mut deadlines = Deadlines::default();
        for action in actions {
            if let Action::Arm(timer, after) = action {
                deadlines.set(timer, self.queues.arm(now + after, timer, key.0));
            }
        }
        let open = Open {
            size: weigh(&request),
            request,
            dialog,
        };
        self.server.insert(
            key,
            Entry {
                flow,
                fallback,
                machine,
                deadlines,
                last: Bytes::new(),
                merge,
                told,
                open: Some(Box::new(open)),
            },
        );
    }

    /// Steps a transaction; `message` is what an answer says. Gives whether the input is the application's.
    fn step_server(&mut self, now: Instant, key: ServerKey, event: Event, message: Bytes) -> bool {
        let Some(entry) = self.server.entries.get_mut(&key) else {
            return false;
        };
        let setting = Setting {
            ringing: self.settings.ringing,
            timers: &self.settings.timers,
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
                    entry.last = Bytes::copy_from_slice(&message);
                    self.outputs.push_back(entry.transmit(message.clone()));
                }
                Action::Resend if entry.last.is_empty() => {}
                Action::Resend => self.outputs.push_back(entry.transmit(entry.last.clone())),
                Action::Trying => {
                    let Some(open) = &entry.open else { continue };
                    let trying = Response::new(StatusCode::TRYING);
                    let keep = keep::often(entry.flow.transport(), self.settings.idle);
                    if let Ok(trying) = reply::fill(&open.request, trying, "", keep) {
                        entry.last = trying.to_bytes();
                        self.outputs.push_back(entry.transmit(entry.last.clone()));
                    }
                }
                Action::Arm(timer, after) => {
                    entry
                        .deadlines
                        .set(timer, self.queues.arm(now + after, timer, key.0));
                }
                Action::Deliver => deliver = true,
                // Those are a client transaction's.
                Action::Acknowledge | Action::Cancel | Action::Fail(_) => {}
            }
        }
        if machine.is_mute() {
            entry.last = Bytes::new();
        }
        self.server.bytes = self.server.bytes + entry.last.len() - before;
        if machine.is_terminated() {
            let told = self.server.remove(&key).is_some_and(|entry| entry.told);
            if told {
                self.outputs.push_back(Output::Finished { key });
            }
        }
        deliver
    }

    /// The request of a transaction came again.
    pub(super) fn retransmitted(&mut self, now: Instant, key: ServerKey) {
        self.step_server(now, key, Event::Retransmission, Bytes::new());
    }

    /// An ACK came that has the key of a transaction. Gives whether it is the application's: whether what it
    /// acknowledges is a 2xx.
    pub(super) fn acknowledged(&mut self, now: Instant, key: ServerKey) -> bool {
        self.step_server(now, key, Event::Ack, Bytes::new())
    }

    pub(super) fn server_timeout(&mut self, now: Instant, due: Due) {
        let key = ServerKey(due.key);
        if self
            .server
            .entries
            .get(&key)
            .is_some_and(|entry| !entry.deadlines.is_stale(&due))
        {
            self.step_server(now, key, Event::Timer(due.timer), Bytes::new());
        }
    }

    /// Whether a request that came by that connection has no final response yet. Always `false` for datagrams,
    /// which no connection has to be kept open for.
    pub fn owes(&self, flow: &Flow) -> bool {
        flow.connection()
            .is_some_and(|connection| self.server.owed.contains_key(&connection))
    }

    /// Our To tag in the responses of a transaction.
    pub fn tag(&self, key: ServerKey) -> String {
        key::tag(&self.seed, &key)
    }

    /// Answers a request, provisionally or for good.
    ///
    /// Via, From, To (with [our tag](Shard::tag)), Call-ID, CSeq and, where a dialog is made, Record-Route
    /// are filled in from the request (RFC 3261 §8.2.6.2). A response that has a Via is one that is
    /// forwarded, and goes out as it is. A 2xx of ours to an INVITE confirms the dialog and is retransmitted
    /// until its ACK; one that is forwarded is not.
    ///
    /// # Errors
    ///
    /// The transaction is gone or answered, or the response cannot be written.
    pub fn respond(&mut self, now: Instant, key: ServerKey, response: Response) -> Result<(), RespondError> {
        self.answer(now, key, response, true)
    }

    /// Answers a request and keeps nothing of it: a retransmission of the request is a new one
    /// ([RFC 3261 §8.2.7](https://www.rfc-editor.org/rfc/rfc3261#section-8.2.7)). The response has the same tag then.
    ///
    /// It is for refusals, such as challenges. Of a provisional response or a 2xx as much is kept as
    /// [`respond`](Shard::respond) keeps.
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
        self.answer(now, key, response, !refuses)
    }

    fn answer(
        &mut self,
        now: Instant,
        key: ServerKey,
        response: Response,
        keep: bool,
    ) -> Result<(), RespondError> {
        let entry = self.server.entries.get(&key).ok_or(RespondError::Gone)?;
        let status = response.status();
        let forwarded = response.headers().contains(&HeaderName::VIA);
        let Some(open) = &entry.open else {
            // RFC 6026 §7.1: a proxy passes on every 2xx.
            if entry.machine.is_accepted() && status.is_success() && forwarded {
                self.step_server(now, key, Event::Answer(status), response.to_bytes());
                return Ok(());
            }
            return Err(RespondError::Answered);
        };
        let keep_every = keep::often(entry.flow.transport(), self.settings.idle);
        let tag = key::tag(&self.seed, &key);
        let whole = reply::fill(&open.request, response, &tag, keep_every).map_err(RespondError::Address)?;
        let bytes = whole.to_bytes();
        if !entry.flow.transport().is_reliable() && bytes.len() > DATAGRAM {
            return Err(RespondError::TooLarge(bytes.len()));
        }
        let (flow, fallback) = (entry.flow, entry.fallback);
        let open = if status.is_final() {
            if !status.is_success() {
                self.server.forget_merge(&key);
            }
            self.server.close(&key)
        } else {
            None
        };
        if keep {
            self.step_server(now, key, Event::Answer(status), bytes.clone());
        } else if let Some(entry) = self.server.remove(&key) {
            self.outputs.push_back(entry.transmit(bytes.clone()));
            if entry.told {
                self.outputs.push_back(Output::Finished { key });
            }
        }
        let Some(open) = open else {
            return Ok(());
        };
        let is_bye = *open.request.method() == Method::BYE;
        match open.dialog {
            Some(dialog) if is_bye && (status.is_success() || status == StatusCode::CALL_DOES_NOT_EXIST) => {
                self.hung_up(now, &dialog, open.request, flow);
            }
            Some(dialog) if *open.request.method() == Method::INVITE && status.is_success() => {
                self.dialogs.invite_answered(&dialog, &key);
                if forwarded {
                    self.dialogs.close_unless_inside(&dialog, &open.request);
                } else {
                    let Open { request, size, .. } = *open;
                    self.await_ack(now, key, dialog, request, size, bytes, (flow, fallback));
                }
            }
            Some(_) => self.not_granted(&key, &open),
            None => {}
        }
        Ok(())
    }

    /// Gives up a request that no response was sent to: nothing is sent, and nothing is kept of it. A retransmission is a new
    /// request for the application.
    ///
    /// # Errors
    ///
    /// When the transaction is gone, or has its final response already.
    pub fn abandon(&mut self, key: ServerKey) -> Result<(), RespondError> {
        let entry = self.server.entries.get(&key).ok_or(RespondError::Gone)?;
        if entry.open.is_none() {
            return Err(RespondError::Answered);
        }
        self.server.forget_merge(&key);
        let open = self.server.close(&key);
        if self.server.remove(&key).is_some_and(|entry| entry.told) {
            self.outputs.push_back(Output::Finished { key });
        }
        if let Some(open) = open {
            self.not_granted(&key, &open);
        }
        Ok(())
    }

    /// Notes something of the application's for the dialog that an open INVITE may make: each
    /// [request](Output::Request) inside it comes with this label.
    pub fn label(&mut self, key: ServerKey, label: u32) {
        let dialog = self.server.dialog_of(&key);
        if let Some(leg) = dialog.and_then(|dialog| self.dialogs.get_mut(dialog)) {
            leg.label = label;
        }
    }

    /// The dialog of a request sees that it was refused, or that nobody will answer it.
    fn not_granted(&mut self, key: &ServerKey, open: &Open) {
        let Some(dialog) = &open.dialog else { return };
        match *open.request.method() {
            Method::INVITE => {
                self.dialogs.invite_answered(dialog, key);
                self.dialogs.close_unless_inside(dialog, &open.request);
            }
            Method::BYE => self.dialogs.bye_failed(dialog),
            _ => {}
        }
    }
}

impl Shard {
    /// A BYE has ended its dialog.
    ///
    /// [RFC 3261 §15.1.2](https://www.rfc-editor.org/rfc/rfc3261#section-15.1.2):
    /// > The UAS MUST still respond to any pending requests received for that dialog.  It is RECOMMENDED that
    /// > a 487 (Request Terminated) response be generated to those pending requests.
    fn hung_up(&mut self, now: Instant, dialog: &DialogKey, bye: Arc<Request>, flow: Flow) {
        let label = self.dialogs.label(dialog);
        let Some(invite) = self.close_dialog(dialog) else {
            return;
        };
        let terminated = Response::new(StatusCode::REQUEST_TERMINATED);
        if self.respond(now, invite, terminated).is_ok() {
            self.outputs.push_back(Output::Cancelled {
                key: invite,
                request: bye,
                flow,
                label,
            });
        }
    }
}

/// About how many octets a request takes: its text, and the index into it.
fn weigh(request: &Request) -> usize {
    const LINE: usize = 32;
    let headers = request
        .headers()
        .iter()
        .map(|field| field.raw_name().len() + field.value().len() + 4 + LINE);
    size_of::<Request>() + headers.sum::<usize>() + request.body().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finished_transaction_is_small() {
        // With the map around it at its emptiest, the timer and a response of 400 octets, this leaves a
        // transaction under 1 KiB.
        let entry = size_of::<Entry>();
        assert!(entry <= 256, "{entry}");
        let indexes = 2 * (size_of::<(ServerKey, Box<Entry>)>() + size_of::<u64>() + 2);
        let timers = 2 * size_of::<(Instant, [u8; 16])>() + 2 * size_of::<(Instant, Timer, [u8; 16])>();
        assert!(entry + indexes + timers <= 512, "{}", entry + indexes + timers);
        assert!(
            OVERHEAD >= entry + size_of::<(ServerKey, Box<Entry>)>() + 2 * size_of::<(Instant, [u8; 16])>()
        );
    }
}
