//! skeleton
#![allow(unused)]
use super::{Field, Shape, TypedHeader};
use crate::{HeaderName, Host, Method, NameAddr, ParseError, Params, Uri};
use bytestring::ByteString;
use std::borrow::Cow;
/// RetryAfter
#[derive(Clone)]
pub struct RetryAfter { seconds: u32, text: ByteString }
impl RetryAfter {
    pub fn new(seconds: u32) -> RetryAfter { todo!() }
    pub fn seconds(&self) -> u32 { todo!() }
    pub fn comment(&self) -> Option<&str> { todo!() }
    pub fn duration(&self) -> Option<u32> { todo!() }
    pub fn params(&self) -> Params<'_> { todo!() }
}
impl TypedHeader for RetryAfter {
    const NAME: HeaderName = HeaderName::RETRY_AFTER; const SHAPE: Shape = Shape::Single;
    fn parse(value: Field<'_>) -> Result<Self, ParseError> { todo!() }
    fn write(&self, out: &mut String) { todo!() }
}
impl std::str::FromStr for RetryAfter { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { <Self as TypedHeader>::parse(Field::new(s)) } }
impl std::fmt::Display for RetryAfter { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { let mut s = String::new(); self.write(&mut s); f.write_str(&s) } }
impl std::fmt::Debug for RetryAfter { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) } }
impl PartialEq for RetryAfter { fn eq(&self, other: &Self) -> bool { todo!() } }
