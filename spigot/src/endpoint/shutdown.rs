//! The end of an endpoint: refuse what is new, finish what is under way, then close.

use std::sync::Arc;
use std::time::Duration;

use super::Core;

/// Ends an endpoint gracefully: waits for handlers as long as `patience` says, and returns when every
/// listener is closed.
pub(super) async fn drain(core: &Arc<Core>, patience: Duration) {
    core.refuse_new();
    core.handlers.ask_to_end();
    let waiting = core.handlers.running();
    tracing::info!(agent = core.name(), waiting, ?patience, "shutting down");
    let finished = tokio::time::timeout(patience, core.handlers.all_done()).await;
    if finished.is_err() {
        tracing::debug!("handlers still running at the deadline are dropped");
        core.handlers.abort();
        core.handlers.all_done().await;
    }
    core.close_clients();
    core.close_carriers().await;
}

impl Core {
    /// Waits until the endpoint begins to shut down.
    pub(crate) fn draining(&self) -> impl Future<Output = ()> + Send + use<> {
        self.handlers.draining()
    }

    async fn close_carriers(&self) {
        for carrier in self.carriers.iter() {
            carrier.shutdown().await;
        }
        self.tell_all_closed();
    }

    fn refuse_new(self: &Arc<Self>) {
        for lane in 0..self.lanes.len() {
            self.step(lane, |state, _| state.shard.refuse_new(true));
        }
    }

    /// Fails the requests of ours that are under way. There will be no more.
    fn close_clients(&self) {
        for lane in self.lanes.iter() {
            lane.close_clients();
        }
    }

    /// Ends an endpoint whose handle is dropped. Handlers end with a 503, requests of ours fail, and the
    /// listeners close in the background, while there is a runtime to do so.
    pub(super) fn stop(self: &Arc<Self>) {
        self.refuse_new();
        self.handlers.abort();
        self.close_clients();
        let core = self.clone();
        self.spawn(async move {
            core.handlers.all_done().await;
            core.close_carriers().await;
        });
    }
}
