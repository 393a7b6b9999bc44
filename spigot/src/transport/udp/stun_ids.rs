//! The identifiers of the STUN requests of one listener.
//!
//! Invariant: nothing is kept of requests that are under way; an identifier itself shows whether it is one of
//! ours.

use std::hash::{Hash, Hasher};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};

use siphasher::sip::SipHasher24;

use crate::transport::stun::TransactionId;

/// Makes the identifiers of a listener's STUN requests, and knows them again in the answers.
#[derive(Debug)]
pub(super) struct StunIds {
    key: [u8; 16],
    /// How many requests there were.
    count: AtomicU32,
}

impl StunIds {
    /// Identifiers with a secret of their own.
    ///
    /// # Errors
    ///
    /// When the system has no randomness.
    pub(super) fn new() -> io::Result<StunIds> {
        let mut key = [0; 16];
        getrandom::fill(&mut key).map_err(io::Error::other)?;
        let count = AtomicU32::new(0);
        Ok(StunIds { key, count })
    }

    /// The identifier of a new request to `peer`: a count, and what only we can have put beside it.
    pub(super) fn next(&self, peer: SocketAddr) -> TransactionId {
        self.id(self.count.fetch_add(1, Ordering::Relaxed), peer)
    }

    /// Whether that is the identifier of a request that we have sent to `peer`.
    pub(super) fn has(&self, id: &TransactionId, peer: SocketAddr) -> bool {
        let count = u32::from_be_bytes([id[0], id[1], id[2], id[3]]);
        *id == self.id(count, peer)
    }

    fn id(&self, count: u32, peer: SocketAddr) -> TransactionId {
        let mut hasher = SipHasher24::new_with_key(&self.key);
        (count, peer).hash(&mut hasher);
        let mut id = TransactionId::default();
        id[..4].copy_from_slice(&count.to_be_bytes());
        id[4..].copy_from_slice(&hasher.finish().to_be_bytes());
        id
    }
}
