//! UDP: a datagram is a message.
//!
//! One task reads, in batches; one flushes what the socket did not take at once. A listener may have several sockets, each with
//! its two tasks. Invariant: no error that a peer can cause ends the reader.

use std::hash::{Hash, Hasher};
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use siphasher::sip::SipHasher24;
use spigot_parser as sip;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use self::batch::{BATCH, Datagram};
use self::outbox::Outbox;
use self::socket::Socket;
use super::counters::{Tally, TransportCounters};
use super::stun::{self, TransactionId};
use super::tasks::Tasks;
use super::turn::{Turn, TurnId};
use super::{Bind, BoxFuture, Carrier, Inbound, SendError, TransportLimits};
use crate::flow::{Flow, Transport};

mod batch;
mod outbox;
mod reader;
mod socket;
#[cfg(test)]
mod tests;

/// The payload of the largest datagram: 65,535 octets less the IPv4 and UDP headers, or over IPv6, whose
/// length does not count its own header, less the UDP header.
const LARGEST_V4: usize = 65_507;
const LARGEST_V6: usize = 65_527;

/// A UDP listener to be bound.
///
/// Bound to a wildcard address (`0.0.0.0`, `[::]`), each flow has the local address that the peer sent to, and
/// replies leave from it. An IPv6 listener takes no IPv4, so both can have the same port.
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

    /// With so many sockets, all at its address (`SO_REUSEPORT`): the kernel spreads peers over them, and each is read by a task of
    /// its own. One on systems other than Linux, which do not spread them.
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
            let mut key = [0; 16];
            getrandom::fill(&mut key).map_err(io::Error::other)?;
            let tasks = Tasks::new();
            let tally = Arc::new(Tally::default());
            let mut shards = Vec::with_capacity(sockets.len());
            let mut readers = Vec::with_capacity(sockets.len());
            for socket in sockets.into_iter().map(Arc::new) {
                let shared = Arc::new(Shared {
                    id: TurnId::unique(),
                    key,
                    asked: AtomicU32::new(0),
                    largest: if self.address.is_ipv4() {
                        LARGEST_V4
                    } else {
                        LARGEST_V6
                    },
                    socket: RwLock::new(Some(Arc::clone(&socket))),
                    outbox: Mutex::new(Outbox::new(write_queue)),
                    backlogged: Notify::new(),
                    tally: Arc::clone(&tally),
                });
                let reader = reader::run(Arc::clone(&socket), Arc::clone(&shared), Arc::clone(&inbound));
                readers.extend(tasks.spawn(reader));
                tasks.spawn(flush(Arc::clone(&socket), Arc::clone(&shared)));
                shards.push((socket.local, shared));
            }
            let (local, _) = shards[0];
            let shards = shards.into_iter().map(|(_, shared)| shared).collect();
            tracing::debug!(%local, "udp bound");
            Ok(Arc::new(UdpCarrier {
                local,
                linger,
                shards,
                tally,
                tasks,
                readers,
            }) as Arc<dyn Carrier>)
        })
    }

    fn describe(&self) -> String {
        format!("udp:{}", self.address)
    }
}

/// A bound UDP listener.
struct UdpCarrier {
    local: SocketAddr,
    linger: Duration,
    /// One for each socket, at least one.
    shards: Box<[Arc<Shared>]>,
    tally: Arc<Tally>,
    tasks: Tasks,
    readers: Vec<AbortHandle>,
}

impl UdpCarrier {
    /// The socket whose turn it is, so that what it gathers leaves together; between turns always the same for one peer, so that
    /// what is sent to it leaves in order.
    fn shard_for(&self, peer: SocketAddr) -> &Shared {
        let in_turn = self.shards.iter().find(|shard| Turn::is_of(shard.id));
        in_turn.unwrap_or_else(|| &self.shards[usize::from(peer.port()) % self.shards.len()])
    }
}

impl Carrier for UdpCarrier {
    fn transport(&self) -> Transport {
        Transport::Udp
    }

    fn local_addr(&self) -> SocketAddr {
        self.local
    }

    fn connect(&self, peer: SocketAddr) -> BoxFuture<'_, io::Result<Flow>> {
        Box::pin(async move {
            let socket = self.shard_for(peer).socket().ok_or(io::ErrorKind::NotConnected)?;
            let local = socket.local_for(peer)?;
            Ok(Flow::datagram(local, peer))
        })
    }

    fn send(&self, flow: &Flow, message: sip::Bytes) -> Result<(), SendError> {
        self.shard_for(flow.peer()).send(flow, message)
    }

    fn is_open(&self, flow: &Flow) -> bool {
        self.shard_for(flow.peer()).socket().is_some()
    }

    fn keep_alive(&self, flow: &Flow) -> Result<(), SendError> {
        let shard = self.shard_for(flow.peer());
        shard.send(flow, stun::request(shard.next_id(flow.peer())).into())
    }

    fn shutdown(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            for reader in &self.readers {
                reader.abort(); // between two turns: a turn does not wait
            }
            for shard in &self.shards {
                shard.close();
            }
            self.tasks.finish(self.linger).await;
            tracing::debug!(local = %self.local, "udp closed");
        })
    }

    fn counters(&self) -> TransportCounters {
        self.tally.snapshot()
    }
}

