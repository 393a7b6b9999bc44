//! Binding the listeners of a configuration.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;

use super::config::Listener;
use super::flow::{BoundCarrier, OwnAddress};
use super::server::TransportEvents;
use super::{Core, Error};
use crate::flow::Transport;
use crate::transport::{Bind, Proxies, Tcp, Udp};
#[cfg(feature = "ws")]
use crate::transport::{Origins, WebSocket};
#[cfg(feature = "tls")]
use crate::transport::{Tls, tls::TlsConfig};

/// Binds all listeners in their order. If one fails, those that are bound are closed before the error is
/// returned.
pub(super) async fn bind_all(
    core: &Arc<Core>,
    listeners: Vec<Listener>,
    settings: &ListenSettings,
) -> Result<Vec<BoundCarrier>, Error> {
    let mut all: Vec<BoundCarrier> = Vec::with_capacity(listeners.len());
    for listener in listeners {
        match bind(core, listener, settings).await {
            Ok(bound) => all.push(bound),
            Err(error) => {
                for bound in all {
                    bound.carrier.shutdown().await;
                }
                return Err(error);
            }
        }
    }
    Ok(all)
}

/// The settings that all listeners have in common.
pub(super) struct ListenSettings {
    pub(super) proxies: Proxies,
    pub(super) udp_sockets: NonZeroUsize,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<TlsConfig>,
    #[cfg(feature = "ws")]
    pub(super) origins: Origins,
}

impl ListenSettings {
    /// Makes a listener of this transport. It has `proxies` of its own, or those that all listeners have.
    fn listener(
        &self,
        transport: Transport,
        address: SocketAddr,
        proxies: Option<Proxies>,
    ) -> Result<Box<dyn Bind>, Error> {
        let is_proxied = proxies.as_ref().is_some_and(|own| *own != Proxies::none());
        if is_proxied && !transport.is_reliable() {
            return Err(Error::ProxiedDatagrams(transport));
        }
        let proxies = proxies.unwrap_or_else(|| self.proxies.clone());
        Ok(match transport {
            Transport::Udp => Box::new(Udp::new(address).sockets(self.udp_sockets)),
            Transport::Tcp => Box::new(Tcp::new(address).proxy_protocol(proxies)),
            #[cfg(feature = "tls")]
            Transport::Tls => {
                let listener = Tls::new(address, self.tls(transport)?);
                Box::new(listener.proxy_protocol(proxies))
            }
            #[cfg(feature = "ws")]
            Transport::Ws => Box::new(self.websocket(address, proxies)),
            #[cfg(all(feature = "tls", feature = "ws"))]
            Transport::Wss => Box::new(self.websocket(address, proxies).secured(self.tls(transport)?)),
            #[cfg(not(all(feature = "tls", feature = "ws")))]
            _ => return Err(Error::Unsupported(transport)),
        })
    }

    #[cfg(feature = "ws")]
    fn websocket(&self, address: SocketAddr, proxies: Proxies) -> WebSocket {
        WebSocket::new(address, self.origins.clone()).proxy_protocol(proxies)
    }

    #[cfg(feature = "tls")]
    fn tls(&self, transport: Transport) -> Result<TlsConfig, Error> {
        self.tls.clone().ok_or(Error::NoCertificates(transport))
    }
}

async fn bind(
    core: &Arc<Core>,
    listener: Listener,
    settings: &ListenSettings,
) -> Result<BoundCarrier, Error> {
    let (listener, public): (Box<dyn Bind>, _) = match listener {
        Listener::Address(transport, listen) => {
            let address = listen.address.map_err(Error::ListenAddress)?;
            let bind = settings.listener(transport, address, listen.proxies)?;
            (bind, listen.public)
        }
        Listener::Custom(listener) => (listener, None),
    };
    let name = listener.describe();
    let events = Arc::new(TransportEvents(Arc::downgrade(core)));
    let carrier = listener
        .bind(events, &core.limits.transport)
        .await
        .map_err(|source| Error::Bind {
            listener: name,
            source,
        })?;
    let span = tracing::info_span!("listen", agent = %core.name);
    span.in_scope(
        || tracing::info!(transport = %carrier.transport(), address = %carrier.local_addr(), "bound"),
    );
    let Some(text) = public else {
        return Ok(BoundCarrier::new(carrier, None));
    };
    let public = OwnAddress::parse(&text, carrier.local_addr());
    if public.is_none() {
        carrier.shutdown().await;
        return Err(Error::PublicAddress(text));
    }
    Ok(BoundCarrier::new(carrier, public))
}
