//! An endpoint from its configuration, and the handle that holds it.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::closings::Closings;
use super::config::Listener;
use super::core::Given;
use super::inbound::Gate;
use super::place::Public;
use super::{Config, Core, Counters, Error, Place, timer};
use crate::flow::Transport;
use crate::transport::{Bind, Carrier, Proxies, Tcp, Udp};
#[cfg(feature = "ws")]
use crate::transport::{Origins, WebSocket};
#[cfg(feature = "tls")]
use crate::transport::{Tls, tls::TlsConfig};

/// A running endpoint.
///
/// It runs as long as this handle lives: dropping it closes every listener at once, and answers the requests
/// under way 503; [`shutdown`](Spigot::shutdown) is the gentle way.
///
/// ```no_run
/// use spigot::{Config, Spigot, StatusCode, Transport, sip_router};
///
/// struct MyUserAgent;
///
/// #[sip_router]
/// impl MyUserAgent {
///     #[register]
///     async fn register(&self) -> StatusCode {
///         StatusCode::OK
///     }
/// }
///
/// # async fn example() -> Result<(), spigot::Error> {
/// let spigot = Spigot::start(Config::new(MyUserAgent).listen(Transport::Udp, 0)).await?;
/// for listener in spigot.listeners() {
///     println!("listening on {listener}"); // udp:0.0.0.0:54321
/// }
/// spigot.run_until_ctrl_c().await
/// # }
/// ```
#[must_use = "the endpoint stops when its handle is dropped"]
pub struct Spigot {
    pub(crate) core: Arc<Core>,
    listeners: Vec<BoundListener>,
    timers: Vec<JoinHandle<()>>,
}

/// A listener that is bound. Prints as `udp:127.0.0.1:5060`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BoundListener {
    /// How messages are carried there.
    pub transport: Transport,
    /// The address, with the port that the system chose where port 0 was asked for.
    pub address: SocketAddr,
}

impl fmt::Display for BoundListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.transport, self.address)
    }
}

impl Spigot {
    /// Binds every listener and starts to serve.
    ///
    /// # Errors
    ///
    /// [`Error::NoListener`] when the configuration names none, [`Error::NoName`], [`Error::Bind`] for the first that cannot be
    /// bound (those before it are closed again), [`Error::Unsupported`] for a transport that this build does
    /// not have, [`Error::PublicAddress`], [`Error::ProxiedDatagrams`], `Error::NoCertificates` for one that needs some where [`Config`] has none.
    pub async fn start(config: Config) -> Result<Spigot, Error> {
        let Config {
            router,
            name,
            listeners,
            proxies,
            udp_sockets,
            on_closed,
            resolver,
            limits,
            timers,
            seed,
            #[cfg(feature = "tls")]
            tls,
            #[cfg(feature = "ws")]
            origins,
        } = config;
        let settings = Settings {
            proxies,
            udp_sockets,
            #[cfg(feature = "tls")]
            tls,
            #[cfg(feature = "ws")]
            origins,
        };
        if listeners.is_empty() {
            return Err(Error::NoListener);
        }
        if name.is_empty() {
            return Err(Error::NoName);
        }
        let (seed, lanes) = match seed {
            // A run that is to be repeated is so on a machine with more cores.
            Some(seed) => (seed, 8),
            None => (random_seed()?, lanes()),
        };
        let given = Given {
            router,
            resolver,
            closings: Closings::new(on_closed),
        };
        let core = Core::new(name, given, limits, timers, lanes, seed);
        let (carriers, publics) = bind_all(&core, listeners, &settings).await?;
        let listeners = carriers
            .iter()
            .map(|carrier| BoundListener {
                transport: carrier.transport(),
                address: carrier.local_addr(),
            })
            .collect();
        core.set_carriers(carriers, publics);
        let timers = (0..core.lanes.len())
            .map(|lane| tokio::spawn(timer::run(core.clone(), lane)))
            .collect();
        Ok(Spigot {
            core,
            listeners,
            timers,
        })
    }

    /// What it listens on, in the order of the configuration.
    pub fn listeners(&self) -> &[BoundListener] {
        &self.listeners
    }

    /// What has been counted since the start.
    pub fn counters(&self) -> Counters {
        let mut counters = self.core.tally.snapshot();
        for lane in &self.core.lanes {
            counters.add(&lane.lock().shard.counters());
        }
        counters
    }

