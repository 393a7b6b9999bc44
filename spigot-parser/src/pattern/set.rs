//! Finds the patterns that may match a URI among many, without trying each.
//!
//! Invariant: every pattern that matches is among the candidates. Patterns that do not match may be among
//! them, too.

use std::borrow::Cow;
use std::collections::HashMap;

use smallvec::SmallVec;

use super::component::Piece;
use super::{Form, Pattern};
use crate::Uri;
use crate::uri::escape::unescape_utf8;

/// An ordered set of patterns, with a fast search for those that may match a URI.
///
/// A pattern is found by the text that its user begins with, by its host if it is literal, or by both.
/// Patterns without either are candidates for every URI.
///
/// ```
/// use spigot_parser::{Pattern, PatternSet, Uri};
///
/// let patterns = ["sip:alice@*", "sip:9{number}@*", "sip:*@example.org", "*"].map(|text| Pattern::parse(text).unwrap());
/// let set = PatternSet::new(patterns.iter().map(Some));
///
/// let uri: Uri = "sip:911@example.com".parse()?;
/// assert_eq!(set.candidates(&uri).collect::<Vec<_>>(), [1, 3]);
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct PatternSet {
    users: ByLiteral,
    /// Patterns of `tel:` numbers, without separators and in lower case.
    numbers: ByLiteral,
    /// Patterns whose user or number does not begin with a literal.
    others: ByHost,
}

/// Patterns by the literal that their user or number is, or begins with.
#[derive(Clone, Debug, Default)]
struct ByLiteral {
    whole: HashMap<String, ByHost>,
    /// The patterns that begin with a literal, by its length in octets.
    beginnings: Vec<(usize, HashMap<String, ByHost>)>,
}

/// The positions in the order of patterns with the same user.
#[derive(Clone, Debug, Default)]
struct ByHost {
    /// The positions of patterns with a literal host, by the host in lower case.
    hosts: HashMap<String, Vec<usize>>,
    others: Vec<usize>,
}

impl PatternSet {
    /// Creates a set of patterns, in which `None` matches everything.
    pub fn new<'p>(patterns: impl IntoIterator<Item = Option<&'p Pattern>>) -> PatternSet {
        let mut set = PatternSet::default();
        for (place, pattern) in patterns.into_iter().enumerate() {
            set.add(place, pattern);
        }
        set
    }

    fn add(&mut self, place: usize, pattern: Option<&Pattern>) {
        match pattern.map(|pattern| &pattern.form) {
            Some(Form::Sip(pattern)) => {
                let user = pattern.user.as_ref().map_or(&[][..], |user| &user.pieces);
                let places = self
                    .users
                    .entry_of(user, str::to_owned)
                    .unwrap_or(&mut self.others);
                match pattern.host.literal() {
                    // IPv6 addresses are compared by value, not as text.
                    Some(host) if !host.starts_with('[') => {
                        let host = host.to_ascii_lowercase();
                        places.hosts.entry(host).or_default().push(place);
                    }
                    _ => places.others.push(place),
                }
            }
            Some(Form::Tel { number, .. }) => {
                let places = self.numbers.entry_of(&number.pieces, digits);
                places.unwrap_or(&mut self.others).others.push(place);
            }
            _ => self.others.others.push(place),
        }
    }

    /// Returns the positions of the patterns that may match, in ascending order.
    pub fn candidates(&self, uri: &Uri) -> Candidates<'_> {
        let mut lists = Lists::new();
        match uri {
            Uri::Sip(uri) => {
                let host = uri.host().as_str();
                let host = match host.bytes().any(|octet| octet.is_ascii_uppercase()) {
                    true => Cow::Owned(host.to_ascii_lowercase()),
                    false => Cow::Borrowed(host),
                };
                self.others.push_matching(&host, &mut lists);
                if let Some(user) = uri.user().and_then(unescape_utf8) {
                    for places in self.users.matching(&user) {
                        places.push_matching(&host, &mut lists);
                    }
                }
            }
            Uri::Tel(uri) => {
                lists.push(&self.others.others);
                if !self.numbers.is_empty() {
                    let number = uri.digits().to_ascii_lowercase();
                    let places = self.numbers.matching(&number);
                    lists.extend(places.map(|places| places.others.as_slice()));
                }
            }
            Uri::Other(_) => lists.push(&self.others.others),
        }
        Candidates { lists }
    }
}

/// Returns a number without visual separators and in lower case, as RFC 3966 §4 compares it.
fn digits(number: &str) -> String {
    let digits = number.chars().filter(|digit| !"-.()".contains(*digit));
    digits.map(|digit| digit.to_ascii_lowercase()).collect()
}

impl ByLiteral {
    fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.beginnings.is_empty()
    }

    /// Returns the entry for patterns with these pieces, or `None` if they do not begin with a literal.
    fn entry_of(&mut self, pieces: &[Piece], key: impl Fn(&str) -> String) -> Option<&mut ByHost> {
        match pieces {
            [Piece::Literal(whole)] => Some(self.whole.entry(key(whole)).or_default()),
            [Piece::Literal(beginning), ..] => {
                let beginning = key(beginning);
                let known = self
                    .beginnings
                    .iter()
                    .position(|(length, _)| *length == beginning.len());
                let index = known.unwrap_or_else(|| {
                    self.beginnings.push((beginning.len(), HashMap::new()));
                    self.beginnings.len() - 1
                });
                Some(self.beginnings[index].1.entry(beginning).or_default())
            }
            _ => None,
        }
    }

    /// Returns the entries of the patterns that may match `text`.
    fn matching(&self, text: &str) -> impl Iterator<Item = &ByHost> {
        let beginnings = self.beginnings.iter().filter_map(move |(length, places)| {
            let beginning = text.get(..*length)?;
            places.get(beginning)
        });
        self.whole.get(text).into_iter().chain(beginnings)
    }
}

