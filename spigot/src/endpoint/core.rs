//! The state that the tasks of an endpoint share, and the step of a shard.
//!
//! Other files add to [`Core`]: `flow/` sends messages and reaches peers, `server/` takes messages in and
//! runs handlers, `client/` takes the responses to requests of ours, `shutdown` ends it all.
//!
//! Invariant: a shard's lock is held for one step only, and never while a handler or a transport is at work.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::Limits;
use super::counters::EndpointTally;
use super::flow::{Carriers, Closings, KeepAlives, Locator, OnClosed, Reconnects};
use super::lane::{LaneOutput, LaneOutputs, LaneState};
use super::lanes::Lanes;
use super::log;
use super::randomness::Randomness;
use super::server::{Handlers, ServerExchange};
use super::watchdog::Watchdog;
use crate::flow::Flow;
use crate::incoming::Incoming;
use crate::proto::{Output, Settings, Timers};
use crate::resolve::Resolver;
use crate::router::{EndpointExtension, Request, Router, RouterId, Source, Transaction};
use crate::transport::NEVER;

/// The state that every task of an endpoint shares.
pub(crate) struct Core {
    pub(super) name: String,
    pub(super) router: Router,
    pub(super) limits: Limits,
    pub(super) tally: EndpointTally,
    pub(crate) lanes: Lanes,
    timers: Timers,
    /// The runtime that the endpoint was started in. All its tasks run there.
    runtime: Handle,
    pub(crate) carriers: Carriers,
    pub(super) closings: Closings,
    pub(super) keep_alives: KeepAlives,
    pub(super) reconnects: Reconnects,
    pub(super) locator: Locator,
    pub(super) handlers: Handlers,
    pub(super) watchdog: Watchdog,
    pub(crate) random: Randomness,
    /// The extension of every request, by which extractors find this endpoint.
    extension: EndpointExtension,
}

/// The endpoint as an extension of every request. It keeps nothing alive.
pub(crate) struct Endpoint(Weak<Core>);

impl Endpoint {
    /// Returns the endpoint that the request came to; `None` once it is gone.
    pub(crate) fn core(&self) -> Option<Arc<Core>> {
        self.0.upgrade()
    }
}

/// The parts that a core is made from.
pub(super) struct Setup {
    pub(super) name: String,
    pub(super) router: Router,
    pub(super) resolver: Arc<dyn Resolver>,
    pub(super) on_closed: Option<OnClosed>,
    pub(super) limits: Limits,
    pub(super) timers: Timers,
    /// How many lanes there are.
    pub(super) lanes: usize,
    pub(super) seed: [u8; 16],
    /// The runtime in which all tasks of the endpoint run.
    pub(super) runtime: Handle,
}

impl Core {
    /// Makes a core of these parts.
    pub(super) fn new(setup: Setup) -> Arc<Self> {
        let Setup {
            limits,
            timers,
            lanes,
            seed,
            ..
        } = setup;
        let settings = Settings {
            timers,
            max_server_transactions: limits.server_transactions.div_ceil(lanes),
            max_transaction_bytes: limits.transaction_bytes.div_ceil(lanes),
            max_dialogs: limits.dialogs.div_ceil(lanes),
            dialog_lifetime: limits.dialog_lifetime.min(NEVER),
            forwards: setup.router.forwards(),
            max_client_transactions: limits.client_transactions.div_ceil(lanes),
            forwarded_ringing: limits.forwarded_ringing.min(NEVER),
            ringing: limits.ringing.min(NEVER),
            idle: limits.transport.idle,
            ..Settings::default()
        };
        Arc::new_cyclic(|this| Core {
            name: setup.name,
            router: setup.router,
            tally: EndpointTally::default(),
            lanes: Lanes::new(lanes, settings, seed),
            timers,
            watchdog: Watchdog::start(&setup.runtime),
            runtime: setup.runtime,
            carriers: Carriers::default(),
            closings: Closings::new(setup.on_closed),
            keep_alives: KeepAlives::default(),
            reconnects: Reconnects::new(limits.reconnects),
            locator: Locator::new(setup.resolver, &limits),
            handlers: Handlers::new(limits.handlers, limits.calls),
            random: Randomness::new(seed),
            limits,
            extension: EndpointExtension::new(Endpoint(this.clone())),
        })
    }

