//! Why a connection ends.

use crate::transport::counters::{Count, TransportTally};

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
    /// What came is not TLS or WebSocket as it should be, or the handshake took too long.
    Broken,
    /// The handshakes of a connection that we opened were not done in time.
    Late,
    /// The peer does not read what it is sent.
    Full,
    /// The peer gave no sign of life.
    Dead,
    /// The listener is shut down.
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

    /// The count of connections that end so.
    pub(super) fn count(self, tally: &TransportTally) -> &Count {
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
