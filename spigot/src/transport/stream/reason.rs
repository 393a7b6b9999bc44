//! Why a connection ends.

use crate::transport::counters::{Count, Tally};

/// Why a connection ends; what happens to what is still queued depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
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

impl Reason {
    /// Whether what is queued is still delivered: the peer has done nothing to lose it.
    pub(super) fn delivers(self) -> bool {
        matches!(
            self,
            Reason::Peer | Reason::Unframed | Reason::Broken | Reason::Shutdown
        )
    }

    /// Where it is counted.
    pub(super) fn count(self, tally: &Tally) -> &Count {
        match self {
            Reason::Peer => &tally.closed_by_peer,
            Reason::Silent => &tally.closed_silent,
            Reason::Slow => &tally.closed_slow,
            Reason::Idle => &tally.closed_idle,
            Reason::Unframed => &tally.closed_unframed,
            Reason::Broken | Reason::Late => &tally.closed_broken,
            Reason::Full => &tally.closed_full,
            Reason::Dead => &tally.closed_dead,
            Reason::Shutdown => &tally.closed_by_shutdown,
        }
    }
}
