//! The timer task of a lane: asleep until the shard's next deadline.

use std::sync::Arc;

use super::Core;

/// Fires the deadlines of `lane`, until the task is aborted.
pub(super) async fn run(core: Arc<Core>, lane: usize) {
    loop {
        let earlier = core.lanes[lane].earlier();
        match core.lanes[lane].next_deadline() {
            Some(deadline) => tokio::select! {
                biased;
                () = tokio::time::sleep_until(deadline.into()) => {
                    core.step(lane, |state, now| state.shard.handle_timeout(now));
                }
                () = earlier => {}
            },
            None => earlier.await,
        }
    }
}
