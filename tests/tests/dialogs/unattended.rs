//! What goes on although nobody waits for a request of ours.

use std::collections::HashMap;
use std::time::Duration;

use spigot::header::Algorithm;
use spigot::plug::{DigestAuth, Next, Plug};
use spigot::testing::{TestServer, Zone};
use spigot::{Method, Reply, Request, StatusCode, sip_router};

/// Lets nobody in without a password.
struct Guarded {
    auth: DigestAuth<HashMap<String, String>>,
}

#[sip_router]
impl Guarded {
    #[plug]
    async fn authenticate(&self, request: Request, next: Next<'_>) -> Reply {
        self.auth.call(request, next).await
    }

    #[invite]
    async fn invite(&self) -> StatusCode {
        StatusCode::OK
    }

    #[message]
    async fn message(&self) -> StatusCode {
        StatusCode::OK
    }
}

struct Open;

#[sip_router]
impl Open {
    #[invite]
    async fn invite(&self) -> StatusCode {
        StatusCode::OK
    }
}

#[spigot::test]
async fn a_challenge_is_answered_and_a_2xx_acknowledged_though_nobody_waits() {
    let users = HashMap::from([("alice".to_owned(), "secret".to_owned())]);
    let auth = DigestAuth::new("example.com", vec![Algorithm::SHA_256], users);
    let server = TestServer::start(Guarded { auth }).await;
    let alice = server.client("sip:alice@example.com").await;
    let invite = alice.invite("sip:bob@example.com").credentials("alice", "secret");
    let mut invite = invite.start().await;

    tokio::time::sleep(Duration::from_secs(100)).await;

    let ladder = server.ladder();
    assert_eq!(ladder.times("401 INVITE"), [0.0], "{ladder}");
    assert_eq!(ladder.times("INVITE 2"), [0.0], "{ladder}");
    assert_eq!(ladder.times("ACK 2"), [0.0], "{ladder}");
    assert_eq!(server.counters().unacknowledged, 0);
    assert_eq!(invite.response().await.status(), StatusCode::OK);
}

#[spigot::test]
async fn a_challenge_is_answered_though_whoever_sent_the_request_has_dropped_it() {
    let users = HashMap::from([("alice".to_owned(), "secret".to_owned())]);
    let auth = DigestAuth::new("example.com", vec![Algorithm::SHA_256], users);
    let server = TestServer::start(Guarded { auth }).await;
    let alice = server.client("sip:alice@example.com").await;
    for (method, sent_again) in [(Method::MESSAGE, 1), (Method::INVITE, 0)] {
        let request = alice.request(method.clone(), "sip:bob@example.com");
        drop(request.credentials("alice", "secret").start().await);

        tokio::time::sleep(Duration::from_secs(100)).await;

        let ladder = server.ladder();
        let answers = ladder.times(&format!("200 {method}"));
        assert_eq!(answers.len(), sent_again, "{method}: {ladder}");
    }
}

#[spigot::test]
async fn a_call_goes_to_the_next_server_though_nobody_waits() {
    let zone = Zone::new()
        .srv("_sip._udp.example.com", 0, 0, 5060, "a.example.com")
        .srv("_sip._udp.example.com", 1, 0, 5060, "b.example.com")
        .address("a.example.com", [192, 0, 2, 11])
        .address("b.example.com", [192, 0, 2, 12]);
    let caller = TestServer::start_with(Open, |config| config.resolver(zone)).await;
    let second = caller
        .start_beside("second", ([192, 0, 2, 12], 5060).into(), Open)
        .await;
    let invite = caller
        .spigot()
        .client()
        .invite("sip:bob@example.com;transport=udp");
    let mut invite = invite.start().await.expect("it leaves");

    tokio::time::sleep(Duration::from_secs(100)).await;

    let ladder = caller.ladder();
    assert_eq!(caller.counters().failovers, 1, "{ladder}");
    assert_eq!(ladder.times("ACK 1").len(), 1, "{ladder}");
    assert_eq!(
        (second.counters().unacknowledged, second.tables().dialogs),
        (0, 1)
    );
    assert_eq!(
        invite.response().await.expect("an answer").status(),
        StatusCode::OK
    );
}
