//! Stands in for the endpoint in the tests of transports: tells a test what came, and answers as the test
//! says.
//!
//! Nothing here waits by the clock, but for one bound that turns a test that hangs into one that fails.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use spigot_parser as sip;
use tokio::sync::mpsc;

use super::{Bind, Carrier, Inbound, TransportLimits};
use crate::flow::Flow;

/// What came out of a transport.
#[derive(Debug)]
pub(super) enum TransportEvent {
    Message(Flow, sip::Bytes),
    Unframed(Flow),
    Closed(Flow),
    Alive(Flow, Option<SocketAddr>),
    Refused(Flow),
}

/// What a test does within the turn, given the carrier, the flow and what came (nothing, if unframed).
type React = dyn Fn(&dyn Carrier, Flow, sip::Bytes) + Send + Sync;

struct Probe {
    events: mpsc::UnboundedSender<TransportEvent>,
    carrier: Arc<OnceLock<Arc<dyn Carrier>>>,
    react: Box<React>,
    owes: Arc<AtomicBool>,
}

impl Probe {
    fn react(&self, flow: Flow, bytes: sip::Bytes) {
        if let Some(carrier) = self.carrier.get() {
            (self.react)(&**carrier, flow, bytes);
        }
    }
}

impl Inbound for Probe {
    fn message(&self, flow: Flow, bytes: sip::Bytes) {
        let _test_over = self.events.send(TransportEvent::Message(flow, bytes.clone()));
        self.react(flow, bytes);
    }

    fn unframed(&self, flow: Flow, _error: sip::FrameError) {
        let _test_over = self.events.send(TransportEvent::Unframed(flow));
        self.react(flow, sip::Bytes::new());
    }

    fn closed(&self, flow: Flow) {
        let _test_over = self.events.send(TransportEvent::Closed(flow));
    }

    fn alive(&self, flow: Flow, mapped: Option<SocketAddr>) {
        let _test_over = self.events.send(TransportEvent::Alive(flow, mapped));
    }

    fn refused(&self, flow: Flow) {
        let _test_over = self.events.send(TransportEvent::Refused(flow));
    }

    fn owes(&self, _flow: Flow) -> bool {
        self.owes.load(Ordering::Relaxed)
    }
}

/// A bound transport and what came out of it.
pub(super) struct Bound {
    pub(super) carrier: Arc<dyn Carrier>,
    /// Whether answers are still to be sent, as the endpoint would say.
    pub(super) owes: Arc<AtomicBool>,
    events: mpsc::UnboundedReceiver<TransportEvent>,
}

/// Binds a transport; `react` runs within the turn of each message.
pub(super) async fn bind(
    transport: impl Bind,
    limits: &TransportLimits,
    react: impl Fn(&dyn Carrier, Flow, sip::Bytes) + Send + Sync + 'static,
) -> Bound {
    let (sender, events) = mpsc::unbounded_channel();
    let carrier = Arc::new(OnceLock::new());
    let owes = Arc::new(AtomicBool::new(false));
    let probe = Probe {
        events: sender,
        carrier: Arc::clone(&carrier),
        react: Box::new(react),
        owes: Arc::clone(&owes),
    };
    let bound = Box::new(transport).bind(Arc::new(probe), limits).await.unwrap();
    let _first = carrier.set(Arc::clone(&bound));
    bound.start();
    Bound {
        carrier: bound,
        owes,
        events,
    }
}

impl Bound {
    pub(super) async fn event(&mut self) -> TransportEvent {
        soon(self.events.recv()).await.unwrap()
    }

    pub(super) async fn message(&mut self) -> (Flow, sip::Bytes) {
        match self.event().await {
            TransportEvent::Message(flow, bytes) => (flow, bytes),
            other => panic!("not a message: {other:?}"),
        }
    }

    pub(super) async fn alive(&mut self) -> (Flow, Option<SocketAddr>) {
        match self.event().await {
            TransportEvent::Alive(flow, mapped) => (flow, mapped),
            other => panic!("no sign of life: {other:?}"),
        }
    }

    pub(super) async fn closed(&mut self) -> Flow {
        match self.event().await {
            TransportEvent::Closed(flow) => flow,
            other => panic!("not closed: {other:?}"),
        }
    }

    /// What has come and was not asked for.
    pub(super) fn rest(&mut self) -> Vec<TransportEvent> {
        std::iter::from_fn(|| self.events.try_recv().ok()).collect()
    }
}

/// Reacts by nothing.
pub(super) fn silent(_: &dyn Carrier, _: Flow, _: sip::Bytes) {}

/// Sends back what came.
pub(super) fn echo(carrier: &dyn Carrier, flow: Flow, bytes: sip::Bytes) {
    carrier.send(&flow, bytes).unwrap();
}

/// What must come, and does so at once on a machine that is not stuck.
pub(super) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(300), what)
        .await
        .expect("nothing came")
}
