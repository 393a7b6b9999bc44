//! Responses (RFC 3261 §7.2).

use std::fmt;

use bytes::Bytes;
use bytestring::ByteString;

use super::content::content;
use super::write::check_content_type;
use super::{Headers, Message, write};
use crate::header::TypedHeader;
use crate::{ErrorKind, HeaderName, Limits, ParseError, StatusCode};

/// A response: status code, reason phrase, headers and body.
///
/// Cloning shares the text and copies the index.
///
/// ```
/// use spigot_parser::{Response, StatusCode};
///
/// let response = Response::new(StatusCode::NOT_FOUND).with_reason("Nobody here")?.with_header("X-Mine", "1")?;
/// assert_eq!(response.to_string(), "SIP/2.0 404 Nobody here\r\nX-Mine: 1\r\nContent-Length: 0\r\n\r\n");
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Response {
    pub(super) status: StatusCode,
    pub(super) reason: ByteString,
    pub(super) headers: Headers,
    pub(super) body: Bytes,
}

impl Response {
    /// A response with the usual reason phrase, without headers and body.
    pub fn new(status: StatusCode) -> Self {
        let reason = ByteString::from_static(status.reason());
        Response {
            status,
            reason,
            headers: Headers::default(),
            body: Bytes::new(),
        }
    }

    /// Parses one whole datagram; see [`Message::parse`].
    ///
    /// # Errors
    ///
    /// As [`Message::parse`], and [`ErrorKind::Status`] if it is a request.
    pub fn parse(datagram: impl Into<Bytes>) -> Result<Self, ParseError> {
        Response::parse_with(datagram, &Limits::DEFAULT)
    }

    /// Parses with other limits; see [`parse`](Response::parse).
    ///
    /// # Errors
    ///
    /// As [`parse`](Response::parse).
    pub fn parse_with(datagram: impl Into<Bytes>, limits: &Limits) -> Result<Self, ParseError> {
        match Message::parse_with(datagram, limits)? {
            Message::Response(response) => Ok(response),
            Message::Request(_) => Err(ParseError::new(ErrorKind::Status, 0, "a response")),
        }
    }

    /// The status code.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The reason phrase, for people to read; it may be empty.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The response with that reason phrase.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::StartLine`] if it holds a control character other than HTAB.
    pub fn with_reason(mut self, reason: &str) -> Result<Self, ParseError> {
        if let Some(at) = reason
            .bytes()
            .position(|octet| octet.is_ascii_control() && octet != b'\t')
        {
            return Err(ParseError::new(
                ErrorKind::StartLine,
                at,
                "no control character in a reason phrase",
            ));
        }
        self.reason = reason.into();
        Ok(self)
    }

    /// The response as it goes on the wire.
    ///
    /// Header lines that nobody touched are as they came, octet for octet. Content-Length is right whatever
    /// was there.
    pub fn to_bytes(&self) -> Bytes {
        let code = self.status.as_u16();
        let digits = [code / 100, code / 10 % 10, code % 10].map(|digit| b'0' + digit as u8);
        let code = std::str::from_utf8(&digits).unwrap_or_default();
        write::message(&["SIP/2.0", code, &self.reason], &self.headers, &self.body)
    }
}

content!(Response, "response");

/// The response as it goes on the wire, a body that is not UTF-8 with replacement characters.
impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}

/// The start line and the headers; of the body only its length, for bodies do not belong into logs.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status.as_u16())
            .field("reason", &self.reason)
            .field("headers", &self.headers)
            .field("body", &format_args!("{} octets", self.body.len()))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_line_is_written_as_it_was_read() {
        for line in ["SIP/2.0 200 OK", "SIP/2.0 100 ", "SIP/2.0 699 = 2**3 \u{444}\tx"] {
            let text = format!("{line}\r\nContent-Length: 0\r\n\r\n");
            assert_eq!(Response::parse(text.clone()).unwrap().to_bytes(), text);
        }
    }

    #[test]
    fn a_reason_cannot_begin_another_line() {
        let error = Response::new(StatusCode::OK)
            .with_reason("OK\r\nX: y")
            .unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::StartLine, 2));
    }

    #[test]
    fn a_request_is_no_response() {
        assert!(Response::parse("OPTIONS sip:a SIP/2.0\r\n\r\n").is_err());
    }
}
