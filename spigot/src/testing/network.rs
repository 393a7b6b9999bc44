//! The in-memory network: addresses, wires between them, and a courier who carries what is under way.
//!
//! Invariant: nothing arrives within the call that sends it. The courier is a task of its own and delivers in
//! the order of arrival time, then of sending, so a run follows from its seed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::faults::Dice;
use super::{Faults, Ladder, run};
use crate::flow::{ConnectionId, Flow, Transport};
use crate::sip::{Bytes, Frame, FrameError, Framer, Limits};
use crate::transport::Inbound;
use crate::transport::stun::{self, Stun};

/// A network in memory: every listener that is bound on it reaches every other.
///
/// ```
/// use spigot::testing::{Faults, Network};
///
/// # spigot::testing::run("doc", Default::default(), None, async {
/// let network = Network::new();
/// network.set_faults(Faults::none().loss(0.1));
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Network {
    pub(super) wires: Arc<Wires>,
}

/// The network that all its handles share.
#[derive(Debug)]
pub(super) struct Wires {
    state: Mutex<NetworkState>,
    bell: Notify,
    pub(super) ladder: Ladder,
    courier: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct NetworkState {
    faults: Faults,
    dice: Dice,
    under_way: BinaryHeap<Reverse<Parcel>>,
    serial: u64,
    nodes: HashMap<(Transport, SocketAddr), Node>,
    /// What came to nodes that are not started.
    unread: Vec<(Transport, SocketAddr, Cargo)>,
    /// Ordered, so that closing several is the same in every run.
    connections: BTreeMap<ConnectionId, StreamSide>,
    clients: u8,
}

/// A listener at an address.
#[derive(Clone)]
struct Node {
    inbound: Arc<dyn Inbound>,
    limits: Limits,
    /// Whether it reads what comes.
    is_started: bool,
}

/// One side of a stream.
struct StreamSide {
    flow: Flow,
    other: ConnectionId,
    inbound: Arc<dyn Inbound>,
    framer: Framer,
    limits: Limits,
    /// When the last octets arrive. What is sent after them does not arrive before.
    arrival: Instant,
    /// Whether this side was closed: it takes nothing more and reads nothing more.
    closing: bool,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Parcel {
    at: Instant,
    serial: u64,
    cargo: Cargo,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cargo {
    Datagram {
        from: SocketAddr,
        to: SocketAddr,
        bytes: Bytes,
    },
    Octets {
        connection: ConnectionId,
        bytes: Bytes,
    },
    Close {
        connection: ConnectionId,
    },
}

impl Network {
    /// A network without faults, with the seed of the running `#[spigot::test]`.
    pub fn new() -> Self {
        Network::with_seed(run::seed())
    }

    /// A network whose faults follow from `seed`.
    pub fn with_seed(seed: u64) -> Self {
        let ladder = Ladder::new();
        run::remember(&ladder);
        Network {
            wires: Arc::new(Wires {
                state: Mutex::new(NetworkState {
                    faults: Faults::none(),
                    dice: Dice::new(seed),
                    under_way: BinaryHeap::new(),
                    serial: 0,
                    nodes: HashMap::new(),
                    unread: Vec::new(),
                    connections: BTreeMap::new(),
                    clients: 0,
                }),
                bell: Notify::new(),
                ladder,
                courier: Mutex::new(None),
            }),
        }
    }

    /// Sets what happens to messages from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.wires.lock().faults = faults;
    }

    /// What was said on it so far.
    pub fn ladder(&self) -> Ladder {
        self.wires.ladder.clone()
    }

    /// An address that nobody has yet, out of 198.51.100.0/24 (RFC 5737).
    pub(super) fn client_address(&self) -> SocketAddr {
        let mut state = self.wires.lock();
        state.clients = state
            .clients
            .checked_add(1)
            .expect("a test has at most 255 clients");
        SocketAddr::from(([198, 51, 100, state.clients], 5060))
    }
}

impl Default for Network {
    fn default() -> Self {
        Network::new()
    }
}

impl Wires {
    fn lock(&self) -> MutexGuard<'_, NetworkState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an address for a listener, and starts the courier if it is the first. What comes to the address
    /// is kept until the listener is started.
    pub(super) fn join(
        self: &Arc<Self>,
        transport: Transport,
        address: SocketAddr,
        inbound: Arc<dyn Inbound>,
        limits: Limits,
    ) -> io::Result<()> {
        let mut state = self.lock();
        if state.nodes.contains_key(&(transport, address)) {
            return Err(io::Error::from(io::ErrorKind::AddrInUse));
        }
        let node = Node {
            inbound,
            limits,
            is_started: false,
        };
        state.nodes.insert((transport, address), node);
        let mut courier = self.courier.lock().unwrap_or_else(PoisonError::into_inner);
        if courier.is_none() {
            *courier = Some(tokio::spawn(carry(Arc::downgrade(self))));
        }
        Ok(())
    }

