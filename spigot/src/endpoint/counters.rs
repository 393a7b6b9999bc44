//! What the endpoint counts: every bound that was hit and every message that got no answer.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// The live counters; one relaxed add each.
        #[derive(Debug, Default)]
        pub(crate) struct Tally {
            $(pub(crate) $name: AtomicU64,)+
        }

        impl Tally {
            pub(crate) fn snapshot(&self) -> Counters {
                Counters { $($name: self.$name.load(Ordering::Relaxed),)+ }
            }
        }

        /// What an endpoint has counted since it started; see [`Spigot::counters`](crate::Spigot::counters).
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Counters {
            $($(#[$doc])* pub $name: u64,)+
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
    /// Responses that belong to no client transaction of ours, or carry more than one Via.
    stray_responses,
    /// Handlers that had to be waited for, and so became a task.
    spawned,
    /// Handlers that panicked; their peers were answered 500.
    panicked,
    /// Handlers that outlived their deadline; their peers were answered 408 or 500.
    overdue,
    /// Requests refused with 503 because `Limits::handlers` were waiting.
    handlers_full,
    /// Answers that came after their transaction had ended.
    late_answers,
    /// 2xx to an INVITE that was never acknowledged.
    unacknowledged,
    /// Messages that a transport refused to send.
    unsent,
}

/// Adds one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
