//! Signs of life: whether the peer of a flow is still there, asked now and then.
//!
//! [RFC 5626 §4.4](https://www.rfc-editor.org/rfc/rfc5626#section-4.4): a flow whose peer does not answer has failed.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::Core;
use crate::flow::Flow;

/// How long a stream has for its answer (RFC 5626 §4.4.1).
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a datagram is sent, and the time after the first; it doubles but for the last, which is as the one before
/// (RFC 5626 §4.4.2, RFC 5389 §7.2.1: Rc 7, RTO 500 ms, Rm 16).
const ATTEMPTS: u32 = 7;
const RTO: Duration = Duration::from_millis(500);
const LAST: Duration = RTO.saturating_mul(16);

/// What the peer of a flow answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// It is there, and saw us at that address if it says so.
    Alive(Option<SocketAddr>),
    /// It will give no sign.
    Refused,
}

/// Who is asked, and by whom the answer is awaited.
#[derive(Debug, Default)]
pub(super) struct Signs(Mutex<HashMap<Flow, watch::Sender<Sign>>>);

impl Signs {
    fn lock(&self) -> MutexGuard<'_, HashMap<Flow, watch::Sender<Sign>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The peer of that flow has answered.
    pub(super) fn seen(&self, flow: Flow, sign: Sign) {
        if let Some(answered) = self.lock().get(&flow) {
            answered.send_replace(sign);
        }
    }
}

/// One who waits for signs of a flow.
struct Watch<'s> {
    signs: &'s Signs,
    flow: Flow,
    seen: watch::Receiver<Sign>,
}

impl<'s> Watch<'s> {
    fn of(signs: &'s Signs, flow: Flow) -> Self {
        let mut table = signs.lock();
        let seen = table
            .entry(flow)
            .or_insert_with(|| watch::Sender::new(Sign::Alive(None)))
            .subscribe();
        drop(table);
        Watch { signs, flow, seen }
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let mut table = self.signs.lock();
        // Goes under the lock: two that end at one time must not each see the other.
        self.seen = watch::channel(Sign::Alive(None)).1;
        if table
            .get(&self.flow)
            .is_some_and(|sign| sign.receiver_count() == 0)
        {
            table.remove(&self.flow);
        }
    }
}

/// Asks the peer of a flow for signs of life until it gives none, or the flow is gone; then the flow has failed, which is what
/// everybody is told.
pub(crate) async fn keep(core: Arc<Core>, flow: Flow, every: Duration) {
    tokio::select! {
        () = core.closed(flow) => {}
        () = silence(&core, flow, every) => {
            tracing::debug!(%flow, "the peer gives no sign of life");
            core.fail(flow);
        }
    }
}

/// Returns once the flow has failed.
///
/// [RFC 5626 §4.4.2](https://www.rfc-editor.org/rfc/rfc5626#section-4.4.2):
/// > If a STUN Binding Error Response is received, or if no Binding Response is received after 7 retransmissions [...] the UA
/// > considers the flow failed. If the XOR-MAPPED-ADDRESS in the STUN Binding Response changes, the UA MUST treat this event as a
/// > failure on the flow.
async fn silence(core: &Core, flow: Flow, every: Duration) {
    let mut watch = Watch::of(&core.signs, flow);
    let mut address = None;
    loop {
        sleep(core.spread(every)).await;
        let Some(Sign::Alive(mapped)) = sign(core, flow, &mut watch).await else {
            return;
        };
        if address.is_some() && mapped.is_some() && address != mapped {
            return;
        }
        address = address.or(mapped);
    }
}

/// What the peer answers; `None` if nothing.
async fn sign(core: &Core, flow: Flow, watch: &mut Watch<'_>) -> Option<Sign> {
    watch.seen.mark_unchanged();
    let waits = match flow.transport().is_reliable() {
        true => vec![PATIENCE],
        false => (0..ATTEMPTS)
            .map(|nth| {
                if nth + 1 < ATTEMPTS {
                    RTO * (1 << nth)
                } else {
                    LAST
                }
            })
            .collect(),
    };
    for wait in waits {
        core.ask(&flow)?;
        if timeout(wait, watch.seen.changed()).await.is_ok() {
            return Some(*watch.seen.borrow_and_update());
        }
    }
    None
}

impl Core {
    /// Asks for a sign of life; `None` if that cannot be.
    fn ask(&self, flow: &Flow) -> Option<()> {
        self.carriers_for(flow)
            .any(|carrier| carrier.keep_alive(flow).is_ok())
            .then_some(())
    }

    /// Somewhere between 80% and 100% of a time, so that those who began together do not go on together (RFC 5626 §4.4).
    fn spread(&self, time: Duration) -> Duration {
        time - time.mul_f64(0.2 * self.fraction())
    }

    /// The flow has failed: its connection is closed, which tells all; datagrams have none, so it is told here.
    fn fail(self: &Arc<Self>, flow: Flow) {
        for carrier in self.carriers_for(&flow) {
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
        let signs = Signs::default();
        let flow = Flow::datagram(([192, 0, 2, 1], 5060).into(), ([192, 0, 2, 2], 5060).into());
        let (one, mut other) = (Watch::of(&signs, flow), Watch::of(&signs, flow));
        drop(one);
        let seen = Sign::Alive(Some(([198, 51, 100, 1], 1).into()));
        signs.seen(flow, seen);
        assert_eq!(*other.seen.borrow_and_update(), seen);
        drop(other);
        assert!(signs.lock().is_empty());
    }
}
