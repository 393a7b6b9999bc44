//! What a handler answers.

use bytes::Bytes;

use crate::sip::{ParseError, Response, StatusCode};

/// What becomes of a request: a response, or nothing.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub enum Reply {
    /// A response. It needs no Via, From, To, Call-ID or CSeq: those come from the request.
    Response(Response),
    /// Nothing is sent: the request was an ACK, or a CANCEL, which the library has answered.
    Nothing,
}

impl Reply {
    /// The response, if there is one to send.
    pub fn into_response(self) -> Option<Response> {
        match self {
            Reply::Response(response) => Some(response),
            Reply::Nothing => None,
        }
    }

    /// The status of the response, if there is one to send.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Reply::Response(response) => Some(response.status()),
            Reply::Nothing => None,
        }
    }
}

/// What can stand beside a status in an answer: a header, a body.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand beside a status in an answer",
    label = "expected a header or a body",
    note = "headers are `Header(value)`; bodies are `String`, `&str`, `Bytes` and `Body::new(content_type, octets)`"
)]
pub trait ReplyPart {
    /// Puts this part into the response.
    ///
    /// # Errors
    ///
    /// When it cannot stand in a message; the peer is then answered 500.
    fn apply(self, response: &mut Response) -> Result<(), ParseError>;
}

/// A body and the type of its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    content_type: String,
    octets: Bytes,
}

impl Body {
    /// A body of this content type, such as `application/sdp`.
    pub fn new(content_type: impl Into<String>, octets: impl Into<Bytes>) -> Body {
        Body {
            content_type: content_type.into(),
            octets: octets.into(),
        }
    }
}

impl ReplyPart for Body {
    fn apply(self, response: &mut Response) -> Result<(), ParseError> {
        response.set_body(&self.content_type, self.octets)
    }
}
