//! The input of targets, as texts or as choices.

use std::borrow::Cow;

/// Texts that are separated by an octet that UTF-8 does not have.
pub(crate) struct Texts<'a> {
    /// The text that is parsed.
    pub(crate) value: Cow<'a, str>,
    /// A text that a peer could make an application set; plain if the input does not have it.
    pub(crate) first: Cow<'a, str>,
    pub(crate) second: Cow<'a, str>,
    /// Whether the input has the hostile texts.
    pub(crate) hostile: bool,
    /// A number that depends on every octet of the input.
    turn: usize,
}

impl Texts<'_> {
    /// Returns for each of `count` checks whether this input runs it.
    ///
    /// Where all checks cost too much, inputs share them.
    pub(crate) fn turns(&self, count: usize) -> impl Iterator<Item = bool> + use<> {
        let turn = self.turn % count;
        (0..count).map(move |index| index == turn)
    }
}

/// Reads `data` as texts; octets that are not UTF-8 become U+FFFD.
pub(crate) fn texts(data: &[u8]) -> Texts<'_> {
    let mut parts = data.splitn(3, |octet| *octet == 0xff);
    let mut text = || parts.next().map(String::from_utf8_lossy);
    let (value, first, second) = (text().unwrap_or_default(), text(), text());
    Texts {
        value,
        hostile: first.is_some(),
        turn: data.iter().fold(0, |sum, octet| sum + usize::from(*octet)),
        first: first.unwrap_or("name".into()),
        second: second.unwrap_or("value".into()),
    }
}

/// Returns a number for a text: its value if it consists of digits, or else its length.
pub(crate) fn number(text: &str) -> u32 {
    text.parse().unwrap_or(text.len() as u32)
}

/// Octets that are read as choices; at their end, every choice is the first one.
pub(crate) struct Choices<'a> {
    rest: &'a [u8],
}

impl<'a> Choices<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Choices { rest: data }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn octet(&mut self) -> u8 {
        match self.rest.split_first() {
            Some((octet, rest)) => {
                self.rest = rest;
                *octet
            }
            None => 0,
        }
    }

    /// Returns a number below `end`, which is 1 to 256.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::from(self.octet()) % end
    }

    pub(crate) fn number(&mut self) -> u32 {
        u32::from_le_bytes([self.octet(), self.octet(), self.octet(), self.octet()])
    }

    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Returns up to 31 octets, or all that are left.
    pub(crate) fn octets(&mut self) -> &'a [u8] {
        let length = self.below(32).min(self.rest.len());
        let (octets, rest) = self.rest.split_at(length);
        self.rest = rest;
        octets
    }

    pub(crate) fn text(&mut self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.octets())
    }

    pub(crate) fn all(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }
}
