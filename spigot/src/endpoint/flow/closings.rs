//! Who wants to hear that a flow is gone.
//!
//! Invariant: whoever waits is in the table before it is asked whether the flow still stands, and a
//! connection no longer stands when the table is told; so nobody waits for what has happened. A flow of
//! datagrams stands until the endpoint ends: whoever begins to wait after its peer was found silent waits on.

use std::collections::HashMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::endpoint::Core;
use crate::endpoint::counters::count;
use crate::endpoint::server::message_of;
use crate::flow::Flow;

/// The function of the application for a flow that is gone.
pub(crate) type OnClosed = Box<dyn Fn(Flow) + Send + Sync>;

/// Those who hear that a flow is gone: the function of the application, and who waits for which flow.
pub(crate) struct Closings {
    on_closed: Option<OnClosed>,
    waiting: Mutex<HashMap<Flow, Waiting>>,
}

#[derive(Default)]
struct Waiting {
    bell: Arc<Notify>,
    /// How many wait for the flow.
    count: usize,
}

impl Closings {
    pub(crate) fn new(on_closed: Option<OnClosed>) -> Self {
        Closings {
            on_closed,
            waiting: Mutex::default(),
        }
    }

    /// Tells those who wait for that flow that it is gone.
    fn tell(&self, flow: &Flow) {
        if let Some(waiting) = self.lock().remove(flow) {
            waiting.bell.notify_waiters();
        }
    }

    /// Tells all who wait that their flow is gone.
    fn tell_all(&self) {
        let all = std::mem::take(&mut *self.lock());
        for waiting in all.values() {
            waiting.bell.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Flow, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Core {
    /// Tells the application that a flow is gone, and then those who wait for that.
    pub(crate) fn tell_closed(&self, flow: Flow) {
        if let Some(on_closed) = &self.closings.on_closed
            && let Err(panic) = std::panic::catch_unwind(AssertUnwindSafe(|| on_closed(flow)))
        {
            count(&self.tally.panicked);
            let panic = message_of(&*panic);
            tracing::error!(%flow, panic, "the function of `Config::on_closed` has panicked");
        }
        self.closings.tell(&flow);
    }

    /// Tells all who wait that their flow is gone, because every listener is closed. Nobody else says so of
    /// flows of datagrams.
    pub(crate) fn tell_all_closed(&self) {
        self.closings.tell_all();
    }

    /// Waits until a flow is gone.
    pub(crate) async fn closed(&self, flow: Flow) {
        let waiter = ClosingWaiter::join(&self.closings, flow);
        let mut told = std::pin::pin!(waiter.bell.notified());
        told.as_mut().enable();
        if self.carriers.is_open(&flow) {
            told.await;
        }
    }
}

/// One who waits for the end of a flow. It leaves the table when dropped.
struct ClosingWaiter<'c> {
    closings: &'c Closings,
    flow: Flow,
    bell: Arc<Notify>,
}

impl<'c> ClosingWaiter<'c> {
    fn join(closings: &'c Closings, flow: Flow) -> Self {
        let mut table = closings.lock();
        let waiting = table.entry(flow).or_default();
        waiting.count += 1;
        let bell = waiting.bell.clone();
        drop(table);
        ClosingWaiter { closings, flow, bell }
    }
}

impl Drop for ClosingWaiter<'_> {
    fn drop(&mut self) {
        let mut table = self.closings.lock();
        // Once the table was told, whoever waits for the same flow again is not of those who waited then.
        let waiting = table.get_mut(&self.flow);
        let Some(waiting) = waiting.filter(|waiting| Arc::ptr_eq(&waiting.bell, &self.bell)) else {
            return;
        };
        waiting.count -= 1;
        if waiting.count == 0 {
            table.remove(&self.flow);
        }
    }
}

impl fmt::Debug for Closings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closings")
            .field("waiting", &self.lock().len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_told_takes_no_place_of_one_who_waits_anew() {
        let closings = Closings::new(None);
        let flow = Flow::datagram(([192, 0, 2, 1], 5060).into(), ([192, 0, 2, 2], 5060).into());
        let told = ClosingWaiter::join(&closings, flow);
        closings.tell(&flow);
        let waits = ClosingWaiter::join(&closings, flow);
        drop(told);
        assert_eq!(closings.lock()[&flow].count, 1);
        drop(waits);
        assert!(closings.lock().is_empty());
    }
}
