//! Requests (RFC 3261 §7.1).

use std::fmt;

use bytes::Bytes;

use super::content::content;
use super::write::check_content_type;
use super::{Headers, Message, write};
use crate::header::TypedHeader;
use crate::{ErrorKind, HeaderName, Limits, Method, ParseError, Uri};

/// A request: method, Request-URI, headers and body.
///
/// Cloning shares the text and copies the index. Handlers of `spigot` take another type, `spigot::Request`,
/// which dereferences to this one.
///
/// ```
/// use spigot_parser::{HeaderName, Method, Request};
///
/// let request = Request::new(Method::MESSAGE, "sip:bob@example.com".parse()?)
///     .with_header(HeaderName::CALL_ID, "7@a.example")?
///     .with_header("X-Mine", "yes")?
///     .with_body("text/plain", "Hello, Bob")?;
///
/// assert_eq!(
///     request.to_string(),
///     "MESSAGE sip:bob@example.com SIP/2.0\r\n\
///      Call-ID: 7@a.example\r\n\
///      X-Mine: yes\r\n\
///      Content-Type: text/plain\r\n\
///      Content-Length: 10\r\n\
///      \r\n\
///      Hello, Bob",
/// );
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Request {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: Headers,
    pub(super) body: Bytes,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: Method, uri: Uri) -> Self {
        Request {
            method,
            uri,
            headers: Headers::default(),
            body: Bytes::new(),
        }
    }

    /// Parses one whole datagram; see [`Message::parse`].
    ///
    /// # Errors
    ///
    /// As [`Message::parse`], and [`ErrorKind::StartLine`] if it is a response.
    pub fn parse(datagram: impl Into<Bytes>) -> Result<Self, ParseError> {
        Request::parse_with(datagram, &Limits::DEFAULT)
    }

    /// Parses with other limits; see [`parse`](Request::parse).
    ///
    /// # Errors
    ///
    /// As [`parse`](Request::parse).
    pub fn parse_with(datagram: impl Into<Bytes>, limits: &Limits) -> Result<Self, ParseError> {
        match Message::parse_with(datagram, limits)? {
            Message::Request(request) => Ok(request),
            Message::Response(_) => Err(ParseError::new(ErrorKind::StartLine, 0, "a request").in_response()),
        }
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The Request-URI.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Sets the Request-URI.
    pub fn set_uri(&mut self, uri: Uri) {
        self.uri = uri;
    }

    /// The request as it goes on the wire.
    ///
    /// Header lines that nobody touched are as they came, octet for octet. Content-Length is right whatever
    /// was there.
    pub fn to_bytes(&self) -> Bytes {
        write::message(
            &[self.method.as_str(), self.uri.as_str(), "SIP/2.0"],
            &self.headers,
            &self.body,
        )
    }
}

content!(Request, "request");

/// The request as it goes on the wire, a body that is not UTF-8 with replacement characters.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}

/// The start line and the headers; of the body only its length, for bodies do not belong into logs.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("uri", &self.uri)
            .field("headers", &self.headers)
            .field("body", &format_args!("{} octets", self.body.len()))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_no_request() {
        let error = Request::parse("SIP/2.0 200 OK\r\n\r\n").unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::StartLine, None));
    }

    #[test]
    fn a_body_brings_its_headers_and_takes_them_away() {
        let mut request = Request::new(Method::MESSAGE, "sip:a".parse().unwrap())
            .with_header(HeaderName::CONTENT_LENGTH, "0")
            .and_then(|request| request.with_header(HeaderName::CONTENT_ENCODING, "gzip"))
            .and_then(|request| request.with_body("text/plain", "hello"))
            .unwrap();
        assert_eq!(
            request.headers().get(&HeaderName::CONTENT_TYPE),
            Some("text/plain")
        );
        assert_eq!(request.headers().get(&HeaderName::CONTENT_LENGTH), Some("5"));
        assert!(!request.headers().contains(&HeaderName::CONTENT_ENCODING));
        for bad in ["no type\r\nX: y", "a/b\r\nX: y", "a/b;c=\"\\\0\"", "a/b;c=\"\0\""] {
            assert!(request.set_body(bad, "x").is_err(), "{bad:?}");
        }
        let long = format!("a/b;c={}", "x".repeat(65_536));
        assert!(request.set_body(&long, "x").is_err());
        assert_eq!(request.body(), "hello");
        request.clear_body();
        assert!(!request.headers().contains(&HeaderName::CONTENT_TYPE));
    }

    #[test]
    fn debug_shows_no_body() {
        let request = Request::new(Method::MESSAGE, "sip:a".parse().unwrap())
            .with_body("text/plain", "secret")
            .unwrap();
        let debug = format!("{request:?}");
        assert!(debug.contains("6 octets") && !debug.contains("secret"), "{debug}");
    }
}
