//! Connections in their thousands: what one costs that is idle, and that those who open them to do harm do
//! none.
//!
//! A few hundred of them; with `SPIGOT_FLOOD=full` 10,000 over each transport, which wants a release
//! build and as many descriptors:
//!
//! ```text
//! SPIGOT_FLOOD=full cargo test --release -p spigot-tests --test connections -- --nocapture --test-threads 1
//! ```
#![cfg(target_os = "linux")]

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use spigot::testing::TestClient;
use spigot::tls::{Certificates, TlsConfig, Trust};
use spigot::{Config, Spigot, StatusCode, Transport, sip_router};
use spigot_tests::{Crowd, Datagrams, Draft, Example, Folder, Member, Memory, connect_from};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// What one idle connection may cost the server, in octets.
const ALLOWED: u64 = 16 * 1024;

/// How many connections are opened at a time.
const AT_A_TIME: u8 = 8;

/// How many come from one address, less than the server allows.
const PER_SOURCE: usize = 200;

fn is_full() -> bool {
    std::env::var("SPIGOT_FLOOD").is_ok_and(|value| value == "full")
}

/// Lets this process, and those it starts, have so many descriptors.
fn allow_descriptors(count: u64) {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    if soft < count {
        assert!(
            hard >= count,
            "{count} descriptors are needed, and {hard} allowed"
        );
        setrlimit(Resource::RLIMIT_NOFILE, count, hard).expect("a soft limit below the hard one");
    }
}

/// A certificate of the server's and its key as files, and whoever trusts it.
struct Identity {
    folder: Folder,
    trusted: String,
}

impl Identity {
    fn new() -> Identity {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
        let folder = Folder::new("connections");
        std::fs::write(folder.join("chain.pem"), made.cert.pem()).expect("a file");
        std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).expect("a file");
        Identity {
            folder,
            trusted: made.cert.pem(),
        }
    }

    /// An example with it.
    async fn start(&self, name: &str, listeners: &[&str]) -> Example {
        let (chain, key) = (self.folder.join("chain.pem"), self.folder.join("key.pem"));
        let files = [&chain, &key].map(|path| path.to_str().expect("UTF-8"));
        Example::start_with(name, listeners, &["--cert", files[0], "--key", files[1]]).await
    }
}

/// Opens so many connections, on each of which a request is answered; from so many sources that none has too
/// many.
async fn open(crowd: &Crowd, transport: Transport, count: usize, network: u8) -> Vec<Member> {
    let mut workers = JoinSet::new();
    for worker in 0..AT_A_TIME {
        let crowd = crowd.clone();
        workers.spawn(async move {
            let mut members = Vec::new();
            for number in 0..count.div_ceil(AT_A_TIME.into()) {
                let host = u8::try_from(number / PER_SOURCE + 1).expect("few sources");
                let from = IpAddr::from([127, network, worker, host]);
                let member = crowd.join(from).await;
                let mut member = member.unwrap_or_else(|error| panic!("{transport} from {from}: {error}"));
                let options = Draft::new("OPTIONS", "sip:example.com", transport.as_str(), member.local());
                let answer = member.ask(&options.octets()).await.expect("an answer");
                assert!(answer.starts_with("SIP/2.0 200 OK\r\n"), "{transport}: {answer}");
                members.push(member);
            }
            members
        });
    }
    workers.join_all().await.into_iter().flatten().collect()
}

#[tokio::test]
async fn an_idle_connection_costs_little() {
    let count = if is_full() { 10_000 } else { 400 };
    allow_descriptors(count as u64 * 13 / 10 + 1_000);
    let identity = Identity::new();
    for transport in [Transport::Tcp, Transport::Tls, Transport::Ws, Transport::Wss] {
        let server = identity
            .start("uas", &[&format!("{transport}:127.0.0.1:0")])
            .await;
        let (id, address) = (
            server.id().expect("it runs"),
            server.address(&transport.to_string()),
        );
        // The first ones pay for what all share: tables, buffers of threads, what the allocator keeps at
        // hand.
        let crowd = Crowd::new(transport, address, &identity.trusted);
        let warm = open(&crowd, transport, 80, 1).await;
        let before = Memory::of(id);
        let members = open(&crowd, transport, count, 2).await;
        let after = Memory::of(id);

        let each = (after.resident - before.resident) * 1024 / members.len() as u64;
        eprintln!(
            "{transport}: {each} octets for each of {} connections; {before}, then {after}",
            members.len()
        );
        assert!(
            each <= ALLOWED,
            "{transport}: an idle connection costs {each} octets: {before}, then {after}"
        );
        drop((warm, members));
        let (status, stderr) = server.terminate().await;
        assert!(
            status.success() && stderr.is_empty(),
            "it ended with {status}: {stderr}"
        );
    }
}

