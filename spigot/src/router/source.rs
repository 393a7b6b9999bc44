//! Where a request came from.

use std::net::SocketAddr;

use crate::{Flow, Transport};

/// Where a request came from: the transport that carried it and the addresses at both ends.
///
/// It is what the library saw, and nothing that the request says of itself. As an argument of a handler it
/// cannot fail.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// How the request was carried.
    pub transport: Transport,
    /// The address from which it came.
    pub peer: SocketAddr,
    /// Our address, on which it arrived.
    pub local: SocketAddr,
}

impl Source {
    /// A source, for tests and for transports that are not of this crate.
    pub fn new(transport: Transport, peer: SocketAddr, local: SocketAddr) -> Source {
        Source {
            transport,
            peer,
            local,
        }
    }
}

impl From<Flow> for Source {
    fn from(flow: Flow) -> Source {
        Source::new(flow.transport, flow.peer, flow.local)
    }
}
