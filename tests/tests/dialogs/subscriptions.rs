//! Subscriptions, and the dialogs that they make or outlive.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use spigot::testing::{TestServer, TestTransaction};
use spigot::{Dialog, Method, Request, StatusCode, TransactionError, Transport, sip_router};

use crate::wire;

/// Takes subscriptions and transfers, and writes down how its NOTIFYs are answered.
#[derive(Clone, Default)]
struct Desk {
    answers: Arc<Mutex<Vec<StatusCode>>>,
}

#[sip_router]
impl Desk {
    #[subscribe(event = "presence")]
    async fn subscribe(&self, request: Request) -> Result<StatusCode, TransactionError> {
        let mut dialog = Dialog::accept(&request, StatusCode::OK)?;
        self.notify(&dialog, "presence", "active;expires=600").await;
        let mut end = std::pin::pin!(tokio::time::sleep(Duration::from_secs(900)));
        loop {
            tokio::select! {
                inside = dialog.next() => match inside {
                    Some(refresh) => refresh.reply(StatusCode::OK)?,
                    None => break,
                },
                () = &mut end => {
                    self.notify(&dialog, "presence", "terminated").await;
                    break;
                }
            }
        }
        Ok(StatusCode::OK)
    }

    /// Tells how a transfer went when the call is over.
    #[invite]
    async fn invite(&self, request: Request) -> Result<StatusCode, TransactionError> {
        let mut dialog = Dialog::accept(&request, StatusCode::OK)?;
        while let Some(inside) = dialog.next().await {
            let method = inside.request().method().clone();
            let status = match method {
                Method::REFER => StatusCode::ACCEPTED,
                _ => StatusCode::OK,
            };
            let _ = inside.reply(status);
            if method == Method::BYE {
                tokio::time::sleep(Duration::from_secs(5)).await;
                self.notify(&dialog, "refer", "terminated;reason=noresource")
                    .await;
            }
        }
        Ok(StatusCode::OK)
    }

    #[notify]
    async fn hear(&self) -> StatusCode {
        StatusCode::OK
    }
}

impl Desk {
    async fn notify(&self, dialog: &Dialog, event: &str, state: &str) {
        let notify = dialog.request(Method::NOTIFY).header("Event", event);
        let notify = notify.header("Subscription-State", state);
        if let Ok(answer) = notify.send().await {
            self.answers.lock().unwrap().push(answer.status());
        }
    }
}

/// A request of alice's about her presence package.
async fn subscribe(alice: &spigot::testing::TestClient) -> TestTransaction<'_> {
    let subscribe = alice.request(Method::SUBSCRIBE, "sip:bob@example.com");
    let subscribe = subscribe.header("Event", "presence").header("Expires", "600");
    subscribe.start().await
}

#[spigot::test]
async fn a_subscription_is_refreshed_and_notified_of() {
    let desk = Desk::default();
    let server = TestServer::start(desk.clone()).await;
    let mut alice = server.client("sip:alice@example.com").await;
    alice.set_patience(Duration::from_secs(3_600));
    let mut subscription = subscribe(&alice).await;
    let answer = subscription.response().await;
    assert_eq!(answer.status(), StatusCode::OK);
    let dialog = subscription.dialog(&answer);
    alice.expect(Method::NOTIFY).await.reply(StatusCode::OK);
    tokio::time::sleep(Duration::from_secs(500)).await;

    let refresh = dialog.request(Method::SUBSCRIBE);
    let refresh = refresh.header("Event", "presence").header("Expires", "600");
    assert_eq!(refresh.send().await.status(), StatusCode::OK);

    alice.expect(Method::NOTIFY).await.reply(StatusCode::OK);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(server.ladder().times("NOTIFY 2"), [900.0], "{}", server.ladder());
    assert_eq!(*desk.answers.lock().unwrap(), [StatusCode::OK; 2]);
    assert!(!dialog.is_up());
    assert_eq!(server.tables().dialogs, 0);
}

#[spigot::test]
async fn a_notify_that_comes_before_the_2xx_is_taken() {
    let server = TestServer::start(Desk::default()).await;
    let alice = server.client("sip:alice@example.com").await;
    let subscribe = server
        .spigot()
        .client()
        .request(Method::SUBSCRIBE, "sip:alice@example.com");
    let subscribe = subscribe.header("Event", "presence").header("Expires", "600");
    let subscribe = subscribe.to_address(Transport::Udp, alice.address());
    let mut subscription = subscribe.start().await.expect("it leaves");
    let asked = alice.expect(Method::SUBSCRIBE).await;
    let lines = "Event: presence\r\nSubscription-State: active;expires=600\r\n";
    alice
        .send_raw(wire::request(&alice, asked.request(), "a", "1 NOTIFY", lines))
        .await;
    alice.expect_status(StatusCode::OK).await;

    let lines = format!("Expires: 600\r\n{}", wire::contact(&alice));
    alice
        .send_raw(wire::response(asked.request(), "200 OK", "a", &lines))
        .await;

    let answer = subscription.response().await.expect("an answer");
    assert!(subscription.dialog(&answer).expect("its dialog").is_up());
    assert_eq!(server.tables().dialogs, 1);
}

#[spigot::test]
async fn the_notify_of_a_transfer_comes_after_the_bye() {
    let desk = Desk::default();
    let server = TestServer::start(desk.clone()).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = alice.invite("sip:bob@example.com").start().await;
    let answer = invite.response().await;
    let dialog = invite.dialog(&answer);
    let refer = dialog
        .request(Method::REFER)
        .header("Refer-To", "<sip:carol@example.com>");
    assert_eq!(refer.send().await.status(), StatusCode::ACCEPTED);
    assert_eq!(dialog.bye().await.status(), StatusCode::OK);

    alice.expect(Method::NOTIFY).await.reply(StatusCode::OK);
    tokio::time::sleep(Duration::from_secs(1)).await;

    assert_eq!(*desk.answers.lock().unwrap(), [StatusCode::OK]);
    assert!(!dialog.is_up());
    assert_eq!(server.tables().dialogs, 0);
}
