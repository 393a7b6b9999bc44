//! How much the tables of an endpoint hold, for tests that want it to forget everything.

use super::Core;

/// How much the tables of an endpoint hold at a moment. Once all is over, each of them is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tables {
    /// Server transactions, with those that absorb retransmissions.
    pub server_transactions: usize,
    /// Client transactions, with those that absorb retransmissions.
    pub client_transactions: usize,
    /// Octets that server transactions and unacknowledged 2xx hold.
    pub transaction_bytes: usize,
    /// Dialogs, with the early ones.
    pub dialogs: usize,
    /// Shards that wait for a timer.
    pub timers: usize,
    /// Mailboxes of dialogs that are open.
    pub mailboxes: usize,
    /// INVITEs that ring, and requests of ours without a final response.
    pub waiting: usize,
}

impl Core {
    /// Counts what the tables of all shards hold.
    pub(crate) fn tables(&self) -> Tables {
        let mut tables = Tables::default();
        for lane in self.lanes.iter() {
            lane.read(|state| {
                let shard = &state.shard;
                tables.server_transactions += shard.server_transactions();
                tables.client_transactions += shard.client_transactions();
                tables.transaction_bytes += shard.transaction_bytes();
                tables.dialogs += shard.dialogs();
                tables.timers += usize::from(shard.poll_timeout().is_some());
                tables.mailboxes += state.mailboxes();
                tables.waiting += state.ringing.len() + state.pending.len();
            });
        }
        tables
    }
}
