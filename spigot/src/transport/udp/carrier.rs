//! A UDP listener that is bound: what the endpoint sends by.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use spigot_parser as sip;
use tokio::task::AbortHandle;

use super::shared_socket::SharedSocket;
use super::{flusher, reader};
use crate::flow::{Flow, Transport};
use crate::transport::carrier::{BoxFuture, Carrier, SendError};
use crate::transport::counters::{TransportCounters, TransportTally};
use crate::transport::inbound::Inbound;
use crate::transport::stun;
use crate::transport::tasks::Tasks;
use crate::transport::turn::Turn;

/// A bound UDP listener.
pub(super) struct UdpCarrier {
    pub(super) local: SocketAddr,
    pub(super) linger: Duration,
    /// The sockets, at least one.
    pub(super) sockets: Box<[Arc<SharedSocket>]>,
    pub(super) inbound: Arc<dyn Inbound>,
    pub(super) tally: Arc<TransportTally>,
    pub(super) tasks: Tasks,
    /// The tasks that read, once the carrier is started.
    pub(super) readers: OnceLock<Vec<AbortHandle>>,
}

impl UdpCarrier {
    /// The socket that a message to `peer` leaves by.
    ///
    /// Within a turn it is the socket whose turn it is, so that what it gathers leaves together. Otherwise it
    /// is always one for each peer, so that what is sent to it leaves in order.
    fn socket_for(&self, peer: SocketAddr) -> &SharedSocket {
        let in_turn = self.sockets.iter().find(|socket| Turn::is_of(socket.id));
        in_turn.unwrap_or_else(|| &self.sockets[usize::from(peer.port()) % self.sockets.len()])
    }
}

impl Carrier for UdpCarrier {
    fn transport(&self) -> Transport {
        Transport::Udp
    }

    fn local_addr(&self) -> SocketAddr {
        self.local
    }

    fn start(&self) {
        self.readers.get_or_init(|| {
            let mut readers = Vec::with_capacity(self.sockets.len());
            for shared in &self.sockets {
                let Some(socket) = shared.socket() else { continue };
                let reader = reader::run(Arc::clone(&socket), Arc::clone(shared), Arc::clone(&self.inbound));
                readers.extend(self.tasks.spawn(reader));
                self.tasks.spawn(flusher::run(socket, Arc::clone(shared)));
            }
            readers
        });
    }

    fn connect(&self, peer: SocketAddr) -> BoxFuture<'_, io::Result<Flow>> {
        Box::pin(async move {
            let socket = self
                .socket_for(peer)
                .socket()
                .ok_or(io::ErrorKind::NotConnected)?;
            let local = socket.local_for(peer)?;
            Ok(Flow::datagram(local, peer))
        })
    }

    fn send(&self, flow: &Flow, message: sip::Bytes) -> Result<(), SendError> {
        self.socket_for(flow.peer()).send(flow, message)
    }

    fn is_open(&self, flow: &Flow) -> bool {
        self.socket_for(flow.peer()).socket().is_some()
    }

    fn keep_alive(&self, flow: &Flow) -> Result<(), SendError> {
        let socket = self.socket_for(flow.peer());
        socket.send(flow, stun::request(socket.stun_ids.next(flow.peer())).into())
    }

    fn shutdown(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            for reader in self.readers.get().into_iter().flatten() {
                reader.abort(); // between two turns: a turn does not wait
            }
            for socket in &self.sockets {
                socket.close();
            }
            self.tasks.finish(self.linger).await;
            tracing::debug!(local = %self.local, "udp closed");
        })
    }

    fn counters(&self) -> TransportCounters {
        self.tally.snapshot()
    }
}
