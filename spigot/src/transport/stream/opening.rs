//! Opening connections: several callers for one peer share one attempt.
//!
//! Invariant: an attempt is in the table exactly while its task lives.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use socket2::{Domain, Protocol, Type};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

use super::Reason;
use super::connection::Connection;
use super::hub::Hub;
use super::peer::Peer;
use crate::flow::Flow;

/// What an attempt came to; the error is shared by all who waited.
type Outcome = Result<Flow, Arc<io::Error>>;

/// The attempts under way.
#[derive(Debug, Default)]
pub(super) struct Openings {
    attempts: Mutex<HashMap<Peer, watch::Receiver<Option<Outcome>>>>,
}

impl Openings {
    fn attempts(&self) -> MutexGuard<'_, HashMap<Peer, watch::Receiver<Option<Outcome>>>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connection to a peer: the one there is, or a new one. The attempt goes on if the caller goes away.
pub(super) async fn connect(hub: &Arc<Hub>, peer: Peer) -> io::Result<Flow> {
    let mut outcome = match join(hub, peer) {
        Way::Connection(flow) => return Ok(flow),
        Way::Attempt(outcome) => outcome,
    };
    match outcome
        .wait_for(Option::is_some)
        .await
        .map(|outcome| outcome.clone())
    {
        Ok(Some(Ok(flow))) => Ok(flow),
        Ok(Some(Err(error))) => Err(io::Error::new(error.kind(), error)),
        // Its task was cut short: the transport is shut down.
        Ok(None) | Err(_) => Err(io::ErrorKind::NotConnected.into()),
    }
}

/// How a peer is reached.
enum Way {
    Connection(Flow),
    Attempt(watch::Receiver<Option<Outcome>>),
}

/// The connection there is, or the attempt there is, or a new one.
fn join(hub: &Arc<Hub>, peer: Peer) -> Way {
    if let Some(flow) = hub.existing(&peer) {
        return Way::Connection(flow);
    }
    let mut attempts = hub.openings.attempts();
    if let Some(attempt) = attempts.get(&peer) {
        return Way::Attempt(attempt.clone());
    }
    // An attempt leaves the table after its connection has entered its own: looked at again, under the lock.
    if let Some(flow) = hub.existing(&peer) {
        return Way::Connection(flow);
    }
    let (announce, outcome) = watch::channel(None);
    attempts.insert(peer.clone(), outcome.clone());
    drop(attempts);
    let attempt = Attempt {
        hub: Arc::clone(hub),
        peer: peer.clone(),
    };
    // Refused once shut down: `announce` is dropped, which the caller sees.
    hub.openers.spawn(async move {
        let address = peer.address;
        let opened = open(&attempt.hub, peer).await;
        if let Err(error) = &opened {
            tracing::debug!(peer = %address, %error, "not connected");
        }
        drop(attempt);
        announce.send_replace(Some(opened.map_err(Arc::new)));
    });
    Way::Attempt(outcome)
}

/// An attempt's place in the table.
struct Attempt {
    hub: Arc<Hub>,
    peer: Peer,
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.hub.openings.attempts().remove(&self.peer);
    }
}

async fn open(hub: &Arc<Hub>, peer: Peer) -> io::Result<Flow> {
    let Some(permit) = hub.admission.enter(None) else {
        hub.tally.refused_connections.add(1);
        return Err(io::Error::new(
            io::ErrorKind::QuotaExceeded,
            "as many connections as there may be",
        ));
    };
    let connected = async {
        let stream = dial(hub.local, peer.address).await?;
        let opening = Opening(hub.take_opened(stream, permit, peer)?);
        let opened = opening.0.opened().await;
        if opened.is_err() {
            opening.0.stop(Reason::Broken);
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
        self.0.close_unless_opened(Reason::Late);
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
