//! A server transaction as its handler sees it.
//!
//! `run_handler` adds how its request is served, `accepted` what a handler does that answers and goes on,
//! `forwarding` what passes through.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use smallvec::SmallVec;
use tokio::sync::Notify;

use crate::endpoint::client::Pending;
use crate::endpoint::flow::{contact, is_answer_secured, opens_dialog};
use crate::endpoint::{Core, log};
use crate::incoming::Incoming;
use crate::proto::{DialogKey, RespondError, ServerKey};
use crate::router::{ServerSide, TransactionError};
use crate::sip::{HeaderName, Response, StatusCode};

/// A server transaction as its handler sees it.
#[derive(Debug)]
pub(crate) struct ServerExchange {
    this: Weak<ServerExchange>,
    pub(crate) core: Arc<Core>,
    pub(crate) lane: usize,
    pub(crate) key: ServerKey,
    pub(crate) incoming: Arc<Incoming>,
    /// The dialog that the request is in.
    pub(super) dialog: Option<DialogKey>,
    /// The dialog that the handler has accepted, and goes on with.
    pub(super) accepted: Mutex<Option<DialogKey>>,
    /// Whether the handler has given the final answer itself and goes on.
    is_answered: AtomicBool,
    on_answer: Notify,
    cancelled: AtomicBool,
    on_cancel: Notify,
    /// The requests that it was forwarded as.
    pub(super) branches: Mutex<SmallVec<[Weak<Pending>; 1]>>,
}

impl ServerExchange {
    pub(in crate::endpoint) fn new(
        core: Arc<Core>,
        lane: usize,
        key: ServerKey,
        incoming: Arc<Incoming>,
        dialog: Option<DialogKey>,
    ) -> Arc<Self> {
        Arc::new_cyclic(|this| ServerExchange {
            this: this.clone(),
            core,
            lane,
            key,
            incoming,
            dialog,
            accepted: Mutex::new(None),
            is_answered: AtomicBool::new(false),
            on_answer: Notify::new(),
            cancelled: AtomicBool::new(false),
            on_cancel: Notify::new(),
            branches: Mutex::default(),
        })
    }

    /// Shares it with whoever forwards its request.
    pub(crate) fn shared(&self) -> Option<Arc<ServerExchange>> {
        self.this.upgrade()
    }

    pub(in crate::endpoint) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
        self.on_cancel.notify_waiters();
    }

    /// Takes note that the handler has given the final answer itself.
    pub(super) fn note_answered(&self) {
        self.is_answered.store(true, Ordering::Release);
        self.on_answer.notify_waiters();
    }

    /// Reports whether the handler has given the final answer itself.
    pub(super) fn is_answered(&self) -> bool {
        self.is_answered.load(Ordering::Acquire)
    }

    /// Waits until the handler has given the final answer itself.
    pub(super) async fn answered(&self) {
        wait_for(&self.is_answered, &self.on_answer).await;
    }

    /// Returns the dialog that the handler has accepted.
    pub(super) fn accepted(&self) -> Option<DialogKey> {
        *self.accepted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn respond(&self, response: Response) -> Result<(), RespondError> {
        self.send(response, true, None)
    }

    /// Sends a response in the place of the handler's.
    pub(super) fn respond_instead(&self, response: Response, reason: &str) -> Result<(), RespondError> {
        self.send(response, true, Some(reason))
    }

    /// Gives the request up, as if it had never come.
    pub(super) fn abandon(&self) {
        log::answer_dropped(&self.incoming, None, "a plug or the handler wants none");
        self.core.step(self.lane, |state, now| {
            // One that is answered, because it was cancelled, needs no more.
            let _ = state.shard.abandon(now, self.key);
            state.ringing.remove(&self.key);
        });
    }

    /// Makes our Contact, where requests of the dialog go.
    fn contact(&self) -> String {
        let (request, flow) = (&self.incoming.request, &self.incoming.flow);
        let secured = is_answer_secured(request);
        let own = self.core.carriers.own_address(flow);
        contact(request.uri().user(), &own, flow.transport(), secured)
    }

    /// Adds our Contact to a response that must have one.
    pub(super) fn complete(&self, mut response: Response) -> Response {
        if opens_dialog(self.incoming.request.method(), response.status())
            && !response.headers().contains(&HeaderName::CONTACT)
        {
            // It is one line: its user stands in the URI of a request.
            let _ = response.headers_mut().push(HeaderName::CONTACT, &self.contact());
        }
        response
    }

    /// Sends a response. Unless `keep` says so, nothing is kept of a refusal. The log has the `reason`, or the
    /// one that the response itself gives.
    pub(super) fn send(
        &self,
        response: Response,
        keep: bool,
        reason: Option<&str>,
    ) -> Result<(), RespondError> {
        let response = self.complete(response);
        let status = response.status();
        let own_reason = log::reason_in(&response);
        let outcome = self.core.step(self.lane, |state, now| {
            let is_final = response.status().is_final();
            let outcome = if keep {
                state.shard.respond(now, self.key, response)
            } else {
                state.shard.respond_statelessly(now, self.key, response)
            };
            if is_final && !is_unwritable(&outcome) {
                state.ringing.remove(&self.key);
            }
            outcome
        });
        self.note_outcome(status, &outcome, reason.or(own_reason.as_deref()));
        outcome
    }

    /// Says in the log what has become of an answer.
    pub(super) fn note_outcome(
        &self,
        status: StatusCode,
        outcome: &Result<(), RespondError>,
        reason: Option<&str>,
    ) {
        match outcome {
            Ok(()) => log::response_sent(&self.incoming, status, reason),
            // What cannot be written is an error in the log, and answered 500.
            Err(RespondError::Unwritable(_) | RespondError::TooLarge(_)) => {}
            // A handler that gives up at a CANCEL says what the library has said for it.
            Err(RespondError::Answered) if status == StatusCode::REQUEST_TERMINATED => {}
            Err(RespondError::Answered) => {
                log::answer_dropped(&self.incoming, Some(status), "the request is answered already");
            }
            Err(RespondError::Gone) => {
                log::answer_dropped(&self.incoming, Some(status), "the transaction is gone");
            }
        }
    }
}

/// Reports whether a response was refused for its own sake, so that another may be sent in its place.
pub(super) fn is_unwritable(outcome: &Result<(), RespondError>) -> bool {
    matches!(
        outcome,
        Err(RespondError::Unwritable(_) | RespondError::TooLarge(_))
    )
}

/// Gives the error that a handler hears for a response that was not sent.
pub(super) fn not_sent(error: &RespondError) -> TransactionError {
    match error {
        RespondError::Unwritable(_) | RespondError::TooLarge(_) => {
            tracing::error!(%error, "a reply cannot be sent");
            TransactionError::Unwritable
        }
        _ => TransactionError::Answered,
    }
}

async fn wait_for(flag: &AtomicBool, bell: &Notify) {
    loop {
        let mut notified = std::pin::pin!(bell.notified());
        notified.as_mut().enable();
        if flag.load(Ordering::Acquire) {
            return;
        }
        notified.await;
    }
}

impl ServerSide for ServerExchange {
    fn provisional(&self, response: Response) -> Result<(), TransactionError> {
        self.respond(response).map_err(|error| not_sent(&error))
    }

    fn cancelled(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let this = self.this.clone();
        Box::pin(async move {
            if let Some(this) = this.upgrade() {
                wait_for(&this.cancelled, &this.on_cancel).await;
            }
        })
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    fn key(&self) -> String {
        format!("{:?}", self.key)
    }

    fn relay(&self, response: &Response) -> Result<(), TransactionError> {
        self.relay_provisional(response)
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
