//! The counters of an endpoint: every bound that was hit and every message that got no answer.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::proto;

macro_rules! counters {
    (
        $($(#[$doc:meta])* $name:ident),+ $(,)? ;
        $($(#[$shard_doc:meta])* $shard:ident = $($of:ident)|+),+ $(,)?
    ) => {
        /// The live counters. Counting is one relaxed add.
        #[derive(Debug, Default)]
        pub(crate) struct EndpointTally {
            $(pub(crate) $name: AtomicU64,)+
        }

        impl EndpointTally {
            pub(crate) fn snapshot(&self) -> Counters {
                Counters {
                    $($name: self.$name.load(Ordering::Relaxed),)+
                    $($shard: 0,)+
                }
            }
        }

        /// The counts of an endpoint since its start. [`Spigot::counters`](crate::Spigot::counters) gives
        /// them.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Counters {
            $($(#[$doc])* pub $name: u64,)+
            $($(#[$shard_doc])* pub $shard: u64,)+
        }

        impl Counters {
            /// Adds what a shard has counted.
            pub(super) fn add(&mut self, shard: &proto::ShardCounters) {
                $($(self.$shard += shard.$of;)+)+
            }
        }
    };
}

counters! {
    /// Requests that were well formed and had the mandatory headers.
    requests,
    /// Responses that were well formed and had the mandatory headers.
    responses,
    /// Messages that are not good SIP and were refused with a 4xx or 5xx.
    refused,
    /// Messages that are not good SIP and were dropped, because not even an answer could be addressed.
    dropped,
    /// Handlers that had to be waited for, and so became a task.
    spawned,
    /// Answers to INVITEs that were refused with 503 because `Limits::calls` had gone on already.
    calls_full,
    /// Requests inside dialogs that were refused with 500 because the owner of the dialog reads too slowly.
    mailboxes_full,
    /// Handlers that panicked, whose peers were answered 500. A panic in the function of `Config::on_closed`
    /// counts, too.
    panicked,
    /// Polls of handlers that took as long as `Limits::slow_poll`. Such a handler blocks the thread that it
    /// runs on.
    slow_polls,
    /// Handlers that outlived their deadline, whose peers were answered 408 or 500.
    overdue,
    /// Requests refused with 503 because `Limits::handlers` were waiting.
    handlers_full,
    /// BYEs answered with 200 without their handler, because `Limits::handlers` were waiting and an earlier
    /// BYE of the dialog had a handler at work.
    byes_unheard,
    /// Requests that a plug or a handler dropped without an answer
    /// ([`Reply::Dropped`](crate::Reply::Dropped)).
    abandoned,
    /// Answers that came after their transaction had ended.
    late_answers,
    /// Messages that a transport refused to send.
    unsent,
    /// Times that a request of ours went to another server because one had failed.
    failovers,
    /// Requests of ours that failed at `Limits::dns_targets` servers, and left others untried.
    targets_left,
    /// Look-ups that were given up because of `Limits::dns`.
    lookups_late,
    /// Failed servers that were forgotten because of `Limits::failed_targets`.
    failed_targets_full,
    /// Requests of ours over UDP that were larger than `Limits::datagram`, and so went over TCP.
    switched_to_tcp,
    /// Responses whose connection was gone, and forwarded ACKs, that were not sent because
    /// `Limits::reconnects` others were on their way by new connections.
    reconnects_full;

    /// Responses that were dropped, because they belong to no client transaction of ours or have more Vias
    /// than their request.
    stray_responses = stray_responses,
    /// ACKs that were dropped, because they belong to no INVITE and no dialog of ours.
    stray_acks = stray_acks,
    /// Retransmissions of requests, which were absorbed or answered again.
    retransmissions = retransmissions,
    /// Requests refused with 503 because of `Limits::server_transactions` or `Limits::transaction_bytes`.
    transactions_full = refused_count | refused_bytes,
    /// INVITEs refused with 503 because of `Limits::dialogs`.
    dialogs_full = refused_dialogs,
    /// Requests refused with 503 because the endpoint was shutting down.
    refused_ending = refused_shutdown,
    /// Requests of ours that nobody answered in time.
    timeouts = timeouts,
    /// 2xx to an INVITE that was never acknowledged. The call was ended.
    unacknowledged = unacknowledged,
    /// Requests of ours that did not leave because of `Limits::client_transactions`.
    client_transactions_full = client_transactions_full,
    /// Responses and NOTIFYs that were dropped because too many branches have answered one request of ours.
    forks_dropped = forks_dropped,
    /// Dialogs that were ended because of `Limits::dialog_lifetime`.
    dialogs_too_old = dialogs_too_old,
}

/// Adds one to a counter.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
