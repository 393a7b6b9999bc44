//! Requests of ours: a line each, and one for their failure.

use std::time::Duration;

use spigot::header::Challenge;
use spigot::testing::{TestClient, TestServer};
use spigot::{Method, Reply, StatusCode};
use spigot_tests::{Events, Logged};
use tracing::Level;

use crate::agent::Agent;

/// The requests that a log says were sent, without those of the test clients.
fn sent_to(client: &TestClient, events: &Events) -> Vec<Logged> {
    let to = format!("udp:192.0.2.1:5060 -> {}", client.address());
    let sent = events.with("request sent").into_iter();
    sent.filter(|line| line.field("flow") == Some(&to)).collect()
}

fn methods(lines: &[Logged]) -> Vec<&str> {
    lines.iter().map(|line| line.field("method").unwrap()).collect()
}

#[spigot::test]
async fn each_request_of_a_call_has_one_line_with_method_and_target() {
    let server = TestServer::start(Agent).await;
    let bob = server.client("sip:bob@example.com").await;
    let events = Events::keep();
    let target = format!("sip:bob:s3cret@{}", bob.address());
    let client = server.spigot().client();
    let mut invite = client
        .invite(&*target)
        .body("text/plain", "the plan")
        .start()
        .await
        .unwrap();
    bob.expect(Method::INVITE).await.reply(StatusCode::OK);
    let answer = invite.response().await.unwrap();
    bob.expect(Method::ACK).await;
    let dialog = invite.dialog(&answer).unwrap();
    dialog.hang_up();
    bob.expect(Method::BYE).await.reply(StatusCode::OK);

    let lines = sent_to(&bob, &events);
    assert_eq!(methods(&lines), ["INVITE", "ACK", "BYE"]);
    let shown = lines[0].field("uri").unwrap();
    assert!(
        shown.contains("sip:bob") && shown.contains(&bob.address().to_string()),
        "{shown}"
    );
    let call_id = lines[0].field("call_id");
    for line in &lines {
        assert_eq!((line.level, line.field("call_id")), (Level::DEBUG, call_id));
    }
    let all = format!("{:?}", events.all());
    assert!(!all.contains("s3cret") && !all.contains("the plan"), "{all}");
}

#[spigot::test]
async fn a_cancel_of_ours_has_one_line_when_it_leaves() {
    let server = TestServer::start(Agent).await;
    let bob = server.client("sip:bob@example.com").await;
    let events = Events::keep();
    let target = format!("sip:bob@{}", bob.address());
    let mut invite = server.spigot().client().invite(&*target).start().await.unwrap();
    let received = bob.expect(Method::INVITE).await;
    invite.cancel();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(
        methods(&sent_to(&bob, &events)),
        ["INVITE"],
        "nobody has answered yet"
    );
    received.provisional(StatusCode::RINGING);
    assert_eq!(
        invite.response().await.unwrap().status(),
        StatusCode::REQUEST_TERMINATED
    );
    assert_eq!(methods(&sent_to(&bob, &events)), ["INVITE", "CANCEL"]);
}

#[spigot::test]
async fn a_request_that_answers_a_challenge_has_a_line_of_its_own_and_shows_no_credentials() {
    let server = TestServer::start(Agent).await;
    let bob = server.client("sip:bob@example.com").await;
    let events = Events::keep();
    let target = format!("sip:bob@{}", bob.address());
    let message = server
        .spigot()
        .client()
        .message(&*target)
        .credentials("alice", "hunter2");
    let mut message = message.start().await.unwrap();
    let challenge = Challenge::digest("example.com", "n0nce").unwrap();
    bob.expect(Method::MESSAGE)
        .await
        .reply(Reply::unauthorized(challenge));
    bob.expect(Method::MESSAGE).await.reply(StatusCode::OK);
    assert_eq!(message.response().await.unwrap().status(), StatusCode::OK);
    assert_eq!(methods(&sent_to(&bob, &events)), ["MESSAGE", "MESSAGE"]);
    let all = format!("{:?}", events.all());
    assert!(!all.contains("hunter2") && !all.contains("n0nce"), "{all}");
}

#[spigot::test]
async fn a_request_that_nobody_answers_has_one_line_of_its_failure() {
    let server = TestServer::start(Agent).await;
    let events = Events::keep();
    let client = server.spigot().client();
    for (method, target) in [
        (Method::OPTIONS, "sip:nobody@192.0.2.77"),
        (Method::INVITE, "sip:192.0.2.78"),
    ] {
        events.clear();
        client
            .request(method.clone(), target)
            .start()
            .await
            .unwrap()
            .response()
            .await
            .unwrap_err();
        let line = events.one("request failed");
        assert_eq!(
            (line.level, line.field("method")),
            (Level::DEBUG, Some(method.as_str()))
        );
        assert!(line.field("reason").unwrap().contains("no response in time"));
        assert_eq!(
            events.with("request sent").len(),
            1,
            "retransmissions have no line"
        );
    }
}

#[spigot::test]
async fn a_call_that_is_cancelled_before_anybody_answers_has_one_line_of_its_failure() {
    // Long before T1 is over, and after it.
    for wait in [Duration::from_millis(10), Duration::from_secs(1)] {
        let server = TestServer::start(Agent).await;
        let events = Events::keep();
        let client = server.spigot().client();
        let mut invite = client.invite("sip:192.0.2.78").start().await.unwrap();
        tokio::time::sleep(wait).await;
        invite.cancel();
        invite.response().await.unwrap_err();
        tokio::time::sleep(Duration::from_secs(100)).await;
        let line = events.one("request failed");
        assert!(line.field("reason").unwrap().contains("cancelled"));
    }
}