/// How long a connection may take that sends an octet now and then.
const CLOSED_WITHIN: Duration = Duration::from_secs(25);

/// Calls somebody, and hangs up.
async fn call(caller: &TestClient) {
    let mut invite = caller.invite("sip:bob@example.com").start().await;
    let answer = invite.response().await;
    assert_eq!(answer.status(), StatusCode::OK);
    let dialog = invite.dialog(&answer);
    assert_eq!(dialog.bye().await.status(), StatusCode::OK);
}

/// One octet every 5 s, until the server closes; how long that took.
async fn trickle(from: IpAddr, server: SocketAddr) -> Duration {
    let stream = connect_from(from, server).await;
    let mut stream = stream.unwrap_or_else(|error| panic!("from {from}: {error}"));
    let start = Instant::now();
    let mut octets = b"OPTIONS sip:example.com SIP/2.0".iter();
    let mut pace = tokio::time::interval(Duration::from_secs(5));
    loop {
        let mut nothing = [0];
        tokio::select! {
            _ = stream.read(&mut nothing) => return start.elapsed(),
            _ = pace.tick() => {
                let octet = octets.next().expect("it is closed before a line has come");
                let _or_closed = stream.write_all(&[*octet]).await;
            }
        }
    }
}

/// The deadlines on virtual time are among the tests of the transport; here the machine has to keep up as
/// well.
#[tokio::test]
async fn those_who_send_an_octet_now_and_then_are_closed_while_calls_go_on() {
    let count = if is_full() { 10_000 } else { 300 };
    allow_descriptors(count as u64 * 13 / 10 + 1_000);
    let server = Example::start("uas", &["udp:127.0.0.1:0", "tcp:127.0.0.1:0"]).await;
    let mut callers = Vec::new();
    for listener in server.listeners() {
        callers.push(TestClient::connect(listener).await);
    }
    let address = server.address("tcp");
    let mut slow = JoinSet::new();
    for number in 0..count {
        let host = u8::try_from(number / PER_SOURCE + 1).expect("few sources");
        slow.spawn(trickle(IpAddr::from([127, 3, 0, host]), address));
    }
    let (mut calls, mut longest) = (0, Duration::ZERO);
    while !slow.is_empty() {
        for caller in &callers {
            call(caller).await;
            calls += 1;
        }
        while let Some(closed) = slow.try_join_next() {
            longest = longest.max(closed.expect("a task of ours"));
        }
    }
    eprintln!("{count} closed, the last after {longest:.1?}; {calls} calls meanwhile");
    assert!(longest <= CLOSED_WITHIN, "one was closed after {longest:.1?}");
    let (status, stderr) = server.terminate().await;
    assert!(
        status.success() && stderr.is_empty(),
        "it ended with {status}: {stderr}"
    );
}

/// Sees that the server answers over UDP.
async fn answers_datagrams(socket: &Datagrams) {
    let options = Draft::new("OPTIONS", "sip:example.com", "UDP", socket.local());
    socket.send(options.octets()).await;
    assert_eq!(socket.receive().await.status(), 200);
}

fn options(member: &Member) -> Vec<u8> {
    Draft::new("OPTIONS", "sip:example.com", "TCP", member.local()).octets()
}

/// Lets a process have no more than so many descriptors from now on.
async fn limit_descriptors(process: u32, count: u32) {
    let status = tokio::process::Command::new("prlimit")
        .args(["--pid", &process.to_string(), &format!("--nofile={count}:")])
        .status()
        .await;
    assert!(status.expect("util-linux has prlimit").success());
}

