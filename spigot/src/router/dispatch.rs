//! What a router does with a request, as the endpoint is told.

use std::fmt;

use super::{HandlerFuture, Reply, Route};
use crate::proto::Role;

/// What becomes of a request that opened a transaction.
#[must_use = "a peer waits for the answer"]
pub enum Dispatch {
    /// The library answers by itself.
    Now(Reply),
    /// A handler will.
    Handler(Routed),
}

/// A request that has found its route, or the plugs that the library's answer passes.
pub struct Routed {
    /// Whose the requests of the route are.
    pub role: Role,
    /// The route, or `None` for the library's answer on its way through the plugs.
    pub route: Option<&'static Route>,
    /// The plugs and the handler. Nothing of them has run yet.
    pub future: HandlerFuture,
}

impl Dispatch {
    /// Says whose the request is. What the library answers is answered by the user agent.
    pub fn role(&self) -> Role {
        match self {
            Dispatch::Now(_) => Role::Us,
            Dispatch::Handler(routed) => routed.role,
        }
    }

    /// Says whether no route has the request.
    pub fn is_unrouted(&self) -> bool {
        match self {
            Dispatch::Now(_) => true,
            Dispatch::Handler(routed) => routed.route.is_none(),
        }
    }

    /// Waits for the reply.
    pub async fn reply(self) -> Reply {
        match self {
            Dispatch::Now(reply) => reply,
            Dispatch::Handler(routed) => routed.future.await,
        }
    }
}

impl fmt::Debug for Dispatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dispatch::Now(reply) => f.debug_tuple("Now").field(reply).finish(),
            Dispatch::Handler(routed) => f.debug_tuple("Handler").field(routed).finish(),
        }
    }
}

impl fmt::Debug for Routed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routed")
            .field("role", &self.role)
            .field("route", &self.route)
            .finish_non_exhaustive()
    }
}
