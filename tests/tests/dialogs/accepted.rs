//! A handler that answers a call and goes on with it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use spigot::testing::{TestClient, TestServer, TestTransaction};
use spigot::{Dialog, Limits, Method, Request, StatusCode, TransactionError, sip_router};

/// Writes down how its handlers end.
#[derive(Clone, Default)]
struct Desk {
    told: Arc<Mutex<Vec<String>>>,
}

#[sip_router]
impl Desk {
    /// Hangs up after an hour.
    #[invite("sip:patient@*")]
    async fn patient(&self, request: Request) -> Result<StatusCode, TransactionError> {
        let dialog = Dialog::accept(&request, StatusCode::OK)?;
        tokio::time::sleep(HOUR).await;
        assert!(dialog.hang_up());
        assert!(!dialog.hang_up(), "it is hung up on already");
        Ok(StatusCode::OK)
    }

    #[invite("sip:panics@*")]
    async fn panics(&self, request: Request) -> Result<StatusCode, TransactionError> {
        let _dialog = Dialog::accept(&request, StatusCode::OK)?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        panic!("on purpose")
    }

    /// Hangs up before the caller can have acknowledged.
    #[invite("sip:hasty@*")]
    async fn hasty(&self, request: Request) -> Result<StatusCode, TransactionError> {
        let dialog = Dialog::accept(&request, StatusCode::OK)?;
        dialog.hang_up();
        Ok(StatusCode::OK)
    }

    /// Hangs up when the endpoint begins to shut down.
    #[invite("sip:polite@*")]
    async fn polite(&self, request: Request) -> Result<StatusCode, TransactionError> {
        let dialog = Dialog::accept(&request, StatusCode::OK)?;
        dialog.draining().await;
        dialog.hang_up();
        Ok(StatusCode::OK)
    }

    #[invite]
    async fn listens(&self, request: Request) -> Result<StatusCode, TransactionError> {
        let mut dialog = Dialog::accept(&request, StatusCode::OK)?;
        while let Some(inside) = dialog.next().await {
            let request = inside.request();
            let body = String::from_utf8_lossy(request.body()).into_owned();
            self.told
                .lock()
                .unwrap()
                .push(format!("{}{body}", request.method()));
            let _ = inside.reply(StatusCode::OK);
        }
        self.told.lock().unwrap().push("over".to_owned());
        Ok(StatusCode::OK)
    }
}

const HOUR: Duration = Duration::from_secs(3_600);

/// A call to this user, which is answered and lasts as long as what this gives.
async fn answered<'c>(alice: &'c TestClient, user: &str) -> TestTransaction<'c> {
    let mut call = alice.invite(format!("sip:{user}@example.com")).start().await;
    assert_eq!(call.response().await.status(), StatusCode::OK);
    call
}

#[spigot::test]
async fn a_handler_goes_on_after_the_2xx_for_as_long_as_it_likes() {
    let server = TestServer::start(Desk::default()).await;
    let mut alice = server.client("sip:alice@example.com").await;
    alice.set_patience(2 * HOUR);
    let _call = answered(&alice, "patient").await;

    alice.expect(Method::BYE).await.reply(StatusCode::OK);

    assert_eq!(server.ladder().times("BYE 1"), [3600.0]);
    assert_eq!(
        (server.counters().overdue, server.counters().unacknowledged),
        (0, 0)
    );
}

#[spigot::test]
async fn a_call_whose_handler_reads_hears_of_its_ack_and_its_end() {
    let desk = Desk::default();
    let server = TestServer::start(desk.clone()).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = alice.invite("sip:listens@example.com").start().await;
    let answer = invite.response().await;
    assert_eq!(invite.dialog(&answer).bye().await.status(), StatusCode::OK);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(*desk.told.lock().unwrap(), ["ACK", "BYE", "over"]);
}