#[tokio::test]
async fn without_descriptors_the_server_goes_on_and_takes_connections_again() {
    let listeners = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"];
    let server = Example::start_with_descriptors("uas", &listeners, 256).await;
    let id = server.id().expect("it runs");
    let socket = Datagrams::new(server.address("udp")).await;
    let crowd = Crowd::new(Transport::Tcp, server.address("tcp"), "");
    let here = IpAddr::from([127, 0, 0, 1]);

    // 80% of them are for connections: whoever comes after that is turned away.
    let mut members = Vec::new();
    for _ in 0..204 {
        let mut member = crowd.join(here).await.expect("the server listens");
        let answer = member.ask(&options(&member)).await.expect("an answer");
        assert!(answer.starts_with("SIP/2.0 200 "), "{answer}");
        members.push(member);
    }
    for _ in 0..60 {
        let mut member = crowd.join(here).await.expect("the server listens");
        assert!(member.ask(&options(&member)).await.is_err(), "one too many");
        answers_datagrams(&socket).await;
    }

    // Now there is none left at all, not even for one that is to be turned away.
    limit_descriptors(id, 100).await;
    let waiting = crowd.join(here).await.expect("the system has it");
    let in_time = timeout(Duration::from_secs(10), async {
        while !server.stderr().contains("accepting failed") {
            answers_datagrams(&socket).await;
        }
    });
    in_time.await.expect("it cannot be accepted");
    answers_datagrams(&socket).await;

    drop(members);
    let mut waiting = waiting;
    let answer = waiting.ask(&options(&waiting)).await.expect("an answer");
    assert!(answer.starts_with("SIP/2.0 200 "), "{answer}");
    let (status, stderr) = server.terminate().await;
    assert!(status.success(), "it ended with {status}: {stderr}");
}

struct Phone;

#[sip_router]
impl Phone {}

#[tokio::test]
async fn certificates_are_renewed_a_hundred_times_and_no_handshake_fails() {
    let mut authority = rcgen::CertificateParams::default();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().expect("a key");
    let authority = rcgen::CertifiedIssuer::self_signed(authority, key).expect("an authority");
    let folder = Folder::new("rotation");
    let (chain, key) = (folder.join("chain.pem"), folder.join("key.pem"));
    let renew = || {
        let new_key = rcgen::KeyPair::generate().expect("a key");
        let params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("an address");
        let certificate = params.signed_by(&new_key, &authority).expect("a certificate");
        std::fs::write(&chain, certificate.pem()).expect("a file");
        std::fs::write(&key, new_key.serialize_pem()).expect("a file");
    };
    renew();
    let certificates = Certificates::from_files(&chain, &key).expect("what was made is good");
    let trust = Trust::from_pem(authority.pem()).expect("what was made is good");
    let config = Config::new(Phone)
        .tls(TlsConfig::new(certificates.clone()).trusting(trust))
        .listen(Transport::Tls, ([127, 0, 0, 1], 0));
    let spigot = Spigot::start(config).await.expect("a free port");
    let crowd = Crowd::new(Transport::Tls, spigot.listeners()[0].address, &authority.pem());

    let (done, mut progress) = watch::channel(0_u32);
    let mut workers = JoinSet::new();
    for worker in 0..AT_A_TIME {
        let (crowd, done) = (crowd.clone(), done.clone());
        workers.spawn(async move {
            loop {
                let from = IpAddr::from([127, 4, 0, worker + 1]);
                let member = crowd.join(from).await;
                member.unwrap_or_else(|error| panic!("a handshake failed: {error}"));
                done.send_modify(|count| *count += 1);
            }
        });
    }
    for _ in 0..100 {
        let before = *progress.borrow();
        renew();
        certificates.reload().expect("what was made is good");
        let more = progress.wait_for(|count| *count > before);
        timeout(Duration::from_secs(30), more)
            .await
            .expect("handshakes go on")
            .expect("the workers go on");
    }
    let count = *progress.borrow();
    workers.abort_all();
    while let Some(ended) = workers.join_next().await {
        assert!(
            ended.is_err_and(|error| error.is_cancelled()),
            "a handshake failed"
        );
    }
    eprintln!("100 renewals, {count} handshakes meanwhile");
    spigot.shutdown().await;
}
