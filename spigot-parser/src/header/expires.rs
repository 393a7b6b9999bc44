//! skeleton
#![allow(unused)]
use super::{Field, Shape, TypedHeader};
use crate::{HeaderName, Host, Method, NameAddr, ParseError, Params, Uri};
use bytestring::ByteString;
use std::borrow::Cow;
/// Expires
#[derive(Clone)]
pub struct Expires { seconds: u32 }
impl Expires {
    pub fn new(seconds: u32) -> Expires { todo!() }
    pub fn seconds(&self) -> u32 { todo!() }
}
impl TypedHeader for Expires {
    const NAME: HeaderName = HeaderName::EXPIRES; const SHAPE: Shape = Shape::Single;
    fn parse(value: Field<'_>) -> Result<Self, ParseError> { todo!() }
    fn write(&self, out: &mut String) { todo!() }
}
impl std::str::FromStr for Expires { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { <Self as TypedHeader>::parse(Field::new(s)) } }
impl std::fmt::Display for Expires { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { let mut s = String::new(); self.write(&mut s); f.write_str(&s) } }
impl std::fmt::Debug for Expires { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) } }
impl PartialEq for Expires { fn eq(&self, other: &Self) -> bool { todo!() } }
/// MinExpires
#[derive(Clone)]
pub struct MinExpires { seconds: u32 }
impl MinExpires {
    pub fn new(seconds: u32) -> MinExpires { todo!() }
    pub fn seconds(&self) -> u32 { todo!() }
}
impl TypedHeader for MinExpires {
    const NAME: HeaderName = HeaderName::MIN_EXPIRES; const SHAPE: Shape = Shape::Single;
    fn parse(value: Field<'_>) -> Result<Self, ParseError> { todo!() }
    fn write(&self, out: &mut String) { todo!() }
}
impl std::str::FromStr for MinExpires { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { <Self as TypedHeader>::parse(Field::new(s)) } }
impl std::fmt::Display for MinExpires { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { let mut s = String::new(); self.write(&mut s); f.write_str(&s) } }
impl std::fmt::Debug for MinExpires { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) } }
impl PartialEq for MinExpires { fn eq(&self, other: &Self) -> bool { todo!() } }
