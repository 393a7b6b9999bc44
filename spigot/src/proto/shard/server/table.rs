//! The table of server transactions.
//!
//! The invariant: a transaction that has its final response keeps its key, its flow, its small state and
//! the bytes of that response, and no request. While it is `open` it has the request.

use std::collections::{BTreeMap, HashSet, btree_map};
use std::hash::BuildHasherDefault;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use spigot_parser::StatusCode;

use crate::flow::{ConnectionId, Flow};
use crate::incoming::Incoming;
use crate::proto::key::{DialogKey, IdentityHasher, KeyMap, ServerKey};
use crate::proto::output::Output;
use crate::proto::role::Role;
use crate::proto::timer::{Deadlines, Timer};
use crate::proto::transaction::{Actions, Setting, server_invite, server_non_invite};

/// How many octets a transaction counts for besides its messages: its entry, and its places in indexes and
/// queues.
const OVERHEAD: usize = 400;

#[derive(Debug, Default)]
pub(in crate::proto::shard) struct ServerTable {
    pub(super) entries: KeyMap<ServerKey, Box<ServerEntry>>,
    /// The digests that merged requests would have in common with those that are here.
    merge: HashSet<u64, BuildHasherDefault<IdentityHasher>>,
    pub(super) bytes: usize,
    open: usize,
    /// How many of the open ones came by each connection.
    owed: BTreeMap<ConnectionId, usize>,
}

/// One transaction.
#[derive(Debug)]
pub(super) struct ServerEntry {
    pub(super) flow: Flow,
    /// The port of its peer where a response goes if the connection is gone; none over datagrams.
    pub(super) fallback_port: Option<u16>,
    pub(super) machine: ServerMachine,
    pub(super) deadlines: Deadlines,
    /// The response to a retransmission of the request; empty if there is none.
    pub(super) last: Box<[u8]>,
    /// The digest of the request in `Table::merge`, or 0.
    pub(super) merge: u64,
    pub(super) open: Option<Box<Open>>,
}

/// The part of a transaction that it has until it is answered.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) incoming: Arc<Incoming>,
    pub(super) size: usize,
    pub(super) role: Role,
    /// The dialog that the request is in, or that a response to it has made.
    pub(super) dialog: Option<DialogKey>,
    /// Whether room is kept for the dialog that it may make.
    pub(super) reserved: bool,
    /// The label that the application has noted for the dialog that the request may make.
    pub(super) label: u32,
}

