//! skeleton
#![allow(unused)]
use super::{Field, Shape, TypedHeader};
use crate::{HeaderName, Host, Method, NameAddr, ParseError, Params, Uri};
use bytestring::ByteString;
use std::borrow::Cow;
/// CallId
#[derive(Clone)]
pub struct CallId { text: ByteString }
impl CallId {
    pub fn new(id: &str) -> Result<CallId, ParseError> { todo!() }
    pub fn as_str(&self) -> &str { todo!() }
}
impl TypedHeader for CallId {
    const NAME: HeaderName = HeaderName::CALL_ID; const SHAPE: Shape = Shape::Single;
    fn parse(value: Field<'_>) -> Result<Self, ParseError> { todo!() }
    fn write(&self, out: &mut String) { todo!() }
}
impl std::str::FromStr for CallId { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { <Self as TypedHeader>::parse(Field::new(s)) } }
impl std::fmt::Display for CallId { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { let mut s = String::new(); self.write(&mut s); f.write_str(&s) } }
impl std::fmt::Debug for CallId { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) } }
impl PartialEq for CallId { fn eq(&self, other: &Self) -> bool { todo!() } }