/// What the carrier and the tasks of one socket share.
struct Shared {
    /// Tells this socket's turns from others'.
    id: TurnId,
    largest: usize,
    /// What tells our STUN requests from those that we did not make.
    key: [u8; 16],
    asked: AtomicU32,
    /// `None` once closed.
    socket: RwLock<Option<Arc<Socket>>>,
    outbox: Mutex<Outbox>,
    /// There is a backlog, or the socket was closed: for the flusher.
    backlogged: Notify,
    tally: Arc<Tally>,
}

impl Shared {
    /// The identifier of a STUN request to `peer`: a count, and what only we can have put beside it. So nothing is kept of those
    /// that are under way.
    fn next_id(&self, peer: SocketAddr) -> TransactionId {
        self.id(self.asked.fetch_add(1, Ordering::Relaxed), peer)
    }

    fn id(&self, count: u32, peer: SocketAddr) -> TransactionId {
        let mut hasher = SipHasher24::new_with_key(&self.key);
        (count, peer).hash(&mut hasher);
        let mut id = TransactionId::default();
        id[..4].copy_from_slice(&count.to_be_bytes());
        id[4..].copy_from_slice(&hasher.finish().to_be_bytes());
        id
    }

    /// Whether that is the identifier of a request that we have sent there.
    fn has_asked(&self, id: &TransactionId, peer: SocketAddr) -> bool {
        let count = u32::from_be_bytes([id[0], id[1], id[2], id[3]]);
        *id == self.id(count, peer)
    }

    fn socket(&self) -> Option<Arc<Socket>> {
        self.socket.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, flow: &Flow, bytes: sip::Bytes) -> Result<(), SendError> {
        let socket = self.socket().ok_or(SendError::Closed)?;
        if bytes.len() > self.largest {
            self.tally.failed_sends.add(1);
            return Err(SendError::TooLarge);
        }
        let datagram = Datagram {
            peer: flow.peer(),
            source: socket.source(flow.local()),
            bytes,
        };
        if Turn::is_of(self.id) {
            if self.outbox().gather(datagram) >= BATCH {
                self.send_gathered(&socket);
            }
            return Ok(());
        }
        if self.outbox().has_backlog() {
            return self.queue(datagram);
        }
        match batch::send_one(&socket, &datagram) {
            Ok(()) => {
                self.tally.sent.add(1);
                self.tally.sent_bytes.add(datagram.bytes.len() as u64);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.queue(datagram),
            Err(error) => {
                self.tally.failed_sends.add(1);
                tracing::debug!(peer = %datagram.peer, %error, "datagram not sent");
                Err(if quinn_udp::is_msg_size_err(&error) {
                    SendError::TooLarge
                } else {
                    SendError::Io(error)
                })
            }
        }
    }

    /// Sends what the turn has gathered; what the socket does not take goes to the backlog, as far as that goes.
    fn send_gathered(&self, socket: &Socket) {
        let (gathered, behind) = {
            let mut outbox = self.outbox();
            (outbox.take_gathered(), outbox.has_backlog())
        };
        if gathered.is_empty() {
            return;
        }
        let done = if behind {
            0
        } else {
            self.count(batch::send(socket, &gathered))
        };
        for datagram in &gathered[done..] {
            let _counted = self.queue(datagram.clone());
        }
        self.outbox().give_back(gathered);
    }

    /// Puts a datagram behind the backlog and wakes the flusher.
    fn queue(&self, datagram: Datagram) -> Result<(), SendError> {
        let queued = self.outbox().queue(datagram);
        match queued {
            Ok(()) => {
                self.backlogged.notify_one();
                Ok(())
            }
            Err(outbox::Full) => {
                self.tally.refused_sends.add(1);
                Err(SendError::QueueFull)
            }
        }
    }

    fn count(&self, progress: batch::Progress) -> usize {
        self.tally.sent.add(progress.sent);
        self.tally.sent_bytes.add(progress.sent_bytes);
        self.tally.failed_sends.add(progress.failed);
        progress.done
    }

    fn close(&self) {
        self.socket.write().unwrap_or_else(PoisonError::into_inner).take();
        self.backlogged.notify_one();
    }
}

/// Sends the backlog as the socket takes it; ends once the carrier is closed and the backlog empty.
async fn flush(socket: Arc<Socket>, shared: Arc<Shared>) {
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

/// Whether the error is the news of an earlier datagram's fate (a closed port, an unreachable host), which some
/// systems deliver on the next call.
fn is_stale(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, HostUnreachable, NetworkUnreachable};
    matches!(
        error.kind(),
        ConnectionRefused | ConnectionReset | HostUnreachable | NetworkUnreachable
    )
}
