//! The guard of a handler, which answers for it.
//!
//! Invariant: however the handler ends (it returns, panics, is dropped or outlives its deadline), its guard
//! gives the transaction exactly one final answer, unless the handler dropped the request or the core has
//! answered (CANCEL).

use std::sync::Arc;
use std::time::Duration;

use tracing::Span;

use super::ServerExchange;
use super::application_code::ApplicationCode;
use crate::endpoint::counters::count;
use crate::endpoint::{Core, log};
use crate::incoming::Incoming;
use crate::proto::{Refusal, RespondError};
use crate::router::{Reply, RouterId, ServerSide, library_reason};
use crate::sip::{Method, Response, StatusCode};

/// Answers for a handler that does not.
pub(super) struct AnswerGuard {
    pub(super) exchange: Arc<ServerExchange>,
    /// The span that is entered whenever the handler runs.
    pub(super) span: Span,
    /// The router that answers.
    pub(super) router: RouterId,
    pub(super) answered: bool,
    /// Whether no route has the request, so that the library answers it, or a plug does.
    pub(super) is_unrouted: bool,
}

impl AnswerGuard {
    pub(super) fn core(&self) -> &Arc<Core> {
        &self.exchange.core
    }

    /// Returns the code of the application that answers.
    pub(super) fn application(&self) -> ApplicationCode<'_> {
        ApplicationCode {
            core: &self.exchange.core,
            span: &self.span,
            incoming: &self.exchange.incoming,
        }
    }

    /// Answers with the reply of a handler, or of the router where no route has the request.
    pub(super) fn answer(mut self, reply: Reply) {
        let status = reply.status().filter(|_| self.is_unrouted);
        self.send(reply, status.and_then(library_reason));
    }

    /// Answers in the place of a handler.
    pub(super) fn answer_instead(mut self, reply: Reply, reason: &str) {
        self.send(reply, Some(reason));
    }

    /// Refuses the request as its user agent has to.
    pub(super) fn decline(mut self, refusal: Refusal) {
        self.answered = true;
        let exchange = &self.exchange;
        exchange.core.step(exchange.lane, |state, now| {
            state.ringing.remove(&exchange.key);
            state.shard.decline(now, exchange.key, refusal);
        });
        let reason = Some(refusal.as_str());
        self.span
            .in_scope(|| log::response_sent(&exchange.incoming, refusal.status(), reason));
    }

    fn send(&mut self, reply: Reply, reason: Option<&str>) {
        self.answered = true;
        let _entered = self.span.enter();
        if self.exchange.is_answered() {
            // The handler has answered itself and gone on, and this is its end.
            return;
        }
        let reply = match reply {
            Reply::Dropped => {
                count(&self.core().tally.abandoned);
                return self.exchange.abandon();
            }
            Reply::Relayed(response) => {
                let Incoming { request, flow, .. } = &*self.exchange.incoming;
                self.core().note_registration(request, &response, flow);
                if self.exchange.relay(&response).is_err() && !self.exchange.is_cancelled() {
                    count(&self.core().tally.late_answers);
                }
                return;
            }
            reply => reply,
        };
        // A handler that gives no final response has not answered, and neither has one whose response cannot
        // be written: the peer and the transaction would wait for ever.
        let keep = !matches!(reply, Reply::Stateless(_));
        let outcome = match reply.into_response() {
            Some(mut response) if response.status().is_final() => {
                let asked = self.exchange.incoming.request.method();
                let introduces =
                    response.status().is_success() && [Method::INVITE, Method::OPTIONS].contains(asked);
                if introduces {
                    self.core().router.introduce(self.router, asked, &mut response);
                }
                let exchange = &self.exchange;
                let Incoming { request, flow, .. } = &*exchange.incoming;
                exchange.core.note_registration(request, &response, flow);
                exchange.send(response, keep, reason)
            }
            _ => self.fail("it gave no final response"),
        };
        let outcome = match outcome {
            Err(RespondError::Unwritable(error)) => self.fail(&error.to_string()),
            Err(error @ RespondError::TooLarge(_)) => self.fail(&error.to_string()),
            outcome => outcome,
        };
        if outcome.is_err() && !self.exchange.is_cancelled() {
            count(&self.core().tally.late_answers);
        }
    }

    /// Answers 500 in the place of the handler's reply.
    fn fail(&self, why: &str) -> Result<(), RespondError> {
        tracing::error!(why, "the handler's answer cannot be sent: 500");
        self.exchange
            .respond_instead(Response::new(StatusCode::SERVER_INTERNAL_ERROR), why)
    }

    /// Returns how long the handler may take, and the status for the peer when it takes longer.
    pub(super) fn deadline(&self) -> (Duration, StatusCode) {
        if *self.exchange.incoming.request.method() == Method::INVITE {
            (self.core().limits.ringing, StatusCode::REQUEST_TIMEOUT)
        } else {
            (self.core().limits.handler, StatusCode::SERVER_INTERNAL_ERROR)
        }
    }
}

impl Drop for AnswerGuard {
    fn drop(&mut self) {
        if !self.answered
            && let Some(dialog) = self.exchange.accepted()
        {
            // The handler of a call has panicked, or the endpoint ends.
            self.core()
                .step(self.exchange.lane, |state, now| state.shard.hang_up(now, &dialog));
            self.answered = true;
        }
        if !self.answered {
            let response = Response::new(StatusCode::SERVER_INTERNAL_ERROR);
            self.send(
                Reply::Response(response),
                Some("the handler has panicked or was dropped"),
            );
        }
    }
}
