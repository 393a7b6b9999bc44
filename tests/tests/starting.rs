//! Who comes while an endpoint starts is answered once all of its listeners are bound, and by nobody if one
//! of them cannot be.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use spigot::testing::{Network, TestClient, certificates};
use spigot::transport::{
    Bind, BoxFuture, Carrier, Inbound, Origins, Tcp, Tls, TransportLimits, Udp, WebSocket,
};
use spigot::{Config, Error, Spigot, StatusCode, Transport, sip_router};
use tokio::io::AsyncReadExt;
use tokio::task::JoinHandle;

/// An agent that counts what its handler takes.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicUsize>);

impl Counting {
    fn handled(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

#[sip_router]
impl Counting {
    #[message]
    async fn message(&self) -> StatusCode {
        self.0.fetch_add(1, Ordering::Relaxed);
        StatusCode::OK
    }
}

/// The listeners that are bound by now.
#[derive(Clone, Default)]
struct Bound(Arc<Mutex<Vec<(Transport, SocketAddr)>>>);

impl Bound {
    fn all(&self) -> Vec<(Transport, SocketAddr)> {
        self.0.lock().unwrap().clone()
    }

    /// Makes a listener that is noted here once it is bound.
    fn note(&self, listener: impl Bind) -> Noted {
        Noted(Box::new(listener), self.clone())
    }
}

struct Noted(Box<dyn Bind>, Bound);

impl Bind for Noted {
    fn bind(
        self: Box<Self>,
        inbound: Arc<dyn Inbound>,
        limits: &TransportLimits,
    ) -> BoxFuture<'static, io::Result<Arc<dyn Carrier>>> {
        let (bind, bound) = (self.0.bind(inbound, limits), self.1);
        Box::pin(async move {
            let carrier = bind.await?;
            let listener = (carrier.transport(), carrier.local_addr());
            bound.0.lock().unwrap().push(listener);
            Ok(carrier)
        })
    }

    fn describe(&self) -> String {
        self.0.describe()
    }
}

/// A listener that is bound once something else has happened, and not at all if that fails.
struct After<F>(F, Box<dyn Bind>);

impl<F: Future<Output = io::Result<()>> + Send + 'static> Bind for After<F> {
    fn bind(
        self: Box<Self>,
        inbound: Arc<dyn Inbound>,
        limits: &TransportLimits,
    ) -> BoxFuture<'static, io::Result<Arc<dyn Carrier>>> {
        let (before, bind) = (self.0, self.1.bind(inbound, limits));
        Box::pin(async move {
            before.await?;
            bind.await
        })
    }

    fn describe(&self) -> String {
        self.1.describe()
    }
}

const ANY_PORT: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

/// Lets every other task do all that it can do now.
async fn let_others_work() {
    for _ in 0..2_000 {
        tokio::task::yield_now().await;
    }
}

type Clients = Arc<Mutex<Vec<JoinHandle<(Transport, StatusCode)>>>>;

/// Sends a request to each listener that is bound, and waits until whoever could handle it would have.
async fn requests_to(bound: Bound, clients: Clients, agent: Counting) -> io::Result<()> {
    for (transport, address) in bound.all() {
        let client = tokio::spawn(async move {
            let client = TestClient::connect(&format!("{transport}:{address}")).await;
            let answer = client.message("sip:bob@127.0.0.1", "early").send().await;
            (transport, answer.status())
        });
        clients.lock().unwrap().push(client);
    }
    let_others_work().await;
    assert_eq!(agent.handled(), 0, "handled before an answer could leave");
    Ok(())
}

#[spigot::test(real_time)]
async fn who_comes_while_the_endpoint_starts_is_answered() {
    let (agent, bound, clients) = (Counting::default(), Bound::default(), Clients::default());
    let address = ANY_PORT.into();
    let tls = || certificates(&["127.0.0.1"]);
    let web = || WebSocket::new(address, Origins::any());
    let config = Config::new(agent.clone())
        .bind(bound.note(Udp::new(address)))
        .bind(bound.note(Tcp::new(address)))
        .bind(bound.note(Tls::new(address, tls())))
        .bind(bound.note(web()))
        .bind(bound.note(web().secured(tls())))
        .bind(After(
            requests_to(bound.clone(), clients.clone(), agent.clone()),
            Box::new(Udp::new(address)),
        ));

    let _spigot = Spigot::start(config).await.unwrap();

    let clients = std::mem::take(&mut *clients.lock().unwrap());
    assert_eq!(clients.len(), 5);
    for client in clients {
        let (transport, status) = client.await.unwrap();
        assert_eq!(status, StatusCode::OK, "{transport}");
    }
    assert_eq!(agent.handled(), 5);
}

