//! Looks at many octets in one step: 64 for control characters and what is not ASCII, 16 for one octet.
//!
//! A mask has one bit for each octet, the first octet's lowest. Invariant: masks are exact, and both ways of
//! making them, by the vector instructions that every x86-64 has and by arithmetic on words, make the same.

/// The octets of a text that are no visible ASCII and no SP, found 64 at a time: control characters, which is
/// what they are looked for, and parts of other characters, which cost less to look at once more than to tell
/// apart here.
///
/// It is a cursor: the text is given with every step, and has to be the same.
#[derive(Clone, Debug)]
pub(crate) struct Controls {
    /// Where the block begins that `left` tells of.
    block: usize,
    /// Those in the block that were not given out yet.
    left: u64,
}

impl Controls {
    /// Those at or after `at`.
    #[inline(always)]
    pub(crate) fn new(bytes: &[u8], at: usize) -> Controls {
        Controls {
            block: at,
            left: mask(bytes, at),
        }
    }

    /// Where the next one is; the end of the text if there is none. It stays the next one.
    #[inline(always)]
    pub(crate) fn peek(&mut self, bytes: &[u8]) -> usize {
        while self.left == 0 {
            self.block += BLOCK;
            if self.block >= bytes.len() {
                return bytes.len();
            }
            self.left = mask(bytes, self.block);
        }
        self.block + self.left.trailing_zeros() as usize
    }

    /// Where the next one is; the end of the text if there is none.
    #[inline(always)]
    pub(crate) fn next(&mut self, bytes: &[u8]) -> usize {
        let at = self.peek(bytes);
        self.left &= self.left.wrapping_sub(1);
        at
    }

    /// Goes past the next two, which stand side by side.
    #[inline(always)]
    pub(crate) fn skip_pair(&mut self, bytes: &[u8]) {
        self.left &= self.left.wrapping_sub(1);
        if self.left == 0 {
            // The second one is the first of the next block.
            self.block += BLOCK;
            self.left = far_mask(bytes, self.block);
        }
        self.left &= self.left.wrapping_sub(1);
    }

    /// Where the next control character is; the end of the text if there is none.
    #[inline]
    pub(crate) fn next_control(&mut self, bytes: &[u8]) -> usize {
        loop {
            let at = self.next(bytes);
            if bytes.get(at).is_none_or(u8::is_ascii) {
                return at;
            }
        }
    }
}

/// How many octets a mask tells of.
const BLOCK: usize = 64;

/// Which of the 64 octets from `at` on are control characters or not ASCII. What is past the end is neither.
#[inline(always)]
fn mask(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..).and_then(|rest| rest.first_chunk::<BLOCK>()) {
        Some(block) => block_mask(block),
        None => last_mask(bytes, at),
    }
}

/// Computes the [`mask`] of what is seldom asked for, and is not inlined.
#[cold]
fn far_mask(bytes: &[u8], at: usize) -> u64 {
    mask(bytes, at)
}

/// Computes the [`mask`] where fewer than 64 octets are left: the last 64 are looked at, without those before
/// `at`.
#[inline(never)]
fn last_mask(bytes: &[u8], at: usize) -> u64 {
    let left = bytes.len().saturating_sub(at);
    match bytes.last_chunk::<BLOCK>() {
        Some(_) if left == 0 => 0,
        Some(block) => block_mask(block) >> (BLOCK - left),
        None => {
            let mut block = [b' '; BLOCK];
            for (octet, there) in block.iter_mut().zip(bytes.get(at..).unwrap_or_default()) {
                *octet = *there;
            }
            block_mask(&block)
        }
    }
}

#[inline(always)]
fn block_mask(block: &[u8; BLOCK]) -> u64 {
    let (quarters, _) = block.as_chunks::<16>();
    quarters
        .iter()
        .rev()
        .fold(0, |mask, quarter| mask << 16 | u64::from(odd_mask(quarter)))
}

/// Where the first `octet` at or after `at` is. For texts of some dozens of octets, which values are; the
/// general search of the `memchr` crate takes longer to begin.
#[inline]
pub(crate) fn find(bytes: &[u8], mut at: usize, octet: u8) -> Option<usize> {
    loop {
        let rest = bytes.get(at..)?;
        let Some(first) = rest.first_chunk::<16>() else {
            return rest
                .iter()
                .position(|there| *there == octet)
                .map(|found| at + found);
        };
        match equal_mask(first, octet) {
            0 => at += 16,
            mask => return Some(at + mask.trailing_zeros() as usize),
        }
    }
}

