//! The tables: one shard of the protocol core.
//!
//! `arrival` judges what comes in, `in_dialog` what comes inside a dialog, `server` has what answers it,
//! `client` what sends requests of ours, `dialogs` the record of each dialog, `ending` how dialogs end,
//! `unacknowledged` the 2xx whose ACK has not come. The invariant: whatever is in a table has a timer armed
//! that takes it out again, or waits for the application (a server transaction for its answer, an INVITE of
//! ours that rings).

mod arrival;
mod client;
mod dialogs;
mod ending;
mod in_dialog;
mod server;
#[cfg(test)]
mod tests;
mod unacknowledged;

pub(crate) use client::via_length;
pub use client::{DialogDraft, Outgoing, OwnVia};

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use spigot_parser::{Essentials, Request, Response, StatusCode};

use super::dialog::DialogId;
use super::ids::Branches;
use super::key::{self, DialogKey, ServerKey};
use super::output::Output;
use super::reply;
use super::settings::Settings;
use super::timer::{Owner, Queues};
use crate::incoming::Incoming;
use dialogs::Dialogs;

/// The counts of a shard since it was made. They only grow.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShardCounters {
    /// Requests given to the application.
    pub requests: u64,
    /// Retransmitted requests that were absorbed or answered again.
    pub retransmissions: u64,
    /// Requests refused with 503 because there were too many server transactions.
    pub refused_count: u64,
    /// Requests refused with 503 because server transactions held too many octets.
    pub refused_bytes: u64,
    /// Requests refused with 503 because there were too many dialogs, and dialogs of requests of ours that
    /// are not known for that reason.
    pub refused_dialogs: u64,
    /// Requests refused with 503 because [`Shard::refuse_new`] was set.
    pub refused_shutdown: u64,
    /// Merged requests answered 482.
    pub merged: u64,
    /// Requests answered 481: an unknown To tag, or a CANCEL that matched nothing.
    pub unknown: u64,
    /// Requests answered 500 because their CSeq was lower than one already seen in the dialog, or because
    /// they were INVITEs and another one waited for its answer.
    pub out_of_order: u64,
    /// ACKs that matched nothing and were dropped.
    pub stray_acks: u64,
    /// Responses that matched nothing, or had more Vias than their request, and were dropped.
    pub stray_responses: u64,
    /// 2xx that were never acknowledged.
    pub unacknowledged: u64,
    /// Client transactions that ended in a timeout.
    pub timeouts: u64,
    /// Requests of ours that did not leave because there were too many client transactions.
    pub client_transactions_full: u64,
    /// Responses and NOTIFYs that were dropped because too many branches have answered one request of ours.
    pub forks_dropped: u64,
    /// Dialogs that were ended because of their age.
    pub dialogs_too_old: u64,
}

/// One shard of the protocol core: the transactions and dialogs of the calls that hash to it.
///
/// See the [module](super) for the contract: drain [`poll_output`](Shard::poll_output) after every call.
#[derive(Debug)]
pub struct Shard {
    settings: Settings,
    seed: [u8; 16],
    branches: Branches,
    server: server::ServerTable,
    successes: unacknowledged::Successes,
    client: client::ClientTable,
    dialogs: Dialogs,
    queues: Queues,
    outputs: VecDeque<Output>,
    refusing: bool,
    counters: ShardCounters,
}

