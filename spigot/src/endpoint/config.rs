//! The configuration that an endpoint is started with.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use super::flow::OnClosed;
use super::{Limits, ListenAddr};
use crate::Flow;
use crate::Transport;
use crate::proto::Timers;
use crate::resolve::{Resolver, SystemResolver};
use crate::router::{IntoRouter, Router};
#[cfg(feature = "ws")]
use crate::transport::Origins;
#[cfg(feature = "tls")]
use crate::transport::tls::TlsConfig;
use crate::transport::{Bind, Proxies};

/// The configuration of an endpoint, for [`Spigot::start`](crate::Spigot::start): who answers, on which
/// addresses, within which limits.
///
/// ```
/// use spigot::{Config, StatusCode, Transport, sip_router};
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
/// let config = Config::new(MyUserAgent)
///     .name("my_agent")
///     .listen(Transport::Udp, 5060)
///     .listen(Transport::Tcp, ([127, 0, 0, 1], 5060));
/// ```
pub struct Config {
    pub(crate) router: Router,
    pub(crate) name: String,
    pub(crate) listeners: Vec<Listener>,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<TlsConfig>,
    #[cfg(feature = "ws")]
    pub(crate) origins: Origins,
    pub(crate) proxies: Proxies,
    pub(crate) udp_sockets: NonZeroUsize,
    pub(crate) on_closed: Option<OnClosed>,
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) limits: Limits,
    pub(crate) timers: Timers,
    pub(crate) seed: Option<[u8; 16]>,
}

/// One listener that is still to be bound.
pub(crate) enum Listener {
    Address(Transport, ListenAddr),
    Custom(Box<dyn Bind>),
}

impl Config {
    /// Makes the configuration of an endpoint whose requests `agent` answers. That is the type of a
    /// `#[sip_router]` impl block, or a [`Router`].
    pub fn new(agent: impl IntoRouter) -> Self {
        Config {
            router: agent.into_router(),
            name: "spigot".to_owned(),
            listeners: Vec::new(),
            #[cfg(feature = "tls")]
            tls: None,
            #[cfg(feature = "ws")]
            origins: Origins::any(),
            proxies: Proxies::default(),
            udp_sockets: one_for_each_core(),
            on_closed: None,
            resolver: Arc::new(SystemResolver),
            limits: Limits::default(),
            timers: Timers::default(),
            seed: None,
        }
    }

    /// Names the agent. The name stands in the endpoint's `tracing` spans and is the user part of the
    /// client's own address.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Listens for `transport` on a port (of every IPv4 interface), an address and port, a
    /// [`SocketAddr`](std::net::SocketAddr), or a text that says one of these. Call it once for each
    /// listener. Port 0 takes a free one, which [`Spigot::listeners`](crate::Spigot::listeners) tells.
    ///
    /// ```
    /// # use spigot::{Config, Transport};
    /// # struct MyUserAgent;
    /// # #[spigot::sip_router]
    /// # impl MyUserAgent {}
    /// let config = Config::new(MyUserAgent)
    ///     .listen(Transport::Udp, 5060)
    ///     .listen(Transport::Tcp, ([127, 0, 0, 1], 5060))
    ///     .listen(Transport::Tcp, "[::1]:5060");
    /// ```
    pub fn listen(mut self, transport: Transport, address: impl Into<ListenAddr>) -> Self {
        self.listeners.push(Listener::Address(transport, address.into()));
        self
    }

    /// Sets the certificates of the `Tls` and `Wss` listeners, and whom their connections trust. The module
    /// [`tls`](crate::tls) has an example.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Sets which web pages may connect to the `Ws` and `Wss` listeners. Without this, every page may.
    #[cfg(feature = "ws")]
    pub fn origins(mut self, origins: Origins) -> Self {
        self.origins = origins;
        self
    }

