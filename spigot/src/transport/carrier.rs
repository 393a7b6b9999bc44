//! The way out: a listener to be bound, and what it is once it is.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use spigot_parser as sip;

use super::counters::TransportCounters;
use super::inbound::Inbound;
use super::limits::TransportLimits;
use crate::Identity;
use crate::flow::{Flow, Transport};

/// A future in a box, as the traits of this module return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A listener that is configured and not yet bound.
pub trait Bind: Send + 'static {
    /// Binds the listener. What comes is for `inbound`, once [`Carrier::start`] was called and not before.
    ///
    /// What comes earlier waits where the system keeps it. A carrier that is dropped unstarted is closed
    /// without having read any of it.
    ///
    /// # Errors
    ///
    /// The system's, when the address cannot be bound: in use, not ours, not permitted.
    fn bind(
        self: Box<Self>,
        inbound: Arc<dyn Inbound>,
        limits: &TransportLimits,
    ) -> BoxFuture<'static, io::Result<Arc<dyn Carrier>>>;

    /// What is to be bound, for messages to a human: `udp:127.0.0.1:5060`.
    fn describe(&self) -> String;
}

/// A listener that is bound: the way out.
pub trait Carrier: Send + Sync + 'static {
    /// How the listener carries messages.
    fn transport(&self) -> Transport;

    /// The address that the listener is bound to, with the port that the system chose where 0 was asked for.
    fn local_addr(&self) -> SocketAddr;

    /// Starts to read and to accept. The endpoint calls this once, within a tokio runtime, when all of its
    /// listeners are bound: an answer can leave by any of them from then on.
    fn start(&self);

    /// The flow to `peer`.
    ///
    /// For datagrams it is there at once. On a stream it is that of the connection there is, whoever opened
    /// it, or else of a new one. Several calls at one time for one peer open one connection.
    ///
    /// # Errors
    ///
    /// The system's, or [`TimedOut`](io::ErrorKind::TimedOut) after [`TransportLimits::connect`], or
    /// [`QuotaExceeded`](io::ErrorKind::QuotaExceeded) at [`TransportLimits::connections`].
    fn connect(&self, peer: SocketAddr) -> BoxFuture<'_, io::Result<Flow>>;

    /// The flow to `peer`, which should be the server of a domain: the host of the URI that was resolved to
    /// the address ([RFC 5922 §7](https://www.rfc-editor.org/rfc/rfc5922#section-7)).
    ///
    /// A transport with certificates makes sure of it. Unless implemented, this is
    /// [`connect`](Carrier::connect).
    ///
    /// # Errors
    ///
    /// As [`connect`](Carrier::connect), and [`InvalidData`](io::ErrorKind::InvalidData) when the peer is
    /// somebody else.
    fn connect_to<'c>(
        &'c self,
        peer: SocketAddr,
        domain: Option<&'c str>,
    ) -> BoxFuture<'c, io::Result<Flow>> {
        let _ = domain;
        self.connect(peer)
    }

    /// Sends a message, without waiting: it is written, or gathered in the [turn](super#turns), or queued.
    ///
    /// # Errors
    ///
    /// When it was not taken, see [`SendError`]. A datagram that was gathered and then does not leave is
    /// only counted ([`TransportCounters::failed_sends`]): the transaction above retransmits it.
    fn send(&self, flow: &Flow, message: sip::Bytes) -> Result<(), SendError>;

    /// Whether a message can still be sent on that flow: a stream's connection stands, and there was no
    /// shutdown.
    ///
    /// Where this says `false`, a request inside a dialog goes by a new flow. `true` unless implemented.
    fn is_open(&self, flow: &Flow) -> bool {
        let _ = flow;
        true
    }

    /// Whether the peer has opened the connection of that flow.
    ///
    /// Requests inside a dialog stay on such a connection, while one that we have opened is used for what leads
    /// to its peer and for nothing else. `false` unless implemented.
    fn is_accepted(&self, flow: &Flow) -> bool {
        let _ = flow;
        false
    }

    /// Who the peer of a flow has proved to be by a certificate. `None` unless implemented.
    fn identity(&self, flow: &Flow) -> Option<Identity> {
        let _ = flow;
        None
    }

    /// Takes note that the peer of a flow can also be reached at `address` by this flow
    /// ([RFC 5923 §8.2](https://www.rfc-editor.org/rfc/rfc5923#section-8.2)).
    ///
    /// New messages to that address may then use the connection, if they are for a domain that the peer has
    /// [proved](Carrier::identity) to be. A connection has eight aliases at most; further ones are refused
    /// ([`TransportCounters::refused_aliases`]). Unless implemented, nothing happens.
    fn alias(&self, flow: &Flow, address: SocketAddr) {
        let _ = (flow, address);
    }

    /// Asks the peer for a sign of life, of which [`Inbound::alive`] is told: a double CRLF on a stream
    /// ([RFC 5626 §4.4.1](https://www.rfc-editor.org/rfc/rfc5626#section-4.4.1)), which is what happens
    /// unless implemented; a STUN Binding request in a datagram (§4.4.2).
    ///
    /// # Errors
    ///
    /// As [`send`](Carrier::send).
    fn keep_alive(&self, flow: &Flow) -> Result<(), SendError> {
        self.send(flow, sip::Bytes::from_static(PING))
    }

    /// Closes the connection of a flow whose peer gives no sign of life. Unless implemented, and for
    /// datagrams, nothing happens.
    fn give_up(&self, flow: &Flow) {
        let _ = flow;
    }

    /// Takes note that a registration lives on that flow for so long from now; zero says that none does any
    /// more.
    ///
    /// While one does, a connection may be idle for [`TransportLimits::idle_registered`]. Unless implemented,
    /// nothing happens.
    fn registered(&self, flow: &Flow, lasting: Duration) {
        let _ = (flow, lasting);
    }

    /// Stops reading and accepting, delivers what is queued within [`TransportLimits::linger`], and closes.
    ///
    /// When it returns, no task of the transport is left.
    fn shutdown(&self) -> BoxFuture<'_, ()>;

    /// What the transport has done so far.
    fn counters(&self) -> TransportCounters {
        TransportCounters::default()
    }
}

/// The double CRLF that asks for a sign of life on a stream (RFC 5626 §4.4.1).
pub(crate) const PING: &[u8] = b"\r\n\r\n";

/// Why a message was not taken.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The connection, or the whole transport, is closed.
    #[error("the flow is closed")]
    Closed,
    /// The peer, or the network, does not take what is already queued ([`TransportLimits::write_queue`]).
    #[error("the write queue is full")]
    QueueFull,
    /// The message is larger than a datagram can be (65,507 octets over IPv4), or than the system lets one
    /// be.
    #[error("the message is larger than a datagram")]
    TooLarge,
    /// The system refused to send: no route, not permitted.
    #[error("the system did not send the message")]
    Io(#[source] io::Error),
}
