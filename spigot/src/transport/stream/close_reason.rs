//! Why a connection ends.

use crate::transport::counters::{Count, Tally};

/// Why a connection ends; what happens to what is still queued depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CloseReason {
    /// The peer closed it, or it broke.
    Peer,
    /// Nothing came after it was accepted.
    Silent,
    /// A message took too long to be whole.
    Slow,
    /// Nothing travelled on it.
    Idle,
    /// What came could not be framed.
    Unframed,
    /// What came is not TLS or WebSocket as they should be, or the handshake took too long.
    Broken,
    /// The handshakes that we began were not done in the time that opening a connection may take.
    Late,
    /// The peer does not read what it is sent.
    Full,
    /// The peer gave no sign of life.
    Dead,
    /// We are going.
    Shutdown,
}

impl CloseReason {
    /// Whether what is queued is still delivered: the peer has done nothing to lose it.
    pub(super) fn delivers(self) -> bool {
        matches!(
            self,
            CloseReason::Peer | CloseReason::Unframed | CloseReason::Broken | CloseReason::Shutdown
        )
    }

    /// Where it is counted.
    pub(super) fn count(self, tally: &Tally) -> &Count {
        match self {
            CloseReason::Peer => &tally.closed_by_peer,
            CloseReason::Silent => &tally.closed_silent,
            CloseReason::Slow => &tally.closed_slow,
            CloseReason::Idle => &tally.closed_idle,
            CloseReason::Unframed => &tally.closed_unframed,
            CloseReason::Broken | CloseReason::Late => &tally.closed_broken,
            CloseReason::Full => &tally.closed_full,
            CloseReason::Dead => &tally.closed_dead,
            CloseReason::Shutdown => &tally.closed_by_shutdown,
        }
    }
}
