//! UDP: a datagram is a message.
//!
//! One task reads, in batches; another flushes what the socket did not take at once. A listener may have
//! several sockets, each with two tasks of its own. Invariant: no error that a peer can cause ends the
//! reader.

mod batch;
mod carrier;
mod flusher;
mod outbox;
mod reader;
mod shared_socket;
mod socket;
mod stun_ids;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, OnceLock};

use self::carrier::UdpCarrier;
use self::shared_socket::SharedSocket;
use self::socket::Socket;
use self::stun_ids::StunIds;
use super::carrier::{Bind, BoxFuture, Carrier};
use super::counters::TransportTally;
use super::inbound::Inbound;
use super::limits::TransportLimits;
use super::tasks::Tasks;

/// A UDP listener to be bound.
///
/// Bound to a wildcard address (`0.0.0.0`, `[::]`), each flow has the local address that the peer sent to,
/// and replies leave from it. An IPv6 listener takes no IPv4, so both can have the same port.
#[derive(Clone, Debug)]
pub struct Udp {
    address: SocketAddr,
    sockets: NonZeroUsize,
}

impl Udp {
    /// A listener on this address; port 0 lets the system choose one.
    pub fn new(address: SocketAddr) -> Self {
        Udp {
            address,
            sockets: NonZeroUsize::MIN,
        }
    }

    /// Opens so many sockets, all at its address (`SO_REUSEPORT`).
    ///
    /// The kernel spreads peers over them, and each is read by a task of its own. On systems other than
    /// Linux, which do not spread them, there is one.
    #[must_use]
    pub fn sockets(mut self, count: NonZeroUsize) -> Self {
        self.sockets = count;
        self
    }
}

impl Bind for Udp {
    fn bind(
        self: Box<Self>,
        inbound: Arc<dyn Inbound>,
        limits: &TransportLimits,
    ) -> BoxFuture<'static, io::Result<Arc<dyn Carrier>>> {
        let (write_queue, linger) = (limits.write_queue, limits.linger);
        Box::pin(async move {
            let sockets = Socket::bind_all(self.address, self.sockets)?;
            // One for all: what one socket has asked is answered to another.
            let stun_ids = Arc::new(StunIds::new()?);
            let tally = Arc::new(TransportTally::default());
            let local = sockets[0].local;
            let shared = sockets.into_iter().map(|socket| {
                SharedSocket::new(
                    Arc::new(socket),
                    Arc::clone(&stun_ids),
                    write_queue,
                    Arc::clone(&tally),
                )
            });
            Ok(Arc::new(UdpCarrier {
                local,
                linger,
                sockets: shared.collect(),
                inbound,
                tally,
                tasks: Tasks::new(),
                readers: OnceLock::new(),
            }) as Arc<dyn Carrier>)
        })
    }

    fn describe(&self) -> String {
        format!("udp:{}", self.address)
    }
}
