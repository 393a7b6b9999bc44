//! params
use std::borrow::Cow;
/// The parameters of a value: an iterator over (name, value), as written.
#[derive(Clone)]
pub struct Params<'a> { rest: &'a str }
impl<'a> Params<'a> {
    /// Name without case. `Some(None)` is a parameter without a value.
    pub fn get(&self, name: &str) -> Option<Option<&'a str>> { todo!() }
    /// The value, unquoted or unescaped.
    pub fn value(&self, name: &str) -> Option<Cow<'a, str>> { todo!() }
    pub fn contains(&self, name: &str) -> bool { todo!() }
    pub fn is_empty(&self) -> bool { todo!() }
    pub fn as_str(&self) -> &'a str { self.rest }
}
impl<'a> Iterator for Params<'a> { type Item = (&'a str, Option<&'a str>); fn next(&mut self) -> Option<Self::Item> { todo!() } }
impl std::fmt::Debug for Params<'_> { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) } }
