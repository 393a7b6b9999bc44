//! How long an INVITE rings, and what is heard of it meanwhile.

use std::time::Duration;

use spigot::testing::TestServer;
use spigot::{Limits, Method, RequestError, StatusCode, Transaction, sip_router};
use tokio::time::Instant;

use crate::wire::{self, call};

struct Rings;

#[sip_router]
impl Rings {
    #[invite]
    async fn invite(&self, transaction: Transaction) -> StatusCode {
        let _ = transaction.provisional(StatusCode::RINGING);
        tokio::time::sleep(Duration::from_secs(170)).await;
        StatusCode::OK
    }

    #[bye]
    async fn bye(&self) -> StatusCode {
        StatusCode::OK
    }
}

#[spigot::test]
async fn an_invite_whose_expires_is_over_is_refused() {
    let server = TestServer::start(Rings).await;
    let alice = server.client("sip:alice@example.com").await;
    let clock = Instant::now();
    let invite = alice.invite("sip:bob@example.com").header("Expires", "10");
    let refused = invite.send().await;
    assert_eq!(refused.status(), StatusCode::REQUEST_TERMINATED);
    assert_eq!(clock.elapsed().as_secs(), 10);
}

#[spigot::test]
async fn a_180_is_said_again_each_minute() {
    let server = TestServer::start(Rings).await;
    let alice = server.client("sip:alice@example.com").await;
    let answer = alice.invite("sip:bob@example.com").send().await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(server.ladder().times("180 INVITE"), [0.0, 60.0, 120.0]);
}

#[spigot::test]
async fn an_invite_of_ours_rings_anew_with_each_101_to_199() {
    let mut limits = Limits::default();
    limits.ringing = Duration::from_secs(60);
    let server = TestServer::start_with(Rings, |config| config.limits(limits)).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = call(&server.spigot().client(), &alice).await;
    let ring = alice.expect(Method::INVITE).await;
    let clock = Instant::now();
    for (at, status) in [(0, "180 Ringing"), (50, "181 Forwarded"), (40, "100 Trying")] {
        tokio::time::sleep(Duration::from_secs(at)).await;
        let contact = wire::contact(&alice);
        alice
            .send_raw(wire::response(ring.request(), status, "a", &contact))
            .await;
    }
    let end = invite.response().await.expect("the peer answers");
    assert_eq!(end.status(), StatusCode::REQUEST_TERMINATED);
    assert_eq!(clock.elapsed().as_secs(), 110);
}

#[spigot::test]
async fn who_waits_for_an_invite_whose_early_dialog_the_peer_hangs_up_on_hears_so() {
    let server = TestServer::start(Rings).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = call(&server.spigot().client(), &alice).await;
    let ring = alice.expect(Method::INVITE).await;
    let contact = wire::contact(&alice);
    let ringing = wire::response(ring.request(), "180 Ringing", "a", &contact);
    alice.send_raw(ringing).await;
    alice
        .send_raw(wire::request(&alice, ring.request(), "a", "1 BYE", ""))
        .await;
    alice.expect_status(StatusCode::OK).await;
    // The 200 was on its way before the BYE.
    alice
        .send_raw(wire::response(ring.request(), "200 OK", "a", &contact))
        .await;

    let end = tokio::time::timeout(Duration::from_secs(100), invite.response()).await;

    let error = end.expect("it ends").expect_err("there is no call");
    assert!(matches!(error, RequestError::DialogEnded), "{error}");
    assert_eq!(server.ladder().times("ACK 1").len(), 1, "{}", server.ladder());
}
