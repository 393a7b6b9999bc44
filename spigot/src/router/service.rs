//! A router among the services of `tower`.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tower_service::Service;

use super::{Dispatch, HandlerFuture, Reply, Request, Router};

/// It is always ready, and never fails: what cannot be done is a reply.
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
    type Future = Replying;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Replying {
        Replying(match self.handle(request) {
            Dispatch::Now(reply) => State::Now(Some(reply)),
            Dispatch::Handler(handler) => State::Handler(handler),
        })
    }
}

/// The future of a [`Router`] as a service.
pub struct Replying(State);

enum State {
    Now(Option<Reply>),
    Handler(HandlerFuture),
}

impl Future for Replying {
    type Output = Result<Reply, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            // Whoever asks again after the reply gets none.
            State::Now(reply) => Poll::Ready(Ok(reply.take().unwrap_or(Reply::Nothing))),
            State::Handler(handler) => handler.as_mut().poll(cx).map(Ok),
        }
    }
}

impl std::fmt::Debug for Replying {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replying").finish_non_exhaustive()
    }
}
