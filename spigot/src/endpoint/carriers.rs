//! Which of an endpoint's carriers a message leaves by.
//!
//! Invariant: a message on a flow leaves from the flow's own address, or not at all.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::Core;
use super::place::Public;
use crate::flow::{Flow, Transport};
use crate::transport::Carrier;

impl Core {
    /// The carriers are known once all of them are bound.
    pub(super) fn set_carriers(&self, carriers: Vec<Arc<dyn Carrier>>, publics: Vec<Public>) {
        let first = self.publics.set(publics.into_boxed_slice()).is_ok();
        let first = first && self.carriers.set(carriers.into_boxed_slice()).is_ok();
        debug_assert!(first, "an endpoint is bound once");
    }

    pub(super) fn publics(&self) -> &[Public] {
        self.publics.get().map_or(&[], |publics| publics)
    }

    pub(crate) fn carriers(&self) -> &[Arc<dyn Carrier>] {
        self.carriers.get().map_or(&[], |carriers| carriers)
    }

    /// Those that may own a flow. Several listeners of a stream transport may: the connection's number tells
    /// them apart.
    pub(super) fn carriers_for(&self, flow: &Flow) -> impl Iterator<Item = &Arc<dyn Carrier>> {
        let flow = *flow;
        self.carriers().iter().filter(move |carrier| {
            carrier.transport() == flow.transport() && owns(carrier.local_addr(), &flow)
        })
    }

    /// Whether messages can still leave by a flow.
    pub(crate) fn is_open(&self, flow: &Flow) -> bool {
        self.carriers_for(flow).any(|carrier| carrier.is_open(flow))
    }

    /// The carrier by which a new message leaves for `peer`: where several could, the one with the address
    /// from which the system would send there.
    pub(crate) fn carrier_towards(
        &self,
        transport: Transport,
        peer: SocketAddr,
    ) -> Option<&Arc<dyn Carrier>> {
        let fitting = |carrier: &&Arc<dyn Carrier>| {
            carrier.transport() == transport && carrier.local_addr().is_ipv4() == peer.is_ipv4()
        };
        let mut rest = self.carriers().iter().filter(fitting);
        let first = rest.next()?;
        if rest.next().is_none() {
            return Some(first);
        }
        let source = source_towards(peer);
        let at = |wanted: IpAddr| {
            let mut fitting = self.carriers().iter().filter(fitting);
            fitting.find(|carrier| carrier.local_addr().ip() == wanted)
        };
        let unspecified = unspecified(peer);
        source.and_then(at).or_else(|| at(unspecified)).or(Some(first))
    }
}

/// Whether a listener bound to that address can have made the flow.
fn owns(bound: SocketAddr, flow: &Flow) -> bool {
    if flow.transport().is_reliable() {
        return true;
    }
    let local = flow.local();
    bound.port() == local.port()
        && bound.is_ipv4() == local.is_ipv4()
        && (bound.ip() == local.ip() || bound.ip().is_unspecified())
}

/// The address from which the system would send to `peer`. Connecting a datagram socket sends nothing: it asks
/// the routing table.
fn source_towards(peer: SocketAddr) -> Option<IpAddr> {
    let probe = std::net::UdpSocket::bind((unspecified(peer), 0)).ok()?;
    probe.connect(peer).ok()?;
    Some(probe.local_addr().ok()?.ip())
}

fn unspecified(peer: SocketAddr) -> IpAddr {
    match peer {
        SocketAddr::V4(_) => IpAddr::from([0; 4]),
        SocketAddr::V6(_) => IpAddr::from([0; 16]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(bound: &str, local: &str, transport: Transport) -> bool {
        let local = local.parse().unwrap();
        let flow = Flow::detached(transport, local, local);
        owns(bound.parse().unwrap(), &flow)
    }

    #[test]
    fn a_datagram_leaves_from_the_address_of_its_flow() {
        let table = [
            ("192.0.2.1:5060", "192.0.2.1:5060", true),
            ("192.0.2.2:5060", "192.0.2.1:5060", false),
            ("192.0.2.1:5080", "192.0.2.1:5060", false),
            ("0.0.0.0:5060", "192.0.2.1:5060", true),
            ("0.0.0.0:5080", "192.0.2.1:5060", false),
            ("[::]:5060", "192.0.2.1:5060", false),
            ("[::]:5060", "[2001:db8::1]:5060", true),
            ("0.0.0.0:5060", "[2001:db8::1]:5060", false),
        ];
        for (bound, local, owner) in table {
            assert_eq!(owned(bound, local, Transport::Udp), owner, "{bound} {local}");
            assert!(owned(bound, local, Transport::Tcp), "the connection decides");
        }
    }
}
