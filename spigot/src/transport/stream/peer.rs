//! Whom a connection is to.

use std::net::SocketAddr;
use std::sync::Arc;

/// Whom a connection is to: an address and, where the protocol says so, who should be there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    pub(super) domain: Option<Arc<str>>,
}
