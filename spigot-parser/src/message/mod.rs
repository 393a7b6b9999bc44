//! Messages: one text and an index into it, read and written.
//!
//! Invariant: what nobody changed is written as it came, octet for octet and in its order. A response that
//! is no good text is the one exception.

mod body_length;
mod content;
mod essentials;
mod fold;
mod headers;
mod line;
pub(crate) mod octets;
pub(crate) mod odd_response;
mod parse;
mod quoted_pair;
mod raw;
mod request;
mod response;
mod salvage;
pub(crate) mod scan;
mod start_line;
mod typed;
mod write;
mod writer;

use bytes::Bytes;

pub(crate) use body_length::content_length;
pub(crate) use start_line::{is_response, is_version};

pub use essentials::Essentials;
pub use headers::{HeaderField, Headers};
pub use raw::{RawField, RawLines, RawMessage};
pub use request::Request;
pub use response::Response;
pub use salvage::SalvagedRequest;
pub use writer::MessageWriter;

use crate::{Limits, ParseError};

/// A request or a response.
///
/// ```
/// use spigot_parser::{HeaderName, Message};
///
/// let message = Message::parse("SIP/2.0 180 Ringing\r\nCall-ID: 1@a.example\r\nContent-Length: 0\r\n\r\n")?;
/// assert_eq!(message.headers().get(&HeaderName::CALL_ID), Some("1@a.example"));
/// assert!(matches!(message, Message::Response(response) if response.status().is_provisional()));
/// # Ok::<(), spigot_parser::ParseError>(())
/// ```
#[derive(Clone, Debug)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

impl Message {
    /// Parses one whole datagram, or one whole message that a [`Framer`](crate::Framer) cut out, with the
    /// default [`Limits`].
    ///
    /// Empty lines before the start line are skipped (RFC 3261 §7.5). The body is what Content-Length says;
    /// octets after it are dropped, and without Content-Length the body is all that is left (RFC 3261 §18.3).
    /// Lines end with CRLF, or with a bare LF as some peers send them, but all lines of one head alike.
    ///
    /// A response is not refused for what it need not be understood by, since nobody can be told: octets
    /// that are no UTF-8 are read as ISO 8859-1, control characters as U+FFFD, lines that are no header
    /// lines are left out, and any line may end with a bare LF. Where its head ends and how long its body
    /// is must be plain all the same. What is written of such a response is the text that was read.
    ///
    /// Header values other than Content-Length are not looked at: [`validate`](Message::validate) does.
    ///
    /// # Errors
    ///
    /// A [`ParseError`] with the first fault, its offset and, by [`ParseError::status`], what to answer.
    pub fn parse(datagram: impl Into<Bytes>) -> Result<Message, ParseError> {
        Message::parse_with(datagram, &Limits::DEFAULT)
    }

    /// Parses with other limits; see [`parse`](Message::parse).
    ///
    /// # Errors
    ///
    /// As [`parse`](Message::parse).
    pub fn parse_with(datagram: impl Into<Bytes>, limits: &Limits) -> Result<Message, ParseError> {
        parse::message(datagram.into(), limits)
    }

    /// The headers.
    pub fn headers(&self) -> &Headers {
        match self {
            Message::Request(request) => request.headers(),
            Message::Response(response) => response.headers(),
        }
    }

    /// The headers, to change them.
    pub fn headers_mut(&mut self) -> &mut Headers {
        match self {
            Message::Request(request) => request.headers_mut(),
            Message::Response(response) => response.headers_mut(),
        }
    }

    /// The body, empty if there is none.
    pub fn body(&self) -> &Bytes {
        match self {
            Message::Request(request) => request.body(),
            Message::Response(response) => response.body(),
        }
    }

    /// The message as it goes on the wire.
    pub fn to_bytes(&self) -> Bytes {
        match self {
            Message::Request(request) => request.to_bytes(),
            Message::Response(response) => response.to_bytes(),
        }
    }

    /// Checks that the message can be worked with, and gives what was read of it meanwhile; see
    /// [`Request::essentials`] and [`Response::essentials`].
    ///
    /// # Errors
    ///
    /// The first fault found.
    pub fn essentials(&self) -> Result<Essentials, ParseError> {
        match self {
            Message::Request(request) => request.essentials(),
            Message::Response(response) => response.essentials(),
        }
    }

    /// Whether the message can be worked with; see [`Request::validate`] and [`Response::validate`].
    ///
    /// # Errors
    ///
    /// The first fault found.
    pub fn validate(&self) -> Result<(), ParseError> {
        match self {
            Message::Request(request) => request.validate(),
            Message::Response(response) => response.validate(),
        }
    }
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Message::Request(request)
    }
}

impl From<Response> for Message {
    fn from(response: Response) -> Self {
        Message::Response(response)
    }
}
