//! What the endpoint counts: every bound that was hit and every message that got no answer.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::proto;

macro_rules! counters {
    (
        $($(#[$doc:meta])* $name:ident),+ $(,)? ;
        $($(#[$shard_doc:meta])* $shard:ident = $($of:ident)|+),+ $(,)?
    ) => {
        /// The live counters; one relaxed add each.
        #[derive(Debug, Default)]
        pub(crate) struct Tally {
            $(pub(crate) $name: AtomicU64,)+
        }

        impl Tally {
            pub(crate) fn snapshot(&self) -> Counters {
                Counters {
                    $($name: self.$name.load(Ordering::Relaxed),)+
                    $($shard: 0,)+
                }
            }
        }

        /// What an endpoint has counted since it started; see [`Spigot::counters`](crate::Spigot::counters).
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Counters {
            $($(#[$doc])* pub $name: u64,)+
            $($(#[$shard_doc])* pub $shard: u64,)+
        }

        impl Counters {
            /// Adds what a shard has counted.
            pub(super) fn add(&mut self, shard: &proto::Counters) {
                $($(self.$shard += shard.$of;)+)+
            }
        }
    };
}

counters! {
    /// Requests taken for good: well formed, mandatory headers there.
    requests,
    /// Responses taken for good.
    responses,
    /// Messages that were refused with a 4xx or 5xx because they are not good SIP.
    refused,
    /// Messages that were dropped because they are not good SIP and not even an answer could be addressed.
    dropped,
    /// Handlers that had to be waited for, and so became a task.
    spawned,
    /// Handlers that panicked; their peers were answered 500. What `Config::on_closed` was given, too.
    panicked,
    /// Handlers that outlived their deadline; their peers were answered 408 or 500.
    overdue,
    /// Requests refused with 503 because `Limits::handlers` were waiting.
    handlers_full,
    /// Requests that a plug or a handler dropped without an answer ([`Reply::Dropped`](crate::Reply::Dropped)).
    abandoned,
    /// Answers that came after their transaction had ended.
    late_answers,
    /// 2xx to an INVITE that was never acknowledged.
    unacknowledged,
    /// Messages that a transport refused to send.
    unsent,
    /// Times that a request of ours went to another server because one had failed.
    failovers,
    /// Requests of ours that failed at `Limits::dns_targets` servers when there were more.
    targets_left,
    /// Look-ups that were given up because of `Limits::dns`.
    lookups_late,
    /// Servers that were forgotten to have failed because of `Limits::dead_targets`.
    dead_targets_full,
    /// Requests of ours over UDP that were larger than `Limits::datagram`, and so went over TCP.
    switched_to_tcp,
    /// Responses that were not sent because their connection was gone and `Limits::late_responses` others were being
    /// carried to their senders.
    late_responses_full;

    /// Responses that belong to no client transaction of ours, or have more Vias than their request, and were dropped.
    stray_responses = stray_responses,
    /// ACKs that belong to no INVITE and no dialog of ours, and were dropped.
    stray_acks = stray_acks,
    /// Requests that came again and were absorbed, or answered again.
    retransmissions = retransmissions,
    /// Requests refused with 503 because of `Limits::server_transactions` or `Limits::transaction_bytes`.
    transactions_full = refused_count | refused_bytes,
    /// INVITEs refused with 503 because of `Limits::dialogs`.
    dialogs_full = refused_dialogs,
    /// Requests refused with 503 because the endpoint was shutting down.
    refused_ending = refused_shutdown,
    /// Requests of ours that nobody answered in time.
    timeouts = timeouts,
}

/// Adds one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
