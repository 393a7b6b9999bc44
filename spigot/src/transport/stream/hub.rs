//! What the tasks and the carrier of one listener share.
//!
//! Data only: the hub starts no task. Invariant: a connection is in the table exactly as long as its
//! [`ConnectionGuard`] lives, and the endpoint hears that it is closed when the guard is dropped.

use std::net::SocketAddr;
use std::sync::Arc;

use super::admission::{Admission, Permit};
use super::attempts::Attempts;
use super::close_reason::CloseReason;
use super::connection::Connection;
use super::connections::Connections;
use super::destination::Destination;
use super::protocol::Protocol;
use super::proxy::Proxies;
use super::write_queue::Budget;
use crate::transport::counters::TransportTally;
use crate::transport::inbound::Inbound;
use crate::transport::limits::TransportLimits;
use crate::transport::tasks::Tasks;
use crate::transport::turn::guarded;

/// What the tasks and the carrier of one listener share.
pub(super) struct Hub {
    pub(super) local: SocketAddr,
    pub(super) protocol: Protocol,
    pub(super) proxies: Proxies,
    pub(super) inbound: Arc<dyn Inbound>,
    pub(super) limits: TransportLimits,
    pub(super) tally: TransportTally,
    /// The places of connections.
    pub(super) admission: Arc<Admission>,
    /// The places of handshakes under way.
    pub(super) handshakes: Arc<Admission>,
    /// What the write queues may hold together.
    pub(super) budget: Arc<Budget>,
    pub(super) attempts: Attempts,
    pub(super) connections: Connections,
    /// The task that accepts, and those that open connections or wait for PROXY headers.
    pub(super) openers: Tasks,
    /// The connections' tasks.
    pub(super) readers: Tasks,
}

impl Hub {
    /// The hub of a listener at `local`, before its first connection.
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
            tally: TransportTally::default(),
            admission: Admission::of_connections(limits.connections, limits.connections_per_source),
            handshakes: Admission::new(limits.handshakes, limits.handshakes_per_source),
            budget: Budget::new(limits.write_queues_total),
            attempts: Attempts::default(),
            connections: Connections::default(),
            openers: Tasks::new(),
            readers: Tasks::new(),
            limits,
        })
    }

    /// Whom a message to that address is for, where domains are proved also by the domain.
    pub(super) fn destination(&self, address: SocketAddr, domain: Option<&str>) -> Destination {
        let domain = domain.filter(|_| self.protocol.has_domains());
        Destination {
            address,
            domain: domain.map(|domain| domain.to_ascii_lowercase().into()),
        }
    }

    /// Takes a connection into the table, for as long as the guard lives.
    pub(super) fn enter(
        self: &Arc<Self>,
        connection: Arc<Connection>,
        destination: Destination,
        permit: Permit,
    ) -> ConnectionGuard {
        self.connections.insert(Arc::clone(&connection), destination);
        ConnectionGuard {
            hub: Arc::clone(self),
            connection,
            _permit: permit,
        }
    }
}

/// A connection's place in the table and among the connections that there may be. Its task holds it, and
/// closes the connection by dropping it.
pub(super) struct ConnectionGuard {
    pub(super) hub: Arc<Hub>,
    pub(super) connection: Arc<Connection>,
    _permit: Permit,
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        let flow = self.connection.flow;
        // Not closed yet: the task was cut short, which only a shutdown does.
        let reason = self.connection.close(CloseReason::Shutdown);
        self.hub.connections.remove(self.connection.id);
        reason.count(&self.hub.tally).add(1);
        tracing::debug!(%flow, ?reason, "connection closed");
        guarded(flow, || self.hub.inbound.closed(flow));
    }
}
