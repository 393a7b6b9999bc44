//! A handler at work: polled once where it stands, a task only if it waits, and always answered.
//!
//! Invariant: however the handler ends (it returns, panics, is dropped or outlives its deadline), the
//! transaction gets exactly one final answer from here, unless the core gave one already (CANCEL).

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::sync::Notify;
use tracing::Span;
use tracing::field::Empty;

use super::Core;
use super::contact::{contact, is_answer_secured, opens_dialog};
use super::counters::count;
use crate::flow::Flow;
use crate::proto::{RespondError, ServerKey};
use crate::router::{Dispatch, HandlerFuture, Reply, Request, RouterId, ServerSide, TransactionError};
use crate::sip::{self, HeaderName, Method, Response, StatusCode};

/// A server transaction as its handler sees it.
#[derive(Debug)]
pub(crate) struct ServerExchange {
    this: Weak<ServerExchange>,
    core: Arc<Core>,
    lane: usize,
    key: ServerKey,
    request: Arc<sip::Request>,
    flow: Flow,
    cancelled: AtomicBool,
    on_cancel: Notify,
}

impl ServerExchange {
    pub(super) fn new(
        core: Arc<Core>,
        lane: usize,
        key: ServerKey,
        request: Arc<sip::Request>,
        flow: Flow,
    ) -> Arc<Self> {
        Arc::new_cyclic(|this| ServerExchange {
            this: this.clone(),
            core,
            lane,
            key,
            request,
            flow,
            cancelled: AtomicBool::new(false),
            on_cancel: Notify::new(),
        })
    }

    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
        self.on_cancel.notify_waiters();
    }

    /// Runs the route of `request`, and sees to it that the peer gets an answer.
    pub(super) fn serve(self: Arc<Self>, request: Request) {
        let router = self.core.router.router_of(&request);
        if router != RouterId::default() && *self.request.method() == Method::INVITE && !request.in_dialog() {
            self.core
                .step(self.lane, |state, _| state.shard.label(self.key, router.label()));
        }
        let guard = Guard {
            span: span(&self.core, &request),
            exchange: self,
            router,
            answered: false,
        };
        match guarded(&guard.span, || guard.core().router.dispatch(request)) {
            Ok(Dispatch::Now(reply)) => guard.answer(reply),
            Ok(Dispatch::Handler(future)) => start(guard, future),
            Err(Panicked) => count(&guard.core().tally.panicked),
        }
    }

    /// Whether its handler has a place whatever the bound says: a BYE ends what takes the places of others, and
    /// a dialog has one at a time.
    fn makes_room(&self) -> bool {
        *self.request.method() == Method::BYE
    }

    fn respond(&self, response: Response) -> Result<(), RespondError> {
        self.send(response, true)
    }

    /// Lets the request be as if it had never come.
    fn abandon(&self) {
        self.core.step(self.lane, |state, _| {
            // One that is answered, because it was cancelled, needs no more.
            let _ = state.shard.abandon(self.key);
            state.ringing.remove(&self.key);
        });
    }

    /// Where requests of the dialog go.
    fn contact(&self) -> Option<sip::header::Contact> {
        let secured = is_answer_secured(&self.request);
        contact(
            self.request.uri().user(),
            &self.core.place(&self.flow),
            self.flow.transport(),
            secured,
        )
    }

    /// Sends a response; keeps nothing of a refusal unless it is to be kept.
    fn send(&self, mut response: Response, keep: bool) -> Result<(), RespondError> {
        if opens_dialog(self.request.method(), response.status())
            && !response.headers().contains(&HeaderName::CONTACT)
            && let Some(contact) = self.contact()
        {
            response.headers_mut().push_typed(&contact);
        }
        self.core.step(self.lane, |state, now| {
            let is_final = response.status().is_final();
            let outcome = match keep {
                true => state.shard.respond(now, self.key, response),
                false => state.shard.respond_statelessly(now, self.key, response),
            };
            if is_final && !matches!(outcome, Err(RespondError::Address(_) | RespondError::TooLarge(_))) {
                state.ringing.remove(&self.key);
            }
            outcome
        })
    }
}

