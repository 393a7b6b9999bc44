//! Whom a connection leads to.

use std::net::SocketAddr;
use std::sync::Arc;

/// Whom a connection leads to: an address and, where the peer proves its name, the domain that should be
/// there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Destination {
    pub(super) address: SocketAddr,
    pub(super) domain: Option<Arc<str>>,
}