    /// Lets a listener read, from what has been kept for it on.
    pub(super) fn start(&self, transport: Transport, address: SocketAddr) {
        let mut state = self.lock();
        if let Some(node) = state.nodes.get_mut(&(transport, address)) {
            node.is_started = true;
        }
        let now = Instant::now();
        for (_, _, cargo) in state.take_unread(transport, address) {
            state.post(now, cargo);
        }
        drop(state);
        self.bell.notify_one();
    }

    /// Gives an address back and closes its streams.
    pub(super) fn leave(&self, transport: Transport, address: SocketAddr) {
        let mut state = self.lock();
        state.nodes.remove(&(transport, address));
        state.take_unread(transport, address);
        let of_this: Vec<ConnectionId> = state
            .connections
            .iter()
            .filter(|(_, connection)| transport == Transport::Tcp && connection.flow.local() == address)
            .map(|(&id, _)| id)
            .collect();
        for id in of_this {
            state.close(id);
        }
        drop(state);
        self.bell.notify_one();
    }

    /// Sends a datagram, which the faults may lose, double or delay.
    pub(super) fn datagram(&self, from: SocketAddr, to: SocketAddr, bytes: &Bytes) {
        let mut state = self.lock();
        let NetworkState { faults, dice, .. } = &mut *state;
        let fate = faults.fate(dice);
        self.ladder.say(from, to, bytes, fate.is_empty());
        for delay in fate {
            state.post(
                Instant::now() + delay,
                Cargo::Datagram {
                    from,
                    to,
                    bytes: bytes.clone(),
                },
            );
        }
        drop(state);
        self.bell.notify_one();
    }

    /// The flow to `peer`: that of the stream there is, or of a new one.
    pub(super) fn connect(&self, local: SocketAddr, peer: SocketAddr) -> io::Result<Flow> {
        let mut state = self.lock();
        let known = state
            .connections
            .values()
            .find(|c| c.flow.local() == local && c.flow.peer() == peer && !c.closing);
        if let Some(connection) = known {
            return Ok(connection.flow);
        }
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let here = state
            .nodes
            .get(&(Transport::Tcp, local))
            .cloned()
            .ok_or_else(refused)?;
        let there = state
            .nodes
            .get(&(Transport::Tcp, peer))
            .cloned()
            .ok_or_else(refused)?;
        let (near, far) = (ConnectionId::unique(), ConnectionId::unique());
        let flow = Flow::stream(Transport::Tcp, local, peer, near);
        let back = Flow::stream(Transport::Tcp, peer, local, far);
        let connections = &mut state.connections;
        connections.insert(near, StreamSide::new(flow, far, here));
        connections.insert(far, StreamSide::new(back, near, there));
        Ok(flow)
    }

    /// Whether that side of a stream takes octets.
    pub(super) fn is_open(&self, connection: ConnectionId) -> bool {
        let state = self.lock();
        let connection = state.connections.get(&connection);
        connection.is_some_and(|connection| !connection.closing)
    }

