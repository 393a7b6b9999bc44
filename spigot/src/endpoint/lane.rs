//! One shard of the protocol core with what the endpoint keeps beside it.
//!
//! Invariant: the lock is private to this file. Whoever changes the shard does so by [`Lane::step`], which
//! also drains the shard's outputs and wakes the timer task if the next deadline has become earlier.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use smallvec::SmallVec;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::client::Pending;
use super::mailbox::{Delivered, Delivery, Mailbox, MailboxReader};
use super::server::ServerExchange;
use crate::incoming::Incoming;
use crate::proto::{ClientKey, DialogKey, Output, ServerKey, Shard};
use crate::sip::Method;

/// One thing that a step of a shard wants done outside of its lock.
pub(super) enum LaneOutput {
    /// An output of the shard.
    Output(Output),
    /// A request for the router, with what answers it.
    Serve(Output, Arc<ServerExchange>),
    /// A request for the owner of its dialog, who reads too slowly.
    Refuse(Arc<ServerExchange>),
}

/// The tasks of one step of a shard. Most steps have at most two.
pub(super) type LaneOutputs = SmallVec<[LaneOutput; 2]>;

/// A shard behind its lock, and the bell of its timer task.
pub(crate) struct Lane {
    state: Mutex<LaneState>,
    /// Rung when the shard's next deadline has become earlier than the one its timer task sleeps towards.
    earlier: Notify,
}

/// The state that the lock of a lane guards.
pub(crate) struct LaneState {
    pub(crate) shard: Shard,
    /// INVITEs without a final answer, so that a CANCEL finds the handler.
    pub(super) ringing: HashMap<ServerKey, Arc<ServerExchange>>,
    /// Client transactions that somebody waits for.
    pub(super) pending: HashMap<ClientKey, Arc<Pending>>,
    /// The mailboxes of dialogs whose owner is a task.
    mailboxes: HashMap<DialogKey, Mailbox>,
    /// Whether the endpoint has ended, so that no request of ours begins any more.
    pub(crate) closed: bool,
    /// The deadline that the timer task sleeps towards; `None` while it sleeps until it is woken.
    armed: Option<Instant>,
}

impl Lane {
    pub(super) fn new(shard: Shard) -> Self {
        Lane {
            state: Mutex::new(LaneState {
                shard,
                ringing: HashMap::new(),
                pending: HashMap::new(),
                mailboxes: HashMap::new(),
                closed: false,
                armed: None,
            }),
            earlier: Notify::new(),
        }
    }

    /// Changes the shard under the lock, and adds what is to be done for that to `tasks`. Each request among
    /// it has an exchange made by `exchange`.
    pub(super) fn step<R>(
        &self,
        change: impl FnOnce(&mut LaneState) -> R,
        exchange: impl Fn(ServerKey, &Arc<Incoming>, Option<DialogKey>) -> Arc<ServerExchange>,
        tasks: &mut LaneOutputs,
    ) -> R {
        let (result, wake) = {
            let mut state = self.lock();
            let result = change(&mut state);
            state.drain(exchange, tasks);
            (result, state.must_wake())
        };
        if wake {
            self.earlier.notify_one();
        }
        result
    }

    /// Reads what the lane knows, without a step.
    pub(super) fn read<R>(&self, read: impl FnOnce(&LaneState) -> R) -> R {
        read(&self.lock())
    }

    /// Takes the exchange of an INVITE that its caller has given up.
    pub(super) fn take_ringing(&self, key: &ServerKey) -> Option<Arc<ServerExchange>> {
        self.lock().ringing.remove(key)
    }

    /// Finds the request of ours that somebody waits for.
    pub(super) fn pending(&self, key: &ClientKey) -> Option<Arc<Pending>> {
        self.lock().pending.get(key).cloned()
    }

    /// Forgets who waits for a client transaction that has ended.
    pub(super) fn forget_pending(&self, key: &ClientKey) {
        self.lock().pending.remove(key);
    }

    /// Closes the lane for requests of ours: those under way fail, and there will be no more.
    pub(super) fn close_clients(&self) {
        let pending = {
            let mut state = self.lock();
            state.closed = true;
            state.mailboxes.clear();
            std::mem::take(&mut state.pending)
        };
        for pending in pending.values() {
            // Whoever waits for one sees that nobody tells it anything any more.
            pending.state().close();
        }
    }

