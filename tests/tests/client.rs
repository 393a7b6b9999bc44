//! What the client does when something goes wrong: forks, callers that are gone, connections that are gone, an
//! endpoint that has ended.

use std::time::Duration;

use spigot::testing::{TestClient, TestServer};
use spigot::{
    Client, ClientTransaction, HeaderName, Limits, Method, Request, RequestError, StatusCode, Transport,
    sip_router,
};

struct Quiet;

#[sip_router]
impl Quiet {
    #[message]
    async fn message(&self) -> StatusCode {
        std::future::pending().await
    }

    #[invite]
    async fn invite(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite(in_dialog)]
    async fn again(&self) -> StatusCode {
        tokio::time::sleep(Duration::from_secs(5)).await;
        StatusCode::OK
    }

    #[bye]
    async fn bye(&self) -> StatusCode {
        StatusCode::OK
    }
}

/// A response as a peer of its own making would write it.
fn response(request: &Request, status: &str, tag: &str, contact: &str) -> String {
    let header = |name| request.headers().get(name).unwrap_or_default();
    format!(
        "SIP/2.0 {status}\r\nVia: {}\r\nFrom: {}\r\nTo: {};tag={tag}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
         Contact: {contact}\r\nContent-Length: 0\r\n\r\n",
        header(&HeaderName::VIA),
        header(&HeaderName::FROM),
        header(&HeaderName::TO),
        header(&HeaderName::CALL_ID),
        header(&HeaderName::CSEQ),
    )
}

async fn call(client: &Client, alice: &TestClient) -> ClientTransaction {
    let invite = client.invite("sip:alice@example.com");
    let invite = invite.to_address(Transport::Udp, alice.address());
    invite.start().await.expect("it can be sent")
}

#[spigot::test]
async fn each_branch_of_a_fork_is_acknowledged_each_time_and_hung_up_on_once() {
    let server = TestServer::start(Quiet).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = call(&server.spigot().client(), &alice).await;
    let ring = alice.expect(Method::INVITE).await;
    let contact = format!("<sip:alice@{}>", alice.address());

    for tag in ["one", "two", "one", "two", "three", "two"] {
        alice
            .send_raw(response(ring.request(), "200 OK", tag, &contact))
            .await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }

    let answer = invite.response().await.expect("an answer");
    assert!(
        answer
            .headers()
            .get(&HeaderName::TO)
            .unwrap()
            .ends_with("tag=one")
    );
    assert_eq!(server.ladder().times("ACK 1").len(), 6);
    assert_eq!(server.ladder().times("BYE 2").len(), 2, "{}", server.ladder());
}

#[spigot::test]
async fn a_fork_is_hung_up_on_where_the_caller_acknowledges() {
    let server = TestServer::start(Quiet).await;
    let alice = server.client("sip:alice@example.com").await;
    let invite = server.spigot().client().invite("sip:alice@example.com");
    let invite = invite.to_address(Transport::Udp, alice.address()).without_ack();
    let mut invite = invite.start().await.unwrap();
    let ring = alice.expect(Method::INVITE).await;
    let contact = format!("<sip:alice@{}>", alice.address());

    for tag in ["one", "two", "one", "two"] {
        alice
            .send_raw(response(ring.request(), "200 OK", tag, &contact))
            .await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }

    invite.response().await.expect("an answer");
    assert_eq!(server.ladder().times("ACK 1").len(), 2, "{}", server.ladder());
    assert_eq!(server.ladder().times("BYE 2").len(), 1, "{}", server.ladder());
}

#[spigot::test]
async fn a_call_whose_answer_nobody_read_is_hung_up() {
    let server = TestServer::start(Quiet).await;
    let alice = server.client("sip:alice@example.com").await;
    let invite = alice.invite("sip:bob@example.com").start().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(server.ladder().times("ACK 1").len(), 1);

    drop(invite);
    tokio::time::sleep(Duration::from_secs(1)).await;

    assert_eq!(server.ladder().times("200 BYE").len(), 1, "{}", server.ladder());
}

#[spigot::test]
async fn a_call_goes_on_when_nobody_waits_for_its_re_invite() {
    let server = TestServer::start(Quiet).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = alice.invite("sip:bob@example.com").start().await;
    let answer = invite.response().await;
    let mut dialog = invite.dialog(&answer);
    let again = dialog.request(Method::INVITE).start().await;
    // The 200 crosses the end of patience.
    tokio::time::sleep(Duration::from_secs(6)).await;

    drop(again);
    tokio::time::sleep(Duration::from_secs(1)).await;

    assert!(server.ladder().times("BYE").is_empty(), "{}", server.ladder());
    assert_eq!(dialog.request(Method::BYE).send().await.status(), StatusCode::OK);
}

#[spigot::test]
async fn requests_under_way_fail_when_the_endpoint_ends() {
    let server = TestServer::start(Quiet).await;
    let alice = server.client("sip:alice@example.com").await;
    let client = server.spigot().client();
    let mut options = client
        .options("sip:alice@example.com")
        .to_address(Transport::Udp, alice.address())
        .start()
        .await
        .unwrap();
    let waiting = tokio::spawn(async move { options.response().await });
    alice.expect(Method::OPTIONS).await;

    server.shutdown().await;

    let error = waiting.await.unwrap().unwrap_err();
    assert!(matches!(error, RequestError::ShutDown), "{error}");
    let late = client
        .options("sip:alice@example.com")
        .to_address(Transport::Udp, alice.address());
    let error = late.send().await.unwrap_err();
    assert!(matches!(error, RequestError::ShutDown), "{error}");
}

#[spigot::test]
async fn a_request_in_a_dialog_connects_again_when_the_connection_is_gone() {
    let server = TestServer::start(Quiet).await;
    let alice = server.client_over(Transport::Tcp, "sip:alice@example.com").await;
    let mut invite = alice.invite("sip:bob@example.com").start().await;
    let answer = invite.response().await;
    let mut dialog = invite.dialog(&answer);
    // The server refuses to frame this, and closes.
    alice.send_raw("Content-Length: no number\r\n\r\n").await;
    alice.expect_closed(1).await;

    let bye = dialog.bye().await;

    assert_eq!(bye.status(), StatusCode::OK);
}

#[spigot::test]
async fn an_invite_that_rings_for_ever_is_cancelled() {
    let mut limits = Limits::default();
    limits.ringing = Duration::from_secs(60);
    let server = TestServer::start_with(Quiet, |config| config.limits(limits)).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = call(&server.spigot().client(), &alice).await;
    let before = tokio::time::Instant::now();
    let ring = alice.expect(Method::INVITE).await;
    let contact = format!("<sip:alice@{}>", alice.address());
    alice
        .send_raw(response(ring.request(), "180 Ringing", "one", &contact))
        .await;

    let end = tokio::time::timeout(Duration::from_secs(1000), invite.response()).await;

    let end = end.expect("it ends by itself").expect("the peer answers");
    assert_eq!(end.status(), StatusCode::REQUEST_TERMINATED);
    assert_eq!(before.elapsed().as_secs(), 60);
}
