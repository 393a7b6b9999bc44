//! The tasks of one transport.
//!
//! Invariant: once [`Tasks::finish`] has returned, none of them runs and none can be started.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::task::{AbortHandle, JoinSet};

/// A set of tasks that end together. Dropping it aborts them.
#[derive(Debug)]
pub(super) struct Tasks {
    /// The tasks; `None` once finished or aborted.
    running: Mutex<Option<JoinSet<()>>>,
    /// Held by the one who finishes, so that a second one waits for the first.
    finishing: tokio::sync::Mutex<()>,
}

impl Tasks {
    pub(super) fn new() -> Self {
        Tasks {
            running: Mutex::new(Some(JoinSet::new())),
            finishing: tokio::sync::Mutex::new(()),
        }
    }

    /// Starts a task; `None`, and the future is dropped, once finished.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Option<AbortHandle> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let running = running.as_mut()?;
        // What has ended is let go here, so that the set is as large as what runs.
        while running.try_join_next().is_some() {}
        Some(running.spawn(task))
    }

    /// Aborts all tasks, without waiting until they are gone. No task can be started any more.
    pub(super) fn abort(&self) {
        drop(self.running.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Waits for all tasks, at most for `grace`, and aborts those that are left.
    pub(super) async fn finish(&self, grace: Duration) {
        let _one = self.finishing.lock().await;
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut running) = running else { return };
        let ended = tokio::time::timeout(grace, async { while running.join_next().await.is_some() {} }).await;
        if ended.is_err() {
            running.shutdown().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_does_not_end_is_aborted_and_nothing_starts_afterwards() {
        let tasks = Tasks::new();
        let held = Arc::new(());
        let in_task = Arc::clone(&held);
        tasks.spawn(async move {
            std::future::pending::<()>().await;
            drop(in_task);
        });

        tasks.finish(Duration::from_secs(2)).await;

        assert_eq!(Arc::strong_count(&held), 1);
        assert!(tasks.spawn(async {}).is_none());
        tasks.finish(Duration::ZERO).await;
    }
}
