//! Messages and answers that are dropped.

use std::time::Duration;

use spigot::sip::Request;
use spigot::testing::TestServer;
use spigot::{StatusCode, Transport};
use spigot_tests::{Draft, Events, Logged};
use tracing::Level;

use crate::agent::{Agent, draft};

const A_SECOND: Duration = Duration::from_secs(1);

#[spigot::test]
async fn a_message_that_is_dropped_has_one_line_with_the_reason() {
    let server = TestServer::start(Agent).await;
    let alice = server.client("sip:alice@example.com").await;
    let ours = Request::parse(draft("OPTIONS", "bob", &alice).octets()).unwrap();
    let no_via = draft("MESSAGE", "bob", &alice).remove("Via");
    let stray_ack = draft("ACK", "bob", &alice).set("To", "<sip:bob@example.com>;tag=nobody");
    for (octets, reason) in [
        (b"hello, is this SIP?\r\n\r\n".to_vec(), None),
        (no_via.octets(), None),
        (
            Draft::answering(&ours, "200 OK").octets(),
            Some("a response to no request that is known"),
        ),
        (stray_ack.octets(), Some("an ACK of nothing that is known")),
    ] {
        let events = Events::keep();
        alice.send_raw(&octets).await;
        alice.expect_nothing(A_SECOND).await;
        let line = events.one("message dropped");
        assert_eq!(line.level, Level::DEBUG);
        assert!(line.field("flow").is_some() && line.field("reason").is_some());
        if reason.is_some() {
            assert_eq!(line.field("reason"), reason);
        }
    }
}

#[spigot::test]
async fn a_message_that_is_refused_for_its_syntax_has_one_line() {
    let server = TestServer::start(Agent).await;
    let alice = server.client("sip:alice@example.com").await;
    for broken in [
        draft("MESSAGE", "bob", &alice).set("CSeq", "one MESSAGE"),
        draft("MESSAGE", "bob", &alice).set("CSeq", "1 INVITE"),
        draft("MESSAGE", "bob", &alice).remove("Call-ID"),
    ] {
        let events = Events::keep();
        alice.send_raw(broken.octets()).await;
        alice.expect_status(StatusCode::BAD_REQUEST).await;
        let line = events.one("message refused");
        assert_eq!(line.level, Level::DEBUG);
        assert_eq!(line.field("status"), Some("400"));
        assert!(line.field("reason").is_some());
    }
}

#[spigot::test]
async fn a_request_that_a_handler_drops_has_one_line() {
    let server = TestServer::start(Agent).await;
    let alice = server.client("sip:alice@example.com").await;
    let events = Events::keep();
    alice.send_raw(draft("MESSAGE", "drops", &alice).octets()).await;
    alice.expect_nothing(A_SECOND).await;
    let line = events.one("answer dropped");
    assert_eq!(line.field("reason"), Some("a plug or the handler wants none"));
    assert!(events.with("response sent").is_empty());
}

#[spigot::test]
async fn an_answer_that_comes_too_late_has_one_line() {
    let server = TestServer::start(Agent).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = alice.invite("sip:deaf@example.com").start().await;
    tokio::time::sleep(8 * A_SECOND).await;
    invite.cancel();
    assert_eq!(invite.response().await.status(), StatusCode::REQUEST_TERMINATED);
    let events = Events::keep();
    tokio::time::sleep(Duration::from_secs(15)).await;
    let line = events.one("answer dropped");
    assert_eq!(line.field("status"), Some("200"));
    assert_eq!(line.field("reason"), Some("the request is answered already"));
}

#[spigot::test]
async fn the_487_of_a_handler_that_gives_up_is_that_of_the_library_and_has_one_line() {
    let server = TestServer::start(Agent).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = alice.invite("sip:gives-up@example.com").start().await;
    invite.expect_provisional(StatusCode::RINGING).await;
    let events = Events::keep();
    invite.cancel();
    assert_eq!(invite.response().await.status(), StatusCode::REQUEST_TERMINATED);
    tokio::time::sleep(A_SECOND).await;
    assert!(events.with("answer dropped").is_empty());
    let refused = |line: &&Logged| line.field("status") == Some("487");
    assert_eq!(events.with("response sent").iter().filter(refused).count(), 1);
}

#[spigot::test]
async fn what_cannot_be_framed_has_one_line() {
    let server = TestServer::start(Agent).await;
    let alice = server.client_over(Transport::Tcp, "sip:alice@example.com").await;
    let events = Events::keep();
    alice.send_raw("this is not SIP\r\n\r\n").await;
    alice.expect_closed(1).await;
    let line = events.one("message dropped");
    assert!(line.field("reason").is_some());
}
