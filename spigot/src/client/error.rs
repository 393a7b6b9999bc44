//! Why a request of ours got no answer.

use std::fmt;
use std::time::Duration;

use crate::endpoint::{NotSent, Unreachable};
use crate::proto::{Failure, RequestRefused};
use crate::sip::{HeaderName, Method, ParseError};

/// Why a request got no final response.
///
/// Its `Debug` is its text, since that is what `unwrap` says, and a `main` or a test that returns it.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// A part of the request is not good SIP: its URI, a header, the body's type.
    #[error("the request cannot be built: {0}")]
    Invalid(#[from] ParseError),
    /// A header cannot be set, or not to this value: see
    /// [`RequestBuilder::header`](crate::RequestBuilder::header).
    #[error("the request cannot be built: {} cannot be set: expected {expected}", .name.as_str())]
    Header {
        /// The header.
        name: HeaderName,
        /// What was expected of the header: a fragment of a sentence.
        expected: &'static str,
    },
    /// The request is an ACK or a CANCEL, which belong to another request and are sent with that one.
    #[error("{method} is no request of its own: expected {expected}")]
    Method {
        /// The method.
        method: Method,
        /// The function that sends it.
        expected: &'static str,
    },
    /// There is no flow to where the request should go.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// Nobody answered in time.
    #[error("no final response within {} s ({failure})", .after.as_secs_f32())]
    Timeout {
        /// How long the answer was waited for.
        after: Duration,
        /// The timer that ended the wait: Timer B for INVITE, Timer F for the rest (RFC 3261 §17.1).
        failure: Failure,
    },
    /// The connection failed before there was a final response, or before the request could leave
    /// [on](crate::RequestBuilder::on) it.
    #[error("the flow is closed, and no final response has come by it")]
    FlowFailed,
    /// The dialog of the request has ended, or the early dialog of an INVITE has before it was answered. An
    /// INVITE that was answered when [`Limits::dialogs`](crate::Limits::dialogs) were taken ends so, too: the
    /// library has hung up on the call.
    #[error("the dialog has ended")]
    DialogEnded,
    /// The 2xx to an INVITE names no Contact that can be read, so that nobody can have the dialog. The library
    /// has acknowledged it and hung up.
    #[error("the call was hung up on, because the Contact of its answer cannot be read")]
    UnreadableContact,
    /// The request was cancelled before anybody had answered it, or while it was to be sent again with
    /// credentials or by another connection.
    #[error("the request was cancelled before anybody had answered it")]
    Cancelled,
    /// As many requests as [`Limits::client_transactions`](crate::Limits::client_transactions) allows are
    /// under way, or the dialog of the request has as many subscriptions as it may have.
    #[error("too many requests are under way")]
    TooManyRequests,
    /// The endpoint has been shut down.
    #[error("the endpoint is shut down")]
    ShutDown,
    /// The request was sent outside of a tokio runtime. `Handle::enter` of tokio is a way into one.
    #[error("no tokio runtime: a request is sent inside one, in a handler or in a task")]
    NoRuntime,
}

impl fmt::Debug for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<NotSent> for RequestError {
    fn from(why: NotSent) -> RequestError {
        match why {
            NotSent::Closed => RequestError::ShutDown,
            NotSent::Invalid(error) => RequestError::Invalid(error),
            NotSent::Refused(RequestRefused::Full) => RequestError::TooManyRequests,
            NotSent::Refused(RequestRefused::DialogEnded) => RequestError::DialogEnded,
            // A sent-by of ours can always be written; what cannot has no flow.
            NotSent::Refused(_) => RequestError::FlowFailed,
        }
    }
}
