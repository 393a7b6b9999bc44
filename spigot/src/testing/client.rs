//! A user agent in the hands of a test.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc};

use super::complaint::Caller;
use super::inbox::{Inbox, Received};
use super::network::{Network, VIRTUAL_PATIENCE};
use super::tap::Tap;
use super::{ClientConfig, Ladder, TestRequest, run};
use crate::flow::Transport;
use crate::sip::{Bytes, Method, Response, StatusCode, Uri};
use crate::transport::Bind;
use crate::{Config, IntoUri, Spigot};

/// A user agent that a test plays: it sends what the test says, right or wrong, and expects.
///
/// It is a whole endpoint, so what it sends by its methods is a good client's traffic: retransmitted,
/// acknowledged, in dialogs. [`send_raw`](TestClient::send_raw) is for everything else.
///
/// When an expectation is not met, it panics with the [ladder](Ladder) of what was said.
#[derive(Debug)]
pub struct TestClient {
    spigot: Spigot,
    aor: Uri,
    domain: String,
    transport: Transport,
    server: SocketAddr,
    tap: Arc<Tap>,
    received: Mutex<mpsc::Receiver<Received>>,
    ladder: Ladder,
    patience: Duration,
}

/// What a client is made of, on whichever network.
struct Parts {
    listener: Box<dyn Bind>,
    /// What its Call-IDs, tags and branches follow from; `None` where they are fresh in each run.
    seed: Option<[u8; 16]>,
    tap: Arc<Tap>,
    ladder: Ladder,
    transport: Transport,
    server: SocketAddr,
}

/// How long an expectation waits on real time.
const REAL_PATIENCE: Duration = Duration::from_secs(10);

impl TestClient {
    pub(super) async fn on_network(
        network: &Network,
        transport: Transport,
        server: SocketAddr,
        aor: &str,
        caller: Caller,
    ) -> TestClient {
        if !matches!(transport, Transport::Udp | Transport::Tcp) {
            caller.refuse(format_args!(
                "the in-memory network carries udp and tcp, not {transport}"
            ));
        }
        let address = network.client_address();
        let name = aor.trim_start_matches("sip:").split('@').next().unwrap_or(aor);
        let listener = network.listener(transport, address, name);
        // By its place on the network, so that a run is the same whatever else the process has run.
        let IpAddr::V4(ip) = address.ip() else {
            unreachable!("the network gives out IPv4 addresses")
        };
        let seed = run::endpoint_seed(u64::from(ip.to_bits()));
        let parts = Parts {
            listener: Box::new(listener),
            seed: Some(seed),
            tap: Tap::new(None, None),
            ladder: network.ladder(),
            transport,
            server,
        };
        TestClient::start(parts, aor, caller).await
    }

    /// A client of a server at a real address: `udp:127.0.0.1:5060` or `tcp:[::1]:5060`.
    ///
    /// With the features `tls` and `ws` also `tls:`, `ws:` and `wss:`. It trusts what `testing::certificates`
    /// has made. Its Call-IDs, tags and branches are different in each run, whatever the seed of the test is:
    /// a server that keeps running would take those of an earlier run for a merged request (482).
    ///
    /// ```no_run
    /// # #[tokio::main]
    /// # async fn main() {
    /// use spigot::testing::TestClient;
    ///
    /// let alice = TestClient::connect("tcp:127.0.0.1:5060").await;
    /// assert!(alice.register().send().await.status().is_success());
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// When the target cannot be read, no socket can be bound, or the test runs on virtual time, which real
    /// sockets know nothing of: say `#[spigot::test(real_time)]`.
    #[track_caller]
    pub fn connect(target: &str) -> impl Future<Output = TestClient> {
        TestClient::connect_with(target, |config| config)
    }

    /// A client of a server at a real address, with this address of record.
    ///
    /// [`connect`](TestClient::connect) has `test` at the server's address in its place.
    ///
    /// # Panics
    ///
    /// As [`connect`](TestClient::connect), and when `aor` is no SIP URI.
    #[track_caller]
    pub fn connect_as(target: &str, aor: &str) -> impl Future<Output = TestClient> {
        TestClient::connect_with(target, move |config| config.aor(aor))
    }

    /// A client of a server at a real address, with a configuration: other authorities, a certificate to
    /// show, the Origin of a page.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), spigot::tls::TlsError> {
    /// use spigot::testing::TestClient;
    /// use spigot::tls::{Certificates, TlsConfig, Trust};
    ///
    /// let carrier = Certificates::from_files("carrier.pem", "carrier.key")?;
    /// let tls = TlsConfig::new(carrier).trusting(Trust::from_file("authority.pem")?);
    /// let page = "https://phone.example.com";
    ///
    /// let alice = TestClient::connect_with("wss:127.0.0.1:8443", |config| {
    ///     config.aor("sip:alice@example.com").domain("sip.example.com").tls(tls).origin(page)
    /// });
    /// assert!(alice.await.register().send().await.status().is_success());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// For a server whose authority is another, and who asks for no certificate, add that authority to a
    /// certificate that is made: `certificates(&["127.0.0.1"]).trusting(authority)`.
    ///
    /// # Panics
    ///
    /// As [`connect_as`](TestClient::connect_as). If the server cannot be reached so, or lets nobody in, the
    /// first request fails.
    #[track_caller]
    pub fn connect_with(
        target: &str,
        configure: impl FnOnce(ClientConfig) -> ClientConfig,
    ) -> impl Future<Output = TestClient> {
        TestClient::on_sockets(target, configure, Caller::here())
    }