/// The 16 octets from `at` on, and how many of the lowest bits of their masks belong to octets before it:
/// where fewer are left, they are the last 16. `None` if there are not so many at all.
#[inline(always)]
pub(crate) fn window(bytes: &[u8], at: usize) -> Option<(&[u8; 16], usize)> {
    let rest = bytes.get(at..)?;
    match rest.first_chunk() {
        Some(window) => Some((window, 0)),
        None => Some((bytes.last_chunk()?, 16 - rest.len())),
    }
}

#[cfg(target_arch = "x86_64")]
mod vector {
    use safe_arch::{
        add_i8_m128i, bitor_m128i, cmp_eq_mask_i8_m128i, cmp_gt_mask_i8_m128i, load_unaligned_m128i, m128i,
        move_mask_i8_m128i, set_splat_i8_m128i, sub_saturating_i8_m128i,
    };

    /// Which octets are below SP, DEL, or not ASCII: as signed numbers and with one added, all of them are
    /// below 0x21, and what is left when that is taken away has its highest bit set.
    #[inline(always)]
    pub(crate) fn odd_mask(octets: &[u8; 16]) -> u16 {
        let next = add_i8_m128i(load_unaligned_m128i(octets), set_splat_i8_m128i(1));
        move_mask_i8_m128i(sub_saturating_i8_m128i(next, set_splat_i8_m128i(0x21))) as u16
    }

    /// Which are of the `count` octets from `first` on, which are moved to where the lowest signed numbers
    /// are.
    #[inline(always)]
    fn range(octets: m128i, first: u8, count: u8) -> m128i {
        let moved = add_i8_m128i(octets, set_splat_i8_m128i(0x80u8.wrapping_sub(first) as i8));
        cmp_gt_mask_i8_m128i(set_splat_i8_m128i((0x80 + count) as i8), moved)
    }

    /// Which octets are digits.
    #[inline(always)]
    pub(crate) fn digit_mask(octets: &[u8; 16]) -> u16 {
        move_mask_i8_m128i(range(load_unaligned_m128i(octets), b'0', 10)) as u16
    }

    /// Which octets are letters, digits or `_`.
    #[inline(always)]
    pub(crate) fn label_mask(octets: &[u8; 16]) -> u16 {
        let octets = load_unaligned_m128i(octets);
        let letters = range(bitor_m128i(octets, set_splat_i8_m128i(0x20)), b'a', 26);
        let others = bitor_m128i(
            range(octets, b'0', 10),
            cmp_eq_mask_i8_m128i(octets, set_splat_i8_m128i(b'_' as i8)),
        );
        move_mask_i8_m128i(bitor_m128i(letters, others)) as u16
    }

    /// Which octets are `octet`.
    #[inline(always)]
    pub(crate) fn equal_mask(octets: &[u8; 16], octet: u8) -> u16 {
        move_mask_i8_m128i(cmp_eq_mask_i8_m128i(
            load_unaligned_m128i(octets),
            set_splat_i8_m128i(octet as i8),
        )) as u16
    }
}

#[cfg(any(not(target_arch = "x86_64"), test))]
mod words {
    /// The low bit of every octet of a word.
    const ONES: u64 = 0x0101_0101_0101_0101;
    /// The high bit of every octet of a word.
    const HIGHS: u64 = 0x80 * ONES;

