//! Opens connections: uses the one that there is, joins the attempt that is under way, or begins one.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use socket2::{Domain, Protocol, Type};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

use super::adopt;
use super::attempts::Announced;
use super::close_reason::CloseReason;
use super::connection::Connection;
use super::destination::Destination;
use super::hub::Hub;
use crate::flow::Flow;

/// The connection to a destination: the one there is, or a new one. The attempt goes on if the caller goes
/// away.
pub(super) async fn connect(hub: &Arc<Hub>, destination: Destination) -> io::Result<Flow> {
    let mut outcome = match join(hub, destination) {
        Way::Connection(flow) => return Ok(flow),
        Way::Attempt(outcome) => outcome,
    };
    let outcome = outcome.wait_for(Option::is_some).await;
    match outcome.map(|outcome| outcome.clone()) {
        Ok(Some(Ok(flow))) => Ok(flow),
        Ok(Some(Err(error))) => Err(io::Error::new(error.kind(), error)),
        // Its task was cut short: the transport is shut down.
        Ok(None) | Err(_) => Err(io::ErrorKind::NotConnected.into()),
    }
}

/// How a destination is reached.
enum Way {
    Connection(Flow),
    Attempt(Announced),
}

/// The connection there is, or the attempt there is, or a new one.
fn join(hub: &Arc<Hub>, destination: Destination) -> Way {
    if let Some(flow) = hub.connections.towards(&destination) {
        return Way::Connection(flow);
    }
    let mut attempts = hub.attempts.lock();
    if let Some(attempt) = attempts.get(&destination) {
        return Way::Attempt(attempt.clone());
    }
    // An attempt leaves the table after its connection has entered its own: looked at again, under the lock.
    if let Some(flow) = hub.connections.towards(&destination) {
        return Way::Connection(flow);
    }
    let (announce, outcome) = watch::channel(None);
    attempts.insert(destination.clone(), outcome.clone());
    drop(attempts);
    let attempt = Attempt {
        hub: Arc::clone(hub),
        destination: destination.clone(),
    };
    // Refused once shut down: `announce` is dropped, which the caller sees.
    hub.openers.spawn(async move {
        let opened = open(&attempt.hub, destination).await;
        drop(attempt);
        announce.send_replace(Some(opened.map_err(Arc::new)));
    });
    Way::Attempt(outcome)
}

/// An attempt's place in the table.
struct Attempt {
    hub: Arc<Hub>,
    destination: Destination,
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.hub.attempts.lock().remove(&self.destination);
    }
}

async fn open(hub: &Arc<Hub>, destination: Destination) -> io::Result<Flow> {
    let Some(permit) = hub.admission.enter(None) else {
        hub.tally.refused_connections.add(1);
        return Err(io::Error::new(
            io::ErrorKind::QuotaExceeded,
            "as many connections as there may be",
        ));
    };
    let connected = async {
        let stream = dial(hub.local, destination.address).await?;
        let opening = Opening(adopt::opened(hub, stream, permit, destination)?);
        let opened = opening.0.opened().await;
        if opened.is_err() {
            opening.0.stop(CloseReason::Broken);
        }
        opened.map(|()| opening.0.flow)
    };
    timeout(hub.limits.connect, connected)
        .await
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "the peer did not accept in time"))?
}

/// A connection whose handshakes we wait for. If nobody waits any more and they are not done, it goes.
struct Opening(Arc<Connection>);

impl Drop for Opening {
    fn drop(&mut self) {
        self.0.close_unless_opened(CloseReason::Late);
    }
}

/// Connects from the listener's address, unless that is a wildcard, and from a port of the system's choice.
async fn dial(local: SocketAddr, peer: SocketAddr) -> io::Result<TcpStream> {
    if peer.is_ipv4() != local.is_ipv4() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the peer's address is of the other family",
        ));
    }
    let socket = socket2::Socket::new(Domain::for_address(peer), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    if !local.ip().is_unspecified() {
        let mut source = local;
        source.set_port(0);
        socket.bind(&source.into())?;
    }
    TcpSocket::from_std_stream(socket.into()).connect(peer).await
}
