//! Calls that nobody has, and calls whose caller has gone on.

use std::time::Duration;

use spigot::{HeaderName, Method, RequestError, StatusCode, Transport};
use tokio::time::Instant;

use crate::routing::Street;

/// The Contact of `near`.
fn contact(street: &Street) -> String {
    format!("Contact: <sip:near@{}>\r\n", street.near.address)
}

#[spigot::test]
async fn an_invite_that_is_only_sent_is_hung_up_on_when_it_is_answered() {
    for acknowledges in [true, false] {
        let mut street = Street::new().await;
        let mut invite = street.client().invite("sip:near@example.com");
        if !acknowledges {
            invite = invite.without_ack();
        }
        let invite = invite.to_address(Transport::Udp, street.near.address);
        let sent = tokio::spawn(invite.send());
        let ring = street.near.expect(Method::INVITE).await;
        street
            .near
            .answer(&ring, "200 OK", Some("far"), &contact(&street));
        let answer = sent.await.expect("it ends").expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        street.near.expect(Method::ACK).await;
        street.near.accept(Method::BYE).await;
        let ladder = street.server.ladder();
        assert_eq!(ladder.times("ACK 1").len(), 1, "{ladder}");
    }
}

#[spigot::test]
async fn a_call_whose_dialog_nobody_has_taken_is_hung_up_on_with_its_transaction() {
    // Also when the transaction of the core is long over.
    for later in [Duration::ZERO, Duration::from_secs(120)] {
        let mut street = Street::new().await;
        let (mut invite, ring) = street.invite(Transport::Udp).await;
        street
            .near
            .answer(&ring, "200 OK", Some("far"), &contact(&street));
        invite.response().await.expect("an answer");
        street.near.expect(Method::ACK).await;
        tokio::time::sleep(later).await;
        drop(invite);
        street.near.accept(Method::BYE).await;
    }
}

#[spigot::test]
async fn a_call_whose_dialog_somebody_has_taken_outlives_its_transaction() {
    let mut street = Street::new().await;
    let lines = contact(&street);
    let dialog = street.call(Transport::Udp, &lines).await;
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert!(dialog.is_up());
    assert_eq!(street.server.ladder().times("BYE"), [0.0; 0]);
}

#[spigot::test]
async fn a_branch_that_nobody_has_taken_is_hung_up_on_though_another_was_taken_while_it_rang() {
    for taken in [&["one"][..], &["one", "three"]] {
        let mut street = Street::new().await;
        let lines = contact(&street);
        let (mut invite, ring) = street.invite(Transport::Udp).await;
        let mut early = Vec::new();
        for tag in taken {
            street.near.answer(&ring, "180 Ringing", Some(tag), &lines);
            let ringing = invite.provisional().await.expect("it rings");
            early.push(invite.dialog(&ringing).expect("a dialog"));
        }
        street.near.answer(&ring, "200 OK", Some("two"), &lines);
        invite.response().await.expect("an answer");
        drop(invite);
        let bye = street.near.accept(Method::BYE).await;
        let to = bye.request.headers().get(&HeaderName::TO).expect("a To");
        assert!(to.ends_with(";tag=two"), "{to}");
    }
}

#[spigot::test]
async fn a_call_that_was_taken_while_it_rang_outlives_its_transaction() {
    let mut street = Street::new().await;
    let lines = contact(&street);
    let (mut invite, ring) = street.invite(Transport::Udp).await;
    street.near.answer(&ring, "180 Ringing", Some("one"), &lines);
    let ringing = invite.provisional().await.expect("it rings");
    let dialog = invite.dialog(&ringing).expect("a dialog");
    street.near.answer(&ring, "200 OK", Some("one"), &lines);
    invite.response().await.expect("an answer");
    drop(invite);
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert!(dialog.is_up());
}

#[spigot::test]
async fn a_re_invite_that_is_only_sent_leaves_the_call_as_it_is() {
    let mut street = Street::new().await;
    let lines = contact(&street);
    let dialog = street.call(Transport::Udp, &lines).await;
    let again = tokio::spawn(dialog.request(Method::INVITE).send());
    let ring = street.near.expect(Method::INVITE).await;
    street.near.answer(&ring, "200 OK", None, &lines);
    again.await.expect("it ends").expect("an answer");
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(dialog.is_up());
}

#[spigot::test]
async fn a_call_to_a_peer_that_never_answers_is_cancelled_at_once() {
    let mut street = Street::new().await;
    let (mut invite, _) = street.invite(Transport::Udp).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let clock = Instant::now();
    invite.cancel();
    let ended = invite.response().await;
    assert!(matches!(ended, Err(RequestError::Cancelled)), "{ended:?}");
    assert_eq!(clock.elapsed(), Duration::ZERO);
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(street.server.ladder().times("CANCEL"), [0.0; 0]);
}

