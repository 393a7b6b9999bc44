//! Why a request is not forwarded, or has no final response.

use std::time::Duration;

use crate::client::RequestError;
use crate::endpoint::Unforwardable;
use crate::proto::{Failure, Timer};
use crate::router::{IntoReply, Reply, TransactionError};
use crate::sip::{ParseError, StatusCode};

/// Why a request is not forwarded, or got no final response. A handler that returns it answers as the RFC
/// says.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForwardError {
    /// Max-Forwards is 0. Answered 483 ([RFC 3261
    /// §16.3](https://www.rfc-editor.org/rfc/rfc3261#section-16.3)).
    #[error("the request has made all the hops that it may")]
    TooManyHops,
    /// The request was here before just as it is now. Answered 482
    /// ([RFC 3261 §16.3](https://www.rfc-editor.org/rfc/rfc3261#section-16.3)). One that comes again with
    /// another Request-URI or Route is a spiral, and goes on.
    #[error("the request has looped")]
    Loop,
    /// The caller has given up. Answered 487 ([RFC 3261
    /// §16.10](https://www.rfc-editor.org/rfc/rfc3261#section-16.10)).
    #[error("the caller has cancelled the request")]
    Cancelled,
    /// A header that says where the request goes cannot be read. Answered 400.
    #[error("the request cannot be forwarded: {0}")]
    Invalid(#[source] ParseError),
    /// The flow is closed by which alone the target is reached. Answered 430
    /// ([RFC 5626 §5.3.1](https://www.rfc-editor.org/rfc/rfc5626#section-5.3.1)).
    #[error("the flow to the target is closed")]
    FlowFailed,
    /// The request that goes on did not leave, or nobody has answered it.
    ///
    /// Answered 408 where nobody has answered an INVITE, and 500 where nobody can be reached
    /// ([RFC 3261 §16.7 and §16.9](https://www.rfc-editor.org/rfc/rfc3261#section-16.9)). A request of
    /// another method that nobody has answered is not answered here either ([RFC 4320
    /// §4.2](https://www.rfc-editor.org/rfc/rfc4320#section-4.2)). At
    /// [`Limits::client_transactions`](crate::Limits::client_transactions) it is 503.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// A response cannot be passed back.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
}

impl From<Unforwardable> for ForwardError {
    fn from(why: Unforwardable) -> Self {
        match why {
            Unforwardable::TooManyHops => ForwardError::TooManyHops,
            Unforwardable::FlowFailed => ForwardError::FlowFailed,
            Unforwardable::Invalid(error) => ForwardError::Invalid(error),
        }
    }
}

/// How long a 503 asks the peer to wait.
const RETRY_AFTER: Duration = Duration::from_secs(5);

impl<M> IntoReply<M> for ForwardError {
    fn into_reply(self) -> Reply {
        tracing::debug!(error = %self, "a request is not forwarded, or was not answered");
        match self {
            ForwardError::TooManyHops => StatusCode::TOO_MANY_HOPS.into(),
            ForwardError::Loop => StatusCode::LOOP_DETECTED.into(),
            ForwardError::Cancelled => StatusCode::REQUEST_TERMINATED.into(),
            ForwardError::Invalid(_) => StatusCode::BAD_REQUEST.into(),
            ForwardError::FlowFailed => StatusCode::FLOW_FAILED.into(),
            ForwardError::Transaction(error) => IntoReply::<M>::into_reply(error),
            ForwardError::Request(RequestError::Timeout { failure, .. }) => match failure {
                // > A transaction-stateful SIP element MUST NOT send a response with Status-Code of 408 to a
                // > non-INVITE request.
                Failure::Timeout(Timer::RequestTimeout) => Reply::Dropped,
                _ => StatusCode::REQUEST_TIMEOUT.into(),
            },
            ForwardError::Request(RequestError::TooManyRequests | RequestError::ShutDown) => {
                Reply::service_unavailable(RETRY_AFTER)
            }
            // > If the only response that was received is a 503, the proxy SHOULD generate a 500 response
            ForwardError::Request(_) => StatusCode::SERVER_INTERNAL_ERROR.into(),
        }
    }
}
