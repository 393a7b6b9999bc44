//! What a test is told that expects the wrong thing, or asks for what there is not: at its own line, in a
//! sentence.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use spigot::testing::{Clock, Faults, TestClient, TestServer, run};
use spigot::transport::Origins;
use spigot::{Config, Method, RequestError, Spigot, StatusCode, Transport, Unreachable, sip_router};

struct Plain;

#[sip_router]
impl Plain {
    #[message]
    async fn message(&self) -> StatusCode {
        StatusCode::OK
    }
}

/// What a test says that fails, which is at a line of this file.
fn complaint(clock: Clock, test: impl AsyncFnOnce()) -> String {
    let failed = std::panic::catch_unwind(AssertUnwindSafe(|| run("fails", clock, None, test())));
    let panic = failed.expect_err("it fails");
    let message = panic.downcast_ref::<String>().expect("a message");
    let at = format!("{}:", file!());
    assert!(message.starts_with(&at), "{message}");
    message.clone()
}

#[test]
fn a_client_that_there_cannot_be() {
    let no_aor = complaint(Clock::Virtual, async || {
        let server = TestServer::start(Plain).await;
        server.client("alice@example.com").await;
    });
    assert!(
        no_aor.contains("`alice@example.com` is no address of record such as `sip:alice@example.com`"),
        "{no_aor}"
    );
    let over_tls = complaint(Clock::Virtual, async || {
        let server = TestServer::start(Plain).await;
        server.client_over(Transport::Tls, "sip:alice@example.com").await;
    });
    assert!(
        over_tls.contains("the in-memory network carries udp and tcp, not tls"),
        "{over_tls}"
    );
    let named = complaint(Clock::Real, async || {
        TestClient::connect("tcp:localhost:5060").await;
    });
    let expected = "`tcp:localhost:5060` is no target: expected a transport, an IP address and a port, such as `tcp:127.0.0.1:5060`";
    assert!(named.contains(expected), "{named}");
    let in_no_time = complaint(Clock::Virtual, async || {
        TestClient::connect_as("tcp:127.0.0.1:5060", "sip:alice@example.com").await;
    });
    assert!(
        in_no_time.contains("say #[spigot::test(real_time)]"),
        "{in_no_time}"
    );
}

#[test]
fn a_server_that_does_not_start() {
    let tls = complaint(Clock::Virtual, async || {
        TestServer::start_with(Plain, |config| config.listen(Transport::Tls, ([127, 0, 0, 1], 0))).await;
    });
    assert!(
        tls.contains("the server does not start: cannot listen on tls without certificates"),
        "{tls}"
    );
}

/// `expect_status` is for what was sent raw; the ladder beside it shows the 200 that the test has had from
/// `send`.
#[test]
fn a_response_that_the_test_has_had() {
    let twice = complaint(Clock::Virtual, async || {
        let server = TestServer::start(Plain).await;
        let alice = server.client("sip:alice@example.com").await;
        alice.message("sip:bob@example.com", "hello").send().await;
        alice.expect_status(StatusCode::OK).await;
    });
    assert!(
        twice.contains("expected a 200 OK to what was sent raw within 300s, and none came"),
        "{twice}"
    );
}

#[test]
fn a_provisional_response_that_is_none() {
    let finally = complaint(Clock::Virtual, async || {
        let server = TestServer::start(Plain).await;
        let bob = server.client("sip:bob@example.com").await;
        let message = server
            .spigot()
            .client()
            .message(format!("sip:bob@{}", bob.address()));
        let _sent = message.start().await.unwrap();
        bob.expect(Method::MESSAGE).await.provisional(StatusCode::OK);
    });
    assert!(finally.contains("200 OK"), "{finally}");
}

#[test]
fn a_share_in_percent() {
    for faults in [Faults::loss, Faults::duplication, Faults::reordering] {
        let percent = std::panic::catch_unwind(|| faults(Faults::none(), 30.0)).expect_err("30 is no share");
        let message = percent.downcast_ref::<String>().expect("a message");
        assert!(
            message.contains("30 is no share: expected 0.0 to 1.0"),
            "{message}"
        );
    }
}

/// What keeps a request from leaving is what some tests want to see.
#[spigot::test(real_time)]
async fn an_origin_that_is_refused() {
    let page = "https://phone.example.com";
    let config = Config::new(Plain).origins(Origins::only([page]));
    let spigot = Spigot::start(config.listen(Transport::Ws, ([127, 0, 0, 1], 0)))
        .await
        .unwrap();
    let target = spigot.listeners()[0].to_string();
    let from = |origin: &'static str| TestClient::connect_with(&target, move |config| config.origin(origin));
    let ours = from(page).await;
    let answer = ours
        .message("sip:bob@example.com", "hello")
        .try_send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let theirs = from("https://elsewhere.example.com").await;
    let refused = theirs
        .message("sip:bob@example.com", "hello")
        .try_send()
        .await
        .unwrap_err();
    assert!(
        matches!(refused, RequestError::Unreachable(Unreachable::Connect { .. })),
        "{refused}"
    );
    spigot.shutdown().await;
}

#[spigot::test]
async fn a_network_that_is_dead() {
    let server = TestServer::start(Plain).await;
    server.network().set_faults(Faults::none().loss(1.0));
    let alice = server.client("sip:alice@example.com").await;
    let lost = alice
        .message("sip:bob@example.com", "hello")
        .try_send()
        .await
        .unwrap_err();
    assert!(
        matches!(lost, RequestError::Timeout { after, .. } if after == Duration::from_secs(32)),
        "{lost}"
    );
}

#[test]
fn a_request_that_cannot_leave_and_is_unwrapped() {
    let failed = std::panic::catch_unwind(|| {
        run("fails", Clock::Virtual, None, async {
            let server = TestServer::start(Plain).await;
            let options = server.spigot().client().options("sips:bob@192.0.2.7");
            options.send().await.unwrap();
        });
    });
    let panic = failed.expect_err("there is no listener for TLS");
    let message = panic.downcast_ref::<String>().expect("a message");
    assert!(
        message.contains("no listener to send from over tls to 192.0.2.7:5061"),
        "{message}"
    );
}

/// Set for those tests of this file that are to fail.
const FAIL: &str = "SPIGOT_TESTS_FAIL";

#[spigot::test]
async fn a_test_that_returns_an_error() -> Result<(), RequestError> {
    let server = TestServer::start(Plain).await;
    let alice = server.client("sip:alice@example.com").await;
    server.network().set_faults(Faults::none().loss(1.0));
    match std::env::var_os(FAIL) {
        Some(_) => alice
            .message("sip:bob@example.com", "hello")
            .try_send()
            .await
            .map(drop),
        None => Ok(()),
    }
}

#[test]
fn an_error_that_is_returned_is_told_with_the_ladder_and_the_seed() {
    let mut test = std::process::Command::new(std::env::current_exe().expect("this program"));
    test.args(["--exact", "a_test_that_returns_an_error", "--nocapture"]);
    let output = test.env(FAIL, "1").output().expect("it runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{told}");
    for what in [
        "Error: no final response within 32 s",
        "MESSAGE 1",
        "SPIGOT_SEED=",
    ] {
        assert!(told.contains(what), "no {what}: {told}");
    }
}
