//! URIs: what they are made of, and when two of them are the same.
//!
//! The one invariant: a URI that exists is well formed, and printing it prints the octets it was parsed from. Each kind
//! owns one text and the places of its parts in it, so that parsing, cloning and printing copy nothing.

mod absolute;
mod equality;
mod sip;
mod tel;

pub use absolute::AbsoluteUri;
pub use sip::SipUri;
pub use tel::TelUri;

use crate::{Host, ParseError, Params};
use crate::header::Field;

/// Any URI that SIP carries.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Uri {
    /// `sip:` and `sips:` (RFC 3261 §19.1).
    Sip(SipUri),
    /// `tel:` (RFC 3966).
    Tel(TelUri),
    /// Every other scheme: kept, compared and printed as text.
    Other(AbsoluteUri),
}

impl Uri {
    /// Parses a URI out of a field, sharing the field's text.
    pub fn parse(field: Field<'_>) -> Result<Uri, ParseError> { todo!() }
    /// The scheme as written: `sip`, `sips`, `tel` ...
    pub fn scheme(&self) -> &str { todo!() }
    /// The text of the URI.
    pub fn as_str(&self) -> &str { todo!() }
    /// The SIP or SIPS URI, if it is one.
    pub fn as_sip(&self) -> Option<&SipUri> { todo!() }
    /// The telephone number, if it is one.
    pub fn as_tel(&self) -> Option<&TelUri> { todo!() }
    /// The user part as written.
    pub fn user(&self) -> Option<&str> { todo!() }
    /// The host.
    pub fn host(&self) -> Option<&str> { todo!() }
    /// The URI parameters.
    pub fn params(&self) -> Params<'_> { todo!() }
}

impl std::str::FromStr for Uri { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { Uri::parse(Field::new(s)) } }
impl std::fmt::Display for Uri { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) } }
impl std::fmt::Debug for Uri { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) } }
