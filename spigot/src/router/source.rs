//! Where a request came from.

use std::net::SocketAddr;

use crate::{ConnectionId, Flow, Identity, Transport};

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
    connection: Option<ConnectionId>,
    identity: Option<Identity>,
}

impl Source {
    /// A source, for tests: over a stream, of a connection that no transport has open.
    pub fn new(transport: Transport, peer: SocketAddr, local: SocketAddr) -> Source {
        Flow::detached(transport, local, peer).into()
    }

    /// Says that the peer has proved to be `identity`.
    #[must_use]
    pub fn identified(mut self, identity: Option<Identity>) -> Source {
        self.identity = identity;
        self
    }

    /// Returns who has sent the request, if a certificate proves it.
    ///
    /// That is so over TLS, where a server demands a certificate or asks for one
    /// (`TlsConfig::require_clients`, `ask_clients`), and from a server that we connected to.
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// Returns the flow that the request travelled on, for requests to a peer that nothing else reaches
    /// ([`RequestBuilder::on`](crate::RequestBuilder::on)).
    pub fn flow(&self) -> Flow {
        match self.connection {
            Some(connection) if self.transport.is_reliable() => {
                Flow::stream(self.transport, self.local, self.peer, connection)
            }
            _ => Flow::datagram(self.local, self.peer),
        }
    }
}

impl From<Flow> for Source {
    fn from(flow: Flow) -> Source {
        Source {
            transport: flow.transport(),
            peer: flow.peer(),
            local: flow.local(),
            connection: flow.connection(),
            identity: None,
        }
    }
}
