//! WebSocket listeners ([RFC 7118](https://www.rfc-editor.org/rfc/rfc7118)).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::carrier;
use super::origins::Origins;
use super::protocol::Protocol;
use super::proxy::Proxies;
use crate::flow::Transport;
use crate::transport::carrier::{Bind, BoxFuture, Carrier};
use crate::transport::inbound::Inbound;
use crate::transport::limits::TransportLimits;
#[cfg(feature = "tls")]
use crate::transport::tls::TlsConfig;

/// A WebSocket listener to be bound: `ws://`, or `wss://` within TLS.
#[derive(Clone, Debug)]
pub struct WebSocket {
    address: SocketAddr,
    origins: Origins,
    own_origin: Option<Arc<str>>,
    proxies: Proxies,
    #[cfg(feature = "tls")]
    tls: Option<TlsConfig>,
}

impl WebSocket {
    /// A listener for `ws://` on this address; port 0 lets the system choose one.
    pub fn new(address: SocketAddr, origins: Origins) -> Self {
        WebSocket {
            address,
            origins,
            own_origin: None,
            proxies: Proxies::default(),
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// Names this Origin on connections that are opened, as the page of a browser does:
    /// `https://phone.example.com`.
    ///
    /// Without it none is named, as RFC 6455 §4.1 has it for what is no browser. With one that cannot stand
    /// in a header no connection can be opened.
    #[must_use]
    pub fn origin(mut self, origin: &str) -> Self {
        self.own_origin = Some(origin.into());
        self
    }

    /// Believes these load balancers when they say for whom they connect.
    #[must_use]
    pub fn proxy_protocol(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Makes it a listener for `wss://`.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn secured(mut self, config: TlsConfig) -> Self {
        self.tls = Some(config);
        self
    }

    fn protocol(&self) -> io::Result<Protocol> {
        let checked = self.origins.check();
        checked.map_err(|bad| io::Error::new(io::ErrorKind::InvalidInput, bad))?;
        let protocol = Protocol {
            transport: Transport::Ws,
            websocket: Some(Arc::new(self.origins.clone())),
            origin: self.own_origin.clone(),
            ..Protocol::tcp()
        };
        #[cfg(feature = "tls")]
        if let Some(config) = &self.tls {
            return Ok(Protocol {
                transport: Transport::Wss,
                tls: Some(config.sides().map_err(io::Error::other)?),
                ..protocol
            });
        }
        Ok(protocol)
    }
}

impl Bind for WebSocket {
    fn bind(
        self: Box<Self>,
        inbound: Arc<dyn Inbound>,
        limits: &TransportLimits,
    ) -> BoxFuture<'static, io::Result<Arc<dyn Carrier>>> {
        carrier::bind(self.address, self.protocol(), self.proxies, inbound, limits)
    }

    fn describe(&self) -> String {
        #[cfg(feature = "tls")]
        if self.tls.is_some() {
            return format!("wss:{}", self.address);
        }
        format!("ws:{}", self.address)
    }
}
