//! What an endpoint asks of a router and says of a request, for the tests and benchmarks of this crate.
//!
//! Applications have no use for it, and it changes without notice.

pub use super::dispatch::{Dispatch, Routed};
pub use super::nest::RouterId;
use super::{Request, Router};
use crate::proto::Role;

/// Gives a request that opened a transaction to the router.
pub fn dispatch(router: &Router, request: Request) -> Dispatch {
    router.dispatch(request)
}

/// Gives the ACK to a 2xx to the router; `None` when no route wants it.
pub fn ack(router: &Router, request: Request) -> Option<Routed> {
    router.ack(request)
}

/// Gives a CANCEL that the library has answered to the router; `None` when no route wants it.
pub fn cancelled(router: &Router, request: Request) -> Option<Routed> {
    router.cancelled(request)
}

/// Says which of the routers that this one is composed of takes the request.
pub fn router_of(router: &Router, request: &Request) -> RouterId {
    router.router_of(request)
}

/// Puts the request inside a dialog that was opened by a request to that router.
pub fn inside_dialog_of(request: Request, router: RouterId) -> Request {
    request.inside_dialog_of(router)
}

/// Says that the request carries a Route of this element's own, so that it passes through.
pub fn passing_through(request: Request) -> Request {
    request.with_role(Role::Through)
}
