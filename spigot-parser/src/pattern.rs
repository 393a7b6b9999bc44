//! pattern
use crate::{ParseError, Uri};
/// A pattern that URIs are matched against.
#[derive(Clone, Debug)]
pub struct Pattern { text: String }
impl Pattern {
    pub fn parse(text: &str) -> Result<Pattern, ParseError> { todo!() }
    pub fn as_str(&self) -> &str { todo!() }
    pub fn captures(&self) -> impl Iterator<Item = &str> + '_ { std::iter::empty() }
    pub fn matches<'u>(&self, uri: &'u Uri) -> Option<Captures<'_, 'u>> { todo!() }
    /// `*`.
    pub fn is_catch_all(&self) -> bool { todo!() }
    /// `None` for `*`.
    pub fn scheme(&self) -> Option<&str> { todo!() }
    /// True only if every URI that `other` matches is certainly matched by this one.
    pub fn covers(&self, other: &Pattern) -> bool { todo!() }
}
/// What the captures of a pattern took from a URI.
#[derive(Clone, Debug)]
pub struct Captures<'p, 'u> { values: Vec<(&'p str, std::borrow::Cow<'u, str>)> }
impl<'p, 'u> Captures<'p, 'u> {
    pub fn get(&self, name: &str) -> Option<&str> { todo!() }
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> + '_ { std::iter::empty() }
    pub fn len(&self) -> usize { todo!() }
    pub fn is_empty(&self) -> bool { todo!() }
}
