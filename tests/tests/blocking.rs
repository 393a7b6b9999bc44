//! Handlers that keep the thread they run on: that is noticed, and others are heard meanwhile.

use std::net::{SocketAddr, UdpSocket};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use spigot::testing::{TestClient, TestServer};
use spigot::{Config, Limits, Method, Spigot, StatusCode, Transport, sip_router};
use spigot_tests::Events;
use tracing::Level;

struct Agent;

#[sip_router]
impl Agent {
    #[message("sip:now@*")]
    async fn at_once(&self) -> StatusCode {
        StatusCode::OK
    }

    #[message("sip:later@*")]
    async fn later(&self) -> StatusCode {
        tokio::task::yield_now().await;
        StatusCode::OK
    }

    #[message]
    async fn waits(&self) -> StatusCode {
        tokio::time::sleep(Duration::from_secs(25)).await;
        StatusCode::OK
    }

    #[invite]
    async fn invite(&self) -> StatusCode {
        StatusCode::OK
    }

    #[ack]
    async fn ack(&self) {}
}

const BLOCKED: &str =
    "a handler has blocked its thread, where it should await or use `tokio::task::spawn_blocking`";

/// Starts a server to which a poll is slow that takes so long.
async fn server(slow_poll: Duration) -> (TestServer, TestClient) {
    let mut limits = Limits::default();
    limits.slow_poll = slow_poll;
    let server = TestServer::start_with(Agent, |config| config.limits(limits)).await;
    let alice = server.client("sip:alice@example.com").await;
    (server, alice)
}

#[spigot::test]
async fn each_slow_poll_is_logged_with_its_route_and_counted() {
    let (server, alice) = server(Duration::ZERO).await;
    for (user, route, polls) in [
        ("now", "MESSAGE sip:now@* at_once", 1),
        ("later", "MESSAGE sip:later@* later", 2),
    ] {
        let events = Events::keep();
        let before = server.counters().slow_polls;
        let message = alice.message(format!("sip:{user}@example.com"), "hello");
        assert_eq!(message.send().await.status(), StatusCode::OK);
        let slow = events.with(BLOCKED);
        assert_eq!(slow.len(), polls, "{route}");
        for event in slow {
            assert_eq!((event.level, event.field("route")), (Level::WARN, Some(route)));
            assert!(event.field("taken").is_some());
        }
        assert_eq!(server.counters().slow_polls - before, polls as u64, "{route}");
    }
}

#[spigot::test]
async fn a_slow_handler_of_an_ack_is_noticed() {
    let (_server, alice) = server(Duration::ZERO).await;
    let events = Events::keep();
    let mut invite = alice.invite("sip:bob@example.com").start().await;
    let answer = invite.response().await;
    let _dialog = invite.dialog(&answer);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let slow = events.with(BLOCKED);
    let routes: Vec<_> = slow.iter().filter_map(|event| event.field("route")).collect();
    assert_eq!(routes, ["INVITE * invite", "ACK * ack"]);
}

#[spigot::test]
async fn a_handler_that_awaits_for_long_is_not_slow() {
    let (server, alice) = server(Duration::from_secs(20)).await;
    let events = Events::keep();
    let answer = alice.message("sip:bob@example.com", "hello").send().await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(events.with(BLOCKED).is_empty());
    assert_eq!(server.counters().slow_polls, 0);
}

/// An agent whose handler blocks until the test lets it go.
struct Held {
    begun: mpsc::Sender<()>,
    release: Mutex<mpsc::Receiver<()>>,
    was_released: Arc<AtomicBool>,
}

#[sip_router]
impl Held {
    #[message]
    async fn message(&self) -> StatusCode {
        self.begun.send(()).unwrap();
        let released = self.release.lock().unwrap().recv_timeout(PATIENCE).is_ok();
        self.was_released.store(released, Ordering::Relaxed);
        StatusCode::OK
    }

    #[options]
    async fn options(&self) -> StatusCode {
        StatusCode::OK
    }
}

