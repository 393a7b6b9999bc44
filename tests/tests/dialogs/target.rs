//! Where the requests inside a dialog go, and how they are numbered.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use spigot::testing::{TestClient, TestServer};
use spigot::{
    Dialog, Header, HeaderName, Method, Path, Request, StatusCode, TransactionError, header, sip_router,
};

use crate::wire::{self, call};

/// Writes down what is sent to it and to whom, and refreshes the dialog by a method of the caller's choice.
#[derive(Clone, Default)]
struct Desk {
    heard: Arc<Mutex<Vec<String>>>,
}

#[sip_router]
impl Desk {
    /// Says something whenever the caller has refreshed its target.
    #[invite("sip:listens@*")]
    async fn listens(&self, request: Request) -> Result<StatusCode, TransactionError> {
        let mut dialog = Dialog::accept(&request, StatusCode::OK)?;
        while let Some(inside) = dialog.next().await {
            let refreshes = [Method::INVITE, Method::UPDATE].contains(inside.request().method());
            let _ = inside.reply(StatusCode::OK);
            if refreshes {
                tokio::spawn(dialog.request(Method::INFO).send());
            }
        }
        Ok(StatusCode::OK)
    }

    /// Moves once the call is up.
    #[invite("sip:{method}@*")]
    async fn moves(
        &self,
        Path(method): Path<String>,
        request: Request,
    ) -> Result<StatusCode, TransactionError> {
        let mut dialog = Dialog::accept(&request, StatusCode::OK)?;
        let method: Method = method.to_uppercase().parse().expect("a method");
        let mut has_moved = false;
        while let Some(inside) = dialog.next().await {
            let request = inside.request();
            let told = format!("{} {}", request.method(), request.uri());
            let is_invite = *request.method() == Method::INVITE;
            self.heard.lock().unwrap().push(told);
            let contact: header::Contact = "<sip:third@192.0.2.1>".parse().expect("a Contact");
            if is_invite {
                inside.reply((StatusCode::OK, Header(contact)))?;
            } else {
                inside.reply(StatusCode::OK)?;
            }
            if !std::mem::replace(&mut has_moved, true) {
                let refresh = dialog.request(method.clone());
                tokio::spawn(refresh.header("Contact", "<sip:second@192.0.2.1>").send());
            }
        }
        Ok(StatusCode::OK)
    }
}

#[spigot::test]
async fn a_refresh_of_the_callers_moves_the_target_of_the_callee() {
    for method in [Method::INVITE, Method::UPDATE] {
        let server = TestServer::start(Desk::default()).await;
        let alice = server.client("sip:alice@example.com").await;
        let mut invite = alice.invite("sip:listens@example.com").start().await;
        let answer = invite.response().await;
        let dialog = invite.dialog(&answer);
        let moved = format!("sip:moved@{}", alice.address());
        let refresh = dialog.request(method).header("Contact", format!("<{moved}>"));
        assert_eq!(refresh.send().await.status(), StatusCode::OK);

        let info = alice.expect(Method::INFO).await;

        assert_eq!(info.uri().to_string(), moved);
        info.reply(StatusCode::OK);
    }
}

#[spigot::test]
async fn a_refresh_of_the_callees_moves_the_target_of_the_caller() {
    for method in [Method::INVITE, Method::UPDATE] {
        let desk = Desk::default();
        let server = TestServer::start(desk.clone()).await;
        let alice = server.client("sip:alice@example.com").await;
        let user = method.as_str().to_lowercase();
        let mut invite = alice.invite(format!("sip:{user}@example.com")).start().await;
        let answer = invite.response().await;
        let dialog = invite.dialog(&answer);
        let contact: header::Contact = format!("<sip:alice@{}>", alice.address()).parse().unwrap();
        let refresh = alice.expect(method).await;
        refresh.reply((StatusCode::OK, Header(contact)));
        tokio::time::sleep(Duration::from_secs(1)).await;
        dialog.request(Method::INFO).send().await;
        // The ACK goes to the Contact of the 2xx.
        dialog.request(Method::INVITE).send().await;
        assert_eq!(dialog.bye().await.status(), StatusCode::OK);

        let heard = desk.heard.lock().unwrap().clone();
        let expected = [
            "INFO sip:second@192.0.2.1",
            "INVITE sip:second@192.0.2.1",
            "ACK sip:third@192.0.2.1",
            "BYE sip:third@192.0.2.1",
        ];
        assert_eq!(heard[1..], expected, "{}", server.ladder());
    }
}

#[spigot::test]
async fn a_bye_after_a_re_invite_without_record_route_has_the_route_set_still() {
    let server = TestServer::start(Desk::default()).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = call(&server.spigot().client(), &alice).await;
    let at_alice = alice.address();
    let contact: header::Contact = format!("<sip:alice@{at_alice}>").parse().expect("a Contact");
    let record: header::RecordRoute = format!("<sip:{at_alice};lr>").parse().expect("a route");
    let ring = alice.expect(Method::INVITE).await;
    ring.reply((StatusCode::OK, Header(contact), Header(record)));
    let answer = invite.response().await.expect("an answer");
    let dialog = invite.dialog(&answer).expect("a dialog");
    let mut routes = vec![route(&alice, Method::ACK).await];
    let mut again = dialog.request(Method::INVITE).start().await.expect("it leaves");
    let offered = wire::pick_up(&alice).await;
    routes.push(offered.headers().get(&HeaderName::ROUTE).map(str::to_owned));
    again.response().await.expect("an answer");
    routes.push(route(&alice, Method::ACK).await);

    assert!(dialog.hang_up());

    routes.push(route(&alice, Method::BYE).await);
    assert_eq!(
        routes,
        vec![Some(format!("<sip:{at_alice};lr>")); 4],
        "{}",
        server.ladder()
    );
}

/// The Route of the next request that reaches `alice`, which is answered 200.
async fn route(alice: &TestClient, method: Method) -> Option<String> {
    let received = alice.expect(method).await;
    let route = received.headers().get(&HeaderName::ROUTE).map(str::to_owned);
    received.reply(StatusCode::OK);
    route
}

#[spigot::test]
async fn a_second_handle_of_a_dialog_repeats_no_number() {
    let server = TestServer::start(Desk::default()).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = call(&server.spigot().client(), &alice).await;
    wire::pick_up(&alice).await;
    let answer = invite.response().await.expect("an answer");
    alice.expect(Method::ACK).await;
    let handles = [
        invite.dialog(&answer).expect("one"),
        invite.dialog(&answer).expect("two"),
    ];
    let mut numbers = Vec::new();
    for handle in [0, 1, 0, 1] {
        let mut info = handles[handle]
            .request(Method::INFO)
            .start()
            .await
            .expect("it leaves");
        let received = alice.expect(Method::INFO).await;
        numbers.extend(received.headers().get(&HeaderName::CSEQ).map(str::to_owned));
        received.reply(StatusCode::OK);
        info.response().await.expect("an answer");
    }
    assert_eq!(numbers, ["2 INFO", "3 INFO", "4 INFO", "5 INFO"]);
}