impl ServerSide for ServerExchange {
    fn provisional(&self, response: Response) -> Result<(), TransactionError> {
        self.respond(response).map_err(|error| match error {
            RespondError::Address(_) | RespondError::TooLarge(_) => {
                tracing::error!(%error, "a provisional reply cannot be sent");
                TransactionError::Unwritable
            }
            _ => TransactionError::Answered,
        })
    }

    fn cancelled(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let this = self.this.clone();
        Box::pin(async move {
            let Some(this) = this.upgrade() else { return };
            loop {
                let mut notified = std::pin::pin!(this.on_cancel.notified());
                notified.as_mut().enable();
                if this.cancelled.load(Ordering::Acquire) {
                    return;
                }
                notified.await;
            }
        })
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    fn key(&self) -> String {
        format!("{:?}", self.key)
    }
}

/// Answers for a handler that does not.
struct Guard {
    exchange: Arc<ServerExchange>,
    /// Entered whenever the handler runs.
    span: Span,
    /// Which router answers.
    router: RouterId,
    answered: bool,
}

impl Guard {
    fn core(&self) -> &Arc<Core> {
        &self.exchange.core
    }

    fn answer(mut self, reply: Reply) {
        self.send(reply);
    }

    fn send(&mut self, reply: Reply) {
        self.answered = true;
        if let Some(status) = reply.status() {
            tracing::debug!(parent: &self.span, status = status.as_u16(), "answered");
        }
        if let Reply::Dropped = reply {
            count(&self.core().tally.abandoned);
            return self.exchange.abandon();
        }
        // A handler that gives no final response has not answered, and neither has one whose response cannot
        // be written: the peer and the transaction would wait for ever.
        let keep = !matches!(reply, Reply::Stateless(_));
        let outcome = match reply.into_response() {
            Some(mut response) if response.status().is_final() => {
                let asked = self.exchange.request.method();
                let introduces =
                    response.status().is_success() && [Method::INVITE, Method::OPTIONS].contains(asked);
                // One with a Via is another's, passed on.
                if introduces && !response.headers().contains(&HeaderName::VIA) {
                    self.core().router.introduce(self.router, asked, &mut response);
                }
                let exchange = &self.exchange;
                exchange
                    .core
                    .note_registration(&exchange.request, &response, &exchange.flow);
                self.exchange.send(response, keep)
            }
            _ => self.fail("it gave no final response"),
        };
        let outcome = match outcome {
            Err(RespondError::Address(error)) => self.fail(&error.to_string()),
            Err(error @ RespondError::TooLarge(_)) => self.fail(&error.to_string()),
            outcome => outcome,
        };
        if outcome.is_err() && !self.exchange.is_cancelled() {
            count(&self.core().tally.late_answers);
        }
    }

    /// Answers 500 in the place of what the handler gave.
    fn fail(&self, why: &str) -> Result<(), RespondError> {
        tracing::error!(parent: &self.span, why, "the handler's answer cannot be sent: 500");
        self.exchange
            .respond(Response::new(StatusCode::SERVER_INTERNAL_ERROR))
    }

