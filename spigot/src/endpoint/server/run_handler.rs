//! Running a handler: polled once where it stands, and a task only if it waits.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tracing::Span;

use super::ServerExchange;
use super::answer_guard::AnswerGuard;
use super::application_code::{ApplicationCode, Panicked};
use super::handlers::Slot;
use super::span::span;
use crate::endpoint::counters::count;
use crate::endpoint::{Core, log};
use crate::incoming::Incoming;
use crate::proto::{Cause, Refusal, Role};
use crate::router::{Dispatch, Reply, Request, Routed, RouterId};
use crate::sip::header::RetryAfter;
use crate::sip::{Method, Response, StatusCode};

impl ServerExchange {
    /// Runs the route of a request, and sees to it that the peer gets an answer. `refusal` is the reason for
    /// which a user agent has to refuse the request.
    pub(in crate::endpoint) fn serve(self: Arc<Self>, request: Request, refusal: Option<Refusal>) {
        let router = self.core.router.router_of(&request);
        let opens = self.incoming.request.method().opens_dialog() && !request.in_dialog();
        if router != RouterId::default() && opens {
            self.core
                .step(self.lane, |state, _| state.shard.label(self.key, router.label()));
        }
        let mut guard = AnswerGuard {
            span: span(&self.core, &request),
            exchange: self,
            router,
            answered: false,
            is_unrouted: false,
        };
        let Ok(dispatch) = guard.application().run(|| guard.core().router.dispatch(request)) else {
            return;
        };
        match (dispatch.role(), refusal) {
            (Role::Us, Some(refusal)) => return guard.decline(refusal),
            (Role::Us, None) => {}
            (Role::Through, _) => guard.exchange.pass_through(),
        }
        guard.is_unrouted = dispatch.is_unrouted();
        match dispatch {
            Dispatch::Now(reply) => guard.answer(reply),
            Dispatch::Handler(routed) => start(guard, routed),
        }
    }

    /// Takes note that the request passes through this element.
    fn pass_through(&self) {
        self.core
            .step(self.lane, |state, _| state.shard.pass_through(self.key));
    }

    /// Refuses a request whose dialog has an owner who reads too slowly: it may come again.
    pub(in crate::endpoint) fn refuse_for_now(&self) {
        count(&self.core.tally.mailboxes_full);
        let mut response = Response::new(StatusCode::SERVER_INTERNAL_ERROR);
        let seconds = self.core.random.below(11);
        response.headers_mut().push_typed(&RetryAfter::new(seconds));
        // It was cancelled meanwhile otherwise.
        let _ = self.respond_instead(response, "the owner of the dialog reads too slowly");
    }

    /// Takes a slot for a handler that waits.
    fn take_slot(&self) -> Option<Slot> {
        match self.dialog {
            Some(dialog) if self.is_bye() => Slot::take_for_bye(&self.core, dialog),
            _ => Slot::take(&self.core),
        }
    }

    fn is_bye(&self) -> bool {
        *self.incoming.request.method() == Method::BYE
    }
}

/// Polls a handler once, in the task that read the message. Only a handler that waits becomes a task of its
/// own.
fn start(guard: AnswerGuard, mut routed: Routed) {
    let context = &mut Context::from_waker(Waker::noop());
    match guard.application().poll(&mut routed, context) {
        Poll::Ready(Ok(reply)) => guard.answer(reply),
        Poll::Ready(Err(Panicked)) => {}
        Poll::Pending => match guard.exchange.take_slot() {
            Some(slot) => {
                let core = guard.core().clone();
                core.spawn(run(slot, guard, routed));
            }
            // A call can be hung up however many handlers wait.
            None if guard.exchange.is_bye() => {
                count(&guard.core().tally.byes_unheard);
                guard.answer_instead(Reply::Response(Response::new(StatusCode::OK)), HANDLERS_FULL);
            }
            None => {
                count(&guard.core().tally.handlers_full);
                guard.answer_instead(Reply::service_unavailable(RETRY_AFTER), HANDLERS_FULL);
            }
        },
    }
}

/// What the log says of a request whose handler finds no slot.
const HANDLERS_FULL: &str = "as many handlers wait as may";

/// What the log says of a request whose handler outlives its deadline.
const OVERDUE: &str = "the handler took too long";

