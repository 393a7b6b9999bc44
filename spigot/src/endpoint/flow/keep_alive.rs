//! Keep-alive: whether the peer of a flow is still there, asked now and then.
//!
//! [RFC 5626 §4.4](https://www.rfc-editor.org/rfc/rfc5626#section-4.4): a flow whose peer does not answer has
//! failed.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::endpoint::Core;
use crate::flow::Flow;

/// How long the peer of a connection has for its answer (RFC 5626 §4.4.1).
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a datagram is sent (RFC 5626 §4.4.2, RFC 5389 §7.2.1: Rc).
const ATTEMPTS: u32 = 7;
/// How long the first datagram waits for its answer; each further one waits twice as long (RFC 5389 §7.2.1:
/// RTO).
const RTO: Duration = Duration::from_millis(500);
/// How long the last datagram waits for its answer (RFC 5389 §7.2.1: Rm * RTO).
const LAST: Duration = RTO.saturating_mul(16);

/// The answer of the peer of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PeerSign {
    /// The peer is there, and saw us at that address if it says so.
    Alive(Option<SocketAddr>),
    /// The peer refuses to answer.
    Refused,
}

/// The flows that are kept alive, and who waits for their peers to answer.
#[derive(Debug, Default)]
pub(crate) struct KeepAlives(Mutex<HashMap<Flow, watch::Sender<PeerSign>>>);

impl KeepAlives {
    fn lock(&self) -> MutexGuard<'_, HashMap<Flow, watch::Sender<PeerSign>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells those who wait what the peer of a flow has answered.
    pub(crate) fn seen(&self, flow: Flow, sign: PeerSign) {
        if let Some(answered) = self.lock().get(&flow) {
            answered.send_replace(sign);
        }
    }
}

/// One who waits for the peer of a flow to answer. It leaves the table when dropped.
struct SignWatch<'s> {
    keep_alives: &'s KeepAlives,
    flow: Flow,
    seen: watch::Receiver<PeerSign>,
}

impl<'s> SignWatch<'s> {
    fn of(keep_alives: &'s KeepAlives, flow: Flow) -> Self {
        let mut table = keep_alives.lock();
        let seen = table
            .entry(flow)
            .or_insert_with(|| watch::Sender::new(PeerSign::Alive(None)))
            .subscribe();
        drop(table);
        SignWatch {
            keep_alives,
            flow,
            seen,
        }
    }
}

impl Drop for SignWatch<'_> {
    fn drop(&mut self) {
        let mut table = self.keep_alives.lock();
        // Goes under the lock: two that end at one time must not each see the other.
        self.seen = watch::channel(PeerSign::Alive(None)).1;
        if table
            .get(&self.flow)
            .is_some_and(|sign| sign.receiver_count() == 0)
        {
            table.remove(&self.flow);
        }
    }
}

/// Asks the peer of a flow for signs of life until it gives none or the flow is gone. A flow whose peer gives
/// none has failed, and everybody is told so.
pub(crate) async fn keep_flow_alive(core: Arc<Core>, flow: Flow, every: Duration) {
    tokio::select! {
        () = core.closed(flow) => {}
        () = silence(&core, flow, every) => {
            tracing::debug!(%flow, "the peer gives no sign of life");
            core.fail(flow);
        }
    }
}

/// Asks the peer of a flow, again and again, and returns once the flow has failed.
///
/// [RFC 5626 §4.4.2](https://www.rfc-editor.org/rfc/rfc5626#section-4.4.2):
/// > If a STUN Binding Error Response is received, or if no Binding Response is received after 7
/// > retransmissions [...] the UA considers the flow failed. If the XOR-MAPPED-ADDRESS in the STUN Binding
/// > Response changes, the UA MUST treat this event as a failure on the flow.
async fn silence(core: &Core, flow: Flow, every: Duration) {
    let mut watch = SignWatch::of(&core.keep_alives, flow);
    let mut address = None;
    loop {
        sleep(core.spread(every)).await;
        let Some(PeerSign::Alive(mapped)) = sign(core, flow, &mut watch).await else {
            return;
        };
        if address.is_some() && mapped.is_some() && address != mapped {
            return;
        }
        address = address.or(mapped);
    }
}

/// Asks once, repeated until the peer answers. Returns `None` if it never does.
async fn sign(core: &Core, flow: Flow, watch: &mut SignWatch<'_>) -> Option<PeerSign> {
    watch.seen.mark_unchanged();
    let (attempts, last) = if flow.transport().is_reliable() {
        (1, PATIENCE)
    } else {
        (ATTEMPTS, LAST)
    };
    for nth in 1..=attempts {
        let wait = if nth < attempts {
            RTO * (1 << (nth - 1))
        } else {
            last
        };
        core.ask(&flow)?;
        if timeout(wait, watch.seen.changed()).await.is_ok() {
            return Some(*watch.seen.borrow_and_update());
        }
    }
    None
}

impl Core {
    /// Sends the question for a sign of life. Returns `None` if it cannot be sent.
    fn ask(&self, flow: &Flow) -> Option<()> {
        self.carriers
            .of(flow)
            .any(|carrier| carrier.keep_alive(flow).is_ok())
            .then_some(())
    }

    /// Shortens a time to between 80% and 100% of it, so that flows that began together do not go on together
    /// (RFC 5626 §4.4).
    fn spread(&self, time: Duration) -> Duration {
        time - time.mul_f64(0.2 * self.random.fraction())
    }

    /// Fails a flow. Closing its connection tells everybody; of datagrams, which have none, everybody is told
    /// here.
    fn fail(self: &Arc<Self>, flow: Flow) {
        for carrier in self.carriers.of(&flow) {
            carrier.give_up(&flow);
        }
        if !flow.transport().is_reliable() {
            self.flow_failed(flow);
            self.tell_closed(flow);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_is_in_the_table_as_long_as_somebody_waits_for_signs_of_it() {
        let signs = KeepAlives::default();
        let flow = Flow::datagram(([192, 0, 2, 1], 5060).into(), ([192, 0, 2, 2], 5060).into());
        let (one, mut other) = (SignWatch::of(&signs, flow), SignWatch::of(&signs, flow));
        drop(one);
        let seen = PeerSign::Alive(Some(([198, 51, 100, 1], 1).into()));
        signs.seen(flow, seen);
        assert_eq!(*other.seen.borrow_and_update(), seen);
        drop(other);
        assert!(signs.lock().is_empty());
    }
}
