//! TLS listeners.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::carrier;
use super::protocol::Protocol;
use super::proxy::Proxies;
use crate::flow::Transport;
use crate::transport::carrier::{Bind, BoxFuture, Carrier};
use crate::transport::inbound::Inbound;
use crate::transport::limits::TransportLimits;
use crate::transport::tls::TlsConfig;

/// A TLS listener to be bound.
///
/// An IPv6 listener takes no IPv4, so both can have the same port. Connections that it opens leave from its
/// address, and a port of the system's choice.
#[derive(Clone, Debug)]
pub struct Tls {
    address: SocketAddr,
    config: TlsConfig,
    proxies: Proxies,
}

impl Tls {
    /// A listener on this address; port 0 lets the system choose one.
    pub fn new(address: SocketAddr, config: TlsConfig) -> Self {
        Tls {
            address,
            config,
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

impl Bind for Tls {
    fn bind(
        self: Box<Self>,
        inbound: Arc<dyn Inbound>,
        limits: &TransportLimits,
    ) -> BoxFuture<'static, io::Result<Arc<dyn Carrier>>> {
        let protocol = self
            .config
            .sides()
            .map_err(io::Error::other)
            .map(|sides| Protocol {
                transport: Transport::Tls,
                tls: Some(sides),
                ..Protocol::tcp()
            });
        carrier::bind(self.address, protocol, self.proxies, inbound, limits)
    }

    fn describe(&self) -> String {
        format!("tls:{}", self.address)
    }
}
