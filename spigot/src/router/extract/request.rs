//! What every request has: itself, its Request-URI, where it came from.

use std::convert::Infallible;

use super::FromRequest;
use crate::router::body_use::BodyUse;
use crate::router::{Agent, Request, Source};
use crate::sip::Uri;

impl<S: Agent, M> FromRequest<S, M> for Request {
    type Rejection = Infallible;

    async fn from_request(request: &Request, _: &S) -> Result<Self, Infallible> {
        Ok(request.clone())
    }
}

impl<S: Agent, M> FromRequest<S, M> for Uri {
    type Rejection = Infallible;

    const BODY: BodyUse = BodyUse::Nothing;

    async fn from_request(request: &Request, _: &S) -> Result<Self, Infallible> {
        Ok(request.uri().clone())
    }
}

impl<S: Agent, M> FromRequest<S, M> for Source {
    type Rejection = Infallible;

    const BODY: BodyUse = BodyUse::Nothing;

    async fn from_request(request: &Request, _: &S) -> Result<Self, Infallible> {
        Ok(request.source().clone())
    }
}
