//! Where a request came from.

use std::net::SocketAddr;

use crate::{Flow, Identity, Transport};

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
    /// Which connection; 0 where there is none.
    connection: u64,
    identity: Option<Identity>,
}

impl Source {
    /// A source, for tests and for transports that are not of this crate.
    pub fn new(transport: Transport, peer: SocketAddr, local: SocketAddr) -> Source {
        Source {
            transport,
            peer,
            local,
            connection: 0,
            identity: None,
        }
    }

    /// From a peer that has proved to be `identity`.
    #[must_use]
    pub fn identified(mut self, identity: Option<Identity>) -> Source {
        self.identity = identity;
        self
    }

    /// Who has sent it, if that was proved by a certificate: over TLS, to a server that demands one or
    /// asks for one (`TlsConfig::require_clients`, `ask_clients`), or from a server that we connected to.
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// What it travelled on: for requests to a peer that is reached by no other way
    /// ([`RequestBuilder::on`](crate::RequestBuilder::on)).
    pub fn flow(&self) -> Flow {
        Flow {
            transport: self.transport,
            local: self.local,
            peer: self.peer,
            connection: self.connection,
        }
    }
}

impl From<Flow> for Source {
    fn from(flow: Flow) -> Source {
        Source {
            connection: flow.connection,
            ..Source::new(flow.transport, flow.peer, flow.local)
        }
    }
}
