//! skeleton
#![allow(unused)]
use super::{Field, Shape, TypedHeader};
use crate::{HeaderName, Host, Method, NameAddr, ParseError, Params, Uri};
use bytestring::ByteString;
use std::borrow::Cow;
/// Event
#[derive(Clone)]
pub struct Event { text: ByteString }
impl Event {
    pub fn new(package: &str) -> Result<Event, ParseError> { todo!() }
    pub fn package(&self) -> &str { todo!() }
    pub fn id(&self) -> Option<&str> { todo!() }
    pub fn with_id(self, id: &str) -> Result<Event, ParseError> { todo!() }
    pub fn param(&self, name: &str) -> Option<Option<&str>> { todo!() }
    pub fn params(&self) -> Params<'_> { todo!() }
    pub fn with_param(self, name: &str, value: Option<&str>) -> Result<Event, ParseError> { todo!() }
}
impl TypedHeader for Event {
    const NAME: HeaderName = HeaderName::EVENT; const SHAPE: Shape = Shape::Single;
    fn parse(value: Field<'_>) -> Result<Self, ParseError> { todo!() }
    fn write(&self, out: &mut String) { todo!() }
}
impl std::str::FromStr for Event { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { <Self as TypedHeader>::parse(Field::new(s)) } }
impl std::fmt::Display for Event { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { let mut s = String::new(); self.write(&mut s); f.write_str(&s) } }
impl std::fmt::Debug for Event { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) } }
impl PartialEq for Event { fn eq(&self, other: &Self) -> bool { todo!() } }
