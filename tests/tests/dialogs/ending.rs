//! How dialogs end: by failures, by age, and by a BYE that finds its connection gone.

use std::time::Duration;

use spigot::testing::{Faults, TestClient, TestServer, TestTransaction};
use spigot::{Limits, Method, StatusCode, Transport, sip_router};

use crate::wire::{self, call};

struct Quiet;

#[sip_router]
impl Quiet {
    #[invite]
    async fn invite(&self) -> StatusCode {
        StatusCode::OK
    }

    #[bye]
    async fn bye(&self) -> StatusCode {
        StatusCode::OK
    }
}

/// Whether the dialog of a call is up, and whether a BYE was sent, a while after a request inside it was
/// answered so.
async fn after(method: Method, status: u16) -> (bool, bool) {
    let server = TestServer::start(Quiet).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = call(&server.spigot().client(), &alice).await;
    wire::pick_up(&alice).await;
    let answer = invite.response().await.expect("an answer");
    let dialog = invite.dialog(&answer).expect("a dialog");
    alice.expect(Method::ACK).await;
    let mut inside = dialog.request(method.clone()).start().await.expect("it leaves");
    let received = alice.expect(method).await;
    received.reply(StatusCode::from_u16(status).expect("a status"));
    inside.response().await.expect("an answer");
    tokio::time::sleep(Duration::from_secs(100)).await;
    (dialog.is_up(), !server.ladder().times("BYE 3").is_empty())
}

#[spigot::test]
async fn a_failure_inside_a_dialog_ends_what_it_was_integral_to() {
    // RFC 5057, Table 2.
    let table = [
        (Method::INVITE, 481, false, false),
        (Method::UPDATE, 481, false, false),
        (Method::UPDATE, 404, false, false),
        (Method::INVITE, 408, false, true),
        (Method::UPDATE, 408, false, true),
        (Method::INFO, 408, true, false),
        (Method::UPDATE, 488, true, false),
        (Method::INVITE, 500, true, false),
    ];
    for (method, status, is_up, hangs_up) in table {
        assert_eq!(
            after(method.clone(), status).await,
            (is_up, hangs_up),
            "{method} {status}"
        );
    }
}

#[spigot::test]
async fn a_2xx_without_contact_is_acknowledged() {
    let server = TestServer::start(Quiet).await;
    let alice = server.client("sip:alice@example.com").await;
    let at_alice = alice.address();
    let invite = server.spigot().client().invite(format!("sip:alice@{at_alice}"));
    let mut invite = invite.start().await.expect("it leaves");
    let ring = alice.expect(Method::INVITE).await;
    alice
        .send_raw(wire::response(ring.request(), "200 OK", "a", ""))
        .await;
    let answer = invite.response().await.expect("an answer");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(server.ladder().times("ACK 1"), [0.0]);
    // It can be ended, too.
    assert!(invite.dialog(&answer).expect("a dialog").hang_up());
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(server.ladder().times("BYE 2"), [1.0]);
}

/// Makes calls until one is refused, and gives those that were not.
async fn fill(alice: &TestClient) -> Vec<TestTransaction<'_>> {
    let mut calls = Vec::new();
    loop {
        let mut call = alice.invite("sip:bob@example.com").start().await;
        if call.response().await.status() != StatusCode::OK {
            return calls;
        }
        calls.push(call);
    }
}

#[spigot::test]
async fn calls_whose_peers_are_gone_make_room_after_twelve_hours() {
    let mut limits = Limits::default();
    limits.dialogs = 8;
    let server = TestServer::start_with(Quiet, |config| config.limits(limits)).await;
    let alice = server.client("sip:alice@example.com").await;
    let calls = fill(&alice).await;
    let taken = calls.len();
    assert_eq!(server.tables().dialogs, taken);
    server.network().set_faults(Faults::none().loss(1.0));
    tokio::time::sleep(Duration::from_secs(11 * 3_600)).await;
    assert_eq!(server.tables().dialogs, taken);

    tokio::time::sleep(Duration::from_secs(2 * 3_600)).await;

    assert_eq!(server.tables().dialogs, 0);
    assert_eq!(server.counters().dialogs_too_old as usize, taken);
    server.network().set_faults(Faults::none());
    let answer = alice.invite("sip:bob@example.com").send().await;
    assert_eq!(answer.status(), StatusCode::OK);
}

#[spigot::test]
async fn a_request_on_a_connection_that_has_just_closed_is_sent_on_a_new_one() {
    let server = TestServer::start(Quiet).await;
    let alice = server.client_over(Transport::Tcp, "sip:alice@example.com").await;
    let mut invite = alice.invite("sip:bob@example.com").start().await;
    let answer = invite.response().await;
    let dialog = invite.dialog(&answer);
    tokio::time::sleep(Duration::from_secs(1)).await;
    // The server refuses to frame this, and closes, while the BYE is on its way.
    alice.send_raw("Content-Length: no number\r\n\r\n").await;

    let bye = dialog.bye().await;

    assert_eq!(bye.status(), StatusCode::OK);
    // It takes the next number.
    let sent = ["BYE 2", "BYE 3"].map(|bye| server.ladder().times(bye).len());
    assert_eq!(sent, [1, 1], "{}", server.ladder());
}
