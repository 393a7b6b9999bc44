//! The mistakes in a block, collected so that all are reported at once.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

#[derive(Default)]
pub(super) struct Errors(Vec<syn::Error>);

impl Errors {
    pub(super) fn push(&mut self, at: Span, sentence: impl std::fmt::Display) {
        self.0.push(syn::Error::new(at, sentence));
    }

    /// Reports an error that is shown at all of these tokens.
    pub(super) fn push_at(&mut self, tokens: impl ToTokens, sentence: impl std::fmt::Display) {
        self.0.push(syn::Error::new_spanned(tokens, sentence));
    }

    pub(super) fn append(&mut self, error: syn::Error) {
        self.0.push(error);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_compile_errors(self) -> TokenStream {
        self.0.into_iter().map(syn::Error::into_compile_error).collect()
    }
}

/// Finds the name that was probably meant: the nearest one, if it is at most a third of its letters away.
pub(super) fn nearest<'n>(given: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    names
        .into_iter()
        .map(|name| (distance(given, name), name))
        .filter(|(distance, name)| *distance <= name.len().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Counts the letters that must be put in, taken out, replaced or swapped with their neighbour to get from
/// one name to the other.
pub(super) fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut before_last = vec![0; to.len() + 1];
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let mut best = (last[j] + usize::from(a != b))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_fingers_is_one_letter_away() {
        assert_eq!(distance("register", "register"), 0);
        assert_eq!(distance("regster", "register"), 1);
        assert_eq!(distance("evnet", "event"), 1);
        assert_eq!(distance("", "any"), 3);
    }

    #[test]
    fn only_what_is_near_is_suggested() {
        let names = ["in_dialog", "event", "content_type"];
        assert_eq!(nearest("evnt", names), Some("event"));
        assert_eq!(nearest("content-type", names), Some("content_type"));
        assert_eq!(nearest("through", names), None);
    }
}
