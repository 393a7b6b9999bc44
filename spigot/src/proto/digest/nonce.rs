//! Nonces that the server need not remember, and how often each was used.
//!
//! Invariant: a nonce says when it was made and that it was made here; what is kept is only for nonces that
//! somebody has used rightly, and bounded.

use std::collections::{BTreeMap, HashMap};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::hash::hex;

/// Makes nonces and knows its own again.
#[derive(Clone)]
pub(super) struct Nonces {
    key: [u8; 32],
}

/// A nonce of ours, as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Nonce {
    /// When the nonce was made, in seconds of the server's clock.
    pub(super) made: u64,
    /// The number of the nonce, which no other has.
    pub(super) number: u64,
}

/// How many octets of the MAC are written.
const MAC: usize = 16;

impl Nonces {
    pub(super) fn new(key: [u8; 32]) -> Nonces {
        Nonces { key }
    }

    /// Writes a nonce as 64 hexadecimal digits: when it was made, its number, and the proof that it is ours.
    pub(super) fn write(&self, nonce: Nonce) -> String {
        let mut octets = [0; 16 + MAC];
        octets[..8].copy_from_slice(&nonce.made.to_be_bytes());
        octets[8..16].copy_from_slice(&nonce.number.to_be_bytes());
        let mac = self.mac(&octets[..16]).finalize().into_bytes();
        octets[16..].copy_from_slice(&mac[..MAC]);
        hex(&octets)
    }

    /// Reads a nonce, if it is ours.
    pub(super) fn read(&self, text: &str) -> Option<Nonce> {
        let octets = unhex(text)?;
        self.mac(&octets[..16])
            .verify_truncated_left(&octets[16..])
            .ok()?;
        let word = |from: usize| octets[from..].first_chunk().map(|word| u64::from_be_bytes(*word));
        Some(Nonce {
            made: word(0)?,
            number: word(8)?,
        })
    }

    fn mac(&self, octets: &[u8]) -> Hmac<Sha256> {
        // Shorter keys are filled up with zeros (RFC 2104 §2).
        let mut block = [0; 64];
        block[..self.key.len()].copy_from_slice(&self.key);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(octets);
        mac
    }
}

fn unhex(text: &str) -> Option<[u8; 16 + MAC]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let mut octets = [0; 16 + MAC];
    if pairs.len() != octets.len() || !rest.is_empty() {
        return None;
    }
    let digit = |octet: u8| char::from(octet).to_digit(16).map(|digit| digit as u8);
    for (octet, [high, low]) in octets.iter_mut().zip(pairs) {
        *octet = digit(*high)? << 4 | digit(*low)?;
    }
    Some(octets)
}

/// The uses of those nonces that somebody has used rightly.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// The counts of each nonce, by its number.
    counts: HashMap<u64, Counted>,
    /// The numbers in the order in which the nonces were made.
    by_age: BTreeMap<(u64, u64), ()>,
}

/// The counts that were seen of one nonce: the highest, and which of the 64 up to it.
#[derive(Clone, Copy, Debug)]
struct Counted {
    highest: u32,
    seen: u64,
}

/// Why a use does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// This count was used before, or is so far behind that nobody knows.
    Again,
    /// So many nonces are in use that there is no place for another.
    Full,
}

impl Uses {
    /// Takes the `count`-th use of a nonce. Nonces made before `oldest` are forgotten: they have expired.
    pub(super) fn take(&mut self, nonce: Nonce, count: u32, oldest: u64, most: usize) -> Result<(), Refused> {
        while let Some((&(made, number), ())) = self.by_age.first_key_value()
            && made < oldest
        {
            self.by_age.pop_first();
            self.counts.remove(&number);
        }
        if let Some(counted) = self.counts.get_mut(&nonce.number) {
            return match counted.take(count) {
                true => Ok(()),
                false => Err(Refused::Again),
            };
        }
        if self.counts.len() >= most {
            return Err(Refused::Full);
        }
        self.by_age.insert((nonce.made, nonce.number), ());
        self.counts.insert(
            nonce.number,
            Counted {
                highest: count,
                seen: 1,
            },
        );
        Ok(())
    }
}

impl Counted {
    /// Takes note of a count. Returns whether it was not seen before.
    fn take(&mut self, count: u32) -> bool {
        if count > self.highest {
            self.seen = self.seen.checked_shl(count - self.highest).unwrap_or(0) | 1;
            self.highest = count;
            return true;
        }
        let bit = 1u64.checked_shl(self.highest - count).unwrap_or(0);
        let is_new = bit != 0 && self.seen & bit == 0;
        self.seen |= bit;
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_known_again_and_nothing_else_is() {
        let nonces = Nonces::new([7; 32]);
        let nonce = Nonce {
            made: 1_000,
            number: 5,
        };
        let text = nonces.write(nonce);
        assert_eq!((text.len(), nonces.read(&text)), (64, Some(nonce)));
        assert_ne!(text, nonces.write(Nonce { number: 6, ..nonce }));
        assert_eq!(Nonces::new([8; 32]).read(&text), None);
        for at in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[at] = if other[at] == b'0' { b'1' } else { b'0' };
            assert_eq!(nonces.read(&String::from_utf8(other).unwrap()), None, "{at}");
            assert_eq!(nonces.read(&text[..at]), None);
        }
        for text in ["", "é", &"é".repeat(32), &format!("{text}0")] {
            assert_eq!(nonces.read(text), None);
        }
    }

    #[test]
    fn a_count_is_used_once_within_a_window_of_64() {
        let mut uses = Uses::default();
        let nonce = Nonce { made: 10, number: 1 };
        let mut take = |count| uses.take(nonce, count, 0, 10);
        for count in [1, 3, 2, 70, 69, 7] {
            assert_eq!(take(count), Ok(()), "{count}");
        }
        for count in [1, 2, 3, 70, 69, 7, 6, 0] {
            assert_eq!(take(count), Err(Refused::Again), "{count}");
        }
        assert_eq!(take(u32::MAX), Ok(()));
        assert_eq!((take(71), take(u32::MAX - 63)), (Err(Refused::Again), Ok(())));
    }

    #[test]
    fn what_has_expired_makes_room() {
        let mut uses = Uses::default();
        let nonce = |number| Nonce { made: number, number };
        for number in 0..3 {
            assert_eq!(uses.take(nonce(number), 1, 0, 3), Ok(()));
        }
        assert_eq!(uses.take(nonce(3), 1, 0, 3), Err(Refused::Full));
        assert_eq!(uses.take(nonce(2), 2, 0, 3), Ok(()));
        assert_eq!(uses.take(nonce(3), 1, 1, 3), Ok(()));
        assert_eq!((uses.counts.len(), uses.by_age.len()), (3, 3));
    }
}
