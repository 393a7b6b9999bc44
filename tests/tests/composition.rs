//! A composed router behind an endpoint: a call stays with the router that took it, whatever its requests are
//! addressed to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use spigot::plug::RateLimit;
use spigot::testing::TestServer;
use spigot::{HeaderName, Method, Reply, Router, StatusCode, Transaction, sip_router};

/// Writes down what it was told.
#[derive(Clone)]
struct Agent {
    name: &'static str,
    told: Arc<Mutex<Vec<String>>>,
}

impl Agent {
    fn new(name: &'static str, told: &Arc<Mutex<Vec<String>>>) -> Agent {
        Agent {
            name,
            told: told.clone(),
        }
    }

    fn tell(&self, what: &str) -> StatusCode {
        self.told.lock().unwrap().push(format!("{} {what}", self.name));
        StatusCode::OK
    }
}

#[sip_router]
impl Agent {
    #[invite]
    async fn invite(&self) -> StatusCode {
        self.tell("invite")
    }

    #[invite(in_dialog)]
    async fn again(&self, transaction: Transaction) -> StatusCode {
        self.tell("again");
        let _ = transaction.provisional(StatusCode::RINGING);
        transaction.cancelled().await;
        StatusCode::REQUEST_TERMINATED
    }

    #[ack]
    async fn ack(&self) {
        self.tell("ack");
    }

    #[cancel]
    async fn cancel(&self) {
        self.tell("cancel");
    }

    #[bye]
    async fn bye(&self) -> StatusCode {
        self.tell("bye")
    }
}

#[spigot::test]
async fn a_call_stays_with_the_router_that_took_it() {
    for (uri, name) in [
        ("sip:7@conference.example.com", "conference"),
        ("sip:7@example.com", "pbx"),
    ] {
        let told = Arc::default();
        let router = Router::new(Agent::new("pbx", &told)).nest(
            "sip:*@conference.example.com",
            Router::new(Agent::new("conference", &told)),
        );
        let server = TestServer::start(router).await;
        let alice = server.client("sip:alice@example.com").await;

        let mut invite = alice.invite(uri).start().await;
        let answer = invite.response().await;
        let dialog = invite.dialog(&answer);
        let mut again = dialog.request(Method::INVITE).start().await;
        again.expect_provisional(StatusCode::RINGING).await;
        again.cancel();
        assert_eq!(again.response().await.status(), StatusCode::REQUEST_TERMINATED);
        assert_eq!(dialog.bye().await.status(), StatusCode::OK);

        let expected = ["invite", "ack", "again", "cancel", "bye"].map(|what| format!("{name} {what}"));
        assert_eq!(*told.lock().unwrap(), expected);
    }
}

struct Deaf;

#[sip_router(plugs(RateLimit::per_source(1).burst(2)))]
impl Deaf {
    #[message]
    async fn message(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite]
    async fn invite(&self) -> Reply {
        Reply::Dropped
    }
}

#[spigot::test]
async fn who_sends_too_much_is_told_once_and_then_not_heard() {
    let server = TestServer::start(Deaf).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(alice.message("sip:a@example.com", "hi").send().await.status());
    }
    assert_eq!(
        statuses,
        [StatusCode::OK, StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE]
    );
    alice
        .send_raw(
            "MESSAGE sip:a@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx;rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:a@example.com>;tag=1\r\nTo: <sip:a@example.com>\r\nCall-ID: x\r\n\
             CSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n",
        )
        .await;
    alice.expect_nothing(Duration::from_millis(100)).await;
    assert_eq!(server.counters().abandoned, 1);

    tokio::time::sleep(Duration::from_secs(2)).await;
    let later = alice.message("sip:a@example.com", "hi").send().await;
    assert_eq!(later.status(), StatusCode::OK);
}

#[spigot::test]
async fn a_dropped_invite_leaves_nothing_behind() {
    let server = TestServer::start(Deaf).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = alice.invite("sip:a@example.com").start().await;
    assert!(invite.try_response().await.is_err(), "nobody answers");
    let counters = server.counters();
    // Timer A sends it six times more; the limit of the plug lets some through, and none is a retransmission
    // to the server.
    assert_eq!(counters.retransmissions, 0);
    assert!(counters.abandoned >= 6, "{counters:?}");
}

struct Room;

#[sip_router]
impl Room {
    #[invite]
    async fn join(&self) -> StatusCode {
        StatusCode::OK
    }

    #[info(package = "conference-control")]
    async fn control(&self) -> StatusCode {
        StatusCode::OK
    }
}

#[spigot::test]
async fn an_accepted_call_says_what_its_router_can_do() {
    let told = Arc::default();
    let room = Router::new(Room).supported(&["timer"]);
    let router = Router::new(Agent::new("pbx", &told)).nest("sip:*@conference.example.com", room);
    let server = TestServer::start(router).await;
    let alice = server.client("sip:alice@example.com").await;
    for (uri, allow, supported, packages) in [
        (
            "sip:7@conference.example.com",
            "INVITE, ACK, CANCEL, BYE, INFO, OPTIONS",
            Some("timer"),
            Some("conference-control"),
        ),
        (
            "sip:7@example.com",
            "INVITE, ACK, CANCEL, BYE, OPTIONS",
            None,
            None,
        ),
    ] {
        let answer = alice.invite(uri).send().await;
        let header = |name| answer.headers().get(&name);
        assert_eq!(header(HeaderName::ALLOW), Some(allow));
        assert_eq!(header(HeaderName::SUPPORTED), supported);
        assert_eq!(header(HeaderName::RECV_INFO), packages);
    }
}

struct Busy;

#[sip_router]
impl Busy {
    #[options]
    async fn health(&self) -> (StatusCode, &'static str) {
        (StatusCode::OK, "3 calls")
    }

    #[subscribe(event = "presence")]
    async fn watch(&self) -> StatusCode {
        StatusCode::OK
    }
}

#[spigot::test]
async fn an_answer_to_options_says_what_can_be_done_whoever_gives_it() {
    let server = TestServer::start(Busy).await;
    let alice = server.client("sip:alice@example.com").await;
    let answer = alice.options("sip:example.com").send().await;
    let header = |name| answer.headers().get(&name);
    assert_eq!(answer.body(), "3 calls");
    assert_eq!(header(HeaderName::ALLOW), Some("OPTIONS, SUBSCRIBE"));
    assert_eq!(header(HeaderName::ACCEPT), Some("application/sdp"));
    assert_eq!(header(HeaderName::SUPPORTED), Some(""));
    assert_eq!(header(HeaderName::ALLOW_EVENTS), Some("presence"));
}
