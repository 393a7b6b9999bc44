//! skeleton
#![allow(unused)]
use super::{Field, Shape, TypedHeader};
use crate::{HeaderName, Host, Method, NameAddr, ParseError, Params, Uri};
use bytestring::ByteString;
use std::borrow::Cow;
/// Allow
#[derive(Clone)]
pub struct Allow { text: ByteString }
impl Allow {
    pub fn new(methods: impl IntoIterator<Item = Method>) -> Allow { todo!() }
    pub fn methods(&self) -> impl Iterator<Item = Method> + '_ { std::iter::empty() }
    pub fn allows(&self, method: &Method) -> bool { todo!() }
}
impl TypedHeader for Allow {
    const NAME: HeaderName = HeaderName::ALLOW; const SHAPE: Shape = Shape::Joined;
    fn parse(value: Field<'_>) -> Result<Self, ParseError> { todo!() }
    fn write(&self, out: &mut String) { todo!() }
}
impl std::str::FromStr for Allow { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { <Self as TypedHeader>::parse(Field::new(s)) } }
impl std::fmt::Display for Allow { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { let mut s = String::new(); self.write(&mut s); f.write_str(&s) } }
impl std::fmt::Debug for Allow { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) } }
impl PartialEq for Allow { fn eq(&self, other: &Self) -> bool { todo!() } }
