//! One entry of a message's index.

use std::ops::Range;

use crate::grammar::token_end;
use crate::header_name::Known;

/// Where one header line is, and its name and value in it, in octets.
///
/// Nearly all lines are in the head of the message, and their values are as they stand there. Others are
/// aside: the [`Headers`](super::Headers) keep texts for lines that were added, and for values that had
/// folds. Invariant: what an entry says is within its text, on boundaries of characters. It is small because
/// every message has one for each line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// Where the line begins in the head, its name first; [`ASIDE`] if it has a text of its own.
    start: u32,
    /// The number of the line's own text or else of its value's, if there is one.
    text: u32,
    /// How long a line in the head is, folds included, the last line end not.
    length: u16,
    /// Where the value begins in the line, blanks and all; [`APART`] if it has a text of its own.
    value_start: u16,
    /// How long the name is; [`LONG`] if it is so long or longer.
    name_length: u8,
    /// The name, if it is known.
    pub(crate) name: Option<Known>,
}

/// No line begins there: a message has less than 4 GiB.
const ASIDE: u32 = u32::MAX;

/// No value begins where its line does: a colon is before it.
const APART: u16 = 0;

/// As long as a name's length can be written, or longer.
const LONG: u8 = u8::MAX;

/// The length of a name as an entry has it.
pub(super) fn length_of_name(length: usize) -> u8 {
    length.min(usize::from(LONG)) as u8
}

/// Where the text of a line or of a value is.
pub(super) enum TextSpan {
    /// In the head.
    Head(Range<usize>),
    /// The whole of the added text of that number.
    Whole(usize),
    /// The rest of the added text of that number from there on.
    Rest(usize, usize),
}

impl Line {
    /// A line in the head that is still to be read.
    #[inline(always)]
    pub(super) fn unread(start: usize, length: u16) -> Line {
        Line {
            start: start as u32,
            text: 0,
            length,
            value_start: 0,
            name_length: 0,
            name: None,
        }
    }

    /// Says how long the name of a line is, and where its value begins.
    #[inline(always)]
    pub(super) fn read(&mut self, (name, name_length): (Option<Known>, u8), value_start: usize) {
        self.name = name;
        self.name_length = name_length;
        self.value_start = value_start as u16;
    }

    /// A line with the text of that number, in which the value begins at `value_start`.
    pub(super) fn aside(text: usize, name: Option<Known>, name_length: usize, value_start: u16) -> Line {
        Line {
            start: ASIDE,
            text: text as u32,
            length: 0,
            value_start,
            name_length: length_of_name(name_length),
            name,
        }
    }

    /// Moves the line into the text of that number, in which the value begins where it began before.
    pub(super) fn set_aside(self, text: usize) -> Line {
        Line {
            start: ASIDE,
            text: text as u32,
            length: 0,
            ..self
        }
    }

    /// Gives the line another text for its value: the one of that number, or for a line aside the one after
    /// its own.
    pub(super) fn with_value_apart(self, text: usize) -> Line {
        Line {
            text: if self.start == ASIDE {
                self.text
            } else {
                text as u32
            },
            value_start: APART,
            ..self
        }
    }

    /// Where the line begins in the head, if it is there.
    #[inline(always)]
    pub(crate) fn start(&self) -> Option<usize> {
        (self.start != ASIDE).then_some(self.start as usize)
    }

    /// Where a line in the head is, which it has to be.
    #[inline(always)]
    pub(crate) fn in_head(&self) -> Range<usize> {
        let start = self.start as usize;
        start..start + usize::from(self.length)
    }

    /// Where the value of a line in the head is, without the blanks and folds around it.
    pub(crate) fn value_in_head(&self, head: &[u8]) -> Range<usize> {
        let range = self.wide_value();
        let value = trim(head.get(range.clone()).unwrap_or_default());
        range.start + value.start..range.start + value.end
    }

    /// Where the value of a line in the head is, with the blanks and folds around it.
    #[inline(always)]
    fn wide_value(&self) -> Range<usize> {
        let range = self.in_head();
        range.start + usize::from(self.value_start)..range.end
    }

    /// Where the line is.
    #[inline(always)]
    pub(super) fn span(&self) -> TextSpan {
        match self.start {
            ASIDE => TextSpan::Whole(self.text as usize),
            _ => TextSpan::Head(self.in_head()),
        }
    }

    /// Where the value is, with what blanks are around it.
    #[inline(always)]
    pub(super) fn value_span(&self) -> TextSpan {
        match (self.start, self.value_start) {
            (ASIDE, APART) => TextSpan::Whole(self.text as usize + 1),
            (_, APART) => TextSpan::Whole(self.text as usize),
            (ASIDE, _) => TextSpan::Rest(self.text as usize, usize::from(self.value_start)),
            _ => TextSpan::Head(self.wide_value()),
        }
    }

    /// How long the name is, with which `line` begins.
    #[inline(always)]
    pub(super) fn name_length_in(&self, line: &[u8]) -> usize {
        match self.name_length {
            LONG => token_end(line, 0),
            length => usize::from(length),
        }
    }

    /// The numbers of the line's texts, the last one first.
    pub(super) fn texts(&self) -> impl Iterator<Item = usize> {
        let apart = self.start == ASIDE && self.value_start == APART;
        let text = self.text as usize;
        [apart.then_some(text + 1), (text > 0).then_some(text)]
            .into_iter()
            .flatten()
    }
}

/// Whether there is one blank before `value` and none after it, as nearly always.
#[inline(always)]
pub(super) fn is_after_one_blank(value: &[u8]) -> bool {
    matches!(value, [b' ', b'!'..=0xff, ..]) && value.last().is_some_and(|last| *last > b' ')
}

/// Where `value` is without the blanks and folds around it.
#[inline]
pub(super) fn trim(value: &[u8]) -> Range<usize> {
    match is_after_one_blank(value) {
        true => 1..value.len(),
        false => trim_any(value),
    }
}

#[inline(never)]
fn trim_any(value: &[u8]) -> Range<usize> {
    let is_space = |octet: &u8| matches!(octet, b' ' | b'\t' | b'\r' | b'\n');
    let start = value.iter().take_while(|octet| is_space(octet)).count();
    let after = value[start..]
        .iter()
        .rev()
        .take_while(|octet| is_space(octet))
        .count();
    start..value.len() - after
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_small() {
        assert_eq!(size_of::<Line>(), 16);
    }
}
