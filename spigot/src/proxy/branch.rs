//! The branches of a request that is forwarded.

use super::ForwardError;
use crate::client::ClientTransaction;
use crate::router::Transaction;
use crate::sip::{Response, StatusCode};

/// A branch of a request that is forwarded: the request that went on, and the responses to it. Made by
/// [`Forward::start`](super::Forward::start).
///
/// When its server fails it goes to the next one of its domain, see
/// [`resolve`](crate::resolve#from-target-to-target). An INVITE is given up
/// [`Limits::forwarded_ringing`](crate::Limits::forwarded_ringing) after its last provisional response (Timer
/// C, [RFC 3261 §16.8](https://www.rfc-editor.org/rfc/rfc3261#section-16.8)).
///
/// Dropping it before the final response cancels an INVITE. A 2xx that wins that race still goes back to the
/// caller, unless that was answered meanwhile.
#[derive(Debug)]
pub struct Branch {
    sent: ClientTransaction,
    received: Transaction,
}

impl Branch {
    pub(super) fn new(sent: ClientTransaction, received: Transaction) -> Branch {
        Branch { sent, received }
    }

    /// Waits for the next provisional response, which [`Proxy::relay`](super::Proxy::relay) passes back;
    /// `None` once the final one, or a failure, has come. A 100 is the business of one hop and is left out
    /// ([RFC 3261 §16.7](https://www.rfc-editor.org/rfc/rfc3261#section-16.7), item 5).
    pub async fn provisional(&mut self) -> Option<Response> {
        loop {
            let response = self.sent.provisional().await?;
            if response.status() != StatusCode::TRYING {
                return Some(response);
            }
        }
    }

    /// Waits for the final response, which [`Reply::relayed`](crate::Reply::relayed) passes back. Its topmost
    /// Via is that of who sent the request here. Provisional ones that were not read are skipped. May be
    /// called again.
    ///
    /// # Errors
    ///
    /// [`ForwardError::Cancelled`] if the caller has given up and nobody has answered,
    /// [`ForwardError::Request`] otherwise.
    pub async fn response(&mut self) -> Result<Response, ForwardError> {
        match self.sent.response().await {
            Ok(response) => Ok(response),
            Err(_) if self.received.is_cancelled() => Err(ForwardError::Cancelled),
            Err(error) => Err(error.into()),
        }
    }

    /// Cancels the request, if it is an INVITE: at once or after its first provisional response
    /// ([RFC 3261 §9.1](https://www.rfc-editor.org/rfc/rfc3261#section-9.1)). The final response still comes:
    /// 487, or a 2xx that won the race.
    pub fn cancel(&self) {
        self.sent.cancel();
    }
}