    /// The deadline that the timer task sleeps towards from now on.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let mut state = self.lock();
        state.armed = state.shard.poll_timeout();
        state.armed
    }

    /// Waits until the next deadline has become earlier.
    pub(super) fn earlier(&self) -> Notified<'_> {
        self.earlier.notified()
    }

    fn lock(&self) -> MutexGuard<'_, LaneState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LaneState {
    /// Returns how many mailboxes are open.
    #[cfg(feature = "testing")]
    pub(super) fn mailboxes(&self) -> usize {
        self.mailboxes.len()
    }

    /// Opens the mailbox of a dialog, before anything that comes inside it can be taken out of the shard.
    pub(super) fn open_mailbox(&mut self, dialog: DialogKey) -> MailboxReader {
        let (mailbox, reader) = Mailbox::open();
        self.mailboxes.insert(dialog, mailbox);
        reader
    }

    /// Moves every output out of the shard, still under the lock. So an INVITE is known to its lane before a
    /// CANCEL can look for it, and the requests of a dialog are delivered in their order.
    fn drain(
        &mut self,
        exchange: impl Fn(ServerKey, &Arc<Incoming>, Option<DialogKey>) -> Arc<ServerExchange>,
        tasks: &mut LaneOutputs,
    ) {
        while let Some(output) = self.shard.poll_output() {
            match output {
                Output::Request {
                    key,
                    ref incoming,
                    dialog,
                    ..
                } => {
                    let exchange = exchange(key, incoming, dialog);
                    if *incoming.request.method() == Method::INVITE {
                        self.ringing.insert(key, exchange.clone());
                    }
                    tasks.extend(self.deliver_request(output, exchange));
                }
                Output::Ack {
                    dialog: Some(dialog),
                    ref incoming,
                    label,
                } if !self.mailboxes.is_empty() && self.mailboxes.contains_key(&dialog) => {
                    let delivery = Delivery {
                        incoming: incoming.clone(),
                        exchange: None,
                        dialog,
                        label,
                    };
                    let delivered = self.mailboxes[&dialog].deliver(delivery);
                    if !matches!(delivered, Delivered::Yes) {
                        tasks.push(LaneOutput::Output(output));
                    }
                }
                Output::Response {
                    key,
                    dialog: Some(dialog),
                    ..
                } => {
                    self.open_callers_mailbox(&key, dialog);
                    tasks.push(LaneOutput::Output(output));
                }
                Output::DialogEnded { dialog } => {
                    self.mailboxes.remove(&dialog);
                }
                output => tasks.push(LaneOutput::Output(output)),
            }
        }
    }

    /// Gives a request to the task that owns its dialog. If there is none, the request is for the router.
    fn deliver_request(&self, output: Output, exchange: Arc<ServerExchange>) -> Option<LaneOutput> {
        let Output::Request {
            ref incoming,
            dialog: Some(dialog),
            label,
            ..
        } = output
        else {
            return Some(LaneOutput::Serve(output, exchange));
        };
        let Some(mailbox) = self.mailboxes.get(&dialog) else {
            return Some(LaneOutput::Serve(output, exchange));
        };
        let delivery = Delivery {
            incoming: incoming.clone(),
            exchange: Some(exchange.clone()),
            dialog,
            label,
        };
        match mailbox.deliver(delivery) {
            Delivered::Yes => None,
            Delivered::Route => Some(LaneOutput::Serve(output, exchange)),
            Delivered::Full => Some(LaneOutput::Refuse(exchange)),
        }
    }

    /// Opens the mailbox of a dialog that a response to a request of ours has made, if its caller wants one.
    fn open_callers_mailbox(&mut self, key: &ClientKey, dialog: DialogKey) {
        let Some(pending) = self.pending.get(key).cloned() else {
            return;
        };
        if self.mailboxes.contains_key(&dialog) || !self.shard.knows_dialog(&dialog) {
            return;
        }
        let mut pending = pending.state();
        if pending.opens_mailboxes() {
            let reader = self.open_mailbox(dialog);
            pending.mailboxes.insert(dialog, reader);
        }
    }

    /// Reports whether the timer task must be woken because the next deadline is earlier than the one it
    /// knows.
    fn must_wake(&mut self) -> bool {
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