/// Turns a test that hangs into one that fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A phone that a thread without a runtime speaks by.
fn phone(method: &Method, server: SocketAddr) -> UdpSocket {
    let phone = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    phone.set_read_timeout(Some(PATIENCE)).unwrap();
    let own = phone.local_addr().unwrap();
    let port = own.port();
    let request = format!(
        "{method} sip:bob@{server} SIP/2.0\r\nVia: SIP/2.0/UDP {own};rport;branch=z9hG4bK{port}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:alice@{own}>;tag={port}\r\nTo: <sip:bob@{server}>\r\n\
         Call-ID: {port}\r\nCSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n"
    );
    phone.send_to(request.as_bytes(), server).unwrap();
    phone
}

fn answer(phone: &UdpSocket) -> String {
    let mut answer = [0; 2_000];
    let length = phone.recv(&mut answer).expect("an answer");
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

/// The peers of one socket wait for the handler that blocks it; those of the others do not.
#[cfg(target_os = "linux")]
#[test]
fn while_a_handler_blocks_one_socket_the_others_are_heard() {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
    let (begun, has_begun) = mpsc::channel();
    let (release, released) = mpsc::channel();
    let was_released = Arc::new(AtomicBool::new(false));
    let agent = Held {
        begun,
        release: Mutex::new(released),
        was_released: was_released.clone(),
    };
    let config = Config::new(agent)
        .udp_sockets(NonZeroUsize::new(4).unwrap())
        .listen(Transport::Udp, ([127, 0, 0, 1], 0));
    let spigot = runtime.block_on(Spigot::start(config)).unwrap();
    let server = spigot.listeners()[0].address;
    let blocked = phone(&Method::MESSAGE, server);
    has_begun.recv_timeout(PATIENCE).unwrap();

    let phones: Vec<UdpSocket> = (0..64).map(|_| phone(&Method::OPTIONS, server)).collect();
    let (heard, first) = mpsc::channel();
    std::thread::scope(|scope| {
        for phone in &phones {
            let heard = heard.clone();
            scope.spawn(move || heard.send(answer(phone)));
        }
        let first = first.recv_timeout(PATIENCE).expect("the handler holds them all");
        assert!(first.starts_with("SIP/2.0 200 "), "{first}");
        release.send(()).unwrap();
    });

    assert!(answer(&blocked).starts_with("SIP/2.0 200 "));
    assert!(
        was_released.load(Ordering::Relaxed),
        "nobody was heard while it blocked"
    );
    runtime.block_on(spigot.shutdown());
}

/// Counts the UDP sockets that are bound to that port of this machine.
#[cfg(target_os = "linux")]
fn sockets_at(port: u16) -> usize {
    let table = std::fs::read_to_string("/proc/net/udp").unwrap();
    let port = format!(":{port:04X}");
    let local = |line: &&str| {
        line.split_whitespace()
            .nth(1)
            .is_some_and(|address| address.ends_with(&port))
    };
    table.lines().skip(1).filter(local).count()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_udp_listener_has_a_socket_for_each_core_unless_told_otherwise() {
    let cores = std::thread::available_parallelism().unwrap().get();
    let at = ([127, 0, 0, 1], 0);
    let three = NonZeroUsize::new(3).unwrap();
    for (config, expected) in [
        (Config::new(Agent), cores.min(8)),
        (Config::new(Agent).udp_sockets(three), 3),
        (Config::new(Agent).udp_sockets(NonZeroUsize::MIN), 1),
    ] {
        let spigot = Spigot::start(config.listen(Transport::Udp, at)).await.unwrap();
        let address = spigot.listeners()[0].address;
        assert_eq!(sockets_at(address.port()), expected);
        let other = Spigot::start(Config::new(Agent).listen(Transport::Udp, address)).await;
        assert!(other.is_err(), "the address is its own");
        spigot.shutdown().await;
        assert_eq!(sockets_at(address.port()), 0);
    }
}
