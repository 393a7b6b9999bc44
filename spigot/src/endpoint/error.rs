//! Why an endpoint did not start.

use std::fmt;
use std::io;

use crate::Transport;

/// Why [`Spigot::start`](crate::Spigot::start) or
/// [`Spigot::run_until_ctrl_c`](crate::Spigot::run_until_ctrl_c) failed.
///
/// Its `Debug` is its text, since that is what a `main` that returns it prints.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration names no listener.
    #[error("no listener: call `Config::listen` at least once")]
    NoListener,
    /// The agent's name is empty ([`Config::name`](crate::Config::name)).
    #[error(
        "the agent has no name, so that its requests come from nobody: expected one such as `my_agent` (`Config::name`)"
    )]
    NoName,
    /// A listener could not be bound. Those bound before it have been closed again.
    #[error("cannot listen on {listener}: {source}")]
    Bind {
        /// The listener, as `udp:127.0.0.1:5060`.
        listener: String,
        /// The error of the operating system, or of the listener's certificates or origins
        /// (`Config::origins`).
        source: io::Error,
    },
    /// An endpoint was started, or run until a signal comes, outside of a tokio runtime.
    #[error(
        "no tokio runtime: an endpoint runs inside one, in a function under `#[tokio::main]` or by `Runtime::block_on`"
    )]
    NoRuntime,
    /// One of the domains that an agent has by `#[sip_router(domains = self.domains)]` is none.
    #[error(
        "`{0}` is no domain of an agent: expected a host, such as `example.com`, without a scheme or a port"
    )]
    Domain(String),
    /// The text given to [`Config::listen`](crate::Config::listen) is no address.
    #[error(
        "cannot listen on `{0}`: expected an IP address and a port, such as `127.0.0.1:5060` or `[::1]:5060`, or a port, such as `5060`"
    )]
    ListenAddress(String),
    /// The text given to [`ListenAddr::public`](crate::ListenAddr::public) is no address.
    #[error("`{0}` is no public address: expected `host` or `host:port`")]
    PublicAddress(String),
    /// A listener of datagrams was given load balancers
    /// ([`ListenAddr::proxy_protocol`](crate::ListenAddr::proxy_protocol)).
    #[error("cannot listen on {0} behind a PROXY protocol: it is there for connections")]
    ProxiedDatagrams(Transport),
    /// This build has no listener of this transport.
    #[error("cannot listen on {0}: this build has none of it; the features `tls` and `ws` add it")]
    Unsupported(Transport),
    /// A listener with TLS has no certificates.
    #[cfg(feature = "tls")]
    #[error("cannot listen on {0} without certificates: call `Config::tls`")]
    NoCertificates(Transport),
    /// The operating system gave no random numbers to seed the endpoint with.
    #[error("no randomness from the operating system: {0}")]
    Randomness(String),
    /// The signal handlers could not be installed.
    #[error("cannot wait for signals: {0}")]
    Signals(#[source] io::Error),
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