impl ByHost {
    /// Adds the positions of the patterns that may match a URI with this host.
    fn push_matching<'s>(&'s self, host: &str, lists: &mut Lists<'s>) {
        if !self.others.is_empty() {
            lists.push(&self.others);
        }
        if !self.hosts.is_empty() {
            lists.extend(self.hosts.get(host).map(Vec::as_slice));
        }
    }
}

/// The positions of the patterns that may match, in ascending order.
#[derive(Clone, Debug)]
pub struct Candidates<'s> {
    lists: Lists<'s>,
}

/// Lists in ascending order, in which no position occurs twice.
type Lists<'s> = SmallVec<[&'s [usize]; 4]>;

impl Iterator for Candidates<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let list = self
            .lists
            .iter_mut()
            .filter(|list| !list.is_empty())
            .min_by_key(|list| list[0])?;
        let (first, rest) = list.split_first()?;
        *list = rest;
        Some(*first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn candidates(patterns: &[&str], uri: &str) -> Vec<usize> {
        let patterns: Vec<_> = patterns
            .iter()
            .map(|text| Pattern::parse(text).unwrap())
            .collect();
        let uri: Uri = uri.parse().unwrap();
        let set = PatternSet::new(patterns.iter().map(Some));
        set.candidates(&uri).collect()
    }

    #[test]
    fn what_is_found_by_a_text_is_found_however_it_is_written() {
        let patterns = [
            "sip:alice@*",
            "sip:{user}@example.com",
            "sip:al*@*",
            "sip:a{rest}@*",
            "sip:example.com",
            "sip:*@[2001:db8::1]",
            "tel:*",
            "*",
        ];
        assert_eq!(
            candidates(&patterns, "sip:alice@example.com"),
            [0, 1, 2, 3, 4, 5, 6, 7]
        );
        assert_eq!(
            candidates(&patterns, "sip:%61lice@EXAMPLE.com"),
            [0, 1, 2, 3, 4, 5, 6, 7]
        );
        assert_eq!(candidates(&patterns, "sip:Alice@example.org"), [5, 6, 7]);
        assert_eq!(candidates(&patterns, "sip:albert@example.org"), [2, 3, 5, 6, 7]);
        assert_eq!(candidates(&patterns, "sip:example.com"), [1, 4, 5, 6, 7]);
        assert_eq!(candidates(&patterns, "tel:911"), [5, 6, 7]);
        let numbers = [
            "tel:+49-(170){rest}",
            "tel:{number}",
            "tel:911",
            "tel:9{rest}",
            "sip:{user}@*",
            "tel:A1",
        ];
        assert_eq!(candidates(&numbers, "tel:+49170123"), [0, 1, 4]);
        assert_eq!(candidates(&numbers, "tel:9-1-1;phone-context=+1"), [1, 2, 3, 4]);
        assert_eq!(candidates(&numbers, "tel:a.1;phone-context=+1"), [1, 4, 5]);
        assert_eq!(candidates(&[], "tel:911"), []);
        let set = PatternSet::new([None, None]);
        assert_eq!(
            set.candidates(&"sip:a".parse().unwrap()).collect::<Vec<_>>(),
            [0, 1]
        );
    }

    #[test]
    fn one_user_at_many_hosts_is_found_by_both() {
        let patterns = [
            "sip:desk@one.example.com",
            "sip:desk@Two.example.com",
            "sip:d{rest}@two.example.com",
            "sip:d{rest}@one.example.com",
            "sip:desk@*",
        ];
        assert_eq!(candidates(&patterns, "sip:desk@TWO.example.com"), [1, 2, 4]);
        assert_eq!(candidates(&patterns, "sip:door@one.example.com"), [3]);
        assert_eq!(candidates(&patterns, "sip:desk@three.example.com"), [4]);
    }

    proptest! {
        #[test]
        fn whatever_matches_is_a_candidate(
            patterns in prop::collection::vec("(sip|sips):((\\*|a|ab|é|b\\{x\\}|\\{y\\}c|A)@)?(\\*|a\\.b|A\\.b|\\[::1\\]|\\{z\\}\\.b)(;p=\\*)?|tel:(\\+?1-?[2a](3|\\{n\\})?|\\*|\\{n\\}4)(;p=\\*)?", 0..12),
            uri in "(sip|sips):((a|ab|bc|%61b|%C3%A9|abc|A)@)?(a\\.b|A\\.B|\\[0::1\\]|x\\.b)(;p=1)?|tel:\\+?1-?[2A](3|.4)?(;p=1)?",
        ) {
            let patterns: Vec<Pattern> = patterns.iter().filter_map(|text| Pattern::parse(text).ok()).collect();
            // The text of a global number has no letters.
            let uri: Result<Uri, _> = uri.parse();
            prop_assume!(uri.is_ok());
            let uri = uri.unwrap();
            let found: Vec<usize> = PatternSet::new(patterns.iter().map(Some)).candidates(&uri).collect();
            prop_assert!(found.is_sorted_by(|one, two| one < two), "{found:?}");
            for (place, pattern) in patterns.iter().enumerate() {
                prop_assert!(
                    pattern.matches(&uri).is_none() || found.contains(&place),
                    "{pattern:?} is not among {found:?}"
                );
            }
        }
    }
}
