//! What the peer sends inside a dialog goes to the task that owns it.

use std::time::Duration;

use spigot::testing::TestServer;
use spigot::{
    Dialog, HeaderName, Method, Reply, Request, Response, StatusCode, TransactionError, sip_router,
};

use crate::wire::{self, call};

struct Desk;

#[sip_router]
impl Desk {
    /// Says three things and hangs up.
    #[invite("sip:talks@*")]
    async fn talks(&self, request: Request) -> Result<StatusCode, TransactionError> {
        let dialog = Dialog::accept(&request, StatusCode::OK)?;
        for subject in ["one", "two", "three"] {
            let info = dialog.request(Method::INFO).header("Subject", subject);
            assert_eq!(info.send().await.expect("an answer").status(), StatusCode::OK);
        }
        assert!(dialog.hang_up());
        Ok(StatusCode::OK)
    }

    /// Never reads what comes.
    #[invite("sip:deaf@*")]
    async fn deaf(&self, request: Request) -> Result<StatusCode, TransactionError> {
        let _dialog = Dialog::accept(&request, StatusCode::OK)?;
        std::future::pending().await
    }

    /// Reads nothing for ten seconds, and goes.
    #[invite("sip:goes@*")]
    async fn goes(&self, request: Request) -> Result<StatusCode, TransactionError> {
        let _dialog = Dialog::accept(&request, StatusCode::OK)?;
        tokio::time::sleep(Duration::from_secs(10)).await;
        Ok(StatusCode::OK)
    }

    /// Reads what comes and leaves it unanswered.
    #[invite("sip:leaves@*")]
    async fn leaves(&self, request: Request) -> Result<StatusCode, TransactionError> {
        let mut dialog = Dialog::accept(&request, StatusCode::OK)?;
        while dialog.next().await.is_some() {}
        Ok(StatusCode::OK)
    }

    /// Answers with what is no answer, or cannot be sent.
    #[invite("sip:mumbles@*")]
    async fn mumbles(&self, request: Request) -> Result<StatusCode, TransactionError> {
        let mut dialog = Dialog::accept(&request, StatusCode::OK)?;
        while let Some(inside) = dialog.next().await {
            let reply = match *inside.request().method() {
                Method::ACK => continue,
                Method::INVITE => Reply::from(StatusCode::RINGING),
                Method::INFO => {
                    let mut huge = Response::new(StatusCode::OK);
                    huge.set_body("text/plain", vec![b'a'; 70_000]).expect("a type");
                    Reply::from(huge)
                }
                Method::OPTIONS => Reply::Dropped,
                _ => {
                    let _ = inside.reply(StatusCode::OK);
                    break;
                }
            };
            let is_dropped = matches!(reply, Reply::Dropped);
            let outcome = inside.reply(reply);
            let expected = if is_dropped {
                Ok(())
            } else {
                Err(TransactionError::Unwritable)
            };
            assert_eq!(outcome, expected);
        }
        Ok(StatusCode::OK)
    }

    #[info]
    async fn info(&self) -> StatusCode {
        StatusCode::ACCEPTED
    }

    #[bye]
    async fn bye(&self) -> StatusCode {
        StatusCode::OK
    }
}

#[spigot::test]
async fn the_caller_reads_what_comes_from_its_mailbox_until_the_dialog_is_over() {
    let server = TestServer::start(Desk).await;
    let alice = server.client("sip:alice@example.com").await;
    let invite = alice.invite("sip:talks@example.com").with_mailbox();
    let mut invite = invite.start().await;
    let answer = invite.response().await;
    let mut dialog = invite.dialog(&answer);

    for expected in ["one", "two", "three"] {
        let inside = dialog.next().await.expect("an INFO");
        let subject = inside.request().headers().get(&HeaderName::SUBJECT);
        assert_eq!(subject, Some(expected));
        inside.reply(StatusCode::OK).expect("it waits");
    }
    let bye = dialog.next().await.expect("the end");
    assert_eq!(*bye.request().method(), Method::BYE);
    bye.reply(StatusCode::OK).expect("it waits");
    assert!(dialog.next().await.is_none());
    assert!(!dialog.is_up());
    // Nothing has gone to the routes.
    alice.expect_nothing(Duration::from_secs(60)).await;
}

#[spigot::test]
async fn a_callers_mailbox_is_open_from_the_first_response_with_a_tag() {
    let server = TestServer::start(Desk).await;
    let alice = server.client("sip:alice@example.com").await;
    let invite = server.spigot().client().invite("sip:alice@example.com");
    let invite = invite.to_address(spigot::Transport::Udp, alice.address());
    let mut invite = invite.with_mailbox().start().await.expect("it leaves");
    let ring = alice.expect(Method::INVITE).await;
    let contact = wire::contact(&alice);
    alice
        .send_raw(wire::response(ring.request(), "180 Ringing", "a", &contact))
        .await;
    alice
        .send_raw(wire::request(&alice, ring.request(), "a", "1 UPDATE", ""))
        .await;

    let ringing = invite.provisional().await.expect("it rings");
    let mut dialog = invite.dialog(&ringing).expect("an early dialog");
    let inside = dialog.next().await.expect("an UPDATE");
    assert_eq!(*inside.request().method(), Method::UPDATE);
    inside.reply(StatusCode::OK).expect("it waits");
    alice.expect_status(StatusCode::OK).await;
}

