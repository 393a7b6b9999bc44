//! Sending.
//!
//! Invariant: every SIP message leaves by [`Core::transmit`].

use std::net::SocketAddr;
use std::sync::Arc;

use crate::endpoint::Core;
use crate::endpoint::counters::count;
use crate::flow::Flow;
use crate::sip::Bytes;
use crate::transport::SendError;

impl Core {
    /// Sends a message on its flow. What cannot be sent is counted; a response goes to its `fallback` by a
    /// new connection, and requests on a flow that is gone fail.
    pub(in crate::endpoint) fn transmit(
        self: &Arc<Self>,
        flow: Flow,
        bytes: Bytes,
        fallback: Option<SocketAddr>,
    ) {
        let Err(error) = self.carriers.send(&flow, &bytes) else {
            return;
        };
        count(&self.tally.unsent);
        tracing::debug!(%flow, %error, "message not sent");
        match fallback {
            Some(peer) => self.send_by_new_connection(flow.transport(), peer, bytes),
            None if flow.transport().is_reliable() => self.flow_failed(flow),
            None => {
                if is_hopeless(&error) && !bytes.starts_with(b"SIP/2.0 ") {
                    self.flow_failed(flow);
                }
            }
        }
    }

    /// Fails at once what is under way on a flow that is gone.
    pub(in crate::endpoint) fn flow_failed(self: &Arc<Self>, flow: Flow) {
        for lane in 0..self.lanes.len() {
            self.step(lane, |state, now| state.shard.flow_failed(now, &flow));
        }
    }
}

/// Returns whether an error says that no datagram to that peer will leave
/// ([RFC 3261 §18.4](https://www.rfc-editor.org/rfc/rfc3261#section-18.4)).
fn is_hopeless(error: &SendError) -> bool {
    use std::io::ErrorKind::{HostUnreachable, NetworkDown, NetworkUnreachable};
    match error {
        SendError::Io(error) => matches!(error.kind(), HostUnreachable | NetworkDown | NetworkUnreachable),
        _ => false,
    }
}
