//! What a message travels on.
//!
//! A leaf: the protocol core, the transports and the router all name a [`Flow`], and none of them needs
//! the others for it. It is plain data; holding one keeps nothing open.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

/// How SIP messages are carried, as the Via header names it (RFC 3261 §20.42, RFC 7118 §5.1).
///
/// ```
/// use spigot::Transport;
///
/// assert_eq!(Transport::Tcp.as_str(), "TCP");
/// assert_eq!(Transport::Tcp.to_string(), "tcp");
/// assert!(Transport::Tcp.is_reliable());
/// assert_eq!("udp".parse(), Ok(Transport::Udp));
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// UDP: one message a datagram, lost and reordered at will.
    Udp,
    /// TCP: messages framed by Content-Length.
    Tcp,
    /// TLS over TCP.
    Tls,
    /// WebSocket: one message a frame (RFC 7118).
    Ws,
    /// WebSocket over TLS.
    Wss,
}

impl Transport {
    /// The token of the Via header: `UDP`, `TCP`, `TLS`, `WS` or `WSS`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
            Transport::Tls => "TLS",
            Transport::Ws => "WS",
            Transport::Wss => "WSS",
        }
    }

    /// Whether what is sent arrives or the flow fails: everything but UDP (RFC 3261 §17).
    pub const fn is_reliable(self) -> bool {
        !matches!(self, Transport::Udp)
    }

    /// Whether the hop is encrypted, as a `sips:` URI demands (RFC 3261 §26.2.2).
    pub const fn is_secure(self) -> bool {
        matches!(self, Transport::Tls | Transport::Wss)
    }

    /// The port used when none is given: 5060, 5061 over TLS (RFC 3261 §18.1.1), 80 and 443 for WebSocket
    /// (RFC 7118 §5.5).
    pub const fn default_port(self) -> u16 {
        match self {
            Transport::Udp | Transport::Tcp => 5060,
            Transport::Tls => 5061,
            Transport::Ws => 80,
            Transport::Wss => 443,
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
            Transport::Ws => "ws",
            Transport::Wss => "wss",
        })
    }
}

/// A transport's name that is none of `udp`, `tcp`, `tls`, `ws`, `wss`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a transport: expected udp, tcp, tls, ws or wss")]
pub struct UnknownTransport(String);

impl FromStr for Transport {
    type Err = UnknownTransport;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [
            Transport::Udp,
            Transport::Tcp,
            Transport::Tls,
            Transport::Ws,
            Transport::Wss,
        ]
        .into_iter()
        .find(|transport| transport.as_str().eq_ignore_ascii_case(name))
        .ok_or_else(|| UnknownTransport(name.to_owned()))
    }
}

/// Which connection, among all that this process has had.
///
/// The numbers begin anew with the process, so they are never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(NonZeroU64);

impl ConnectionId {
    /// A number that no other connection of this process has, for a new connection of a transport.
    pub fn unique() -> ConnectionId {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NonZeroU64::new(NEXT.fetch_add(1, Ordering::Relaxed));
        ConnectionId(number.expect("no process lives to open 2^64 connections"))
    }

    /// The number, for text that only this process reads again.
    pub(crate) fn to_number(self) -> NonZeroU64 {
        self.0
    }

    /// Reads what [`ConnectionId::to_number`] wrote.
    pub(crate) fn from_number(number: NonZeroU64) -> ConnectionId {
        ConnectionId(number)
    }
}

/// What a message travels on: the transport, both addresses and, on a stream, the connection.
///
/// Via, Contact and Record-Route are written from the flow, so they agree with it. A reply to a request
/// prefers the flow by which the request came (RFC 3261 §18.2.2).
///
/// A flow is never stored beyond the process: numbers of connections begin anew with each. What another
/// element keeps for us is a token ([`Client::flow_token`](crate::Client::flow_token)), which only this
/// process reads.
///
/// ```
/// use spigot::{Flow, Transport};
///
/// let flow = Flow::datagram("192.0.2.1:5060".parse()?, "192.0.2.9:5060".parse()?);
/// assert_eq!(flow.transport(), Transport::Udp);
/// assert_eq!(flow.connection(), None);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flow {
    transport: Transport,
    local: SocketAddr,
    peer: SocketAddr,
    /// Set on a stream, and only there.
    connection: Option<ConnectionId>,
}

impl Flow {
    /// The flow of UDP datagrams between two addresses.
    pub const fn datagram(local: SocketAddr, peer: SocketAddr) -> Flow {
        Flow {
            transport: Transport::Udp,
            local,
            peer,
            connection: None,
        }
    }

    /// The flow of a connection.
    ///
    /// # Panics
    ///
    /// If `transport` is UDP, which has no connections.
    pub const fn stream(
        transport: Transport,
        local: SocketAddr,
        peer: SocketAddr,
        connection: ConnectionId,
    ) -> Flow {
        assert!(transport.is_reliable(), "UDP has no connections");
        Flow {
            transport,
            local,
            peer,
            connection: Some(connection),
        }
    }

    /// A flow for which nothing is open: over a stream, one of a connection that no transport knows.
    pub(crate) fn detached(transport: Transport, local: SocketAddr, peer: SocketAddr) -> Flow {
        if transport.is_reliable() {
            Flow::stream(transport, local, peer, ConnectionId::unique())
        } else {
            Flow::datagram(local, peer)
        }
    }

    /// How messages are carried.
    pub const fn transport(&self) -> Transport {
        self.transport
    }

    /// Our address, as the peer reaches us on this flow.
    pub const fn local(&self) -> SocketAddr {
        self.local
    }

    /// The peer's address, as we see it.
    pub const fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The connection of a stream; `None` for datagrams.
    pub const fn connection(&self) -> Option<ConnectionId> {
        self.connection
    }

    /// Gives the flow from the same local address to another peer.
    pub(crate) const fn with_peer(self, peer: SocketAddr) -> Flow {
        Flow { peer, ..self }
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} -> {}", self.transport, self.local, self.peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case_and_others_refused() {
        assert_eq!("WSS".parse(), Ok(Transport::Wss));
        let error = "sctp".parse::<Transport>().unwrap_err();
        assert!(error.to_string().contains("`sctp`"), "{error}");
    }

    #[test]
    fn a_flow_is_small_and_only_a_stream_has_a_connection() {
        assert_eq!(size_of::<Flow>(), 80);
        let at = SocketAddr::from(([192, 0, 2, 1], 5060));
        let connection = ConnectionId::unique();
        assert_ne!(connection, ConnectionId::unique());
        assert_eq!(Flow::datagram(at, at).connection(), None);
        assert_eq!(
            Flow::stream(Transport::Ws, at, at, connection).connection(),
            Some(connection)
        );
        assert_eq!(Flow::detached(Transport::Udp, at, at), Flow::datagram(at, at));
        assert!(Flow::detached(Transport::Tls, at, at).connection().is_some());
    }

    #[test]
    #[should_panic(expected = "UDP has no connections")]
    fn datagrams_have_no_connection() {
        let at = SocketAddr::from(([192, 0, 2, 1], 5060));
        Flow::stream(Transport::Udp, at, at, ConnectionId::unique());
    }
}
