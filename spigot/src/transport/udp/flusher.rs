//! The task that sends what a socket did not take at once.

use std::sync::Arc;

use super::batch;
use super::shared_socket::SharedSocket;
use super::socket::Socket;

/// Sends the backlog as the socket takes it; ends once the carrier is closed and the backlog empty.
pub(super) async fn run(socket: Arc<Socket>, shared: Arc<SharedSocket>) {
    loop {
        // Asked first: what was queued before it was closed is seen below.
        let is_closed = shared.socket().is_none();
        while shared.outbox().has_backlog() {
            if socket.io.writable().await.is_err() {
                return; // the runtime is going
            }
            let mut outbox = shared.outbox();
            let done = shared.count(batch::send(&socket, outbox.backlog()));
            outbox.sent(done);
        }
        if is_closed {
            return;
        }
        shared.backlogged.notified().await;
    }
}
