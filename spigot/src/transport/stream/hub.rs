//! The connections of one listener.
//!
//! Invariant: a connection is in the tables from before its task runs until its [`Registration`] is dropped,
//! which happens however the task ends, and which is when the endpoint hears that it is closed.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use spigot_parser as sip;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::admission::{Admission, Permit};
use super::codec::Codec;
use super::connection::{Connection, TooMany};
use super::opening::Openings;
use super::outbox::{Budget, Outbox};
use super::peer::Peer;
use super::protocol::Protocol;
use super::proxied::Proxies;
use super::{Reason, reader};
use crate::Identity;
use crate::flow::{ConnectionId, Flow};
use crate::transport::counters::Tally;
use crate::transport::tasks::Tasks;
use crate::transport::turn::guarded;
use crate::transport::{Inbound, NEVER, PING, SendError, TransportLimits};

/// What the listener, its connections and the carrier share.
pub(super) struct Hub {
    pub(super) local: SocketAddr,
    pub(super) protocol: Protocol,
    pub(super) proxies: Proxies,
    pub(super) inbound: Arc<dyn Inbound>,
    pub(super) limits: TransportLimits,
    pub(super) tally: Tally,
    pub(super) admission: Arc<Admission>,
    pub(super) handshakes: Arc<Admission>,
    pub(super) openings: Openings,
    /// The listener's task and those that open connections.
    pub(super) openers: Tasks,
    /// The connections' tasks.
    pub(super) readers: Tasks,
    budget: Arc<Budget>,
    connections: DashMap<ConnectionId, Arc<Connection>>,
    /// The connection to each peer that a new message to it uses.
    peers: DashMap<Peer, ConnectionId>,
}

/// The addresses that a connection is between.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    pub(super) local: SocketAddr,
    pub(super) peer: SocketAddr,
}

impl Ends {
    /// As its socket has them.
    pub(super) fn of(stream: &TcpStream) -> io::Result<Ends> {
        Ok(Ends {
            local: stream.local_addr()?,
            peer: stream.peer_addr()?,
        })
    }
}

impl Hub {
    pub(super) fn new(
        local: SocketAddr,
        protocol: Protocol,
        proxies: Proxies,
        inbound: Arc<dyn Inbound>,
        limits: TransportLimits,
    ) -> Arc<Self> {
        Arc::new(Hub {
            local,
            protocol,
            proxies,
            inbound,
            tally: Tally::default(),
            admission: Admission::of_connections(limits.connections, limits.connections_per_source),
            handshakes: Admission::new(limits.handshakes, limits.handshakes_per_source),
            openings: Openings::default(),
            openers: Tasks::new(),
            readers: Tasks::new(),
            budget: Budget::new(limits.write_queues_total),
            connections: DashMap::new(),
            peers: DashMap::new(),
            limits,
        })
    }

    /// Whom a message to that address, and that domain if it is known, is for.
    pub(super) fn peer(&self, address: SocketAddr, domain: Option<&str>) -> Peer {
        let domain = domain.filter(|_| self.protocol.has_domains());
        Peer {
            address,
            domain: domain.map(|domain| domain.to_ascii_lowercase().into()),
        }
    }

    /// Takes a connection in that was accepted.
    ///
    /// # Errors
    ///
    /// When there are as many handshakes as there may be, or the listener was shut down.
    pub(super) fn accept(self: &Arc<Self>, stream: TcpStream, permit: Permit, ends: Ends) -> io::Result<()> {
        let address = ends.peer;
        let handshake = match self.protocol.has_handshake() {
            false => None,
            true => match self.handshakes.enter(Some(address.ip())) {
                Some(handshake) => Some(handshake),
                None => {
                    self.tally.refused_handshakes.add(1);
                    return Err(io::Error::new(
                        io::ErrorKind::QuotaExceeded,
                        "as many handshakes under way as there may be",
                    ));
                }
            },
        };
        let codec = self.protocol.accepting(self.limits.parser.message);
        let codec = codec.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let peer = self.peer(address, None);
        self.adopt(stream, permit, codec, handshake, ends, peer, true)?;
        Ok(())
    }

    /// Takes a connection in that was opened.
    ///
    /// # Errors
    ///
    /// When the peer's name cannot be one, its addresses cannot be had (it broke meanwhile), or the listener was shut down.
    pub(super) fn take_opened(
        self: &Arc<Self>,
        stream: TcpStream,
        permit: Permit,
        peer: Peer,
    ) -> io::Result<Arc<Connection>> {
        let codec = self
            .protocol
            .opening(peer.address, peer.domain.as_deref(), self.limits.parser.message)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let mut ends = Ends::of(&stream)?;
        // Nobody listens at the port that the system chose: the peer reaches us at the listener's.
        ends.local.set_port(self.local.port());
        self.adopt(stream, permit, codec, None, ends, peer, false)
    }

