//! What a message travels on.
//!
//! A leaf: the protocol core, the transports and the router all name a [`Flow`], and none of them needs
//! the others for it. It is plain data; holding one keeps nothing open.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

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

/// What a message travels on: the transport, both addresses and, on a stream, which connection.
///
/// Via, Contact and Record-Route are written from the flow, so they agree with it. A reply to a request
/// prefers the flow by which the request came (RFC 3261 §18.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flow {
    /// How messages are carried.
    pub transport: Transport,
    /// Our address, as the peer reaches us on this flow.
    pub local: SocketAddr,
    /// The peer's address, as we see it.
    pub peer: SocketAddr,
    /// Which connection, unique in the process; 0 where there is none (datagrams).
    pub connection: u64,
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
}
