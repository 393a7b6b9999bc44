//! Many datagrams in as few system calls as the system allows.
//!
//! On Linux one `sendmmsg` takes a run of datagrams that leave from the same address; elsewhere each is a
//! call. Invariant: datagrams leave in order, and those before [`Progress::done`] were sent or given up.

use std::io;
use std::net::{IpAddr, SocketAddr};

use spigot_parser::Bytes;

use super::socket::{Socket, is_stale};

/// The most datagrams of one system call.
pub(super) const BATCH: usize = 64;

/// A datagram on its way out.
#[derive(Clone, Debug)]
pub(super) struct Datagram {
    pub(super) peer: SocketAddr,
    /// The address it leaves from, where the socket has several.
    pub(super) source: Option<IpAddr>,
    pub(super) bytes: Bytes,
}

/// How far [`send`] came.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Datagrams dealt with, sent or given up. Fewer than were given: the socket takes no more now.
    pub(super) done: usize,
    pub(super) sent: u64,
    pub(super) sent_bytes: u64,
    pub(super) failed: u64,
}

/// Sends as many datagrams as the socket takes without waiting; one that the system refuses is given up.
pub(super) fn send(socket: &Socket, datagrams: &[Datagram]) -> Progress {
    let mut progress = Progress::default();
    while let Some(first) = datagrams.get(progress.done) {
        let rest = &datagrams[progress.done..];
        let run = rest
            .iter()
            .take(BATCH)
            .take_while(|next| next.source == first.source)
            .count();
        match send_run(socket, &rest[..run]) {
            Ok(sent) => {
                progress.sent += sent as u64;
                progress.sent_bytes += rest[..sent].iter().map(|it| it.bytes.len() as u64).sum::<u64>();
                progress.done += sent;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => {
                tracing::debug!(peer = %first.peer, %error, "datagram not sent");
                progress.failed += 1;
                progress.done += 1;
            }
        }
    }
    progress
}

/// Sends one datagram.
///
/// # Errors
///
/// The system's; `WouldBlock` when the socket takes no more now.
pub(super) fn send_one(socket: &Socket, datagram: &Datagram) -> io::Result<()> {
    match send_run(socket, std::slice::from_ref(datagram)) {
        // Not this datagram's: an earlier one met a closed port, and the news is delivered here, once.
        Err(error) if is_stale(&error) => send_run(socket, std::slice::from_ref(datagram)).map(drop),
        result => result.map(drop),
    }
}

/// Sends a run of datagrams from one source, at least one; how many left. An error is that of the first.
#[cfg(target_os = "linux")]
fn send_run(socket: &Socket, run: &[Datagram]) -> io::Result<usize> {
    use nix::sys::socket::{SockaddrIn, SockaddrIn6};
    use tokio::io::Interest;

    if let [
        Datagram {
            peer,
            source: None,
            bytes,
        },
    ] = run
    {
        return socket.io.try_send_to(bytes, *peer).map(|_| 1);
    }
    socket.io.try_io(Interest::WRITABLE, || match socket.local {
        SocketAddr::V4(_) => linux::send_run(&socket.io, run, |peer| match peer {
            SocketAddr::V4(peer) => Some(SockaddrIn::from(peer)),
            SocketAddr::V6(_) => None,
        }),
        SocketAddr::V6(_) => linux::send_run(&socket.io, run, |peer| match peer {
            SocketAddr::V4(_) => None,
            SocketAddr::V6(peer) => Some(SockaddrIn6::from(peer)),
        }),
    })
}

/// Sends the first datagram of a run, which has at least one; how many left.
#[cfg(not(target_os = "linux"))]
fn send_run(socket: &Socket, run: &[Datagram]) -> io::Result<usize> {
    use tokio::io::Interest;

    let [Datagram { peer, source, bytes }, ..] = run else {
        return Ok(0);
    };
    if source.is_none() {
        return socket.io.try_send_to(bytes, *peer).map(|_| 1);
    }
    let transmit = quinn_udp::Transmit {
        destination: *peer,
        ecn: None,
        contents: bytes,
        segment_size: None,
        src_ip: *source,
    };
    socket.io.try_io(Interest::WRITABLE, || {
        socket.state.try_send((&socket.io).into(), &transmit)
    })?;
    Ok(1)
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io::{self, IoSlice};
    use std::net::{IpAddr, SocketAddr};
    use std::os::fd::AsRawFd;

    use nix::cmsg_space;
    use nix::libc::{in_addr, in_pktinfo, in6_addr, in6_pktinfo};
    use nix::sys::socket::{ControlMessage, MsgFlags, MultiHeaders, SockaddrLike, sendmmsg};

    use super::Datagram;

    /// Sends a run by one `sendmmsg`. A peer of the other family, for which `address` gives nothing, is an
    /// error.
    pub(super) fn send_run<S: SockaddrLike + Copy>(
        socket: &tokio::net::UdpSocket,
        run: &[Datagram],
        address: impl Fn(SocketAddr) -> Option<S>,
    ) -> io::Result<usize> {
        let peers: Vec<Option<S>> = run
            .iter()
            .map(|datagram| address(datagram.peer))
            .take_while(Option::is_some)
            .collect();
        if peers.is_empty() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let slices: Vec<[IoSlice<'_>; 1]> = run
            .iter()
            .map(|datagram| [IoSlice::new(&datagram.bytes)])
            .collect();
        let (v4, v6);
        // The control buffer must be exactly as large as what goes into it.
        let (control, space) = match run.first().and_then(|first| first.source) {
            None => (None, None),
            Some(IpAddr::V4(source)) => {
                v4 = in_pktinfo {
                    ipi_ifindex: 0,
                    ipi_spec_dst: in_addr {
                        s_addr: u32::from_ne_bytes(source.octets()),
                    },
                    ipi_addr: in_addr { s_addr: 0 },
                };
                (
                    Some(ControlMessage::Ipv4PacketInfo(&v4)),
                    Some(cmsg_space!(in_pktinfo)),
                )
            }
            Some(IpAddr::V6(source)) => {
                v6 = in6_pktinfo {
                    ipi6_addr: in6_addr {
                        s6_addr: source.octets(),
                    },
                    ipi6_ifindex: 0,
                };
                (
                    Some(ControlMessage::Ipv6PacketInfo(&v6)),
                    Some(cmsg_space!(in6_pktinfo)),
                )
            }
        };
        let mut headers = MultiHeaders::preallocate(peers.len(), space);
        let sent = sendmmsg(
            socket.as_raw_fd(),
            &mut headers,
            &slices,
            &peers,
            control.as_slice(),
            MsgFlags::MSG_DONTWAIT,
        )?;
        Ok(sent.count())
    }
}
