//! Which read turn this thread is in.
//!
//! A turn does not wait, so it stays on the thread that it began on. A thread-local therefore tells a send
//! from within the turn, which is gathered, from any other, which leaves at once. Invariant: when a [`Turn`]
//! is dropped, the mark is what it was before.

use std::cell::Cell;
use std::marker::PhantomData;
use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use spigot_parser as sip;

use super::Inbound;
use crate::flow::Flow;

thread_local! {
    /// Whose turn it is; `None` between turns.
    static CURRENT: Cell<Option<TurnId>> = const { Cell::new(None) };
}

/// Which socket or connection has a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TurnId(NonZeroU64);

impl TurnId {
    /// A number that no other socket or connection of this process has.
    pub(super) fn unique() -> TurnId {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NonZeroU64::new(NEXT.fetch_add(1, Ordering::Relaxed));
        TurnId(number.expect("no process lives to open 2^64 sockets"))
    }
}

/// A read turn of one socket or connection, which ends when this is dropped.
#[must_use]
pub(super) struct Turn {
    before: Option<TurnId>,
    /// Not `Send`: held across an `await` it would mark the wrong thread.
    stays: PhantomData<*const ()>,
}

impl Turn {
    /// Begins the turn of a socket or connection.
    pub(super) fn begin(id: TurnId) -> Turn {
        Turn {
            before: CURRENT.replace(Some(id)),
            stays: PhantomData,
        }
    }

    /// Whether the caller is inside the turn of that socket or connection.
    pub(super) fn is_of(id: TurnId) -> bool {
        CURRENT.get() == Some(id)
    }

    /// Hands a message to the endpoint. If that panics, it costs the message and not the listener.
    pub(super) fn message(&self, inbound: &dyn Inbound, flow: Flow, bytes: sip::Bytes) {
        guarded(flow, || inbound.message(flow, bytes));
    }

    /// Tells the endpoint of what could not be framed. If that panics, it costs the answer and not the
    /// listener.
    pub(super) fn unframed(&self, inbound: &dyn Inbound, flow: Flow, error: sip::FrameError) {
        guarded(flow, || inbound.unframed(flow, error));
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        CURRENT.set(self.before);
    }
}

/// Calls the endpoint, and logs a panic instead of letting it through.
pub(super) fn guarded(flow: Flow, call: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(call)).is_err() {
        tracing::error!(%flow, "the endpoint panicked");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_of_one_socket_on_one_thread_until_it_is_dropped() {
        let id = TurnId::unique();
        let turn = Turn::begin(id);
        assert!(Turn::is_of(id));
        assert!(!Turn::is_of(TurnId::unique()));
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(!Turn::is_of(id)));
        });
        drop(turn);
        assert!(!Turn::is_of(id));
    }
}
