//! The server transaction behind a request, as a handler sees it.

use std::any::Any;
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
    server_side: Arc<dyn ServerSide>,
}

/// The endpoint's side of a [`Transaction`].
pub(crate) trait ServerSide: Send + Sync {
    /// Sends a provisional response. It has no Via, From, To, Call-ID or CSeq: those come from the request.
    fn provisional(&self, response: Response) -> Result<(), TransactionError>;

    /// Waits until the peer has cancelled the request (RFC 3261 §9.2).
    fn cancelled(&self) -> Pin<Box<dyn Future<Output = ()> + Send>>;

    /// Says whether the peer has cancelled the request.
    fn is_cancelled(&self) -> bool;

    /// Names the transaction in logs. The name does not change.
    fn key(&self) -> String;

    /// Passes a provisional response of another on, as it is.
    fn relay(&self, response: &Response) -> Result<(), TransactionError>;

    /// What the endpoint finds itself by.
    fn as_any(&self) -> &dyn Any;
}

/// Why a provisional reply was not sent, or a dialog not accepted.
///
/// It is an answer: a handler that returns it answers 500, or 503 where there are too many calls.
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
    /// The request makes no dialog, or the reply does not: only a 2xx to an INVITE, SUBSCRIBE or REFER does.
    #[error("the reply makes no dialog: expected a 2xx to INVITE, SUBSCRIBE or REFER")]
    NoDialog,
    /// [`Limits::calls`](crate::Limits::calls) handlers go on with their dialogs already.
    #[error("too many calls are up")]
    TooManyCalls,
}

/// A handler that gives up because of it answers 500, or 503 where there are too many calls.
impl From<TransactionError> for StatusCode {
    fn from(error: TransactionError) -> StatusCode {
        match error {
            TransactionError::TooManyCalls => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::SERVER_INTERNAL_ERROR,
        }
    }
}

/// A handler that returns a `Result<_, Reply>` gives up by `?`, as one that returns a `Result<_, StatusCode>`.
impl From<TransactionError> for Reply {
    fn from(error: TransactionError) -> Reply {
        StatusCode::from(error).into()
    }
}

impl<M> IntoReply<M> for TransactionError {
    fn into_reply(self) -> Reply {
        self.into()
    }
}

impl Transaction {
    /// Makes the handle that a handler takes.
    pub(crate) fn new(server_side: Arc<dyn ServerSide>) -> Transaction {
        Transaction { server_side }
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
                let status = response.status();
                if status.is_provisional() && status != StatusCode::TRYING {
                    self.server_side.provisional(response)
                } else {
                    Err(TransactionError::NotProvisional(status))
                }
            }
            Reply::Relayed(_) | Reply::Nothing | Reply::Dropped => Ok(()),
        }
    }

    /// Passes a provisional response of another on to the peer, as it is ([RFC 3261
    /// §16.7](https://www.rfc-editor.org/rfc/rfc3261#section-16.7)). Its topmost Via is that of the peer.
    ///
    /// # Errors
    ///
    /// When it is not provisional, or the final response has gone.
    pub(crate) fn relay(&self, response: &Response) -> Result<(), TransactionError> {
        self.server_side.relay(response)
    }

    /// The endpoint's side, for the endpoint.
    pub(crate) fn server_side(&self) -> &dyn Any {
        self.server_side.as_any()
    }

    /// Waits until the peer cancels the request. The library has answered both the CANCEL (200) and the
    /// request (487) by then (RFC 3261 §9.2). For a request that a [`Proxy`](crate::Proxy) forwards it has
    /// answered the CANCEL alone, and has cancelled what the request was forwarded as (§16.10).
    pub async fn cancelled(&self) {
        self.server_side.cancelled().await;
    }

    /// Says whether the peer has cancelled the request.
    pub fn is_cancelled(&self) -> bool {
        self.server_side.is_cancelled()
    }

    /// Names the transaction in logs. The name does not change.
    pub fn key(&self) -> String {
        self.server_side.key()
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Transaction").field(&self.key()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::router::{Request, Router};
    use crate::{Source, Transport, sip, sip_router};

    #[derive(Default)]
    struct Recorded(Mutex<Vec<StatusCode>>);

    impl ServerSide for Recorded {
        fn provisional(&self, response: Response) -> Result<(), TransactionError> {
            self.0.lock().unwrap().push(response.status());
            Ok(())
        }

        fn cancelled(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
            Box::pin(std::future::pending())
        }

        fn is_cancelled(&self) -> bool {
            false
        }

        fn key(&self) -> String {
            "key".to_owned()
        }

        fn relay(&self, _: &Response) -> Result<(), TransactionError> {
            Ok(())
        }

        fn as_any(&self) -> &dyn Any {
            self
        }
    }

    struct Desk;

    #[sip_router]
    impl Desk {
        #[invite]
        async fn ring(&self, transaction: Transaction) -> Result<StatusCode, StatusCode> {
            transaction.provisional(StatusCode::RINGING)?;
            let refused = transaction.provisional(StatusCode::OK);
            assert_eq!(refused, Err(TransactionError::NotProvisional(StatusCode::OK)));
            let refused = transaction.provisional(StatusCode::TRYING);
            assert_eq!(refused, Err(TransactionError::NotProvisional(StatusCode::TRYING)));
            Ok(StatusCode::OK)
        }
    }

    #[tokio::test]
    async fn a_transaction_sends_provisional_replies() {
        let recorded = Arc::new(Recorded::default());
        let message = sip::Request::new(sip::Method::INVITE, "sip:b@example.com".parse().unwrap());
        let [peer, local] = [9, 1].map(|host| ([192, 0, 2, host], 5060).into());
        let invite = Request::new(message, Source::new(Transport::Udp, peer, local))
            .with_transaction(Transaction::new(recorded.clone()));
        let reply = Router::new(Desk).handle(invite).await;
        assert_eq!(reply.status(), Some(StatusCode::OK));
        assert_eq!(*recorded.0.lock().unwrap(), [StatusCode::RINGING]);
    }

    #[test]
    fn a_handler_that_gives_up_because_of_its_transaction_answers_5xx() {
        fn handler(error: TransactionError) -> Result<StatusCode, Reply> {
            Err(error)?;
            Ok(StatusCode::OK)
        }
        for (error, status) in [
            (TransactionError::Answered, StatusCode::SERVER_INTERNAL_ERROR),
            (TransactionError::TooManyCalls, StatusCode::SERVICE_UNAVAILABLE),
        ] {
            assert_eq!(handler(error).unwrap_err().status(), Some(status));
        }
    }
}
