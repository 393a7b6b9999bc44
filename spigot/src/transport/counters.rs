//! What a transport has done so far.
//!
//! [`TransportCounters`] is a snapshot, plain data; behind it stand relaxed atomics. A turn counts its
//! messages when it ends, and not one by one. Every count only grows.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// A snapshot of what one transport has done since it was bound.
        ///
        /// ```
        /// use spigot::transport::TransportCounters;
        ///
        /// let mut counters = TransportCounters::default();
        /// counters.received += 1;
        /// assert_eq!(counters.received, 1);
        /// ```
        #[non_exhaustive]
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct TransportCounters {
            $($(#[$doc])* pub $name: u64,)*
        }

        /// The live side of [`TransportCounters`].
        #[derive(Debug, Default)]
        pub(crate) struct TransportTally {
            $(pub(crate) $name: Count,)*
        }

        impl TransportTally {
            /// The counts as they stand.
            pub(crate) fn snapshot(&self) -> TransportCounters {
                TransportCounters { $($name: self.$name.0.load(Ordering::Relaxed),)* }
            }
        }
    };
}

counters! {
    /// Messages handed to the endpoint: datagrams, or messages framed out of streams.
    received,
    /// Octets read from the network, keepalives and broken messages included.
    received_bytes,
    /// Messages that left, or were taken by the kernel to leave.
    sent,
    /// Octets that left.
    sent_bytes,
    /// Keepalives: empty or CRLF-only datagrams, dropped, and what RFC 5626 asks with, answered: CRLFs and
    /// STUN.
    keepalives,
    /// Messages refused because a write queue was full.
    refused_sends,
    /// Messages the system would not send: no route, too large, not permitted.
    failed_sends,
    /// Errors the system reported on receiving or accepting; the listener went on.
    receive_errors,
    /// Connections accepted and admitted.
    accepted,
    /// Connections opened by us.
    connected,
    /// Connections refused at the limit of connections, in all or of one source.
    refused_connections,
    /// Connections refused at the limit of handshakes under way, in all or of one source.
    refused_handshakes,
    /// Connections of load balancers closed because no good PROXY header came on them in time.
    refused_headers,
    /// Aliases refused because the connection has eight already ([`Carrier::alias`](super::Carrier::alias)).
    refused_aliases,
    /// Connections that the peer closed, or that broke.
    closed_by_peer,
    /// Connections closed because nothing came after they were accepted.
    closed_silent,
    /// Connections closed because a message took too long to be whole.
    closed_slow,
    /// Connections closed because nothing travelled on them for long.
    closed_idle,
    /// Connections closed because what came could not be framed.
    closed_unframed,
    /// Connections closed because TLS or WebSocket failed on them, or the handshake was not done in time.
    closed_broken,
    /// Connections closed because the peer did not read what was sent to it.
    closed_full,
    /// Connections closed because the peer gave no sign of life when it was asked for one.
    closed_dead,
    /// Connections closed by the shutdown.
    closed_by_shutdown,
}

/// One count, which only grows.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    /// Counts `n` more; free when there is nothing to count.
    pub(crate) fn add(&self, n: u64) {
        if n > 0 {
            self.0.fetch_add(n, Ordering::Relaxed);
        }
    }
}
