//! Finds the known name that some octets spell, by length and then by one or two comparisons of words.
//!
//! Invariant: the tables are computed from [`Known::ALL`] when the crate is compiled.

use super::Known;

/// The longest known name, and a little more.
const LONGEST: usize = 32;

const COUNT: usize = Known::ALL.len();

/// Up to eight octets of a name, the first one lowest.
#[derive(Clone, Copy)]
struct Word {
    octets: u64,
    /// The bit that tells lower case from upper, in each octet that is a letter.
    case: u64,
}

impl Word {
    /// The octets of `name` from `from` on.
    const fn of(name: &[u8], from: usize) -> Word {
        let mut word = Word { octets: 0, case: 0 };
        let mut at = 0;
        while at < 8 && from + at < name.len() {
            let octet = name[from + at];
            word.octets |= (octet as u64) << (8 * at);
            if octet.is_ascii_alphabetic() {
                word.case |= 0x20 << (8 * at);
            }
            at += 1;
        }
        word
    }

    /// Whether `octets` are these, in any case.
    #[inline(always)]
    const fn is(self, octets: u64) -> bool {
        (self.octets ^ octets) & !self.case == 0
    }
}

/// A known name: its first eight octets and its last eight, which overlap or are the same in a short one.
#[derive(Clone, Copy)]
struct Entry {
    first: Word,
    last: Word,
    known: Known,
}

/// `STARTS[n]..STARTS[n + 1]` are the entries of `TABLE` whose long form has `n` octets.
const STARTS: [u8; LONGEST + 2] = starts();
static TABLE: [Entry; COUNT] = table();
/// The name that each letter is the compact form of.
static COMPACT: [Option<Known>; 26] = compact();

/// The known name, in either form and any case, that the whole of `name` spells.
pub(crate) fn find(name: &[u8]) -> Option<Known> {
    find_in(name, 0, name.len())
}

/// The known name that `bytes[start..end]` spells. Quicker than [`find`] where more octets follow the name.
#[inline(always)]
pub(crate) fn find_in(bytes: &[u8], start: usize, end: usize) -> Option<Known> {
    let length = end.checked_sub(start)?;
    if length == 1 {
        return COMPACT
            .get(usize::from((bytes.get(start)? | 0x20).wrapping_sub(b'a')))
            .copied()
            .flatten();
    }
    if length == 0 || length > LONGEST {
        return None;
    }
    let first = match bytes.get(start..)?.first_chunk::<8>() {
        Some(chunk) if length < 8 => u64::from_le_bytes(*chunk) & (u64::MAX >> (64 - 8 * length)),
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => Word::of(bytes.get(start..end)?, 0).octets,
    };
    let last = if length <= 8 {
        first
    } else {
        u64::from_le_bytes(*bytes.get(start..end)?.last_chunk::<8>()?)
    };
    let candidates = TABLE.get(usize::from(STARTS[length])..usize::from(STARTS[length + 1]))?;
    let entry = candidates
        .iter()
        .find(|entry| entry.first.is(first) && entry.last.is(last))?;
    let rest_is_equal =
        length <= 16 || entry.known.long().as_bytes()[8..].eq_ignore_ascii_case(&bytes[start + 8..end]);
    rest_is_equal.then_some(entry.known)
}

const fn entry(known: Known) -> Entry {
    let name = known.long().as_bytes();
    let last = if name.len() > 8 { name.len() - 8 } else { 0 };
    Entry {
        first: Word::of(name, 0),
        last: Word::of(name, last),
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
        if let [letter] = Known::ALL[at].short().as_bytes() {
            letters[(*letter - b'a') as usize] = Some(Known::ALL[at]);
        }
        at += 1;
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_name_does_not_matter() {
        for known in Known::ALL {
            for after in ["", ":", ": abc", "-----------"] {
                let text = format!("\r\n{}{after}", known.long());
                assert_eq!(find_in(text.as_bytes(), 2, 2 + known.long().len()), Some(*known));
            }
        }
        assert_eq!(find_in(b"To: x", 0, 2), Some(Known::To));
        assert_eq!(find_in(b"To", 2, 1), None);
        assert_eq!(find_in(b"To", 1, 9), None);
    }

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
