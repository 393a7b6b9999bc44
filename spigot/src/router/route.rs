//! One route, and the table of them that `#[sip_router]` writes.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;

use super::body_use::BodyTypes;
use super::plug::NextRequest;
use super::{Reply, Request};
use crate::proto::Role;
use crate::sip::{Captures, Method};

/// The future of a handler's reply.
pub type HandlerFuture = Pin<Box<dyn Future<Output = Reply> + Send>>;

/// The captures of a route's pattern; `None` for a route without a pattern.
pub type Captured<'a> = Option<&'a Captures<'a, 'a>>;

/// Where the future of a route finds its request, if a plug around the route hands it on.
pub type HandedOn = Option<Arc<NextRequest>>;

/// The handler of a route with its plugs, and what it needs of a request.
#[derive(Clone)]
pub struct Handler {
    /// Whose the requests of the route are, as the arguments of the handler say.
    pub role: Role,
    /// What the arguments of the handler take of the body.
    pub body: BodyTypes,
    /// Makes the request's future.
    pub call: Arc<HandlerFn>,
}

/// Reads the captures and makes the request's future; `None` when a capture does not parse, which means that
/// the route does not match.
type HandlerFn = dyn Fn(Request, Captured<'_>, HandedOn) -> Option<HandlerFuture> + Send + Sync;

/// The plugs of a router, ready for requests that no route takes.
#[derive(Clone)]
pub struct RouterPlugs {
    /// For each plug, in their order, whether it sees requests inside dialogs.
    pub in_dialog: Arc<[bool]>,
    /// Takes the library's answer through the plugs.
    pub unrouted: Arc<dyn Fn(Request, Reply) -> HandlerFuture + Send + Sync>,
}

/// The handlers of an agent, and the plugs of its router.
pub struct Handlers {
    /// The handlers, one for each route, in their order.
    pub routes: Vec<Handler>,
    /// The plugs of the router, if it has some.
    pub router_plugs: Option<RouterPlugs>,
}

/// The requests that a route is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Requests with the method of this name.
    Method(&'static str),
    /// Requests with any method but ACK and CANCEL.
    Any,
    /// Requests that no route takes.
    Fallback,
}

/// One route of an agent: which requests it takes, and the name of its handler.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    pub(super) takes: Takes,
    pub(super) pattern: Option<&'static str>,
    pub(super) in_dialog: bool,
    pub(super) event: Option<&'static str>,
    pub(super) package: Option<&'static str>,
    pub(super) content_type: Option<&'static str>,
    pub(super) handler: &'static str,
    plugs: &'static [&'static str],
    /// How many of the plugs, the first ones, are those of the router.
    of_router: usize,
}

impl Route {
    /// Makes a route without conditions. `#[sip_router]` writes this.
    #[doc(hidden)]
    pub const fn new(takes: Takes, handler: &'static str) -> Route {
        Route {
            takes,
            pattern: None,
            in_dialog: false,
            event: None,
            package: None,
            content_type: None,
            handler,
            plugs: &[],
            of_router: 0,
        }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn pattern(mut self, pattern: &'static str) -> Route {
        self.pattern = Some(pattern);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn in_dialog(mut self) -> Route {
        self.in_dialog = true;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn event(mut self, package: &'static str) -> Route {
        self.event = Some(package);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn package(mut self, package: &'static str) -> Route {
        self.package = Some(package);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn content_type(mut self, content_type: &'static str) -> Route {
        self.content_type = Some(content_type);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn through(mut self, plugs: &'static [&'static str], of_router: usize) -> Route {
        self.plugs = plugs;
        self.of_router = of_router;
        self
    }

    /// Returns the name of the method that handles the requests of this route.
    pub fn handler(&self) -> &'static str {
        self.handler
    }

    /// Names the [plugs](crate::plug) that a request goes through on its way to the handler, in this order.
    ///
    /// A plug is called by its type, without its arguments: `RateLimit` for `RateLimit::per_source(50)`; a
    /// `#[plug]` method by its name. The plugs of the router are here on every route. Of those, a request
    /// inside a dialog passes the ones that [say so](crate::plug::Plug::in_dialog), which are known once they
    /// are made.
    pub fn plugs(&self) -> &'static [&'static str] {
        self.plugs
    }

    /// Returns the names of the plugs of the router, and those of the other plugs.
    pub(super) fn plugs_of_router_and_others(&self) -> (&'static [&'static str], &'static [&'static str]) {
        self.plugs.split_at(self.of_router)
    }

    /// Says whether all requests of this route are inside dialogs. Those of a `#[fallback]` may be inside or
    /// outside.
    pub(super) fn is_inside_dialogs(&self) -> bool {
        let is_dialog_only = |name| Method::from_token(name).is_ok_and(|method| method.is_dialog_only());
        self.in_dialog || matches!(self.takes, Takes::Method(name) if is_dialog_only(name))
    }
}

/// The routes of an agent in the order in which they were written: a slice that prints as a table.
#[derive(Clone, Copy, Debug)]
pub struct Routes {
    /// The routes. `#[sip_router]` writes this.
    #[doc(hidden)]
    pub table: &'static [Route],
}

impl Deref for Routes {
    type Target = [Route];

    fn deref(&self) -> &[Route] {
        self.table
    }
}

impl Handlers {
    /// Puts the handlers together, for the routes in their order. `#[sip_router]` writes this.
    #[doc(hidden)]
    pub fn new<const N: usize>(routes: [Handler; N], router_plugs: Option<RouterPlugs>) -> Handlers {
        Handlers {
            routes: routes.into(),
            router_plugs,
        }
    }
}

impl fmt::Debug for RouterPlugs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouterPlugs")
            .field("in_dialog", &self.in_dialog)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handler")
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handlers({})", self.routes.len())
    }
}
