//! Streams: TCP, where messages are framed by Content-Length (RFC 3261 §18.3), the same within TLS, and WebSocket over either,
//! where each message is one of its own (RFC 7118).
//!
//! One task accepts; each connection has one that reads it. Connections are used for whatever goes to the same
//! peer, whoever opened them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use spigot_parser as sip;

use self::hub::Hub;
use self::protocol::Protocol;
use self::reason::Reason;
use super::counters::Counters;
#[cfg(feature = "tls")]
use super::tls::TlsConfig;
use super::{Bind, BoxFuture, Carrier, Inbound, SendError, TransportLimits};
use crate::Identity;
use crate::flow::{Flow, Transport};

mod admission;
mod codec;
mod connection;
mod crc32c;
mod deadlines;
mod hub;
mod listener;
mod opening;
mod outbox;
mod peer;
mod protocol;
mod proxied;
mod proxy;
mod reader;
mod reason;
#[cfg(test)]
mod tests;
#[cfg(feature = "ws")]
mod ws;

pub use self::proxied::Proxies;
#[cfg(feature = "ws")]
pub use ws::Origins;

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

    /// Behind load balancers that say for whom they connect.
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
        bind(self.address, Ok(Protocol::tcp()), self.proxies, inbound, limits)
    }

    fn describe(&self) -> String {
        format!("tcp:{}", self.address)
    }
}

/// A TLS listener to be bound. As [`Tcp`], within TLS.
#[cfg(feature = "tls")]
#[derive(Clone, Debug)]
pub struct Tls {
    address: SocketAddr,
    config: TlsConfig,
    proxies: Proxies,
}

#[cfg(feature = "tls")]
impl Tls {
    /// A listener on this address; port 0 lets the system choose one.
    pub fn new(address: SocketAddr, config: TlsConfig) -> Self {
        Tls {
            address,
            config,
            proxies: Proxies::default(),
        }
    }

    /// Behind load balancers that say for whom they connect.
    #[must_use]
    pub fn proxy_protocol(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }
}

#[cfg(feature = "tls")]
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
        bind(self.address, protocol, self.proxies, inbound, limits)
    }

    fn describe(&self) -> String {
        format!("tls:{}", self.address)
    }
}

/// A WebSocket listener to be bound: `ws://`, or `wss://` within TLS.
#[cfg(feature = "ws")]
#[derive(Clone, Debug)]
pub struct WebSocket {
    address: SocketAddr,
    origins: Origins,
    own_origin: Option<Arc<str>>,
    proxies: Proxies,
    #[cfg(feature = "tls")]
    tls: Option<TlsConfig>,
}

#[cfg(feature = "ws")]
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

    /// Says this in the Origin of connections that it opens, as the page of a browser does: `https://phone.example.com`.
    /// Otherwise it says nothing, as RFC 6455 §4.1 has it for what is no browser. One that cannot stand in a header keeps
    /// connections from being opened.
    #[must_use]
    pub fn origin(mut self, origin: &str) -> Self {
        self.own_origin = Some(origin.into());
        self
    }

    /// Behind load balancers that say for whom they connect.
    #[must_use]
    pub fn proxy_protocol(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// For `wss://` in its place.
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

#[cfg(feature = "ws")]
impl Bind for WebSocket {
    fn bind(
        self: Box<Self>,
        inbound: Arc<dyn Inbound>,
        limits: &TransportLimits,
    ) -> BoxFuture<'static, io::Result<Arc<dyn Carrier>>> {
        bind(self.address, self.protocol(), self.proxies, inbound, limits)
    }

    fn describe(&self) -> String {
        #[cfg(feature = "tls")]
        if self.tls.is_some() {
            return format!("wss:{}", self.address);
        }
        format!("ws:{}", self.address)
    }
}

fn bind(
    address: SocketAddr,
    protocol: io::Result<Protocol>,
    proxies: Proxies,
    inbound: Arc<dyn Inbound>,
    limits: &TransportLimits,
) -> BoxFuture<'static, io::Result<Arc<dyn Carrier>>> {
    let limits = limits.clone();
    Box::pin(async move {
        let protocol = protocol?;
        let transport = protocol.transport;
        let listener = listener::bind(address)?;
        let local = listener.local_addr()?;
        let hub = Hub::new(local, protocol, proxies, inbound, limits);
        hub.openers.spawn(listener::run(listener, Arc::clone(&hub)));
        tracing::debug!(%transport, %local, "bound");
        Ok(Arc::new(StreamCarrier { hub }) as Arc<dyn Carrier>)
    })
}

/// A bound listener.
struct StreamCarrier {
    hub: Arc<Hub>,
}

impl Carrier for StreamCarrier {
    fn transport(&self) -> Transport {
        self.hub.protocol.transport
    }

    fn local_addr(&self) -> SocketAddr {
        self.hub.local
    }

    fn connect(&self, peer: SocketAddr) -> BoxFuture<'_, io::Result<Flow>> {
        self.connect_to(peer, None)
    }

    fn connect_to<'c>(
        &'c self,
        peer: SocketAddr,
        domain: Option<&'c str>,
    ) -> BoxFuture<'c, io::Result<Flow>> {
        Box::pin(opening::connect(&self.hub, self.hub.peer(peer, domain)))
    }

    fn send(&self, flow: &Flow, message: sip::Bytes) -> Result<(), SendError> {
        self.hub.send(flow, message)
    }

    fn is_open(&self, flow: &Flow) -> bool {
        self.hub.is_open(flow)
    }

    fn identity(&self, flow: &Flow) -> Option<Identity> {
        self.hub.identity(flow)
    }

    fn alias(&self, flow: &Flow, address: SocketAddr) {
        self.hub.alias(flow, address);
    }

    fn keep_alive(&self, flow: &Flow) -> Result<(), SendError> {
        self.hub.keep_alive(flow)
    }

    fn give_up(&self, flow: &Flow) {
        self.hub.give_up(flow);
    }

    fn registered(&self, flow: &Flow, lasting: Duration) {
        self.hub.registered(flow, lasting);
    }

    fn shutdown(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.hub.shutdown().await;
            tracing::debug!(transport = %self.transport(), local = %self.hub.local, "closed");
        })
    }

    fn counters(&self) -> Counters {
        self.hub.tally.snapshot()
    }
}

impl Drop for StreamCarrier {
    /// The tasks hold the hub and the hub the tasks: without this, a carrier dropped before its shutdown would
    /// listen for ever.
    fn drop(&mut self) {
        self.hub.openers.abort();
        self.hub.readers.abort();
    }
}
