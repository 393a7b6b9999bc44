//! The server transaction as an argument.

use super::{FromRequest, OptionalFromRequest};
use crate::router::body_use::BodyUse;
use crate::router::{Agent, IntoReply, Reply, Request, Transaction, method};
use crate::sip::StatusCode;

/// The request has no transaction: it was passed to the router without one. Answered 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request has no transaction")]
#[non_exhaustive]
pub struct NoTransaction;

impl<M> IntoReply<M> for NoTransaction {
    fn into_reply(self) -> Reply {
        StatusCode::SERVER_INTERNAL_ERROR.into()
    }
}

impl<S: Agent, M: method::Transacted> FromRequest<S, M> for Transaction {
    type Rejection = NoTransaction;

    const BODY: BodyUse = BodyUse::Nothing;

    async fn from_request(request: &Request, _: &S) -> Result<Self, NoTransaction> {
        request.transaction().cloned().ok_or(NoTransaction)
    }
}

impl<S: Agent, M: method::Transacted> OptionalFromRequest<S, M> for Transaction {
    type Rejection = std::convert::Infallible;

    const BODY: BodyUse = BodyUse::Nothing;

    async fn from_request_if_there(request: &Request, _: &S) -> Result<Option<Self>, Self::Rejection> {
        Ok(request.transaction().cloned())
    }
}
