//! Each example starts, says where it listens, answers, and ends by a signal; or says what keeps it from it.

use nix::sys::signal::Signal;
use spigot::testing::TestClient;
use spigot::{Method, StatusCode};
use spigot_tests::Example;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const EVERYWHERE: [&str; 4] = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0", "udp:[::1]:0", "tcp:[::1]:0"];

async fn smoke(name: &str, register: StatusCode, signal: Signal) {
    let example = Example::start(name, &EVERYWHERE).await;
    for (said, asked) in example.listeners().iter().zip(EVERYWHERE) {
        let (said, asked) = (said.rsplit_once(':').unwrap(), asked.rsplit_once(':').unwrap());
        assert_eq!(said.0, asked.0);
        assert_ne!(said.1, "0", "the port that was bound");
    }
    for listener in example.listeners() {
        let client = TestClient::connect(listener).await;
        let response = client.register().send().await;
        assert_eq!(response.status(), register, "REGISTER at {name}, {listener}");
        let response = client.request(Method::OPTIONS, "sip:example.com").send().await;
        assert_eq!(response.status(), StatusCode::OK, "OPTIONS at {name}, {listener}");
    }
    example.signal(signal);
    let (status, stderr) = example.wait().await;
    assert!(status.success(), "{name}: {status}\n{stderr}");
    assert_eq!(stderr, "", "{name} has nothing to complain of");
}

#[tokio::test]
async fn hello_answers_and_ends() {
    smoke("hello", StatusCode::OK, Signal::SIGTERM).await;
}

#[tokio::test]
async fn uas_answers_and_ends() {
    smoke("uas", StatusCode::OK, Signal::SIGINT).await;
}

#[tokio::test]
async fn auth_plug_challenges_and_ends() {
    smoke("auth_plug", StatusCode::UNAUTHORIZED, Signal::SIGTERM).await;
}

#[tokio::test]
async fn router_answers_and_ends() {
    // The test client is no telephone of the office.
    smoke("router", StatusCode::FORBIDDEN, Signal::SIGINT).await;
}

#[tokio::test]
async fn testing_answers_and_ends() {
    // The test client is not on its guest list.
    smoke("testing", StatusCode::FORBIDDEN, Signal::SIGTERM).await;
}

/// What a page's server answers.
async fn get(server: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(server).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn phonebox_listens_on_everything_and_serves_its_page() {
    let everything = ["udp", "tcp", "tls", "ws", "wss"].map(|transport| format!("{transport}:127.0.0.1:0"));
    let listeners = everything.each_ref().map(String::as_str);
    let mut example = Example::start_with("phonebox", &listeners, &["--page", "127.0.0.1:0"]).await;
    let line = example.line().await.unwrap();
    let page = line.strip_prefix("the page is at http://").unwrap();
    let page = page.strip_suffix('/').unwrap();
    assert!(get(page, "/").await.contains("<title>Phonebox</title>"));
    let told = get(page, "/listeners").await;
    for listener in example.listeners() {
        assert!(told.contains(&format!("{listener}\n")), "{told}");
        // Nobody has signed its certificate, so our own client does not speak with it over TLS.
        if !listener.starts_with("tls") && !listener.starts_with("wss") {
            let client = TestClient::connect(listener).await;
            let response = client.register().send().await;
            assert_eq!(response.status(), StatusCode::OK, "REGISTER at {listener}");
        }
    }
    let (status, stderr) = example.terminate().await;
    assert!(status.success(), "{status}\n{stderr}");
    // JsSIP is there or not, as npm has been asked or not.
    let known = |line: &str| line.starts_with("no --cert") || line.starts_with("no JsSIP");
    assert!(stderr.lines().all(known), "{stderr}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    for name in ["hello", "uas"] {
        let first = Example::start(name, &["tcp:127.0.0.1:0"]).await;
        let taken = first.listeners()[0].clone();
        let (status, stderr) = Example::spawn(name, ["--listen", "udp:127.0.0.1:0", "--listen", &taken])
            .wait()
            .await;
        assert_eq!(status.code(), Some(1));
        let expected = format!("error: cannot listen on {taken}: ");
        assert!(
            stderr.starts_with(&expected) && stderr.lines().count() == 1,
            "{stderr}"
        );
        assert!(first.terminate().await.0.success());
    }
}

#[tokio::test]
async fn a_flag_that_cannot_be_read_is_explained() {
    let (status, stderr) = Example::spawn("hello", ["--listen", "sctp:127.0.0.1:5060"])
        .wait()
        .await;
    assert_eq!(status.code(), Some(2));
    assert!(stderr.contains("`sctp` is not a transport"), "{stderr}");
}

#[tokio::test]
async fn uas_takes_its_time_to_answer() {
    let flags = ["--listen", "udp:127.0.0.1:0", "--answer-after", "soon"];
    let (status, stderr) = Example::spawn("uas", flags).wait().await;
    assert_eq!(status.code(), Some(2));
    assert!(stderr.contains("`soon` is no duration"), "{stderr}");
}
