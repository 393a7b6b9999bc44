//! What a proxy does to a request before it leaves ([RFC 3261 §16.3] to §16.6), without I/O.
//!
//! `loops` tells a loop from a spiral, `route` writes what the next hop follows from. The invariant: nothing
//! of a message changes but what the RFC says, and no state is kept.
//!
//! [RFC 3261 §16.3]: https://www.rfc-editor.org/rfc/rfc3261#section-16.3

mod loops;
mod route;

pub(crate) use loops::{MARK, is_loop, mark};
pub(crate) use route::{count_hop, enter, follow_strict_route, go_to};
