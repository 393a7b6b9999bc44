//! The shell around the protocol core: which shard, which carrier, and what is done with what comes out.
//!
//! Invariant: a shard's lock is held for one step only, and never while a handler, a transport or a channel
//! is at work.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hasher;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use siphasher::sip::SipHasher13;
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinHandle;

use super::closings::Closings;
use super::counters::{Tally, count};
use super::dead::DeadTargets;
use super::exchange::ServerExchange;
use super::lane::{Lane, LaneState, Outputs};
use super::outstanding::Outstanding;
use super::place::Public;
use super::signs::Signs;
use super::{Limits, exchange};
use crate::flow::Flow;
use crate::proto::{ClientKey, Output, ServerKey, Settings, Shard, Timers};
use crate::resolve::Resolver;
use crate::router::{
    EndpointExtension, HandlerFuture, Request, Router, RouterId, ServerSide, Source, Transaction,
};
use crate::sip::{self, Bytes};
use crate::transport::{Carrier, NEVER, SendError};

/// What every task of an endpoint shares.
pub(crate) struct Core {
    pub(super) name: String,
    pub(super) router: Router,
    pub(super) resolver: Arc<dyn Resolver>,
    dead: Mutex<DeadTargets>,
    /// For responses that go by another connection than their request came by.
    pub(super) late: Arc<Semaphore>,
    pub(super) limits: Limits,
    pub(super) closings: Closings,
    pub(super) signs: Signs,
    timers: Timers,
    pub(super) tally: Tally,
    pub(super) lanes: Box<[Lane]>,
    lane_key: [u8; 16],
    /// What the To tags of stateless replies derive from.
    pub(super) tag_key: [u8; 16],
    name_key: [u8; 16],
    /// What flow tokens are proved by.
    pub(super) token_key: [u8; 16],
    serial: AtomicU64,
    pub(super) carriers: OnceLock<Box<[Arc<dyn Carrier>]>>,
    pub(super) publics: OnceLock<Box<[Public]>>,
    /// Where the endpoint was started: what waits goes there, whoever asks for it from wherever.
    runtime: Handle,
    /// Handlers that are tasks now.
    pub(super) handlers: AtomicUsize,
    /// Rung when the last of them ended.
    pub(super) idle: Notify,
    /// True once handlers that still run are to be dropped.
    pub(super) abort: watch::Sender<bool>,
    /// What is beside every request: the way back here.
    extension: EndpointExtension,
}

/// What is beside every request, for what an application takes from its endpoint. It keeps nothing alive.
pub(crate) struct Endpoint(Weak<Core>);

impl Endpoint {
    /// The endpoint that the request came to; `None` once it is gone.
    pub(crate) fn core(&self) -> Option<Arc<Core>> {
        self.0.upgrade()
    }
}

/// What an application puts into its endpoint.
pub(super) struct Given {
    pub(super) router: Router,
    pub(super) resolver: Arc<dyn Resolver>,
    pub(super) closings: Closings,
}

impl Core {
    pub(super) fn new(
        name: String,
        given: Given,
        limits: Limits,
        timers: Timers,
        lanes: usize,
        seed: [u8; 16],
    ) -> Arc<Self> {
        let settings = Settings {
            timers,
            max_server_transactions: limits.server_transactions.div_ceil(lanes),
            max_transaction_bytes: limits.transaction_bytes.div_ceil(lanes),
            max_dialogs: limits.dialogs.div_ceil(lanes),
            ringing: limits.ringing.min(NEVER),
            idle: limits.transport.idle,
            ..Settings::default()
        };
        Arc::new_cyclic(|this| Core {
            name,
            router: given.router,
            resolver: given.resolver,
            dead: Mutex::new(DeadTargets::new(limits.dead_targets, limits.dead_target)),
            late: Arc::new(Semaphore::new(limits.late_responses)),
            timers,
            tally: Tally::default(),
            lanes: (0..lanes)
                .map(|n| Lane::new(Shard::new(settings, derive(seed, n as u64))))
                .collect(),
            lane_key: derive(seed, u64::MAX),
            tag_key: derive(seed, u64::MAX - 1),
            name_key: derive(seed, u64::MAX - 2),
            token_key: derive(seed, u64::MAX - 3),
            serial: AtomicU64::new(0),
            limits,
            closings: given.closings,
            signs: Signs::default(),
            carriers: OnceLock::new(),
            publics: OnceLock::new(),
            runtime: Handle::current(),
            handlers: AtomicUsize::new(0),
            idle: Notify::new(),
            abort: watch::Sender::new(false),
            extension: EndpointExtension::new(Endpoint(this.clone())),
        })
    }

