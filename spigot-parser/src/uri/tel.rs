//! tel
use bytestring::ByteString;
use crate::{ParseError, Params, header::Field};

/// A `tel:` URI (RFC 3966).
#[derive(Clone)]
pub struct TelUri { text: ByteString }
impl TelUri {
    pub fn parse(field: Field<'_>) -> Result<TelUri, ParseError> { todo!() }
    /// A global (`+...`) number.
    pub fn new(number: &str) -> Result<TelUri, ParseError> { todo!() }
    pub fn as_str(&self) -> &str { todo!() }
    /// The number as written, visual separators and all.
    pub fn number(&self) -> &str { todo!() }
    /// The number without its visual separators.
    pub fn digits(&self) -> String { todo!() }
    pub fn is_global(&self) -> bool { todo!() }
    pub fn params(&self) -> Params<'_> { todo!() }
    pub fn param(&self, name: &str) -> Option<Option<&str>> { todo!() }
}
impl PartialEq for TelUri { fn eq(&self, other: &TelUri) -> bool { todo!() } }

impl std::str::FromStr for TelUri { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { TelUri::parse(Field::new(s)) } }
impl std::fmt::Display for TelUri { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) } }
impl std::fmt::Debug for TelUri { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) } }
