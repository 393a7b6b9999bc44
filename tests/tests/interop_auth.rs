//! SIPp and baresip log in at the example `auth_plug` with MD5, over UDP and TCP, and are refused with a wrong password. Our own
//! client does with the other algorithms.
//!
//! Without SIPp and baresip each test of theirs says that it was skipped, and passes; with `SPIGOT_INTEROP=strict` it fails.

use spigot::StatusCode;
use spigot::testing::TestClient;
use spigot_tests::{Baresip, Example, Sipp};

/// The password of alice, and none.
const RIGHT: &str = "secret";
const WRONG: &str = "guess";

/// As many calls as the example lets one user make at once.
const CALLS: u32 = 20;

const TRANSPORTS: [&str; 2] = ["udp", "tcp"];

const LISTENERS: [&str; 2] = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"];

async fn start() -> Example {
    Example::start("auth_plug", &LISTENERS).await
}

async fn end(server: Example) {
    let (status, stderr) = server.terminate().await;
    let complains = stderr.lines().any(|line| !line.starts_with("no --cert"));
    assert!(
        status.success() && !complains,
        "auth_plug ended with {status}: {stderr}"
    );
}

async fn sipp(scenario: &str, password: &str) {
    if !Sipp::is_installed() {
        return;
    }
    for transport in TRANSPORTS {
        let server = start().await;
        let sipp = Sipp::client(scenario, transport, server.address(transport))
            .user("alice")
            .credentials("alice", password);
        sipp.calls(CALLS, CALLS).run().await.assert_clean(CALLS);
        end(server).await;
    }
}

#[tokio::test]
async fn sipp_logs_in() {
    sipp("register_auth.xml", RIGHT).await;
}

#[tokio::test]
async fn sipp_is_challenged_again_when_its_password_is_wrong() {
    sipp("register_refused.xml", WRONG).await;
}

async fn baresip(password: &str, expected: &str) {
    if !Baresip::is_installed() {
        return;
    }
    // baresip takes the certificate that the example makes: it does not ask who has signed it unless it is told to.
    for transport in ["udp", "tcp", "tls"] {
        let server = Example::start(
            "auth_plug",
            &["udp:127.0.0.1:0", "tcp:127.0.0.1:0", "tls:127.0.0.1:0"],
        )
        .await;
        let mut baresip = Baresip::register("alice", password, transport, server.address(transport));
        let answer = baresip.answer().await;
        assert!(answer.contains(expected), "over {transport}: {answer}");
        let status = baresip.terminate().await;
        assert!(status.success(), "baresip ended with {status}");
        end(server).await;
    }
}

#[tokio::test]
async fn baresip_logs_in() {
    baresip(RIGHT, "200 OK () [1 binding]").await;
}

#[tokio::test]
async fn baresip_is_refused_when_its_password_is_wrong() {
    baresip(WRONG, "401 Unauthorized").await;
}

#[tokio::test]
async fn our_own_client_logs_in_with_every_algorithm() {
    for algorithm in ["SHA-256", "SHA-512-256", "MD5"] {
        let server = Example::start_with("auth_plug", &LISTENERS, &["--algorithm", algorithm]).await;
        for listener in server.listeners() {
            let alice = TestClient::connect_as(listener, "sip:alice@example.com").await;
            for (password, status) in [(RIGHT, StatusCode::OK), (WRONG, StatusCode::UNAUTHORIZED)] {
                let response = alice.register().credentials("alice", password).send().await;
                assert_eq!(response.status(), status, "{algorithm} at {listener}");
            }
        }
        end(server).await;
    }
}
