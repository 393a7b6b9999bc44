//! A stream listener that is bound: what the endpoint sends by.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use spigot_parser as sip;
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::close_reason::CloseReason;
use super::connect;
use super::connections::TooMany;
use super::hub::Hub;
use super::listener;
use super::protocol::Protocol;
use super::proxy::Proxies;
use crate::Identity;
use crate::flow::{Flow, Transport};
use crate::transport::carrier::{BoxFuture, Carrier, PING, SendError};
use crate::transport::counters::TransportCounters;
use crate::transport::inbound::Inbound;
use crate::transport::limits::{NEVER, TransportLimits};

/// Binds a listener, whose connections speak `protocol`.
pub(super) fn bind(
    address: SocketAddr,
    protocol: io::Result<Protocol>,
    proxies: Proxies,
    inbound: Arc<dyn Inbound>,
    limits: &TransportLimits,
) -> BoxFuture<'static, io::Result<Arc<dyn Carrier>>> {
    let limits = limits.clone();
    Box::pin(async move {
        let protocol = protocol?;
        let listener = listener::bind(address)?;
        let local = listener.local_addr()?;
        let hub = Hub::new(local, protocol, proxies, inbound, limits);
        let listener = Mutex::new(Some(listener));
        Ok(Arc::new(StreamCarrier { hub, listener }) as Arc<dyn Carrier>)
    })
}

/// A bound listener.
struct StreamCarrier {
    hub: Arc<Hub>,
    /// The listening socket, until the task that accepts has it.
    listener: Mutex<Option<TcpListener>>,
}

impl StreamCarrier {
    fn take_listener(&self) -> Option<TcpListener> {
        self.listener
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl Carrier for StreamCarrier {
    fn transport(&self) -> Transport {
        self.hub.protocol.transport
    }

    fn local_addr(&self) -> SocketAddr {
        self.hub.local
    }

    fn start(&self) {
        if let Some(listener) = self.take_listener() {
            self.hub
                .openers
                .spawn(listener::run(listener, Arc::clone(&self.hub)));
        }
    }

    fn connect(&self, peer: SocketAddr) -> BoxFuture<'_, io::Result<Flow>> {
        self.connect_to(peer, None)
    }

    fn connect_to<'c>(
        &'c self,
        peer: SocketAddr,
        domain: Option<&'c str>,
    ) -> BoxFuture<'c, io::Result<Flow>> {
        Box::pin(connect::connect(&self.hub, self.hub.destination(peer, domain)))
    }

    fn send(&self, flow: &Flow, message: sip::Bytes) -> Result<(), SendError> {
        let connection = self.hub.connections.get(flow).ok_or(SendError::Closed)?;
        connection.send(message, &self.hub.tally)
    }

    fn is_open(&self, flow: &Flow) -> bool {
        let connection = self.hub.connections.get(flow);
        connection.is_some_and(|connection| connection.is_open())
    }

    fn is_accepted(&self, flow: &Flow) -> bool {
        let connection = self.hub.connections.get(flow);
        connection.is_some_and(|connection| connection.is_accepted)
    }

    fn identity(&self, flow: &Flow) -> Option<Identity> {
        self.hub.connections.get(flow)?.identity().cloned()
    }

    fn alias(&self, flow: &Flow, address: SocketAddr) {
        for domain in self.identity(flow).iter().flat_map(Identity::domains) {
            let destination = self.hub.destination(address, Some(domain));
            match self.hub.connections.alias(flow, destination) {
                Ok(true) => tracing::debug!(%flow, %address, domain, "connection reused"),
                Ok(false) => {}
                Err(TooMany) => {
                    tracing::debug!(%flow, %address, domain, "connection not reused: it is the way to as many as may be");
                    self.hub.tally.refused_aliases.add(1);
                }
            }
        }
    }

    fn keep_alive(&self, flow: &Flow) -> Result<(), SendError> {
        let connection = self.hub.connections.get(flow).ok_or(SendError::Closed)?;
        connection.ask();
        connection.send(sip::Bytes::from_static(PING), &self.hub.tally)
    }

    fn give_up(&self, flow: &Flow) {
        if let Some(connection) = self.hub.connections.get(flow) {
            connection.stop(CloseReason::Dead);
        }
    }

    fn registered(&self, flow: &Flow, lasting: Duration) {
        if let Some(connection) = self.hub.connections.get(flow) {
            connection.registered(Instant::now() + lasting.min(NEVER));
        }
    }

    fn shutdown(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            drop(self.take_listener());
            self.hub.openers.finish(Duration::ZERO).await;
            self.hub.connections.stop_all(CloseReason::Shutdown);
            self.hub.readers.finish(self.hub.limits.linger).await;
            tracing::debug!(transport = %self.transport(), local = %self.hub.local, "closed");
        })
    }

    fn counters(&self) -> TransportCounters {
        self.hub.tally.snapshot()
    }
}

impl Drop for StreamCarrier {
    /// The tasks hold the hub and the hub the tasks: without this, a carrier dropped before its shutdown
    /// would listen for ever.
    fn drop(&mut self) {
        self.hub.openers.abort();
        self.hub.readers.abort();
    }
}
