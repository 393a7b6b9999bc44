//! Finds the known name that some octets spell, by length and then by one or two comparisons of words.
//!
//! Invariant: the tables are computed from [`Known::ALL`] when the crate is compiled.

use super::Known;

/// The longest known name.
const LONGEST: usize = 32;

/// A known name in lower case: its first eight octets, its last eight (of those longer than eight).
#[derive(Clone, Copy)]
struct Entry {
    first: u64,
    last: u64,
    known: Known,
}

const COUNT: usize = Known::ALL.len();

/// `STARTS[n]..STARTS[n + 1]` are the entries of `TABLE` whose long form has `n` octets.
const STARTS: [u8; LONGEST + 2] = starts();
const TABLE: [Entry; COUNT] = table();
/// The name that each letter is the compact form of.
const COMPACT: [Option<Known>; 26] = compact();

/// The known name, in either form and any case, that `name` spells.
#[inline]
pub(crate) fn find(name: &[u8]) -> Option<Known> {
    let length = name.len();
    if length == 1 {
        return COMPACT
            .get(usize::from((name[0] | 0x20).wrapping_sub(b'a')))
            .copied()
            .flatten();
    }
    if length == 0 || length > LONGEST {
        return None;
    }
    let (first, last) = match (name.first_chunk::<8>(), name.last_chunk::<8>()) {
        (Some(first), Some(last)) => (
            lower(u64::from_le_bytes(*first)),
            lower(u64::from_le_bytes(*last)),
        ),
        _ => (short(name), 0),
    };
    let last = if length > 8 { last } else { 0 };
    let candidates = &TABLE[usize::from(STARTS[length])..usize::from(STARTS[length + 1])];
    let entry = candidates
        .iter()
        .find(|entry| entry.first == first && entry.last == last)?;
    // The words have the letters' case bit forced, which also moves some octets that are no letters.
    entry
        .known
        .long()
        .as_bytes()
        .eq_ignore_ascii_case(name)
        .then_some(entry.known)
}

/// Forces the bit that tells lower from upper case in each octet.
const fn lower(word: u64) -> u64 {
    word | 0x2020_2020_2020_2020
}

/// Fewer than eight octets as a word.
const fn short(name: &[u8]) -> u64 {
    let mut word = 0;
    let mut at = 0;
    while at < name.len() && at < 8 {
        word |= (name[at] as u64) << (8 * at);
        at += 1;
    }
    lower(word)
}

const fn eight(name: &[u8], from: usize) -> u64 {
    let mut word = 0;
    let mut at = 0;
    while at < 8 {
        word |= (name[from + at] as u64) << (8 * at);
        at += 1;
    }
    lower(word)
}

const fn entry(known: Known) -> Entry {
    let name = known.long().as_bytes();
    let last = if name.len() > 8 {
        eight(name, name.len() - 8)
    } else {
        0
    };
    Entry {
        first: short(name),
        last,
        known,
    }
}

const fn table() -> [Entry; COUNT] {
    let mut table = [entry(Known::ALL[0]); COUNT];
    let mut filled = 0;
    let mut length = 0;
    while length <= LONGEST {
        let mut at = 0;
        while at < COUNT {
            if Known::ALL[at].long().len() == length {
                table[filled] = entry(Known::ALL[at]);
                filled += 1;
            }
            at += 1;
        }
        length += 1;
    }
    assert!(filled == COUNT, "a known name is longer than LONGEST");
    table
}

const fn starts() -> [u8; LONGEST + 2] {
    let mut starts = [0; LONGEST + 2];
    let mut length = 1;
    while length < LONGEST + 2 {
        starts[length] = starts[length - 1];
        let mut at = 0;
        while at < COUNT {
            if Known::ALL[at].long().len() == length - 1 {
                starts[length] += 1;
            }
            at += 1;
        }
        length += 1;
    }
    starts
}

const fn compact() -> [Option<Known>; 26] {
    let mut letters = [None; 26];
    let mut at = 0;
    while at < COUNT {
        let short = super::Known::ALL[at].short().as_bytes();
        if let [letter] = short {
            letters[(*letter - b'a') as usize] = Some(Known::ALL[at]);
        }
        at += 1;
    }
    letters
}
