//! What an endpoint is started with.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::sync::Arc;

use super::closings::OnClosed;
use crate::Flow;
use crate::Transport;
use crate::endpoint::Limits;
use crate::proto::Timers;
use crate::resolve::{Resolver, SystemResolver};
use crate::router::{IntoRouter, Router};
#[cfg(feature = "ws")]
use crate::transport::Origins;
#[cfg(feature = "tls")]
use crate::transport::tls::TlsConfig;
use crate::transport::{Bind, Proxies};

/// What [`Spigot::start`](crate::Spigot::start) needs: who answers, on which addresses, within which limits.
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
    /// An endpoint whose requests `agent` answers: the type of a `#[sip_router]` impl block, or a
    /// [`Router`].
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
            udp_sockets: NonZeroUsize::MIN,
            on_closed: None,
            resolver: Arc::new(SystemResolver),
            limits: Limits::default(),
            timers: Timers::default(),
            seed: None,
        }
    }

    /// The name of the agent: it stands in the endpoint's `tracing` spans and is the user part of the
    /// client's own address.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Listens for `transport` on a port (of every IPv4 interface), an address and port, or a
    /// [`SocketAddr`]. Call it once for each listener. Port 0 takes a free one, which
    /// [`Spigot::listeners`](crate::Spigot::listeners) tells.
    ///
    /// ```
    /// # use spigot::{Config, Transport};
    /// # struct MyUserAgent;
    /// # #[spigot::sip_router]
    /// # impl MyUserAgent {}
    /// use std::net::SocketAddr;
    ///
    /// let address: SocketAddr = "[::1]:5060".parse()?;
    /// let config = Config::new(MyUserAgent).listen(Transport::Udp, 5060).listen(Transport::Tcp, address);
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
    pub fn listen(mut self, transport: Transport, address: impl Into<ListenAddr>) -> Self {
        self.listeners.push(Listener::Address(transport, address.into()));
        self
    }

    /// The certificates of the `Tls` and `Wss` listeners, and whom their connections trust; the module
    /// [`tls`](crate::tls) has an example.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Which web pages may connect to the `Ws` and `Wss` listeners; every one, unless said.
    #[cfg(feature = "ws")]
    pub fn origins(mut self, origins: Origins) -> Self {
        self.origins = origins;
        self
    }

    /// The load balancers in front of the listeners for connections, which say by the PROXY protocol for whom they connect; none,
    /// unless said. To all of these listeners, of TCP, TLS, WS and WSS, a connection from a balancer has to say so, but for those
    /// that say [otherwise](ListenAddr::proxy_protocol).
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

    /// How many sockets each UDP listener has, all at one address (`SO_REUSEPORT`): one, unless said, and on systems other than
    /// Linux. The kernel spreads peers over them, and each is read by a task of its own, so that with as many as there are cores
    /// all of them can serve one listener.
    pub fn udp_sockets(mut self, count: NonZeroUsize) -> Self {
        self.udp_sockets = count;
        self
    }

    /// Listens on a transport of your own: anything that implements [`Bind`].
    pub fn bind(mut self, transport: impl Bind) -> Self {
        self.listeners.push(Listener::Custom(Box::new(transport)));
        self
    }

    /// What is done when a connection is gone, whoever closed it: what was registered over it is no longer reached. Requests
    /// under way on it have failed by then. It is called from the transport's tasks, so it must not block;
    /// [`Client::closed`](crate::Client::closed) waits for one flow. A flow of datagrams is told of too, if it was
    /// [kept alive](crate::Client::keep_alive) and its peer gives no more signs of life.
    ///
    /// A handler that waits before it stores a flow may store one that has been told of already:
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

    /// Who knows the servers of a domain: [`SystemResolver`], unless said, which knows addresses only. The module
    /// [`resolve`](crate::resolve) has others.
    pub fn resolver(mut self, resolver: impl Resolver) -> Self {
        self.resolver = Arc::new(resolver);
        self
    }

    /// Other limits than the default ones.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Other transaction timers than those of RFC 3261 (§17.1.1.1: T1 500 ms; §17.1.2.2: T2 4 s, T4 5 s).
    pub fn timers(mut self, timers: Timers) -> Self {
        self.timers = timers;
        self
    }

    /// Fixes what branches, tags and Call-IDs derive from, so that a run can be repeated. For tests only:
    /// whoever knows the seed can guess them.
    #[cfg(feature = "testing")]
    pub(crate) fn seed(mut self, seed: [u8; 16]) -> Self {
        self.seed = Some(seed);
        self
    }
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
            Listener::Address(transport, listen) => write!(f, "{transport}:{}", listen.address),
            Listener::Custom(custom) => f.write_str(&custom.describe()),
        }
    }
}

