//! Waits for the PROXY header of a connection that a load balancer makes for somebody.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::admission::Permit;
use super::adopt::{self, Addresses};
use super::hub::Hub;
use super::proxy::{self, ProxyHeader};

/// Takes a connection of a load balancer in, once its header has said for whom it is. Until then it is a
/// handshake under way, without a source.
pub(super) fn introduce(hub: &Arc<Hub>, stream: TcpStream, mut permit: Permit) {
    let Some(handshake) = hub.handshakes.enter(None) else {
        hub.tally.refused_handshakes.add(1);
        return;
    };
    let this = Arc::clone(hub);
    // Refused once shut down: then the connection is dropped.
    hub.openers.spawn(async move {
        let header = timeout(this.limits.handshake, read_header(&stream)).await;
        let header = header.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        drop(handshake);
        let addresses = header.and_then(|header| addresses(&stream, &header));
        let addresses = match addresses {
            Ok(addresses) => addresses,
            Err(error) => {
                match error.kind() {
                    io::ErrorKind::InvalidData | io::ErrorKind::TimedOut => &this.tally.refused_headers,
                    _ => &this.tally.closed_by_peer, // as after looking whether we live
                }
                .add(1);
                tracing::debug!(local = %this.local, %error, "a proxy did not say for whom it connects");
                return;
            }
        };
        if !permit.comes_from(addresses.peer.ip()) {
            this.tally.refused_connections.add(1);
            tracing::debug!(peer = %addresses.peer, local = %this.local, "connection refused: as many as there may be");
            return;
        }
        if let Err(error) = adopt::accepted(&this, stream, permit, addresses) {
            tracing::debug!(peer = %addresses.peer, %error, "connection not kept");
        }
    });
}

/// The addresses of a connection. The peer is the one that the header names, if it names one.
fn addresses(stream: &TcpStream, header: &ProxyHeader) -> io::Result<Addresses> {
    let mut addresses = Addresses::of(stream)?;
    if let Some(source) = header.source {
        addresses.peer = SocketAddr::new(source.ip().to_canonical(), source.port());
    }
    Ok(addresses)
}

/// Takes the header from the front of the stream, and nothing behind it.
async fn read_header(stream: &TcpStream) -> io::Result<ProxyHeader> {
    let mut header = Vec::new();
    loop {
        let mut chunk = [0; 256];
        let seen = stream.peek(&mut chunk).await?;
        if seen == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let before = header.len();
        header.extend_from_slice(&chunk[..seen]);
        let outcome =
            proxy::read(&header).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        // As long as it is not whole, all that has come is of it.
        let of_it = outcome.map_or(seen, |whole| whole.length - before);
        take(stream, &mut chunk[..of_it]).await?;
        if let Some(whole) = outcome {
            return Ok(whole);
        }
    }
}

/// Reads as many octets as there is room for, which are known to have come.
async fn take(stream: &TcpStream, mut octets: &mut [u8]) -> io::Result<()> {
    while !octets.is_empty() {
        match stream.try_read(octets) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => octets = &mut octets[count..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => stream.readable().await?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