/// How many requests wait in a mailbox; the ACK is one of them.
const PLACES: usize = 16;

#[spigot::test]
async fn a_full_mailbox_refuses_and_a_bye_needs_no_place() {
    let server = TestServer::start(Desk).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = alice.invite("sip:deaf@example.com").start().await;
    let answer = invite.response().await;
    let dialog = invite.dialog(&answer);
    let mut waiting = Vec::new();
    for _ in 1..PLACES {
        waiting.push(dialog.request(Method::INFO).start().await);
    }
    assert_eq!(server.counters().mailboxes_full, 0);

    let refused = dialog.request(Method::INFO).send().await;

    assert_eq!(refused.status(), StatusCode::SERVER_INTERNAL_ERROR);
    assert!(refused.headers().contains(&HeaderName::RETRY_AFTER));
    assert_eq!(server.counters().mailboxes_full, 1);
    assert_eq!(dialog.bye().await.status(), StatusCode::OK);
    assert_eq!(server.counters().mailboxes_full, 1);
}

#[spigot::test]
async fn what_waits_in_a_mailbox_whose_owner_goes_is_answered_by_the_routes() {
    let server = TestServer::start(Desk).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = alice.invite("sip:goes@example.com").start().await;
    let answer = invite.response().await;
    let dialog = invite.dialog(&answer);
    let clock = tokio::time::Instant::now();

    let info = dialog.request(Method::INFO).send().await;

    assert_eq!(info.status(), StatusCode::ACCEPTED);
    assert_eq!(clock.elapsed().as_secs(), 10);
    assert_eq!(dialog.bye().await.status(), StatusCode::OK);
}

#[spigot::test]
async fn what_nobody_ever_took_a_handle_of_is_answered_by_the_routes() {
    let server = TestServer::start(Desk).await;
    let alice = server.client("sip:alice@example.com").await;
    let invite = server.spigot().client().invite("sip:alice@example.com");
    let invite = invite.to_address(spigot::Transport::Udp, alice.address());
    let mut invite = invite.with_mailbox().start().await.expect("it leaves");
    let ring = alice.expect(Method::INVITE).await;
    let contact = wire::contact(&alice);
    alice
        .send_raw(wire::response(ring.request(), "200 OK", "a", &contact))
        .await;
    invite.response().await.expect("an answer");
    alice
        .send_raw(wire::request(&alice, ring.request(), "a", "1 INFO", ""))
        .await;
    tokio::time::sleep(Duration::from_secs(1)).await;

    drop(invite);

    alice.expect_status(StatusCode::ACCEPTED).await;
}

#[spigot::test]
async fn a_reply_that_answers_nothing_becomes_a_500_and_leaves_nothing_behind() {
    let server = TestServer::start(Desk).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = alice.invite("sip:mumbles@example.com").start().await;
    let answer = invite.response().await;
    let dialog = invite.dialog(&answer);
    for method in [Method::INFO, Method::INVITE, Method::INVITE] {
        let answer = dialog.request(method).send().await;
        assert_eq!(answer.status(), StatusCode::SERVER_INTERNAL_ERROR);
    }
    assert!(dialog.request(Method::OPTIONS).try_send().await.is_err());
    dialog.hang_up();
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(server.tables().server_transactions, 0);
}

#[spigot::test]
async fn what_is_read_and_left_is_answered_by_the_routes() {
    let server = TestServer::start(Desk).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = alice.invite("sip:leaves@example.com").start().await;
    let answer = invite.response().await;
    let dialog = invite.dialog(&answer);
    let info = dialog.request(Method::INFO).send().await;
    assert_eq!(info.status(), StatusCode::ACCEPTED);
    assert_eq!(dialog.bye().await.status(), StatusCode::OK);
}

#[spigot::test]
async fn without_a_mailbox_what_comes_goes_to_the_routes() {
    let server = TestServer::start(Desk).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = call(&server.spigot().client(), &alice).await;
    let ring = alice.expect(Method::INVITE).await;
    let contact = wire::contact(&alice);
    alice
        .send_raw(wire::response(ring.request(), "200 OK", "a", &contact))
        .await;
    let answer = invite.response().await.expect("an answer");
    let mut dialog = invite.dialog(&answer).expect("a dialog");
    assert!(dialog.next().await.is_none());
    alice
        .send_raw(wire::request(&alice, ring.request(), "a", "1 INFO", ""))
        .await;
    alice.expect_status(StatusCode::ACCEPTED).await;
}
