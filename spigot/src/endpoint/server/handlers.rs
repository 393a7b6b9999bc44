//! The handlers that are tasks: how many there may be, and how their end is awaited or asked for.
//!
//! Invariant: at most [`Limits::handlers`](crate::Limits::handlers) have a slot, but for those of ACK and
//! CANCEL and the first BYE of each dialog.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use crate::endpoint::Core;
use crate::endpoint::counters::count;
use crate::proto::DialogKey;

/// The slots of an endpoint's handlers.
pub(in crate::endpoint) struct Handlers {
    most: usize,
    most_calls: usize,
    running: AtomicUsize,
    /// Handlers that have answered and go on with a call.
    calls: AtomicUsize,
    /// How many handlers of BYE each dialog has at work.
    byes: Mutex<HashMap<DialogKey, usize>>,
    /// Rung when the last handler ended.
    idle: Notify,
    phase: watch::Sender<Phase>,
}

/// How far the end of an endpoint has come, for its handlers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Running,
    /// Calls are asked to end.
    Draining,
    /// Handlers that still run are dropped.
    Aborting,
}

impl Handlers {
    /// Makes slots for `most` handlers.
    pub(in crate::endpoint) fn new(most: usize, most_calls: usize) -> Self {
        Handlers {
            most,
            most_calls,
            running: AtomicUsize::new(0),
            calls: AtomicUsize::new(0),
            byes: Mutex::default(),
            idle: Notify::new(),
            phase: watch::Sender::new(Phase::Running),
        }
    }

    /// Returns how many handlers are tasks now.
    pub(in crate::endpoint) fn running(&self) -> usize {
        self.running.load(Ordering::Acquire) + self.calls.load(Ordering::Acquire)
    }

    /// Waits until no handler is a task any more.
    pub(in crate::endpoint) async fn all_done(&self) {
        loop {
            let mut idle = std::pin::pin!(self.idle.notified());
            idle.as_mut().enable();
            if self.running() == 0 {
                return;
            }
            idle.await;
        }
    }

    /// Asks the handlers that go on with a call to end.
    pub(in crate::endpoint) fn ask_to_end(&self) {
        self.phase.send_replace(Phase::Draining);
    }

    /// Ends all handlers that are tasks, and each that becomes one.
    pub(in crate::endpoint) fn abort(&self) {
        self.phase.send_replace(Phase::Aborting);
    }

    /// Counts one handler more, within the bound unless it may go `beyond`. Returns whether it may run.
    fn enter(&self, beyond: bool) -> bool {
        // In one step: a count that is taken back could be the last, and nobody would ring `idle`.
        let entered = self
            .running
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |running| {
                (beyond || running < self.most).then_some(running + 1)
            });
        entered.is_ok()
    }

    fn leave(&self) {
        self.running.fetch_sub(1, Ordering::AcqRel);
        self.ring_if_idle();
    }

    fn ring_if_idle(&self) {
        if self.running() == 0 {
            self.idle.notify_waiters();
        }
    }

    fn byes(&self) -> MutexGuard<'_, HashMap<DialogKey, usize>> {
        self.byes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until calls are asked to end, because the endpoint does.
    pub(in crate::endpoint) fn draining(&self) -> impl Future<Output = ()> + Send + use<> {
        self.reached(Phase::Draining)
    }

    /// Waits until handlers that are tasks have to end.
    pub(super) fn aborted(&self) -> impl Future<Output = ()> + Send + use<> {
        self.reached(Phase::Aborting)
    }

    fn reached(&self, wanted: Phase) -> impl Future<Output = ()> + Send + use<> {
        let mut phase = self.phase.subscribe();
        async move {
            // An error is an endpoint that is gone.
            let _ = phase.wait_for(|phase| *phase >= wanted).await;
        }
    }
}

/// The slot of one handler that is a task. It is given back when dropped.
pub(super) struct Slot {
    core: Arc<Core>,
    /// The dialog that the handler ends, if it is one of BYE.
    ends: Option<DialogKey>,
}

impl Slot {
    /// Takes a slot, or returns `None` when all are taken.
    pub(super) fn take(core: &Arc<Core>) -> Option<Slot> {
        core.handlers.enter(false).then(|| Slot::new(core, None))
    }

    /// Takes a slot, beyond the bound when all are taken.
    pub(super) fn take_beyond(core: &Arc<Core>) -> Slot {
        core.handlers.enter(true);
        Slot::new(core, None)
    }

    /// Takes a slot for a BYE of that dialog, or returns `None` when all are taken. The first that is at work
    /// may go beyond the bound, because it ends what takes the slots of others.
    pub(super) fn take_for_bye(core: &Arc<Core>, dialog: DialogKey) -> Option<Slot> {
        let mut byes = core.handlers.byes();
        let is_first = !byes.contains_key(&dialog);
        if !core.handlers.enter(is_first) {
            return None;
        }
        *byes.entry(dialog).or_default() += 1;
        drop(byes);
        Some(Slot::new(core, Some(dialog)))
    }

    fn new(core: &Arc<Core>, ends: Option<DialogKey>) -> Slot {
        count(&core.tally.spawned);
        Slot {
            core: core.clone(),
            ends,
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let handlers = &self.core.handlers;
        if let Some(dialog) = self.ends.take() {
            let mut byes = handlers.byes();
            if let Some(at_work) = byes.get_mut(&dialog) {
                *at_work -= 1;
                if *at_work == 0 {
                    byes.remove(&dialog);
                }
            }
        }
        handlers.leave();
    }
}

/// The place of a handler that has answered and goes on with its call. It is given back when dropped.
pub(crate) struct CallPlace(Arc<Core>);

impl CallPlace {
    /// Takes a place among the calls, or returns `None` when all are taken.
    pub(super) fn take(core: &Arc<Core>) -> Option<CallPlace> {
        let handlers = &core.handlers;
        handlers
            .calls
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |calls| {
                (calls < handlers.most_calls).then_some(calls + 1)
            })
            .ok()?;
        Some(CallPlace(core.clone()))
    }
}

impl Drop for CallPlace {
    fn drop(&mut self) {
        let handlers = &self.0.handlers;
        handlers.calls.fetch_sub(1, Ordering::AcqRel);
        handlers.ring_if_idle();
    }
}

impl std::fmt::Debug for CallPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallPlace").finish_non_exhaustive()
    }
}
