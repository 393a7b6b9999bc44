//! The in-memory network as a transport: it implements [`Bind`] and [`Carrier`], as a transport of your own
//! does.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::network::{Network, Wires};
use crate::flow::{Flow, Transport};
use crate::sip::Bytes;
use crate::transport::carrier::PING;
use crate::transport::stun;
use crate::transport::{Bind, BoxFuture, Carrier, Inbound, SendError, TransportLimits};

impl Network {
    /// A datagram listener on this network, for [`Config::bind`](crate::Config::bind).
    ///
    /// `name` stands above its rail in the ladder.
    pub fn datagrams(&self, address: SocketAddr, name: &str) -> impl Bind + use<> {
        self.listener(Transport::Udp, address, name)
    }

    /// A stream listener on this network, for [`Config::bind`](crate::Config::bind): framed, and in order, as
    /// TCP is.
    ///
    /// `name` stands above its rail in the ladder.
    pub fn streams(&self, address: SocketAddr, name: &str) -> impl Bind + use<> {
        self.listener(Transport::Tcp, address, name)
    }

    pub(super) fn listener(&self, transport: Transport, address: SocketAddr, name: &str) -> MemoryListener {
        self.wires.ladder.name(address, name);
        MemoryListener {
            wires: self.wires.clone(),
            transport,
            address,
        }
    }
}

/// A listener on a [`Network`](super::Network), not yet bound.
#[derive(Debug)]
pub(super) struct MemoryListener {
    wires: Arc<Wires>,
    transport: Transport,
    address: SocketAddr,
}

impl Bind for MemoryListener {
    fn bind(
        self: Box<Self>,
        inbound: Arc<dyn Inbound>,
        limits: &TransportLimits,
    ) -> BoxFuture<'static, io::Result<Arc<dyn Carrier>>> {
        let limits = limits.parser.clone();
        Box::pin(async move {
            self.wires.join(self.transport, self.address, inbound, limits)?;
            let carrier: Arc<dyn Carrier> = Arc::new(MemoryCarrier {
                listener: *self,
                left: AtomicBool::new(false),
            });
            Ok(carrier)
        })
    }

    fn describe(&self) -> String {
        format!("{}:{} (in memory)", self.transport, self.address)
    }
}

#[derive(Debug)]
struct MemoryCarrier {
    listener: MemoryListener,
    /// Whether it has given its address back, which may then be somebody else's.
    left: AtomicBool,
}

impl MemoryCarrier {
    fn leave(&self) {
        if !self.left.swap(true, Ordering::AcqRel) {
            self.listener
                .wires
                .leave(self.listener.transport, self.listener.address);
        }
    }

    fn has_left(&self) -> bool {
        self.left.load(Ordering::Acquire)
    }
}

impl Drop for MemoryCarrier {
    fn drop(&mut self) {
        self.leave();
    }
}

/// How many octets a UDP datagram over IPv4 holds at most.
const DATAGRAM: usize = 65_507;

impl Carrier for MemoryCarrier {
    fn transport(&self) -> Transport {
        self.listener.transport
    }

    fn local_addr(&self) -> SocketAddr {
        self.listener.address
    }

    fn start(&self) {
        let MemoryListener {
            wires,
            transport,
            address,
        } = &self.listener;
        wires.start(*transport, *address);
    }

    fn connect(&self, peer: SocketAddr) -> BoxFuture<'_, io::Result<Flow>> {
        let MemoryListener {
            wires,
            transport,
            address,
        } = &self.listener;
        let flow = match transport {
            _ if self.has_left() => Err(io::ErrorKind::NotConnected.into()),
            Transport::Udp => Ok(Flow::datagram(*address, peer)),
            _ => wires.connect(*address, peer),
        };
        Box::pin(std::future::ready(flow))
    }

    fn send(&self, flow: &Flow, message: Bytes) -> Result<(), SendError> {
        let MemoryListener {
            wires,
            transport,
            address,
        } = &self.listener;
        match transport {
            _ if self.has_left() => Err(SendError::Closed),
            Transport::Udp if message.len() > DATAGRAM => Err(SendError::TooLarge),
            Transport::Udp => {
                wires.datagram(*address, flow.peer(), &message);
                Ok(())
            }
            _ => {
                let sent = flow
                    .connection()
                    .map(|connection| wires.octets(connection, &message));
                sent.unwrap_or(Err(())).map_err(|()| SendError::Closed)
            }
        }
    }

    fn is_open(&self, flow: &Flow) -> bool {
        match flow.connection() {
            Some(connection) => self.listener.wires.is_open(connection),
            None => !self.has_left() && self.listener.transport == Transport::Udp,
        }
    }

    fn is_accepted(&self, flow: &Flow) -> bool {
        let connection = flow.connection();
        connection.is_some_and(|connection| self.listener.wires.is_accepted(connection))
    }

    fn keep_alive(&self, flow: &Flow) -> Result<(), SendError> {
        let question = match self.listener.transport {
            // Nobody else is on this network, so that any answer is one to this.
            Transport::Udp => stun::request([0; 12]).into(),
            _ => Bytes::from_static(PING),
        };
        self.send(flow, question)
    }

    fn give_up(&self, flow: &Flow) {
        if let Some(connection) = flow.connection() {
            self.listener.wires.close(connection);
        }
    }

    fn shutdown(&self) -> BoxFuture<'_, ()> {
        self.leave();
        Box::pin(std::future::ready(()))
    }
}
