//! Branches of our own: unique, unguessable and reproducible.
//!
//! The invariant: the n-th one depends on the seed and n alone.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

/// How long a branch is, in octets.
pub(crate) const BRANCH: usize = 23;

/// Makes branches from a seed and a counter.
#[derive(Debug)]
pub(crate) struct Branches {
    seed: [u8; 16],
    made: u64,
}

impl Branches {
    pub(crate) fn new(seed: [u8; 16]) -> Self {
        Branches { seed, made: 0 }
    }

    /// Makes the next branch, magic cookie included.
    ///
    /// [RFC 3261 §8.1.1.7](https://www.rfc-editor.org/rfc/rfc3261#section-8.1.1.7):
    /// > The branch parameter value MUST be unique across space and time for all requests sent by the UA.
    pub(crate) fn next(&mut self) -> String {
        let mut hasher = SipHasher13::new_with_key(&self.seed);
        hasher.write(b"branch");
        hasher.write(&self.made.to_le_bytes());
        self.made += 1;
        format!("z9hG4bK{:016x}", hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_alike() {
        let (mut one, mut other) = (Branches::new([1; 16]), Branches::new([2; 16]));
        let all: std::collections::HashSet<_> =
            (0..10_000).flat_map(|_| [one.next(), other.next()]).collect();
        assert_eq!(all.len(), 20_000);
        assert!(
            all.iter()
                .all(|branch| branch.len() == BRANCH && branch.is_ascii())
        );
    }

    #[test]
    fn one_seed_gives_one_sequence() {
        let sequence = |seed| {
            let mut branches = Branches::new([seed; 16]);
            [branches.next(), branches.next(), branches.next()]
        };
        let first = sequence(1);
        assert_eq!(first, sequence(1));
        assert_ne!(first, sequence(2));
        assert_ne!(first[0], first[1]);
        assert!(first[0].starts_with("z9hG4bK") && first[0].len() == BRANCH);
    }
}
