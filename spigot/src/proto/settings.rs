//! How long the core waits and how much it keeps.

use std::time::Duration;

/// The three estimates from which every timer of RFC 3261 is made
/// ([Table 4](https://www.rfc-editor.org/rfc/rfc3261#page-265)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// T1, the round-trip time estimate: 500 ms.
    pub t1: Duration,
    /// T2, the longest interval between retransmissions of a non-INVITE request or an INVITE response: 4 s.
    pub t2: Duration,
    /// T4, how long a message may stay in the network: 5 s.
    pub t4: Duration,
}

impl Timers {
    /// 64\*T1: how long a transaction is tried, and how long its retransmissions are absorbed.
    pub const fn lifetime(&self) -> Duration {
        self.t1.saturating_mul(64)
    }

    /// Timer D on an unreliable transport: "at least 32 seconds", whatever T1 is (RFC 3261 §17.1.1.2).
    pub fn absorb_failures(&self) -> Duration {
        self.lifetime().max(Duration::from_secs(32))
    }

    /// The interval after `interval`: doubled, up to T2.
    pub fn back_off(&self, interval: Duration) -> Duration {
        interval.saturating_mul(2).min(self.t2)
    }
}

impl Default for Timers {
    fn default() -> Self {
        Timers {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
        }
    }
}

/// What one [`Shard`](super::Shard) waits for and how much it keeps. The bounds are for the shard, so
/// whoever runs several divides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// T1, T2 and T4.
    pub timers: Timers,
    /// Server transactions at once: 262,144. One more is answered 503 and not kept.
    pub max_server_transactions: usize,
    /// Octets that server transactions may hold, requests and responses together: 1 GiB. Past it a new
    /// request is answered 503 and not kept.
    pub max_transaction_bytes: usize,
    /// Dialogs at once, early ones included: 100,000. An INVITE for one more is answered 503.
    pub max_dialogs: usize,
    /// How long the application may think about an INVITE before a 100 Trying goes out: 200 ms
    /// (RFC 3261 §17.2.1).
    pub trying_after: Duration,
    /// How long an INVITE of ours may ring, from its first provisional response, before it is cancelled: 180 s.
    /// RFC 3261 knows such a timer for proxies only (Timer C, §16.6); without it a peer that dies while it
    /// rings is waited for without end.
    pub ringing: Duration,
    /// The Retry-After, in seconds, of a 503 that the core sends: 5.
    pub retry_after: u32,
    /// After how long a connection is closed that carries nothing: 120 s. A peer that offers to keep it alive
    /// ([RFC 6223](https://www.rfc-editor.org/rfc/rfc6223)) is told how often.
    pub idle: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            timers: Timers::default(),
            max_server_transactions: 262_144,
            max_transaction_bytes: 1 << 30,
            max_dialogs: 100_000,
            trying_after: Duration::from_millis(200),
            ringing: Duration::from_secs(180),
            retry_after: 5,
            idle: Duration::from_secs(120),
        }
    }
}
