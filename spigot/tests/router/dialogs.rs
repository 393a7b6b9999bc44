//! Requests within a dialog go to other routes than those that may open one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use spigot::router::internals;
use spigot::{HeaderName, Reply, Router, StatusCode, sip_router};

use super::{arrived, ask, ask_in_dialog, header, request, text};

#[derive(Clone, Default)]
struct Phone {
    acks: Arc<AtomicUsize>,
    cancels: Arc<AtomicUsize>,
}

#[sip_router]
impl Phone {
    #[invite]
    async fn ring(&self) -> (StatusCode, &'static str) {
        (StatusCode::OK, "ring")
    }

    #[invite(in_dialog)]
    async fn renegotiate(&self) -> (StatusCode, &'static str) {
        (StatusCode::OK, "renegotiate")
    }

    #[message]
    async fn text(&self) -> StatusCode {
        StatusCode::OK
    }

    #[info("sip:phone@*")]
    async fn info(&self) -> (StatusCode, &'static str) {
        (StatusCode::OK, "info")
    }

    #[ack]
    async fn acked(&self) {
        self.acks.fetch_add(1, Ordering::Relaxed);
    }

    #[cancel("sip:phone@*")]
    async fn cancelled(&self) {
        self.cancels.fetch_add(1, Ordering::Relaxed);
    }
}

struct Picky;

#[sip_router]
impl Picky {
    #[ack]
    async fn acked(&self, _contact: spigot::Header<spigot::header::Contact>) {}
}

struct Bare;

#[sip_router]
impl Bare {
    #[invite]
    async fn ring(&self) -> StatusCode {
        StatusCode::OK
    }

    #[any(in_dialog)]
    #[cfg(any())]
    async fn any(&self) -> StatusCode {
        StatusCode::OK
    }
}

#[tokio::test]
async fn an_invite_within_a_dialog_has_its_own_route() {
    let router = Router::new(Phone::default());
    assert_eq!(
        text(&ask(&router, request("INVITE", "sip:phone@x")).await),
        "ring"
    );
    assert_eq!(
        text(&ask_in_dialog(&router, request("INVITE", "sip:phone@x")).await),
        "renegotiate"
    );
}

#[tokio::test]
async fn methods_that_only_exist_in_dialogs_need_no_mark() {
    let router = Router::new(Phone::default());
    assert_eq!(
        text(&ask_in_dialog(&router, request("INFO", "sip:phone@x")).await),
        "info"
    );
    let elsewhere = ask_in_dialog(&router, request("INFO", "sip:other@x")).await;
    assert_eq!(elsewhere.status(), StatusCode::NOT_FOUND);
    let outside = ask(&router, request("INFO", "sip:phone@x")).await;
    assert_eq!(outside.status(), StatusCode::CALL_DOES_NOT_EXIST);
}

#[tokio::test]
async fn a_dialog_without_routes_keeps_working() {
    let router = Router::new(Bare);
    for (method, status) in [
        ("BYE", StatusCode::OK),
        ("INFO", StatusCode::OK),
        ("OPTIONS", StatusCode::OK),
        ("INVITE", StatusCode::NOT_ACCEPTABLE_HERE),
        ("UPDATE", StatusCode::NOT_ACCEPTABLE_HERE),
        ("REFER", StatusCode::METHOD_NOT_ALLOWED),
        ("PRACK", StatusCode::METHOD_NOT_ALLOWED),
        ("DANCE", StatusCode::NOT_IMPLEMENTED),
    ] {
        let response = ask_in_dialog(&router, request(method, "sip:phone@x")).await;
        assert_eq!(response.status(), status, "{method}");
    }
    let refer = ask_in_dialog(&router, request("REFER", "sip:phone@x")).await;
    assert_eq!(
        header(&refer, HeaderName::ALLOW),
        Some("INVITE, ACK, CANCEL, BYE, OPTIONS")
    );
}

#[tokio::test]
async fn a_message_within_a_dialog_does_not_reach_the_initial_route() {
    let response = ask_in_dialog(&Router::new(Phone::default()), request("MESSAGE", "sip:phone@x")).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn ack_and_cancel_are_told_and_answer_nothing() {
    let phone = Phone::default();
    let router = Router::new(phone.clone());
    let acked = internals::ack(&router, arrived(request("ACK", "sip:phone@x"), true)).unwrap();
    assert!(matches!(acked.future.await, Reply::Nothing));
    let cancelled = internals::cancelled(&router, arrived(request("CANCEL", "sip:phone@x"), false)).unwrap();
    assert!(matches!(cancelled.future.await, Reply::Nothing));
    assert!(internals::cancelled(&router, arrived(request("CANCEL", "sip:other@x"), false)).is_none());
    assert_eq!(phone.acks.load(Ordering::Relaxed), 1);
    assert_eq!(phone.cancels.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn an_ack_that_lacks_what_its_handler_takes_is_not_answered_either() {
    let router = Router::new(Picky);
    let acked = internals::ack(&router, arrived(request("ACK", "sip:phone@x"), true)).unwrap();
    assert!(matches!(acked.future.await, Reply::Nothing));
}
