//! skeleton
#![allow(unused)]
use super::{Field, Shape, TypedHeader};
use crate::{HeaderName, Host, Method, NameAddr, ParseError, Params, Uri};
use bytestring::ByteString;
use std::borrow::Cow;
/// Supported
#[derive(Clone)]
pub struct Supported { text: ByteString }
impl Supported {
    pub fn new<'a>(tags: impl IntoIterator<Item = &'a str>) -> Result<Self, ParseError> { todo!() }
    pub fn contains(&self, tag: &str) -> bool { todo!() }
    pub fn is_empty(&self) -> bool { todo!() }
    pub fn tags(&self) -> impl Iterator<Item = &str> + '_ { std::iter::empty() }
}
impl TypedHeader for Supported {
    const NAME: HeaderName = HeaderName::SUPPORTED; const SHAPE: Shape = Shape::Joined;
    fn parse(value: Field<'_>) -> Result<Self, ParseError> { todo!() }
    fn write(&self, out: &mut String) { todo!() }
}
impl std::str::FromStr for Supported { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { <Self as TypedHeader>::parse(Field::new(s)) } }
impl std::fmt::Display for Supported { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { let mut s = String::new(); self.write(&mut s); f.write_str(&s) } }
impl std::fmt::Debug for Supported { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) } }
impl PartialEq for Supported { fn eq(&self, other: &Self) -> bool { todo!() } }
/// Require
#[derive(Clone)]
pub struct Require { text: ByteString }
impl Require {
    pub fn new<'a>(tags: impl IntoIterator<Item = &'a str>) -> Result<Self, ParseError> { todo!() }
    pub fn contains(&self, tag: &str) -> bool { todo!() }
    pub fn is_empty(&self) -> bool { todo!() }
    pub fn tags(&self) -> impl Iterator<Item = &str> + '_ { std::iter::empty() }
}
impl TypedHeader for Require {
    const NAME: HeaderName = HeaderName::REQUIRE; const SHAPE: Shape = Shape::Joined;
    fn parse(value: Field<'_>) -> Result<Self, ParseError> { todo!() }
    fn write(&self, out: &mut String) { todo!() }
}
impl std::str::FromStr for Require { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { <Self as TypedHeader>::parse(Field::new(s)) } }
impl std::fmt::Display for Require { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { let mut s = String::new(); self.write(&mut s); f.write_str(&s) } }
impl std::fmt::Debug for Require { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) } }
impl PartialEq for Require { fn eq(&self, other: &Self) -> bool { todo!() } }
/// ProxyRequire
#[derive(Clone)]
pub struct ProxyRequire { text: ByteString }
impl ProxyRequire {
    pub fn new<'a>(tags: impl IntoIterator<Item = &'a str>) -> Result<Self, ParseError> { todo!() }
    pub fn contains(&self, tag: &str) -> bool { todo!() }
    pub fn is_empty(&self) -> bool { todo!() }
    pub fn tags(&self) -> impl Iterator<Item = &str> + '_ { std::iter::empty() }
}
impl TypedHeader for ProxyRequire {
    const NAME: HeaderName = HeaderName::PROXY_REQUIRE; const SHAPE: Shape = Shape::Joined;
    fn parse(value: Field<'_>) -> Result<Self, ParseError> { todo!() }
    fn write(&self, out: &mut String) { todo!() }
}
impl std::str::FromStr for ProxyRequire { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { <Self as TypedHeader>::parse(Field::new(s)) } }
impl std::fmt::Display for ProxyRequire { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { let mut s = String::new(); self.write(&mut s); f.write_str(&s) } }
impl std::fmt::Debug for ProxyRequire { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) } }
impl PartialEq for ProxyRequire { fn eq(&self, other: &Self) -> bool { todo!() } }
/// Unsupported
#[derive(Clone)]
pub struct Unsupported { text: ByteString }
impl Unsupported {
    pub fn new<'a>(tags: impl IntoIterator<Item = &'a str>) -> Result<Self, ParseError> { todo!() }
    pub fn contains(&self, tag: &str) -> bool { todo!() }
    pub fn is_empty(&self) -> bool { todo!() }
    pub fn tags(&self) -> impl Iterator<Item = &str> + '_ { std::iter::empty() }
}
impl TypedHeader for Unsupported {
    const NAME: HeaderName = HeaderName::UNSUPPORTED; const SHAPE: Shape = Shape::Joined;
    fn parse(value: Field<'_>) -> Result<Self, ParseError> { todo!() }
    fn write(&self, out: &mut String) { todo!() }
}
impl std::str::FromStr for Unsupported { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { <Self as TypedHeader>::parse(Field::new(s)) } }
impl std::fmt::Display for Unsupported { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { let mut s = String::new(); self.write(&mut s); f.write_str(&s) } }
impl std::fmt::Debug for Unsupported { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) } }
impl PartialEq for Unsupported { fn eq(&self, other: &Self) -> bool { todo!() } }
