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
    /// Returns how long a transaction is tried, and how long its retransmissions are absorbed: 64\*T1.
    pub const fn lifetime(&self) -> Duration {
        self.t1.saturating_mul(64)
    }

    /// Returns Timer D on an unreliable transport: "at least 32 seconds", whatever T1 is (RFC 3261
    /// §17.1.1.2).
    pub fn absorb_failures(&self) -> Duration {
        self.lifetime().max(Duration::from_secs(32))
    }

    /// Returns the interval after `interval`: doubled, up to T2.
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

/// The times and bounds of one [`Shard`](super::Shard). Whoever runs several divides the bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// T1, T2 and T4.
    pub timers: Timers,
    /// Server transactions at once: 262,144. One more is answered 503 and not kept.
    pub max_server_transactions: usize,
    /// Octets that server transactions may hold, requests and responses together: 1 GiB. Past it a new
    /// request is answered 503 and not kept.
    pub max_transaction_bytes: usize,
    /// Dialogs at once, early ones included: 100,000. A request that may make one more is answered 503.
    pub max_dialogs: usize,
    /// How long the application may think about an INVITE before a 100 Trying goes out: 200 ms
    /// (RFC 3261 §17.2.1).
    pub trying_after: Duration,
    /// How long an INVITE of ours may ring before it is cancelled, anew with each 101 to 199: 180 s.
    ///
    /// RFC 3261 knows such a timer for proxies only (Timer C, §16.6). Without it a peer that dies while it
    /// rings would be waited for without end.
    pub ringing: Duration,
    /// Timer C: how long an INVITE that is forwarded may ring before it is cancelled, anew with each 101 to
    /// 199: 185 s. RFC 3261 §16.6 wants more than 3 minutes.
    pub forwarded_ringing: Duration,
    /// After how long a provisional response to an INVITE is sent again: 60 s (RFC 3261 §13.3.1.1).
    pub repeat_provisional: Duration,
    /// Client transactions at once: 262,144. A request that would be one more fails.
    pub max_client_transactions: usize,
    /// How long a dialog lives at most: 12 h. Then it is ended by a BYE.
    pub dialog_lifetime: Duration,
    /// Whether requests may pass through: no. If they may, it is for the application to say whose a request
    /// with a To tag is that no dialog knows, and whose the ACK to a 2xx is.
    pub forwards: bool,
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
            forwarded_ringing: Duration::from_secs(185),
            repeat_provisional: Duration::from_secs(60),
            max_client_transactions: 262_144,
            dialog_lifetime: Duration::from_secs(12 * 3_600),
            forwards: false,
            retry_after: 5,
            idle: Duration::from_secs(120),
        }
    }
}
