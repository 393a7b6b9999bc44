//! How a test client on real sockets connects and who it is.

use std::net::SocketAddr;

#[cfg(feature = "tls")]
use super::certificates;
use crate::flow::Transport;
#[cfg(feature = "tls")]
use crate::transport::tls::TlsConfig;
use crate::transport::{Bind, Tcp, Udp};
#[cfg(feature = "ws")]
use crate::transport::{Origins, WebSocket};

/// How a test client connects and who it is, as [`TestClient::connect_with`](super::TestClient::connect_with)
/// takes it.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ClientConfig {
    pub(super) aor: Option<String>,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<TlsConfig>,
    #[cfg(feature = "tls")]
    pub(super) domain: Option<String>,
    #[cfg(feature = "ws")]
    pub(super) origin: Option<String>,
}

impl ClientConfig {
    /// Sets the address of record; unless set, `sip:test@` and the address of the server.
    pub fn aor(mut self, aor: impl Into<String>) -> Self {
        self.aor = Some(aor.into());
        self
    }

    /// Sets whom the client trusts, and the certificate that it shows to servers which ask for one.
    ///
    /// Unless set, it trusts what [`certificates`] has made, and shows one of those.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, config: TlsConfig) -> Self {
        self.tls = Some(config);
        self
    }

    /// Sets the domain that the server's certificate has to be of; unless set, the address in the target.
    #[cfg(feature = "tls")]
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Names this Origin over `ws:` and `wss:`, as the page of a browser does: `https://phone.example.com`.
    /// Unless set, none is named.
    #[cfg(feature = "ws")]
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }
}

impl ClientConfig {
    /// The listener of the client; `None` if this build does not have the transport.
    pub(super) fn listener(&self, transport: Transport, local: SocketAddr) -> Option<Box<dyn Bind>> {
        Some(match transport {
            Transport::Udp => Box::new(Udp::new(local)),
            Transport::Tcp => Box::new(Tcp::new(local)),
            #[cfg(feature = "tls")]
            Transport::Tls => Box::new(crate::transport::Tls::new(local, self.tls_at(local))),
            #[cfg(feature = "ws")]
            Transport::Ws => Box::new(self.web_socket(local)),
            #[cfg(all(feature = "tls", feature = "ws"))]
            Transport::Wss => Box::new(self.web_socket(local).secured(self.tls_at(local))),
            #[cfg(not(all(feature = "tls", feature = "ws")))]
            _ => return None,
        })
    }

    /// The domain that the server should be of, if one was set.
    pub(super) fn domain_of_server(&self) -> Option<String> {
        #[cfg(feature = "tls")]
        return self.domain.clone();
        #[cfg(not(feature = "tls"))]
        None
    }

    #[cfg(feature = "tls")]
    fn tls_at(&self, local: SocketAddr) -> TlsConfig {
        let made = || certificates(&[&local.ip().to_string()]);
        self.tls.clone().unwrap_or_else(made)
    }

    #[cfg(feature = "ws")]
    fn web_socket(&self, local: SocketAddr) -> WebSocket {
        let socket = WebSocket::new(local, Origins::any());
        match &self.origin {
            Some(origin) => socket.origin(origin),
            None => socket,
        }
    }
}
