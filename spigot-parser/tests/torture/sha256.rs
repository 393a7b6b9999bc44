//! SHA-256 (FIPS 180-4), to check that the files of the corpus are unchanged.

use std::fmt::Write;

/// Returns the first 32 bits of the fractional parts of the `power`-th roots of the first 64 primes.
fn roots(power: u32) -> [u32; 64] {
    let primes = (2u128..).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0));
    let mut words = [0; 64];
    for (word, prime) in words.iter_mut().zip(primes) {
        // The largest r with r^power <= prime * 2^(32 * power) is the root with 32 bits after the point.
        let target = prime << (32 * power);
        let (mut low, mut high) = (0u128, 1 << 37);
        while high - low > 1 {
            let middle = (low + high) / 2;
            if middle.pow(power) <= target {
                low = middle;
            } else {
                high = middle;
            }
        }
        *word = low as u32;
    }
    words
}

/// Returns the digest of `bytes` in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let (first, constants) = (roots(2), roots(3));
    let mut state: [u32; 8] = std::array::from_fn(|at| first[at]);
    let mut padded = bytes.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(64), 0);
    if padded.len() - bytes.len() < 9 {
        padded.resize(padded.len() + 64, 0);
    }
    let end = padded.len() - 8;
    padded[end..].copy_from_slice(&(8 * bytes.len() as u64).to_be_bytes());
    for block in padded.chunks(64) {
        let mut w = [0u32; 64];
        for (word, octets) in w.iter_mut().zip(block.chunks(4)) {
            *word = u32::from_be_bytes(octets.try_into().unwrap());
        }
        for t in 16..64 {
            let (a, b) = (w[t - 15], w[t - 2]);
            let small = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
            let large = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
            w[t] = w[t - 16]
                .wrapping_add(small)
                .wrapping_add(w[t - 7])
                .wrapping_add(large);
        }
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state;
        for t in 0..64 {
            let large = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
            let choice = (e & f) ^ (!e & g);
            let one = h
                .wrapping_add(large)
                .wrapping_add(choice)
                .wrapping_add(constants[t])
                .wrapping_add(w[t]);
            let small = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
            let two = small.wrapping_add((a & b) ^ (a & c) ^ (b & c));
            (h, g, f, e) = (g, f, e, d.wrapping_add(one));
            (d, c, b, a) = (c, b, a, one.wrapping_add(two));
        }
        for (word, add) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
            *word = word.wrapping_add(add);
        }
    }
    state.iter().fold(String::new(), |mut text, word| {
        write!(text, "{word:08x}").unwrap();
        text
    })
}

#[test]
fn the_digests_of_the_standard_come_out() {
    assert_eq!(
        hex(b"abc"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert_eq!(
        hex(b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    );
}
