//! What the expansion of `#[sip_router]` calls: one function for each thing that it checks, so that an error
//! names that thing and stands at its span.

use std::future::Future;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

use super::plug::{Next, Plug};
use super::route::{Captured, Handler, Unrouted};
use super::{Agent, FromRequest, HandlerFuture, IntoReply, Reply, Request, Routes};
use crate::sip::{Response, StatusCode};

/// What a capture can be read as.
#[diagnostic::on_unimplemented(
    message = "a capture cannot be read as `{Self}`",
    label = "`Path` reads a capture with `FromStr`, which this type does not have",
    note = "implement `std::str::FromStr` for it, or take a `String`"
)]
pub trait Capture: Sized {
    /// Reads it; `None` means that the route does not match.
    fn read(text: &str) -> Option<Self>;
}

#[diagnostic::do_not_recommend]
impl<T: FromStr> Capture for T {
    fn read(text: &str) -> Option<T> {
        text.parse().ok()
    }
}

/// The capture of this name.
pub fn capture<T: Capture>(captured: Captured<'_>, name: &str) -> Option<T> {
    T::read(captured?.get(name)?)
}

/// An argument, or what is answered when it cannot be read.
///
/// This is a function, and its signature does not name `T::Rejection`, so that a type which is no extractor is one
/// error: in the expansion it would be reported again for each use of what the trait gives.
pub async fn extract<T: FromRequest<S, M>, S, M>(request: &Request, agent: &S) -> Result<T, Reply> {
    T::from_request(request, agent)
        .await
        .map_err(IntoReply::into_reply)
}

/// An argument of an `ack` or `cancel` handler cannot be read: the handler does not run, and nothing is sent.
pub fn unanswered(rejection: Reply) -> Reply {
    tracing::debug!(status = ?rejection.status(), "an ACK or CANCEL does not reach its handler");
    Reply::Nothing
}

/// What a handler's return value stands for. A handler's reply is final, so a provisional one is its mistake.
pub fn reply<T: IntoReply<M>, M>(value: T) -> Reply {
    match value.into_reply() {
        Reply::Response(response) | Reply::Stateless(response) if response.status().is_provisional() => {
            tracing::error!(
                status = %response.status(),
                "a handler returned a provisional response: send it with `Transaction::provisional`, and return a final one"
            );
            Reply::Response(Response::new(StatusCode::SERVER_INTERNAL_ERROR))
        }
        reply => reply,
    }
}

/// The same for another to hold. A function, because the user's crate may have no `Clone` in scope.
pub fn share<T>(shared: &Arc<T>) -> Arc<T> {
    Arc::clone(shared)
}

/// The routes of an agent, without a word on whether it may be one: that is said at its impl.
pub const fn routes<A: Agent>() -> Routes {
    A::ROUTES
}

/// The agent as the handlers share it.
///
/// That it may be shared is what [`Agent`] asks for. The type that this returns does not say it a second time, lest an agent that
/// may not be is reported again for each handler.
pub fn shared<A: Agent>(agent: Arc<A>) -> impl Deref<Target = A> + Send + Sync + 'static {
    agent
}

/// What is behind a route.
pub fn handler<F>(handler: F) -> Handler
where
    F: Fn(Request, Captured<'_>) -> Option<HandlerFuture> + Send + Sync + 'static,
{
    Arc::new(handler)
}

/// What is behind no route.
pub fn unrouted<F>(through: F) -> Option<Unrouted>
where
    F: Fn(Request, Reply) -> HandlerFuture + Send + Sync + 'static,
{
    Some(Arc::new(through))
}

/// Calls a plug.
///
/// The lifetimes are written out and the future said to be `Send`: of an `async fn` the compiler could not tell it for every
/// type of plug.
pub fn plugged<'c, P: Plug>(
    plug: &'c P,
    request: Request,
    next: Next<'c>,
) -> impl Future<Output = Reply> + Send + 'c {
    plug.call(request, next)
}

/// The rest of a pipeline has no request, which cannot be: whoever begins it leaves one.
pub fn lost() -> Reply {
    Reply::Response(Response::new(StatusCode::SERVER_INTERNAL_ERROR))
}

/// The one allocation of a request's dispatch.
pub fn future(handler: impl Future<Output = Reply> + Send + 'static) -> HandlerFuture {
    Box::pin(handler)
}