    async fn on_sockets(
        target: &str,
        configure: impl FnOnce(ClientConfig) -> ClientConfig,
        caller: Caller,
    ) -> TestClient {
        if run::is_virtual() {
            caller.refuse(format_args!(
                "TestClient::connect needs real time, as the server at {target} does: \
                 say #[spigot::test(real_time)] or #[tokio::test]"
            ));
        }
        let Some((transport, server)) = parse_target(target) else {
            caller.refuse(format_args!(
                "`{target}` is no target: expected a transport, an IP address and a port, such as `tcp:127.0.0.1:5060`"
            ));
        };
        let config = configure(ClientConfig::default());
        let local: SocketAddr = if server.is_ipv6() {
            ([0u16, 0, 0, 0, 0, 0, 0, 1], 0).into()
        } else {
            ([127, 0, 0, 1], 0).into()
        };
        let ladder = Ladder::new();
        run::remember(&ladder);
        ladder.name(server, "server");
        let Some(listener) = config.listener(transport, local) else {
            caller.refuse(format_args!(
                "{target}: this build has none of it; the features `tls` and `ws` add it"
            ));
        };
        let host = crate::endpoint::host_of(server);
        let aor = config.aor.clone().unwrap_or_else(|| format!("sip:test@{host}"));
        let parts = Parts {
            listener,
            // The server may keep running, and remembers what an earlier run has said for 32 s.
            seed: None,
            tap: Tap::new(Some(ladder.clone()), config.domain_of_server()),
            ladder,
            transport,
            server,
        };
        TestClient::start(parts, &aor, caller).await
    }

    async fn start(parts: Parts, aor: &str, caller: Caller) -> TestClient {
        let Parts {
            listener,
            seed,
            tap,
            ladder,
            transport,
            server,
        } = parts;
        let aor: Uri = aor.parse().unwrap_or_else(|error| {
            caller.refuse(format_args!(
                "`{aor}` is no address of record such as `sip:alice@example.com`: {error}"
            ))
        });
        let Some(domain) = aor.host().map(str::to_owned) else {
            caller.refuse(format_args!(
                "`{aor}` is no address of record such as `sip:alice@example.com`: it has no domain"
            ));
        };
        let (inbox, received) = Inbox::new();
        let mut config = Config::new(inbox)
            .name(aor.user().unwrap_or("test"))
            .bind(tap.on(listener));
        config.seed = seed;
        let spigot = Spigot::start(config).await.unwrap_or_else(|error| {
            caller.refuse_start("the test client", "#[spigot::test(real_time)]", &error)
        });
        let patience = if run::is_virtual() {
            VIRTUAL_PATIENCE
        } else {
            REAL_PATIENCE
        };
        TestClient {
            spigot,
            aor,
            domain,
            transport,
            server,
            tap,
            received: Mutex::new(received),
            ladder,
            patience,
        }
    }

    /// Sets how long expectations wait before they fail; unless set, 300 s of virtual time or 10 s of real
    /// time.
    pub fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// The client's own address, at which the server reaches it.
    pub fn address(&self) -> SocketAddr {
        self.spigot.listeners()[0].address
    }

    /// What was said so far.
    pub fn ladder(&self) -> &Ladder {
        &self.ladder
    }

