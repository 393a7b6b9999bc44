//! Listens in on the transport of a test client, for what the endpoint would not tell.
//!
//! The tap wraps any [`Bind`]. It keeps for the test the responses that belong to no request of the endpoint,
//! because they answer octets that the test sent raw. Everything passes on as if the tap were not there.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::Ladder;
use crate::Identity;
use crate::flow::{Flow, Transport};
use crate::sip::header::Via;
use crate::sip::{Bytes, FrameError, Request, Response};
use crate::transport::{Bind, BoxFuture, Carrier, Inbound, SendError, TransportCounters, TransportLimits};

/// The tap, which the wrapped listener and the test client share.
#[derive(Default)]
pub(super) struct Tap {
    heard: Mutex<Heard>,
    bell: Notify,
    carrier: OnceLock<Arc<dyn Carrier>>,
    /// The ladder to draw, where the network underneath draws none.
    ladder: Option<Ladder>,
    /// The domain of every peer, where peers have one.
    domain: Option<String>,
}

#[derive(Default)]
struct Heard {
    /// Branches of requests that the endpoint sent: their responses are the endpoint's.
    own: HashSet<String>,
    stray: VecDeque<Response>,
    closed: usize,
}

/// How many stray responses are kept; a test that floods a server loses the oldest.
const KEPT: usize = 4_096;

impl Tap {
    pub(super) fn new(ladder: Option<Ladder>, domain: Option<String>) -> Arc<Self> {
        Arc::new(Tap {
            ladder,
            domain,
            ..Tap::default()
        })
    }

    /// Puts the tap on a listener.
    pub(super) fn on(self: &Arc<Self>, listener: Box<dyn Bind>) -> impl Bind + use<> {
        Tapped {
            listener,
            tap: self.clone(),
        }
    }

    /// The flow for what is sent raw: the one of the endpoint's own requests.
    pub(super) async fn connect(&self, peer: SocketAddr) -> io::Result<Flow> {
        let carrier = self.carrier.get().ok_or(io::ErrorKind::NotConnected)?;
        carrier.connect_to(peer, self.domain.as_deref()).await
    }

    /// Sends bytes that the endpoint knows nothing of.
    pub(super) fn send_raw(&self, flow: &Flow, bytes: Bytes) -> Result<(), SendError> {
        let carrier = self.carrier.get().ok_or(SendError::Closed)?;
        self.note(flow.local(), flow.peer(), &bytes);
        carrier.send(flow, bytes)
    }

    /// Takes the first stray response that is `wanted`, and drops those before it.
    pub(super) fn take(&self, wanted: impl Fn(&Response) -> bool) -> Option<Response> {
        let mut heard = self.lock();
        let at = heard.stray.iter().position(wanted)?;
        heard.stray.drain(..=at).next_back()
    }

    /// How many of the client's connections have been closed.
    pub(super) fn closed(&self) -> usize {
        self.lock().closed
    }

    /// Resolves when something new was heard since the future was made.
    pub(super) fn news(&self) -> tokio::sync::futures::Notified<'_> {
        self.bell.notified()
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        if let Some(ladder) = &self.ladder {
            ladder.say(from, to, bytes, false);
        }
    }

    fn sent(&self, bytes: &Bytes) {
        if !bytes.starts_with(b"SIP/2.0")
            && let Ok(request) = Request::parse(bytes.clone())
            && let Ok(Some(via)) = request.headers().typed::<Via>()
        {
            self.lock()
                .own
                .insert(via.branch().unwrap_or_default().to_owned());
        }
    }

    fn arrived(&self, bytes: &Bytes) {
        if bytes.starts_with(b"SIP/2.0")
            && let Ok(response) = Response::parse(bytes.clone())
        {
            let via = response.headers().typed::<Via>().ok().flatten();
            let branch = via.as_ref().and_then(|via| via.branch()).unwrap_or_default();
            let mut heard = self.lock();
            if !heard.own.contains(branch) {
                if heard.stray.len() == KEPT {
                    heard.stray.pop_front();
                }
                heard.stray.push_back(response);
            }
        }
        self.bell.notify_waiters();
    }
}

