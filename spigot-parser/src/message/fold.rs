//! Takes the folds out of values (RFC 3261 §7.3.1).
//!
//! Invariant: a line keeps its octets, folds and all; it is its value that gets a text without them.

use bytestring::ByteString;

use super::line::Line;

/// Takes the folds out of values, where there are some. Gives the texts that this makes.
#[cold]
pub(super) fn unfold(head: &ByteString, lines: &mut [Line]) -> Vec<ByteString> {
    let mut added = Vec::new();
    for line in lines {
        let value = &head[line.value_in_head(head.as_bytes())];
        if value.contains('\n') {
            added.push(ByteString::from(unfolded(value)));
            *line = line.with_value_apart(added.len());
        }
    }
    added
}

/// The text with each fold as one SP (RFC 3261 §7.3.1, §25.1).
///
/// > All linear white space, including folding, has the same semantics as SP.
pub(super) fn unfolded(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for line in value.split('\n').map(|line| line.trim_matches([' ', '\t', '\r'])) {
        if !text.is_empty() && !line.is_empty() {
            text.push(' ');
        }
        text.push_str(line);
    }
    text
}

/// Where in `value`, which has folds, the octet is that is at `at` in the text without them.
pub(super) fn place_in_folded(value: &str, at: usize) -> usize {
    let (mut length, mut end) = (0, 0);
    for line in value.split_inclusive('\n') {
        let content = line.trim_matches([' ', '\t', '\r', '\n']);
        let start = end + line.find(content).unwrap_or_default();
        end += line.len();
        if content.is_empty() {
            continue;
        }
        // The blank that stands for the fold.
        length += usize::from(length > 0);
        if at <= length + content.len() {
            return start + at.saturating_sub(length);
        }
        length += content.len();
    }
    value.trim_end_matches([' ', '\t', '\r', '\n']).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_octet_is_found_behind_folds() {
        for folded in [
            " \r\n  ab c\r\n\td,\r\n e",
            "ab c \t\n  d,\n\te \n",
            " ab c\r\n d,\r\n e",
        ] {
            let plain = unfolded(folded);
            assert_eq!(plain, "ab c d, e");
            for (at, octet) in plain.bytes().enumerate() {
                let found = folded.as_bytes()[place_in_folded(folded, at)];
                assert!(
                    found == octet || (at == 4 && found != b'd') || at == 7,
                    "{folded:?} {at}"
                );
            }
            assert_eq!(
                place_in_folded(folded, plain.len()),
                folded.find('e').unwrap() + 1
            );
            assert_eq!(place_in_folded(folded, 99), folded.find('e').unwrap() + 1);
        }
    }
}
