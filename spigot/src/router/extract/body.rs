//! The body as an argument: as octets, as text, as a session description.

use std::convert::Infallible;

use super::part::{self, Found, NotTaken};
use super::{FromRequest, OptionalFromRequest};
use crate::router::body_use::BodyUse;
use crate::router::{Agent, IntoReply, Reply, Request, fallback};
use crate::sip::{Bytes, ParseError, Sdp, StatusCode};

/// The body is not UTF-8. Answered 415 with an Accept that says what would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is not UTF-8")]
#[non_exhaustive]
pub struct NotText;

impl<M> IntoReply<M> for NotText {
    fn into_reply(self) -> Reply {
        fallback::unsupported_media_type("text/plain;charset=utf-8")
    }
}

impl<S: Agent, M> FromRequest<S, M> for Bytes {
    type Rejection = Infallible;

    async fn from_request(request: &Request, _: &S) -> Result<Self, Infallible> {
        Ok(request.body().clone())
    }
}

impl<S: Agent, M> FromRequest<S, M> for String {
    type Rejection = NotText;

    async fn from_request(request: &Request, _: &S) -> Result<Self, NotText> {
        std::str::from_utf8(request.body())
            .map(str::to_owned)
            .map_err(|_| NotText)
    }
}

/// The body is no session description that can be read.
#[non_exhaustive]
#[derive(Clone, Debug, thiserror::Error)]
pub enum BadSdp {
    /// There is no body. Answered 400 with a Warning.
    #[error("the request has no session description")]
    Missing,
    /// The body is of another type, or has a part of another type that must be understood. Answered 415 with
    /// Accept.
    #[error("the body has to be `{accept}`")]
    OtherType {
        /// The types that the arguments of the handler take.
        accept: String,
    },
    /// The multipart body cannot be split into its parts. Answered 400 with a Warning.
    #[error("the multipart body cannot be read: expected {}", .0.expected())]
    Multipart(#[source] ParseError),
    /// The session description cannot be read, which is answered 400 with a Warning. One beyond the
    /// [limits](crate::sip::Limits) is answered 488.
    #[error(transparent)]
    Unreadable(#[from] ParseError),
}

impl<M> IntoReply<M> for BadSdp {
    fn into_reply(self) -> Reply {
        match &self {
            BadSdp::OtherType { accept } => fallback::unsupported_media_type(accept),
            BadSdp::Unreadable(error) if error.status() == Some(StatusCode::NOT_ACCEPTABLE_HERE) => {
                fallback::warned(StatusCode::NOT_ACCEPTABLE_HERE, &self.to_string())
            }
            BadSdp::Missing | BadSdp::Multipart(_) | BadSdp::Unreadable(_) => {
                fallback::warned(StatusCode::BAD_REQUEST, &self.to_string())
            }
        }
    }
}

const SDP: &str = "application/sdp";

impl From<NotTaken> for BadSdp {
    fn from(not_taken: NotTaken) -> Self {
        match not_taken {
            NotTaken::OtherType(accept) => BadSdp::OtherType { accept },
            NotTaken::Unreadable(error) => BadSdp::Multipart(error),
        }
    }
}

/// Reads the session description. In a multipart body it is the part with the disposition `session`, which is
/// the default of `application/sdp` (RFC 3261 §20.11).
fn sdp(request: &Request) -> Result<Option<Sdp>, BadSdp> {
    let body = match part::find(request, SDP, Some("session"))? {
        None => return Ok(None),
        Some(Found::Whole) => request.body().clone(),
        Some(Found::Part(part)) => part.body().clone(),
    };
    Ok(Some(Sdp::parse(body)?))
}

impl<S: Agent, M> FromRequest<S, M> for Sdp {
    type Rejection = BadSdp;

    const BODY: BodyUse = BodyUse::Part(SDP);

    async fn from_request(request: &Request, _: &S) -> Result<Self, BadSdp> {
        sdp(request)?.ok_or(BadSdp::Missing)
    }
}

impl<S: Agent, M> OptionalFromRequest<S, M> for Sdp {
    type Rejection = BadSdp;

    const BODY: BodyUse = BodyUse::Part(SDP);

    async fn from_request_if_there(request: &Request, _: &S) -> Result<Option<Self>, BadSdp> {
        sdp(request)
    }
}
