//! The tables: one shard of the protocol core.

use std::sync::Arc;
use std::time::Instant;

use spigot_parser::{Request, Response, StatusCode};

use super::dialog::DialogId;
use super::key::{ClientKey, ServerKey};
use super::output::{Output, RespondError};
use super::settings::Settings;
use crate::flow::Flow;

/// What a shard has counted since it was made. Only ever grows.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests given to the application.
    pub requests: u64,
    /// Retransmitted requests that were absorbed or answered again.
    pub retransmissions: u64,
    /// Requests refused with 503 because there were too many server transactions.
    pub refused_count: u64,
    /// Requests refused with 503 because server transactions held too many octets.
    pub refused_bytes: u64,
    /// INVITEs refused with 503 because there were too many dialogs.
    pub refused_dialogs: u64,
    /// Requests refused with 503 because [`Shard::refuse_new`] was set.
    pub refused_shutdown: u64,
    /// Merged requests answered 482.
    pub merged: u64,
    /// Requests answered 481: an unknown To tag, or a CANCEL that matched nothing.
    pub unknown: u64,
    /// Requests answered 500 because their CSeq was lower than one already seen in the dialog.
    pub out_of_order: u64,
    /// ACKs that matched nothing and were dropped.
    pub stray_acks: u64,
    /// Responses that matched nothing and were dropped.
    pub stray_responses: u64,
    /// 2xx that were never acknowledged.
    pub unacknowledged: u64,
    /// Client transactions that ended in a timeout.
    pub timeouts: u64,
}

/// One shard of the protocol core: the transactions and dialogs of the calls that hash to it.
#[derive(Debug)]
pub struct Shard {}

#[allow(unused_variables)]
impl Shard {
    /// An empty shard. Every branch, tag and key it makes derives from `seed`, which has to be secret and,
    /// in one process, different for every shard.
    pub fn new(settings: Settings, seed: [u8; 16]) -> Self {
        todo!()
    }

    /// A request arrived: validated, its top Via stamped with received and rport (RFC 3261 §18.2.1, RFC 3581).
    pub fn receive_request(&mut self, now: Instant, request: Arc<Request>, flow: Flow) {
        todo!()
    }

    /// A response arrived, validated.
    pub fn receive_response(&mut self, now: Instant, response: Response, flow: Flow) {
        todo!()
    }

    /// Answers a request. Via, From, To (with our tag), Call-ID, CSeq and, where a dialog is made,
    /// Record-Route are filled in from the request; those that the response already has are kept.
    pub fn respond(&mut self, now: Instant, key: ServerKey, response: Response) -> Result<(), RespondError> {
        todo!()
    }

    /// Sends a request on `flow`, with a new Via on top that says `sent_by` (`host` or `host:port`).
    /// For ACK use [`Shard::send_ack`], for CANCEL [`Shard::cancel`].
    pub fn request(&mut self, now: Instant, request: Request, flow: Flow, sent_by: &str) -> ClientKey {
        todo!()
    }

    /// Sends the ACK for a 2xx: no transaction, a branch of its own (RFC 3261 §13.2.2.4).
    pub fn send_ack(&mut self, request: Request, flow: Flow, sent_by: &str) {
        todo!()
    }

    /// Cancels an INVITE of ours: at once, or when its first provisional response comes (RFC 3261 §9.1).
    /// Does nothing to any other request, or once there is a final response.
    pub fn cancel(&mut self, now: Instant, key: ClientKey) {
        todo!()
    }

    /// A response to a request of which nothing is to be kept; see [`reply::stateless`](super::reply::stateless).
    pub fn stateless(&self, request: &Request, status: StatusCode) -> Response {
        todo!()
    }

    /// Makes a dialog known that no INVITE made, so that the peer's requests in it are let through.
    /// `false` when there are too many dialogs.
    pub fn open_dialog(&mut self, id: &DialogId) -> bool {
        todo!()
    }

    /// Forgets a dialog. A 2xx to BYE, in either direction, does so by itself.
    pub fn end_dialog(&mut self, id: &DialogId) {
        todo!()
    }

    /// Whether a dialog is known, early ones included.
    pub fn knows_dialog(&self, id: &DialogId) -> bool {
        todo!()
    }

    /// The flow is gone, or a request could not be sent on it.
    pub fn flow_failed(&mut self, now: Instant, flow: &Flow) {
        todo!()
    }

    /// Fires what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        todo!()
    }

    /// When [`Shard::handle_timeout`] wants to be called next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        todo!()
    }

    /// The next thing to do. `None`: nothing until the next call.
    pub fn poll_output(&mut self) -> Option<Output> {
        todo!()
    }

    /// Whether to answer new requests 503 (shutdown). ACK, BYE and CANCEL are let through all the same.
    pub fn refuse_new(&mut self, refuse: bool) {
        todo!()
    }

    /// Server transactions now.
    pub fn server_transactions(&self) -> usize {
        todo!()
    }

    /// Server transactions now that have no final response yet.
    pub fn unanswered(&self) -> usize {
        todo!()
    }

    /// Client transactions now.
    pub fn client_transactions(&self) -> usize {
        todo!()
    }

    /// Dialogs now, early ones included.
    pub fn dialogs(&self) -> usize {
        todo!()
    }

    /// Octets that server transactions hold now, as counted against the limit.
    pub fn transaction_bytes(&self) -> usize {
        todo!()
    }

    /// What was counted so far.
    pub fn counters(&self) -> Counters {
        todo!()
    }
}