/// Where a listener binds: made from a port, an IP address and port, or a [`SocketAddr`]; where others reach it, if that is
/// somewhere else; and who connects to it for others, if somebody does.
///
/// ```
/// use spigot::{Config, ListenAddr, Transport};
/// # struct Pbx;
/// # #[spigot::sip_router]
/// # impl Pbx {}
///
/// // Behind a router that forwards port 5060 of its public address.
/// let behind_nat = ListenAddr::from(([10, 0, 0, 5], 5060)).public("203.0.113.5");
/// let config = Config::new(Pbx).listen(Transport::Udp, behind_nat);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddr {
    pub(super) address: SocketAddr,
    pub(super) public: Option<String>,
    pub(super) proxies: Option<Proxies>,
}

impl ListenAddr {
    /// The address that peers reach it by, as `host` or `host:port`, where it differs from the one it binds: behind a NAT, or by a
    /// name. Via and Contact say it in the place of the address that the listener is bound to. Without a port it is the one that is
    /// bound. What is neither is [`Error::PublicAddress`](crate::Error::PublicAddress) at the start.
    #[must_use]
    pub fn public(mut self, address: impl Into<String>) -> Self {
        self.public = Some(address.into());
        self
    }

    /// The load balancers in front of this listener, in the place of those that [`Config::proxy_protocol`] has for all:
    /// [`Proxies::none`] where clients connect themselves. A listener of datagrams can have none
    /// ([`Error::ProxiedDatagrams`](crate::Error::ProxiedDatagrams)).
    ///
    /// ```
    /// use spigot::transport::Proxies;
    /// use spigot::{Config, ListenAddr, Transport};
    /// # struct Pbx;
    /// # #[spigot::sip_router]
    /// # impl Pbx {}
    ///
    /// // A balancer is in front of TLS; phones come by TCP themselves.
    /// let balanced = ListenAddr::from(5061).proxy_protocol(Proxies::new(["10.0.0.2"])?);
    /// let config = Config::new(Pbx).listen(Transport::Tls, balanced).listen(Transport::Tcp, 5060);
    /// # Ok::<(), spigot::transport::BadNetwork>(())
    /// ```
    #[must_use]
    pub fn proxy_protocol(mut self, proxies: Proxies) -> Self {
        self.proxies = Some(proxies);
        self
    }
}

impl From<u16> for ListenAddr {
    fn from(port: u16) -> Self {
        ListenAddr::from(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))
    }
}

impl<I: Into<IpAddr>> From<(I, u16)> for ListenAddr {
    fn from(address: (I, u16)) -> Self {
        ListenAddr::from(SocketAddr::from(address))
    }
}

impl From<SocketAddr> for ListenAddr {
    fn from(address: SocketAddr) -> Self {
        ListenAddr {
            address,
            public: None,
            proxies: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_named_by_port_by_address_or_by_both() {
        fn at(address: impl Into<ListenAddr>) -> String {
            address.into().address.to_string()
        }
        assert_eq!(at(5060), "0.0.0.0:5060");
        assert_eq!(at(([127, 0, 0, 1], 5060)), "127.0.0.1:5060");
        assert_eq!(at((IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]), 0)), "[::1]:0");
        assert_eq!(at(SocketAddr::from(([192, 0, 2, 1], 5080))), "192.0.2.1:5080");
    }
}
