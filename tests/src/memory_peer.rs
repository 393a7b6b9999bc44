//! A peer on the in-memory network that sends and receives octets.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use spigot::sip::{Bytes, FrameError, Request};
use spigot::testing::Network;
use spigot::transport::{Bind, Carrier, Inbound};
use spigot::{Flow, Limits, Method, Transport};
use tokio::sync::Notify;

/// The virtual time that a peer waits for an expected message: longer than any transaction lasts.
const PATIENCE: Duration = Duration::from_secs(64);

/// What a peer answers to a request: messages, octet for octet.
type Script = Box<dyn FnMut(&Request) -> Vec<Vec<u8>> + Send>;

/// A peer on the in-memory network that sends any octets, and keeps the messages that come.
///
/// It uses only the parser of the library, and leaves the network when it is dropped.
pub struct MemoryPeer {
    address: SocketAddr,
    carrier: Arc<dyn Carrier>,
    heard: Arc<Heard>,
}

struct Heard {
    messages: Mutex<Vec<Bytes>>,
    /// The number of messages that `receive` has given out, and whether a connection was closed.
    read: Mutex<(usize, bool)>,
    bell: Notify,
    script: Mutex<Script>,
    carrier: OnceLock<Arc<dyn Carrier>>,
}

impl MemoryPeer {
    /// Binds a peer that answers nothing by itself.
    ///
    /// # Panics
    ///
    /// When the address is taken, or the transport is neither UDP nor TCP.
    pub async fn bind(network: &Network, transport: Transport, address: SocketAddr) -> MemoryPeer {
        MemoryPeer::scripted(network, transport, address, |_| Vec::new()).await
    }

    /// Binds a peer that answers each request as `script` says.
    ///
    /// # Panics
    ///
    /// As [`bind`](MemoryPeer::bind).
    pub async fn scripted(
        network: &Network,
        transport: Transport,
        address: SocketAddr,
        script: impl FnMut(&Request) -> Vec<Vec<u8>> + Send + 'static,
    ) -> MemoryPeer {
        let name = format!("peer {}", address.ip());
        let listener: Box<dyn Bind> = match transport {
            Transport::Udp => Box::new(network.datagrams(address, &name)),
            Transport::Tcp => Box::new(network.streams(address, &name)),
            other => panic!("the in-memory network has no {other}"),
        };
        let heard = Arc::new(Heard {
            messages: Mutex::default(),
            read: Mutex::default(),
            bell: Notify::new(),
            script: Mutex::new(Box::new(script)),
            carrier: OnceLock::new(),
        });
        let carrier = listener.bind(heard.clone(), &Limits::default().transport).await;
        let carrier = carrier.unwrap_or_else(|error| panic!("cannot bind {address}: {error}"));
        assert!(heard.carrier.set(carrier.clone()).is_ok(), "bound once");
        carrier.start();
        MemoryPeer {
            address,
            carrier,
            heard,
        }
    }

    /// Returns the address of the peer.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends octets: a datagram, or some of a stream, which arrive by themselves.
    ///
    /// # Panics
    ///
    /// When nobody listens at `to`.
    pub async fn send(&self, to: SocketAddr, octets: impl AsRef<[u8]>) {
        let flow = self.carrier.connect(to).await.expect("somebody listens");
        let octets = Bytes::copy_from_slice(octets.as_ref());
        self.carrier
            .send(&flow, octets)
            .expect("the network takes octets");
    }

    /// Waits for the next message; returns `None` if none comes, or once a connection was closed.
    pub async fn receive(&self) -> Option<Bytes> {
        let next = async {
            loop {
                let mut news = std::pin::pin!(self.heard.bell.notified());
                news.as_mut().enable();
                if let Some(next) = self.heard.next() {
                    return next;
                }
                news.await;
            }
        };
        tokio::time::timeout(PATIENCE, next).await.ok().flatten()
    }

    /// Returns the messages that have come since the last was given out.
    pub fn receive_all(&self) -> Vec<Bytes> {
        std::iter::from_fn(|| self.heard.next().flatten()).collect()
    }

    /// Waits for a request with this method, and returns the first; `None` if none comes.
    pub async fn request(&self, method: Method) -> Option<Request> {
        let first = async {
            loop {
                let mut news = std::pin::pin!(self.heard.bell.notified());
                news.as_mut().enable();
                if let Some(request) = self.requests(&method).into_iter().next() {
                    return request;
                }
                news.await;
            }
        };
        tokio::time::timeout(PATIENCE, first).await.ok()
    }

    /// Returns the requests with this method that have come so far.
    pub fn requests(&self, method: &Method) -> Vec<Request> {
        let messages = lock(&self.heard.messages).clone();
        let requests = messages
            .into_iter()
            .filter_map(|octets| Request::parse(octets).ok());
        requests.filter(|request| request.method() == method).collect()
    }
}

impl Heard {
    /// Returns the next message that was not given out, or `None` inside if there will be none.
    fn next(&self) -> Option<Option<Bytes>> {
        let messages = lock(&self.messages);
        let mut read = lock(&self.read);
        let next = messages.get(read.0).cloned();
        if next.is_some() {
            read.0 += 1;
            return Some(next);
        }
        read.1.then_some(None)
    }
}

impl Inbound for Heard {
    fn message(&self, flow: Flow, bytes: Bytes) {
        lock(&self.messages).push(bytes.clone());
        self.bell.notify_waiters();
        let Ok(request) = Request::parse(bytes) else {
            return;
        };
        let answers = (lock(&self.script))(&request);
        let carrier = self.carrier.get().expect("it is bound before anything comes");
        for answer in answers {
            carrier
                .send(&flow, answer.into())
                .expect("the network takes octets");
        }
    }

    fn unframed(&self, _flow: Flow, error: FrameError) {
        panic!("the other side frames what it sends: {error}");
    }

    fn closed(&self, _flow: Flow) {
        lock(&self.read).1 = true;
        self.bell.notify_waiters();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for MemoryPeer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryPeer({})", self.address)
    }
}