impl Open {
    /// Reports whether the request came outside of any dialog of ours.
    pub(super) fn is_initial(&self) -> bool {
        self.incoming.essentials.to_tag().is_none()
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum ServerMachine {
    Invite(server_invite::State),
    NonInvite(server_non_invite::State),
}

/// An input of either machine.
#[derive(Clone, Copy)]
pub(super) enum ServerEvent {
    Retransmission,
    Ack,
    Answer(StatusCode),
    Timer(Timer),
}

impl ServerMachine {
    pub(super) fn step(self, event: ServerEvent, setting: Setting<'_>) -> (ServerMachine, Actions) {
        match self {
            ServerMachine::Invite(state) => {
                use server_invite::Input;
                let input = match event {
                    ServerEvent::Retransmission => Input::Invite,
                    ServerEvent::Ack => Input::Ack,
                    ServerEvent::Answer(status) if status.is_provisional() => Input::Provisional,
                    ServerEvent::Answer(status) if status.is_success() => Input::Success,
                    ServerEvent::Answer(_) => Input::Failure,
                    ServerEvent::Timer(timer) => Input::Timer(timer),
                };
                let (state, actions) = server_invite::step(state, input, setting);
                (ServerMachine::Invite(state), actions)
            }
            ServerMachine::NonInvite(state) => {
                use server_non_invite::Input;
                let input = match event {
                    ServerEvent::Retransmission => Input::Request,
                    // No ACK has the key of anything but an INVITE.
                    ServerEvent::Ack => return (self, Actions::new()),
                    ServerEvent::Answer(status) if status.is_provisional() => Input::Provisional,
                    ServerEvent::Answer(_) => Input::Final,
                    ServerEvent::Timer(timer) => Input::Timer(timer),
                };
                let (state, actions) = server_non_invite::step(state, input, setting);
                (ServerMachine::NonInvite(state), actions)
            }
        }
    }

    pub(super) fn is_terminated(self) -> bool {
        matches!(
            self,
            ServerMachine::Invite(server_invite::State::Terminated)
                | ServerMachine::NonInvite(server_non_invite::State::Terminated)
        )
    }

    pub(super) fn is_accepted(self) -> bool {
        matches!(self, ServerMachine::Invite(server_invite::State::Accepted))
    }

    /// Reports whether the last response is never sent again.
    pub(super) fn is_mute(self) -> bool {
        use server_invite::State::{Accepted, Confirmed};
        matches!(self, ServerMachine::Invite(Accepted | Confirmed))
    }
}

impl ServerEntry {
    /// Returns where a response goes if its connection is gone.
    pub(super) fn fallback(&self) -> Option<SocketAddr> {
        let port = self.fallback_port?;
        Some(SocketAddr::new(self.flow.peer().ip(), port))
    }

    /// Makes the output that sends a message of the transaction.
    pub(super) fn transmit(&self, bytes: Bytes) -> Output {
        Output::Transmit {
            flow: self.flow,
            bytes,
            fallback: self.fallback(),
        }
    }

    /// Makes the output that sends the last message again.
    pub(super) fn transmit_last(&self) -> Output {
        self.transmit(Bytes::copy_from_slice(&self.last))
    }
}

impl ServerTable {
    pub(in crate::proto::shard) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(in crate::proto::shard) fn unanswered(&self) -> usize {
        self.open
    }

    pub(in crate::proto::shard) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Reports whether no index has anything that the table does not have.
    #[cfg(test)]
    pub(in crate::proto::shard) fn is_clean(&self) -> bool {
        self.merge.len() <= self.entries.len()
            && self.open <= self.entries.len()
            && self.owed.values().sum::<usize>() <= self.open
    }

    pub(in crate::proto::shard) fn contains(&self, key: &ServerKey) -> bool {
        self.entries.contains_key(key)
    }

    /// Returns the open part of a transaction that has no final response yet.
    pub(super) fn open(&self, key: &ServerKey) -> Option<&Open> {
        self.entries.get(key)?.open.as_deref()
    }

    /// Returns the open part of a transaction that has no final response yet, to change it.
    pub(super) fn open_mut(&mut self, key: &ServerKey) -> Option<&mut Open> {
        self.entries.get_mut(key)?.open.as_deref_mut()
    }

    /// Reports whether a request that came by that connection has no final response yet.
    pub(super) fn owes(&self, connection: ConnectionId) -> bool {
        self.owed.contains_key(&connection)
    }

    /// Reports whether a request that has this in common with another is under way.
    pub(in crate::proto::shard) fn has_merged(&self, merge: u64) -> bool {
        self.merge.contains(&merge)
    }

    /// Lets a request that was refused come again by another way.
    ///
    /// It may come from a proxy that follows a 302 or tries its next branch, or from a client that tries the
    /// next address after a 503.
    pub(super) fn forget_merge(&mut self, key: &ServerKey) {
        if let Some(entry) = self.entries.get_mut(key) {
            self.merge.remove(&std::mem::take(&mut entry.merge));
        }
    }

    pub(super) fn insert(&mut self, key: ServerKey, entry: ServerEntry) {
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

    /// Closes a transaction that has its final response, and gives its open part.
    pub(super) fn close(&mut self, key: &ServerKey) -> Option<Box<Open>> {
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

    pub(super) fn remove(&mut self, key: &ServerKey) -> Option<Box<ServerEntry>> {
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

/// Estimates how many octets a request takes: its text, and the index into it.
pub(super) fn weigh(incoming: &Incoming) -> usize {
    const LINE: usize = 32;
    let headers = incoming.request.headers();
    let lines = headers
        .iter()
        .map(|field| field.raw_name().len() + field.value().len() + 4 + LINE);
    size_of::<Incoming>() + lines.sum::<usize>() + incoming.request.body().len()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_finished_transaction_is_small() {
        // With the map around it at its emptiest, the timer and a response of 400 octets, this leaves a
        // transaction under 1 KiB.
        let entry = size_of::<ServerEntry>();
        assert!(entry <= 168, "{entry}");
        let indexes = 2 * (size_of::<(ServerKey, Box<ServerEntry>)>() + size_of::<u64>() + 2);
        let timers = 2 * size_of::<(Instant, [u8; 16])>() + 2 * size_of::<(Instant, Timer, [u8; 16])>();
        assert!(entry + indexes + timers <= 512, "{}", entry + indexes + timers);
        assert!(
            OVERHEAD
                >= entry + size_of::<(ServerKey, Box<ServerEntry>)>() + 2 * size_of::<(Instant, [u8; 16])>()
        );
    }
}
