//! sip
use std::borrow::Cow;
use bytestring::ByteString;
use crate::{Host, ParseError, Params, header::Field};

/// A `sip:` or `sips:` URI (RFC 3261 §19.1.1).
#[derive(Clone)]
pub struct SipUri { text: ByteString }

impl SipUri {
    pub fn parse(field: Field<'_>) -> Result<SipUri, ParseError> { todo!() }
    pub fn new(secure: bool, host: &str) -> Result<SipUri, ParseError> { todo!() }
    pub fn as_str(&self) -> &str { todo!() }
    /// `sips:`.
    pub fn is_secure(&self) -> bool { todo!() }
    pub fn scheme(&self) -> &str { todo!() }
    /// As written, escapes and all.
    pub fn user(&self) -> Option<&str> { todo!() }
    /// Unescaped once.
    pub fn user_decoded(&self) -> Option<Cow<'_, str>> { todo!() }
    pub fn password(&self) -> Option<&str> { todo!() }
    pub fn host(&self) -> Host<'_> { todo!() }
    pub fn port(&self) -> Option<u16> { todo!() }
    pub fn params(&self) -> Params<'_> { todo!() }
    pub fn param(&self, name: &str) -> Option<Option<&str>> { todo!() }
    pub fn transport(&self) -> Option<&str> { todo!() }
    pub fn maddr(&self) -> Option<&str> { todo!() }
    /// The `lr` parameter.
    pub fn is_loose_route(&self) -> bool { todo!() }
    /// The headers after `?`, as (name, value) as written.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> + '_ { std::iter::empty() }
    /// `user` is plain text: what must be escaped is escaped.
    pub fn with_user(&self, user: &str) -> Result<SipUri, ParseError> { todo!() }
    pub fn without_user(&self) -> SipUri { todo!() }
    pub fn with_host(&self, host: &str) -> Result<SipUri, ParseError> { todo!() }
    pub fn with_port(&self, port: Option<u16>) -> SipUri { todo!() }
    /// Sets (or replaces) one parameter; the value is plain text.
    pub fn with_param(&self, name: &str, value: Option<&str>) -> Result<SipUri, ParseError> { todo!() }
    pub fn without_param(&self, name: &str) -> SipUri { todo!() }
    pub fn without_params(&self) -> SipUri { todo!() }
    pub fn without_headers(&self) -> SipUri { todo!() }
}
impl PartialEq for SipUri { fn eq(&self, other: &SipUri) -> bool { todo!() } }

impl std::str::FromStr for SipUri { type Err = ParseError; fn from_str(s: &str) -> Result<Self, ParseError> { SipUri::parse(Field::new(s)) } }
impl std::fmt::Display for SipUri { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) } }
impl std::fmt::Debug for SipUri { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) } }