impl std::fmt::Debug for Tap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tap")
    }
}

struct Tapped {
    listener: Box<dyn Bind>,
    tap: Arc<Tap>,
}

impl Bind for Tapped {
    fn bind(
        self: Box<Self>,
        inbound: Arc<dyn Inbound>,
        limits: &TransportLimits,
    ) -> BoxFuture<'static, io::Result<Arc<dyn Carrier>>> {
        let tap = self.tap.clone();
        let bound = self.listener.bind(
            Arc::new(TappedInbound {
                inbound,
                tap: tap.clone(),
            }),
            limits,
        );
        Box::pin(async move {
            let carrier = bound.await?;
            let _ = tap.carrier.set(carrier.clone());
            let tapped: Arc<dyn Carrier> = Arc::new(TappedCarrier { carrier, tap });
            Ok(tapped)
        })
    }

    fn describe(&self) -> String {
        self.listener.describe()
    }
}

struct TappedInbound {
    inbound: Arc<dyn Inbound>,
    tap: Arc<Tap>,
}

impl Inbound for TappedInbound {
    fn message(&self, flow: Flow, bytes: Bytes) {
        self.tap.note(flow.peer(), flow.local(), &bytes);
        self.tap.arrived(&bytes);
        self.inbound.message(flow, bytes);
    }

    fn unframed(&self, flow: Flow, error: FrameError) {
        self.inbound.unframed(flow, error);
    }

    fn closed(&self, flow: Flow) {
        self.tap.lock().closed += 1;
        self.tap.bell.notify_waiters();
        self.inbound.closed(flow);
    }

    fn alive(&self, flow: Flow, mapped: Option<SocketAddr>) {
        self.inbound.alive(flow, mapped);
    }

    fn refused(&self, flow: Flow) {
        self.inbound.refused(flow);
    }

    fn owes(&self, flow: Flow) -> bool {
        self.inbound.owes(flow)
    }

    fn awaits(&self, flow: Flow) -> bool {
        self.inbound.awaits(flow)
    }
}

struct TappedCarrier {
    carrier: Arc<dyn Carrier>,
    tap: Arc<Tap>,
}

impl Carrier for TappedCarrier {
    fn transport(&self) -> Transport {
        self.carrier.transport()
    }

    fn local_addr(&self) -> SocketAddr {
        self.carrier.local_addr()
    }

    fn start(&self) {
        self.carrier.start();
    }

    fn connect(&self, peer: SocketAddr) -> BoxFuture<'_, io::Result<Flow>> {
        self.connect_to(peer, None)
    }

    fn connect_to<'c>(
        &'c self,
        peer: SocketAddr,
        domain: Option<&'c str>,
    ) -> BoxFuture<'c, io::Result<Flow>> {
        let domain = domain.or(self.tap.domain.as_deref());
        self.carrier.connect_to(peer, domain)
    }

    fn send(&self, flow: &Flow, message: Bytes) -> Result<(), SendError> {
        self.tap.note(flow.local(), flow.peer(), &message);
        self.tap.sent(&message);
        self.carrier.send(flow, message)
    }

    fn identity(&self, flow: &Flow) -> Option<Identity> {
        self.carrier.identity(flow)
    }

    fn alias(&self, flow: &Flow, address: SocketAddr) {
        self.carrier.alias(flow, address);
    }

    fn keep_alive(&self, flow: &Flow) -> Result<(), SendError> {
        self.carrier.keep_alive(flow)
    }

    fn give_up(&self, flow: &Flow) {
        self.carrier.give_up(flow);
    }

    fn registered(&self, flow: &Flow, lasting: Duration) {
        self.carrier.registered(flow, lasting);
    }

    fn is_open(&self, flow: &Flow) -> bool {
        self.carrier.is_open(flow)
    }

    fn is_accepted(&self, flow: &Flow) -> bool {
        self.carrier.is_accepted(flow)
    }

    fn shutdown(&self) -> BoxFuture<'_, ()> {
        self.carrier.shutdown()
    }

    fn counters(&self) -> TransportCounters {
        self.carrier.counters()
    }
}
