//! The error of a request for which no flow was found.

use std::io;
use std::net::SocketAddr;

use crate::flow::Transport;
use crate::sip::ParseError;

/// Why there is no flow to where a request should go.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unreachable {
    /// The first Route of the request cannot be read.
    #[error("the request's Route: {0}")]
    Route(#[from] ParseError),
    /// The URI is neither `sip:` nor `sips:`, so there is no host to send to.
    #[error("`{0}` names no host to send to: expected a sip: or sips: URI, or `to_address`")]
    NoHost(String),
    /// No listener of this endpoint sends over that transport to that address family.
    #[error("no listener to send from over {transport} to {peer}")]
    NoListener {
        /// The transport that the URI, or the caller, asked for.
        transport: Transport,
        /// Where the request was to go.
        peer: SocketAddr,
    },
    /// The host has no address, or the resolver failed, or took longer than
    /// [`Limits::dns`](crate::Limits::dns).
    #[error("cannot resolve `{host}`: {source}")]
    Resolve {
        /// The host of the URI.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// The connection could not be opened.
    #[error("cannot connect to {peer} over {transport}: {source}")]
    Connect {
        /// The transport of the connection.
        transport: Transport,
        /// The address of the peer.
        peer: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
}

impl Unreachable {
    /// Returns whether the peer is at fault, and not this endpoint, which may have no connection to spare or
    /// be ending.
    pub(super) fn is_theirs(&self) -> bool {
        use io::ErrorKind::{NotConnected, QuotaExceeded};
        match self {
            Unreachable::Connect { source, .. } => !matches!(source.kind(), NotConnected | QuotaExceeded),
            _ => false,
        }
    }

    /// Returns whether there is a host that refuses the connection.
    pub(super) fn is_refusal(&self) -> bool {
        use io::ErrorKind::{ConnectionRefused, ConnectionReset, Unsupported};
        match self {
            Unreachable::Connect { source, .. } => {
                matches!(source.kind(), ConnectionRefused | ConnectionReset | Unsupported)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_ours_is_no_fault_of_the_peer() {
        let of = |kind: io::ErrorKind| Unreachable::Connect {
            transport: Transport::Tcp,
            peer: ([192, 0, 2, 1], 5060).into(),
            source: kind.into(),
        };
        use io::ErrorKind::{ConnectionRefused, NotConnected, QuotaExceeded, TimedOut};
        assert!(of(ConnectionRefused).is_theirs() && of(ConnectionRefused).is_refusal());
        assert!(of(TimedOut).is_theirs() && !of(TimedOut).is_refusal());
        assert!(!of(QuotaExceeded).is_theirs() && !of(NotConnected).is_theirs());
    }
}
