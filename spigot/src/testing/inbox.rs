//! The agent of a test client: whatever comes in waits for the test to look at it.

use tokio::sync::{mpsc, oneshot};

use super::complaint::Caller;
use crate::router::{IntoReply, Reply, Request, method};
use crate::sip::{Response, StatusCode};
use crate::sip_router;

/// A request that a test client has received, and that the test answers.
///
/// If it is dropped without an answer, it is answered 500. ACK and CANCEL need no answer.
#[derive(Debug)]
pub struct Received {
    request: Request,
    answer: Option<oneshot::Sender<Reply>>,
}

impl Received {
    /// The request.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Sends a provisional response.
    ///
    /// # Panics
    ///
    /// When the response is not provisional, the transaction has ended, or there is none (ACK).
    #[track_caller]
    pub fn provisional(&self, reply: impl IntoReply<method::any>) {
        let caller = Caller::here();
        let Some(transaction) = self.request.transaction() else {
            caller.refuse("an ACK has no transaction to answer");
        };
        if let Err(error) = transaction.provisional(reply) {
            caller.refuse(format_args!("no provisional response: {error}"));
        }
    }

    /// Answers the request with a final response.
    pub fn reply(mut self, reply: impl IntoReply<method::any>) {
        if let Some(answer) = self.answer.take() {
            let _ = answer.send(reply.into_reply());
        }
    }
}

impl std::ops::Deref for Received {
    type Target = Request;

    fn deref(&self) -> &Request {
        &self.request
    }
}

/// How many requests wait for the test at most; further ones are answered 503.
const WAITING: usize = 1_024;

/// The agent of a test client.
pub(super) struct Inbox {
    queue: mpsc::Sender<Received>,
}

impl Inbox {
    pub(super) fn new() -> (Inbox, mpsc::Receiver<Received>) {
        let (queue, received) = mpsc::channel(WAITING);
        (Inbox { queue }, received)
    }

    async fn ask(&self, request: Request) -> Reply {
        let (answer, reply) = oneshot::channel();
        if self
            .queue
            .try_send(Received {
                request,
                answer: Some(answer),
            })
            .is_err()
        {
            return Reply::Response(Response::new(StatusCode::SERVICE_UNAVAILABLE));
        }
        let unanswered = || Reply::Response(Response::new(StatusCode::SERVER_INTERNAL_ERROR));
        reply.await.unwrap_or_else(|_| unanswered())
    }
}

#[sip_router]
impl Inbox {
    #[any]
    async fn outside(&self, request: Request) -> Reply {
        self.ask(request).await
    }

    #[any(in_dialog)]
    async fn inside(&self, request: Request) -> Reply {
        self.ask(request).await
    }

    #[ack]
    async fn acknowledged(&self, request: Request) {
        let _ = self.queue.try_send(Received {
            request,
            answer: None,
        });
    }

    #[cancel]
    async fn cancelled(&self, request: Request) {
        let _ = self.queue.try_send(Received {
            request,
            answer: None,
        });
    }
}
