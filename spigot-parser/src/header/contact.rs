//! skeleton
#![allow(unused)]
use super::{Field, Shape, TypedHeader};
use crate::{HeaderName, Host, Method, NameAddr, ParseError, Params, Uri};
use bytestring::ByteString;
use std::borrow::Cow;
/// Contact
#[derive(Clone)]
#[non_exhaustive]
pub enum Contact { /** `*` */ Any, /** an address */ Address(NameAddr) }
impl Contact {
    pub fn new(uri: Uri) -> Contact { todo!() }
    pub fn address(&self) -> Option<&NameAddr> { todo!() }
    pub fn uri(&self) -> Option<&Uri> { todo!() }
    pub fn is_any(&self) -> bool { todo!() }
    pub fn param(&self, name: &str) -> Option<Option<&str>> { todo!() }
    pub fn params(&self) -> Params<'_> { todo!() }
    pub fn display_name(&self) -> Option<Cow<'_, str>> { todo!() }
    pub fn expires(&self) -> Option<u32> { todo!() }
    pub fn q(&self) -> Option<f32> { todo!() }
    pub fn with_expires(self, seconds: u32) -> Contact { todo!() }
    pub fn with_q(self, q: f32) -> Result<Contact, ParseError> { todo!() }
    pub fn with_display_name(self, name: &str) -> Result<Contact, ParseError> { todo!() }
    pub fn with_param(self, name: &str, value: Option<&str>) -> Result<Contact, ParseError> { todo!() }
}
impl TypedHeader for Contact {
    const NAME: HeaderName = HeaderName::CONTACT; const SHAPE: Shape = Shape::List;
    fn parse(value: Field<'_>) -> Result<Self, ParseError> { todo!() }
    fn write(&self, out: &mut String) { todo!() }
}
impl std::str::FromStr for Contact { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { <Self as TypedHeader>::parse(Field::new(s)) } }
impl std::fmt::Display for Contact { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { let mut s = String::new(); self.write(&mut s); f.write_str(&s) } }
impl std::fmt::Debug for Contact { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) } }
impl PartialEq for Contact { fn eq(&self, other: &Self) -> bool { todo!() } }
