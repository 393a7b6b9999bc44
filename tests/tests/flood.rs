//! A flood of strangers who want to register at the example `auth_plug`. Every one is challenged, nothing of them is
//! kept, and who knows a password is let in all the while.
//!
//! 20,000 of them; with `SPIGOT_FLOOD=full` 1,000,000, which wants a release build:
//!
//! ```text
//! SPIGOT_FLOOD=full cargo test --release -p spigot-tests --test flood -- --nocapture
//! ```
#![cfg(target_os = "linux")]

use std::collections::HashMap;
use std::time::Duration;

use spigot::header::{Authorization, Credentials, Qop, WwwAuthenticate};
use spigot::proto::digest::{Computed, Hash};
use spigot::testing::TestClient;
use spigot::{Method, Response, StatusCode};
use spigot_tests::{Datagrams, Draft, Example, Memory};
use tokio::sync::watch;
use tokio::time::Instant;

/// How many REGISTERs wait for their challenge at a time.
const WINDOW: usize = 128;

/// After how many challenges the server has all the memory that it needs for its work.
const WARM_UP: u32 = 5_000;

/// How much more it may have after that.
const ALLOWED_KIB: u64 = 64 * 1024;

/// How often the legitimate client registers: as often as the example lets one user do it at once.
const LOGINS: u32 = 20;

const REGISTRAR: &str = "sip:example.com";
const ALICE: &str = "sip:alice@example.com";

/// Timer T1 of [RFC 3261 §17.1.1.1](https://www.rfc-editor.org/rfc/rfc3261#section-17.1.1.1): what is not answered by
/// then is sent again.
const T1: Duration = Duration::from_millis(500);

/// So many T1 without any challenge are taken for the end of the server.
const SILENCES: u32 = 20;

#[tokio::test]
async fn strangers_are_challenged_and_forgotten() {
    let full = std::env::var("SPIGOT_FLOOD").is_ok_and(|value| value == "full");
    let total = if full { 1_000_000 } else { 20_000 };
    let server = Example::start("auth_plug", &["udp:127.0.0.1:0"]).await;
    let id = server.id().expect("the server runs");
    let alice = TestClient::connect(&server.listeners()[0]).await;
    let (challenged, progress) = watch::channel(0);

    let start = Instant::now();
    let mut flood = Flood::new(Datagrams::new(server.address("udp")).await, challenged);
    let warm = async {
        flood.until(WARM_UP).await;
        let warm = Memory::of(id);
        flood.until(total).await;
        warm
    };
    let (warm, ()) = tokio::join!(warm, register_all_the_while(&alice, progress, total));
    let (after, time) = (Memory::of(id), start.elapsed());

    eprintln!(
        "{total} challenged in {time:.1?}, {} sent again, {LOGINS} logins; {warm} after {WARM_UP}, {after} at the end",
        flood.sent_again
    );
    assert!(
        after.peak < warm.resident + ALLOWED_KIB,
        "memory grew: {warm} after {WARM_UP}, {after} after {total}"
    );
    let (status, stderr) = server.terminate().await;
    assert!(
        status.success() && stderr.is_empty(),
        "auth_plug ended with {status}: {stderr}"
    );
}

/// REGISTERs without credentials, each of another transaction and another Call-ID.
struct Flood {
    socket: Datagrams,
    /// What has not been answered yet, by Call-ID.
    outstanding: HashMap<String, Vec<u8>>,
    /// How many have been answered.
    challenged: watch::Sender<u32>,
    sent_again: usize,
}

impl Flood {
    fn new(socket: Datagrams, challenged: watch::Sender<u32>) -> Flood {
        Flood {
            socket,
            outstanding: HashMap::new(),
            challenged,
            sent_again: 0,
        }
    }

    /// Goes on until that many have been challenged, and none is outstanding.
    async fn until(&mut self, total: u32) {
        let mut begun = *self.challenged.borrow();
        let mut silences = 0;
        while *self.challenged.borrow() < total {
            while begun < total && self.outstanding.len() < WINDOW {
                self.begin().await;
                begun += 1;
            }
            if self.hear_one().await {
                silences = 0;
            } else {
                silences += 1;
                assert!(silences < SILENCES, "the server has fallen silent");
                self.send_again().await;
            }
        }
    }

    async fn begin(&mut self) {
        let local = self.socket.local();
        let draft = Draft::new("REGISTER", REGISTRAR, "UDP", local)
            .set("To", format!("<{ALICE}>"))
            .add("Contact", format!("<sip:alice@{local}>"));
        let octets = draft.octets();
        self.socket.send(&octets).await;
        let before = self.outstanding.insert(draft.value("Call-ID").to_owned(), octets);
        assert!(before.is_none(), "a Call-ID was used before");
    }

    /// Whether an answer has come in time; what comes is a challenge.
    async fn hear_one(&mut self) -> bool {
        let Some(answer) = self.socket.receive_within(T1).await else {
            return false;
        };
        assert_eq!(answer.status(), 401, "{:?}", answer.octets);
        let challenge = answer.value("WWW-Authenticate");
        assert!(
            challenge.starts_with("Digest ") && challenge.contains("nonce="),
            "{:?}",
            answer.octets
        );
        // It is not there when it was sent twice and this is the second answer.
        if self.outstanding.remove(answer.value("Call-ID")).is_some() {
            self.challenged.send_modify(|count| *count += 1);
        }
        true
    }

    async fn send_again(&mut self) {
        for octets in self.outstanding.values() {
            self.socket.send(octets).await;
        }
        self.sent_again += self.outstanding.len();
    }
}

/// Registers once in each of as many parts of the flood.
async fn register_all_the_while(alice: &TestClient, mut progress: watch::Receiver<u32>, total: u32) {
    for login in 0..LOGINS {
        let part = total / LOGINS * login;
        progress
            .wait_for(|challenged| *challenged >= part)
            .await
            .expect("the flood goes on");
        let challenged = register(alice, None).await;
        assert_eq!(challenged.status(), StatusCode::UNAUTHORIZED, "login {login}");
        let answer = register(alice, Some(credentials(&challenged))).await;
        assert_eq!(answer.status(), StatusCode::OK, "login {login}");
    }
}

async fn register(alice: &TestClient, credentials: Option<Authorization>) -> Response {
    let request = alice
        .request(Method::REGISTER, REGISTRAR)
        .to(ALICE)
        .header("Contact", format!("<sip:alice@{}>", alice.address()));
    match credentials {
        Some(credentials) => request.with(credentials),
        None => request,
    }
    .send()
    .await
}

/// What alice answers to a challenge of her REGISTER.
fn credentials(challenged: &Response) -> Authorization {
    let challenge: WwwAuthenticate = challenged.headers().typed().unwrap().unwrap();
    let challenge = challenge.challenge();
    let (realm, nonce) = (challenge.realm().unwrap(), challenge.nonce().unwrap());
    let algorithm = challenge.algorithm().unwrap();
    let computed = Computed {
        algorithm: &algorithm,
        nonce: &nonce,
        qop: Some(("auth", "00000001", "c")),
        cnonce: "c",
        method: "REGISTER",
        uri: REGISTRAR,
        body: b"",
    };
    let ha1 = Hash::of(&algorithm).unwrap().ha1("alice", &realm, "secret");
    let response = computed.response(&ha1).unwrap();
    let uri = REGISTRAR.parse().unwrap();
    let credentials = Credentials::digest("alice", &realm, &nonce, &uri, &response).unwrap();
    let credentials = credentials.with_algorithm(algorithm).unwrap();
    Authorization::new(credentials.with_qop(Qop::AUTH, 1, "c").unwrap())
}
