//! skeleton
#![allow(unused)]
use super::{Field, Shape, TypedHeader};
use crate::{HeaderName, Host, Method, NameAddr, ParseError, Params, Uri};
use bytestring::ByteString;
use std::borrow::Cow;
/// Accept
#[derive(Clone)]
pub struct Accept { text: ByteString }
impl Accept {
    pub fn new<'a>(ranges: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Accept, ParseError> { todo!() }
    pub fn allows(&self, kind: &str, subtype: &str) -> bool { todo!() }
    pub fn is_empty(&self) -> bool { todo!() }
    pub fn ranges(&self) -> impl Iterator<Item = MediaRange<'_>> + '_ { std::iter::empty() }
}
impl TypedHeader for Accept {
    const NAME: HeaderName = HeaderName::ACCEPT; const SHAPE: Shape = Shape::Joined;
    fn parse(value: Field<'_>) -> Result<Self, ParseError> { todo!() }
    fn write(&self, out: &mut String) { todo!() }
}
impl std::str::FromStr for Accept { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { <Self as TypedHeader>::parse(Field::new(s)) } }
impl std::fmt::Display for Accept { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { let mut s = String::new(); self.write(&mut s); f.write_str(&s) } }
impl std::fmt::Debug for Accept { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) } }
impl PartialEq for Accept { fn eq(&self, other: &Self) -> bool { todo!() } }
/// One media range.
#[derive(Clone, Debug)]
pub struct MediaRange<'a> { text: &'a str }
impl<'a> MediaRange<'a> {
    pub fn kind(&self) -> &'a str { todo!() }
    pub fn subtype(&self) -> &'a str { todo!() }
    pub fn q(&self) -> f32 { todo!() }
    pub fn params(&self) -> Params<'a> { todo!() }
    pub fn matches(&self, kind: &str, subtype: &str) -> bool { todo!() }
}