    /// The lane of a call: its INVITE, ACK, CANCEL and BYE share the Call-ID, so they share the lane.
    pub(crate) fn lane_of(&self, headers: &sip::Headers) -> usize {
        let mut hasher = SipHasher13::new_with_key(&self.lane_key);
        hasher.write(
            headers
                .get(&sip::HeaderName::CALL_ID)
                .unwrap_or_default()
                .as_bytes(),
        );
        (hasher.finish() % self.lanes.len() as u64) as usize
    }

    /// One step of one shard: `change` it under the lock, then carry out what it gave.
    pub(crate) fn step<R>(
        self: &Arc<Self>,
        lane: usize,
        change: impl FnOnce(&mut LaneState, Instant) -> R,
    ) -> R {
        let now = tokio::time::Instant::now().into_std();
        let this = &self.lanes[lane];
        let (result, outputs, wake) = {
            let mut state = this.lock();
            let result = change(&mut state, now);
            let outputs = state.drain(|key, request, flow| {
                ServerExchange::new(self.clone(), lane, key, request.clone(), flow)
            });
            (result, outputs, state.must_wake())
        };
        if wake {
            this.earlier.notify_one();
        }
        self.carry_out(lane, outputs);
        result
    }

    fn carry_out(self: &Arc<Self>, lane: usize, outputs: Outputs) {
        for (output, exchange) in outputs {
            match output {
                Output::Transmit {
                    flow,
                    bytes,
                    fallback,
                } => self.transmit(flow, bytes, fallback),
                Output::Request {
                    request,
                    flow,
                    in_dialog,
                    label,
                    ..
                } => {
                    let Some(exchange) = exchange else { continue };
                    let transaction = Transaction::new(exchange.clone());
                    let mut request = Request::new(request, self.source(flow))
                        .with_endpoint(&self.extension)
                        .with_transaction(transaction);
                    if in_dialog {
                        request = request.inside_dialog_of(RouterId::of(label));
                    }
                    exchange.serve(request);
                }
                Output::Ack { request, flow, label } => {
                    let request = Request::new(request, self.source(flow))
                        .with_endpoint(&self.extension)
                        .inside_dialog_of(RouterId::of(label));
                    self.notify(request, Router::ack);
                }
                Output::Cancelled {
                    key,
                    request,
                    flow,
                    label,
                } => self.cancelled(lane, key, request, flow, RouterId::of(label)),
                Output::Response { key, response, flow } => self.answered(lane, key, response, flow),
                Output::Failed { key, failure } => self.failed(lane, key, failure),
                Output::Ended { key } => {
                    self.lanes[lane].lock().outstanding.remove(&key);
                }
                Output::Unacknowledged { id, dialog, flow, .. } => {
                    count(&self.tally.unacknowledged);
                    match dialog {
                        Some(dialog) => self.hang_up(lane, *dialog, flow),
                        None => self.step(lane, |state, _| state.shard.end_dialog(&id)),
                    }
                }
                _ => {}
            }
        }
    }

    /// Where something came from.
    fn source(&self, flow: Flow) -> Source {
        let identity = match flow.transport().is_secure() {
            true => self
                .carriers_for(&flow)
                .find_map(|carrier| carrier.identity(&flow)),
            false => None,
        };
        Source::from(flow).identified(identity)
    }

    /// The INVITE has been given up by its caller and answered; its handler is told, and of a CANCEL the
    /// `#[cancel]` route.
    fn cancelled(
        self: &Arc<Self>,
        lane: usize,
        key: ServerKey,
        request: Arc<sip::Request>,
        flow: Flow,
        router: RouterId,
    ) {
        let exchange = self.lanes[lane].lock().ringing.remove(&key);
        if let Some(exchange) = &exchange {
            exchange.cancel();
        }
        if *request.method() != sip::Method::CANCEL {
            // A BYE, which ended the dialog that the INVITE waited in and has had a route of its own.
            return;
        }
        let mut request = Request::new(request, self.source(flow)).with_endpoint(&self.extension);
        if let Some(exchange) = exchange {
            request = request.with_transaction(Transaction::new(exchange as Arc<dyn ServerSide>));
        }
        if matches!(sip::header::To::tag_of(request.headers()), Ok(Some(_))) {
            request = request.inside_dialog_of(router);
        }
        self.notify(request, Router::cancelled);
    }