    #[inline(always)]
    fn mask(octets: &[u8; 16], marks: impl Fn(u64) -> u64) -> u16 {
        let (words, _) = octets.as_chunks::<8>();
        // Gathers the high bits of eight octets in the highest octet.
        let gathered = |word: u64| ((marks(word) >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u16;
        words
            .iter()
            .rev()
            .fold(0, |mask, word| mask << 8 | gathered(u64::from_le_bytes(*word)))
    }

    /// Which octets are below SP, DEL, or not ASCII.
    #[inline(always)]
    pub(crate) fn odd_mask(octets: &[u8; 16]) -> u16 {
        mask(octets, |word| {
            // Without their high bits, sums do not carry from one octet into the next.
            let low_bits = word & !HIGHS;
            (!(low_bits + 0x60 * ONES) | (low_bits + ONES) | word) & HIGHS
        })
    }

    /// Which octets of `low_bits`, of which the high bits are 0, are of the `count` from `first` on: the sums
    /// of those at or above a number reach the high bit.
    #[inline(always)]
    fn range(low_bits: u64, first: u8, count: u8) -> u64 {
        let from = |number: u8| low_bits + ONES * u64::from(0x80 - number);
        from(first) & !from(first + count)
    }

    /// Which octets are digits.
    #[inline(always)]
    pub(crate) fn digit_mask(octets: &[u8; 16]) -> u16 {
        mask(octets, |word| range(word & !HIGHS, b'0', 10) & !word & HIGHS)
    }

    /// Which octets are letters, digits or `_`.
    #[inline(always)]
    pub(crate) fn label_mask(octets: &[u8; 16]) -> u16 {
        mask(octets, |word| {
            let low_bits = word & !HIGHS;
            let letters = range(low_bits | (0x20 * ONES), b'a', 26);
            let others = range(low_bits, b'0', 10) | range(low_bits, b'_', 1);
            (letters | others) & !word & HIGHS
        })
    }

    /// Which octets are `octet`.
    #[inline(always)]
    pub(crate) fn equal_mask(octets: &[u8; 16], octet: u8) -> u16 {
        mask(octets, |word| {
            let differs = word ^ (ONES * u64::from(octet));
            !(((differs & !HIGHS) + !HIGHS) | differs) & HIGHS
        })
    }
}

#[cfg(target_arch = "x86_64")]
use vector::odd_mask;
#[cfg(target_arch = "x86_64")]
pub(crate) use vector::{digit_mask, equal_mask, label_mask};
#[cfg(not(target_arch = "x86_64"))]
use words::odd_mask;
#[cfg(not(target_arch = "x86_64"))]
pub(crate) use words::{digit_mask, equal_mask, label_mask};

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8], at: usize) -> Vec<usize> {
        let mut controls = Controls::new(bytes, at);
        std::iter::from_fn(|| Some(controls.next_control(bytes)).filter(|found| *found < bytes.len()))
            .collect()
    }

    #[test]
    fn control_characters_are_found_wherever_they_are() {
        for length in 0..200 {
            let mut bytes = vec![b'a'; length];
            assert!(all(&bytes, 0).is_empty());
            for at in 0..length {
                bytes[at] = b'\n';
                bytes[length - 1] = 0x7f;
                let expected: &[usize] = if at == length - 1 {
                    &[at]
                } else {
                    &[at, length - 1]
                };
                assert_eq!(all(&bytes, 0), expected);
                assert_eq!(all(&bytes, at), expected);
                bytes[at] = b'a';
            }
        }
        assert!(all("\u{80}é漢 ~\u{ffff}".as_bytes(), 0).is_empty());
        assert!(all(b"a", 5).is_empty());
        assert_eq!(all(b"\r\n\r\n", 1), [1, 2, 3]);
    }

    #[test]
    fn an_octet_is_found_wherever_it_is() {
        for length in 0..70 {
            for at in 0..length {
                let mut bytes = vec![b'a'; length];
                bytes[at] = b',';
                bytes[length - 1] = b',';
                for from in 0..length + 2 {
                    let expected = bytes.iter().skip(from).position(|octet| *octet == b',');
                    assert_eq!(find(&bytes, from, b','), expected.map(|found| from + found));
                }
            }
        }
    }

    #[test]
    fn vectors_and_words_make_the_same_masks() {
        for octet in 0..=255u8 {
            for at in 0..16 {
                for around in [b'a', b':', 0, 0x1f, b' ', 0x7e, 0x7f, 0x80, 0xff] {
                    let mut octets = [around; 16];
                    octets[at] = octet;
                    let bits = |is: &dyn Fn(u8) -> bool| {
                        (0..16).fold(0u16, |bits, at| bits | u16::from(is(octets[at])) << at)
                    };
                    let odd = bits(&|octet| octet.is_ascii_control() || !octet.is_ascii());
                    let colons = bits(&|octet| octet == b':');
                    let digits = bits(&|octet| octet.is_ascii_digit());
                    assert_eq!(
                        (digit_mask(&octets), words::digit_mask(&octets)),
                        (digits, digits)
                    );
                    let labels = bits(&|octet| octet.is_ascii_alphanumeric() || octet == b'_');
                    assert_eq!((odd_mask(&octets), words::odd_mask(&octets)), (odd, odd));
                    assert_eq!(
                        (equal_mask(&octets, b':'), words::equal_mask(&octets, b':')),
                        (colons, colons)
                    );
                    assert_eq!(
                        (label_mask(&octets), words::label_mask(&octets)),
                        (labels, labels)
                    );
                }
            }
        }
    }
}
