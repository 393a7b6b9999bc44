//! Steps between a request's arrival and its handler, as in Elixir's Plug.
//!
//! A [`Plug`] sees the request, may put something beside it ([`Request::with`]), hands it on ([`Next::run`]) and sees the
//! reply on its way back; or it answers by itself, and nothing after it runs. Plugs run in this order, each only for the
//! routes it is on:
//!
//! 1. those of the router, `#[sip_router(plugs(Trace::new(), ...))]`, in the order written. They also see the requests that no
//!    route takes, with the library's answer to them as what comes next;
//! 2. the agent's own methods that are marked `#[plug]`, in the order written: on every route, or on some
//!    (`#[plug(only(register, invite))]`, `#[plug(except(options))]`);
//! 3. those of the route, `#[through(LimitBody::new(4096))]`.
//!
//! ACK and CANCEL pass no plug: nothing can be answered to them, and neither may be challenged
//! ([RFC 3261 §22.1](https://www.rfc-editor.org/rfc/rfc3261#section-22.1)).
//!
//! | plug | what it does |
//! |---|---|
//! | [`Trace`] | more in the span of each request, and what was answered |
//! | [`RequestId`] | a name for each request |
//! | [`RateLimit`] | so many requests a second, by source or by identity |
//! | [`LimitBody`] | 413 for bodies that are too large |
//! | [`RequireTls`] | 403 for what does not come over TLS |
//! | [`AllowSources`] | 403 for what does not come from these networks |
//! | [`Timeout`] | a deadline for what comes after it |
//! | [`DigestAuth`] | credentials, or a challenge |
//!
//! And any layer of `tower`, with the feature of that name. A handler that panics needs no plug: the library answers 500.
//!
//! ```
//! use spigot::plug::{Next, Plug};
//! use spigot::{Header, Reply, Request, StatusCode, header, sip_router};
//!
//! /// Answers say what answered them.
//! struct Signed(&'static str);
//!
//! impl Plug for Signed {
//!     async fn call(&self, request: Request, next: Next<'_>) -> Reply {
//!         let reply = next.run(request).await;
//!         match header::Server::new(self.0) {
//!             Ok(server) => reply.with(Header(server)),
//!             Err(_) => reply,
//!         }
//!     }
//! }
//!
//! struct Pbx;
//!
//! #[sip_router(plugs(Signed("Pbx 1.0")))]
//! impl Pbx {
//!     #[plug(only(register))]
//!     async fn no_strangers(&self, request: Request, next: Next<'_>) -> Reply {
//!         match request.source().peer.ip().is_loopback() {
//!             true => next.run(request).await,
//!             false => StatusCode::FORBIDDEN.into(),
//!         }
//!     }
//!
//!     #[register]
//!     async fn register(&self) -> StatusCode {
//!         StatusCode::OK
//!     }
//! }
//! ```

mod allow_sources;
mod digest_auth;
#[cfg(feature = "tower")]
mod layer;
mod limit_body;
mod next;
mod rate_limit;
mod request_id;
mod require_tls;
mod timeout;
mod trace;

use std::future::Future;

use super::{Reply, Request};

pub use allow_sources::{AllowSources, BadNetwork};
pub use digest_auth::{DigestAuth, User, Users};
#[cfg(feature = "tower")]
pub use layer::{LayerPlug, NoRest, Rest, layer};
pub use limit_body::LimitBody;
pub use next::Next;
#[doc(hidden)]
pub use next::NextRequest;
pub use rate_limit::RateLimit;
pub use request_id::{Id, RequestId};
pub use require_tls::RequireTls;
pub use timeout::Timeout;
pub use trace::Trace;

/// A step between a request's arrival and its handler. The [module](self) says how plugs are put together.
///
/// It is made once for a router, and called for each request at the same time as for others: what it counts, it counts
/// behind a lock or in atomics.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no plug",
    label = "this cannot stand in a pipeline",
    note = "a plug implements `spigot::plug::Plug`: `async fn call(&self, request: Request, next: Next<'_>) -> Reply`"
)]
pub trait Plug: Send + Sync + 'static {
    /// Takes the request; gives the reply, its own or that of what comes after it.
    fn call(&self, request: Request, next: Next<'_>) -> impl Future<Output = Reply> + Send;
}
