//! skeleton
#![allow(unused)]
use super::{Field, Shape, TypedHeader};
use crate::{HeaderName, Host, Method, NameAddr, ParseError, Params, Uri};
use bytestring::ByteString;
use std::borrow::Cow;
/// MaxForwards
#[derive(Clone)]
pub struct MaxForwards { hops: u8 }
impl MaxForwards {
    pub fn new(hops: u8) -> MaxForwards { todo!() }
    pub fn hops(&self) -> u8 { todo!() }
    pub fn decremented(&self) -> Option<MaxForwards> { todo!() }
}
impl TypedHeader for MaxForwards {
    const NAME: HeaderName = HeaderName::MAX_FORWARDS; const SHAPE: Shape = Shape::Single;
    fn parse(value: Field<'_>) -> Result<Self, ParseError> { todo!() }
    fn write(&self, out: &mut String) { todo!() }
}
impl std::str::FromStr for MaxForwards { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { <Self as TypedHeader>::parse(Field::new(s)) } }
impl std::fmt::Display for MaxForwards { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { let mut s = String::new(); self.write(&mut s); f.write_str(&s) } }
impl std::fmt::Debug for MaxForwards { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) } }
impl PartialEq for MaxForwards { fn eq(&self, other: &Self) -> bool { todo!() } }