    /// Whether that side of a stream is the one that did not open it.
    pub(super) fn is_accepted(&self, connection: ConnectionId) -> bool {
        let state = self.lock();
        let side = state.connections.get(&connection);
        // The side that opens a stream has the lower number.
        side.is_some_and(|side| side.other < connection)
    }

    /// Writes octets to a stream.
    pub(super) fn octets(&self, connection: ConnectionId, bytes: &Bytes) -> Result<(), ()> {
        let mut state = self.lock();
        let NetworkState {
            faults,
            dice,
            connections,
            ..
        } = &mut *state;
        let delay = faults.stream_delay(dice);
        let (flow, other) = connections
            .get(&connection)
            .filter(|c| !c.closing)
            .map(|c| (c.flow, c.other))
            .ok_or(())?;
        let arrival = {
            let receiver = connections.get_mut(&other).ok_or(())?;
            self.ladder.say(flow.local(), flow.peer(), bytes, false);
            receiver.arrival = receiver.arrival.max(Instant::now() + delay);
            receiver.arrival
        };
        state.post(
            arrival,
            Cargo::Octets {
                connection: other,
                bytes: bytes.clone(),
            },
        );
        drop(state);
        self.bell.notify_one();
        Ok(())
    }

    /// Closes a stream from one side; the other hears of it behind what was sent before.
    pub(super) fn close(&self, connection: ConnectionId) {
        self.lock().close(connection);
        self.bell.notify_one();
    }

    fn deliver(&self, cargo: Cargo) {
        let Some(cargo) = self.lock().unless_unstarted(cargo) else {
            return;
        };
        match cargo {
            Cargo::Datagram { from, to, bytes } => {
                let node = self.lock().nodes.get(&(Transport::Udp, to)).cloned();
                let Some(Node { inbound, .. }) = node else {
                    return;
                };
                let flow = Flow::datagram(to, from);
                match stun::read(&bytes, from) {
                    None => inbound.message(flow, bytes),
                    Some(Stun::Request(answer)) => self.datagram(to, from, &answer.into()),
                    Some(Stun::Response(_, mapped)) => inbound.alive(flow, Some(mapped)),
                    Some(Stun::Refusal(_)) => inbound.refused(flow),
                    Some(Stun::Other) => {}
                }
            }
            Cargo::Octets { connection, bytes } => self.feed(connection, &bytes),
            Cargo::Close { connection } => {
                let closed = self.lock().connections.remove(&connection);
                if let Some(closed) = closed {
                    closed.inbound.closed(closed.flow);
                }
            }
        }
    }

    /// Gives octets to a stream's framer, and what they complete to its listener.
    fn feed(&self, id: ConnectionId, bytes: &[u8]) {
        let mut messages = Vec::new();
        let mut fault: Option<FrameError> = None;
        let mut pings = 0;
        let (flow, inbound) = {
            let mut state = self.lock();
            let connection = state.connections.get_mut(&id);
            let Some(connection) = connection.filter(|connection| !connection.closing) else {
                return;
            };
            connection.framer.buffer().extend_from_slice(bytes);
            loop {
                match connection.framer.next() {
                    Ok(Some(Frame::Message(message))) => messages.push(message),
                    Ok(Some(Frame::Ping)) => pings += 1,
                    Ok(None) => break,
                    Err(error) => {
                        fault = Some(error);
                        break;
                    }
                }
            }
            (connection.flow, connection.inbound.clone())
        };
        if pings == 0 && messages.is_empty() && fault.is_none() {
            // An answer to a keepalive is half of one: with the next answer it must not become one.
            self.forget_half(id);
        }
        inbound.alive(flow, None);
        for _ in 0..pings {
            // RFC 5626 §4.4.1: a double CRLF is answered by a single one.
            let _ = self.octets(id, &Bytes::from_static(b"\r\n"));
        }
        for message in messages {
            inbound.message(flow, message);
        }
        if let Some(fault) = fault {
            inbound.unframed(flow, fault);
            self.close(id);
        }
    }
}

impl Wires {
    /// Forgets line ends that came without a message, so that they are no half of a ping.
    fn forget_half(&self, id: ConnectionId) {
        if let Some(connection) = self.lock().connections.get_mut(&id)
            && connection.framer.is_idle()
        {
            connection.framer = Framer::new(connection.limits.clone());
        }
    }
}

impl Drop for Wires {
    fn drop(&mut self) {
        if let Some(courier) = self
            .courier
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            courier.abort();
        }
    }
}

impl NetworkState {
    fn post(&mut self, at: Instant, cargo: Cargo) {
        self.serial += 1;
        self.under_way.push(Reverse(Parcel {
            at,
            serial: self.serial,
            cargo,
        }));
    }