    /// Names the load balancers in front of the TCP, TLS, WS and WSS listeners. They say by the PROXY
    /// protocol for whom they connect, and a connection from one of them has to say so. Without this there
    /// are none. A listener can have balancers of its [own](ListenAddr::proxy_protocol).
    ///
    /// ```
    /// use spigot::transport::Proxies;
    /// use spigot::{Config, Transport};
    /// # struct MyUserAgent;
    /// # #[spigot::sip_router]
    /// # impl MyUserAgent {}
    ///
    /// let config = Config::new(MyUserAgent)
    ///     .listen(Transport::Tcp, 5060)
    ///     .proxy_protocol(Proxies::new(["192.0.2.10"])?);
    /// # Ok::<(), spigot::transport::BadNetwork>(())
    /// ```
    pub fn proxy_protocol(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Sets how many sockets each UDP listener has, all at one address (`SO_REUSEPORT`). Without this it has
    /// one for each core, and at most eight. On systems other than Linux it always has one.
    ///
    /// The kernel spreads peers over the sockets, and a task of its own reads each. So all cores can serve
    /// one listener, and a handler that blocks holds the peers of one socket only. A peer stays with its
    /// socket as long as its address and port are the same.
    pub fn udp_sockets(mut self, count: NonZeroUsize) -> Self {
        self.udp_sockets = count;
        self
    }

    /// Listens on a transport of your own: anything that implements [`Bind`].
    pub fn bind(mut self, transport: impl Bind) -> Self {
        self.listeners.push(Listener::Custom(Box::new(transport)));
        self
    }

    /// Calls a function whenever a connection is gone, whoever closed it. What was registered over it is no
    /// longer reached, and requests under way on it have failed by then. The function is called from the
    /// transport's tasks, so it must not block. A flow of datagrams is told of too, if it was [kept
    /// alive](crate::Client::keep_alive) and its peer does not answer any more.
    /// [`Client::closed`](crate::Client::closed) waits for one flow.
    ///
    /// A handler that waits before it stores a flow may store one that is gone already.
    /// [`Client::closed`](crate::Client::closed) returns at once then.
    ///
    /// ```
    /// # use spigot::{Config, Flow, Transport};
    /// # struct Registrar;
    /// # #[spigot::sip_router]
    /// # impl Registrar {}
    /// use std::collections::HashMap;
    /// use std::sync::{Arc, Mutex};
    ///
    /// let bindings: Arc<Mutex<HashMap<String, Flow>>> = Arc::default();
    /// let reached = bindings.clone();
    /// let config = Config::new(Registrar)
    ///     .listen(Transport::Tcp, 5060)
    ///     .on_closed(move |gone| reached.lock().unwrap().retain(|_, flow| *flow != gone));
    /// ```
    pub fn on_closed(mut self, told: impl Fn(Flow) + Send + Sync + 'static) -> Self {
        self.on_closed = Some(Box::new(told));
        self
    }

    /// Sets the resolver, which knows the servers of a domain. Without this it is the [`SystemResolver`],
    /// which knows addresses only. The module [`resolve`](crate::resolve) has others.
    pub fn resolver(mut self, resolver: impl Resolver) -> Self {
        self.resolver = Arc::new(resolver);
        self
    }

    /// Sets other limits than the default ones.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets other transaction timers than those of RFC 3261 (§17.1.1.1: T1 500 ms; §17.1.2.2: T2 4 s, T4 5
    /// s).
    pub fn timers(mut self, timers: Timers) -> Self {
        self.timers = timers;
        self
    }

    /// Fixes the seed of branches, tags and Call-IDs, so that a run can be repeated. This is for tests only:
    /// whoever knows the seed can guess them.
    #[cfg(feature = "testing")]
    pub(crate) fn seed(mut self, seed: [u8; 16]) -> Self {
        self.seed = Some(seed);
        self
    }
}

/// Returns how many sockets a UDP listener has unless told otherwise. Each has a task and a buffer.
fn one_for_each_core() -> NonZeroUsize {
    const MOST: NonZeroUsize = NonZeroUsize::new(8).expect("eight is not zero");
    std::thread::available_parallelism().map_or(NonZeroUsize::MIN, |cores| cores.min(MOST))
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("name", &self.name)
            .field("listeners", &self.listeners)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Listener::Address(transport, listen) => match &listen.address {
                Ok(address) => write!(f, "{transport}:{address}"),
                Err(text) => write!(f, "{transport}:{text:?}"),
            },
            Listener::Custom(custom) => f.write_str(&custom.describe()),
        }
    }
}
