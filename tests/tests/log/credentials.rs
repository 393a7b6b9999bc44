//! Credentials that are refused. The peer learns nothing but that, and the log says why.

use std::collections::HashMap;
use std::time::Duration;

use spigot::header::Algorithm;
use spigot::plug::DigestAuth;
use spigot::testing::{TestRequest, TestServer};
use spigot::{HeaderName, Router, StatusCode};
use spigot_tests::Events;
use tracing::Level;

use crate::agent::Agent;

fn router() -> Router {
    let users = HashMap::from([("alice".to_owned(), "secret".to_owned())]);
    Router::new(Agent).layer(DigestAuth::new("example.com", [Algorithm::MD5], users))
}

/// Sends a request that is refused. Gives the reasons in the log, one for each refusal.
async fn reasons(request: TestRequest<'_>) -> Vec<String> {
    let events = Events::keep();
    assert_eq!(request.send().await.status(), StatusCode::UNAUTHORIZED);
    let lines = events.with("credentials refused");
    assert!(lines.iter().all(|line| line.level == Level::DEBUG));
    let all = events.all();
    assert!(
        all.iter()
            .all(|line| !format!("{line:?}").contains("Digest username"))
    );
    let reasons = lines
        .iter()
        .map(|line| line.field("reason").unwrap_or_default().to_owned());
    reasons.collect()
}

#[spigot::test]
async fn the_log_says_why_credentials_are_refused() {
    let server = TestServer::start(router()).await;
    let alice = server.client("sip:alice@example.com").await;
    let message = || alice.message("sip:bob@example.com", "hello");
    let none: [&str; 0] = [];
    assert_eq!(
        reasons(message()).await,
        none,
        "a first request without credentials is no fault"
    );
    assert_eq!(
        reasons(message().credentials("alice", "guess")).await,
        ["the password is wrong"]
    );
    assert_eq!(
        reasons(message().credentials("mallory", "guess")).await,
        ["there is no such user"]
    );
    let other = "Digest username=\"alice\", realm=\"other\", nonce=\"n\", uri=\"sip:b\", response=\"0\"";
    assert_eq!(
        reasons(message().header("Authorization", other)).await,
        ["they are for another realm, or answer no challenge of this server"]
    );
}

#[spigot::test]
async fn a_nonce_that_is_too_old_is_in_the_log_and_the_client_tries_again() {
    let server = TestServer::start(router()).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut sent = alice
        .message("sip:bob@example.com", "hello")
        .credentials("alice", "secret")
        .start()
        .await;
    assert_eq!(sent.response().await.status(), StatusCode::OK);
    let request = sent.request();
    let used = request
        .headers()
        .get(&HeaderName::AUTHORIZATION)
        .unwrap()
        .to_owned();
    tokio::time::sleep(Duration::from_secs(301)).await;
    let again = alice
        .message("sip:bob@example.com", "hello")
        .header("Authorization", used);
    assert_eq!(reasons(again).await, ["the nonce is too old, or was used before"]);
}
