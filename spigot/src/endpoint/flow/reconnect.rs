//! Responses whose connection is gone, and which leave by a new one.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Targets;
use crate::endpoint::Core;
use crate::endpoint::counters::count;
use crate::flow::{Flow, Transport};
use crate::resolve::locate::NextHop;
use crate::sip::header::Via;
use crate::sip::{Bytes, Response};

/// The places for responses that are being carried to their sender by a new connection.
pub(in crate::endpoint) struct Reconnects(Arc<Semaphore>);

impl Reconnects {
    pub(in crate::endpoint) fn new(most: usize) -> Self {
        Reconnects(Arc::new(Semaphore::new(most)))
    }
}

impl Core {
    /// Sends a response by a new connection: to where its request came from, with the port of its Via, or
    /// else to whoever the Via names.
    ///
    /// [RFC 3261 §18.2.2](https://www.rfc-editor.org/rfc/rfc3261#section-18.2.2):
    /// > If that connection attempt fails, the server SHOULD use the procedures in [4] for servers in order
    /// > to determine the IP address and port to open the connection and send the response to.
    pub(super) fn send_by_new_connection(
        self: &Arc<Self>,
        transport: Transport,
        peer: SocketAddr,
        bytes: Bytes,
    ) {
        let Some(permit) = self.take_reconnect() else {
            return;
        };
        let core = self.clone();
        self.spawn(async move {
            let _permit = permit;
            let flow = match core.flow_to_address(transport, peer).await {
                Ok(flow) => Some(flow),
                Err(error) => {
                    tracing::debug!(%error, "no connection to where the request came from");
                    core.flow_to_sender(transport, peer, &bytes).await
                }
            };
            match flow {
                Some(flow) => core.transmit(flow, bytes, None),
                None => tracing::debug!(%peer, "response undeliverable: its connection is gone"),
            }
        });
    }

    /// Takes a place for a message that nobody waits for and that leaves by a new connection. Counts where
    /// there is none.
    pub(in crate::endpoint) fn take_reconnect(&self) -> Option<OwnedSemaphorePermit> {
        let permit = self.reconnects.0.clone().try_acquire_owned().ok();
        if permit.is_none() {
            count(&self.tally.reconnects_full);
            let reason = "as many messages as may wait for a new connection";
            tracing::debug!(reason, "message dropped");
        }
        permit
    }

    /// Returns the flow to the sender of the request, as the sent-by of its Via names it
    /// ([RFC 3263 §5](https://www.rfc-editor.org/rfc/rfc3263#section-5)).
    async fn flow_to_sender(
        self: &Arc<Self>,
        transport: Transport,
        tried: SocketAddr,
        bytes: &Bytes,
    ) -> Option<Flow> {
        let response = Response::parse(bytes.clone()).ok()?;
        let via = response.headers().typed::<Via>().ok()??;
        let hop = NextHop::of_via(&via, transport);
        if hop.address() == Some(tried) {
            return None;
        }
        let flow = Targets::of(self, hop).flow(&|_| 0).await;
        flow.inspect_err(|error| tracing::debug!(%error, "no connection to the sender of the request"))
            .ok()
    }
}