#[spigot::test]
async fn what_comes_late_of_a_cancelled_call_is_cancelled_or_hung_up_on() {
    for status in ["100 Trying", "180 Ringing", "200 OK"] {
        let mut street = Street::new().await;
        let (mut invite, ring) = street.invite(Transport::Udp).await;
        invite.cancel();
        assert!(invite.response().await.is_err());
        drop(invite);
        tokio::time::sleep(Duration::from_secs(10)).await;
        street.near.answer(&ring, status, Some("far"), &contact(&street));
        if status == "200 OK" {
            street.near.expect(Method::ACK).await;
            street.near.accept(Method::BYE).await;
        } else {
            street.near.accept(Method::CANCEL).await;
            street
                .near
                .answer(&ring, "487 Request Terminated", Some("far"), "");
            street.near.expect(Method::ACK).await;
        }
    }
}

#[spigot::test]
async fn a_peer_that_has_answered_is_waited_for_when_its_call_is_cancelled() {
    let mut street = Street::new().await;
    let (mut invite, ring) = street.invite(Transport::Udp).await;
    street.near.answer(&ring, "100 Trying", None, "");
    tokio::time::sleep(Duration::from_secs(1)).await;
    invite.cancel();
    street.near.accept(Method::CANCEL).await;
    street
        .near
        .answer(&ring, "487 Request Terminated", Some("far"), "");
    let ended = invite.response().await.expect("an answer");
    assert_eq!(ended.status(), StatusCode::REQUEST_TERMINATED);
}

#[spigot::test]
async fn a_2xx_behind_a_refusal_is_acknowledged_and_hung_up_on() {
    let mut street = Street::new().await;
    let (mut invite, ring) = street.invite(Transport::Udp).await;
    street.near.answer(&ring, "486 Busy Here", Some("one"), "");
    let refused = invite.response().await.expect("an answer");
    assert_eq!(refused.status(), StatusCode::BUSY_HERE);
    street.near.expect(Method::ACK).await;
    street
        .near
        .answer(&ring, "200 OK", Some("two"), &contact(&street));
    street.near.expect(Method::ACK).await;
    street.near.accept(Method::BYE).await;
    street
        .near
        .answer(&ring, "200 OK", Some("two"), &contact(&street));
    street.near.expect(Method::ACK).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let ladder = street.server.ladder();
    assert_eq!(ladder.times("BYE 2").len(), 1, "{ladder}");
}

#[spigot::test]
async fn a_bye_whose_nonce_was_used_beforehand_gets_through() {
    for stale in ["", ", stale=true"] {
        let mut street = Street::new().await;
        let challenge = |nonce: &str, stale: &str| {
            format!("Proxy-Authenticate: Digest realm=\"box.example\", nonce=\"{nonce}\"{stale}\r\n")
        };
        let invite = street.client().invite("sip:near@example.com");
        let invite = invite.to_address(Transport::Udp, street.near.address);
        let mut invite = invite
            .credentials("alice", "secret")
            .start()
            .await
            .expect("it leaves");
        let first = street.near.expect(Method::INVITE).await;
        let refusal = "407 Proxy Authentication Required";
        street
            .near
            .answer(&first, refusal, Some("one"), &challenge("N1", ""));
        let second = street.near.expect(Method::INVITE).await;
        street
            .near
            .answer(&second, "200 OK", Some("two"), &contact(&street));
        let answer = invite.response().await.expect("an answer");
        let dialog = invite.dialog(&answer).expect("a dialog");
        let bye = tokio::spawn(dialog.request(Method::BYE).send());
        let bye_of_n1 = street.near.expect(Method::BYE).await;
        street
            .near
            .answer(&bye_of_n1, refusal, None, &challenge("N2", stale));
        let bye_of_n2 = street.near.expect(Method::BYE).await;
        let credentials = bye_of_n2.request.to_string();
        assert!(credentials.contains("nonce=\"N2\""), "{credentials}");
        // A password that is wrong is not tried for ever.
        street
            .near
            .answer(&bye_of_n2, refusal, None, &challenge("N3", ""));
        let ended = bye.await.expect("it ends").expect("an answer");
        assert_eq!(ended.status(), StatusCode::PROXY_AUTHENTICATION_REQUIRED);
        let ladder = street.server.ladder();
        assert_eq!(ladder.times("407 BYE").len(), 2, "{ladder}");
    }
}
