//! Makes a connection of a socket: gives it its layers, its place in the table and its task.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;

use super::admission::Permit;
use super::codec::Codec;
use super::connection::Connection;
use super::destination::Destination;
use super::hub::Hub;
use super::reader;
use super::write_queue::WriteQueue;
use crate::flow::{ConnectionId, Flow};

/// The addresses that a connection is between.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addresses {
    pub(super) local: SocketAddr,
    pub(super) peer: SocketAddr,
}

impl Addresses {
    /// The addresses that the socket has.
    pub(super) fn of(stream: &TcpStream) -> io::Result<Addresses> {
        Ok(Addresses {
            local: stream.local_addr()?,
            peer: stream.peer_addr()?,
        })
    }
}

/// What a connection is made of.
struct Parts {
    stream: TcpStream,
    permit: Permit,
    codec: Codec,
    /// The place among the handshakes under way, if it has one to do and was accepted.
    handshake: Option<Permit>,
    addresses: Addresses,
    destination: Destination,
    /// Whether the peer opened it.
    is_accepted: bool,
}

/// Takes a connection in that was accepted.
///
/// # Errors
///
/// When there are as many handshakes as there may be, or the listener was shut down.
pub(super) fn accepted(
    hub: &Arc<Hub>,
    stream: TcpStream,
    permit: Permit,
    addresses: Addresses,
) -> io::Result<()> {
    let handshake = if hub.protocol.has_handshake() {
        let Some(handshake) = hub.handshakes.enter(Some(addresses.peer.ip())) else {
            hub.tally.refused_handshakes.add(1);
            return Err(io::Error::new(
                io::ErrorKind::QuotaExceeded,
                "as many handshakes under way as there may be",
            ));
        };
        Some(handshake)
    } else {
        None
    };
    let codec = hub.protocol.accepting(hub.limits.parser.message);
    let codec = codec.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let parts = Parts {
        stream,
        permit,
        codec,
        handshake,
        addresses,
        destination: hub.destination(addresses.peer, None),
        is_accepted: true,
    };
    adopt(hub, parts).map(drop)
}

/// Takes a connection in that was opened.
///
/// # Errors
///
/// When the domain cannot be a server's name, the socket has no addresses (it broke meanwhile), or the
/// listener was shut down.
pub(super) fn opened(
    hub: &Arc<Hub>,
    stream: TcpStream,
    permit: Permit,
    destination: Destination,
) -> io::Result<Arc<Connection>> {
    let domain = destination.domain.as_deref();
    let codec = hub
        .protocol
        .opening(destination.address, domain, hub.limits.parser.message)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let mut addresses = Addresses::of(&stream)?;
    // Nobody listens at the port that the system chose: the peer reaches us at the listener's.
    addresses.local.set_port(hub.local.port());
    let parts = Parts {
        stream,
        permit,
        codec,
        handshake: None,
        addresses,
        destination,
        is_accepted: false,
    };
    adopt(hub, parts)
}

/// Starts the task, which owns the connection from then on.
///
/// # Errors
///
/// When the listener was shut down.
fn adopt(hub: &Arc<Hub>, parts: Parts) -> io::Result<Arc<Connection>> {
    let Parts {
        stream,
        permit,
        codec,
        handshake,
        addresses,
        destination,
        is_accepted,
    } = parts;
    let _best_effort = stream.set_nodelay(true);
    let id = ConnectionId::unique();
    let flow = Flow::stream(hub.protocol.transport, addresses.local, addresses.peer, id);
    let queue = WriteQueue::new(hub.limits.write_queue, Arc::clone(&hub.budget));
    let mut connection = Connection::new(id, flow, stream, queue, codec, handshake);
    connection.is_accepted = is_accepted;
    let connection = Arc::new(connection);
    let guard = hub.enter(Arc::clone(&connection), destination, permit);
    let opened = if is_accepted {
        &hub.tally.accepted
    } else {
        &hub.tally.connected
    };
    opened.add(1);
    tracing::debug!(%flow, accepted = is_accepted, "connection open");
    let task = hub.readers.spawn(reader::run(guard, is_accepted));
    task.map(|_| connection)
        .ok_or_else(|| io::ErrorKind::NotConnected.into())
}
