//! How targets read their input: as texts, or as choices.

use std::borrow::Cow;

/// Texts parted by an octet that no UTF-8 has.
pub(crate) struct Texts<'a> {
    /// What is parsed.
    pub(crate) value: Cow<'a, str>,
    /// What an application might be made to put in by a peer. Plain where the input does not say.
    pub(crate) first: Cow<'a, str>,
    pub(crate) second: Cow<'a, str>,
    /// Whether the input does.
    pub(crate) hostile: bool,
    /// A number that any octet of the input changes.
    turn: usize,
}

impl Texts<'_> {
    /// Of so many checks, one after the other, whether it is the turn of this one: where all are too dear, inputs share
    /// them out.
    pub(crate) fn turns(&self, count: usize) -> impl Iterator<Item = bool> + use<> {
        let turn = self.turn % count;
        (0..count).map(move |index| index == turn)
    }
}

/// Reads `data` as texts; what is no UTF-8 in them becomes U+FFFD.
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

/// A number that a text makes: the one that it is in digits, or how long it is.
pub(crate) fn number(text: &str) -> u32 {
    text.parse().unwrap_or(text.len() as u32)
}

/// Octets that are taken one choice after the other. At their end every choice is the first one.
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

    /// A number below `end`, which is 1 to 256.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::from(self.octet()) % end
    }

    pub(crate) fn number(&mut self) -> u32 {
        u32::from_le_bytes([self.octet(), self.octet(), self.octet(), self.octet()])
    }

    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Up to 31 octets, or all that are left.
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
