//! What the endpoint promises about handlers, limits and its own start and end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use spigot::testing::TestServer;
use spigot::{
    Config, Error, HeaderName, Limits, ListenAddr, Method, Spigot, StatusCode, Transaction, Transport,
    sip_router,
};

/// An agent with every way in which a handler can end.
#[derive(Clone, Default)]
struct Ways {
    acknowledged: Arc<AtomicUsize>,
    cancelled: Arc<AtomicUsize>,
}

#[sip_router]
impl Ways {
    #[message("sip:panics@*")]
    async fn panics(&self) -> StatusCode {
        panic!("on purpose")
    }

    #[message("sip:panics-later@*")]
    async fn panics_later(&self) -> StatusCode {
        tokio::task::yield_now().await;
        panic!("on purpose")
    }

    #[message("sip:never@*")]
    async fn never(&self) -> StatusCode {
        std::future::pending().await
    }

    #[message("sip:slow@*")]
    async fn slow(&self) -> StatusCode {
        tokio::time::sleep(Duration::from_secs(5)).await;
        StatusCode::OK
    }

    #[message]
    async fn message(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite("sip:never@*")]
    async fn rings(&self, transaction: Transaction) -> StatusCode {
        let _ = transaction.provisional(StatusCode::RINGING);
        std::future::pending().await
    }

    #[invite("sip:deaf@*")]
    async fn deaf(&self) -> StatusCode {
        // Answers 200 five seconds after the caller gave up.
        tokio::time::sleep(Duration::from_secs(10)).await;
        StatusCode::OK
    }

    #[invite]
    async fn invite(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite(in_dialog)]
    async fn again(&self) -> StatusCode {
        tokio::time::sleep(Duration::from_secs(10)).await;
        StatusCode::OK
    }

    #[ack]
    async fn ack(&self) {
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
    }

    #[cancel]
    async fn cancel(&self) {
        self.cancelled.fetch_add(1, Ordering::Relaxed);
    }

    #[bye]
    async fn bye(&self) -> StatusCode {
        StatusCode::OK
    }
}

#[spigot::test]
async fn a_handler_that_panics_is_answered_for() {
    let server = TestServer::start(Ways::default()).await;
    let alice = server.client("sip:alice@example.com").await;
    for user in ["panics", "panics-later"] {
        let response = alice
            .message(format!("sip:{user}@example.com"), "boo")
            .send()
            .await;
        assert_eq!(response.status(), StatusCode::SERVER_INTERNAL_ERROR, "{user}");
    }
    let response = alice.message("sip:bob@example.com", "still there?").send().await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(server.counters().panicked, 2);
}

#[spigot::test]
async fn a_handler_that_takes_too_long_is_answered_for() {
    let server = TestServer::start(Ways::default()).await;
    let mut limits = Limits::default();
    limits.handler = Duration::from_secs(6);
    let impatient = TestServer::start_with(Ways::default(), |config| config.limits(limits)).await;

    let alice = impatient.client("sip:alice@example.com").await;
    let response = alice.message("sip:slow@example.com", "in time").send().await;
    assert_eq!(response.status(), StatusCode::OK);
    let response = alice.message("sip:never@example.com", "too late").send().await;
    assert_eq!(response.status(), StatusCode::SERVER_INTERNAL_ERROR);
    assert_eq!(impatient.counters().overdue, 1);

    let alice = server.client("sip:alice@example.com").await;
    let before = tokio::time::Instant::now();
    let response = alice.invite("sip:never@example.com").send().await;
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
    assert_eq!(before.elapsed().as_secs(), 180);
}

