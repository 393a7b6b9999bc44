//! What the expansion of `#[sip_router]` calls: one function for each thing that it checks, so that an error
//! names that thing and stands at its span.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

use super::body_use::{BodyTypes, BodyUse};
use super::plug::{Next, Plug};
use super::route::{Captured, HandedOn, Handler, RouterPlugs};
use super::{Agent, FromRequest, HandlerFuture, IntoReply, Reply, Request, Routes};
use crate::proto::Role;
use crate::sip::{Response, StatusCode};

/// A type that a capture is read as.
#[diagnostic::on_unimplemented(
    message = "a capture cannot be read as `{Self}`",
    label = "`Path` reads a capture with `FromStr`, which this type does not have",
    note = "implement `std::str::FromStr` for it, or take a `String`"
)]
pub trait Capture: Sized {
    /// Reads the text of a capture; `None` means that the route does not match.
    fn read(text: &str) -> Option<Self>;
}

#[diagnostic::do_not_recommend]
impl<T: FromStr> Capture for T {
    fn read(text: &str) -> Option<T> {
        text.parse().ok()
    }
}

/// Reads the capture of this name.
pub fn capture<T: Capture>(captured: Captured<'_>, name: &str) -> Option<T> {
    T::read(captured?.get(name)?)
}

/// Reads an argument, or makes the reply that refuses the request.
///
/// This is a function, and its signature does not name `T::Rejection`, so that a type which is no extractor
/// is one error: in the expansion it would be reported again for each use of what the trait gives.
pub async fn extract<T: FromRequest<S, M>, S, M>(request: &Request, agent: &S) -> Result<T, Reply> {
    T::from_request(request, agent)
        .await
        .map_err(IntoReply::into_reply)
}

/// Drops the reply that would refuse an ACK or a CANCEL: the handler does not run, and nothing is sent.
pub fn unanswered(rejection: Reply) -> Reply {
    tracing::debug!(status = ?rejection.status(), "an ACK or CANCEL does not reach its handler");
    Reply::Nothing
}

/// Makes the reply of what a handler returned. A provisional reply is a mistake of the handler, and answered
/// 500.
pub fn reply<T: IntoReply<M>, M>(value: T) -> Reply {
    match value.into_reply() {
        Reply::Response(response) | Reply::Stateless(response) | Reply::Relayed(response)
            if response.status().is_provisional() =>
        {
            tracing::error!(
                status = %response.status(),
                "a handler returned a provisional response: send it with `Transaction::provisional`, and return a final one"
            );
            Reply::Response(Response::new(StatusCode::SERVER_INTERNAL_ERROR))
        }
        reply => reply,
    }
}

/// Clones an `Arc`. It is a function, because the user's crate may have no `Clone` in scope.
pub fn share<T>(shared: &Arc<T>) -> Arc<T> {
    Arc::clone(shared)
}

/// Returns the routes of an agent. Whether the type may be one is checked at its impl alone.
pub const fn routes<A: Agent>() -> Routes {
    A::ROUTES
}

/// Wraps the agent for the handlers that share it.
///
/// The type that this returns does not repeat the bounds of [`Agent`], lest an agent that lacks one is
/// reported again for each handler.
pub fn shared<A: Agent>(agent: Arc<A>) -> impl Deref<Target = A> + Send + Sync + 'static {
    agent
}

/// What an argument of a handler needs: whose the request is, and what of its body.
#[derive(Clone, Copy, Debug)]
pub struct Needs {
    role: Role,
    body: BodyUse,
}

/// Says what this argument of a handler needs.
///
/// An argument that is no extractor is one error, here and at [`extract`], as long as both stand at its span.
pub const fn needs<T: FromRequest<S, M>, S, M>() -> Needs {
    Needs {
        role: T::ROLE,
        body: T::BODY,
    }
}

/// Makes what is behind a route, whose handler has arguments with these needs.
pub fn handler<const N: usize, F>(needs: [Needs; N], call: F) -> Handler
where
    F: Fn(Request, Captured<'_>, HandedOn) -> Option<HandlerFuture> + Send + Sync + 'static,
{
    Handler {
        role: needs.iter().fold(Role::Us, |role, needs| role.and(needs.role)),
        body: BodyTypes::of(needs.iter().map(|needs| needs.body)),
        call: Arc::new(call),
    }
}

/// A plug of a router. It has been asked once whether it sees requests inside dialogs.
pub struct RouterPlug<P> {
    plug: P,
    in_dialog: bool,
}

/// Makes a plug one of the router.
pub fn router_plug<P: Plug>(plug: P) -> RouterPlug<P> {
    RouterPlug {
        in_dialog: plug.in_dialog(),
        plug,
    }
}

impl<P> RouterPlug<P> {
    /// Says whether requests inside dialogs pass the plug.
    pub fn in_dialog(&self) -> bool {
        self.in_dialog
    }
}

impl<P> fmt::Debug for RouterPlug<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouterPlug")
            .field("in_dialog", &self.in_dialog)
            .finish_non_exhaustive()
    }
}

/// Makes the plugs of a router ready for requests that no route takes: `unrouted` takes the library's answer
/// through them.
pub fn router_plugs<const N: usize, F>(in_dialog: [bool; N], unrouted: F) -> Option<RouterPlugs>
where
    F: Fn(Request, Reply) -> HandlerFuture + Send + Sync + 'static,
{
    Some(RouterPlugs {
        in_dialog: in_dialog.into(),
        unrouted: Arc::new(unrouted),
    })
}

/// Calls a plug of the router. A request inside a dialog does not pass it, unless the plug says that it sees
/// those.
///
/// The lifetimes are written out and the future said to be `Send`: of an `async fn` the compiler could not
/// tell it for every type of plug.
#[expect(
    clippy::manual_async_fn,
    reason = "an `async fn` would not say that its future is `Send`"
)]
pub fn call_router_plug<'c, P: Plug>(
    plug: &'c RouterPlug<P>,
    request: Request,
    next: Next<'c>,
) -> impl Future<Output = Reply> + Send + 'c {
    async move {
        if request.in_dialog() && !plug.in_dialog {
            next.run(request).await
        } else {
            plug.plug.call(request, next).await
        }
    }
}

/// Calls a plug of a route, which sees whatever the route takes.
///
/// The lifetimes are written out and the future said to be `Send`: of an `async fn` the compiler could not
/// tell it for every type of plug.
pub fn call_plug<'c, P: Plug>(
    plug: &'c P,
    request: Request,
    next: Next<'c>,
) -> impl Future<Output = Reply> + Send + 'c {
    plug.call(request, next)
}

/// Answers 500 where a pipeline goes on without a request, which no plug can bring about.
pub fn lost() -> Reply {
    Reply::Response(Response::new(StatusCode::SERVER_INTERNAL_ERROR))
}

/// Boxes the future of a request, which is the one allocation of its dispatch.
pub fn future(handler: impl Future<Output = Reply> + Send + 'static) -> HandlerFuture {
    Box::pin(handler)
}
