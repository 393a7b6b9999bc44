//! Responses (RFC 3261 §7.2).

use std::fmt;

use bytes::Bytes;
use bytestring::ByteString;

use crate::header::TypedHeader;
use crate::{HeaderName, Headers, Limits, ParseError, StatusCode};

/// A response: status, reason phrase, headers and body.
#[derive(Clone)]
pub struct Response {
    pub(super) status: StatusCode,
    pub(super) reason: ByteString,
    pub(super) headers: Headers,
    pub(super) body: Bytes,
}

#[allow(unused_variables, missing_docs)]
impl Response {
    pub fn new(status: StatusCode) -> Self {
        todo!()
    }
    pub fn parse(datagram: impl Into<Bytes>) -> Result<Self, ParseError> {
        todo!()
    }
    pub fn parse_with(datagram: impl Into<Bytes>, limits: &Limits) -> Result<Self, ParseError> {
        todo!()
    }
    pub fn status(&self) -> StatusCode {
        self.status
    }
    pub fn reason(&self) -> &str {
        &self.reason
    }
    pub fn with_reason(self, reason: &str) -> Result<Self, ParseError> {
        todo!()
    }
    pub fn headers(&self) -> &Headers {
        &self.headers
    }
    pub fn headers_mut(&mut self) -> &mut Headers {
        &mut self.headers
    }
    pub fn body(&self) -> &Bytes {
        &self.body
    }
    pub fn set_body(&mut self, content_type: &str, body: impl Into<Bytes>) -> Result<(), ParseError> {
        todo!()
    }
    pub fn clear_body(&mut self) {
        todo!()
    }
    pub fn with_header<N>(self, name: N, value: &str) -> Result<Self, ParseError>
    where
        N: TryInto<HeaderName>,
        ParseError: From<N::Error>,
    {
        todo!()
    }
    pub fn with<H: TypedHeader>(self, header: H) -> Self {
        todo!()
    }
    pub fn with_body(self, content_type: &str, body: impl Into<Bytes>) -> Result<Self, ParseError> {
        todo!()
    }
    pub fn to_bytes(&self) -> Bytes {
        todo!()
    }
    pub fn validate(&self) -> Result<(), ParseError> {
        todo!()
    }
}

impl fmt::Display for Response {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}
