//! A handler that gives the final answer itself and goes on after its transaction.
//!
//! Invariant: once an INVITE is answered, its handler has a place among the calls and none among the
//! handlers, and no deadline. If it is dropped or panics, the call is hung up on.

use std::sync::{Arc, PoisonError};

use super::ServerExchange;
use super::exchange::{is_unwritable, not_sent};
use super::handlers::CallPlace;
use crate::endpoint::counters::count;
use crate::endpoint::mailbox::{Delivery, MailboxReader};
use crate::endpoint::{Core, log};
use crate::proto::{DialogId, DialogKey, ServerKey};
use crate::router::{Reply, Request, Router, Transaction, TransactionError};
use crate::sip::{Method, Response, StatusCode};

/// The dialog that a 2xx has made, with its mailbox.
pub(crate) struct Accepted {
    pub(crate) dialog: DialogKey,
    pub(crate) id: DialogId,
    pub(crate) mailbox: MailboxReader,
    pub(crate) place: CallPlace,
}

impl ServerExchange {
    /// Answers 2xx to a request that makes a dialog, and opens the mailbox of that dialog under the same
    /// lock.
    pub(crate) fn accept(
        &self,
        request: &Request,
        mut response: Response,
    ) -> Result<Accepted, TransactionError> {
        let Some(place) = CallPlace::take(&self.core) else {
            count(&self.core.tally.calls_full);
            let reason = "as many calls as there may be";
            log::answer_dropped(&self.incoming, Some(response.status()), reason);
            return Err(TransactionError::TooManyCalls);
        };
        let asked = self.incoming.request.method();
        let router = self.core.router.router_of(request);
        if *asked == Method::INVITE {
            self.core.router.introduce(router, asked, &mut response);
        }
        let response = self.complete(response);
        let (key, status): (ServerKey, _) = (self.key, response.status());
        let opened = self.core.step(self.lane, |state, now| {
            state
                .shard
                .respond(now, key, response)
                .map_err(|error| not_sent(&error))?;
            state.ringing.remove(&key);
            let made = state.shard.dialog_made_by(key, &self.incoming);
            let (dialog, id) = made.ok_or(TransactionError::NoDialog)?;
            Ok((dialog, id, state.open_mailbox(dialog)))
        });
        let (dialog, id, mailbox) = opened?;
        log::response_sent(&self.incoming, status, None);
        *self.accepted.lock().unwrap_or_else(PoisonError::into_inner) = Some(dialog);
        self.note_answered();
        Ok(Accepted {
            dialog,
            id,
            mailbox,
            place,
        })
    }
}

impl ServerExchange {
    /// Answers a request inside a dialog for its owner. Nobody else will: what is no final response that can
    /// be sent becomes a 500.
    pub(crate) fn reply(&self, reply: Reply) -> Result<(), TransactionError> {
        if matches!(reply, Reply::Dropped) {
            count(&self.core.tally.abandoned);
            self.abandon();
            return Ok(());
        }
        let response = reply
            .into_response()
            .filter(|response| response.status().is_final());
        let outcome = response.map(|response| self.respond(response));
        match outcome {
            Some(outcome) if !is_unwritable(&outcome) => outcome.map_err(|error| not_sent(&error)),
            _ => {
                // It was cancelled meanwhile otherwise.
                let failed = Response::new(StatusCode::SERVER_INTERNAL_ERROR);
                let _ = self.respond_instead(failed, "the answer of its owner cannot be sent");
                Err(TransactionError::Unwritable)
            }
        }
    }
}

impl Core {
    /// Makes a request that was delivered to the owner of its dialog one as a handler sees it.
    pub(crate) fn delivered(&self, delivery: &Delivery) -> Request {
        let transaction = delivery
            .exchange
            .clone()
            .map(|exchange| Transaction::new(exchange));
        self.request(&delivery.incoming, transaction, true, delivery.label)
    }

    /// Gives a request that the owner of its dialog has left unanswered to the router.
    pub(crate) fn route_delivery(self: &Arc<Self>, request: Request, delivery: Delivery) {
        match delivery.exchange {
            Some(exchange) => exchange.serve(request, None),
            None => self.notify(delivery.incoming, request, Router::ack),
        }
    }
}
