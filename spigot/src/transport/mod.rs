//! How messages travel: bytes, framing and peers, and nothing of what the messages mean.
//!
//! A [`Bind`] is a listener to be; bound, it is a [`Carrier`], which sends and connects, and whose tasks hand
//! every message that comes to the endpoint's [`Inbound`]. [`Udp`] and [`Tcp`] are two, `Tls` and `WebSocket` two more; anything else that
//! implements the two traits is as good as they are (the in-memory network of `spigot::testing` is one; another
//! stands [below](#a-transport-of-your-own)).
//!
//! The one invariant: **sending never waits, and nothing queues without bound**. What cannot leave now is
//! queued up to a limit of [`TransportLimits`] and refused past it.
//!
//! # Turns
//!
//! A transport's task reads what has come, a batch of datagrams or one read of a stream, and calls
//! [`Inbound::message`] for each message in it, one after the other and without waiting. That is a *turn*.
//! What is sent from within a turn is gathered and leaves at its end, in one system call where the system
//! has one. What is sent from anywhere else leaves at once.
//!
//! # A transport of your own
//!
//! A transport delivers from tasks of its own and never from within [`Carrier::send`]: the caller may be in the
//! middle of a message, and the answer to its answer would find it there. This one hears itself:
//!
//! ```
//! use std::io;
//! use std::net::SocketAddr;
//! use std::sync::{Arc, Mutex};
//!
//! use spigot::sip::Bytes;
//! use spigot::transport::{Bind, BoxFuture, Carrier, Inbound, SendError, TransportLimits};
//! use spigot::{Flow, Transport};
//! use tokio::sync::mpsc;
//!
//! struct Loopback(SocketAddr);
//!
//! impl Bind for Loopback {
//!     fn bind(
//!         self: Box<Self>,
//!         inbound: Arc<dyn Inbound>,
//!         _limits: &TransportLimits,
//!     ) -> BoxFuture<'static, io::Result<Arc<dyn Carrier>>> {
//!         Box::pin(async move {
//!             let (queue, mut queued) = mpsc::channel::<(Flow, Bytes)>(64);
//!             let reader = tokio::spawn(async move {
//!                 while let Some((flow, message)) = queued.recv().await {
//!                     inbound.message(flow, message);
//!                 }
//!             });
//!             let (queue, reader) = (Mutex::new(Some(queue)), Mutex::new(Some(reader)));
//!             Ok(Arc::new(Looping { local: self.0, queue, reader }) as Arc<dyn Carrier>)
//!         })
//!     }
//!
//!     fn describe(&self) -> String {
//!         format!("loopback:{}", self.0)
//!     }
//! }
//!
//! struct Looping {
//!     local: SocketAddr,
//!     queue: Mutex<Option<mpsc::Sender<(Flow, Bytes)>>>,
//!     reader: Mutex<Option<tokio::task::JoinHandle<()>>>,
//! }
//!
//! impl Carrier for Looping {
//!     fn transport(&self) -> Transport {
//!         Transport::Udp // what the Via says
//!     }
//!
//!     fn local_addr(&self) -> SocketAddr {
//!         self.local
//!     }
//!
//!     fn connect(&self, peer: SocketAddr) -> BoxFuture<'_, io::Result<Flow>> {
//!         let flow = Flow::datagram(self.local, peer);
//!         Box::pin(async move { Ok(flow) })
//!     }
//!
//!     fn send(&self, flow: &Flow, message: Bytes) -> Result<(), SendError> {
//!         let queue = self.queue.lock().unwrap();
//!         let queue = queue.as_ref().ok_or(SendError::Closed)?;
//!         queue.try_send((*flow, message)).map_err(|_| SendError::QueueFull)
//!     }
//!
//!     fn shutdown(&self) -> BoxFuture<'_, ()> {
//!         self.queue.lock().unwrap().take(); // the reader ends once it has delivered what is queued
//!         let reader = self.reader.lock().unwrap().take();
//!         Box::pin(async move {
//!             if let Some(reader) = reader {
//!                 let _ = reader.await;
//!             }
//!         })
//!     }
//! }
//!
//! struct Printer;
//!
//! impl Inbound for Printer {
//!     fn message(&self, flow: Flow, bytes: Bytes) {
//!         println!("{flow}: {} octets", bytes.len());
//!     }
//!     fn unframed(&self, _: Flow, _: spigot::sip::FrameError) {}
//!     fn closed(&self, _: Flow) {}
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let address: SocketAddr = "192.0.2.1:5060".parse()?;
//! let carrier = Box::new(Loopback(address)).bind(Arc::new(Printer), &TransportLimits::default()).await?;
//! let flow = carrier.connect(address).await?;
//! carrier.send(&flow, Bytes::from_static(b"OPTIONS sip:me@192.0.2.1 SIP/2.0\r\n\r\n"))?;
//! carrier.shutdown().await;
//! assert!(carrier.send(&flow, Bytes::new()).is_err());
//! # Ok(())
//! # }
//! ```

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use spigot_parser as sip;

