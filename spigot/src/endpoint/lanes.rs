//! All lanes of an endpoint, and which of them a call belongs to.

use std::hash::Hasher;
use std::ops::Index;

use siphasher::sip::SipHasher13;

use super::lane::Lane;
use super::randomness::derive;
use crate::proto::{Settings, Shard};

/// The lanes of an endpoint. Calls are spread over them by a keyed hash of the Call-ID.
pub(crate) struct Lanes {
    lanes: Box<[Lane]>,
    key: [u8; 16],
}

impl Lanes {
    pub(super) fn new(count: usize, settings: Settings, seed: [u8; 16]) -> Self {
        Lanes {
            lanes: (0..count)
                .map(|lane| Lane::new(Shard::new(settings, derive(seed, lane as u64))))
                .collect(),
            key: derive(seed, u64::MAX),
        }
    }

    /// Returns the lane of a call. Its INVITE, ACK, CANCEL and BYE share the Call-ID, so they share the lane.
    pub(crate) fn of(&self, call_id: &str) -> usize {
        let mut hasher = SipHasher13::new_with_key(&self.key);
        hasher.write(call_id.as_bytes());
        (hasher.finish() % self.lanes.len() as u64) as usize
    }

    pub(super) fn len(&self) -> usize {
        self.lanes.len()
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Lane> {
        self.lanes.iter()
    }
}

impl Index<usize> for Lanes {
    type Output = Lane;

    fn index(&self, lane: usize) -> &Lane {
        &self.lanes[lane]
    }
}
