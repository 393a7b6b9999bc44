//! name-addr
use std::borrow::Cow;
use bytestring::ByteString;
use crate::{ParseError, Params, Uri, header::Field};
/// A URI with a display name and header parameters.
#[derive(Clone)]
pub struct NameAddr { text: ByteString, uri: Uri }
impl NameAddr {
    pub fn parse(field: Field<'_>) -> Result<NameAddr, ParseError> { todo!() }
    pub fn new(uri: Uri) -> NameAddr { todo!() }
    pub fn as_str(&self) -> &str { todo!() }
    pub fn display_name(&self) -> Option<Cow<'_, str>> { todo!() }
    pub fn uri(&self) -> &Uri { todo!() }
    pub fn params(&self) -> Params<'_> { todo!() }
    pub fn param(&self, name: &str) -> Option<Option<&str>> { todo!() }
    pub fn with_display_name(&self, name: &str) -> Result<NameAddr, ParseError> { todo!() }
    pub fn with_uri(&self, uri: Uri) -> NameAddr { todo!() }
    pub fn with_param(&self, name: &str, value: Option<&str>) -> Result<NameAddr, ParseError> { todo!() }
    pub fn without_param(&self, name: &str) -> NameAddr { todo!() }
    pub fn without_params(&self) -> NameAddr { todo!() }
}
impl PartialEq for NameAddr { fn eq(&self, other: &Self) -> bool { todo!() } }

impl std::str::FromStr for NameAddr { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { NameAddr::parse(Field::new(s)) } }
impl std::fmt::Display for NameAddr { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) } }
impl std::fmt::Debug for NameAddr { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) } }
