//! An agent with every way in which a request can end, and what the log says of an answer.

use std::time::Duration;

use spigot::header::Expires;
use spigot::sip::Sdp;
use spigot::testing::TestClient;
use spigot::{Header, Reply, StatusCode, Transaction, sip_router};
use spigot_tests::{Draft, Events, Logged};
use tracing::Level;

pub(crate) struct Agent;

#[sip_router]
impl Agent {
    #[register(content_type = "text/plain")]
    async fn typed(&self) -> StatusCode {
        StatusCode::OK
    }

    #[message("sip:header@*")]
    async fn header(&self, Header(_): Header<Expires>) -> StatusCode {
        StatusCode::OK
    }

    #[message("sip:offer@*")]
    async fn offer(&self, _: Sdp) -> StatusCode {
        StatusCode::OK
    }

    #[message("sip:panics@*")]
    async fn panics(&self) -> StatusCode {
        panic!("on purpose")
    }

    #[message("sip:panics-later@*")]
    async fn panics_later(&self) -> StatusCode {
        tokio::task::yield_now().await;
        panic!("{}", "on purpose, later")
    }

    #[message("sip:drops@*")]
    async fn drops(&self) -> Reply {
        Reply::Dropped
    }

    #[message("sip:busy@*")]
    async fn busy(&self) -> StatusCode {
        StatusCode::BUSY_HERE
    }

    #[message("sip:slow@*")]
    async fn slow(&self) -> StatusCode {
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        StatusCode::OK
    }

    #[message("sip:*@example.com")]
    async fn message(&self) -> StatusCode {
        StatusCode::OK
    }

    #[subscribe(event = "presence")]
    async fn subscribe(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite("sip:rings@*")]
    async fn rings(&self, transaction: Transaction) -> StatusCode {
        let _ = transaction.provisional(StatusCode::RINGING);
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        StatusCode::OK
    }

    #[invite("sip:gives-up@*")]
    async fn gives_up(&self, transaction: Transaction) -> StatusCode {
        let _ = transaction.provisional(StatusCode::RINGING);
        transaction.cancelled().await;
        StatusCode::REQUEST_TERMINATED
    }

    #[invite("sip:deaf@*")]
    async fn deaf(&self) -> StatusCode {
        tokio::time::sleep(Duration::from_secs(10)).await;
        StatusCode::OK
    }

    #[invite]
    async fn invite(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite(in_dialog)]
    async fn again(&self) -> StatusCode {
        tokio::time::sleep(Duration::from_secs(10)).await;
        StatusCode::OK
    }

    #[bye]
    async fn bye(&self) -> StatusCode {
        StatusCode::OK
    }

    #[info(package = "dtmf")]
    async fn info(&self) -> StatusCode {
        StatusCode::OK
    }

    #[ack]
    async fn ack(&self) {
        panic!("an ACK on purpose")
    }
}

/// A request to the agent as text.
pub(crate) fn draft(method: &str, user: &str, from: &TestClient) -> Draft {
    Draft::new(method, &format!("sip:{user}@example.com"), "UDP", from.address())
}

/// Sends a text and gives the status that is answered.
pub(crate) async fn answered(client: &TestClient, draft: &Draft) -> u16 {
    client.send_raw(draft.octets()).await;
    client.expect_response().await.status().as_u16()
}

/// Returns the one line that has this status, which is that of an answer.
#[track_caller]
pub(crate) fn the_answer(events: &Events, status: u16) -> Logged {
    let status = status.to_string();
    let all = events.all();
    let with_status = |event: &&Logged| event.field("status") == Some(&status);
    let found: Vec<&Logged> = all.iter().filter(with_status).collect();
    assert_eq!(found.len(), 1, "{status}: {all:#?}");
    assert_eq!(
        (found[0].level, &*found[0].message),
        (Level::DEBUG, "response sent")
    );
    for field in ["method", "call_id", "flow"] {
        assert!(found[0].field(field).is_some(), "{field}: {:?}", found[0]);
    }
    found[0].clone()
}

/// Checks that an answer has one line, with this reason.
#[track_caller]
pub(crate) fn check(events: &Events, status: u16, reason: &str) {
    assert_eq!(the_answer(events, status).field("reason"), Some(reason));
}
