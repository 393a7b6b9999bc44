//! The end of an endpoint: refuse what is new, finish what is under way, then close.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Core;

/// The graceful way. Returns when every listener is closed.
pub(super) async fn drain(core: &Arc<Core>, patience: Duration) {
    core.refuse_new();
    let waiting = core.handlers.load(Ordering::Acquire);
    tracing::info!(agent = core.name(), waiting, ?patience, "shutting down");
    let finished = tokio::time::timeout(patience, core.handlers_done()).await;
    if finished.is_err() {
        tracing::debug!("handlers still running at the deadline are dropped");
        core.abort.send_replace(true);
        core.handlers_done().await;
    }
    core.close_clients();
    core.close_carriers().await;
}

impl Core {
    async fn close_carriers(&self) {
        for carrier in self.carriers() {
            carrier.shutdown().await;
        }
        self.tell_all_closed();
    }

    fn refuse_new(self: &Arc<Self>) {
        for lane in 0..self.lanes.len() {
            self.step(lane, |state, _| state.shard.refuse_new(true));
        }
    }

    /// Waits until no handler is a task any more.
    async fn handlers_done(&self) {
        loop {
            let mut idle = std::pin::pin!(self.idle.notified());
            idle.as_mut().enable();
            if self.handlers.load(Ordering::Acquire) == 0 {
                return;
            }
            idle.await;
        }
    }

    /// The abrupt way, for a handle that is dropped: handlers end with a 503, requests of ours fail, then the
    /// listeners close, in the background, while there is a runtime to do so.
    pub(super) fn stop(self: &Arc<Self>) {
        self.refuse_new();
        self.abort.send_replace(true);
        self.close_clients();
        let core = self.clone();
        self.spawn(async move {
            core.handlers_done().await;
            core.close_carriers().await;
        });
    }
}

/// The signals that ask a process to end.
pub(super) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    pub(super) fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    #[cfg(unix)]
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    pub(super) fn new() -> io::Result<Self> {
        Ok(Signals {})
    }

    #[cfg(not(unix))]
    pub(super) async fn next(&mut self) {
        // Without Ctrl-C there is nothing that could end the process gently.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
