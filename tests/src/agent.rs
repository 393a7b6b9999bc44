//! An agent for tests on real sockets, in the process of the test.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use spigot::testing::{TestServer, certificates};
use spigot::{Body, Config, Limits, Request, Spigot, StatusCode, Transaction, Transport, sip_router};
use tokio::sync::Semaphore;

use crate::Peer;
use crate::secure::DOMAIN;

/// An agent that answers REGISTER, MESSAGE and INVITE with 200.
///
/// The user `ring` rings until it is cancelled, and `slow` until the test calls
/// [`let_one_go`](Running::let_one_go).
#[derive(Debug)]
pub struct Callee {
    gate: Arc<Semaphore>,
}

#[sip_router]
impl Callee {
    #[register]
    async fn register(&self) -> StatusCode {
        StatusCode::OK
    }

    #[message(content_type = "text/plain")]
    async fn message(&self, text: String) -> (StatusCode, Body) {
        (StatusCode::OK, Body::new("text/plain", text))
    }

    #[invite("sip:ring@*", content_type = "application/sdp")]
    async fn ring(&self, transaction: Transaction) -> StatusCode {
        if transaction.provisional(StatusCode::RINGING).is_ok() {
            transaction.cancelled().await;
        }
        StatusCode::REQUEST_TERMINATED
    }

    #[invite("sip:busy@*", content_type = "application/sdp")]
    async fn busy(&self) -> StatusCode {
        StatusCode::BUSY_HERE
    }

    #[invite("sip:slow@*", content_type = "application/sdp")]
    async fn slow(&self, transaction: Transaction) -> StatusCode {
        let _ = transaction.provisional(StatusCode::RINGING);
        match self.gate.acquire().await {
            Ok(permit) => permit.forget(),
            Err(_) => return StatusCode::SERVER_INTERNAL_ERROR,
        }
        StatusCode::OK
    }

    #[invite(content_type = "application/sdp")]
    async fn answer(&self, _request: Request) -> StatusCode {
        StatusCode::OK
    }

    #[bye]
    async fn bye(&self) -> StatusCode {
        StatusCode::OK
    }
}

/// A running [`Callee`], on free ports of the loopback for each transport, or on the in-memory network.
#[derive(Debug)]
pub struct Running {
    /// The address for UDP.
    pub udp: SocketAddr,
    /// The address for TCP.
    pub tcp: SocketAddr,
    host: Host,
    gate: Arc<Semaphore>,
}

#[derive(Debug)]
enum Host {
    Sockets(Spigot),
    Memory(TestServer),
}

/// The transports of a server on sockets.
pub const TRANSPORTS: [Transport; 5] = [
    Transport::Udp,
    Transport::Tcp,
    Transport::Tls,
    Transport::Ws,
    Transport::Wss,
];

impl Running {
    /// Starts a callee on 127.0.0.1 with the default limits.
    pub async fn start() -> Running {
        Running::with(IpAddr::from([127, 0, 0, 1]), Limits::default()).await
    }

    /// Starts a callee on the address `ip` with the given limits.
    ///
    /// # Panics
    ///
    /// When it cannot be bound.
    pub async fn with(ip: IpAddr, limits: Limits) -> Running {
        let gate = Arc::new(Semaphore::new(0));
        let config = Config::new(Callee { gate: gate.clone() })
            .name("callee")
            .tls(certificates(&[DOMAIN, &ip.to_string()]))
            .limits(limits);
        let config = TRANSPORTS
            .into_iter()
            .fold(config, |config, transport| config.listen(transport, (ip, 0)));
        let spigot = Spigot::start(config)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        Running::of(Host::Sockets(spigot), gate)
    }

    /// Starts a callee on the in-memory network, for UDP and TCP.
    pub async fn in_memory() -> Running {
        let gate = Arc::new(Semaphore::new(0));
        let server = TestServer::start(Callee { gate: gate.clone() }).await;
        Running::of(Host::Memory(server), gate)
    }

    fn of(host: Host, gate: Arc<Semaphore>) -> Running {
        let running = Running {
            udp: SocketAddr::from(([0; 4], 0)),
            tcp: SocketAddr::from(([0; 4], 0)),
            host,
            gate,
        };
        Running {
            udp: running.address(Transport::Udp),
            tcp: running.address(Transport::Tcp),
            ..running
        }
    }

    /// Returns the endpoint.
    pub fn spigot(&self) -> &Spigot {
        match &self.host {
            Host::Sockets(spigot) => spigot,
            Host::Memory(server) => server.spigot(),
        }
    }

    /// Returns the address for `transport`.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub fn address(&self, transport: Transport) -> SocketAddr {
        let listeners = self.spigot().listeners();
        let listener = listeners.iter().find(|each| each.transport == transport);
        listener.expect("a transport that it listens for").address
    }

    /// Connects a raw peer over `transport`.
    ///
    /// # Panics
    ///
    /// When the server cannot be reached so.
    pub async fn peer(&self, transport: Transport) -> Peer {
        let address = self.address(transport);
        match &self.host {
            Host::Sockets(_) => Peer::connect(transport, address).await,
            Host::Memory(server) => {
                let client = server.client_over(transport, "sip:alice@example.com").await;
                Peer::in_memory(client, transport, address)
            }
        }
    }

    /// Shuts the callee down gracefully.
    pub async fn shutdown(self) {
        match self.host {
            Host::Sockets(spigot) => spigot.shutdown().await,
            Host::Memory(server) => server.shutdown().await,
        }
    }

    /// Lets one call to `slow` be answered.
    pub fn let_one_go(&self) {
        self.gate.add_permits(1);
    }

    /// Returns the semaphore of calls to `slow`, which survives a shutdown.
    pub fn gate(&self) -> Arc<Semaphore> {
        self.gate.clone()
    }

    /// Waits until peers have closed `count` connections.
    ///
    /// # Panics
    ///
    /// When they are not within 10 s.
    pub async fn until_closed(&self, count: u64) {
        let closed = async {
            let of_all = || {
                let counters = self.spigot().transport_counters();
                counters.iter().map(|each| each.closed_by_peer).sum::<u64>()
            };
            while of_all() < count {
                tokio::task::yield_now().await;
            }
        };
        let in_time = tokio::time::timeout(crate::wire::PATIENCE, closed).await;
        assert!(in_time.is_ok(), "fewer than {count} connections closed");
    }

    /// Asserts that an OPTIONS is still answered 200 over every transport, and that no handler has panicked.
    ///
    /// # Panics
    ///
    /// When not.
    pub async fn goes_on(&self) {
        for listener in self.spigot().listeners() {
            let mut peer = self.peer(listener.transport).await;
            let options = peer.draft("OPTIONS", "sip:example.com");
            assert_eq!(peer.ask(&options).await.status(), 200, "OPTIONS over {listener}");
        }
        assert_eq!(self.spigot().counters().panicked, 0, "handlers panicked");
    }
}
