//! What an endpoint can send by.

use std::net::{IpAddr, SocketAddr};

use smallvec::SmallVec;

use crate::flow::Transport;

/// The transports of an endpoint's listeners, each with the address family that it reaches.
#[derive(Clone, Debug, Default)]
pub(crate) struct Means(SmallVec<[(Transport, bool); 8]>);

impl Means {
    /// Those of listeners with these transports and addresses.
    pub(crate) fn of(listeners: impl IntoIterator<Item = (Transport, SocketAddr)>) -> Self {
        let mut means = Means::default();
        for (transport, address) in listeners {
            let one = (transport, address.is_ipv4());
            if !means.0.contains(&one) {
                means.0.push(one);
            }
        }
        means
    }

    /// Whether something can be sent by this transport at all.
    pub(super) fn has(&self, transport: Transport) -> bool {
        self.0.iter().any(|&(has, _)| has == transport)
    }

    /// Whether something can be sent by it to that address.
    pub(super) fn reach(&self, transport: Transport, address: IpAddr) -> bool {
        self.0.contains(&(transport, address.is_ipv4()))
    }
}
