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

/// Reads the captures and makes the handler's future; `None` when a capture does not parse, which means that
/// the route does not match.
pub(super) type Glue<S> = fn(Arc<S>, Request, Captured<'_>) -> Option<HandlerFuture>;

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
pub struct Route<S> {
    rule: Rule,
    glue: Glue<S>,
}

/// All of a route but its code.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) takes: Takes,
    pub(super) pattern: Option<&'static str>,
    pub(super) in_dialog: bool,
    pub(super) event: Option<&'static str>,
    pub(super) content_type: Option<&'static str>,
    pub(super) handler: &'static str,
}

impl<S> Route<S> {
    /// A route without conditions. `#[sip_router]` writes this.
    #[doc(hidden)]
    pub const fn new(takes: Takes, handler: &'static str, glue: Glue<S>) -> Route<S> {
        let rule = Rule {
            takes,
            pattern: None,
            in_dialog: false,
            event: None,
            content_type: None,
            handler,
        };
        Route { rule, glue }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn pattern(mut self, pattern: &'static str) -> Route<S> {
        self.rule.pattern = Some(pattern);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn in_dialog(mut self) -> Route<S> {
        self.rule.in_dialog = true;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn event(mut self, package: &'static str) -> Route<S> {
        self.rule.event = Some(package);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn content_type(mut self, content_type: &'static str) -> Route<S> {
        self.rule.content_type = Some(content_type);
        self
    }

    /// The name of the method that handles it.
    pub fn handler(&self) -> &'static str {
        self.rule.handler
    }

    pub(super) fn rule(&self) -> &Rule {
        &self.rule
    }

    pub(super) fn call(
        &self,
        agent: Arc<S>,
        request: Request,
        captured: Captured<'_>,
    ) -> Option<HandlerFuture> {
        (self.glue)(agent, request, captured)
    }
}

/// The routes of an agent in the order in which they were written: a slice that prints as a table.
pub struct Routes<S: 'static> {
    /// The routes. `#[sip_router]` writes this.
    #[doc(hidden)]
    pub table: &'static [Route<S>],
}

impl<S: 'static> Deref for Routes<S> {
    type Target = [Route<S>];

    fn deref(&self) -> &[Route<S>] {
        self.table
    }
}

impl<S> fmt::Debug for Route<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rule.fmt(f)
    }
}

impl<S: 'static> fmt::Debug for Routes<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
