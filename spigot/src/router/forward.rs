//! Routers that take the requests of some Request-URIs from another.
//!
//! Invariant: the list is flat. A router that was forwarded to and forwards in turn has its own entries here, each with all
//! the patterns that lead there.

use std::fmt;

use super::section::Section;
use crate::sip::{Pattern, PatternSet, Uri};

/// Which of the routers that a [`Router`](super::Router) is composed of a request goes to, and so does what comes later in
/// the dialog that it opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Home(u32);

impl Home {
    /// What can be noted beside a dialog; 0 is the router itself.
    pub(crate) fn label(self) -> u32 {
        self.0
    }

    /// The home of that label.
    pub(crate) fn of(label: u32) -> Home {
        Home(label)
    }
}

/// A pattern, or the text of one that is written in the program.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no pattern",
    label = "expected a pattern such as `\"sip:*@conference.example.com\"`"
)]
pub trait IntoPattern {
    /// The pattern.
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

/// Where requests go instead, in the order in which that was said.
#[derive(Clone, Debug, Default)]
pub(super) struct Forwards {
    entries: Vec<(Conditions, Section)>,
    /// Which of them can match, by the first pattern of each.
    set: PatternSet,
}

/// Patterns that a Request-URI must all match. There is at least one.
#[derive(Clone, Debug)]
pub(super) struct Conditions(Vec<Pattern>);

impl Forwards {
    /// Adds a router and those that it forwards to, which come first for their patterns.
    pub(super) fn push(&mut self, pattern: Pattern, to: Section, further: &Forwards) {
        for (conditions, section) in &further.entries {
            let first = [pattern.clone()].into_iter();
            let all = first.chain(conditions.0.iter().cloned());
            self.entries.push((Conditions(all.collect()), section.clone()));
        }
        self.entries.push((Conditions(vec![pattern]), to));
        self.index();
    }

    /// Adds those of another router, behind those that are here.
    pub(super) fn append(&mut self, other: &Forwards) {
        self.entries.extend(other.entries.iter().cloned());
        self.index();
    }

    fn index(&mut self) {
        self.set = PatternSet::new(self.entries.iter().map(|(conditions, _)| conditions.0.first()));
    }

    /// Where a request with this Request-URI goes.
    pub(super) fn home(&self, uri: &Uri) -> Home {
        if self.entries.is_empty() {
            return Home::default();
        }
        let place = self.set.candidates(uri).find(|place| {
            let (conditions, _) = &self.entries[*place];
            conditions.0.iter().all(|pattern| pattern.matches(uri).is_some())
        });
        Home(place.map_or(0, |place| place as u32 + 1))
    }

    /// What is there; `None` for the router itself.
    pub(super) fn get(&self, home: Home) -> Option<&Section> {
        let place = (home.0 as usize).checked_sub(1)?;
        Some(&self.entries.get(place)?.1)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(Conditions, Section)> {
        self.entries.iter()
    }
}

impl fmt::Display for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, pattern) in self.0.iter().enumerate() {
            write!(f, "{}{pattern}", if index > 0 { " and " } else { "" })?;
        }
        Ok(())
    }
}
