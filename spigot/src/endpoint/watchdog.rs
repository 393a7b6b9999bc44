//! A thread that keeps the runtime awake while a handler blocks one of its threads.
//!
//! In a runtime that has little to do, the worker that waits for sockets and timers is also the one that
//! works on what comes. Tokio lets another worker wait in its place only if there is work for two. A handler
//! that blocks then keeps every listener and every timer from being heard, although all other workers are
//! idle. One that is woken has nothing to do, and goes to wait for sockets and timers.
//!
//! Invariant: the thread sleeps without a deadline while no handler runs.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::Thread;
use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Notify;

/// How long sockets and timers may wait for a handler that blocks.
const TICK: Duration = Duration::from_millis(50);

/// After how many ticks without a handler the thread goes to sleep.
const QUIET_TICKS: u32 = 20;

/// The watchdog of an endpoint. It ends when dropped.
pub(super) struct Watchdog {
    state: Arc<WatchdogState>,
    /// The thread; `None` for a runtime that has no other worker to wake.
    thread: Option<Thread>,
}

struct WatchdogState {
    phase: AtomicU8,
    /// Rung to wake a worker.
    bell: Notify,
}

/// The thread sleeps.
const ASLEEP: u8 = 0;
/// No handler has been polled since the last tick.
const QUIET: u8 = 1;
/// A handler has been polled since the last tick.
const WORKING: u8 = 2;
/// The endpoint is gone.
const ENDED: u8 = 3;

impl Watchdog {
    /// Starts the watchdog of a runtime.
    pub(super) fn start(runtime: &Handle) -> Watchdog {
        let is_shared = runtime.runtime_flavor() == RuntimeFlavor::MultiThread;
        if !is_shared || runtime.metrics().num_workers() < 2 {
            return Watchdog::without_thread();
        }
        Watchdog::with_thread(runtime).unwrap_or_else(|error| {
            tracing::warn!(%error, "no thread for a watchdog: a handler that blocks may hold all listeners");
            Watchdog::without_thread()
        })
    }

    fn without_thread() -> Watchdog {
        Watchdog {
            state: WatchdogState::in_phase(WORKING),
            thread: None,
        }
    }

    fn with_thread(runtime: &Handle) -> io::Result<Watchdog> {
        let state = WatchdogState::in_phase(ASLEEP);
        let watched = state.clone();
        let thread = std::thread::Builder::new()
            .name("spigot-watchdog".to_owned())
            .spawn(move || watched.watch())?;
        runtime.spawn(state.clone().wake_up());
        Ok(Watchdog {
            state,
            thread: Some(thread.thread().clone()),
        })
    }

    /// Takes note that a handler is about to be polled.
    pub(super) fn note_work(&self) {
        // Nearly always it is noted already, and so nothing is written that other threads read.
        if self.state.phase.load(Ordering::Relaxed) != WORKING {
            self.enter(WORKING);
        }
    }

    #[cold]
    fn enter(&self, phase: u8) {
        let before = self.state.phase.swap(phase, Ordering::AcqRel);
        if let (Some(thread), ASLEEP) = (&self.thread, before) {
            thread.unpark();
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.enter(ENDED);
        self.state.bell.notify_one();
    }
}

impl WatchdogState {
    fn in_phase(phase: u8) -> Arc<WatchdogState> {
        Arc::new(WatchdogState {
            phase: AtomicU8::new(phase),
            bell: Notify::new(),
        })
    }

    fn phase(&self) -> u8 {
        self.phase.load(Ordering::Acquire)
    }

    /// Goes from one phase to another, unless it is in a third by now.
    fn go(&self, from: u8, to: u8) -> bool {
        let gone = self
            .phase
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
        gone.is_ok()
    }

    /// Wakes a worker after each tick in which handlers were polled, until the endpoint is gone.
    fn watch(&self) {
        let mut quiet_ticks = 0;
        while self.phase() != ENDED {
            if self.phase() == ASLEEP {
                std::thread::park();
                continue;
            }
            std::thread::park_timeout(TICK);
            if self.go(WORKING, QUIET) {
                quiet_ticks = 0;
                self.bell.notify_one();
                continue;
            }
            quiet_ticks += 1;
            if quiet_ticks >= QUIET_TICKS {
                quiet_ticks = 0;
                self.go(QUIET, ASLEEP);
            }
        }
    }

    /// Has nothing to do whenever it is woken: that a worker is awake is enough.
    async fn wake_up(self: Arc<Self>) {
        while self.phase() != ENDED {
            self.bell.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_runtime_of_one_thread_has_no_watchdog() {
        let watchdog = Watchdog::start(&Handle::current());
        watchdog.note_work();
        assert!(watchdog.thread.is_none());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_watchdog_and_its_task_end_with_the_endpoint() {
        let watchdog = Watchdog::start(&Handle::current());
        watchdog.note_work();
        let state = Arc::downgrade(&watchdog.state);
        drop(watchdog);
        // The thread and the task hold it as long as they run.
        while state.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
    }
}
