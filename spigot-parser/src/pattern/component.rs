//! One component of a pattern: literals with captures and wildcards (holes) between them.
//!
//! The one invariant: no two holes and no two literals are adjacent. Each hole therefore ends where the next
//! literal first occurs, and matching never backtracks.

use std::borrow::Cow;

use super::{Captures, Domains};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Literal(String),
    /// `{name}`, which takes at least one character.
    Capture(String),
    /// `*`, which takes any number of characters.
    Wildcard,
}

#[derive(Clone, Debug)]
pub(super) struct Component {
    pub(super) pieces: Vec<Piece>,
    /// What the capture `{domain}` is limited to, if it is.
    pub(super) domains: Option<Domains>,
}

/// The name of the capture that can be limited to the domains of an agent.
const DOMAIN: &str = "domain";

/// Whether ASCII letters are compared with case.
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

    /// Returns the first position of `literal` in `text` at or after `from`.
    fn find(self, text: &[u8], literal: &[u8], from: usize) -> Option<usize> {
        let after = text.get(from..)?;
        after
            .windows(literal.len())
            .position(|window| self.same(window, literal))
            .map(|at| from + at)
    }
}

impl Component {
    /// Returns the text if the component has no holes.
    pub(super) fn literal(&self) -> Option<&str> {
        match &self.pieces[..] {
            [Piece::Literal(literal)] => Some(literal),
            _ => None,
        }
    }

    /// Reports whether the component has the capture `{domain}`.
    pub(super) fn captures_domain(&self) -> bool {
        let is_domain = |piece: &Piece| matches!(piece, Piece::Capture(name) if name == DOMAIN);
        self.pieces.iter().any(is_domain)
    }

    /// Reports whether the host that this component matches is at a domain, and is no IP address.
    pub(super) fn names_domain(&self) -> bool {
        let has_letters = |piece: &Piece| match piece {
            Piece::Literal(literal) => literal.bytes().any(|octet| octet.is_ascii_alphabetic()),
            Piece::Capture(_) | Piece::Wildcard => false,
        };
        let is_ipv6 = matches!(self.pieces.first(), Some(Piece::Literal(first)) if first.starts_with('['));
        self.domains.is_some() || (!is_ipv6 && self.pieces.iter().any(has_letters))
    }

    /// Reports whether the capture of that name may take `text`.
    fn may_take(&self, name: &str, text: &str) -> bool {
        match &self.domains {
            Some(domains) if name == DOMAIN => domains.contains(text),
            _ => true,
        }
    }

    /// Matches the whole of `text`, and adds the captured texts to `captures`.
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

    /// Matches `text`, and calls `take` with the name and the range of each capture.
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
                        literal_at_end(bytes, literal, case).filter(|begin| *begin >= min)
                    }
                    Some(min) => case.find(bytes, literal, min),
                    None => None,
                },
            };
            let Some(begin) = begin else {
                return false;
            };
            if let Some(Piece::Capture(name)) = hole.take() {
                if !self.may_take(name, &text[at..begin]) {
                    return false;
                }
                take(name, at, begin);
            }
            at = begin + literal.len();
        }
        match hole {
            None => at == bytes.len(),
            Some(Piece::Capture(name)) if at < bytes.len() && self.may_take(name, &text[at..]) => {
                take(name, at, bytes.len());
                true
            }
            Some(Piece::Capture(_)) => false,
            Some(_) => true,
        }
    }

    /// Reports whether this component matches everything that `other` matches.
    ///
    /// Both match texts of at least one character.
    pub(super) fn covers(&self, other: &Component, case: Case) -> bool {
        if let [Piece::Capture(_) | Piece::Wildcard] = &self.pieces[..]
            && self.domains.is_none()
        {
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
                    (Piece::Wildcard, Piece::Wildcard) => true,
                    // Where `{domain}` is limited, the two must give it the same text.
                    (Piece::Wildcard, Piece::Capture(_)) => self.domains.is_none(),
                    (Piece::Capture(wide), Piece::Capture(narrow)) => {
                        self.domains.is_none()
                            || wide != DOMAIN
                            || (narrow == DOMAIN && self.domains == other.domains)
                    }
                    _ => false,
                })
    }
}

/// Returns the first position at which a hole at `at` may end.
fn hole_min(hole: &Piece, text: &str, at: usize) -> Option<usize> {
    match hole {
        Piece::Capture(_) => text[at..].chars().next().map(|first| at + first.len_utf8()),
        _ => Some(at),
    }
}

/// Returns the position of `literal` at the end of `text`, if `text` ends with it.
fn literal_at_end(text: &[u8], literal: &[u8], case: Case) -> Option<usize> {
    let begin = text.len().checked_sub(literal.len())?;
    case.same(&text[begin..], literal).then_some(begin)
}
