//! Connections that load balancers make for others, as far as the header that says so (`proxy` reads it).

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::admission::Permit;
use super::hub::{Ends, Hub};
use super::proxy::{self, Header};
use crate::networks::{BadNetwork, Networks};

/// Load balancers whose word is taken for whom they connect, by the PROXY protocol in version 1 or 2.
///
/// A connection from one of these networks must begin with a header of the protocol, before TLS and everything else, within
/// [`TransportLimits::handshake`](super::super::TransportLimits::handshake); otherwise it is closed. Its
/// [`Flow`](crate::Flow) then has the client's address as its peer, and bounds for each source count the client. A header that
/// names no address (`LOCAL`, `UNKNOWN`, a UNIX socket) leaves that of the balancer itself, as when it looks whether we live.
/// Where clients reach the balancer is no matter of the header: it is the public address of the listener
/// ([`ListenAddr`](crate::ListenAddr)).
///
/// A connection from anywhere else is what it is: a header on it is not SIP.
///
/// Of the TLVs of version 2 a checksum (CRC32C) that is there has to be right; the others are skipped. What a balancer says of its
/// client's certificate is not looked at.
///
/// ```
/// use spigot::transport::Proxies;
///
/// let proxies = Proxies::new(["192.0.2.10", "2001:db8:1::/64"])?;
/// # Ok::<(), spigot::transport::BadNetwork>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Networks);

impl Proxies {
    /// No balancer: a listener that clients reach themselves, beside others.
    pub const fn none() -> Proxies {
        Proxies(Networks::none())
    }

    /// Balancers at these addresses, or in these networks.
    ///
    /// # Errors
    ///
    /// The first text that is neither.
    pub fn new<T: AsRef<str>>(networks: impl IntoIterator<Item = T>) -> Result<Proxies, BadNetwork> {
        Networks::new(networks).map(Proxies)
    }

    /// Whether it is one of them that connects from there.
    pub(super) fn contain(&self, address: IpAddr) -> bool {
        self.0.contain(address)
    }
}

/// Takes in a connection of a balancer's as soon as that has said for whom it is. Until then it is one handshake under way,
/// of no source.
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
        let ends = header.and_then(|header| ends(&stream, &header));
        let ends = match ends {
            Ok(ends) => ends,
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
        if !permit.comes_from(ends.peer.ip()) {
            this.tally.refused_connections.add(1);
            tracing::debug!(peer = %ends.peer, local = %this.local, "connection refused: as many as there may be");
            return;
        }
        if let Err(error) = this.accept(stream, permit, ends) {
            tracing::debug!(peer = %ends.peer, %error, "connection not kept");
        }
    });
}

/// The ends of a connection, the peer's as the header has it if it names one.
fn ends(stream: &TcpStream, header: &Header) -> io::Result<Ends> {
    let mut ends = Ends::of(stream)?;
    if let Some(source) = header.source {
        ends.peer = SocketAddr::new(source.ip().to_canonical(), source.port());
    }
    Ok(ends)
}

/// Takes the header from the front of the stream, and nothing behind it.
async fn read_header(stream: &TcpStream) -> io::Result<Header> {
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

/// Reads octets that are known to have come.
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