use crate::Identity;
use crate::flow::{Flow, Transport};

mod counters;
mod limits;
#[cfg(test)]
mod probe;
mod stream;
pub(crate) mod stun;
mod tasks;
#[cfg(feature = "tls")]
pub mod tls;
mod turn;
mod udp;

pub use crate::networks::BadNetwork;
pub use counters::Counters;
pub(crate) use limits::NEVER;
pub use limits::TransportLimits;
#[cfg(feature = "tls")]
pub use stream::Tls;
#[cfg(feature = "ws")]
pub use stream::{Origins, WebSocket};
pub use stream::{Proxies, Tcp};
pub use udp::Udp;

/// A future in a box, as the traits of this module return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What comes out of a transport: implemented by the endpoint, called by the transport's tasks.
///
/// Calls for one flow come one after the other, in the order of the octets; calls for different flows may
/// come at the same time. All come from within a tokio runtime, and none may block.
pub trait Inbound: Send + Sync + 'static {
    /// One message, not yet parsed: a datagram, or what the framer cut out of a stream.
    fn message(&self, flow: Flow, bytes: sip::Bytes);

    /// What came on a stream cannot be framed. An answer may be [sent](Carrier::send) from within this
    /// call; the transport then delivers what is queued and closes the connection.
    fn unframed(&self, flow: Flow, error: sip::FrameError);

    /// That connection is gone, for whatever reason. Called once for each connection, never for datagrams.
    fn closed(&self, flow: Flow);

    /// The peer of a flow gave a sign of life after it was [asked](Carrier::keep_alive) for one: anything at all on a stream, the
    /// answer to that very question in a datagram, which has the address that the question came from as the peer saw it.
    fn alive(&self, flow: Flow, mapped: Option<SocketAddr>) {
        let _ = (flow, mapped);
    }

    /// The peer of a flow refused to give a sign of life when it was asked for one: the flow has failed
    /// ([RFC 5626 §4.4.2](https://www.rfc-editor.org/rfc/rfc5626#section-4.4.2)). Nothing unless implemented.
    fn refused(&self, flow: Flow) {
        let _ = flow;
    }

    /// Whether an answer is still to be sent on that flow. A connection of which this is true is not closed
    /// for being idle, nor because its peer has said that it sends nothing more. `false` unless implemented.
    fn owes(&self, flow: Flow) -> bool {
        let _ = flow;
        false
    }

    /// Whether an answer is still to come on that flow. A connection of which this is true is not closed for
    /// being idle. `false` unless implemented.
    fn awaits(&self, flow: Flow) -> bool {
        let _ = flow;
        false
    }
}

