//! Steps between a request's arrival and its handler, as in Elixir's Plug.
//!
//! A [`Plug`] sees the request, may put something beside it ([`Request::with`]), hands it on ([`Next::run`])
//! and sees the reply on its way back; or it answers by itself, and nothing after it runs. Plugs run in this
//! order, each only for the routes it is on:
//!
//! 1. those that were put around the router at run time by [`Router::layer`](super::Router::layer), the last
//!    one first;
//! 2. those of the router, `#[sip_router(plugs(Trace::new(), ...))]`, in the order written;
//! 3. the agent's own methods that are marked `#[plug]`, in the order written: on every route, or on some
//!    (`#[plug(only(register, invite))]`, `#[plug(except(options))]`);
//! 4. those of the route, `#[through(LimitBody::new(4096))]`.
//!
//! The first two also see the requests that no route takes, with the library's answer to them as what comes
//! next.
//!
//! # Dialogs
//!
//! Plugs see requests outside of dialogs. A request inside a dialog ([`Request::in_dialog`]) does not pass
//! them, so that a challenge, a limit or a refusal cannot cut a call that is up. It passes only
//!
//! - a plug of the router, or around it, whose type says so by [`Plug::in_dialog`], or which stands in
//!   [`in_dialog`];
//! - a method that says so, `#[plug(in_dialog)]`, also with `only` or `except`;
//! - every plug that its route names by `#[through(...)]`: who writes it at an `in_dialog` route means that
//!   route.
//!
//! The library's answer to a request inside a dialog that no route takes passes the first of these alone.
//!
//! ACK and CANCEL pass no plug: nothing can be answered to them, and neither may be challenged
//! ([RFC 3261 §22.1](https://www.rfc-editor.org/rfc/rfc3261#section-22.1)).
//!
//! # Plugs of the library
//!
//! | plug | what it does | in dialogs |
//! |---|---|---|
//! | [`Trace`] | more in the span of each request, and what was answered | yes |
//! | [`RequestId`] | a name for each request | yes |
//! | [`RateLimit`] | so many requests a second, by source or by identity | no: a BYE would be lost |
//! | [`LimitBody`] | 413 for bodies that are too large | no: an offer would be refused in the middle of a call |
//! | [`RequireTls`] | 403 for what does not come over TLS | no: a call may go on by another way |
//! | [`AllowSources`] | 403 for what does not come from these networks | no: who is called may be anywhere, or move |
//! | [`Timeout`] | a deadline for what comes after it | no: a 408 ends the dialog (RFC 3261 §12.2.1.2) |
//! | [`DigestAuth`] | credentials, or a challenge | no: who is called has no password here |
//!
//! Any layer of `tower` is a plug too, with the feature of that name; it does not see dialogs. A handler that
//! panics needs no plug: the library answers 500.
//!
//! # An example
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
//!         if request.source().peer.ip().is_loopback() {
//!             next.run(request).await
//!         } else {
//!             StatusCode::FORBIDDEN.into()
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
mod in_dialog;
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
pub use in_dialog::{PlugInDialog, in_dialog};
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

/// A step between a request's arrival and its handler. The [module](self) tells how plugs are put together.
///
/// It is made once for a router, and called for each request at the same time as for others: what it counts,
/// it counts behind a lock or in atomics.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no plug",
    label = "this cannot stand in a pipeline",
    note = "a plug implements `spigot::plug::Plug`: `async fn call(&self, request: Request, next: Next<'_>) -> Reply`",
    note = "a layer of `tower` becomes a plug by `spigot::plug::layer`"
)]
pub trait Plug: Send + Sync + 'static {
    /// Takes the request; gives the reply, its own or that of what comes after it.
    fn call(&self, request: Request, next: Next<'_>) -> impl Future<Output = Reply> + Send;

    /// Says whether requests inside dialogs pass this plug where it is one of a router. They do not, unless a
    /// type says otherwise.
    ///
    /// A plug that refuses, challenges or drops requests says nothing here: it would cut calls that are up.
    /// It is asked once, when the router is made. On a route that names it with `#[through]` it sees whatever
    /// the route takes.
    fn in_dialog(&self) -> bool {
        false
    }

    /// Names the plug in the printed table of a router that it was put around at run time.
    #[doc(hidden)]
    fn plug_name() -> String
    where
        Self: Sized,
    {
        type_name::<Self>().to_owned()
    }
}

/// Returns the name of a type without its path and its parameters.
fn type_name<T>() -> &'static str {
    let full = std::any::type_name::<T>();
    let path = full.split('<').next().unwrap_or(full);
    path.rsplit("::").next().unwrap_or(path)
}
