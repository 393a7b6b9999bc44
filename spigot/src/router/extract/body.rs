//! The body as an argument: as octets, or as text.

use std::convert::Infallible;

use super::FromRequest;
use crate::router::fallback;
use crate::router::{Agent, IntoReply, Reply, Request};
use crate::sip::Bytes;

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
