//! Requests (RFC 3261 §7.1).

use std::fmt;

use bytes::Bytes;

use crate::header::TypedHeader;
use crate::{HeaderName, Headers, Limits, Method, ParseError, Uri};

/// A request: method, Request-URI, headers and body.
#[derive(Clone)]
pub struct Request {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: Headers,
    pub(super) body: Bytes,
}

#[allow(unused_variables, missing_docs)]
impl Request {
    pub fn new(method: Method, uri: Uri) -> Self {
        todo!()
    }
    pub fn parse(datagram: impl Into<Bytes>) -> Result<Self, ParseError> {
        todo!()
    }
    pub fn parse_with(datagram: impl Into<Bytes>, limits: &Limits) -> Result<Self, ParseError> {
        todo!()
    }
    pub fn method(&self) -> &Method {
        &self.method
    }
    pub fn uri(&self) -> &Uri {
        &self.uri
    }
    pub fn set_uri(&mut self, uri: Uri) {
        self.uri = uri;
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
    pub fn salvage(bytes: &Bytes) -> Option<Request> {
        todo!()
    }
}

impl fmt::Display for Request {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}
