//! skeleton
#![allow(unused)]
use super::{Field, Shape, TypedHeader};
use crate::{HeaderName, Host, Method, NameAddr, ParseError, Params, Uri};
use bytestring::ByteString;
use std::borrow::Cow;
/// ContentLength
#[derive(Clone)]
pub struct ContentLength { octets: u32 }
impl ContentLength {
    pub fn new(octets: u32) -> ContentLength { todo!() }
    pub fn octets(&self) -> u32 { todo!() }
}
impl TypedHeader for ContentLength {
    const NAME: HeaderName = HeaderName::CONTENT_LENGTH; const SHAPE: Shape = Shape::Single;
    fn parse(value: Field<'_>) -> Result<Self, ParseError> { todo!() }
    fn write(&self, out: &mut String) { todo!() }
}
impl std::str::FromStr for ContentLength { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { <Self as TypedHeader>::parse(Field::new(s)) } }
impl std::fmt::Display for ContentLength { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { let mut s = String::new(); self.write(&mut s); f.write_str(&s) } }
impl std::fmt::Debug for ContentLength { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) } }
impl PartialEq for ContentLength { fn eq(&self, other: &Self) -> bool { todo!() } }