    /// What its transports have counted, in the order of [`listeners`](Spigot::listeners).
    pub fn transport_counters(&self) -> Vec<crate::transport::TransportCounters> {
        self.core
            .carriers()
            .iter()
            .map(|carrier| carrier.counters())
            .collect()
    }

    /// Stops gracefully: new requests are answered 503, those under way are finished, at most
    /// [`Limits::shutdown`](crate::Limits::shutdown) long; then every listener is closed.
    pub async fn shutdown(self) {
        let patience = self.core.limits.shutdown;
        self.shutdown_within(patience).await;
    }

    /// As [`shutdown`](Spigot::shutdown), with a patience of its own. Handlers that still run after it are
    /// dropped, and their peers answered 503.
    pub async fn shutdown_within(self, patience: Duration) {
        super::shutdown::drain(&self.core, patience).await;
    }

    /// Serves until SIGINT or SIGTERM, then [shuts down](Spigot::shutdown). A second signal does not wait.
    ///
    /// # Errors
    ///
    /// [`Error::Signals`] when the signal handlers cannot be installed.
    pub async fn run_until_ctrl_c(self) -> Result<(), Error> {
        let mut signals = super::shutdown::Signals::new().map_err(Error::Signals)?;
        signals.next().await;
        tokio::select! {
            () = self.shutdown() => {}
            () = signals.next() => {}
        }
        Ok(())
    }
}

impl Drop for Spigot {
    fn drop(&mut self) {
        for timer in &self.timers {
            timer.abort();
        }
        self.core.stop();
    }
}

impl fmt::Debug for Spigot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spigot")
            .field("name", &self.core.name)
            .field("listeners", &self.listeners)
            .finish()
    }
}

/// Binds in order; on failure those that are bound are closed before the error is returned.
async fn bind_all(
    core: &Arc<Core>,
    listeners: Vec<Listener>,
    settings: &Settings,
) -> Result<(Vec<Arc<dyn Carrier>>, Vec<Public>), Error> {
    let mut carriers: Vec<Arc<dyn Carrier>> = Vec::with_capacity(listeners.len());
    let mut publics = Vec::new();
    for listener in listeners {
        match bind(core, listener, settings).await {
            Ok((carrier, public)) => {
                carriers.push(carrier);
                publics.extend(public);
            }
            Err(error) => {
                for carrier in carriers {
                    carrier.shutdown().await;
                }
                return Err(error);
            }
        }
    }
    Ok((carriers, publics))
}

/// What the listeners have in common.
struct Settings {
    proxies: Proxies,
    udp_sockets: NonZeroUsize,
    #[cfg(feature = "tls")]
    tls: Option<TlsConfig>,
    #[cfg(feature = "ws")]
    origins: Origins,
}

impl Settings {
    /// A listener of this transport, behind `proxies` if it says so itself.
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
    settings: &Settings,
) -> Result<(Arc<dyn Carrier>, Option<Public>), Error> {
    let (listener, public): (Box<dyn Bind>, _) = match listener {
        Listener::Address(transport, listen) => {
            let bind = settings.listener(transport, listen.address, listen.proxies)?;
            (bind, listen.public)
        }
        Listener::Custom(listener) => (listener, None),
    };
    let name = listener.describe();
    let gate = Arc::new(Gate(Arc::downgrade(core)));
    let carrier = listener
        .bind(gate, &core.limits.transport)
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
        return Ok((carrier, None));
    };
    let (transport, bound) = (carrier.transport(), carrier.local_addr());
    let Some(place) = Place::parse(&text, bound) else {
        carrier.shutdown().await;
        return Err(Error::PublicAddress(text));
    };
    let public = Public {
        transport,
        bound,
        place,
    };
    Ok((carrier, Some(public)))
}

/// Enough that two cores seldom want the same one.
fn lanes() -> usize {
    std::thread::available_parallelism()
        .map_or(4, |cores| cores.get() * 4)
        .min(64)
}

fn random_seed() -> Result<[u8; 16], Error> {
    let mut seed = [0; 16];
    getrandom::fill(&mut seed).map_err(|error| Error::Randomness(error.to_string()))?;
    Ok(seed)
}