/// A listener that is configured and not yet bound.
pub trait Bind: Send + 'static {
    /// Binds it and starts its tasks, which deliver to `inbound`.
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
    /// How it carries messages.
    fn transport(&self) -> Transport;

    /// The address it is bound to, with the port that the system chose where 0 was asked for.
    fn local_addr(&self) -> SocketAddr;

    /// The flow to `peer`: at once for datagrams; on a stream the connection there is, whoever opened it,
    /// or else a new one. Several calls at one time for one peer open one connection.
    ///
    /// # Errors
    ///
    /// The system's, or [`TimedOut`](io::ErrorKind::TimedOut) after [`TransportLimits::connect`], or
    /// [`QuotaExceeded`](io::ErrorKind::QuotaExceeded) at [`TransportLimits::connections`].
    fn connect(&self, peer: SocketAddr) -> BoxFuture<'_, io::Result<Flow>>;

    /// The same to a peer that should be the server of a domain, which a transport with certificates makes sure of: the host of
    /// the URI that was resolved to the address ([RFC 5922 §7](https://www.rfc-editor.org/rfc/rfc5922#section-7)).
    /// [`connect`](Carrier::connect) unless implemented.
    ///
    /// # Errors
    ///
    /// As [`connect`](Carrier::connect), and [`InvalidData`](io::ErrorKind::InvalidData) when the peer is somebody else.
    fn connect_to<'c>(
        &'c self,
        peer: SocketAddr,
        domain: Option<&'c str>,
    ) -> BoxFuture<'c, io::Result<Flow>> {
        let _ = domain;
        self.connect(peer)
    }

    /// Sends a message, without waiting: it is written, or gathered in the [turn](self#turns), or queued.
    ///
    /// # Errors
    ///
    /// When it was not taken, see [`SendError`]. A datagram that was gathered and then does not leave is
    /// only counted ([`Counters::failed_sends`]): the transaction above retransmits it.
    fn send(&self, flow: &Flow, message: sip::Bytes) -> Result<(), SendError>;

    /// Whether a message could still be sent on that flow: on a stream, whether the connection stands; nowhere after a
    /// shutdown. Where this says `false` a request inside a dialog goes by a new flow. `true` unless implemented.
    fn is_open(&self, flow: &Flow) -> bool {
        let _ = flow;
        true
    }

    /// Who the peer of a flow has proved to be, by a certificate. `None` unless implemented.
    fn identity(&self, flow: &Flow) -> Option<Identity> {
        let _ = flow;
        None
    }

    /// The peer of a flow says that it can also be reached at `address` by this flow
    /// ([RFC 5923 §8.2](https://www.rfc-editor.org/rfc/rfc5923#section-8.2)): new messages that go there, to a domain that it has
    /// [proved](Carrier::identity) to be, may use the connection. A connection is the way to so many peers, and more are refused
    /// ([`Counters::refused_aliases`]). Nothing unless implemented.
    fn alias(&self, flow: &Flow, address: SocketAddr) {
        let _ = (flow, address);
    }

    /// Asks the peer for a sign of life, of which [`Inbound::alive`] is told: a double CRLF on a stream
    /// ([RFC 5626 §4.4.1](https://www.rfc-editor.org/rfc/rfc5626#section-4.4.1)), which is what happens unless implemented; a STUN
    /// Binding request in a datagram (§4.4.2).
    ///
    /// # Errors
    ///
    /// As [`send`](Carrier::send).
    fn keep_alive(&self, flow: &Flow) -> Result<(), SendError> {
        self.send(flow, sip::Bytes::from_static(PING))
    }

    /// Closes the connection of a flow whose peer gives no sign of life. Nothing unless implemented, and nothing for datagrams.
    fn give_up(&self, flow: &Flow) {
        let _ = flow;
    }

    /// Says that a registration lives on that flow for so long from now, or for no time at all that none does any more. As long
    /// as one does, a connection may be idle for [`TransportLimits::idle_registered`]. Nothing happens unless implemented.
    fn registered(&self, flow: &Flow, lasting: Duration) {
        let _ = (flow, lasting);
    }

    /// Stops reading and accepting, delivers what is queued, within [`TransportLimits::linger`], and closes.
    /// When it returns no task of the transport is left.
    fn shutdown(&self) -> BoxFuture<'_, ()>;

    /// What it has done so far.
    fn counters(&self) -> Counters {
        Counters::default()
    }
}

/// What asks for a sign of life on a stream.
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
    /// Larger than a datagram can be (65,507 octets over IPv4), or than the system lets one be.
    #[error("the message is larger than a datagram")]
    TooLarge,
    /// The system refused: no route, not permitted.
    #[error("the system did not send the message")]
    Io(#[source] io::Error),
}
