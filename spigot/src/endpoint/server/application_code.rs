//! Running code of the application's: a panic goes no further, and a poll that blocks is noticed.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};
use std::time::Duration;

use tracing::Span;

use super::stopwatch::Stopwatch;
use crate::endpoint::Core;
use crate::endpoint::counters::count;
use crate::incoming::Incoming;
use crate::router::{Reply, Route, Routed};

/// The code of the application that runs for one request.
#[derive(Clone, Copy)]
pub(super) struct ApplicationCode<'a> {
    pub(super) core: &'a Core,
    /// The span that is entered while the code runs.
    pub(super) span: &'a Span,
    pub(super) incoming: &'a Incoming,
}

/// The panic of a handler, or of other code of the application's. It is counted and logged by now.
pub(super) struct Panicked;

impl ApplicationCode<'_> {
    /// Runs code that belongs to no route.
    pub(super) fn run<R>(self, call: impl FnOnce() -> R) -> Result<R, Panicked> {
        let _entered = self.span.enter();
        catch_unwind(AssertUnwindSafe(call)).map_err(|panic| self.note_panic(None, &*panic))
    }

    /// Polls the handler of a route, with its plugs.
    pub(super) fn poll(self, routed: &mut Routed, cx: &mut Context<'_>) -> Poll<Result<Reply, Panicked>> {
        let _entered = self.span.enter();
        self.core.watchdog.note_work();
        let stopwatch = Stopwatch::start();
        let polled = catch_unwind(AssertUnwindSafe(|| routed.future.as_mut().poll(cx)));
        let taken = stopwatch.elapsed();
        if taken >= self.core.limits.slow_poll {
            self.note_slow_poll(routed.route, taken);
        }
        match polled {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(self.note_panic(routed.route, &*panic))),
        }
    }

    #[cold]
    fn note_slow_poll(self, route: Option<&Route>, taken: Duration) {
        count(&self.core.tally.slow_polls);
        tracing::warn!(
            route = route.map(tracing::field::display),
            ?taken,
            "a handler has blocked its thread, where it should await or use `tokio::task::spawn_blocking`"
        );
    }

    #[cold]
    fn note_panic(self, route: Option<&Route>, panic: &(dyn Any + Send)) -> Panicked {
        count(&self.core.tally.panicked);
        tracing::error!(
            method = self.incoming.request.method().as_str(),
            call_id = self.incoming.essentials.call_id(),
            route = route.map(tracing::field::display),
            panic = message_of(panic),
            "a handler has panicked"
        );
        Panicked
    }
}

/// Returns what a panic says.
pub(in crate::endpoint) fn message_of(panic: &(dyn Any + Send)) -> Option<&str> {
    match panic.downcast_ref::<&str>() {
        Some(message) => Some(message),
        None => panic.downcast_ref::<String>().map(String::as_str),
    }
}
