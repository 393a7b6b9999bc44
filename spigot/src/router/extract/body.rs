//! The body as an argument: as octets, as text, as a session description.

use std::convert::Infallible;

use super::{FromRequest, OptionalFromRequest};
use crate::router::fallback;
use crate::router::{Agent, IntoReply, Reply, Request};
use crate::sip::header::ContentType;
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
    /// It is of another type. Answered 415 with an Accept.
    #[error("the body is no `application/sdp`")]
    OtherType,
    /// It is one and cannot be read: 400 with a Warning. Or it is more than is taken of one: 488.
    #[error(transparent)]
    Unreadable(#[from] ParseError),
}

impl<M> IntoReply<M> for BadSdp {
    fn into_reply(self) -> Reply {
        match &self {
            BadSdp::OtherType => fallback::unsupported_media_type(SDP),
            BadSdp::Unreadable(error) if error.status() == Some(StatusCode::NOT_ACCEPTABLE_HERE) => {
                fallback::warned(StatusCode::NOT_ACCEPTABLE_HERE, &self.to_string())
            }
            BadSdp::Missing | BadSdp::Unreadable(_) => {
                fallback::warned(StatusCode::BAD_REQUEST, &self.to_string())
            }
        }
    }
}

const SDP: &str = "application/sdp";

fn sdp(request: &Request) -> Result<Option<Sdp>, BadSdp> {
    if request.body().is_empty() {
        return Ok(None);
    }
    match request.headers().typed::<ContentType>() {
        Ok(Some(content_type)) if content_type.is("application", "sdp") => {}
        _ => return Err(BadSdp::OtherType),
    }
    Ok(Some(Sdp::parse(request.body().clone())?))
}

impl<S: Agent, M> FromRequest<S, M> for Sdp {
    type Rejection = BadSdp;

    async fn from_request(request: &Request, _: &S) -> Result<Self, BadSdp> {
        sdp(request)?.ok_or(BadSdp::Missing)
    }
}

impl<S: Agent, M> OptionalFromRequest<S, M> for Sdp {
    type Rejection = BadSdp;

    async fn from_request_if_there(request: &Request, _: &S) -> Result<Option<Self>, BadSdp> {
        sdp(request)
    }
}
