//! skeleton
#![allow(unused)]
use super::{Field, Shape, TypedHeader};
use crate::{HeaderName, Host, Method, NameAddr, ParseError, Params, Uri};
use bytestring::ByteString;
use std::borrow::Cow;
/// Via
#[derive(Clone)]
pub struct Via { text: ByteString }
impl Via {
    pub fn new(transport: &str, host: &str, port: Option<u16>) -> Result<Via, ParseError> { todo!() }
    pub fn transport(&self) -> &str { todo!() }
    pub fn host(&self) -> Host<'_> { todo!() }
    pub fn port(&self) -> Option<u16> { todo!() }
    pub fn sent_by(&self) -> &str { todo!() }
    pub fn branch(&self) -> Option<&str> { todo!() }
    pub fn received(&self) -> Option<&str> { todo!() }
    pub fn received_ip(&self) -> Option<std::net::IpAddr> { todo!() }
    pub fn rport(&self) -> Option<Option<u16>> { todo!() }
    pub fn maddr(&self) -> Option<&str> { todo!() }
    pub fn ttl(&self) -> Option<u8> { todo!() }
    pub fn param(&self, name: &str) -> Option<Option<&str>> { todo!() }
    pub fn params(&self) -> Params<'_> { todo!() }
    pub fn with_param(self, name: &str, value: Option<&str>) -> Result<Via, ParseError> { todo!() }
    pub fn without_param(self, name: &str) -> Via { todo!() }
    pub fn with_branch(self, branch: &str) -> Result<Via, ParseError> { todo!() }
}
impl TypedHeader for Via {
    const NAME: HeaderName = HeaderName::VIA; const SHAPE: Shape = Shape::List;
    fn parse(value: Field<'_>) -> Result<Self, ParseError> { todo!() }
    fn write(&self, out: &mut String) { todo!() }
}
impl std::str::FromStr for Via { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { <Self as TypedHeader>::parse(Field::new(s)) } }
impl std::fmt::Display for Via { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { let mut s = String::new(); self.write(&mut s); f.write_str(&s) } }
impl std::fmt::Debug for Via { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) } }
impl PartialEq for Via { fn eq(&self, other: &Self) -> bool { todo!() } }
