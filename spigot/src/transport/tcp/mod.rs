//! TCP: the listener.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::{Bind, BoxFuture, Carrier, Inbound, TransportLimits};

/// A TCP listener to be bound.
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
        _inbound: Arc<dyn Inbound>,
        _limits: &TransportLimits,
    ) -> BoxFuture<'static, io::Result<Arc<dyn Carrier>>> {
        todo!()
    }

    fn describe(&self) -> String {
        format!("tcp:{}", self.address)
    }
}
