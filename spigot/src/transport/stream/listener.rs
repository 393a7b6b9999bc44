//! Accepting connections.
//!
//! Invariant: no error ends the loop; when the system is out of descriptors or memory it pauses and goes on.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, Type};
use tokio::net::{TcpListener, TcpStream};

use super::adopt::{self, Addresses};
use super::hub::Hub;
use super::proxied;

/// How many connections the kernel keeps for us to accept.
const BACKLOG: i32 = 1_024;

/// The pause when the system is out of descriptors or memory.
const PAUSE: Duration = Duration::from_millis(100);

/// Listens at an address. IPv6 listeners take no IPv4, so that both families can share a port.
pub(super) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket2::Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    // On Windows the option means that somebody else may take the port over.
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Accepts until it is aborted.
pub(super) async fn run(listener: TcpListener, hub: Arc<Hub>) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => admit(&hub, stream, peer),
            Err(error) => {
                hub.tally.receive_errors.add(1);
                tracing::debug!(local = %hub.local, %error, "accepting failed");
                if let Some(pause) = pause_after(&error) {
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }
}

/// Takes a connection in, or closes it at once if there are as many as there may be.
fn admit(hub: &Arc<Hub>, stream: TcpStream, peer: SocketAddr) {
    let is_proxied = hub.proxies.contain(peer.ip());
    let source = (!is_proxied).then_some(peer.ip());
    let Some(permit) = hub.admission.enter(source) else {
        hub.tally.refused_connections.add(1);
        tracing::debug!(%peer, local = %hub.local, "connection refused: as many as there may be");
        return;
    };
    if is_proxied {
        return proxied::introduce(hub, stream, permit);
    }
    let taken = Addresses::of(&stream).and_then(|addresses| adopt::accepted(hub, stream, permit, addresses));
    if let Err(error) = taken {
        tracing::debug!(%peer, %error, "connection not kept");
    }
}

/// The pause after an error, if it is not only that the peer took the connection back.
fn pause_after(error: &io::Error) -> Option<Duration> {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    match error.kind() {
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted => None,
        _ => Some(PAUSE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lack_of_descriptors_pauses_and_a_lost_connection_does_not() {
        const EMFILE: i32 = 24;
        assert_eq!(pause_after(&io::Error::from_raw_os_error(EMFILE)), Some(PAUSE));
        assert_eq!(pause_after(&io::ErrorKind::ConnectionAborted.into()), None);
    }
}
