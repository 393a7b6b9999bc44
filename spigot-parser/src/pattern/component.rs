//! One component of a pattern: literals with holes between them.
//!
//! The one invariant: no two holes and no two literals stand side by side, so that each hole ends where the literal
//! after it begins for the first time, and nothing has to be tried twice.

use std::borrow::Cow;

use super::Captures;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Literal(String),
    /// `{name}`: one character or more.
    Capture(String),
    /// `*`: any number of characters.
    Wildcard,
}

#[derive(Clone, Debug)]
pub(super) struct Component {
    pub(super) pieces: Vec<Piece>,
}

/// Whether the case of ASCII letters counts.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Case {
    Counts,
    Ignored,
}

impl Case {
    fn same(self, left: &[u8], right: &[u8]) -> bool {
        if self == Case::Counts {
            left == right
        } else {
            left.eq_ignore_ascii_case(right)
        }
    }

    /// Where `literal` begins in `text` for the first time at or after `from`.
    fn find(self, text: &[u8], literal: &[u8], from: usize) -> Option<usize> {
        let after = text.get(from..)?;
        after
            .windows(literal.len())
            .position(|window| self.same(window, literal))
            .map(|at| from + at)
    }
}

impl Component {
    /// The text, if there are no holes in it.
    pub(super) fn literal(&self) -> Option<&str> {
        match &self.pieces[..] {
            [Piece::Literal(literal)] => Some(literal),
            _ => None,
        }
    }

    /// Whether it matches the whole of `text`; what its captures take is added to `captures`.
    pub(super) fn matches<'p, 'u>(
        &'p self,
        text: Cow<'u, str>,
        case: Case,
        captures: &mut Captures<'p, 'u>,
    ) -> bool {
        self.walk(&text, case, |name, start, end| {
            let value = match &text {
                Cow::Borrowed(text) => Cow::Borrowed(&text[start..end]),
                Cow::Owned(text) => Cow::Owned(text[start..end].to_owned()),
            };
            captures.values.push((name, value));
        })
    }

    /// Matches, and shows each capture's name and place to `take`.
    fn walk<'p>(&'p self, text: &str, case: Case, mut take: impl FnMut(&'p str, usize, usize)) -> bool {
        let bytes = text.as_bytes();
        let mut at = 0;
        let mut hole: Option<&'p Piece> = None;
        for (index, piece) in self.pieces.iter().enumerate() {
            let Piece::Literal(literal) = piece else {
                hole = Some(piece);
                continue;
            };
            let literal = literal.as_bytes();
            let begin = match hole {
                None => bytes
                    .get(..literal.len())
                    .filter(|start| case.same(start, literal))
                    .map(|_| 0),
                Some(hole) => match hole_min(hole, text, at) {
                    Some(min) if index + 1 == self.pieces.len() => {
                        last(bytes, literal, case).filter(|begin| *begin >= min)
                    }
                    Some(min) => case.find(bytes, literal, min),
                    None => None,
                },
            };
            let Some(begin) = begin else {
                return false;
            };
            if let Some(Piece::Capture(name)) = hole.take() {
                take(name, at, begin);
            }
            at = begin + literal.len();
        }
        match hole {
            None => at == bytes.len(),
            Some(Piece::Capture(name)) if at < bytes.len() => {
                take(name, at, bytes.len());
                true
            }
            Some(Piece::Capture(_)) => false,
            Some(_) => true,
        }
    }

    /// Whether whatever `other` matches is matched by this one. Both match texts of at least one character.
    pub(super) fn covers(&self, other: &Component, case: Case) -> bool {
        if let [Piece::Capture(_) | Piece::Wildcard] = &self.pieces[..] {
            return true;
        }
        if let Some(literal) = other.literal() {
            return self.walk(literal, case, |_, _, _| {});
        }
        self.pieces.len() == other.pieces.len()
            && self
                .pieces
                .iter()
                .zip(&other.pieces)
                .all(|(wide, narrow)| match (wide, narrow) {
                    (Piece::Literal(one), Piece::Literal(two)) => case.same(one.as_bytes(), two.as_bytes()),
                    (Piece::Wildcard, Piece::Wildcard | Piece::Capture(_))
                    | (Piece::Capture(_), Piece::Capture(_)) => true,
                    _ => false,
                })
    }
}

/// The first place where a hole that begins at `at` can end.
fn hole_min(hole: &Piece, text: &str, at: usize) -> Option<usize> {
    match hole {
        Piece::Capture(_) => text[at..].chars().next().map(|first| at + first.len_utf8()),
        _ => Some(at),
    }
}

/// Where `literal` begins if the text ends with it.
fn last(text: &[u8], literal: &[u8], case: Case) -> Option<usize> {
    let begin = text.len().checked_sub(literal.len())?;
    case.same(&text[begin..], literal).then_some(begin)
}
