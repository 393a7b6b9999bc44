//! TCP: messages framed by Content-Length (RFC 3261 §18.3).
//!
//! One task accepts; each connection has one that reads it. Connections are used for whatever goes to the same
//! peer, whoever opened them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use spigot_parser as sip;

use self::hub::Hub;
use self::reason::Reason;
use super::counters::Counters;
use super::{Bind, BoxFuture, Carrier, Inbound, SendError, TransportLimits};
use crate::flow::{Flow, Transport};

mod admission;
mod connection;
mod deadlines;
mod hub;
mod listener;
mod opening;
mod outbox;
mod reader;
mod reason;
#[cfg(test)]
mod tests;

/// A TCP listener to be bound.
///
/// An IPv6 listener takes no IPv4, so both can have the same port. Connections that it opens leave from its
/// address, and a port of the system's choice.
#[derive(Clone, Debug)]
pub struct Tcp {
    address: SocketAddr,
}

impl Tcp {
    /// A listener on this address; port 0 lets the system choose one.
    pub fn new(address: SocketAddr) -> Self {
        Tcp { address }
    }
}

impl Bind for Tcp {
    fn bind(
        self: Box<Self>,
        inbound: Arc<dyn Inbound>,
        limits: &TransportLimits,
    ) -> BoxFuture<'static, io::Result<Arc<dyn Carrier>>> {
        let limits = limits.clone();
        Box::pin(async move {
            let listener = listener::bind(self.address)?;
            let local = listener.local_addr()?;
            let hub = Hub::new(local, inbound, limits);
            hub.openers.spawn(listener::run(listener, Arc::clone(&hub)));
            tracing::debug!(%local, "tcp bound");
            Ok(Arc::new(TcpCarrier { hub }) as Arc<dyn Carrier>)
        })
    }

    fn describe(&self) -> String {
        format!("tcp:{}", self.address)
    }
}

/// A bound TCP listener.
struct TcpCarrier {
    hub: Arc<Hub>,
}

impl Carrier for TcpCarrier {
    fn transport(&self) -> Transport {
        Transport::Tcp
    }

    fn local_addr(&self) -> SocketAddr {
        self.hub.local
    }

    fn connect(&self, peer: SocketAddr) -> BoxFuture<'_, io::Result<Flow>> {
        Box::pin(opening::connect(&self.hub, peer))
    }

    fn send(&self, flow: &Flow, message: sip::Bytes) -> Result<(), SendError> {
        self.hub.send(flow, message)
    }

    fn is_open(&self, flow: &Flow) -> bool {
        self.hub.is_open(flow)
    }

    fn shutdown(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.hub.shutdown().await;
            tracing::debug!(local = %self.hub.local, "tcp closed");
        })
    }

    fn counters(&self) -> Counters {
        self.hub.tally.snapshot()
    }
}

impl Drop for TcpCarrier {
    /// The tasks hold the hub and the hub the tasks: without this, a carrier dropped before its shutdown would
    /// listen for ever.
    fn drop(&mut self) {
        self.hub.openers.abort();
        self.hub.readers.abort();
    }
}