#[spigot::test(real_time)]
async fn what_came_to_an_endpoint_that_does_not_start_is_not_read() {
    let (agent, bound) = (Counting::default(), Bound::default());
    let address = ANY_PORT.into();
    let listeners = bound.clone();
    let fails = async move {
        let all = listeners.all();
        let datagrams = tokio::net::UdpSocket::bind(SocketAddr::from(ANY_PORT)).await?;
        datagrams.send_to(MESSAGE, all[0].1).await?;
        let mut stream = tokio::net::TcpStream::connect(all[1].1).await?;
        tokio::io::AsyncWriteExt::write_all(&mut stream, MESSAGE).await?;
        let_others_work().await;
        // Its listener is closed with the others, and so it comes to an end.
        tokio::spawn(async move {
            let mut rest = Vec::new();
            let _closed_or_reset = stream.read_to_end(&mut rest).await;
            assert!(rest.is_empty(), "{rest:?}");
        });
        Err(io::Error::other("the last one fails"))
    };
    let config = Config::new(agent.clone())
        .bind(bound.note(Udp::new(address)))
        .bind(bound.note(Tcp::new(address)))
        .bind(After(fails, Box::new(Udp::new(address))));

    let error = Spigot::start(config).await.unwrap_err();

    assert!(matches!(error, Error::Bind { .. }), "{error}");
    let_others_work().await;
    assert_eq!(agent.handled(), 0);
    for (transport, address) in bound.all() {
        let again = Config::new(agent.clone()).listen(transport, address);
        let spigot = Spigot::start(again).await;
        assert!(spigot.is_ok(), "{transport}:{address} is free again");
    }
}

const MESSAGE: &[u8] = b"MESSAGE sip:bob@127.0.0.1 SIP/2.0\r\n\
    Via: SIP/2.0/TCP 127.0.0.1:5060;rport;branch=z9hG4bKearly\r\n\
    Max-Forwards: 70\r\n\
    From: <sip:alice@127.0.0.1>;tag=early\r\n\
    To: <sip:bob@127.0.0.1>\r\n\
    Call-ID: early@127.0.0.1\r\n\
    CSeq: 1 MESSAGE\r\n\
    Content-Length: 0\r\n\r\n";

type Answer = Pin<Box<dyn Future<Output = StatusCode> + Send>>;

/// Sends a request on the in-memory network, as an endpoint with an address of its own.
fn message_on(network: &Network, from: SocketAddr, to: &'static str) -> Answer {
    let own = network.datagrams(from, "datagrams");
    let streams = network.streams(from, "streams");
    Box::pin(async move {
        let config = Config::new(Counting::default()).bind(own).bind(streams);
        let caller = Spigot::start(config).await.unwrap();
        caller.client().message(to).send().await.unwrap().status()
    })
}

#[spigot::test]
async fn the_network_in_memory_keeps_what_comes_until_the_endpoint_has_started() {
    let (agent, network) = (Counting::default(), Network::new());
    let server: SocketAddr = ([192, 0, 2, 1], 5060).into();
    let callers = [
        message_on(&network, ([192, 0, 2, 7], 5060).into(), "sip:bob@192.0.2.1"),
        message_on(
            &network,
            ([192, 0, 2, 8], 5060).into(),
            "sip:bob@192.0.2.1;transport=tcp",
        ),
    ];
    let clients: Arc<Mutex<Vec<JoinHandle<StatusCode>>>> = Arc::default();
    let (started, counting) = (clients.clone(), agent.clone());
    let meanwhile = async move {
        started.lock().unwrap().extend(callers.map(tokio::spawn));
        let_others_work().await;
        assert_eq!(counting.handled(), 0, "handled before an answer could leave");
        Ok(())
    };
    let last = network.datagrams(([192, 0, 2, 2], 5060).into(), "last");
    let config = Config::new(agent.clone())
        .bind(network.datagrams(server, "server"))
        .bind(network.streams(server, "server"))
        .bind(After(meanwhile, Box::new(last)));

    let _spigot = Spigot::start(config).await.unwrap();

    let clients = std::mem::take(&mut *clients.lock().unwrap());
    for client in clients {
        assert_eq!(client.await.unwrap(), StatusCode::OK);
    }
}
