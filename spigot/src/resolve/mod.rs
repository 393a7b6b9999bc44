//! How the servers of a domain are found: NAPTR, SRV and addresses, as RFC 3263 has them.
//!
//! The client sends `sip:bob@example.com` to whatever server `example.com` names. Which records to ask for,
//! and in which order to try what they say, is the library's job; where they come from is a [`Resolver`]'s.
//! An endpoint has one, from [`Config::resolver`](crate::Config::resolver):
//!
//! - [`SystemResolver`], unless said: the operating system's, which knows addresses and neither NAPTR nor SRV
//!   records.
//! - `Dns`, with the feature `dns`: the name servers of the system, or others, asked for all three, with a
//!   cache.
//! - `spigot::testing::Zone`, with the feature `testing`: records that a test writes down.
//! - Your own: anything that implements the trait.
//!
//! # From target to target
//!
//! A domain has several servers so that one may fail. A request of the [`Client`](crate::Client) goes to the
//! best of them and, when that one fails, to the next: the same request with a new branch. Failure is ([RFC
//! 3263 §4.3](https://www.rfc-editor.org/rfc/rfc3263#section-4.3)) a connection that cannot be opened or that
//! breaks before a response, no response in time, and a 503. The response, or the error, of the last one that
//! was tried is what the caller gets. At most [`Limits::dns_targets`](crate::Limits::dns_targets) are tried,
//! and all look-ups of one request together take at most [`Limits::dns`](crate::Limits::dns).
//!
//! A target that failed is tried last for [`Limits::failed_target`](crate::Limits::failed_target), by every
//! request of the endpoint; one that answered 503 with a Retry-After for as long as that says. After that one
//! request tries it first again; the others follow once it has answered.
//!
//! A host of digits, `sip:34020000001320000001@3402000000` for one, is a name of no domain and no address
//! either. It is never looked up: a request to it fails, unless a Route, [an
//! address](crate::RequestBuilder::to_address) or a flow says where it goes.
//!
//! An address that no listener of the endpoint can send to, because it is IPv6 and they are IPv4 or the other
//! way round, is left out. A request that is sent [to an address](crate::RequestBuilder::to_address) goes
//! there and nowhere else. Requests inside a dialog stay on a connection that the peer has opened. Where
//! their targets cannot be reached, they go by the flow of the dialog.
//!
//! A request over UDP that is larger than [`Limits::datagram`](crate::Limits::datagram) goes over TCP to the
//! same address, if the endpoint has a listener for TCP ([RFC 3261
//! §18.1.1](https://www.rfc-editor.org/rfc/rfc3261#section-18.1.1)), and over UDP after all if nobody listens
//! there.
//!
//! # Records of one's own
//!
//! A resolver that knows the servers from elsewhere, a service registry, say:
//!
//! ```
//! use std::io;
//! use std::net::IpAddr;
//!
//! use spigot::resolve::{Resolver, Srv};
//! use spigot::transport::BoxFuture;
//! use spigot::{Config, Transport};
//!
//! struct Registry;
//!
//! impl Resolver for Registry {
//!     fn srv<'r>(&'r self, name: &'r str) -> BoxFuture<'r, io::Result<Vec<Srv>>> {
//!         Box::pin(async move {
//!             let server = |priority, target: &str| Srv { priority, weight: 0, port: 5060, target: target.to_owned() };
//!             Ok(match name {
//!                 "_sip._tcp.example.com" => vec![server(0, "192.0.2.1"), server(1, "192.0.2.2")],
//!                 _ => Vec::new(),
//!             })
//!         })
//!     }
//!
//!     fn addresses<'r>(&'r self, host: &'r str) -> BoxFuture<'r, io::Result<Vec<IpAddr>>> {
//!         Box::pin(async move { Ok(host.parse().into_iter().collect()) })
//!     }
//! }
//!
//! # struct MyUserAgent;
//! # #[spigot::sip_router]
//! # impl MyUserAgent {}
//! let config = Config::new(MyUserAgent).listen(Transport::Tcp, 5060).resolver(Registry);
//! ```

#[cfg(feature = "dns")]
mod dns;
pub(crate) mod locate;
mod number;
mod record;
mod resolver;
mod system;

#[cfg(feature = "dns")]
pub use dns::Dns;
pub(crate) use number::refuse_number;
pub use record::{Naptr, Srv};
pub use resolver::Resolver;
pub use system::SystemResolver;
