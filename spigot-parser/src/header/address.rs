//! skeleton
#![allow(unused)]
use super::{Field, Shape, TypedHeader};
use crate::{HeaderName, Host, Method, NameAddr, ParseError, Params, Uri};
use bytestring::ByteString;
use std::borrow::Cow;
/// From
#[derive(Clone)]
pub struct From { address: NameAddr }
impl From {
    pub fn name_addr(&self) -> &NameAddr { todo!() }
    pub fn display_name(&self) -> Option<Cow<'_, str>> { todo!() }
    pub fn uri(&self) -> &Uri { todo!() }
    pub fn params(&self) -> Params<'_> { todo!() }
    pub fn param(&self, name: &str) -> Option<Option<&str>> { todo!() }
    pub fn new(uri: Uri) -> Self { todo!() }
    pub fn with_display_name(self, name: &str) -> Result<Self, ParseError> { todo!() }
    pub fn with_param(self, name: &str, value: Option<&str>) -> Result<Self, ParseError> { todo!() }
    pub fn tag(&self) -> Option<&str> { todo!() }
    pub fn with_tag(self, tag: &str) -> Result<Self, ParseError> { todo!() }
}
impl TypedHeader for From {
    const NAME: HeaderName = HeaderName::FROM; const SHAPE: Shape = Shape::Single;
    fn parse(value: Field<'_>) -> Result<Self, ParseError> { todo!() }
    fn write(&self, out: &mut String) { todo!() }
}
impl std::str::FromStr for From { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { <Self as TypedHeader>::parse(Field::new(s)) } }
impl std::fmt::Display for From { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { let mut s = String::new(); self.write(&mut s); f.write_str(&s) } }
impl std::fmt::Debug for From { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) } }
impl PartialEq for From { fn eq(&self, other: &Self) -> bool { todo!() } }
impl std::convert::From<NameAddr> for From { fn from(address: NameAddr) -> Self { From { address } } }
/// To
#[derive(Clone)]
pub struct To { address: NameAddr }
impl To {
    pub fn name_addr(&self) -> &NameAddr { todo!() }
    pub fn display_name(&self) -> Option<Cow<'_, str>> { todo!() }
    pub fn uri(&self) -> &Uri { todo!() }
    pub fn params(&self) -> Params<'_> { todo!() }
    pub fn param(&self, name: &str) -> Option<Option<&str>> { todo!() }
    pub fn new(uri: Uri) -> Self { todo!() }
    pub fn with_display_name(self, name: &str) -> Result<Self, ParseError> { todo!() }
    pub fn with_param(self, name: &str, value: Option<&str>) -> Result<Self, ParseError> { todo!() }
    pub fn tag(&self) -> Option<&str> { todo!() }
    pub fn with_tag(self, tag: &str) -> Result<Self, ParseError> { todo!() }
}
impl TypedHeader for To {
    const NAME: HeaderName = HeaderName::TO; const SHAPE: Shape = Shape::Single;
    fn parse(value: Field<'_>) -> Result<Self, ParseError> { todo!() }
    fn write(&self, out: &mut String) { todo!() }
}
impl std::str::FromStr for To { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { <Self as TypedHeader>::parse(Field::new(s)) } }
impl std::fmt::Display for To { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { let mut s = String::new(); self.write(&mut s); f.write_str(&s) } }
impl std::fmt::Debug for To { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) } }
impl PartialEq for To { fn eq(&self, other: &Self) -> bool { todo!() } }
impl std::convert::From<NameAddr> for To { fn from(address: NameAddr) -> Self { To { address } } }
/// Route
#[derive(Clone)]
pub struct Route { address: NameAddr }
impl Route {
    pub fn name_addr(&self) -> &NameAddr { todo!() }
    pub fn display_name(&self) -> Option<Cow<'_, str>> { todo!() }
    pub fn uri(&self) -> &Uri { todo!() }
    pub fn params(&self) -> Params<'_> { todo!() }
    pub fn param(&self, name: &str) -> Option<Option<&str>> { todo!() }
    pub fn new(uri: Uri) -> Self { todo!() }
    pub fn with_display_name(self, name: &str) -> Result<Self, ParseError> { todo!() }
    pub fn with_param(self, name: &str, value: Option<&str>) -> Result<Self, ParseError> { todo!() }
}
impl TypedHeader for Route {
    const NAME: HeaderName = HeaderName::ROUTE; const SHAPE: Shape = Shape::List;
    fn parse(value: Field<'_>) -> Result<Self, ParseError> { todo!() }
    fn write(&self, out: &mut String) { todo!() }
}
impl std::str::FromStr for Route { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { <Self as TypedHeader>::parse(Field::new(s)) } }
impl std::fmt::Display for Route { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { let mut s = String::new(); self.write(&mut s); f.write_str(&s) } }
impl std::fmt::Debug for Route { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) } }
impl PartialEq for Route { fn eq(&self, other: &Self) -> bool { todo!() } }
impl std::convert::From<NameAddr> for Route { fn from(address: NameAddr) -> Self { Route { address } } }
/// RecordRoute
#[derive(Clone)]
pub struct RecordRoute { address: NameAddr }
impl RecordRoute {
    pub fn name_addr(&self) -> &NameAddr { todo!() }
    pub fn display_name(&self) -> Option<Cow<'_, str>> { todo!() }
    pub fn uri(&self) -> &Uri { todo!() }
    pub fn params(&self) -> Params<'_> { todo!() }
    pub fn param(&self, name: &str) -> Option<Option<&str>> { todo!() }
    pub fn new(uri: Uri) -> Self { todo!() }
    pub fn with_display_name(self, name: &str) -> Result<Self, ParseError> { todo!() }
    pub fn with_param(self, name: &str, value: Option<&str>) -> Result<Self, ParseError> { todo!() }
}
impl TypedHeader for RecordRoute {
    const NAME: HeaderName = HeaderName::RECORD_ROUTE; const SHAPE: Shape = Shape::List;
    fn parse(value: Field<'_>) -> Result<Self, ParseError> { todo!() }
    fn write(&self, out: &mut String) { todo!() }
}
impl std::str::FromStr for RecordRoute { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { <Self as TypedHeader>::parse(Field::new(s)) } }
impl std::fmt::Display for RecordRoute { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { let mut s = String::new(); self.write(&mut s); f.write_str(&s) } }
impl std::fmt::Debug for RecordRoute { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) } }
impl PartialEq for RecordRoute { fn eq(&self, other: &Self) -> bool { todo!() } }
impl std::convert::From<NameAddr> for RecordRoute { fn from(address: NameAddr) -> Self { RecordRoute { address } } }
