//! Finds the known name that some octets spell, by a hash that no two known names share.
//!
//! Invariant: the tables are computed from [`Known::ALL`] when the crate is compiled, and so is the factor that makes
//! the hash perfect.

use super::Known;

const COUNT: usize = count();

/// How many octets of a name are hashed and compared as two words.
const WIDTH: usize = 16;

/// The bit that tells lower case from upper, in every octet of a word.
const CASE: u64 = 0x2020_2020_2020_2020;

/// How many bits the hash has.
const BITS: u32 = 11;

/// The first sixteen octets of a name in two words, the first octet lowest, each with the bit that makes it lower case. What
/// is missing counts as NUL.
type Words = (u64, u64);

/// A known name, long or compact.
#[derive(Clone, Copy)]
struct Entry {
    words: Words,
    length: u8,
    known: Known,
}

/// The entries; what is left of the 256 that a slot can name is filled with the first.
static ENTRIES: [Entry; 256] = entries();
/// The entry of each hash. Those of hashes that no known name has are the first, which then is not the one.
static SLOTS: [u8; 1 << BITS] = slots();
/// The octets of the two words that belong to a name of so many octets.
static MASKS: [Words; WIDTH + 1] = masks();
const FACTOR: u64 = factor();

/// The known name, in either form and any case, that the whole of `name` spells.
pub(crate) fn find(name: &[u8]) -> Option<Known> {
    let known = match name.first_chunk() {
        Some(first) => entry(first, name.len())?.known,
        None => {
            let mut first = [0; WIDTH];
            first[..name.len()].copy_from_slice(name);
            entry(&first, name.len())?.known
        }
    };
    let is = |spelling: &str| name.eq_ignore_ascii_case(spelling.as_bytes());
    (is(known.long()) || is(known.short())).then_some(known)
}

/// The same for a name of `length` octets, of which there are at most sixteen, by these and what follows them.
///
/// There must be no CR in the name but before an LF: it would pass for a hyphen, because all octets are made lower case.
#[inline(always)]
pub(crate) fn find_short(first: &[u8; WIDTH], length: usize) -> Option<Known> {
    entry(first, length).map(|entry| entry.known)
}

#[inline(always)]
fn entry(first: &[u8; WIDTH], length: usize) -> Option<&'static Entry> {
    let words = u128::from_le_bytes(*first);
    let (low, high) = MASKS[length.min(WIDTH)];
    let words = (words as u64 & low | CASE, (words >> 64) as u64 & high | CASE);
    let entry = &ENTRIES[usize::from(SLOTS[hash(words, length, FACTOR)])];
    (entry.words == words && usize::from(entry.length) == length).then_some(entry)
}

#[inline(always)]
const fn hash((low, high): Words, length: usize, factor: u64) -> usize {
    let key = low ^ high.rotate_left(27) ^ length as u64;
    (key.wrapping_mul(factor) >> (64 - BITS)) as usize
}

/// The words of a known name: only letters and hyphens are told from all other octets but controls when they are made
/// lower case.
const fn words(name: &str) -> Words {
    let name = name.as_bytes();
    let mut words = [CASE; 2];
    let mut at = 0;
    while at < name.len() {
        assert!(name[at].is_ascii_alphabetic() || name[at] == b'-');
        if at < WIDTH {
            words[at / 8] |= (name[at] as u64) << (8 * (at % 8));
        }
        at += 1;
    }
    (words[0], words[1])
}

impl Entry {
    const fn of(known: Known, name: &str) -> Entry {
        Entry {
            words: words(name),
            length: name.len() as u8,
            known,
        }
    }
}

const fn entries() -> [Entry; 256] {
    let mut entries = [Entry::of(Known::ALL[0], Known::ALL[0].long()); 256];
    let (mut at, mut filled) = (0, 0);
    while at < Known::ALL.len() {
        let known = Known::ALL[at];
        entries[filled] = Entry::of(known, known.long());
        filled += 1;
        if !known.short().is_empty() {
            entries[filled] = Entry::of(known, known.short());
            filled += 1;
        }
        at += 1;
    }
    entries
}

const fn entry_hash(entry: &Entry, factor: u64) -> usize {
    hash(entry.words, entry.length as usize, factor)
}

/// How many names there are, compact ones included.
const fn count() -> usize {
    let (mut at, mut count) = (0, 0);
    while at < Known::ALL.len() {
        count += if Known::ALL[at].short().is_empty() { 1 } else { 2 };
        at += 1;
    }
    count
}

/// The first factor tried that gives every name a hash of its own.
const fn factor() -> u64 {
    let entries = entries();
    let mut factor: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut taken_in = [0u16; 1 << BITS];
    let mut round = 1;
    while round < u16::MAX {
        let mut at = 0;
        while at < COUNT {
            let hash = entry_hash(&entries[at], factor);
            if taken_in[hash] == round {
                break;
            }
            taken_in[hash] = round;
            at += 1;
        }
        if at == COUNT {
            return factor;
        }
        factor = factor.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(2);
        round += 1;
    }
    panic!(
        "no factor found: two names with the same sixteen first octets and length, or too many for the table"
    )
}

const fn slots() -> [u8; 1 << BITS] {
    const { assert!(COUNT <= 256, "a slot counts entries in one octet") };
    let entries = entries();
    let mut slots = [0; 1 << BITS];
    let mut at = 0;
    while at < COUNT {
        slots[entry_hash(&entries[at], FACTOR)] = at as u8;
        at += 1;
    }
    slots
}

const fn masks() -> [Words; WIDTH + 1] {
    let mut masks = [(0, 0); WIDTH + 1];
    let mut length = 1;
    while length <= WIDTH {
        let mask = u128::MAX >> (128 - 8 * length);
        masks[length] = (mask as u64, (mask >> 64) as u64);
        length += 1;
    }
    masks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_name_does_not_matter() {
        for known in Known::ALL {
            for after in [":", ": abc", "-----------"] {
                let text = format!("{}{after}{:16}", known.long(), "");
                let first = text.as_bytes().first_chunk().unwrap();
                if known.long().len() <= WIDTH {
                    assert_eq!(find_short(first, known.long().len()), Some(*known));
                }
                assert_eq!(find(known.long().as_bytes()), Some(*known));
            }
            if let Some(compact) = HeaderName::from(*known).compact() {
                assert_eq!(find(compact.as_bytes()), Some(*known));
            }
        }
        assert_eq!((find(b""), find(b"z"), find(b"To\0")), (None, None, None));
    }

    use crate::HeaderName;

    #[test]
    fn no_octet_passes_for_another() {
        for known in [
            Known::CallId,
            Known::To,
            Known::ContentLength,
            Known::PChargingFunctionAddresses,
        ] {
            let name = known.long().as_bytes();
            for at in 0..name.len() {
                for octet in 0..=255u8 {
                    let mut other = name.to_vec();
                    other[at] = octet;
                    assert_eq!(
                        find(&other) == Some(known),
                        octet.eq_ignore_ascii_case(&name[at]),
                        "{other:?}"
                    );
                }
            }
        }
    }
}