    /// From here on its task owns the connection.
    ///
    /// # Errors
    ///
    /// When the listener was shut down.
    #[allow(clippy::too_many_arguments)] // what a connection is made of
    fn adopt(
        self: &Arc<Self>,
        stream: TcpStream,
        permit: Permit,
        codec: Codec,
        handshake: Option<Permit>,
        ends: Ends,
        peer: Peer,
        accepted: bool,
    ) -> io::Result<Arc<Connection>> {
        let _best_effort = stream.set_nodelay(true);
        let id = ConnectionId::unique();
        let flow = Flow::stream(self.protocol.transport, ends.local, ends.peer, id);
        let outbox = Outbox::new(self.limits.write_queue, Arc::clone(&self.budget));
        let connection = Arc::new(Connection::new(id, flow, stream, outbox, codec, handshake));
        self.connections.insert(id, Arc::clone(&connection));
        self.peers.insert(peer.clone(), id);
        if accepted {
            &self.tally.accepted
        } else {
            &self.tally.connected
        }
        .add(1);
        tracing::debug!(%flow, accepted, "connection open");
        let registration = Registration {
            hub: Arc::clone(self),
            connection: Arc::clone(&connection),
            peer,
            _permit: permit,
        };
        match self.readers.spawn(reader::run(registration, accepted)) {
            Some(_) => Ok(connection),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// The connection to a peer, if there is one that takes messages.
    pub(super) fn existing(&self, peer: &Peer) -> Option<Flow> {
        let id = *self.peers.get(peer)?;
        let connection = self.connections.get(&id)?;
        connection.is_open().then_some(connection.flow)
    }

    /// Whether that connection is ours and takes messages.
    pub(super) fn is_open(&self, flow: &Flow) -> bool {
        let entry = flow.connection().and_then(|id| self.connections.get(&id));
        entry.is_some_and(|connection| connection.is_open())
    }

    fn connection(&self, flow: &Flow) -> Option<Arc<Connection>> {
        let entry = self.connections.get(&flow.connection()?)?;
        Some(Arc::clone(&entry))
    }

    /// A registration lives on that flow for so long.
    pub(super) fn registered(&self, flow: &Flow, lasting: Duration) {
        if let Some(connection) = self.connection(flow) {
            connection.registered(Instant::now() + lasting.min(NEVER));
        }
    }

    /// Sends on a flow of ours.
    pub(super) fn send(&self, flow: &Flow, message: sip::Bytes) -> Result<(), SendError> {
        let connection = self.connection(flow).ok_or(SendError::Closed)?;
        connection.send(message, &self.tally)
    }

    /// Asks for a sign of life on a flow of ours.
    pub(super) fn keep_alive(&self, flow: &Flow) -> Result<(), SendError> {
        let connection = self.connection(flow).ok_or(SendError::Closed)?;
        connection.ask();
        connection.send(sip::Bytes::from_static(PING), &self.tally)
    }

    /// Who the peer of a flow has proved to be.
    pub(super) fn identity(&self, flow: &Flow) -> Option<Identity> {
        self.connection(flow)?.identity().cloned()
    }

    /// Uses the connection of a flow for new messages to `address` too, as far as its peer has proved to be who is there.
    pub(super) fn alias(&self, flow: &Flow, address: SocketAddr) {
        let Some(connection) = self.connection(flow) else {
            return;
        };
        let Some(identity) = connection.identity() else {
            return;
        };
        for domain in identity.domains() {
            let peer = self.peer(address, Some(domain));
            match connection.alias(&peer) {
                Ok(true) => {
                    tracing::debug!(%flow, %address, domain, "connection reused");
                    self.peers.insert(peer, connection.id);
                }
                Ok(false) => {}
                Err(TooMany) => {
                    tracing::debug!(%flow, %address, domain, "connection not reused: it is the way to as many as may be");
                    self.tally.refused_aliases.add(1);
                }
            }
        }
    }

    /// Ends a connection whose peer gave none.
    pub(super) fn give_up(&self, flow: &Flow) {
        if let Some(connection) = self.connection(flow) {
            connection.stop(Reason::Dead);
        }
    }

    /// New messages to the peer no longer use this connection.
    pub(super) fn retire(&self, connection: &Connection, peer: &Peer) {
        for peer in connection.aliases().iter().chain([peer]) {
            self.peers.remove_if(peer, |_, current| *current == connection.id);
        }
    }

    /// Ends all connections, within the time that they may linger.
    pub(super) async fn shutdown(&self) {
        self.openers.finish(Duration::ZERO).await;
        for connection in &self.connections {
            connection.stop(Reason::Shutdown);
        }
        self.readers.finish(self.limits.linger).await;
    }
}

/// A connection's place in the tables.
pub(super) struct Registration {
    pub(super) hub: Arc<Hub>,
    pub(super) connection: Arc<Connection>,
    pub(super) peer: Peer,
    _permit: Permit,
}

impl Drop for Registration {
    fn drop(&mut self) {
        let flow = self.connection.flow;
        // Not closed yet: the task was cut short, which only a shutdown does.
        let reason = self.connection.close(Reason::Shutdown);
        self.hub.connections.remove(&self.connection.id);
        self.hub.retire(&self.connection, &self.peer);
        reason.count(&self.hub.tally).add(1);
        tracing::debug!(%flow, ?reason, "connection closed");
        guarded(flow, || self.hub.inbound.closed(flow));
    }
}