    /// Steps one shard: changes it under the lock, then carries out what it gave.
    pub(crate) fn step<R>(
        self: &Arc<Self>,
        lane: usize,
        change: impl FnOnce(&mut LaneState, Instant) -> R,
    ) -> R {
        let now = tokio::time::Instant::now().into_std();
        // Filled and emptied where it stands, for it is large.
        let mut tasks = LaneOutputs::new();
        let result = self.lanes[lane].step(
            |state| change(state, now),
            |key, incoming, dialog| ServerExchange::new(self.clone(), lane, key, incoming.clone(), dialog),
            &mut tasks,
        );
        self.carry_out(lane, &mut tasks);
        result
    }

    /// Carries out what one step of a shard wants done, in its order.
    fn carry_out(self: &Arc<Self>, lane: usize, tasks: &mut LaneOutputs) {
        for task in tasks.drain(..) {
            match task {
                LaneOutput::Output(output) => self.carry_out_output(lane, output),
                LaneOutput::Serve(output, exchange) => {
                    let Output::Request {
                        incoming,
                        role,
                        dialog,
                        label,
                        refusal,
                        ..
                    } = output
                    else {
                        continue;
                    };
                    let transaction = Transaction::new(exchange.clone());
                    let request = self.request(&incoming, Some(transaction), dialog.is_some(), label);
                    exchange.serve(request.with_role(role), refusal);
                }
                LaneOutput::Refuse(exchange) => exchange.refuse_for_now(),
            }
        }
    }

    fn carry_out_output(self: &Arc<Self>, lane: usize, output: Output) {
        match output {
            Output::Transmit {
                flow,
                bytes,
                fallback,
            } => self.transmit(flow, bytes, fallback),
            Output::Ack {
                incoming,
                dialog,
                label,
            } => {
                if dialog.is_none() && !self.forward_ack(lane, &incoming) {
                    return;
                }
                let request = self.request(&incoming, None, dialog.is_some(), label);
                self.notify(incoming, request, Router::ack);
            }
            Output::Cancelled {
                key,
                cancel,
                dialog,
                label,
            } => self.cancelled(lane, key, cancel, dialog, label),
            Output::Response {
                key, response, flow, ..
            } => self.answered(lane, key, *response, flow),
            Output::Failed { key, failure } => self.failed(lane, key, failure),
            Output::Ended { key } => self.lanes[lane].forget_pending(&key),
            Output::Send(unsent) => self.send_unsent(lane, *unsent),
            Output::Settled {
                incoming,
                status,
                cause,
            } => log::settled(&incoming, status, cause),
            Output::CancelSent { request, flow } => log::request_sent(&request, &flow),
            // Those are taken care of under the lock.
            Output::Request { .. } | Output::DialogEnded { .. } => {}
        }
    }

    /// Makes a request that arrived one for its handler. `label` names the router that has answered in its
    /// dialog.
    pub(super) fn request(
        &self,
        incoming: &Incoming,
        transaction: Option<Transaction>,
        in_dialog: bool,
        label: u32,
    ) -> Request {
        let source = self.source(incoming.flow);
        let mut request = Request::new(incoming.request.clone(), source).with_endpoint(&self.extension);
        if let Some(transaction) = transaction {
            request = request.with_transaction(transaction);
        }
        if in_dialog {
            request = request.inside_dialog_of(RouterId::of(label));
        }
        request
    }

    /// Returns the source of what came by a flow.
    pub(super) fn source(&self, flow: Flow) -> Source {
        let identity = if flow.transport().is_secure() {
            self.carriers
                .of(&flow)
                .find_map(|carrier| carrier.identity(&flow))
        } else {
            None
        };
        Source::from(flow).identified(identity)
    }

    /// Starts a task of the endpoint.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        self.runtime.spawn(task)
    }

    /// Reports whether the endpoint has ended, as that lane knows it.
    pub(crate) fn is_closed(&self, lane: usize) -> bool {
        self.lanes[lane].read(|state| state.closed)
    }

    /// Returns the agent's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns how long a request of ours is tried before its transaction gives up: 64*T1.
    pub(crate) fn waited(&self) -> Duration {
        self.timers.lifetime()
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
