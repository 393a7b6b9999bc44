//! A request of the peer's inside a dialog, in the hands of who owns the dialog.

use std::sync::Arc;

use crate::endpoint::{Core, Delivery};
use crate::router::{IntoReply, Request, TransactionError, method};

/// A request inside a dialog that waits for its answer. [`Dialog::next`](super::Dialog::next) gives it.
///
/// If it is dropped unanswered, the request goes to the routes of the agent, or gets the library's answer.
#[derive(Debug)]
pub struct InDialog {
    core: Arc<Core>,
    request: Request,
    /// The way to its answer; nothing once it is answered.
    delivery: Option<Delivery>,
}

impl InDialog {
    pub(super) fn new(core: Arc<Core>, delivery: Delivery) -> Self {
        InDialog {
            request: core.delivered(&delivery),
            core,
            delivery: Some(delivery),
        }
    }

    /// Returns the request.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Answers the request with a final reply. For an ACK, which takes no answer, nothing is sent.
    ///
    /// # Errors
    ///
    /// [`TransactionError::Answered`] if the request was cancelled or the dialog has ended meanwhile, and
    /// [`TransactionError::Unwritable`] if the reply is no final response or cannot be sent. The peer is
    /// answered 500 then.
    pub fn reply(mut self, reply: impl IntoReply<method::any>) -> Result<(), TransactionError> {
        let Some(exchange) = self.delivery.take().and_then(|delivery| delivery.exchange) else {
            return Ok(());
        };
        exchange.reply(reply.into_reply())
    }
}

impl Drop for InDialog {
    fn drop(&mut self) {
        if let Some(delivery) = self.delivery.take() {
            self.core.route_delivery(self.request.clone(), delivery);
        }
    }
}
