//! A UDP socket with the options SIP wants.
//!
//! Invariant: it may fragment. `quinn-udp`, made for QUIC, forbids fragmentation on the sockets it sets up,
//! and a SIP message may be larger than the path's MTU (RFC 3261 §18.1.1 allows up to 65,535 octets over
//! UDP); on Linux the options that receiving needs are therefore set here, and `quinn-udp` sets up another
//! socket.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;

use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSocketState};
use socket2::{Domain, Protocol, Type};
use tokio::io::Interest;

/// What the kernel is asked to buffer each way; it gives what it allows.
const KERNEL_BUFFER: usize = 4 * 1024 * 1024;

/// The payload of the largest datagram: 65,535 octets less the IPv4 and UDP headers, or over IPv6, whose
/// length does not count its own header, less the UDP header.
pub(super) const LARGEST_V4: usize = 65_507;
const LARGEST_V6: usize = 65_527;

/// A bound UDP socket.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) io: tokio::net::UdpSocket,
    pub(super) state: UdpSocketState,
    pub(super) local: SocketAddr,
}

impl Socket {
    /// Binds so many sockets to one address, or one where the system does not spread datagrams over them.
    pub(super) fn bind_all(mut address: SocketAddr, count: NonZeroUsize) -> io::Result<Vec<Socket>> {
        let count = if cfg!(target_os = "linux") { count.get() } else { 1 };
        // The first one alone has the address, or there would be no telling who else has it; then it lets the
        // others in.
        let mut sockets = vec![Socket::bind(address, false)?];
        let first = &sockets[0];
        address.set_port(first.local.port());
        if count > 1 {
            #[cfg(target_os = "linux")]
            socket2::SockRef::from(&first.io).set_reuse_port(true)?;
        }
        for _ in 1..count {
            sockets.push(Socket::bind(address, true)?);
        }
        Ok(sockets)
    }

    /// Binds a socket; if it `joins`, to an address that others have.
    ///
    /// IPv6 sockets take no IPv4, so that listeners of both families can share a port.
    pub(super) fn bind(address: SocketAddr, joins: bool) -> io::Result<Socket> {
        let socket = datagram_socket(address)?;
        socket.set_nonblocking(true)?;
        #[cfg(target_os = "linux")]
        socket.set_reuse_port(joins)?;
        #[cfg(not(target_os = "linux"))]
        let _ = joins;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        let _best_effort = socket.set_recv_buffer_size(KERNEL_BUFFER);
        let _best_effort = socket.set_send_buffer_size(KERNEL_BUFFER);
        socket.bind(&address.into())?;
        let socket = std::net::UdpSocket::from(socket);
        let state = receive_options(&socket, address)?;
        let local = socket.local_addr()?;
        Ok(Socket {
            io: tokio::net::UdpSocket::from_std(socket)?,
            state,
            local,
        })
    }

    /// Whether the socket is bound to a wildcard address, so that each message says which address it uses.
    pub(super) fn is_wildcard(&self) -> bool {
        self.local.ip().is_unspecified()
    }

    /// How many octets the largest datagram has.
    pub(super) fn largest(&self) -> usize {
        if self.local.is_ipv4() {
            LARGEST_V4
        } else {
            LARGEST_V6
        }
    }

    /// Receives up to a batch without waiting: fills `metas`, one for each buffer of `stride` octets in
    /// `buffers`, and says how many.
    pub(super) fn try_receive(
        &self,
        buffers: &mut [u8],
        stride: usize,
        metas: &mut [RecvMeta; BATCH_SIZE],
    ) -> io::Result<usize> {
        self.io.try_io(Interest::READABLE, || {
            let mut buffers = buffers.chunks_mut(stride);
            let mut slices: [_; BATCH_SIZE] =
                std::array::from_fn(|_| io::IoSliceMut::new(buffers.next().unwrap_or_default()));
            self.state.recv((&self.io).into(), &mut slices, metas)
        })
    }

    /// The address from which a message to `peer` leaves.
    pub(super) fn local_for(&self, peer: SocketAddr) -> io::Result<SocketAddr> {
        if peer.is_ipv4() != self.local.is_ipv4() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the peer's address is of the other family",
            ));
        }
        if !self.is_wildcard() {
            return Ok(self.local);
        }
        // Connecting a datagram socket sends nothing: it asks the routing table.
        let probe = std::net::UdpSocket::bind(SocketAddr::new(self.local.ip(), 0))?;
        probe.connect(peer)?;
        Ok(SocketAddr::new(probe.local_addr()?.ip(), self.local.port()))
    }

    /// The source to force on a message that goes by this local address, if any.
    pub(super) fn source(&self, local: SocketAddr) -> Option<IpAddr> {
        let ip = local.ip();
        (self.is_wildcard() && !ip.is_unspecified() && !ip.is_multicast()).then_some(ip)
    }
}

/// Whether the error is the news of an earlier datagram's fate (a closed port, an unreachable host), which
/// some systems deliver on the next call.
pub(super) fn is_stale(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, HostUnreachable, NetworkUnreachable};
    matches!(
        error.kind(),
        ConnectionRefused | ConnectionReset | HostUnreachable | NetworkUnreachable
    )
}

fn datagram_socket(address: SocketAddr) -> io::Result<socket2::Socket> {
    socket2::Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))
}

/// Sets the options for receiving: the destination address, where it is not known, and coalesced datagrams.
#[cfg(target_os = "linux")]
fn receive_options(socket: &std::net::UdpSocket, address: SocketAddr) -> io::Result<UdpSocketState> {
    use nix::sys::socket::{setsockopt, sockopt};

    if address.ip().is_unspecified() {
        match address {
            SocketAddr::V4(_) => setsockopt(socket, sockopt::Ipv4PacketInfo, &true)?,
            SocketAddr::V6(_) => setsockopt(socket, sockopt::Ipv6RecvPacketInfo, &true)?,
        }
    }
    // Kernels before 5.0 have no UDP_GRO, and every datagram comes alone.
    let _best_effort = setsockopt(socket, sockopt::UdpGroSegment, &true);
    let other = datagram_socket(address)?;
    UdpSocketState::new((&other).into())
}

/// Has `quinn-udp` set the options; messages larger than the path's MTU do not leave on these systems.
#[cfg(not(target_os = "linux"))]
fn receive_options(socket: &std::net::UdpSocket, _address: SocketAddr) -> io::Result<UdpSocketState> {
    UdpSocketState::new(socket.into())
}
