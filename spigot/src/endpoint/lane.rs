//! One shard of the protocol core with what the shell keeps beside it.
//!
//! Invariant: whoever changes the shard, under the lock, also drains its outputs and leaves
//! `armed` no later than the shard's next deadline; that is what [`Core::step`](super::Core::step) does and
//! nobody else touches a lane.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use smallvec::SmallVec;
use tokio::sync::Notify;

use super::exchange::ServerExchange;
use super::outstanding::Outstanding;
use crate::flow::Flow;
use crate::proto::{ClientKey, Output, ServerKey, Shard};
use crate::sip::{Method, Request};

/// What one step of a shard gave out, each request with the exchange that will answer it. Most steps give
/// at most two things.
pub(super) type Outputs = SmallVec<[(Output, Option<Arc<ServerExchange>>); 2]>;

/// A shard behind its lock, and the bell of its timer task.
pub(super) struct Lane {
    state: Mutex<LaneState>,
    /// Rung when the shard's next deadline has moved before the one its timer task sleeps towards.
    pub(super) earlier: Notify,
}

pub(crate) struct LaneState {
    pub(crate) shard: Shard,
    /// INVITEs without a final answer, so that a CANCEL finds the handler.
    pub(super) ringing: HashMap<ServerKey, Arc<ServerExchange>>,
    /// Client transactions that somebody waits for.
    pub(crate) outstanding: HashMap<ClientKey, Outstanding>,
    /// Whether the endpoint has ended: there will be no outstanding request any more.
    pub(crate) closed: bool,
    /// What the timer task sleeps towards; `None` while it sleeps until it is woken.
    pub(super) armed: Option<Instant>,
}

impl Lane {
    pub(super) fn new(shard: Shard) -> Self {
        Lane {
            state: Mutex::new(LaneState {
                shard,
                ringing: HashMap::new(),
                outstanding: HashMap::new(),
                closed: false,
                armed: None,
            }),
            earlier: Notify::new(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, LaneState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LaneState {
    /// Moves every output out of the shard. Still under the lock: an INVITE is known to its lane before a
    /// CANCEL can look for it.
    pub(super) fn drain(
        &mut self,
        exchange: impl Fn(ServerKey, &Arc<Request>, Flow) -> Arc<ServerExchange>,
    ) -> Outputs {
        let mut outputs = Outputs::new();
        while let Some(output) = self.shard.poll_output() {
            let exchange = if let Output::Request {
                key, request, flow, ..
            } = &output
            {
                let exchange = exchange(*key, request, *flow);
                if *request.method() == Method::INVITE {
                    self.ringing.insert(*key, exchange.clone());
                }
                Some(exchange)
            } else {
                None
            };
            outputs.push((output, exchange));
        }
        outputs
    }

    /// Whether the timer task must be woken because the next deadline is earlier than the one it knows.
    pub(super) fn must_wake(&mut self) -> bool {
        match (self.shard.poll_timeout(), self.armed) {
            (Some(next), Some(armed)) if next >= armed => false,
            (Some(next), _) => {
                self.armed = Some(next);
                true
            }
            (None, _) => false,
        }
    }
}
