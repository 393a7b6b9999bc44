//! What the connections of a listener speak: the layers that each of them has.

use std::net::SocketAddr;
#[cfg(feature = "ws")]
use std::sync::Arc;

use super::codec::{Codec, CodecError};
#[cfg(feature = "ws")]
use super::origins::Origins;
use crate::flow::Transport;
#[cfg(feature = "tls")]
use crate::transport::tls::{Sides, name_of};

/// The layers of a listener's connections.
#[derive(Debug)]
pub(super) struct Protocol {
    pub(super) transport: Transport,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<Sides>,
    #[cfg(feature = "ws")]
    pub(super) websocket: Option<Arc<Origins>>,
    /// The Origin that an opened connection names.
    #[cfg(feature = "ws")]
    pub(super) origin: Option<Arc<str>>,
}

impl Protocol {
    /// Plain TCP, without layers.
    pub(super) fn tcp() -> Protocol {
        Protocol {
            transport: Transport::Tcp,
            #[cfg(feature = "tls")]
            tls: None,
            #[cfg(feature = "ws")]
            websocket: None,
            #[cfg(feature = "ws")]
            origin: None,
        }
    }

    /// Whether a connection has a handshake before the first message.
    pub(super) fn has_handshake(&self) -> bool {
        self.transport != Transport::Tcp
    }

    /// Whether a connection is one to a domain, and not just to an address.
    pub(super) fn has_domains(&self) -> bool {
        self.transport.is_secure()
    }

    /// The layers of a connection that was accepted; no message is larger than `most` octets.
    pub(super) fn accepting(&self, most: usize) -> Result<Codec, CodecError> {
        let _ = most;
        Ok(Codec {
            #[cfg(feature = "tls")]
            tls: match &self.tls {
                Some(sides) => Some(super::codec::TlsLayer::server(sides.server.clone())?),
                None => None,
            },
            #[cfg(feature = "ws")]
            websocket: self
                .websocket
                .as_ref()
                .map(|origins| super::codec::WebSocketLayer::server(origins.clone(), most)),
        })
    }

    /// The layers of a connection that is opened; no message is larger than `most` octets.
    pub(super) fn opening(
        &self,
        peer: SocketAddr,
        domain: Option<&str>,
        most: usize,
    ) -> Result<Codec, CodecError> {
        let _ = (peer, domain, most);
        Ok(Codec {
            #[cfg(feature = "tls")]
            tls: match &self.tls {
                Some(sides) => {
                    let name = name_of(domain, peer).ok_or_else(|| {
                        CodecError(format!(
                            "TLS: `{}` is no name of a server",
                            domain.unwrap_or_default()
                        ))
                    })?;
                    Some(super::codec::TlsLayer::client(sides.client.clone(), name)?)
                }
                None => None,
            },
            #[cfg(feature = "ws")]
            websocket: match &self.websocket {
                Some(_) => {
                    let host = match domain {
                        Some(domain) => format!("{domain}:{}", peer.port()),
                        None => peer.to_string(),
                    };
                    let uri = format!("{}://{host}/", self.transport);
                    Some(super::codec::WebSocketLayer::client(
                        &uri,
                        self.origin.as_deref(),
                        most,
                    )?)
                }
                None => None,
            },
        })
    }
}