    /// Runs the handler of a request that is not answered by it, if there is a route.
    fn notify(self: &Arc<Self>, request: Request, route: impl Fn(&Router, Request) -> Option<HandlerFuture>) {
        let span = exchange::span(self, &request);
        match exchange::guarded(&span, || route(&self.router, request)) {
            Ok(Some(handler)) => exchange::notify(self, span, handler),
            Ok(None) => {}
            Err(exchange::Panicked) => count(&self.tally.panicked),
        }
    }

    /// Gives bytes to the carrier that owns the flow.
    pub(super) fn transmit(self: &Arc<Self>, flow: Flow, bytes: Bytes, fallback: Option<SocketAddr>) {
        let mut outcome = Err(SendError::Closed);
        for carrier in self.carriers_for(&flow) {
            outcome = carrier.send(&flow, bytes.clone());
            if !matches!(outcome, Err(SendError::Closed)) {
                break;
            }
        }
        let Err(error) = outcome else { return };
        count(&self.tally.unsent);
        tracing::debug!(%flow, %error, "message not sent");
        match fallback {
            Some(peer) => self.send_late(flow.transport(), peer, bytes),
            None if flow.transport().is_reliable() => self.flow_failed(flow),
            None => {
                if is_hopeless(&error) && !bytes.starts_with(b"SIP/2.0 ") {
                    self.flow_failed(flow);
                }
            }
        }
    }

    /// A connection is gone: what was under way on it fails at once.
    pub(super) fn flow_failed(self: &Arc<Self>, flow: Flow) {
        for lane in 0..self.lanes.len() {
            self.step(lane, |state, now| state.shard.flow_failed(now, &flow));
        }
    }

    /// Starts what has to wait for something.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        self.runtime.spawn(task)
    }

    /// Whether the endpoint has ended, as that lane knows it.
    pub(crate) fn is_closed(&self, lane: usize) -> bool {
        self.lanes[lane].lock().closed
    }

    /// Requests of ours that are under way fail, and there will be no more.
    pub(super) fn close_clients(&self) {
        for lane in &self.lanes {
            let mut state = lane.lock();
            state.closed = true;
            // Whoever waits for one sees that its sender is gone.
            state.outstanding = HashMap::new();
        }
    }

    /// The agent's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Who waits for a request of ours.
    pub(crate) fn outstanding(&self, lane: usize, key: ClientKey) -> Option<Outstanding> {
        self.lanes[lane].lock().outstanding.get(&key).cloned()
    }

    /// How long a request of ours is tried before its transaction gives up: 64*T1.
    pub(crate) fn waited(&self) -> Duration {
        self.timers.lifetime()
    }

    /// The targets that failed lately.
    pub(super) fn dead(&self) -> MutexGuard<'_, DeadTargets> {
        self.dead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number that nobody can guess, from the endpoint's seed.
    pub(super) fn random(&self) -> u64 {
        let [low @ .., _, _, _, _, _, _, _, _] = self.draw();
        u64::from_le_bytes(low)
    }

    /// A number from 0 to 1, in the same way.
    pub(super) fn fraction(&self) -> f64 {
        self.random() as f64 / u64::MAX as f64
    }

    /// A name that nobody else has: 16 octets in hexadecimal, from the endpoint's seed.
    pub(crate) fn unique(&self) -> String {
        self.draw().iter().map(|octet| format!("{octet:02x}")).collect()
    }

    fn draw(&self) -> [u8; 16] {
        derive(self.name_key, self.serial.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Whether no datagram to that peer will leave
/// ([RFC 3261 §18.4](https://www.rfc-editor.org/rfc/rfc3261#section-18.4)).
fn is_hopeless(error: &SendError) -> bool {
    use std::io::ErrorKind::{HostUnreachable, NetworkDown, NetworkUnreachable};
    match error {
        SendError::Io(error) => matches!(error.kind(), HostUnreachable | NetworkDown | NetworkUnreachable),
        _ => false,
    }
}

/// An independent key of the same seed.
fn derive(seed: [u8; 16], label: u64) -> [u8; 16] {
    use siphasher::sip128::{Hasher128, SipHasher24};
    let mut hasher = SipHasher24::new_with_key(&seed);
    hasher.write_u64(label);
    hasher.finish128().as_bytes()
}