/// How long a 503 of ours asks the peer to wait.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Waits for a handler, and answers with its reply.
///
/// The slot goes last. Once the last slot is gone the transports may be closed, and the guard's answer would
/// not leave. A handler that has given the final answer itself goes on without a deadline and without a slot.
async fn run(slot: Slot, guard: AnswerGuard, mut routed: Routed) {
    let mut slot = Some(slot);
    let (limit, late) = guard.deadline();
    let exchange = guard.exchange.clone();
    let mut aborted = std::pin::pin!(guard.core().handlers.aborted());
    let span = guard.span.clone();
    let application = ApplicationCode {
        core: &exchange.core,
        span: &span,
        incoming: &exchange.incoming,
    };
    let mut handler = std::pin::pin!(std::future::poll_fn(|cx| application.poll(&mut routed, cx)));
    let outcome = tokio::select! {
        biased;
        outcome = &mut handler => Some(outcome),
        () = exchange.answered() => None,
        () = overdue(&exchange, limit) => {
            count(&guard.core().tally.overdue);
            return guard.answer_instead(Reply::Response(Response::new(late)), OVERDUE);
        }
        () = &mut aborted => {
            let reply = Reply::service_unavailable(RETRY_AFTER);
            return guard.answer_instead(reply, Cause::ShuttingDown.as_str());
        }
    };
    let outcome = match outcome {
        Some(outcome) => outcome,
        None => {
            slot.take();
            tokio::select! {
                biased;
                outcome = &mut handler => outcome,
                // The guard hangs up, before the dialog's place among the calls is given back.
                () = &mut aborted => return drop(guard),
            }
        }
    };
    match outcome {
        Ok(reply) => guard.answer(reply),
        Err(Panicked) => drop(guard),
    }
}

/// Waits until a handler has had its time. Who waits for the answer to a request that it has forwarded has as
/// long as that may take: Timer B, F or C (RFC 3261 §16.8) ends it.
async fn overdue(exchange: &ServerExchange, limit: Duration) {
    loop {
        tokio::time::sleep(limit).await;
        if !exchange.awaits_branch() {
            return;
        }
    }
}

/// A request that its handler does not answer: an ACK, or a CANCEL.
pub(super) struct Unanswered {
    pub(super) core: Arc<Core>,
    pub(super) span: Span,
    pub(super) incoming: Arc<Incoming>,
}

impl Unanswered {
    pub(super) fn application(&self) -> ApplicationCode<'_> {
        ApplicationCode {
            core: &self.core,
            span: &self.span,
            incoming: &self.incoming,
        }
    }

    /// Says that the handler does not run, or not to its end.
    fn note_dropped(&self, reason: &str) {
        let Incoming {
            request,
            essentials,
            flow,
        } = &*self.incoming;
        let method = request.method().as_str();
        self.span
            .in_scope(|| log::message_dropped(method, essentials.call_id(), flow, reason));
    }
}

/// Runs a handler that answers nobody: of an ACK or a CANCEL. Where there `is_bounded` at most one for each
/// INVITE it has a slot beyond the bound; any other is dropped if all slots are taken.
pub(super) fn run_unanswered(unanswered: Unanswered, mut routed: Routed, is_bounded: bool) {
    let context = &mut Context::from_waker(Waker::noop());
    let core = &unanswered.core;
    match unanswered.application().poll(&mut routed, context) {
        Poll::Ready(_) => {}
        Poll::Pending => {
            let slot = if is_bounded {
                Some(Slot::take_beyond(core))
            } else {
                Slot::take(core)
            };
            match slot {
                Some(slot) => _ = core.clone().spawn(wait_unanswered(slot, unanswered, routed)),
                None => {
                    count(&core.tally.handlers_full);
                    unanswered.note_dropped(HANDLERS_FULL);
                }
            }
        }
    }
}

/// Waits for a handler that answers nobody.
async fn wait_unanswered(_slot: Slot, unanswered: Unanswered, mut routed: Routed) {
    let core = &unanswered.core;
    let aborted = core.handlers.aborted();
    let handler = std::future::poll_fn(|cx| unanswered.application().poll(&mut routed, cx));
    tokio::select! {
        biased;
        _ = handler => {}
        () = tokio::time::sleep(core.limits.handler) => {
            count(&core.tally.overdue);
            unanswered.note_dropped(OVERDUE);
        }
        () = aborted => {}
    }
}