    /// Makes a request to the server, from the client's address of record.
    pub fn request(&self, method: Method, uri: impl IntoUri) -> TestRequest<'_> {
        let builder = self.spigot.client().request(method, uri);
        let builder = builder
            .from(self.aor.clone())
            .to_address(self.transport, self.server);
        TestRequest::new(&self.ladder, builder)
    }

    /// Makes a `REGISTER` of the address of record, at its own domain, with its own Contact.
    pub fn register(&self) -> TestRequest<'_> {
        let registrar = format!("sip:{}", self.domain);
        let contact = format!(
            "<sip:{}@{}{}>",
            self.aor.user().unwrap_or("test"),
            self.address(),
            match self.transport {
                Transport::Udp => String::new(),
                transport => format!(";transport={transport}"),
            }
        );
        self.request(Method::REGISTER, registrar.as_str())
            .to(self.aor.clone())
            .header("Contact", contact)
    }

    /// Makes an `OPTIONS` to this URI.
    pub fn options(&self, uri: impl IntoUri) -> TestRequest<'_> {
        self.request(Method::OPTIONS, uri)
    }

    /// Makes an `INVITE` to this URI.
    pub fn invite(&self, uri: impl IntoUri) -> TestRequest<'_> {
        self.request(Method::INVITE, uri)
    }

    /// Makes a `MESSAGE` to this URI, with a text.
    pub fn message(&self, uri: impl IntoUri, text: &str) -> TestRequest<'_> {
        self.request(Method::MESSAGE, uri)
            .body("text/plain", text.to_owned())
    }

    /// Sends octets as they are: one datagram, or one write to a stream.
    ///
    /// Over UDP the response to a request goes where its Via says: to port 5060 if that names none. A client on
    /// real sockets has another port, so its Via needs `;rport`, or the [`address`](TestClient::address).
    ///
    /// [`expect_status`](TestClient::expect_status) waits for responses to them.
    ///
    /// # Panics
    ///
    /// When the server cannot be reached.
    #[track_caller]
    pub fn send_raw<O: AsRef<[u8]>>(&self, octets: O) -> impl Future<Output = ()> + use<'_, O> {
        let caller = Caller::here();
        let octets = Bytes::copy_from_slice(octets.as_ref());
        async move {
            let sent = match self.tap.connect(self.server).await {
                Ok(flow) => self
                    .tap
                    .send_raw(&flow, octets)
                    .map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            if let Err(error) = sent {
                caller.complain(
                    format_args!("cannot send to {}: {error}", self.server),
                    &self.ladder,
                );
            }
        }
    }

    /// Waits for a response with this status to something that was [sent raw](TestClient::send_raw), and
    /// skips those before it.
    ///
    /// # Panics
    ///
    /// When none comes.
    #[track_caller]
    pub fn expect_status(&self, status: StatusCode) -> impl Future<Output = Response> {
        let caller = Caller::here();
        async move {
            let expected = format!("a {status} to what was sent raw");
            self.expect_stray(caller, &expected, |response| response.status() == status)
                .await
        }
    }

    /// Waits for a response to something that was [sent raw](TestClient::send_raw), whatever its status.
    ///
    /// # Panics
    ///
    /// When none comes.
    #[track_caller]
    pub fn expect_response(&self) -> impl Future<Output = Response> {
        self.expect_stray(Caller::here(), "a response to what was sent raw", |_| true)
    }

    async fn expect_stray(&self, caller: Caller, what: &str, wanted: impl Fn(&Response) -> bool) -> Response {
        self.wait_for(caller, what, || self.tap.take(&wanted)).await
    }

    /// Waits until `found` finds something in what the tap hears.
    async fn wait_for<T>(&self, caller: Caller, what: &str, found: impl Fn() -> Option<T>) -> T {
        let heard = async {
            loop {
                let mut news = std::pin::pin!(self.tap.news());
                news.as_mut().enable();
                if let Some(found) = found() {
                    return found;
                }
                news.await;
            }
        };
        match tokio::time::timeout(self.patience, heard).await {
            Ok(found) => found,
            Err(_) => self.in_vain(caller, what),
        }
    }

    fn in_vain(&self, caller: Caller, what: &str) -> ! {
        let patience = self.patience;
        caller.complain(
            format_args!("expected {what} within {patience:?}, and none came"),
            &self.ladder,
        )
    }

    /// Lets `time` pass, and checks that no response to anything raw, and no request, has come by then.
    ///
    /// # Panics
    ///
    /// When one has.
    #[track_caller]
    pub fn expect_nothing(&self, time: Duration) -> impl Future<Output = ()> {
        let caller = Caller::here();
        async move {
            tokio::time::sleep(time).await;
            if let Some(response) = self.tap.take(|_| true) {
                let status = response.status();
                caller.complain(format_args!("expected silence, and {status} came"), &self.ladder);
            }
            if let Ok(received) = self.received.lock().await.try_recv() {
                let method = received.method();
                caller.complain(format_args!("expected silence, and {method} came"), &self.ladder);
            }
        }
    }

    /// Waits for the next request that reaches the client, which must have this method.
    ///
    /// # Panics
    ///
    /// When none comes, or one with another method.
    #[track_caller]
    pub fn expect(&self, method: Method) -> impl Future<Output = Received> {
        let caller = Caller::here();
        async move {
            let next = async { self.received.lock().await.recv().await };
            match tokio::time::timeout(self.patience, next).await {
                Ok(Some(received)) if *received.method() == method => received,
                Ok(Some(received)) => {
                    let other = received.method();
                    caller.complain(format_args!("expected {method}, and {other} came"), &self.ladder)
                }
                Ok(None) | Err(_) => self.in_vain(caller, method.as_str()),
            }
        }
    }

    /// Waits until the server has closed a connection of this client; `nth` counts from 1.
    ///
    /// # Panics
    ///
    /// When it does not.
    #[track_caller]
    pub fn expect_closed(&self, nth: usize) -> impl Future<Output = ()> {
        let closed = move || (self.tap.closed() >= nth).then_some(());
        self.wait_for(Caller::here(), "the end of the connection", closed)
    }
}

fn parse_target(target: &str) -> Option<(Transport, SocketAddr)> {
    let (transport, address) = target.split_once(':')?;
    Some((transport.parse().ok()?, address.parse().ok()?))
}
