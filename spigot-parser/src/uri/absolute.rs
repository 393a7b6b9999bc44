//! absolute
use bytestring::ByteString;
use crate::{ParseError, header::Field};

/// A URI of a scheme that SIP gives no meaning to (RFC 3261 §25.1, `absoluteURI`).
#[derive(Clone)]
pub struct AbsoluteUri { text: ByteString }
impl AbsoluteUri {
    pub fn parse(field: Field<'_>) -> Result<AbsoluteUri, ParseError> { todo!() }
    pub fn as_str(&self) -> &str { todo!() }
    pub fn scheme(&self) -> &str { todo!() }
    /// What follows the scheme and its colon.
    pub fn opaque(&self) -> &str { todo!() }
}
impl PartialEq for AbsoluteUri { fn eq(&self, other: &AbsoluteUri) -> bool { todo!() } }

impl std::str::FromStr for AbsoluteUri { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { AbsoluteUri::parse(Field::new(s)) } }
impl std::fmt::Display for AbsoluteUri { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) } }
impl std::fmt::Debug for AbsoluteUri { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) } }
