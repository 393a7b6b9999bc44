//! skeleton
#![allow(unused)]
use super::{Field, Shape, TypedHeader};
use crate::{HeaderName, Host, Method, NameAddr, ParseError, Params, Uri};
use bytestring::ByteString;
use std::borrow::Cow;
/// UserAgent
#[derive(Clone)]
pub struct UserAgent { text: ByteString }
impl UserAgent {
    pub fn new(text: &str) -> Result<Self, ParseError> { todo!() }
    pub fn as_str(&self) -> &str { todo!() }
}
impl TypedHeader for UserAgent {
    const NAME: HeaderName = HeaderName::USER_AGENT; const SHAPE: Shape = Shape::Single;
    fn parse(value: Field<'_>) -> Result<Self, ParseError> { todo!() }
    fn write(&self, out: &mut String) { todo!() }
}
impl std::str::FromStr for UserAgent { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { <Self as TypedHeader>::parse(Field::new(s)) } }
impl std::fmt::Display for UserAgent { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { let mut s = String::new(); self.write(&mut s); f.write_str(&s) } }
impl std::fmt::Debug for UserAgent { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) } }
impl PartialEq for UserAgent { fn eq(&self, other: &Self) -> bool { todo!() } }
/// Server
#[derive(Clone)]
pub struct Server { text: ByteString }
impl Server {
    pub fn new(text: &str) -> Result<Self, ParseError> { todo!() }
    pub fn as_str(&self) -> &str { todo!() }
}
impl TypedHeader for Server {
    const NAME: HeaderName = HeaderName::SERVER; const SHAPE: Shape = Shape::Single;
    fn parse(value: Field<'_>) -> Result<Self, ParseError> { todo!() }
    fn write(&self, out: &mut String) { todo!() }
}
impl std::str::FromStr for Server { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { <Self as TypedHeader>::parse(Field::new(s)) } }
impl std::fmt::Display for Server { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { let mut s = String::new(); self.write(&mut s); f.write_str(&s) } }
impl std::fmt::Debug for Server { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) } }
impl PartialEq for Server { fn eq(&self, other: &Self) -> bool { todo!() } }
