//! What the in-memory network of the tests promises: a run follows from its seed, and it is as a network is.

use std::net::SocketAddr;
use std::time::Duration;

use spigot::testing::{Clock, Faults, Network, TestServer, run};
use spigot::{Config, Limits, Method, Spigot, StatusCode, Transport, sip_router};

struct Plain;

#[sip_router]
impl Plain {
    #[message]
    async fn message(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite]
    async fn invite(&self) -> StatusCode {
        tokio::time::sleep(Duration::from_millis(700)).await;
        StatusCode::OK
    }

    #[bye]
    async fn bye(&self) -> StatusCode {
        StatusCode::OK
    }
}

/// The ladder of many transactions at once over a bad network, and of as many over a stream.
fn ladder(seed: u64) -> String {
    run("ladder", Clock::Virtual, Some(seed), async {
        let server = TestServer::start(Plain).await;
        let faults = Faults::none().loss(0.2).duplication(0.2).reordering(0.3);
        let faults = faults.delay(Duration::ZERO..Duration::from_millis(60));
        server.network().set_faults(faults);
        let alice = server.client("sip:alice@example.com").await;
        let bob = server.client_over(Transport::Tcp, "sip:bob@example.com").await;
        let mut calls = Vec::new();
        for _ in 0..10 {
            calls.push(alice.invite("sip:carol@example.com").start().await);
            calls.push(bob.invite("sip:carol@example.com").start().await);
        }
        for call in &mut calls {
            let answer = call.response().await;
            call.dialog(&answer).bye().await;
        }
        tokio::time::sleep(Duration::from_secs(40)).await;
        server.ladder().to_string()
    })
}

#[test]
fn one_seed_gives_one_ladder() {
    let first = ladder(7);
    assert_eq!(first, ladder(7));
    assert_ne!(first, ladder(8));
}

fn address() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 77], 5060))
}

#[spigot::test]
async fn an_address_is_free_again_once_its_endpoint_is_gone() {
    let network = Network::new();
    let start = || Spigot::start(Config::new(Plain).bind(network.datagrams(address(), "one")));
    let first = start().await.unwrap();
    assert!(start().await.is_err(), "taken");
    first.shutdown().await;
    let second = start().await.expect("free");
    drop(second);
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    start().await.expect("free again").shutdown().await;
    // A start that fails gives back what it had bound.
    let twice = Config::new(Plain)
        .bind(network.datagrams(address(), "one"))
        .bind(network.datagrams(address(), "one"));
    Spigot::start(twice).await.unwrap_err();
    start().await.expect("free again").shutdown().await;
}

#[spigot::test]
async fn a_stream_is_framed_within_the_limits_of_its_listener() {
    let mut limits = Limits::default();
    limits.transport.parser.message = 600;
    let server = TestServer::start_with(Plain, |config| config.limits(limits)).await;
    let alice = server.client_over(Transport::Tcp, "sip:alice@example.com").await;
    let short = alice.message("sip:bob@example.com", "hello").send().await;
    assert_eq!(short.status(), StatusCode::OK);
    let long = alice
        .message("sip:bob@example.com", &"x".repeat(600))
        .send()
        .await;
    assert_eq!(long.status(), StatusCode::MESSAGE_TOO_LARGE);
    alice.expect_closed(1).await;
    let again = alice.message("sip:bob@example.com", "hello").send().await;
    assert_eq!(again.status(), StatusCode::OK, "by a new stream");
}

/// An expectation that is not met fails at the line of the test, with the ladder.
#[test]
fn a_failed_expectation_names_the_line_of_the_test() {
    let line = line!() + 5;
    let failed = std::panic::catch_unwind(|| {
        spigot::testing::run("fails", Default::default(), None, async {
            let server = TestServer::start(Plain).await;
            let alice = server.client("sip:alice@example.com").await;
            alice.expect(Method::BYE).await;
        });
    });
    let panic = failed.expect_err("nobody says BYE");
    let message = panic.downcast_ref::<String>().expect("a message");
    assert!(message.starts_with(&format!("{}:{line}:", file!())), "{message}");
    assert!(
        message.contains("expected BYE within 300s, and none came"),
        "{message}"
    );
    assert!(message.contains("alice"), "{message}");
}
