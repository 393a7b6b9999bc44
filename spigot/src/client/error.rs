//! Why a request of ours got no answer.

use std::fmt;
use std::time::Duration;

use crate::endpoint::Unreachable;
use crate::proto::Failure;
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
    /// A header was set that the library or the dialog writes, or to what it cannot be in this request; see
    /// [`RequestBuilder::header`](crate::RequestBuilder::header).
    #[error("the request cannot be built: {} cannot be set: expected {expected}", .name.as_str())]
    Header {
        /// Which.
        name: HeaderName,
        /// What was expected of it: a fragment of a sentence.
        expected: &'static str,
    },
    /// It is an ACK or a CANCEL, which belong to another request and are sent with that one.
    #[error("{method} is no request of its own: expected {expected}")]
    Method {
        /// Which.
        method: Method,
        /// What sends it.
        expected: &'static str,
    },
    /// There is no flow to where it should go.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// Nobody answered in time.
    #[error("no final response within {} s ({failure})", .after.as_secs_f32())]
    Timeout {
        /// How long was waited.
        after: Duration,
        /// Which timer ended the wait: Timer B for INVITE, Timer F for the rest (RFC 3261 §17.1).
        failure: Failure,
    },
    /// The connection failed before there was a final response, or was gone before the request could leave
    /// [on](crate::RequestBuilder::on) it.
    #[error("the flow is closed, and no final response has come by it")]
    FlowFailed,
    /// The endpoint has been shut down.
    #[error("the endpoint is shut down")]
    ShutDown,
}

impl fmt::Debug for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
