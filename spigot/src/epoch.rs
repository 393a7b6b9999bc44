//! The moment at which the time of a unit test begins.
//!
//! This module stands outside of the protocol core, which names no clock, not even in its tests.

use std::time::Instant;

/// Returns a moment to count from. A test moves on from there by hand.
#[allow(
    clippy::disallowed_methods,
    reason = "an Instant has to come from somewhere; no test looks at it"
)]
pub(crate) fn epoch() -> Instant {
    Instant::now()
}
