//! The in-memory network as a transport: the same [`Bind`] and [`Carrier`] that a user's own transport
//! implements, with nothing that is not public.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::network::Wires;
use crate::flow::{Flow, Transport};
use crate::sip::Bytes;
use crate::transport::{Bind, BoxFuture, Carrier, Inbound, SendError, TransportLimits};

/// A listener on a [`Network`](super::Network), not yet bound.
#[derive(Debug)]
pub(super) struct MemoryListener {
    pub(super) wires: Arc<Wires>,
    pub(super) transport: Transport,
    pub(super) address: SocketAddr,
}

impl Bind for MemoryListener {
    fn bind(
        self: Box<Self>,
        inbound: Arc<dyn Inbound>,
        _limits: &TransportLimits,
    ) -> BoxFuture<'static, io::Result<Arc<dyn Carrier>>> {
        Box::pin(async move {
            self.wires.join(self.transport, self.address, inbound)?;
            let carrier: Arc<dyn Carrier> = Arc::new(MemoryCarrier(*self));
            Ok(carrier)
        })
    }

    fn describe(&self) -> String {
        format!("{}:{} (in memory)", self.transport, self.address)
    }
}

#[derive(Debug)]
struct MemoryCarrier(MemoryListener);

/// What a UDP datagram over IPv4 holds at most.
const DATAGRAM: usize = 65_507;

impl Carrier for MemoryCarrier {
    fn transport(&self) -> Transport {
        self.0.transport
    }

    fn local_addr(&self) -> SocketAddr {
        self.0.address
    }

    fn connect(&self, peer: SocketAddr) -> BoxFuture<'_, io::Result<Flow>> {
        let MemoryListener {
            wires,
            transport,
            address,
        } = &self.0;
        let flow = match transport {
            Transport::Udp => Ok(Flow {
                transport: Transport::Udp,
                local: *address,
                peer,
                connection: 0,
            }),
            _ => wires.connect(*address, peer),
        };
        Box::pin(std::future::ready(flow))
    }

    fn send(&self, flow: &Flow, message: Bytes) -> Result<(), SendError> {
        let MemoryListener {
            wires,
            transport,
            address,
        } = &self.0;
        match transport {
            Transport::Udp if message.len() > DATAGRAM => Err(SendError::TooLarge),
            Transport::Udp => {
                wires.datagram(*address, flow.peer, &message);
                Ok(())
            }
            _ => wires
                .octets(flow.connection, &message)
                .map_err(|()| SendError::Closed),
        }
    }

    fn is_open(&self, flow: &Flow) -> bool {
        self.0.transport == Transport::Udp || self.0.wires.is_open(flow.connection)
    }

    fn shutdown(&self) -> BoxFuture<'_, ()> {
        self.0.wires.leave(self.0.transport, self.0.address);
        Box::pin(std::future::ready(()))
    }
}
