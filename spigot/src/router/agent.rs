//! Types that become a router.

use std::sync::Arc;

use super::domains::AgentDomains;
use super::route::Handlers;
use super::{Router, Routes};

/// A type whose impl block [`#[sip_router]`](crate::sip_router) has read: its state and its routes.
///
/// The attribute implements this; nobody else needs to.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no routes",
    label = "this type is not an agent",
    note = "annotate its impl block with `#[sip_router]`"
)]
pub trait Agent: Sized + Send + Sync + 'static {
    /// The routes of the agent, in the order in which they were written.
    const ROUTES: Routes;

    /// Says the domains of the agent, which the capture `{domain}` is limited to; `None` where it is not.
    #[doc(hidden)]
    fn domains(&self) -> Option<AgentDomains> {
        None
    }

    /// Makes the plugs and the handlers of the agent.
    ///
    /// The bound follows from `Sync`. It is written out because an implementation may then rely on it even
    /// where it does not hold, so that an agent which is not `Sync` is reported once, at the impl, and not
    /// for each handler.
    #[doc(hidden)]
    fn handlers(agent: Arc<Self>) -> Handlers
    where
        for<'a> &'a Self: Send;
}

/// Converts into a [`Router`]: an agent, or a router itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no agent: it has no routes",
    label = "this type is not an agent",
    note = "annotate its impl block with `#[sip_router]`"
)]
pub trait IntoRouter {
    /// Makes the router.
    fn into_router(self) -> Router;
}

impl<A: Agent> IntoRouter for A {
    fn into_router(self) -> Router {
        Router::new(self)
    }
}

impl IntoRouter for Router {
    fn into_router(self) -> Router {
        self
    }
}
