//! host
use std::net::IpAddr;
use crate::ParseError;
/// A host as text.
#[derive(Clone, Copy)]
pub struct Host<'a>(&'a str);
impl<'a> Host<'a> {
    pub fn parse(text: &'a str) -> Result<Host<'a>, ParseError> { todo!() }
    pub fn as_str(&self) -> &'a str { todo!() }
    /// The address, if it is one; brackets are taken off.
    pub fn ip(&self) -> Option<IpAddr> { todo!() }
}
impl PartialEq for Host<'_> { fn eq(&self, other: &Self) -> bool { todo!() } }
impl PartialEq<str> for Host<'_> { fn eq(&self, other: &str) -> bool { todo!() } }
impl PartialEq<&str> for Host<'_> { fn eq(&self, other: &&str) -> bool { todo!() } }
impl std::fmt::Display for Host<'_> { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) } }
impl std::fmt::Debug for Host<'_> { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) } }
