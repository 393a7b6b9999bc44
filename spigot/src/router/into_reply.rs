//! What a handler may return.

use super::{Reply, method};
use crate::sip::{Response, StatusCode};

/// What a handler of the method `M` may return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an answer of a `{M}` handler",
    label = "this cannot be sent in answer to the request",
    note = "a handler answers with `StatusCode`, `(StatusCode, header or body)`, `(StatusCode, header, body)`, `Response`, `Reply`, or a `Result` of two of those",
    note = "`()` is what `ack` and `cancel` handlers return, and nothing else: ACK has no answer in SIP, and the library answers CANCEL"
)]
pub trait IntoReply<M> {
    /// The reply that this value stands for.
    fn into_reply(self) -> Reply;
}

impl<M: method::Answered> IntoReply<M> for StatusCode {
    fn into_reply(self) -> Reply {
        Reply::Response(Response::new(self))
    }
}

impl<M: method::Answered> IntoReply<M> for Response {
    fn into_reply(self) -> Reply {
        Reply::Response(self)
    }
}

impl<M: method::Answered> IntoReply<M> for Reply {
    fn into_reply(self) -> Reply {
        self
    }
}
