//! However a handler ends, and however badly, the peer is answered and the endpoint goes on.

use std::str::FromStr;
use std::time::Duration;

use spigot::testing::TestServer;
use spigot::{Limits, Method, Path, Reply, Response, StatusCode, Transaction, sip_router};

/// A capture whose parser panics.
struct Fuse;

impl FromStr for Fuse {
    type Err = std::convert::Infallible;

    fn from_str(_: &str) -> Result<Self, Self::Err> {
        panic!("on purpose")
    }
}

struct Careless;

#[sip_router]
impl Careless {
    #[message("sip:ringing@*")]
    async fn provisional(&self) -> StatusCode {
        StatusCode::RINGING
    }

    #[message("sip:nothing@*")]
    async fn nothing(&self) -> Reply {
        Reply::Nothing
    }

    #[message("sip:unwritable@*")]
    async fn unwritable(&self) -> Response {
        let text = "SIP/2.0 200 OK\r\nContent-Type: no type\r\nContent-Length: 2\r\n\r\nhi";
        Response::parse(text).expect("it can be read")
    }

    #[message("sip:huge@*")]
    async fn huge(&self) -> (StatusCode, String) {
        (StatusCode::OK, "x".repeat(65_507))
    }

    /// Its answer says how the sending of an unwritable provisional reply went.
    #[message("sip:unwritable-provisional@*")]
    async fn unwritable_provisional(&self, transaction: Transaction) -> (StatusCode, String) {
        let text = "SIP/2.0 183 Progress\r\nContent-Type: no type\r\nContent-Length: 2\r\n\r\nhi";
        let provisional = Response::parse(text).expect("it can be read");
        let outcome = transaction.provisional(provisional);
        (StatusCode::OK, format!("{outcome:?}"))
    }

    #[message("sip:fuse-{fuse}@*")]
    async fn fuse(&self, Path(fuse): Path<Fuse>) -> StatusCode {
        let _ = fuse;
        StatusCode::OK
    }

    #[message("sip:slow@*")]
    async fn slow(&self) -> StatusCode {
        tokio::time::sleep(Duration::from_secs(20)).await;
        StatusCode::OK
    }

    #[message]
    async fn message(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite]
    async fn invite(&self) -> StatusCode {
        StatusCode::OK
    }

    #[bye]
    async fn bye(&self) -> StatusCode {
        tokio::time::sleep(Duration::from_secs(1)).await;
        StatusCode::OK
    }
}

#[spigot::test]
async fn what_is_no_final_answer_becomes_a_500() {
    let server = TestServer::start(Careless).await;
    let alice = server.client("sip:alice@example.com").await;
    for user in ["ringing", "nothing", "unwritable", "huge"] {
        let before = tokio::time::Instant::now();
        let response = alice
            .message(format!("sip:{user}@example.com"), "hello")
            .send()
            .await;
        assert_eq!(response.status(), StatusCode::SERVER_INTERNAL_ERROR, "{user}");
        assert_eq!(before.elapsed(), Duration::ZERO, "{user}");
    }
}

#[spigot::test]
async fn a_provisional_reply_that_cannot_be_written_says_so() {
    let server = TestServer::start(Careless).await;
    let alice = server.client("sip:alice@example.com").await;
    let uri = "sip:unwritable-provisional@example.com";
    let response = alice.message(uri, "hello").send().await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.body(), "Err(Unwritable)");
}

#[spigot::test]
async fn a_capture_that_panics_costs_its_own_request_only() {
    let server = TestServer::start(Careless).await;
    let alice = server.client("sip:alice@example.com").await;

    let response = alice.message("sip:fuse-1@example.com", "hello").send().await;

    assert_eq!(response.status(), StatusCode::SERVER_INTERNAL_ERROR);
    assert_eq!(server.counters().panicked, 1);
    let response = alice.message("sip:bob@example.com", "still there?").send().await;
    assert_eq!(response.status(), StatusCode::OK);
}

#[spigot::test]
async fn a_call_can_be_hung_up_however_many_handlers_wait() {
    let mut limits = Limits::default();
    limits.handlers = 1;
    let server = TestServer::start_with(Careless, |config| config.limits(limits)).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = alice.invite("sip:bob@example.com").start().await;
    let answer = invite.response().await;
    let slow = alice.message("sip:slow@example.com", "1").start().await;
    let refused = alice.message("sip:slow@example.com", "2").send().await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);

    let bye = invite.dialog(&answer).bye().await;

    assert_eq!(bye.status(), StatusCode::OK);
    drop(slow);
}

#[spigot::test]
async fn a_call_that_is_never_acknowledged_is_hung_up() {
    let server = TestServer::start(Careless).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = alice.invite("sip:bob@example.com").without_ack().start().await;
    invite.response().await;

    let bye = alice.expect(Method::BYE).await;
    assert_eq!(server.ladder().times("BYE"), [32.0]);
    bye.reply(StatusCode::OK);
    tokio::time::sleep(Duration::from_secs(1)).await;

    assert_eq!(server.counters().unacknowledged, 1);
    assert_eq!(server.ladder().times("200 BYE").len(), 1);
}
