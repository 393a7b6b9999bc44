//! From a [`Request`] to a [`Reply`]: routes, extractors, answers, and what the library answers by itself.
//!
//! The router knows no socket and no transaction. It is given a request and gives the answer, or the future
//! of the handler that will. Its invariant: every request but ACK has exactly one reply, whatever the routes
//! are.
//!
//! A type becomes an agent by [`#[sip_router]`](crate::sip_router) on one of its impl blocks:
//!
//! ```
//! use spigot::router::Router;
//! use spigot::{StatusCode, sip_router};
//!
//! struct Pbx;
//!
//! #[sip_router]
//! impl Pbx {
//!     #[message("sip:echo@*")]
//!     async fn echo(&self, text: String) -> (StatusCode, String) {
//!         (StatusCode::OK, text)
//!     }
//! }
//!
//! println!("{}", Router::new(Pbx));
//! assert_eq!(Router::new(Pbx).allow(), "MESSAGE, OPTIONS");
//! ```

mod agent;
pub(crate) mod body_use;
mod capabilities;
mod composed;
mod dispatch;
mod display;
pub(crate) mod domains;
pub mod extract;
mod fallback;
mod flat_router;
pub(crate) mod glue;
#[doc(hidden)]
pub mod internals;
mod into_reply;
pub(crate) mod layered;
pub mod method;
mod nest;
pub mod plug;
mod reply;
mod reply_part;
mod request;
pub(crate) mod route;
#[cfg(feature = "tower")]
mod service;
mod source;
mod table;
mod transaction;

pub use agent::{Agent, IntoRouter};
pub use composed::Router;
pub(crate) use dispatch::{Dispatch, Routed};
pub use extract::FromRequest;
pub(crate) use fallback::library_reason;
pub use into_reply::IntoReply;
pub use nest::IntoPattern;
pub(crate) use nest::RouterId;
pub use reply::Reply;
pub use reply_part::{Body, RawBody, ReplyPart};
pub(crate) use request::EndpointExtension;
pub use request::Request;
pub(crate) use route::HandlerFuture;
pub use route::{Route, Routes};
#[cfg(feature = "tower")]
pub use service::ReplyFuture;
pub use source::Source;
pub(crate) use transaction::ServerSide;
pub use transaction::{Transaction, TransactionError};
