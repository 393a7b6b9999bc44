//! Keys, names and numbers that nobody can guess, all derived from the endpoint's seed.

use std::hash::Hasher;
use std::sync::atomic::{AtomicU64, Ordering};

/// The keys of an endpoint, and the source of its names and random numbers.
pub(crate) struct Randomness {
    name_key: [u8; 16],
    /// The key from which the To tags of stateless replies derive.
    pub(super) tag_key: [u8; 16],
    /// The key of the proof in flow tokens.
    pub(super) token_key: [u8; 16],
    /// How many names and numbers have been drawn.
    serial: AtomicU64,
}

impl Randomness {
    pub(super) fn new(seed: [u8; 16]) -> Self {
        Randomness {
            tag_key: derive(seed, u64::MAX - 1),
            name_key: derive(seed, u64::MAX - 2),
            token_key: derive(seed, u64::MAX - 3),
            serial: AtomicU64::new(0),
        }
    }

    /// Draws a number.
    pub(super) fn number(&self) -> u64 {
        let [low @ .., _, _, _, _, _, _, _, _] = self.draw();
        u64::from_le_bytes(low)
    }

    /// Draws a number below another.
    pub(super) fn below(&self, bound: u32) -> u32 {
        (self.number() % u64::from(bound.max(1))) as u32
    }

    /// Draws a number from 0 to 1.
    pub(super) fn fraction(&self) -> f64 {
        self.number() as f64 / u64::MAX as f64
    }

    /// Draws a name that nobody else has: 16 octets in hexadecimal.
    pub(crate) fn unique(&self) -> String {
        self.draw().iter().map(|octet| format!("{octet:02x}")).collect()
    }

    fn draw(&self) -> [u8; 16] {
        derive(self.name_key, self.serial.fetch_add(1, Ordering::Relaxed))
    }
}

/// Derives the key with this number from a seed. Keys with different numbers are independent of each other.
pub(super) fn derive(seed: [u8; 16], number: u64) -> [u8; 16] {
    use siphasher::sip128::{Hasher128, SipHasher24};
    let mut hasher = SipHasher24::new_with_key(&seed);
    hasher.write_u64(number);
    hasher.finish128().as_bytes()
}
