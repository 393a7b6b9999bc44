//! An agent for tests on real sockets, in the test's own process.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use spigot::{Body, Config, Limits, Request, Spigot, StatusCode, Transaction, Transport, sip_router};
use tokio::sync::Semaphore;

/// What the tests call: it answers REGISTER and MESSAGE 200, INVITE 200; `ring` rings until it is cancelled
/// and `slow` until the test lets it go.
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
        if transaction.provisional(StatusCode::RINGING).await.is_ok() {
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
        let _ = transaction.provisional(StatusCode::RINGING).await;
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

/// A [`Callee`] that listens on free UDP and TCP ports of the loopback.
#[derive(Debug)]
pub struct Running {
    /// The endpoint.
    pub spigot: Spigot,
    /// Where it listens for datagrams.
    pub udp: SocketAddr,
    /// Where it listens for connections.
    pub tcp: SocketAddr,
    gate: Arc<Semaphore>,
}

impl Running {
    /// On 127.0.0.1, with the default limits.
    pub async fn start() -> Running {
        Running::with(IpAddr::from([127, 0, 0, 1]), Limits::default()).await
    }

    /// On that address with those limits.
    ///
    /// # Panics
    ///
    /// When it cannot be bound.
    pub async fn with(ip: IpAddr, limits: Limits) -> Running {
        let gate = Arc::new(Semaphore::new(0));
        let config = Config::new(Callee { gate: gate.clone() })
            .name("callee")
            .limits(limits)
            .listen(Transport::Udp, (ip, 0))
            .listen(Transport::Tcp, (ip, 0));
        let spigot = Spigot::start(config)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        let (udp, tcp) = (spigot.listeners()[0].address, spigot.listeners()[1].address);
        Running {
            spigot,
            udp,
            tcp,
            gate,
        }
    }

    /// Lets one call to `slow` be answered.
    pub fn let_one_go(&self) {
        self.gate.add_permits(1);
    }

    /// A handle for that, which outlives a shutdown.
    pub fn gate(&self) -> Arc<Semaphore> {
        self.gate.clone()
    }

    /// Returns once so many connections have been closed by their peers.
    ///
    /// # Panics
    ///
    /// When they are not within 10 s.
    pub async fn until_closed(&self, count: u64) {
        let closed = async {
            let of_all = || {
                let counters = self.spigot.transport_counters();
                counters.iter().map(|each| each.closed_by_peer).sum::<u64>()
            };
            while of_all() < count {
                tokio::task::yield_now().await;
            }
        };
        let in_time = tokio::time::timeout(crate::wire::PATIENCE, closed).await;
        assert!(in_time.is_ok(), "fewer than {count} connections closed");
    }

    /// Sees that an OPTIONS is still answered 200 over both transports, and that no handler has panicked.
    ///
    /// # Panics
    ///
    /// When not.
    pub async fn goes_on(&self) {
        let udp = crate::Datagrams::new(self.udp).await;
        udp.send(crate::Draft::new("OPTIONS", "sip:example.com", "UDP", udp.local()).octets())
            .await;
        assert_eq!(udp.receive().await.status(), 200, "OPTIONS over UDP");
        let mut tcp = crate::Stream::connect(self.tcp).await;
        let options = crate::Draft::new("OPTIONS", "sip:example.com", "TCP", tcp.local());
        assert!(
            tcp.send(options.octets()).await,
            "OPTIONS over TCP could not be sent"
        );
        let answer = tcp.receive().await.expect("OPTIONS over TCP: closed");
        assert_eq!(answer.status(), 200, "OPTIONS over TCP");
        assert_eq!(self.spigot.counters().panicked, 0, "handlers panicked");
    }
}