#[spigot::test]
async fn an_accepted_call_that_is_never_acknowledged_is_hung_up() {
    let desk = Desk::default();
    let server = TestServer::start(desk.clone()).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = alice
        .invite("sip:listens@example.com")
        .without_ack()
        .start()
        .await;
    invite.response().await;

    alice.expect(Method::BYE).await.reply(StatusCode::OK);
    tokio::time::sleep(Duration::from_secs(1)).await;

    assert_eq!(server.ladder().times("BYE 1"), [32.0]);
    assert_eq!(server.counters().unacknowledged, 1);
    assert_eq!(*desk.told.lock().unwrap(), ["over"]);
}

#[spigot::test]
async fn a_handler_that_panics_after_its_2xx_hangs_up() {
    let server = TestServer::start(Desk::default()).await;
    let alice = server.client("sip:alice@example.com").await;
    let _call = answered(&alice, "panics").await;
    alice.expect(Method::BYE).await.reply(StatusCode::OK);
    assert_eq!(server.ladder().times("BYE 1"), [1.0]);
    assert_eq!(server.counters().panicked, 1);
    assert!(server.ladder().times("500").is_empty(), "{}", server.ladder());
}

#[spigot::test]
async fn who_hangs_up_at_once_waits_for_the_ack() {
    let server = TestServer::start(Desk::default()).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = alice.invite("sip:hasty@example.com").without_ack().start().await;
    let answer = invite.response().await;
    let dialog = invite.dialog(&answer);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(server.ladder().times("BYE").is_empty(), "{}", server.ladder());

    dialog.acknowledge();

    alice.expect(Method::BYE).await.reply(StatusCode::OK);
    assert_eq!(server.ladder().times("BYE 1"), [3.0]);
}

#[spigot::test]
async fn a_shutdown_hangs_up_on_calls() {
    let server = TestServer::start(Desk::default()).await;
    let alice = server.client("sip:alice@example.com").await;
    let _call = answered(&alice, "listens").await;
    let ladder = server.ladder();
    let stopping = tokio::spawn(server.shutdown());

    let bye = alice.expect(Method::BYE).await;

    bye.reply(StatusCode::OK);
    stopping.await.expect("it ends");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(ladder.times("200 BYE").len(), 1, "{ladder}");
}

#[spigot::test]
async fn a_call_hears_of_the_shutdown_and_hangs_up_itself() {
    let server = TestServer::start(Desk::default()).await;
    let alice = server.client("sip:alice@example.com").await;
    let _call = answered(&alice, "polite").await;
    let ladder = server.ladder();
    let stopping = tokio::spawn(server.shutdown());

    alice.expect(Method::BYE).await.reply(StatusCode::OK);

    stopping.await.expect("it ends");
    let bye = ladder.times("BYE")[0];
    assert!(bye < 1.0, "{ladder}");
}

#[spigot::test]
async fn calls_have_places_of_their_own() {
    let mut limits = Limits::default();
    (limits.handlers, limits.calls) = (1, 2);
    let server = TestServer::start_with(Desk::default(), |config| config.limits(limits)).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut first = alice.invite("sip:listens@example.com").start().await;
    let answer = first.response().await;
    let _second = answered(&alice, "listens").await;

    let refused = alice.invite("sip:listens@example.com").send().await;

    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        (server.counters().calls_full, server.counters().handlers_full),
        (1, 0)
    );
    assert_eq!(first.dialog(&answer).bye().await.status(), StatusCode::OK);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let _call = answered(&alice, "listens").await;
}

#[spigot::test]
async fn the_ack_carries_the_answer_to_a_delayed_offer() {
    let desk = Desk::default();
    let server = TestServer::start(desk.clone()).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = alice
        .invite("sip:listens@example.com")
        .without_ack()
        .start()
        .await;
    let answer = invite.response().await;
    let dialog = invite.dialog(&answer);
    dialog.acknowledge_with("application/sdp", " v=0");
    dialog.bye().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(*desk.told.lock().unwrap(), ["ACK v=0", "BYE", "over"]);
}
