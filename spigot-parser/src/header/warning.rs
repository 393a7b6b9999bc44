//! skeleton
#![allow(unused)]
use super::{Field, Shape, TypedHeader};
use crate::{HeaderName, Host, Method, NameAddr, ParseError, Params, Uri};
use bytestring::ByteString;
use std::borrow::Cow;
/// Warning
#[derive(Clone)]
pub struct Warning { text: ByteString }
impl Warning {
    pub fn new(code: u16, agent: &str, text: &str) -> Result<Warning, ParseError> { todo!() }
    pub fn code(&self) -> u16 { todo!() }
    pub fn agent(&self) -> &str { todo!() }
    pub fn text(&self) -> Cow<'_, str> { todo!() }
}
impl TypedHeader for Warning {
    const NAME: HeaderName = HeaderName::WARNING; const SHAPE: Shape = Shape::List;
    fn parse(value: Field<'_>) -> Result<Self, ParseError> { todo!() }
    fn write(&self, out: &mut String) { todo!() }
}
impl std::str::FromStr for Warning { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { <Self as TypedHeader>::parse(Field::new(s)) } }
impl std::fmt::Display for Warning { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { let mut s = String::new(); self.write(&mut s); f.write_str(&s) } }
impl std::fmt::Debug for Warning { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) } }
impl PartialEq for Warning { fn eq(&self, other: &Self) -> bool { todo!() } }
