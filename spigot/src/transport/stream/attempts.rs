//! The attempts to open a connection that are under way, so that several callers for one destination share
//! one.
//!
//! Invariant: an attempt is in the table from before its task starts until that ends, however it does.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::destination::Destination;
use crate::flow::Flow;

/// What an attempt came to; the error is shared by all who waited.
pub(super) type AttemptOutcome = Result<Flow, Arc<io::Error>>;

/// Where the outcome of an attempt is told; `None` until it is known.
pub(super) type Announced = watch::Receiver<Option<AttemptOutcome>>;

/// The attempts under way.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    under_way: Mutex<HashMap<Destination, Announced>>,
}

impl Attempts {
    /// The table, locked.
    pub(super) fn lock(&self) -> MutexGuard<'_, HashMap<Destination, Announced>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
