//! Routers that are nested in another one, which gives them the requests of some Request-URIs.
//!
//! Invariant: the list is flat. A nested router that has routers nested in it has an entry here for each of
//! them, with all the patterns that lead there.

use std::fmt;

use super::flat_router::FlatRouter;
use super::layered::Layer;
use super::plug::Plug;
use crate::sip::{Pattern, PatternSet, Uri};

/// Names one of the routers that a [`Router`](super::Router) is composed of.
///
/// The endpoint keeps it with a dialog: later requests of the dialog go to the router that took the first
/// one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RouterId(u32);

impl RouterId {
    /// Returns the number that is kept with a dialog; 0 is the outermost router.
    pub(crate) fn label(self) -> u32 {
        self.0
    }

    /// Names the router of that number.
    pub(crate) fn of(label: u32) -> RouterId {
        RouterId(label)
    }
}

/// Converts into a [`Pattern`]: one itself, or the text of one that is written in the program.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no pattern",
    label = "expected a pattern such as `\"sip:*@conference.example.com\"`"
)]
pub trait IntoPattern {
    /// Gives the pattern.
    ///
    /// # Panics
    ///
    /// When the text is none.
    #[track_caller]
    fn into_pattern(self) -> Pattern;
}

impl IntoPattern for Pattern {
    fn into_pattern(self) -> Pattern {
        self
    }
}

impl IntoPattern for &str {
    #[track_caller]
    fn into_pattern(self) -> Pattern {
        match Pattern::parse(self) {
            Ok(pattern) => pattern,
            Err(error) => panic!("\"{self}\" is no pattern: {error}"),
        }
    }
}

/// The nested routers, in the order in which they were given, each with the patterns that lead to it.
#[derive(Clone, Debug, Default)]
pub(super) struct NestedRouters {
    entries: Vec<(Patterns, FlatRouter)>,
    /// Which entries can match a Request-URI, by the first pattern of each.
    set: PatternSet,
}

/// Patterns that a Request-URI must all match. There is at least one.
#[derive(Clone, Debug)]
pub(super) struct Patterns(Vec<Pattern>);

impl NestedRouters {
    /// Adds a router, and before it those that are nested in it.
    pub(super) fn push(&mut self, pattern: Pattern, router: FlatRouter, inner: &NestedRouters) {
        for (patterns, nested) in &inner.entries {
            let first = [pattern.clone()].into_iter();
            let all = first.chain(patterns.0.iter().cloned());
            self.entries.push((Patterns(all.collect()), nested.clone()));
        }
        self.entries.push((Patterns(vec![pattern]), router));
        self.index();
    }

    /// Adds the nested routers of another router, behind those that are here.
    pub(super) fn append(&mut self, other: &NestedRouters) {
        self.entries.extend(other.entries.iter().cloned());
        self.index();
    }

    /// Puts a plug around the routes of every nested router.
    pub(super) fn layer<P: Plug>(&mut self, layer: &Layer<P>) {
        for (_, router) in &mut self.entries {
            *router = router.layered(layer);
        }
    }

    fn index(&mut self) {
        self.set = PatternSet::new(self.entries.iter().map(|(patterns, _)| patterns.0.first()));
    }

    /// Says which router takes requests with this Request-URI.
    pub(super) fn router_of(&self, uri: &Uri) -> RouterId {
        if self.entries.is_empty() {
            return RouterId::default();
        }
        let index = self.set.candidates(uri).find(|index| {
            let (patterns, _) = &self.entries[*index];
            patterns.0.iter().all(|pattern| pattern.matches(uri).is_some())
        });
        RouterId(index.map_or(0, |index| index as u32 + 1))
    }

    /// Returns the nested router of that name; `None` for the outermost one.
    pub(super) fn get(&self, id: RouterId) -> Option<&FlatRouter> {
        let index = (id.0 as usize).checked_sub(1)?;
        Some(&self.entries.get(index)?.1)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(Patterns, FlatRouter)> {
        self.entries.iter()
    }
}

impl fmt::Display for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, pattern) in self.0.iter().enumerate() {
            write!(f, "{}{pattern}", if index > 0 { " and " } else { "" })?;
        }
        Ok(())
    }
}
