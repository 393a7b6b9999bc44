//! Where the time of a unit test begins.
//!
//! It stands outside of the protocol core, which names no clock, not even in its tests.

use std::time::Instant;

/// A moment to count from. A test moves on from there by hand.
#[allow(
    clippy::disallowed_methods,
    reason = "an Instant has to come from somewhere; no test looks at it"
)]
pub(crate) fn epoch() -> Instant {
    Instant::now()
}
