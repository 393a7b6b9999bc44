//! The server transaction behind a request, as a handler sees it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::{IntoReply, Reply, method};
use crate::sip::{Response, StatusCode};

/// The server transaction that a request opened (RFC 3261 §17.2): provisional replies go through it, and it
/// knows whether the peer has cancelled.
///
/// The final reply is what the handler returns. Cloning shares the transaction.
#[derive(Clone)]
pub struct Transaction {
    exchange: Arc<dyn Exchange>,
}

/// What stands behind a [`Transaction`]: the endpoint's side of it.
pub trait Exchange: Send + Sync {
    /// Sends a provisional response. It has no Via, From, To, Call-ID or CSeq: those come from the request.
    fn provisional(&self, response: Response) -> Result<(), TransactionError>;

    /// Resolves when the peer has cancelled the request (RFC 3261 §9.2), and never if it does not.
    fn cancelled(&self) -> Pin<Box<dyn Future<Output = ()> + Send>>;

    /// Whether the peer has cancelled the request.
    fn is_cancelled(&self) -> bool;

    /// What names the transaction in logs, the same for its whole life.
    fn key(&self) -> String;
}

/// Why a provisional reply was not sent.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// The status is not 101 to 199. A final reply is what the handler returns.
    #[error("{0} is not a provisional status: a handler returns its final reply")]
    NotProvisional(StatusCode),
    /// The transaction has had its final response already.
    #[error("the transaction has been answered")]
    Answered,
    /// A header or the body cannot be written, or no datagram can hold the reply. The log has the details.
    #[error("the reply cannot be written")]
    Unwritable,
}

/// A handler that gives up because of it answers 500.
impl From<TransactionError> for StatusCode {
    fn from(_: TransactionError) -> StatusCode {
        StatusCode::SERVER_INTERNAL_ERROR
    }
}

impl<M> IntoReply<M> for TransactionError {
    fn into_reply(self) -> Reply {
        StatusCode::from(self).into()
    }
}

impl Transaction {
    /// A transaction over what carries it out.
    pub fn new(exchange: Arc<dyn Exchange>) -> Transaction {
        Transaction { exchange }
    }

    /// Sends a provisional reply, such as `StatusCode::RINGING`, alone or with headers and a body.
    ///
    /// It waits for nothing: the reply is handed to the transport before this returns.
    ///
    /// # Errors
    ///
    /// When the status is not 1xx, the final response has gone, or the reply cannot be written.
    pub fn provisional(&self, reply: impl IntoReply<method::any>) -> Result<(), TransactionError> {
        match reply.into_reply() {
            Reply::Response(response) | Reply::Stateless(response) => {
                // 100 is the library's (RFC 3261 §17.2.1).
                match response.status().is_provisional() && response.status() != StatusCode::TRYING {
                    true => self.exchange.provisional(response),
                    false => Err(TransactionError::NotProvisional(response.status())),
                }
            }
            Reply::Nothing | Reply::Dropped => Ok(()),
        }
    }

    /// Waits until the peer cancels the request. The library has answered both the CANCEL (200) and the
    /// request (487) by then (RFC 3261 §9.2).
    pub async fn cancelled(&self) {
        self.exchange.cancelled().await;
    }

    /// Whether the peer has cancelled the request.
    pub fn is_cancelled(&self) -> bool {
        self.exchange.is_cancelled()
    }

    /// What names the transaction in logs, the same for its whole life.
    pub fn key(&self) -> String {
        self.exchange.key()
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Transaction").field(&self.key()).finish()
    }
}
