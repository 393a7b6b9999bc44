//! What the carrier and the tasks of one socket share: the way out of it.
//!
//! Invariant: what is sent once there is a backlog goes behind it, from wherever it is sent.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use spigot_parser as sip;
use tokio::sync::Notify;

use super::batch::{self, BATCH, Datagram};
use super::outbox::{self, Outbox};
use super::socket::Socket;
use super::stun_ids::StunIds;
use crate::flow::Flow;
use crate::transport::carrier::SendError;
use crate::transport::counters::TransportTally;
use crate::transport::turn::{Turn, TurnId};

/// What the carrier and the tasks of one socket share, and by which they send.
pub(super) struct SharedSocket {
    /// Tells this socket's turns from others'.
    pub(super) id: TurnId,
    pub(super) stun_ids: Arc<StunIds>,
    /// `None` once closed.
    pub(super) socket: RwLock<Option<Arc<Socket>>>,
    outbox: Mutex<Outbox>,
    /// There is a backlog, or the socket was closed: for the flusher.
    pub(super) backlogged: Notify,
    pub(super) tally: Arc<TransportTally>,
}

impl SharedSocket {
    /// A socket whose backlog holds at most `write_queue` octets.
    pub(super) fn new(
        socket: Arc<Socket>,
        stun_ids: Arc<StunIds>,
        write_queue: usize,
        tally: Arc<TransportTally>,
    ) -> Arc<SharedSocket> {
        Arc::new(SharedSocket {
            id: TurnId::unique(),
            stun_ids,
            socket: RwLock::new(Some(socket)),
            outbox: Mutex::new(Outbox::new(write_queue)),
            backlogged: Notify::new(),
            tally,
        })
    }

    /// The socket, unless it is closed.
    pub(super) fn socket(&self) -> Option<Arc<Socket>> {
        self.socket.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What waits to leave.
    pub(super) fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a datagram, gathers it in this socket's turn, or queues what the socket does not take.
    pub(super) fn send(&self, flow: &Flow, bytes: sip::Bytes) -> Result<(), SendError> {
        let socket = self.socket().ok_or(SendError::Closed)?;
        if bytes.len() > socket.largest() {
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
                Err(if quinn_udp::is_msg_size_err(&error) {
                    SendError::TooLarge
                } else {
                    SendError::Io(error)
                })
            }
        }
    }

    /// Sends what the turn has gathered; what the socket does not take goes to the backlog, as far as that
    /// goes.
    pub(super) fn send_gathered(&self, socket: &Socket) {
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
            if self.queue(datagram.clone()).is_err() {
                tracing::debug!(peer = %datagram.peer, error = %SendError::QueueFull, "datagram not sent");
            }
        }
        self.outbox().give_back(gathered);
    }

    /// Puts a datagram behind the backlog and wakes the flusher.
    pub(super) fn queue(&self, datagram: Datagram) -> Result<(), SendError> {
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

    /// Counts what was sent; how many datagrams are dealt with.
    pub(super) fn count(&self, progress: batch::Progress) -> usize {
        self.tally.sent.add(progress.sent);
        self.tally.sent_bytes.add(progress.sent_bytes);
        self.tally.failed_sends.add(progress.failed);
        progress.done
    }

    /// Takes no more datagrams; the flusher ends when the backlog is empty.
    pub(super) fn close(&self) {
        self.socket.write().unwrap_or_else(PoisonError::into_inner).take();
        self.backlogged.notify_one();
    }
}
