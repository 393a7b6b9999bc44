//! A Plug-style library for SIP applications: annotate an `impl` block, Spigot does the protocol.
//!
//! ```no_run
//! use spigot::{Config, Spigot, StatusCode, Transport, sip_router};
//!
//! struct MyUserAgent;
//!
//! #[sip_router]
//! impl MyUserAgent {
//!     #[register]
//!     async fn register(&self) -> StatusCode {
//!         StatusCode::OK
//!     }
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), spigot::Error> {
//!     let config = Config::new(MyUserAgent).name("my_agent").listen(Transport::Tcp, 5060);
//!     Spigot::start(config).await?.run_until_ctrl_c().await
//! }
//! ```
//!
//! # Concepts
//!
//! - An *agent* is a type whose impl block [`#[sip_router]`](sip_router) has made a table of routes. A route
//!   is an attribute with the name of a method; its arguments are extractors ([`FromRequest`]), its return
//!   value is the answer ([`IntoReply`]). The module [`router`] has the rest.
//! - [`Spigot::start`] binds the listeners of a [`Config`] and serves them. Its handle gives a [`Client`].
//! - The library answers requests that the agent has no route for, as RFC 3261 says: 405 with Allow, 404,
//!   481 ...
//! - A *flow* ([`Flow`]) is what a message travels on: a connection, or a pair of UDP addresses. Via and
//!   Contact are written from it, so they agree with it.
//! - A request of the [`Client`] goes from server to server of a domain until one answers. The module
//!   [`resolve`] says how servers are found.
//! - The module [`sip`] has messages, URIs, headers and bodies. It says of names that are there twice, such
//!   as `Request` and `Path`, which is which.
//! - The module `testing`, behind the feature of that name, runs all of it on an in-memory network and
//!   virtual time.
//!
//! # Guides
//!
//! The module [`guide`] explains how to build with them: [routing](guide::routing),
//! [extractors](guide::extractors), [answers](guide::answers), [plugs](guide::plugs),
//! [dialogs](guide::dialogs), [transports](guide::transports), [logs](guide::logs),
//! [testing](guide::testing).
//!
//! # Logs
//!
//! The library logs with `tracing`: mistakes of the program at `ERROR`, what does not go as it should at
//! `WARN`, the start and the end at `INFO`, each answer, request and drop with its reason at `DEBUG`, and each
//! message that was read at `TRACE`. [Logs](guide::logs) has the list.
//!
//! # Features
//!
//! The package is `spigot-sip` and the library `spigot`: `cargo add spigot-sip --features tls`, and then
//! `use spigot::tls`. No feature is on by default.
//!
//! - `tower`: a [`Router`] is a `tower` service, and `plug::layer` makes a plug of any `tower` layer.
//! - `tls`: TLS listeners and connections, with the module `tls` for certificates; with `ws` also `wss:`.
//! - `ws`: WebSocket listeners and connections.
//! - `dns`: name servers asked for NAPTR and SRV records, `resolve::Dns`.
//! - `testing`: the test server, the test client and `#[spigot::test]`. For `[dev-dependencies]`.
//!
//! # Invariants
//!
//! - Every request but ACK is answered exactly once, whether its handler returns, panics or is too slow. The
//!   one exception is a request that is dropped on purpose ([`Reply::Dropped`]). `RateLimit` drops requests
//!   of senders that it has answered 503.
//! - Dropping a [`ClientTransaction`] before its final response cancels an INVITE. Every 2xx is acknowledged.
//!   The page [`guide::dialogs`] lists which futures may be dropped.
//! - The protocol core ([`proto`]) is sans-I/O: it names no socket, clock, runtime or source of randomness.
//! - Every queue and every table is bounded; see [`Limits`].
//! - The task that has read a message steps the core, polls the handler and writes the answer. A handler that
//!   does not wait costs no task.

// So that `::spigot::...`, which is what the macros write, also holds in this crate's own tests.
#[allow(unused_extern_crates)]
extern crate self as spigot;

#[doc(hidden)]
pub mod __private;
mod client;
mod dialog;
mod endpoint;
#[cfg(test)]
mod epoch;
mod flow;
#[cfg(any(doc, doctest))]
pub mod guide;
mod identity;
mod incoming;
mod networks;
pub mod proto;
mod proxy;
pub mod resolve;
pub mod router;
pub mod sip;
#[cfg(feature = "testing")]
pub mod testing;
pub mod transport;

pub use client::{
    Client, ClientTransaction, IntoUri, KeepAlive, NoClient, Provisionals, RequestBuilder, RequestError,
};
pub use dialog::{Dialog, InDialog};
pub use endpoint::{
    BadFlowToken, BadOutbound, BoundListener, Config, Counters, Error, Limits, ListenAddr, Outbound, Spigot,
    Unreachable,
};
pub use flow::{ConnectionId, Flow, Transport, UnknownTransport};
pub use identity::Identity;
pub use proxy::{Branch, Forward, ForwardError, NoProxy, Proxy};
pub use router::extract::{Contacts, Extension, Header, Path, TypedBody};
pub use router::plug;
pub use router::{
    Agent, Body, FromRequest, IntoReply, IntoRouter, Reply, Request, Router, Source, Transaction,
    TransactionError,
};
#[doc(inline)]
pub use sip::{Aor, Bytes, HeaderName, Method, Response, StatusCode, Uri, header};
pub use spigot_macros::sip_router;
#[cfg(feature = "testing")]
pub use spigot_macros::test;
#[cfg(feature = "tls")]
pub use transport::tls;

/// The README's examples, compiled and run as doctests.
#[cfg(all(doctest, feature = "testing"))]
#[doc = include_str!("../README.md")]
struct Readme;
