//! Responses whose connection is gone: they leave by a new one.

use std::net::SocketAddr;
use std::sync::Arc;

use super::counters::count;
use super::{Core, Targets};
use crate::flow::{Flow, Transport};
use crate::resolve::locate::NextHop;
use crate::sip::header::Via;
use crate::sip::{Bytes, Response};

impl Core {
    /// Sends a response to where its request came from, with the port of its Via, or else to whoever the Via names.
    ///
    /// [RFC 3261 §18.2.2](https://www.rfc-editor.org/rfc/rfc3261#section-18.2.2):
    /// > If that connection attempt fails, the server SHOULD use the procedures in [4] for servers in order to determine the
    /// > IP address and port to open the connection and send the response to.
    pub(super) fn send_late(self: &Arc<Self>, transport: Transport, peer: SocketAddr, bytes: Bytes) {
        let Ok(permit) = self.late.clone().try_acquire_owned() else {
            count(&self.tally.late_responses_full);
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
            let sent = flow.is_some_and(|flow| {
                core.carriers_for(&flow)
                    .any(|carrier| carrier.send(&flow, bytes.clone()).is_ok())
            });
            if !sent {
                tracing::debug!(%peer, "response undeliverable: its connection is gone");
            }
        });
    }

    /// The flow to the sender of the request, as the sent-by of its Via names it
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
