//! One route, and the table of them that `#[sip_router]` writes.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;

use super::{Reply, Request};
use crate::sip::Captures;

/// What a handler will answer.
pub type HandlerFuture = Pin<Box<dyn Future<Output = Reply> + Send>>;

/// What the pattern of a route took from the Request-URI; `None` for a route without a pattern.
pub type Captured<'a> = Option<&'a Captures<'a, 'a>>;

/// What is behind a route: reads the captures and makes the request's future; `None` when a capture does not parse, which
/// means that the route does not match.
pub type Handler = Arc<dyn Fn(Request, Captured<'_>) -> Option<HandlerFuture> + Send + Sync>;

/// What takes a library's answer through the plugs of the router.
pub type Unrouted = Arc<dyn Fn(Request, Reply) -> HandlerFuture + Send + Sync>;

/// What is behind the routes of an agent.
pub struct Handlers {
    /// One for each route, in their order.
    pub routes: Vec<Handler>,
    /// For what no route takes, if the router has plugs.
    pub unrouted: Option<Unrouted>,
}

/// Which methods a route is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// The method of this name.
    Method(&'static str),
    /// Any method but ACK and CANCEL.
    Any,
    /// What no route takes.
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
    pub(super) plugs: &'static [&'static str],
}

impl Route {
    /// A route without conditions. `#[sip_router]` writes this.
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
    pub const fn through(mut self, names: &'static [&'static str]) -> Route {
        self.plugs = names;
        self
    }

    /// The name of the method that handles it.
    pub fn handler(&self) -> &'static str {
        self.handler
    }

    /// The [plugs](crate::plug) that a request goes through on its way to the handler, in this order. A plug is called by its
    /// type, without its arguments: `RateLimit` for `RateLimit::per_source(50)`; a `#[plug]` method by its name.
    pub fn plugs(&self) -> &'static [&'static str] {
        self.plugs
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
    /// For the routes in their order. `#[sip_router]` writes this.
    #[doc(hidden)]
    pub fn new<const N: usize>(routes: [Handler; N], unrouted: Option<Unrouted>) -> Handlers {
        Handlers {
            routes: routes.into(),
            unrouted,
        }
    }
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handlers({})", self.routes.len())
    }
}
