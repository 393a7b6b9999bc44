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

/// Reads the captures and makes the handler's future; `None` when a capture does not parse, which means that
/// the route does not match.
pub(crate) type Glue<S> = fn(Arc<S>, Request, Option<&Captures<'_, '_>>) -> Option<HandlerFuture>;

/// Which methods a route is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    Method(&'static str),
    Any,
    Fallback,
}

/// One route of an agent: which requests it takes, and the name of the handler.
pub struct Route<S> {
    pub(crate) takes: Takes,
    pub(crate) pattern: Option<&'static str>,
    pub(crate) in_dialog: bool,
    pub(crate) event: Option<&'static str>,
    pub(crate) content_type: Option<&'static str>,
    pub(crate) handler: &'static str,
    pub(crate) call: Glue<S>,
}

/// The routes of an agent in the order in which they were written: a slice that prints as a table.
pub struct Routes<S: 'static>(&'static [Route<S>]);

impl<S: 'static> Routes<S> {
    /// The routes of an agent. `#[sip_router]` writes this.
    #[doc(hidden)]
    pub const fn new(routes: &'static [Route<S>]) -> Routes<S> {
        Routes(routes)
    }
}

impl<S: 'static> Deref for Routes<S> {
    type Target = [Route<S>];

    fn deref(&self) -> &[Route<S>] {
        self.0
    }
}

impl<S> fmt::Debug for Route<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route")
            .field("handler", &self.handler)
            .finish_non_exhaustive()
    }
}

impl<S: 'static> fmt::Debug for Routes<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
