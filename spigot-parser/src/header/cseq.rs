//! skeleton
#![allow(unused)]
use super::{Field, Shape, TypedHeader};
use crate::{HeaderName, Host, Method, NameAddr, ParseError, Params, Uri};
use bytestring::ByteString;
use std::borrow::Cow;
/// CSeq
#[derive(Clone)]
pub struct CSeq { number: u32, method: Method }
impl CSeq {
    pub fn new(number: u32, method: Method) -> Result<CSeq, ParseError> { todo!() }
    pub fn number(&self) -> u32 { todo!() }
    pub fn method(&self) -> &Method { todo!() }
}
impl TypedHeader for CSeq {
    const NAME: HeaderName = HeaderName::CSEQ; const SHAPE: Shape = Shape::Single;
    fn parse(value: Field<'_>) -> Result<Self, ParseError> { todo!() }
    fn write(&self, out: &mut String) { todo!() }
}
impl std::str::FromStr for CSeq { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { <Self as TypedHeader>::parse(Field::new(s)) } }
impl std::fmt::Display for CSeq { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { let mut s = String::new(); self.write(&mut s); f.write_str(&s) } }
impl std::fmt::Debug for CSeq { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) } }
impl PartialEq for CSeq { fn eq(&self, other: &Self) -> bool { todo!() } }
