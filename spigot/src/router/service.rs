//! A router among the services of `tower`.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tower_service::Service;

use super::{Dispatch, HandlerFuture, Reply, Request, Router};

/// A router is a service that is always ready and never fails: what cannot be done is a reply.
///
/// ```
/// use spigot::{Reply, Request, Router};
/// use tower_service::Service;
///
/// fn is_a_service<S: Service<Request, Response = Reply, Error = std::convert::Infallible>>() {}
///
/// is_a_service::<Router>();
/// ```
impl Service<Request> for Router {
    type Response = Reply;
    type Error = Infallible;
    type Future = ReplyFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> ReplyFuture {
        ReplyFuture(match self.dispatch(request) {
            Dispatch::Now(reply) => ReplyFrom::Library(Some(reply)),
            Dispatch::Handler(routed) => ReplyFrom::Handler(routed.future),
        })
    }
}

/// Waits for the reply of a [`Router`] that was called as a service of `tower`.
pub struct ReplyFuture(ReplyFrom);

/// Who gives the reply.
enum ReplyFrom {
    Library(Option<Reply>),
    Handler(HandlerFuture),
}

impl Future for ReplyFuture {
    type Output = Result<Reply, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            // Whoever asks again after the reply gets none.
            ReplyFrom::Library(reply) => Poll::Ready(Ok(reply.take().unwrap_or(Reply::Nothing))),
            ReplyFrom::Handler(handler) => handler.as_mut().poll(cx).map(Ok),
        }
    }
}

impl std::fmt::Debug for ReplyFuture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReplyFuture").finish_non_exhaustive()
    }
}
