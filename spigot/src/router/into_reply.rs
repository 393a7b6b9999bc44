//! The values that a handler may return.

use std::convert::Infallible;

use super::reply_part::{ReplyPart, build};
use super::{Reply, method};
use crate::sip::{Response, StatusCode};

/// A value that a handler of the method `M` may return.
///
/// An application's own error implements it for every method:
///
/// ```
/// use spigot::{IntoReply, Reply, StatusCode};
///
/// enum CallError {
///     NobodyHome,
///     Busy,
/// }
///
/// impl<M> IntoReply<M> for CallError {
///     fn into_reply(self) -> Reply {
///         match self {
///             CallError::NobodyHome => StatusCode::TEMPORARILY_UNAVAILABLE.into(),
///             CallError::Busy => StatusCode::BUSY_HERE.into(),
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an answer of `{M}` handlers",
    label = "this cannot be sent in answer to the request",
    note = "a handler answers with `StatusCode`, `(StatusCode, header or body)`, `(StatusCode, header, body)`, `Response`, `Reply`, or a `Result` of two of those",
    note = "a type of yours, an error say, is one by `impl<M> IntoReply<M> for {Self}`; the error of another crate becomes yours, or a `StatusCode`, by `map_err`",
    note = "`()` is what `ack` and `cancel` handlers return, and nothing else: ACK has no answer in SIP, and the library answers CANCEL"
)]
pub trait IntoReply<M> {
    /// Makes the reply that this value stands for.
    fn into_reply(self) -> Reply;
}

impl<M: method::Answered> IntoReply<M> for StatusCode {
    fn into_reply(self) -> Reply {
        self.into()
    }
}

impl<M: method::Answered> IntoReply<M> for Response {
    fn into_reply(self) -> Reply {
        self.into()
    }
}

impl<M: method::Answered> IntoReply<M> for Reply {
    fn into_reply(self) -> Reply {
        self
    }
}

/// A status with a header or a body.
impl<M: method::Answered, P: ReplyPart> IntoReply<M> for (StatusCode, P) {
    fn into_reply(self) -> Reply {
        let (status, part) = self;
        build(Response::new(status), |response| part.apply(response))
    }
}

/// A status with a header and a body, or with two headers.
impl<M: method::Answered, P: ReplyPart, Q: ReplyPart> IntoReply<M> for (StatusCode, P, Q) {
    fn into_reply(self) -> Reply {
        let (status, first, second) = self;
        build(Response::new(status), |response| {
            first.apply(response)?;
            second.apply(response)
        })
    }
}

impl<M, T: IntoReply<M>, E: IntoReply<M>> IntoReply<M> for Result<T, E> {
    fn into_reply(self) -> Reply {
        match self {
            Ok(value) => value.into_reply(),
            Err(error) => error.into_reply(),
        }
    }
}

impl IntoReply<method::ack> for () {
    fn into_reply(self) -> Reply {
        Reply::Nothing
    }
}

impl IntoReply<method::cancel> for () {
    fn into_reply(self) -> Reply {
        Reply::Nothing
    }
}

/// Stands for the rejection of an extractor that cannot fail.
impl<M> IntoReply<M> for Infallible {
    fn into_reply(self) -> Reply {
        match self {}
    }
}
