//! The parts of an answer beside its status: headers and bodies.

use bytes::Bytes;

use super::{Reply, extract::Header};
use crate::sip::header::{Shape, TypedHeader};
use crate::sip::{ParseError, Response, Sdp, StatusCode};

/// A part of an answer beside its status: a header, or a body.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand beside a status in an answer",
    label = "expected a header or a body",
    note = "headers are `Header(value)`; bodies are `Sdp`, `String`, `&str`, `Bytes` and `Body::new(content_type, octets)`"
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
///
/// As an argument of a handler it is `Body<T>`, for a `T` that is a [`TypedBody`](crate::TypedBody): the body
/// of the request, or a part of it. Beside a status it is the body of the answer, made by [`Body::new`].
///
/// ```
/// use spigot::{Body, Reply, StatusCode};
///
/// let reply = Reply::from(StatusCode::OK).with(Body::new("application/pidf+xml", "<presence/>"));
/// assert_eq!(reply.into_response().unwrap().body(), "<presence/>");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Body<T = RawBody>(pub T);

/// Octets with a content type, as they stand in a [`Body`] that is made by [`Body::new`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawBody {
    content_type: String,
    octets: Bytes,
}

impl Body {
    /// Makes a body of this content type, such as `application/sdp`.
    pub fn new(content_type: impl Into<String>, octets: impl Into<Bytes>) -> Body {
        Body(RawBody {
            content_type: content_type.into(),
            octets: octets.into(),
        })
    }
}

impl ReplyPart for Body {
    fn apply(self, response: &mut Response) -> Result<(), ParseError> {
        let Body(RawBody { content_type, octets }) = self;
        response.set_body(&content_type, octets)
    }
}

/// A session description: `application/sdp`.
///
/// ```
/// use spigot::sip::Sdp;
/// use spigot::{StatusCode, sip_router};
///
/// struct Phone;
///
/// #[sip_router]
/// impl Phone {
///     /// Whoever puts us on hold hears that we are.
///     #[invite(in_dialog)]
///     async fn renegotiate(&self, mut session: Sdp) -> Result<(StatusCode, Sdp), StatusCode> {
///         let offered = session.media().next().map(|media| media.direction()).unwrap_or_default();
///         match session.set_direction(offered.reversed()) {
///             Ok(()) => Ok((StatusCode::OK, session)),
///             Err(_) => Err(StatusCode::NOT_ACCEPTABLE_HERE),
///         }
///     }
/// }
/// ```
impl ReplyPart for Sdp {
    fn apply(self, response: &mut Response) -> Result<(), ParseError> {
        response.set_body("application/sdp", self.to_bytes())
    }
}

/// Octets of no type that is known: `application/octet-stream`.
impl ReplyPart for Bytes {
    fn apply(self, response: &mut Response) -> Result<(), ParseError> {
        response.set_body("application/octet-stream", self)
    }
}

/// Text: `text/plain;charset=utf-8`.
impl ReplyPart for String {
    fn apply(self, response: &mut Response) -> Result<(), ParseError> {
        response.set_body(TEXT, self)
    }
}

/// Text: `text/plain;charset=utf-8`.
impl ReplyPart for &'static str {
    fn apply(self, response: &mut Response) -> Result<(), ParseError> {
        response.set_body(TEXT, self)
    }
}

const TEXT: &str = "text/plain;charset=utf-8";

/// Adds a header: after those of its name, or in the place of the one that may be there.
impl<T: TypedHeader> ReplyPart for Header<T> {
    fn apply(self, response: &mut Response) -> Result<(), ParseError> {
        match T::SHAPE {
            Shape::Single => response.headers_mut().set_typed(&self.0),
            _ => response.headers_mut().push_typed(&self.0),
        }
        Ok(())
    }
}

/// Adds the part if it is there.
impl<P: ReplyPart> ReplyPart for Option<P> {
    fn apply(self, response: &mut Response) -> Result<(), ParseError> {
        self.map_or(Ok(()), |part| part.apply(response))
    }
}

/// Adds the parts in their order, such as one Contact for each binding.
impl<P: ReplyPart> ReplyPart for Vec<P> {
    fn apply(self, response: &mut Response) -> Result<(), ParseError> {
        self.into_iter().try_for_each(|part| part.apply(response))
    }
}

/// Makes a reply of a response and its parts. It is 500 where one of them cannot be written: that is the
/// application's mistake and not the peer's.
pub(super) fn build(
    mut response: Response,
    parts: impl FnOnce(&mut Response) -> Result<(), ParseError>,
) -> Reply {
    match parts(&mut response) {
        Ok(()) => Reply::Response(response),
        Err(error) => {
            tracing::error!(status = %response.status(), %error, "a part of an answer cannot be written");
            Reply::Response(Response::new(StatusCode::SERVER_INTERNAL_ERROR))
        }
    }
}
