//! How messages travel: bytes, framing and peers, and nothing of what the messages mean.
//!
//! A [`Bind`] is a listener to be; bound, it is a [`Carrier`], which sends and connects. Once it is
//! [started](Carrier::start), its tasks hand every message that comes to the endpoint's [`Inbound`].
//! [`Udp`] and [`Tcp`] are two, `Tls` and `WebSocket` two more; anything else that implements the two
//! traits is as good as they are (the in-memory network of `spigot::testing` is one; another stands
//! [below](#a-transport-of-your-own)).
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
//! A transport delivers from tasks of its own and never from within [`Carrier::send`]: the caller may be in
//! the middle of a message, and the answer to its answer would find it there. This one hears itself:
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
//!             let (queue, queued) = mpsc::channel(64);
//!             Ok(Arc::new(Looping {
//!                 local: self.0,
//!                 queue: Mutex::new(Some(queue)),
//!                 unread: Mutex::new(Some((queued, inbound))),
//!                 reader: Mutex::new(None),
//!             }) as Arc<dyn Carrier>)
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
//!     /// What the reader is made of; `None` once it has been started.
//!     unread: Mutex<Option<(mpsc::Receiver<(Flow, Bytes)>, Arc<dyn Inbound>)>>,
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
//!     fn start(&self) {
//!         let Some((mut queued, inbound)) = self.unread.lock().unwrap().take() else { return };
//!         let reader = tokio::spawn(async move {
//!             while let Some((flow, message)) = queued.recv().await {
//!                 inbound.message(flow, message);
//!             }
//!         });
//!         *self.reader.lock().unwrap() = Some(reader);
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
//! carrier.start();
//! let flow = carrier.connect(address).await?;
//! carrier.send(&flow, Bytes::from_static(b"OPTIONS sip:me@192.0.2.1 SIP/2.0\r\n\r\n"))?;
//! carrier.shutdown().await;
//! assert!(carrier.send(&flow, Bytes::new()).is_err());
//! # Ok(())
//! # }
//! ```

pub(crate) mod carrier;
mod counters;
mod inbound;
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
pub use carrier::{Bind, BoxFuture, Carrier, SendError};
pub use counters::TransportCounters;
pub use inbound::Inbound;
pub(crate) use limits::NEVER;
pub use limits::TransportLimits;
#[cfg(feature = "tls")]
pub use stream::Tls;
#[cfg(feature = "ws")]
pub use stream::{Origins, WebSocket};
pub use stream::{Proxies, Tcp};
pub use udp::Udp;
