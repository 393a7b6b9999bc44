//! The way in: whom the transports hand over to what has come.

use std::net::SocketAddr;

use spigot_parser as sip;

use crate::flow::Flow;

/// Takes what comes out of a transport: implemented by the endpoint, called by the transport's tasks.
///
/// Calls for one flow come one after the other, in the order of the octets; calls for different flows may
/// come at the same time. All come from within a tokio runtime, and none may block.
pub trait Inbound: Send + Sync + 'static {
    /// Takes one message, not yet parsed: a datagram, or what the framer cut out of a stream.
    fn message(&self, flow: Flow, bytes: sip::Bytes);

    /// Hears that what came on a stream cannot be framed.
    ///
    /// An answer may be [sent](super::Carrier::send) from within this call. The transport then delivers what
    /// is queued and closes the connection.
    fn unframed(&self, flow: Flow, error: sip::FrameError);

    /// Hears that a connection is gone, for whatever reason. Called once for each connection, never for
    /// datagrams.
    fn closed(&self, flow: Flow);

    /// Hears that the peer of a flow gave a sign of life after it was [asked](super::Carrier::keep_alive) for
    /// one.
    ///
    /// On a stream that is anything at all. In a datagram it is the answer to that very question, with the
    /// address that the question came from as the peer saw it (`mapped`). Unless implemented, nothing
    /// happens.
    fn alive(&self, flow: Flow, mapped: Option<SocketAddr>) {
        let _ = (flow, mapped);
    }

    /// Hears that the peer of a flow refused to give a sign of life: the flow has failed
    /// ([RFC 5626 §4.4.2](https://www.rfc-editor.org/rfc/rfc5626#section-4.4.2)). Unless implemented, nothing
    /// happens.
    fn refused(&self, flow: Flow) {
        let _ = flow;
    }

    /// Whether an answer is still to be sent on that flow. `false` unless implemented.
    ///
    /// While it is, the connection is not closed for being idle, nor because its peer has said that it sends
    /// nothing more.
    fn owes(&self, flow: Flow) -> bool {
        let _ = flow;
        false
    }

    /// Whether an answer is still to come on that flow. `false` unless implemented.
    ///
    /// While it is, the connection is not closed for being idle.
    fn awaits(&self, flow: Flow) -> bool {
        let _ = flow;
        false
    }
}
