//! Answers of the protocol core, of limits and deadlines, and for handlers that panic.

use std::time::Duration;

use spigot::testing::TestServer;
use spigot::{Limits, Method, StatusCode};
use spigot_tests::Events;
use tracing::Level;

use crate::agent::{Agent, answered, check, draft};

#[spigot::test]
async fn what_the_core_refuses_has_one_line_with_the_reason() {
    let server = TestServer::start(Agent).await;
    let alice = server.client("sip:alice@example.com").await;
    let unknown = draft("BYE", "bob", &alice).set("To", "<sip:bob@example.com>;tag=nobody");
    for (draft, reason) in [
        (unknown, "there is no such dialog"),
        (draft("BYE", "bob", &alice), "a BYE outside of a dialog"),
        (
            draft("CANCEL", "bob", &alice),
            "a CANCEL of no INVITE that is known",
        ),
    ] {
        let events = Events::keep();
        assert_eq!(answered(&alice, &draft).await, 481, "{reason}");
        check(&events, 481, reason);
    }
}

#[spigot::test]
async fn a_merged_request_has_one_line() {
    let server = TestServer::start(Agent).await;
    let alice = server.client("sip:alice@example.com").await;
    for method in ["MESSAGE", "INVITE"] {
        let first = draft(method, "bob", &alice);
        assert_eq!(answered(&alice, &first).await, 200);
        let events = Events::keep();
        let other = format!(
            "SIP/2.0/UDP {};branch=z9hG4bKother{method};rport",
            alice.address()
        );
        assert_eq!(answered(&alice, &first.set("Via", other)).await, 482);
        check(&events, 482, "the request came already by another way");
    }
}

#[spigot::test]
async fn what_stands_against_a_request_inside_a_dialog_has_one_line() {
    let server = TestServer::start(Agent).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = alice.invite("sip:bob@example.com").start().await;
    let answer = invite.response().await;
    let dialog = invite.dialog(&answer);

    let mut waits = dialog.request(Method::INVITE).start().await;
    let events = Events::keep();
    let busy = dialog.request(Method::INVITE).send().await;
    assert_eq!(busy.status(), StatusCode::SERVER_INTERNAL_ERROR);
    check(&events, 500, "another INVITE of the dialog waits for its answer");
    waits.response().await;

    let said = invite.request();
    let get = |name: &spigot::HeaderName| said.headers().get(name).unwrap().to_owned();
    let late = draft("INFO", "bob", &alice)
        .set("From", get(&spigot::HeaderName::FROM))
        .set("To", answer.headers().get(&spigot::HeaderName::TO).unwrap())
        .set("Call-ID", get(&spigot::HeaderName::CALL_ID))
        .set("CSeq", "1 INFO");
    let events = Events::keep();
    assert_eq!(answered(&alice, &late).await, 500);
    check(&events, 500, "the request comes after a later one of its dialog");
}

#[spigot::test]
async fn a_cancelled_invite_and_its_cancel_have_one_line_each() {
    let server = TestServer::start(Agent).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = alice.invite("sip:rings@example.com").start().await;
    invite.expect_provisional(StatusCode::RINGING).await;
    let events = Events::keep();
    invite.cancel();
    assert_eq!(invite.response().await.status(), StatusCode::REQUEST_TERMINATED);
    check(&events, 487, "a CANCEL came");
    check(&events, 200, "the INVITE is cancelled, if it still waits");

    let expires = draft("INVITE", "rings", &alice).add("Expires", "5");
    let events = Events::keep();
    alice.send_raw(expires.octets()).await;
    alice.expect_status(StatusCode::REQUEST_TERMINATED).await;
    check(&events, 487, "its Expires is over");
    check_provisional(&events);
}

/// A provisional response has a line, too. The 100 of the transaction has none.
#[track_caller]
fn check_provisional(events: &Events) {
    let line = crate::agent::the_answer(events, 180);
    assert_eq!(
        (line.field("method"), line.field("reason")),
        (Some("INVITE"), None)
    );
}