    /// How long the handler may take, and what the peer hears when it took longer.
    fn deadline(&self) -> (Duration, StatusCode) {
        if *self.exchange.request.method() == Method::INVITE {
            (self.core().limits.ringing, StatusCode::REQUEST_TIMEOUT)
        } else {
            (self.core().limits.handler, StatusCode::SERVER_INTERNAL_ERROR)
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.answered {
            self.send(Reply::Response(Response::new(StatusCode::SERVER_INTERNAL_ERROR)));
        }
    }
}

/// Polls once in the task that read the message; only a handler that waits becomes a task of its own.
fn start(guard: Guard, mut future: HandlerFuture) {
    match poll_guarded(&guard.span, &mut future, &mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(reply)) => guard.answer(reply),
        Poll::Ready(Err(Panicked)) => count(&guard.core().tally.panicked),
        Poll::Pending => match Slot::take(guard.core(), guard.exchange.makes_room()) {
            Some(slot) => {
                tokio::spawn(run(slot, guard, future));
            }
            None => {
                count(&guard.core().tally.handlers_full);
                guard.answer(Reply::service_unavailable(RETRY_AFTER));
            }
        },
    }
}

/// How long a 503 of ours asks the peer to wait.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(5);

/// However it ends, the slot goes last: once the last slot is gone the transports may be closed, and the
/// guard's answer would not leave.
async fn run(_slot: Slot, guard: Guard, mut future: HandlerFuture) {
    let (limit, late) = guard.deadline();
    let mut abort = guard.core().abort.subscribe();
    let span = guard.span.clone();
    let handler = std::future::poll_fn(|cx| poll_guarded(&span, &mut future, cx));
    tokio::select! {
        biased;
        outcome = handler => match outcome {
            Ok(reply) => guard.answer(reply),
            Err(Panicked) => count(&guard.core().tally.panicked),
        },
        () = tokio::time::sleep(limit) => {
            count(&guard.core().tally.overdue);
            guard.answer(Reply::Response(Response::new(late)));
        }
        _ = abort.wait_for(|abort| *abort) => guard.answer(Reply::service_unavailable(RETRY_AFTER)),
    }
}

/// Runs a handler that answers nobody: ACK and CANCEL.
pub(super) fn notify(core: &Arc<Core>, span: Span, mut future: HandlerFuture) {
    match poll_guarded(&span, &mut future, &mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(_)) => {}
        Poll::Ready(Err(Panicked)) => count(&core.tally.panicked),
        Poll::Pending => {
            // There is at most one for each INVITE, which was bounded: it always has a place.
            let Some(slot) = Slot::take(core, true) else {
                return;
            };
            let core = core.clone();
            tokio::spawn(async move {
                let _slot = slot;
                let mut abort = core.abort.subscribe();
                let handler = std::future::poll_fn(|cx| poll_guarded(&span, &mut future, cx));
                tokio::select! {
                    biased;
                    outcome = handler => if outcome.is_err() { count(&core.tally.panicked) },
                    () = tokio::time::sleep(core.limits.handler) => count(&core.tally.overdue),
                    _ = abort.wait_for(|abort| *abort) => {}
                }
            });
        }
    }
}

/// Code of the application's panicked: a handler, or what reads a capture. The panic hook has told where.
pub(super) struct Panicked;

/// Runs code of the application's. A panic goes no further.
pub(super) fn guarded<R>(span: &Span, call: impl FnOnce() -> R) -> Result<R, Panicked> {
    let _entered = span.enter();
    std::panic::catch_unwind(AssertUnwindSafe(call)).map_err(|_| Panicked)
}

fn poll_guarded(
    span: &Span,
    future: &mut HandlerFuture,
    cx: &mut Context<'_>,
) -> Poll<Result<Reply, Panicked>> {
    match guarded(span, || future.as_mut().poll(cx)) {
        Ok(poll) => poll.map(Ok),
        Err(panicked) => Poll::Ready(Err(panicked)),
    }
}

/// The span of a request: what it is and where it came from. No body, no credentials. What is empty has its place here for plugs.
pub(super) fn span(core: &Core, request: &Request) -> Span {
    tracing::info_span!(
        "request",
        agent = core.name(),
        method = request.method().as_str(),
        user = request.uri().user(),
        host = request.uri().host(),
        call_id = request.headers().get(&HeaderName::CALL_ID),
        transport = %request.source().transport,
        peer = %request.source().peer,
        uri = Empty,
        from = Empty,
        to = Empty,
        cseq = Empty,
        request_id = Empty,
        status = Empty,
    )
}

/// One of the `Limits::handlers` places for a handler that waits.
struct Slot(Arc<Core>);

impl Slot {
    /// A place; `None` when all are taken, unless the handler may go `beyond` that.
    fn take(core: &Arc<Core>, beyond: bool) -> Option<Slot> {
        // In one step: a count that is taken back could be the last, and nobody would ring `idle`.
        core.handlers
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |running| {
                (beyond || running < core.limits.handlers).then_some(running + 1)
            })
            .ok()?;
        count(&core.tally.spawned);
        Some(Slot(core.clone()))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if self.0.handlers.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}