impl Shard {
    /// An empty shard. Every branch, tag and key it makes derives from `seed`, which has to be secret and,
    /// in one process, different for every shard.
    ///
    /// A T1, T2 or T4 under 1 ms counts as 1 ms, and any length over a year as a year.
    pub fn new(mut settings: Settings, seed: [u8; 16]) -> Self {
        // A length that means "never" must still give an `Instant` when it is added to one.
        const NEVER: Duration = Duration::from_secs(365 * 86_400);
        let timers = &mut settings.timers;
        for length in [&mut timers.t1, &mut timers.t2, &mut timers.t4] {
            // An interval of nothing would never let `handle_timeout` come to an end.
            *length = (*length).clamp(Duration::from_millis(1), NEVER);
        }
        for length in [
            &mut settings.trying_after,
            &mut settings.ringing,
            &mut settings.forwarded_ringing,
            &mut settings.repeat_provisional,
            &mut settings.dialog_lifetime,
        ] {
            *length = (*length).min(NEVER);
        }
        Shard {
            dialogs: Dialogs::new(settings.max_dialogs),
            settings,
            seed,
            branches: Branches::new(seed),
            server: server::ServerTable::default(),
            successes: unacknowledged::Successes::default(),
            client: client::ClientTable::default(),
            queues: Queues::default(),
            outputs: VecDeque::new(),
            refusing: false,
            counters: ShardCounters::default(),
        }
    }

    /// A response to a request of which nothing is to be kept; see [`reply::stateless`].
    pub fn stateless(&self, request: &Request, status: StatusCode) -> Response {
        reply::stateless(request, status, self.seed)
    }

    /// Reports whether a dialog is known, early ones included.
    pub fn knows_dialog(&self, dialog: &DialogKey) -> bool {
        self.dialogs.contains(dialog)
    }

    /// The dialog that a 2xx of ours to that request has made, if it is there.
    pub(crate) fn dialog_made_by(
        &self,
        key: ServerKey,
        incoming: &Incoming,
    ) -> Option<(DialogKey, DialogId)> {
        let tag = self.tag(key);
        self.dialog_named(key::dialog_received(&self.seed, &incoming.essentials, &tag))
    }

    /// The dialog that a response to a request of ours belongs to, if it is there.
    pub(crate) fn dialog_of_response(&self, essentials: &Essentials) -> Option<(DialogKey, DialogId)> {
        self.dialog_named(key::dialog_answered(&self.seed, essentials))
    }

    fn dialog_named(&self, key: DialogKey) -> Option<(DialogKey, DialogId)> {
        let record = self.dialogs.get(&key)?;
        Some((key, record.dialog.id()))
    }

    /// Fires what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(due) = self.queues.pop(now) {
            match due.timer.owner() {
                Owner::Server => self.server_timeout(now, due),
                Owner::Client => self.client_timeout(now, due),
                Owner::Success => self.success_timeout(now, due),
                Owner::Dialog => self.dialog_timeout(now, due),
                Owner::DepartedDialog => self.departed_timeout(due),
                Owner::ExpectedDialog => self.expected_timeout(due),
            }
        }
    }

    /// When [`Shard::handle_timeout`] wants to be called next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.queues.next()
    }

    /// The next thing to do. `None`: nothing until the next call.
    pub fn poll_output(&mut self) -> Option<Output> {
        let output = self.outputs.pop_front();
        if output.is_none() && self.outputs.capacity() > 1024 {
            // What a burst needed is given back.
            self.outputs.shrink_to(64);
        }
        output
    }

    /// Answers new requests 503 or not (shutdown). ACK, BYE and CANCEL are let through all the same.
    pub fn refuse_new(&mut self, refuse: bool) {
        self.refusing = refuse;
    }

    /// Server transactions now.
    pub fn server_transactions(&self) -> usize {
        self.server.len()
    }

    /// Server transactions now that have no final response yet.
    pub fn unanswered(&self) -> usize {
        self.server.unanswered()
    }

    /// Client transactions now.
    pub fn client_transactions(&self) -> usize {
        self.client.len()
    }

    /// Dialogs now, early ones included.
    pub fn dialogs(&self) -> usize {
        self.dialogs.len()
    }

    /// Octets that server transactions, and the 2xx that wait for their ACK, hold now, as counted against
    /// the limit.
    pub fn transaction_bytes(&self) -> usize {
        self.server.bytes() + self.successes.bytes()
    }

    /// Returns the counts so far.
    pub fn counters(&self) -> ShardCounters {
        self.counters
    }
}
