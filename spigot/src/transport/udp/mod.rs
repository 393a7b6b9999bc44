//! UDP: the listener.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::{Bind, BoxFuture, Carrier, Inbound, TransportLimits};

/// A UDP listener to be bound.
#[derive(Clone, Debug)]
pub struct Udp {
    address: SocketAddr,
}

impl Udp {
    /// A listener on this address; port 0 lets the system choose one.
    pub fn new(address: SocketAddr) -> Self {
        Udp { address }
    }
}

impl Bind for Udp {
    fn bind(
        self: Box<Self>,
        _inbound: Arc<dyn Inbound>,
        _limits: &TransportLimits,
    ) -> BoxFuture<'static, io::Result<Arc<dyn Carrier>>> {
        todo!()
    }

    fn describe(&self) -> String {
        format!("udp:{}", self.address)
    }
}
