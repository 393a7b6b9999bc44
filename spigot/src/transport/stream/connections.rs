//! The table of a listener's connections, and of where each of them leads.
//!
//! Invariant: a destination leads to a connection of the table or to none, and no longer than the table has
//! it.

use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use dashmap::DashMap;

use super::close_reason::CloseReason;
use super::connection::Connection;
use super::destination::Destination;
use crate::flow::{ConnectionId, Flow};

/// How many destinations a connection may lead to, beside the one that it was opened for.
const ALIASES: usize = 8;

/// A connection leads to as many destinations as it may.
#[derive(Debug)]
pub(super) struct TooMany;

/// The connections of a listener.
///
/// Where both maps are locked at once, the entry of the connection is locked first.
#[derive(Debug, Default)]
pub(super) struct Connections {
    entries: DashMap<ConnectionId, ConnectionEntry, BuildHasherDefault<IdHasher>>,
    /// The connection that a new message to each destination uses.
    ways: DashMap<Destination, ConnectionId>,
}

#[derive(Debug)]
struct ConnectionEntry {
    connection: Arc<Connection>,
    /// Whom it was opened for, or came from.
    destination: Destination,
    aliases: Vec<Destination>,
}

impl Connections {
    /// Takes a connection in, which new messages to `destination` use from now on.
    pub(super) fn insert(&self, connection: Arc<Connection>, destination: Destination) {
        let id = connection.id;
        let entry = ConnectionEntry {
            connection,
            destination: destination.clone(),
            aliases: Vec::new(),
        };
        self.entries.insert(id, entry);
        self.ways.insert(destination, id);
    }

    /// The connection of a flow.
    pub(super) fn get(&self, flow: &Flow) -> Option<Arc<Connection>> {
        let entry = self.entries.get(&flow.connection()?)?;
        Some(Arc::clone(&entry.connection))
    }

    /// The flow to a destination, if there is one that takes messages.
    pub(super) fn towards(&self, destination: &Destination) -> Option<Flow> {
        let id = *self.ways.get(destination)?;
        let entry = self.entries.get(&id)?;
        entry.connection.is_open().then_some(entry.connection.flow)
    }

    /// Uses the connection of a flow for new messages to `destination` too; `false` if it was so before, or
    /// is gone.
    ///
    /// # Errors
    ///
    /// When the connection leads to as many destinations as it may.
    pub(super) fn alias(&self, flow: &Flow, destination: Destination) -> Result<bool, TooMany> {
        let Some(mut entry) = flow.connection().and_then(|id| self.entries.get_mut(&id)) else {
            return Ok(false);
        };
        if entry.aliases.contains(&destination) {
            return Ok(false);
        }
        if entry.aliases.len() >= ALIASES {
            return Err(TooMany);
        }
        entry.aliases.push(destination.clone());
        self.ways.insert(destination, entry.connection.id);
        Ok(true)
    }

    /// Uses a connection for no new messages any more, but for those that name its flow.
    pub(super) fn retire(&self, id: ConnectionId) {
        if let Some(entry) = self.entries.get(&id) {
            self.forget_ways(&entry);
        }
    }

    /// Lets a connection go.
    pub(super) fn remove(&self, id: ConnectionId) {
        if let Some((_, entry)) = self.entries.remove(&id) {
            self.forget_ways(&entry);
        }
    }

    /// Asks every connection to end.
    pub(super) fn stop_all(&self, reason: CloseReason) {
        for entry in &self.entries {
            entry.connection.stop(reason);
        }
    }

    fn forget_ways(&self, entry: &ConnectionEntry) {
        for destination in entry.aliases.iter().chain([&entry.destination]) {
            self.ways
                .remove_if(destination, |_, id| *id == entry.connection.id);
        }
    }
}

/// Spreads the numbers of connections, which are our own count: no peer can choose them so that they collide.
#[derive(Debug, Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, octets: &[u8]) {
        for octet in octets {
            self.write_u64(u64::from(*octet));
        }
    }

    fn write_u64(&mut self, number: u64) {
        // Knuth's multiplicative hashing: 2^64 by the golden ratio.
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