#[spigot::test]
async fn limits_have_one_line_each() {
    let mut limits = Limits::default();
    (limits.handlers, limits.dialogs) = (1, 1);
    let server = TestServer::start_with(Agent, |config| config.limits(limits)).await;
    let alice = server.client("sip:alice@example.com").await;
    let _waits = alice.message("sip:slow@example.com", "1").start().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let events = Events::keep();
    assert_eq!(answered(&alice, &draft("MESSAGE", "slow", &alice)).await, 503);
    check(&events, 503, "as many handlers wait as may");

    // Each shard has room for one dialog, so that of many INVITEs one finds none.
    for number in 0.. {
        assert!(number < 1_000, "no limit of dialogs");
        let events = Events::keep();
        if answered(&alice, &draft("INVITE", "bob", &alice)).await == 503 {
            check(&events, 503, "as many dialogs as there may be");
            break;
        }
    }
}

#[spigot::test]
async fn a_full_table_of_transactions_has_one_line() {
    let mut limits = Limits::default();
    limits.server_transactions = 1;
    let server = TestServer::start_with(Agent, |config| config.limits(limits)).await;
    let alice = server.client("sip:alice@example.com").await;
    for number in 0.. {
        assert!(number < 1_000, "no limit of transactions");
        let events = Events::keep();
        if answered(&alice, &draft("MESSAGE", "bob", &alice)).await == 503 {
            check(&events, 503, "as many transactions as there may be");
            break;
        }
    }
}

#[spigot::test]
async fn a_deadline_has_one_line() {
    let mut limits = Limits::default();
    (limits.handler, limits.ringing) = (Duration::from_secs(2), Duration::from_secs(3));
    let server = TestServer::start_with(Agent, |config| config.limits(limits)).await;
    let alice = server.client("sip:alice@example.com").await;
    for (method, user, status) in [("MESSAGE", "slow", 500), ("INVITE", "rings", 408)] {
        let events = Events::keep();
        alice.send_raw(draft(method, user, &alice).octets()).await;
        alice.expect_status(StatusCode::from_u16(status).unwrap()).await;
        check(&events, status, "the handler took too long");
    }
}

#[spigot::test]
async fn a_panic_is_an_error_with_its_call_and_its_answer_a_line() {
    let server = TestServer::start(Agent).await;
    let alice = server.client("sip:alice@example.com").await;
    for (user, route, said) in [
        ("panics", "MESSAGE sip:panics@* panics", "on purpose"),
        (
            "panics-later",
            "MESSAGE sip:panics-later@* panics_later",
            "on purpose, later",
        ),
    ] {
        let draft = draft("MESSAGE", user, &alice);
        let events = Events::keep();
        assert_eq!(answered(&alice, &draft).await, 500);
        check(&events, 500, "the handler has panicked or was dropped");
        let panic = events.one("a handler has panicked");
        assert_eq!(panic.level, Level::ERROR);
        assert_eq!(panic.field("call_id"), Some(draft.value("Call-ID")));
        assert_eq!(panic.field("method"), Some("MESSAGE"));
        assert_eq!(panic.field("route"), Some(route));
        assert_eq!(panic.field("panic"), Some(said));
    }
    assert_eq!(server.counters().panicked, 2);
}

#[spigot::test]
async fn a_handler_of_an_ack_that_panics_is_an_error() {
    let server = TestServer::start(Agent).await;
    let alice = server.client("sip:alice@example.com").await;
    let events = Events::keep();
    alice.invite("sip:bob@example.com").send().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let panic = events.one("a handler has panicked");
    assert_eq!(
        (panic.field("method"), panic.field("route")),
        (Some("ACK"), Some("ACK * ack"))
    );
    assert_eq!(server.counters().panicked, 1);
}

#[spigot::test]
async fn the_shutdown_has_one_line_for_each_whom_it_refuses() {
    let server = TestServer::start(Agent).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut waits = alice.message("sip:slow@example.com", "1").start().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let events = Events::keep();
    server.shutdown().await;
    assert_eq!(waits.response().await.status(), StatusCode::SERVICE_UNAVAILABLE);
    check(&events, 503, "the endpoint is shutting down");
}
