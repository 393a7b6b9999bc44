//! Finds known names by a perfect hash.
//!
//! Invariant: the tables, and the factor that makes the hash perfect, are computed from [`Known::ALL`] at
//! compile time.

use super::Known;

const COUNT: usize = count();

/// The number of octets of a name that are hashed and compared, as two words.
const WIDTH: usize = 16;

/// The bit that distinguishes lower case from upper case, in every octet of a word.
const CASE: u64 = 0x2020_2020_2020_2020;

/// The number of bits of the hash.
const BITS: u32 = 11;

/// The first sixteen octets of a name as two little-endian words, each octet with the bit of lower case set.
///
/// Missing octets count as NUL.
type Words = (u64, u64);

/// A known name in its long or compact form.
#[derive(Clone, Copy)]
struct Entry {
    words: Words,
    length: u8,
    known: Known,
}

/// The entries; the first one fills the unused rest of the 256 that a slot can refer to.
static ENTRIES: [Entry; 256] = entries();
/// The entry for each hash. Hashes of no known name refer to the first entry, which then does not match.
static SLOTS: [u8; 1 << BITS] = slots();
/// The octets of the two words that belong to a name, by its length.
static MASKS: [Words; WIDTH + 1] = masks();
const FACTOR: u64 = factor();

/// Returns the known name that `name` spells, in long or compact form and in any case.
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

/// Returns the known name of `length` octets, at most sixteen, at the beginning of `first`.
///
/// The name must not have a CR except before an LF. Setting the bit of lower case would turn it into a
/// hyphen.
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

/// Returns the words of a known name, which consists of letters and hyphens.
///
/// With the bit of lower case set, these differ from all other octets except control characters.
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

/// Returns the number of names, compact forms included.
const fn count() -> usize {
    let (mut at, mut count) = (0, 0);
    while at < Known::ALL.len() {
        count += if Known::ALL[at].short().is_empty() { 1 } else { 2 };
        at += 1;
    }
    count
}

/// Returns the first factor that gives every name a hash of its own.
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