#[spigot::test]
async fn handlers_that_wait_are_bounded() {
    let mut limits = Limits::default();
    limits.handlers = 2;
    let server = TestServer::start_with(Ways::default(), |config| config.limits(limits)).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut first = alice.message("sip:slow@example.com", "1").start().await;
    let mut second = alice.message("sip:slow@example.com", "2").start().await;

    let third = alice.message("sip:slow@example.com", "3").send().await;
    let at_once = alice.message("sip:bob@example.com", "4").send().await;

    assert_eq!(third.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(third.headers().contains(&HeaderName::RETRY_AFTER));
    assert_eq!(
        at_once.status(),
        StatusCode::OK,
        "a handler that does not wait needs no place"
    );
    assert_eq!(first.response().await.status(), StatusCode::OK);
    assert_eq!(second.response().await.status(), StatusCode::OK);
    let again = alice.message("sip:slow@example.com", "5").send().await;
    assert_eq!(again.status(), StatusCode::OK, "the places are given back");
    assert_eq!(server.counters().handlers_full, 1);
}

#[spigot::test]
async fn transactions_are_bounded() {
    let mut limits = Limits::default();
    limits.server_transactions = 1;
    let server = TestServer::start_with(Ways::default(), |config| config.limits(limits)).await;
    let alice = server.client("sip:alice@example.com").await;
    // At least one of so many Call-IDs meets a shard that has its one transaction already.
    let mut refused = 0;
    for _ in 0..100 {
        let response = alice.message("sip:bob@example.com", "hello").send().await;
        if response.status() == StatusCode::SERVICE_UNAVAILABLE {
            assert!(response.headers().contains(&HeaderName::RETRY_AFTER));
            refused += 1;
        }
    }
    assert!((1..100).contains(&refused), "{refused} of 100 refused");
    assert_eq!(server.counters().transactions_full, refused);
    tokio::time::sleep(Duration::from_secs(33)).await;
    let response = alice.message("sip:bob@example.com", "hello").send().await;
    assert_eq!(
        response.status(),
        StatusCode::OK,
        "finished transactions make room after 32 s"
    );
}

#[spigot::test]
async fn a_request_that_is_answered_at_once_spawns_no_task() {
    let server = TestServer::start(Ways::default()).await;
    let alice = server.client("sip:alice@example.com").await;
    for _ in 0..50 {
        alice.message("sip:bob@example.com", "hello").send().await;
    }
    let mut invite = alice.invite("sip:bob@example.com").start().await;
    let answer = invite.response().await;
    invite.dialog(&answer).bye().await;
    assert_eq!(server.counters().spawned, 0);
    alice.message("sip:slow@example.com", "hello").send().await;
    assert_eq!(server.counters().spawned, 1);
}

#[spigot::test]
async fn ack_and_cancel_reach_their_routes() {
    let agent = Ways::default();
    let server = TestServer::start(agent.clone()).await;
    let alice = server.client("sip:alice@example.com").await;
    let answer = alice.invite("sip:bob@example.com").send().await;
    assert_eq!(answer.status(), StatusCode::OK);
    let mut invite = alice.invite("sip:never@example.com").start().await;
    invite.expect_provisional(StatusCode::RINGING).await;
    invite.cancel();
    assert_eq!(invite.response().await.status(), StatusCode::REQUEST_TERMINATED);
    let told = (
        agent.acknowledged.load(Ordering::Relaxed),
        agent.cancelled.load(Ordering::Relaxed),
    );
    assert_eq!(
        told,
        (1, 1),
        "the ACK to the 487 is the transaction's, not the route's"
    );
}

#[spigot::test]
async fn an_answer_after_the_cancel_goes_nowhere() {
    let server = TestServer::start(Ways::default()).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = alice.invite("sip:deaf@example.com").start().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    invite.cancel();
    assert_eq!(invite.response().await.status(), StatusCode::REQUEST_TERMINATED);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(server.ladder().times("200 INVITE").is_empty());
}

#[spigot::test]
async fn a_server_calls_its_client() {
    let server = TestServer::start(Ways::default()).await;
    let alice = server.client("sip:alice@example.com").await;
    let client = server.spigot().client();
    let mut invite = client
        .invite("sip:alice@example.com")
        .to_address(Transport::Udp, alice.address())
        .start()
        .await
        .unwrap();

    let ring = alice.expect(Method::INVITE).await;
    ring.provisional(StatusCode::RINGING);
    ring.reply(StatusCode::OK);

    assert_eq!(invite.provisional().await.unwrap().status(), StatusCode::RINGING);
    let answer = invite.response().await.unwrap();
    alice.expect(Method::ACK).await;
    let dialog = invite.dialog(&answer).unwrap();
    let bye = dialog.request(Method::BYE);
    let (bye, ()) = tokio::join!(bye.send(), async {
        alice.expect(Method::BYE).await.reply(StatusCode::OK)
    });
    assert_eq!(bye.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_start_that_fails_says_which_listener_and_why() {
    let error = Spigot::start(Config::new(Ways::default())).await.unwrap_err();
    assert!(matches!(error, Error::NoListener), "{error}");
    let config = Config::new(Ways::default()).name("").listen(Transport::Udp, 0);
    let error = Spigot::start(config).await.unwrap_err();
    assert!(matches!(error, Error::NoName), "{error}");

    let error = Spigot::start(Config::new(Ways::default()).listen(Transport::Tls, 0))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("cannot listen on tls"), "{error}");

    for text in ["localhost:5060", "127.0.0.1", "::1:5060"] {
        let config = Config::new(Ways::default()).listen(Transport::Udp, "127.0.0.1:0");
        let error = Spigot::start(config.listen(Transport::Tcp, text))
            .await
            .unwrap_err();
        let sentence = format!("cannot listen on `{text}`: expected an IP address and a port, such as");
        assert!(error.to_string().starts_with(&sentence), "{error}");
    }

    let first = Config::new(Ways::default()).listen(Transport::Tcp, "127.0.0.1:0");
    let first = Spigot::start(first).await.unwrap();
    let taken = first.listeners()[0].address;
    let second = Config::new(Ways::default())
        .listen(Transport::Udp, ([127, 0, 0, 1], 0))
        .listen(Transport::Tcp, taken);
    let error = Spigot::start(second).await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(&format!("cannot listen on tcp:{taken}: ")),
        "{error}"
    );
    first.shutdown().await;
}

#[tokio::test]
async fn a_listener_is_where_the_text_says() {
    let config = Config::new(Ways::default())
        .listen(Transport::Udp, "127.0.0.1:0")
        .listen(Transport::Tcp, String::from("[::1]:0"))
        .listen(Transport::Tcp, ":0")
        .listen(
            Transport::Tcp,
            ListenAddr::from("127.0.0.1:0").public("sip.example.com"),
        );
    let spigot = Spigot::start(config).await.unwrap();
    let listeners = spigot.listeners().iter();
    let addresses: Vec<String> = listeners
        .map(|listener| listener.address.ip().to_string())
        .collect();
    assert_eq!(addresses, ["127.0.0.1", "::1", "0.0.0.0", "127.0.0.1"]);
    spigot.shutdown().await;
}

#[tokio::test]
async fn what_was_shut_down_can_be_bound_again() {
    let config = || Config::new(Ways::default());
    let first = Spigot::start(
        config()
            .listen(Transport::Udp, ([127, 0, 0, 1], 0))
            .listen(Transport::Tcp, ([127, 0, 0, 1], 0)),
    );
    let first = first.await.unwrap();
    let (udp, tcp) = (first.listeners()[0], first.listeners()[1]);
    assert_ne!(udp.address.port(), 0);
    first.shutdown().await;

    let again = config()
        .listen(Transport::Udp, udp.address)
        .listen(Transport::Tcp, tcp.address);

    Spigot::start(again).await.unwrap().shutdown().await;
}

#[spigot::test]
async fn a_call_that_rings_for_too_long_is_given_up() {
    let mut limits = Limits::default();
    limits.ringing = Duration::from_secs(20);
    let server = TestServer::start_with(Ways::default(), |config| config.limits(limits)).await;
    let alice = server.client("sip:alice@example.com").await;
    let client = server.spigot().client();
    let before = tokio::time::Instant::now();
    let mut invite = client
        .invite("sip:alice@example.com")
        .to_address(Transport::Udp, alice.address())
        .start()
        .await
        .unwrap();

    let ring = alice.expect(Method::INVITE).await;
    ring.provisional(StatusCode::RINGING);

    assert_eq!(
        invite.response().await.unwrap().status(),
        StatusCode::REQUEST_TERMINATED
    );
    assert_eq!(before.elapsed().as_secs(), 20);
    alice.expect(Method::CANCEL).await;
}

#[spigot::test]
async fn dialogs_are_bounded() {
    let mut limits = Limits::default();
    limits.dialogs = 1;
    let server = TestServer::start_with(Ways::default(), |config| config.limits(limits)).await;
    let alice = server.client("sip:alice@example.com").await;
    let (mut calls, mut refused) = (Vec::new(), 0);
    for _ in 0..50 {
        let mut invite = alice.invite("sip:bob@example.com").start().await;
        let answer = invite.response().await;
        match answer.status() {
            StatusCode::OK => calls.push(invite.dialog(&answer)),
            status => {
                assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
                assert!(answer.headers().contains(&HeaderName::RETRY_AFTER));
                refused += 1;
            }
        }
    }
    assert!((1..50).contains(&refused), "{refused} of 50 refused");
    assert_eq!(server.counters().dialogs_full, refused);
    for call in calls {
        assert_eq!(call.bye().await.status(), StatusCode::OK);
    }
    let answer = alice.invite("sip:bob@example.com").send().await;
    assert_eq!(answer.status(), StatusCode::OK, "calls that ended make room");
}

#[spigot::test]
async fn what_belongs_to_nothing_is_counted() {
    let server = TestServer::start(Ways::default()).await;
    let alice = server.client("sip:alice@example.com").await;
    let rest = format!(
        "Via: SIP/2.0/UDP {};branch=z9hG4bKstray\r\nFrom: <sip:a@example.com>;tag=a\r\n\
         To: <sip:b@example.com>;tag=b\r\nCall-ID: stray\r\nContent-Length: 0\r\n",
        alice.address()
    );
    alice
        .send_raw(format!("SIP/2.0 200 OK\r\n{rest}CSeq: 1 OPTIONS\r\n\r\n"))
        .await;
    let ack = format!("ACK sip:b@example.com SIP/2.0\r\nMax-Forwards: 70\r\n{rest}CSeq: 1 ACK\r\n\r\n");
    alice.send_raw(ack).await;
    alice.expect_nothing(Duration::from_secs(1)).await;
    let counters = server.counters();
    assert_eq!((counters.stray_responses, counters.stray_acks), (1, 1));
}

#[spigot::test]
async fn a_refusal_says_what_was_wrong() {
    let server = TestServer::start(Ways::default()).await;
    let alice = server.client("sip:alice@example.com").await;

    alice
        .send_raw(
            "MESSAGE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKw\r\n\
             Max-Forwards: 70\r\nFrom: <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\n\
             Call-ID: w\r\nCSeq: one MESSAGE\r\nContent-Length: 0\r\n\r\n",
        )
        .await;

    let response = alice.expect_status(StatusCode::BAD_REQUEST).await;
    let warning = response.headers().get(&HeaderName::WARNING).unwrap_or_default();
    assert!(warning.starts_with("399 spigot \"CSeq at octet "), "{warning}");
}

/// A BYE that crosses a re-INVITE ends both; the `#[cancel]` route is for CANCEL only.
#[spigot::test]
async fn a_bye_ends_what_waits_in_its_dialog() {
    let agent = Ways::default();
    let server = TestServer::start(agent.clone()).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = alice.invite("sip:bob@example.com").start().await;
    let answer = invite.response().await;
    let dialog = invite.dialog(&answer);
    let mut again = dialog.request(Method::INVITE).start().await;
    tokio::time::sleep(Duration::from_secs(1)).await;

    let bye = dialog.bye().await;

    assert_eq!(bye.status(), StatusCode::OK);
    assert_eq!(again.response().await.status(), StatusCode::REQUEST_TERMINATED);
    assert_eq!(agent.cancelled.load(Ordering::Relaxed), 0);
}
