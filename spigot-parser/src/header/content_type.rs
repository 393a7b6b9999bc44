//! skeleton
#![allow(unused)]
use super::{Field, Shape, TypedHeader};
use crate::{HeaderName, Host, Method, NameAddr, ParseError, Params, Uri};
use bytestring::ByteString;
use std::borrow::Cow;
/// ContentType
#[derive(Clone)]
pub struct ContentType { text: ByteString }
impl ContentType {
    pub fn new(kind: &str, subtype: &str) -> Result<ContentType, ParseError> { todo!() }
    pub fn kind(&self) -> &str { todo!() }
    pub fn subtype(&self) -> &str { todo!() }
    pub fn is(&self, kind: &str, subtype: &str) -> bool { todo!() }
    pub fn params(&self) -> Params<'_> { todo!() }
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> { todo!() }
    pub fn with_param(self, name: &str, value: &str) -> Result<ContentType, ParseError> { todo!() }
}
impl TypedHeader for ContentType {
    const NAME: HeaderName = HeaderName::CONTENT_TYPE; const SHAPE: Shape = Shape::Single;
    fn parse(value: Field<'_>) -> Result<Self, ParseError> { todo!() }
    fn write(&self, out: &mut String) { todo!() }
}
impl std::str::FromStr for ContentType { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { <Self as TypedHeader>::parse(Field::new(s)) } }
impl std::fmt::Display for ContentType { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { let mut s = String::new(); self.write(&mut s); f.write_str(&s) } }
impl std::fmt::Debug for ContentType { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) } }
impl PartialEq for ContentType { fn eq(&self, other: &Self) -> bool { todo!() } }
