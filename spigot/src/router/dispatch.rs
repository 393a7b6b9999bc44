//! What a router does with a request, as the endpoint is told.

use std::fmt;

use super::{HandlerFuture, Reply};

/// What becomes of a request that opened a transaction.
#[must_use = "a peer waits for the answer"]
pub enum Dispatch {
    /// The library answers by itself.
    Now(Reply),
    /// A handler will.
    Handler(HandlerFuture),
}

impl Dispatch {
    /// Waits for the reply.
    pub async fn reply(self) -> Reply {
        match self {
            Dispatch::Now(reply) => reply,
            Dispatch::Handler(handler) => handler.await,
        }
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