    /// Keeps cargo for a node that is not started; gives back any other.
    fn unless_unstarted(&mut self, cargo: Cargo) -> Option<Cargo> {
        let (transport, address) = match &cargo {
            Cargo::Datagram { to, .. } => (Transport::Udp, *to),
            Cargo::Octets { connection, .. } | Cargo::Close { connection } => {
                let side = self.connections.get(connection);
                (Transport::Tcp, side?.flow.local())
            }
        };
        let node = self.nodes.get(&(transport, address));
        if node.is_none_or(|node| node.is_started) {
            return Some(cargo);
        }
        self.unread.push((transport, address, cargo));
        None
    }

    /// Takes what is kept for a node, in the order in which it came.
    fn take_unread(
        &mut self,
        transport: Transport,
        address: SocketAddr,
    ) -> Vec<(Transport, SocketAddr, Cargo)> {
        let is_its = |(its, at, _): &mut (Transport, SocketAddr, Cargo)| (*its, *at) == (transport, address);
        self.unread.extract_if(.., is_its).collect()
    }

    fn close(&mut self, id: ConnectionId) {
        let connection = self.connections.get_mut(&id);
        let Some(connection) = connection.filter(|connection| !connection.closing) else {
            return;
        };
        connection.closing = true;
        let other = connection.other;
        let now = Instant::now();
        let arrival = self
            .connections
            .get(&other)
            .map_or(now, |other| other.arrival.max(now));
        self.post(arrival, Cargo::Close { connection: other });
        self.post(now, Cargo::Close { connection: id });
    }
}

impl StreamSide {
    fn new(flow: Flow, other: ConnectionId, node: Node) -> Self {
        StreamSide {
            flow,
            other,
            inbound: node.inbound,
            framer: Framer::new(node.limits.clone()),
            limits: node.limits,
            arrival: Instant::now(),
            closing: false,
        }
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Node")
    }
}

impl std::fmt::Debug for StreamSide {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StreamSide({})", self.flow)
    }
}

/// Runs the courier: it sleeps until the next parcel is due, delivers it, and lets everybody else work.
async fn carry(wires: std::sync::Weak<Wires>) {
    loop {
        let Some(strong) = wires.upgrade() else { return };
        let due = strong.lock().under_way.peek().map(|Reverse(parcel)| parcel.at);
        match due {
            Some(at) if at <= Instant::now() => {
                let parcel = strong.lock().under_way.pop();
                if let Some(Reverse(parcel)) = parcel {
                    strong.deliver(parcel.cargo);
                }
                drop(strong);
                tokio::task::yield_now().await;
            }
            Some(at) => tokio::select! {
                () = tokio::time::sleep_until(at) => {}
                () = strong.bell.notified() => {}
            },
            None => strong.bell.notified().await,
        }
    }
}

/// The address of the server under test, out of 192.0.2.0/24 (RFC 5737).
pub(super) fn server_address() -> SocketAddr {
    SocketAddr::new(IpAddr::from([192, 0, 2, 1]), 5060)
}

/// How long an expectation waits on virtual time.
pub(super) const VIRTUAL_PATIENCE: Duration = Duration::from_secs(300);
