//! Where control characters may be in a line: in the second half of a quoted-pair (RFC 3261 §25.1).

use super::octets::Controls;

/// A place in a line: inside of a quoted string or not, and after a backslash in it or not.
#[derive(Default)]
pub(super) struct Quotes {
    open: bool,
    escaped: bool,
}

impl Quotes {
    /// Goes past `octet`, and reports whether it may stand there.
    ///
    /// ```text
    /// quoted-pair = "\" (%x00-09 / %x0B-0C / %x0E-7F)
    /// ```
    pub(super) fn admit(&mut self, octet: u8) -> bool {
        let escaped = std::mem::take(&mut self.escaped);
        match octet {
            b'\r' | b'\n' => return false,
            b'\\' if self.open && !escaped => self.escaped = true,
            b'"' if !escaped => self.open = !self.open,
            b'\t' => {}
            _ if octet.is_ascii_control() => return escaped,
            _ => {}
        }
        true
    }
}

/// Finds the first octet that the value of a header may not have when an application sets it.
///
/// Those are CR, LF, NUL, and outside of a quoted-pair all control characters but HTAB.
pub(super) fn unfit_for_value(bytes: &[u8]) -> Option<usize> {
    if Controls::new(bytes, 0).next(bytes) == bytes.len() {
        return None;
    }
    let mut quotes = Quotes::default();
    bytes
        .iter()
        .position(|octet| *octet == 0 || !quotes.admit(*octet))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_may_have_a_control_character_in_a_quoted_pair_only() {
        assert_eq!(unfit_for_value("\"\\\x07\" \t é".as_bytes()), None);
        assert_eq!(unfit_for_value(b"\"\\\0\""), Some(2));
        assert_eq!(unfit_for_value(b"a\r\nb"), Some(1));
        assert_eq!(unfit_for_value(b"a\x07"), Some(1));
    }
}
