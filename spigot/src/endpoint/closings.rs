//! Who wants to hear that a flow is gone.
//!
//! Invariant: whoever waits is in the table before it is asked whether the flow still stands, and a flow no longer stands when
//! the table is told; so nobody waits for what has happened.

use std::collections::HashMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::Core;
use super::counters::count;
use crate::flow::Flow;

/// What the application does when a flow is gone.
pub(crate) type OnClosed = Box<dyn Fn(Flow) + Send + Sync>;

/// What the application does, and who waits for which flow.
pub(super) struct Closings {
    on_closed: Option<OnClosed>,
    waiting: Mutex<HashMap<Flow, Waiting>>,
}

#[derive(Default)]
struct Waiting {
    bell: Arc<Notify>,
    /// How many wait.
    count: usize,
}

impl Closings {
    pub(super) fn new(on_closed: Option<OnClosed>) -> Self {
        Closings {
            on_closed,
            waiting: Mutex::default(),
        }
    }

    /// Tells those who wait for that flow.
    fn tell(&self, flow: &Flow) {
        if let Some(waiting) = self.lock().remove(flow) {
            waiting.bell.notify_waiters();
        }
    }

    /// Tells everybody.
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
    /// That flow is gone: the application hears of it, and then those who wait.
    pub(super) fn tell_closed(&self, flow: Flow) {
        if let Some(on_closed) = &self.closings.on_closed
            && std::panic::catch_unwind(AssertUnwindSafe(|| on_closed(flow))).is_err()
        {
            count(&self.tally.panicked);
        }
        self.closings.tell(&flow);
    }

    /// Every listener is closed, and no flow stands any more: those of datagrams neither, of which nobody else says so.
    pub(super) fn tell_all_closed(&self) {
        self.closings.tell_all();
    }

    /// Returns once that flow is gone.
    pub(crate) async fn closed(&self, flow: Flow) {
        let place = Place::take(&self.closings, flow);
        let mut told = std::pin::pin!(place.bell.notified());
        told.as_mut().enable();
        if self.is_open(&flow) {
            told.await;
        }
    }
}

/// The place of one who waits.
struct Place<'c> {
    closings: &'c Closings,
    flow: Flow,
    bell: Arc<Notify>,
}

impl<'c> Place<'c> {
    fn take(closings: &'c Closings, flow: Flow) -> Self {
        let mut table = closings.lock();
        let waiting = table.entry(flow).or_default();
        waiting.count += 1;
        let bell = waiting.bell.clone();
        drop(table);
        Place { closings, flow, bell }
    }
}

impl Drop for Place<'_> {
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
        let told = Place::take(&closings, flow);
        closings.tell(&flow);
        let waits = Place::take(&closings, flow);
        drop(told);
        assert_eq!(closings.lock()[&flow].count, 1);
        drop(waits);
        assert!(closings.lock().is_empty());
    }
}
