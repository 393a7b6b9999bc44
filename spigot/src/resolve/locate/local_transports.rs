//! The transports of an endpoint.

use std::net::{IpAddr, SocketAddr};

use smallvec::SmallVec;

use crate::flow::Transport;

/// The transports of an endpoint's listeners, each with the address family that it reaches.
#[derive(Clone, Debug, Default)]
pub(crate) struct LocalTransports(SmallVec<[(Transport, bool); 8]>);

impl LocalTransports {
    /// The transports of listeners with these transports and addresses.
    pub(crate) fn of(listeners: impl IntoIterator<Item = (Transport, SocketAddr)>) -> Self {
        let mut local = LocalTransports::default();
        for (transport, address) in listeners {
            let one = (transport, address.is_ipv4());
            if !local.0.contains(&one) {
                local.0.push(one);
            }
        }
        local
    }

    /// Whether something can be sent by this transport at all.
    pub(super) fn include(&self, transport: Transport) -> bool {
        self.0.iter().any(|&(included, _)| included == transport)
    }

    /// Whether something can be sent by this transport to that address.
    pub(super) fn can_send_to(&self, transport: Transport, address: IpAddr) -> bool {
        self.0.contains(&(transport, address.is_ipv4()))
    }
}
