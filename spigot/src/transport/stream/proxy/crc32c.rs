//! CRC32C, the checksum of [RFC 4960, appendix B](https://www.rfc-editor.org/rfc/rfc4960#appendix-B).

/// The polynomial of Castagnoli, its lowest bit first.
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// What each octet makes of a remainder.
static TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < table.len() {
        let mut remainder = octet as u32;
        let mut bit = 0;
        while bit < 8 {
            let carry = remainder & 1;
            remainder >>= 1;
            if carry == 1 {
                remainder ^= POLYNOMIAL;
            }
            bit += 1;
        }
        table[octet] = remainder;
        octet += 1;
    }
    table
}

/// The checksum of octets that come in pieces.
pub(super) fn of<'o>(pieces: impl IntoIterator<Item = &'o [u8]>) -> u32 {
    let octets = pieces.into_iter().flatten();
    !octets.fold(!0, |remainder: u32, octet| {
        let [low, ..] = remainder.to_le_bytes();
        remainder >> 8 ^ TABLE[usize::from(low ^ octet)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_known_octets() {
        assert_eq!(of([&b"123456789"[..]]), 0xe306_9283, "the check value");
        assert_eq!(of([&b"1234"[..], b"", b"56789"]), 0xe306_9283);
        // RFC 3720, appendix B.4.
        let counted: Vec<u8> = (0..32).collect();
        assert_eq!(of([&[0; 32][..]]), 0x8a91_36aa);
        assert_eq!(of([&[0xff; 32][..]]), 0x62a8_ab43);
        assert_eq!(of([&counted[..]]), 0x46dd_794e);
        assert_eq!(of([]), 0);
    }
}
