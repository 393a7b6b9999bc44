//! TCP listeners.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::carrier;
use super::protocol::Protocol;
use super::proxy::Proxies;
use crate::transport::carrier::{Bind, BoxFuture, Carrier};
use crate::transport::inbound::Inbound;
use crate::transport::limits::TransportLimits;

/// A TCP listener to be bound.
///
/// An IPv6 listener takes no IPv4, so both can have the same port. Connections that it opens leave from its
/// address, and a port of the system's choice.
#[derive(Clone, Debug)]
pub struct Tcp {
    address: SocketAddr,
    proxies: Proxies,
}

impl Tcp {
    /// A listener on this address; port 0 lets the system choose one.
    pub fn new(address: SocketAddr) -> Self {
        Tcp {
            address,
            proxies: Proxies::default(),
        }
    }

    /// Believes these load balancers when they say for whom they connect.
    #[must_use]
    pub fn proxy_protocol(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }
}

impl Bind for Tcp {
    fn bind(
        self: Box<Self>,
        inbound: Arc<dyn Inbound>,
        limits: &TransportLimits,
    ) -> BoxFuture<'static, io::Result<Arc<dyn Carrier>>> {
        carrier::bind(self.address, Ok(Protocol::tcp()), self.proxies, inbound, limits)
    }

    fn describe(&self) -> String {
        format!("tcp:{}", self.address)
    }
}
