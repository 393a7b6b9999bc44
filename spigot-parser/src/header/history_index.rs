//! The index of a History-Info entry, which is its place in the tree of the targets tried (RFC 7044 §10.3).
//!
//! The one invariant: there is at least one number.

use std::fmt;
use std::str::FromStr;

use super::fault;
use crate::ParseError;
use crate::grammar::decimal;

/// The place of an entry in the tree of a request's targets, such as `1`, `1.2` and `1.2.1`.
///
/// ```text
/// index-val = number *("." number)
/// number    = [ %x31-39 *DIGIT ] DIGIT
/// ```
///
/// Indexes are ordered as the tree is: a parent precedes its children, which precede the parent's next
/// sibling. A number fits 32 bits.
///
/// ```
/// use spigot_parser::header::HistoryIndex;
///
/// let index: HistoryIndex = "1.2".parse()?;
/// assert_eq!(index.child().to_string(), "1.2.1");
/// assert_eq!(index.next_sibling().unwrap().to_string(), "1.3");
/// assert_eq!(index.parent(), Some(HistoryIndex::first()));
/// assert!(index < index.child() && index.child() < "1.10".parse()?);
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HistoryIndex {
    numbers: Vec<u32>,
}

impl HistoryIndex {
    /// Creates `1`, the index of the first entry.
    pub fn first() -> HistoryIndex {
        HistoryIndex { numbers: vec![1] }
    }

    /// Returns the numbers, the root's first.
    pub fn numbers(&self) -> &[u32] {
        &self.numbers
    }

    /// Returns the index of the first child, for a request that is forwarded.
    pub fn child(&self) -> HistoryIndex {
        self.below(1)
    }

    /// Returns the next index on the same level, for the next target of the same request.
    ///
    /// Returns `None` if the number would not fit.
    pub fn next_sibling(&self) -> Option<HistoryIndex> {
        let (last, parents) = self.numbers.split_last()?;
        let mut numbers = parents.to_vec();
        numbers.push(last.checked_add(1)?);
        Some(HistoryIndex { numbers })
    }

    /// Returns the child `0`, which stands for missing entries.
    ///
    /// The next entry is a child of it.
    ///
    /// [RFC 7044 §10.3](https://www.rfc-editor.org/rfc/rfc7044#section-10.3):
    ///
    /// > For example, if the index of the last hi-entry in the request received was 1.1.2 and there was a
    /// > missing hi-entry and the request was being forwarded to the next hop, the resulting index will be
    /// > 1.1.2.0.1.
    pub fn gap(&self) -> HistoryIndex {
        self.below(0)
    }

    /// Returns the index of the parent.
    pub fn parent(&self) -> Option<HistoryIndex> {
        match self.numbers.split_last() {
            Some((_, parents)) if !parents.is_empty() => Some(HistoryIndex {
                numbers: parents.to_vec(),
            }),
            _ => None,
        }
    }

    /// Reports whether `other` is an ancestor of this index.
    pub fn is_below(&self, other: &HistoryIndex) -> bool {
        self.numbers.len() > other.numbers.len() && self.numbers.starts_with(&other.numbers)
    }

    fn below(&self, number: u32) -> HistoryIndex {
        let mut numbers = Vec::with_capacity(self.numbers.len() + 1);
        numbers.extend_from_slice(&self.numbers);
        numbers.push(number);
        HistoryIndex { numbers }
    }
}

/// Returns the numbers of an index, with `None` for each part that is no number.
fn numbers(text: &str) -> impl Iterator<Item = Option<u32>> + '_ {
    text.split('.').map(|number| match number {
        "0" => Some(0),
        _ if number.starts_with('0') => None,
        _ => decimal(number.as_bytes(), u32::MAX),
    })
}

/// Reports whether `text` is an index.
pub(super) fn is_index(text: &str) -> bool {
    numbers(text).all(|number| number.is_some())
}

impl FromStr for HistoryIndex {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match numbers(text).collect() {
            Some(numbers) => Ok(HistoryIndex { numbers }),
            None => {
                let at = text.split('.').try_fold(0, |at, number| match is_index(number) {
                    true => Ok(at + number.len() + 1),
                    false => Err(at),
                });
                fault(at.unwrap_or_else(|at| at), "a number without zeros before it")
            }
        }
    }
}

impl fmt::Display for HistoryIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, number) in self.numbers.iter().enumerate() {
            if place > 0 {
                f.write_str(".")?;
            }
            write!(f, "{number}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for HistoryIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HistoryIndex({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn index(text: &str) -> HistoryIndex {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn the_order_is_that_of_the_tree() {
        let mut sorted = ["1.10", "2", "1.2.1", "1", "1.2", "1.2.0.1", "1.2.0"].map(index);
        sorted.sort();
        let texts = sorted.map(|index| index.to_string());
        assert_eq!(texts, ["1", "1.2", "1.2.0", "1.2.0.1", "1.2.1", "1.10", "2"]);
    }

    #[test]
    fn one_leads_to_the_next() {
        assert_eq!(index("1.1.2").gap().child(), index("1.1.2.0.1"));
        assert_eq!(index("1.9").next_sibling(), Some(index("1.10")));
        assert_eq!(index("1.4294967295").next_sibling(), None);
        assert_eq!(
            (index("1").parent(), index("1.2.3").parent()),
            (None, Some(index("1.2")))
        );
        assert!(index("1.2.3").is_below(&index("1")) && !index("1.2").is_below(&index("1.2")));
        assert!(!index("1.23").is_below(&index("1.2")));
        assert_eq!(index("4.0.7").numbers(), [4, 0, 7]);
    }

    #[test]
    fn what_is_no_index_is_refused_where_it_is() {
        for (text, offset) in [
            ("", 0),
            ("1.", 2),
            (".1", 0),
            ("1..2", 2),
            ("01", 0),
            ("1.00", 2),
            ("1.x", 2),
            ("1.4294967296", 2),
            ("1 ", 0),
            ("1.2\r\n", 2),
            ("-1", 0),
        ] {
            assert_eq!(
                text.parse::<HistoryIndex>().unwrap_err().offset(),
                offset,
                "{text:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_built_parses_to_itself(steps in prop::collection::vec(0u8..3, 0..20), start: u32) {
            let mut built = index(&start.to_string());
            for step in steps {
                let next = match step {
                    0 => built.child(),
                    1 => built.gap(),
                    _ => built.next_sibling().unwrap_or(HistoryIndex::first()),
                };
                prop_assert!(built < next || next == HistoryIndex::first());
                prop_assert_eq!(next.is_below(&built), step < 2);
                built = next;
            }
            prop_assert_eq!(index(&built.to_string()), built);
        }

        #[test]
        fn no_text_panics(text in "[0-9.]{0,20}|.{0,20}") {
            if let Ok(index) = text.parse::<HistoryIndex>() {
                prop_assert_eq!(index.to_string(), text);
            }
        }
    }
}
