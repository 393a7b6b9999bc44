//! The headers of a message: an index into its head, and lines that were added.

use bytestring::ByteString;

use crate::header::TypedHeader;
use crate::{HeaderName, ParseError};

/// The header lines of a message, in order.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    head: ByteString,
}

/// One header line.
#[derive(Clone, Copy, Debug)]
pub struct HeaderField<'a> {
    headers: &'a Headers,
}

impl<'a> HeaderField<'a> {
    /// The name.
    pub fn name(&self) -> HeaderName {
        todo!()
    }
    /// The name as it is spelled in the message.
    pub fn raw_name(&self) -> &'a str {
        todo!()
    }
    /// The value, unfolded and trimmed.
    pub fn value(&self) -> &'a str {
        todo!()
    }
    /// Whether the line has that name.
    pub fn is(&self, _name: &HeaderName) -> bool {
        todo!()
    }
}

#[allow(unused_variables, missing_docs)]
impl Headers {
    pub fn len(&self) -> usize {
        todo!()
    }
    pub fn is_empty(&self) -> bool {
        todo!()
    }
    pub fn iter(&self) -> impl Iterator<Item = HeaderField<'_>> + Clone {
        std::iter::empty()
    }
    pub fn get(&self, name: &HeaderName) -> Option<&str> {
        todo!()
    }
    pub fn get_all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a str> + Clone {
        std::iter::empty()
    }
    pub fn contains(&self, name: &HeaderName) -> bool {
        todo!()
    }
    pub fn typed<H: TypedHeader>(&self) -> Result<Option<H>, ParseError> {
        todo!()
    }
    pub fn all<H: TypedHeader>(&self) -> impl Iterator<Item = Result<H, ParseError>> + use<'_, H> {
        std::iter::empty()
    }
    pub fn push<N>(&mut self, name: N, value: &str) -> Result<(), ParseError>
    where
        N: TryInto<HeaderName>,
        ParseError: From<N::Error>,
    {
        todo!()
    }
    pub fn push_first<N>(&mut self, name: N, value: &str) -> Result<(), ParseError>
    where
        N: TryInto<HeaderName>,
        ParseError: From<N::Error>,
    {
        todo!()
    }
    pub fn set<N>(&mut self, name: N, value: &str) -> Result<(), ParseError>
    where
        N: TryInto<HeaderName>,
        ParseError: From<N::Error>,
    {
        todo!()
    }
    pub fn remove(&mut self, name: &HeaderName) -> usize {
        todo!()
    }
    pub fn push_typed<H: TypedHeader>(&mut self, header: &H) {
        todo!()
    }
    pub fn push_first_typed<H: TypedHeader>(&mut self, header: &H) {
        todo!()
    }
    pub fn set_typed<H: TypedHeader>(&mut self, header: &H) {
        todo!()
    }
    pub fn pop_first<H: TypedHeader>(&mut self) -> Result<Option<H>, ParseError> {
        todo!()
    }
    pub fn replace_first<H: TypedHeader>(&mut self, header: &H) -> Result<(), ParseError> {
        todo!()
    }
    pub fn copy_from(&mut self, other: &Headers, name: &HeaderName) {
        todo!()
    }
}
