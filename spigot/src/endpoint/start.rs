//! The start of an endpoint, and the handle that holds it.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::core::Setup;
use super::listen::{ListenSettings, bind_all};
use super::signals::Signals;
use super::{Config, Core, Counters, Error, timer};
use crate::flow::Transport;
use crate::transport::Carrier;

/// A running endpoint.
///
/// The endpoint runs as long as this handle lives. Dropping it closes every listener at once, and answers the
/// requests under way 503; [`shutdown`](Spigot::shutdown) is the gentle way. The addresses are free a moment
/// after the drop. Who starts again at the same ones awaits `shutdown`, which returns when they are.
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
    /// The transport of the listener.
    pub transport: Transport,
    /// The address, with the port that the system chose where port 0 was asked for.
    pub address: SocketAddr,
}

impl BoundListener {
    fn of(carrier: &Arc<dyn Carrier>) -> Self {
        BoundListener {
            transport: carrier.transport(),
            address: carrier.local_addr(),
        }
    }
}

impl fmt::Display for BoundListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.transport, self.address)
    }
}

impl Spigot {
    /// Binds every listener and then starts to serve. Who comes before all listeners are bound is answered
    /// when they are.
    ///
    /// # Errors
    ///
    /// [`Error::NoRuntime`] outside of a tokio runtime, [`Error::NoListener`] when the configuration names
    /// none, [`Error::NoName`] when the agent has no name, [`Error::Domain`] when one of its domains is none,
    /// [`Error::ListenAddress`] for a text that is no address, [`Error::Bind`] for the first listener that
    /// cannot be bound (those before it are closed again, and have read nothing), [`Error::Unsupported`] for
    /// a transport that this build does not have, [`Error::PublicAddress`], [`Error::ProxiedDatagrams`], and
    /// `Error::NoCertificates` where [`Config`] has no certificates for a listener that needs them.
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
        let runtime = Handle::try_current().map_err(|_| Error::NoRuntime)?;
        let settings = ListenSettings {
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
        if let Some(domain) = router.bad_domain() {
            return Err(Error::Domain(domain.to_owned()));
        }
        let (seed, lanes) = match seed {
            // A run that is to be repeated is so on a machine with more cores.
            Some(seed) => (seed, 8),
            None => (random_seed()?, lanes()),
        };
        let core = Core::new(Setup {
            name,
            router,
            resolver,
            on_closed,
            limits,
            timers,
            lanes,
            seed,
            runtime,
        });
        core.carriers.set(bind_all(&core, listeners, &settings).await?);
        // Nothing is read before this: an answer needs the carriers.
        for carrier in core.carriers.iter() {
            carrier.start();
        }
        let listeners = core.carriers.iter().map(BoundListener::of).collect();
        let timers = (0..core.lanes.len())
            .map(|lane| core.spawn(timer::run(core.clone(), lane)))
            .collect();
        Ok(Spigot {
            core,
            listeners,
            timers,
        })
    }

    /// Returns what the endpoint listens on, in the order of the configuration.
    pub fn listeners(&self) -> &[BoundListener] {
        &self.listeners
    }

    /// Returns what the endpoint has counted since its start.
    pub fn counters(&self) -> Counters {
        let mut counters = self.core.tally.snapshot();
        for lane in self.core.lanes.iter() {
            counters.add(&lane.read(|state| state.shard.counters()));
        }
        counters
    }

    /// Returns what the transports have counted, in the order of [`listeners`](Spigot::listeners).
    pub fn transport_counters(&self) -> Vec<crate::transport::TransportCounters> {
        self.core
            .carriers
            .iter()
            .map(|carrier| carrier.counters())
            .collect()
    }

    /// Stops gracefully. New requests are answered 503, those under way are finished for at most
    /// [`Limits::shutdown`](crate::Limits::shutdown), and then every listener is closed.
    pub async fn shutdown(self) {
        let patience = self.core.limits.shutdown;
        self.shutdown_within(patience).await;
    }

    /// Stops gracefully within a time, as [`shutdown`](Spigot::shutdown) does. Handlers that still run after
    /// it are dropped, and their peers are answered 503.
    pub async fn shutdown_within(self, patience: Duration) {
        if Handle::try_current().is_ok() {
            super::shutdown::drain(&self.core, patience).await;
            return;
        }
        // Whoever waits outside of the runtime waits for a task inside.
        let core = self.core.clone();
        let draining = self
            .core
            .spawn(async move { super::shutdown::drain(&core, patience).await });
        // It ends early only with the runtime.
        let _ = draining.await;
    }

    /// Serves until SIGINT or SIGTERM, then [shuts down](Spigot::shutdown). A second signal does not wait.
    ///
    /// # Errors
    ///
    /// [`Error::Signals`] when the signal handlers cannot be installed, and [`Error::NoRuntime`] outside of a
    /// tokio runtime.
    pub async fn run_until_ctrl_c(self) -> Result<(), Error> {
        Handle::try_current().map_err(|_| Error::NoRuntime)?;
        let mut signals = Signals::new().map_err(Error::Signals)?;
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

/// Returns how many lanes there are: enough that two cores seldom want the same one.
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
