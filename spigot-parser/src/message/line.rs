//! One entry of a message's index.

use crate::header_name::Known;

/// Where one header line is, in octets.
///
/// Texts are numbered: 0 is the head of the message, others are the lines and unfolded values that the
/// [`Headers`](super::Headers) keep aside. Invariant: ranges are within their text, on boundaries of characters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// Where the line begins in its text; its name begins there.
    pub(crate) start: u32,
    /// Where its content ends, folds included, the last line end not.
    pub(crate) end: u32,
    /// Where its trimmed value begins and ends, in the text `value_text`.
    pub(crate) value_start: u32,
    pub(crate) value_end: u32,
    pub(crate) text: u32,
    pub(crate) value_text: u32,
    /// How long the name is.
    pub(crate) name_len: u16,
    /// The name, if it is known.
    pub(crate) name: Option<Known>,
    /// Whether the value has folds that are still to be taken out.
    pub(crate) folded: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_small() {
        assert!(size_of::<Line>() <= 28);
    }
}
