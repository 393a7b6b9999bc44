//! However a handler ends, and however badly, the peer is answered and the endpoint goes on.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use spigot::testing::{TestClient, TestRequest, TestServer};
use spigot::{HeaderName, Limits, Method, Path, Reply, Response, StatusCode, Transaction, sip_router};

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

/// A server whose BYE handler takes two seconds, and which knows how many of them run at once.
#[derive(Clone, Default)]
struct SlowToHangUp {
    running: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

#[sip_router]
impl SlowToHangUp {
    #[invite]
    async fn invite(&self) -> StatusCode {
        StatusCode::OK
    }

    #[bye]
    async fn bye(&self) -> StatusCode {
        // A handler that gets no place is polled once.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let running = self.running.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(running, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.running.fetch_sub(1, Ordering::Relaxed);
        StatusCode::OK
    }
}

/// A BYE that its dialog does not know of, so that there may be several.
fn bye_beside<'c>(alice: &'c TestClient, answer: &Response, cseq: usize) -> TestRequest<'c> {
    let of = |name| answer.headers().get(&name).expect("it is there").to_owned();
    let bye = alice.request(Method::BYE, "sip:bob@192.0.2.1:5060");
    let bye = bye
        .header("From", of(HeaderName::FROM))
        .header("To", of(HeaderName::TO));
    let bye = bye.header("Call-ID", of(HeaderName::CALL_ID));
    bye.header("CSeq", format!("{cseq} BYE"))
}

/// A server with room for so many handlers, and how many BYE handlers ran at once for `calls` calls that were
/// each hung up `byes` times.
async fn hang_up(handlers: usize, calls: usize, byes: usize) -> (TestServer, usize) {
    let agent = SlowToHangUp::default();
    let mut limits = Limits::default();
    limits.handlers = handlers;
    let server = TestServer::start_with(agent.clone(), |config| config.limits(limits)).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut pending = Vec::new();
    for _ in 0..calls {
        let mut invite = alice.invite("sip:bob@example.com").start().await;
        let answer = invite.response().await;
        for cseq in 2..byes + 2 {
            pending.push(bye_beside(&alice, &answer, cseq).start().await);
        }
    }
    for mut bye in pending {
        let status = bye.response().await.status();
        // One that comes when the call has ended is of no dialog.
        let expected = [StatusCode::OK, StatusCode::CALL_DOES_NOT_EXIST];
        assert!(expected.contains(&status), "{status}");
    }
    let most = agent.most.load(Ordering::Relaxed);
    (server, most)
}

#[spigot::test]
async fn the_byes_of_one_dialog_keep_to_the_bound_of_handlers() {
    let (server, most) = hang_up(5, 1, 40).await;
    assert_eq!(most, 5);
    assert!(server.counters().byes_unheard > 0);
    assert_eq!(server.counters().handlers_full, 0);
}

#[spigot::test]
async fn each_dialog_has_a_bye_handler_beyond_the_bound() {
    let (server, most) = hang_up(0, 3, 2).await;
    assert_eq!(most, 3);
    assert_eq!(server.counters().byes_unheard, 3);
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
