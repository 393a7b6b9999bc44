//! The carriers of an endpoint: which of them a message leaves by, and the address by which peers reach us
//! there.
//!
//! Invariant: a message on a flow leaves from the flow's own address, or not at all.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use super::own_address::OwnAddress;
use crate::flow::{Flow, Transport};
use crate::sip::Bytes;
use crate::transport::{Carrier, SendError};

/// A listener that is bound, with the address by which peers reach it.
pub(in crate::endpoint) struct BoundCarrier {
    pub(in crate::endpoint) carrier: Arc<dyn Carrier>,
    own: OwnAddress,
    /// Whether `own` is a public address that the listener was given, and not the one it is bound to.
    is_public: bool,
}

impl BoundCarrier {
    /// Makes one with the public address that the listener was given, if it was.
    pub(in crate::endpoint) fn new(carrier: Arc<dyn Carrier>, public: Option<OwnAddress>) -> Self {
        BoundCarrier {
            is_public: public.is_some(),
            own: public.unwrap_or_else(|| OwnAddress::from(carrier.local_addr())),
            carrier,
        }
    }
}

/// The carriers of an endpoint, in the order of its configuration. There are none until all of them are
/// bound.
#[derive(Default)]
pub(crate) struct Carriers(OnceLock<Box<[BoundCarrier]>>);

impl Carriers {
    /// Takes the carriers, once all of them are bound.
    pub(in crate::endpoint) fn set(&self, bound: Vec<BoundCarrier>) {
        let first = self.0.set(bound.into_boxed_slice()).is_ok();
        debug_assert!(first, "an endpoint is bound once");
    }

    fn bound(&self) -> &[BoundCarrier] {
        self.0.get().map_or(&[], |bound| bound)
    }

    /// Returns all carriers.
    pub(in crate::endpoint) fn iter(&self) -> impl Iterator<Item = &Arc<dyn Carrier>> {
        self.bound().iter().map(|bound| &bound.carrier)
    }

    /// Returns the carriers that may own a flow. They are several where a stream transport has several
    /// listeners, and know their connections by the number.
    pub(in crate::endpoint) fn of(&self, flow: &Flow) -> impl Iterator<Item = &Arc<dyn Carrier>> {
        let flow = *flow;
        self.iter().filter(move |carrier| {
            carrier.transport() == flow.transport() && owns(carrier.local_addr(), &flow)
        })
    }

    /// Gives a message to the carrier that owns the flow.
    pub(super) fn send(&self, flow: &Flow, bytes: &Bytes) -> Result<(), SendError> {
        let mut outcome = Err(SendError::Closed);
        for carrier in self.of(flow) {
            outcome = carrier.send(flow, bytes.clone());
            if !matches!(outcome, Err(SendError::Closed)) {
                break;
            }
        }
        outcome
    }

    /// Returns whether messages can still leave by a flow.
    pub(crate) fn is_open(&self, flow: &Flow) -> bool {
        self.of(flow).any(|carrier| carrier.is_open(flow))
    }

    /// Returns whether the peer has opened the connection of a flow.
    pub(crate) fn is_accepted(&self, flow: &Flow) -> bool {
        flow.connection().is_some() && self.of(flow).any(|carrier| carrier.is_accepted(flow))
    }

    /// Returns the carrier by which a new message leaves for `peer`. Where several could, it is the one with
    /// the address from which the system would send there.
    pub(super) fn towards(&self, transport: Transport, peer: SocketAddr) -> Option<&Arc<dyn Carrier>> {
        let fitting = |carrier: &&Arc<dyn Carrier>| {
            carrier.transport() == transport && carrier.local_addr().is_ipv4() == peer.is_ipv4()
        };
        let mut rest = self.iter().filter(fitting);
        let first = rest.next()?;
        if rest.next().is_none() {
            return Some(first);
        }
        let source = source_towards(peer);
        let at = |wanted: IpAddr| {
            let mut fitting = self.iter().filter(fitting);
            fitting.find(|carrier| carrier.local_addr().ip() == wanted)
        };
        let unspecified = unspecified(peer);
        source.and_then(at).or_else(|| at(unspecified)).or(Some(first))
    }

    /// Returns the address by which the peer of a flow reaches us: the listener's public address, or else the
    /// flow's local one.
    pub(crate) fn own_address(&self, flow: &Flow) -> Cow<'_, OwnAddress> {
        let known = self.bound().iter().find(|bound| {
            let local = bound.carrier.local_addr();
            is_listener_of(bound.carrier.transport(), local, flow)
                && (bound.is_public || local == flow.local())
        });
        match known {
            Some(bound) => Cow::Borrowed(&bound.own),
            None => Cow::Owned(OwnAddress::from(flow.local())),
        }
    }

    /// Returns the host of the first listener, which names us before a flow is known.
    pub(crate) fn own_host(&self) -> Option<&str> {
        Some(&self.bound().first()?.own.host)
    }

    /// Returns the sent-by of a Via on a flow. Over TLS an `alias` says that the connection is also the way
    /// back ([RFC 5923 §8.1](https://www.rfc-editor.org/rfc/rfc5923#section-8.1)).
    pub(crate) fn sent_by(&self, flow: &Flow) -> String {
        let address = self.own_address(flow);
        match flow.transport() {
            Transport::Tls => format!("{address};alias"),
            _ => address.to_string(),
        }
    }
}

/// Returns whether a listener bound to that address can have made the flow.
fn owns(bound: SocketAddr, flow: &Flow) -> bool {
    if flow.transport().is_reliable() {
        return true;
    }
    is_at(bound, flow)
}

/// Returns whether a flow belongs to the listener of that transport at that address, and so has its public
/// address.
fn is_listener_of(transport: Transport, bound: SocketAddr, flow: &Flow) -> bool {
    transport == flow.transport() && is_at(bound, flow)
}

/// Returns whether the local address of a flow is one that a listener is bound to.
fn is_at(bound: SocketAddr, flow: &Flow) -> bool {
    let local = flow.local();
    bound.port() == local.port()
        && bound.is_ipv4() == local.is_ipv4()
        && (bound.ip() == local.ip() || bound.ip().is_unspecified())
}

/// Returns the address from which the system would send to `peer`. Connecting a datagram socket sends
/// nothing: it asks the routing table.
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
        let flow = Flow::detached(transport, local.parse().unwrap(), local.parse().unwrap());
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

    #[test]
    fn a_public_address_is_that_of_one_listener() {
        let of = |bound: &str, transport, local: &str| {
            let flow = Flow::detached(
                transport,
                local.parse().unwrap(),
                "192.0.2.9:5060".parse().unwrap(),
            );
            is_listener_of(Transport::Udp, bound.parse().unwrap(), &flow)
        };
        assert!(of("0.0.0.0:5060", Transport::Udp, "10.0.0.1:5060"));
        assert!(of("10.0.0.1:5060", Transport::Udp, "10.0.0.1:5060"));
        assert!(!of("10.0.0.2:5060", Transport::Udp, "10.0.0.1:5060"));
        assert!(!of("0.0.0.0:5070", Transport::Udp, "10.0.0.1:5060"));
        assert!(!of("0.0.0.0:5060", Transport::Tcp, "10.0.0.1:5060"));
        assert!(!of("0.0.0.0:5060", Transport::Udp, "[::1]:5060"));
    }
}
