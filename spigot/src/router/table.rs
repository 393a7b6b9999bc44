//! The router.

use std::fmt;

use super::{Agent, HandlerFuture, Reply, Request};

/// An agent and its routes, ready to take requests.
#[derive(Clone)]
pub struct Router {}

/// What becomes of a request.
pub enum Dispatch {
    /// The library answers by itself.
    Now(Reply),
    /// A handler will.
    Handler(HandlerFuture),
}

impl Router {
    /// The router of an agent.
    pub fn new<A: Agent>(agent: A) -> Router {
        let _ = agent;
        todo!()
    }

    /// The option tags that the application supports (RFC 3261 §19.2): they are accepted in Require and named
    /// in Supported. None by default.
    pub fn supported(self, tags: &[&str]) -> Router {
        let _ = tags;
        todo!()
    }

    /// The methods of the Allow header, `INVITE, ACK, ...`.
    pub fn allow(&self) -> &str {
        todo!()
    }

    /// Takes a request that opened a transaction.
    pub fn handle(&self, request: Request) -> Dispatch {
        let _ = request;
        todo!()
    }

    /// Takes the ACK to a 2xx; `None` when no route wants it.
    pub fn ack(&self, request: Request) -> Option<HandlerFuture> {
        let _ = request;
        todo!()
    }

    /// Takes a CANCEL that the library has answered; `None` when no route wants it.
    pub fn cancelled(&self, request: Request) -> Option<HandlerFuture> {
        let _ = request;
        todo!()
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router").finish_non_exhaustive()
    }
}

impl fmt::Display for Router {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}

impl fmt::Debug for Dispatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dispatch::Now(reply) => f.debug_tuple("Now").field(reply).finish(),
            Dispatch::Handler(_) => f.debug_tuple("Handler").finish_non_exhaustive(),
        }
    }
}
