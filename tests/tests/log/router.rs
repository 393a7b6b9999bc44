//! Answers of the library in the place of a route, of extractors, and of handlers.

use spigot::testing::TestServer;
use spigot_tests::Events;

use crate::agent::{Agent, answered, check, draft, the_answer};

#[spigot::test]
async fn a_request_that_no_route_takes_has_one_line_with_the_reason() {
    let server = TestServer::start(Agent).await;
    let alice = server.client("sip:alice@example.com").await;
    let elsewhere =
        |method| draft(method, "bob", &alice).start_line(format!("{method} sip:bob@example.org SIP/2.0"));
    let scheme = draft("MESSAGE", "bob", &alice).start_line("MESSAGE mailto:bob@example.com SIP/2.0");
    let html = draft("REGISTER", "bob", &alice).body("text/html", "<p>");
    let event = draft("SUBSCRIBE", "bob", &alice).add("Event", "dialog");
    let event = event.add("Contact", "<sip:alice@192.0.2.9>");
    for (draft, status, reason) in [
        (elsewhere("MESSAGE"), 404, "no route has the Request-URI"),
        (draft("PUBLISH", "bob", &alice), 405, "no route has the method"),
        (html, 415, "no route takes a body of this type"),
        (scheme, 416, "no route takes a URI of this scheme"),
        (
            draft("MESSAGE", "bob", &alice).add("Require", "100rel"),
            420,
            "it needs an extension that is not supported",
        ),
        (event, 489, "no route takes this event package"),
        (draft("JUMP", "bob", &alice), 501, "the method is not known"),
        (draft("UPDATE", "bob", &alice), 481, "there is no such dialog"),
        (
            draft("OPTIONS", "bob", &alice),
            200,
            "no route has the method, and the library answers it",
        ),
    ] {
        let events = Events::keep();
        assert_eq!(answered(&alice, &draft).await, status, "{reason}");
        check(&events, status, reason);
    }
}

#[spigot::test]
async fn an_info_package_that_no_route_takes_has_one_line() {
    let server = TestServer::start(Agent).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = alice.invite("sip:bob@example.com").start().await;
    let answer = invite.response().await;
    let dialog = invite.dialog(&answer);
    let events = Events::keep();
    let info = dialog
        .request(spigot::Method::INFO)
        .header("Info-Package", "other");
    assert_eq!(info.send().await.status().as_u16(), 469);
    check(&events, 469, "no route takes this INFO package");
}

#[spigot::test]
async fn an_extractor_that_refuses_has_one_line_with_its_sentence() {
    let server = TestServer::start(Agent).await;
    let alice = server.client("sip:alice@example.com").await;
    let broken = draft("MESSAGE", "header", &alice).add("Expires", "soon");
    for (draft, reason) in [
        (draft("MESSAGE", "header", &alice), "Expires is missing"),
        (broken, "Expires cannot be read"),
        (
            draft("MESSAGE", "offer", &alice),
            "the request has no session description",
        ),
    ] {
        let events = Events::keep();
        assert_eq!(answered(&alice, &draft).await, 400);
        let line = the_answer(&events, 400);
        let said = line.field("reason").unwrap();
        assert!(said.contains(reason), "{said}");
    }
}

#[spigot::test]
async fn the_answer_of_a_handler_has_one_line_and_no_reason() {
    let server = TestServer::start(Agent).await;
    let alice = server.client("sip:alice@example.com").await;
    for (method, user, status) in [
        ("MESSAGE", "busy", 486),
        ("MESSAGE", "bob", 200),
        ("INVITE", "bob", 200),
    ] {
        let events = Events::keep();
        assert_eq!(answered(&alice, &draft(method, user, &alice)).await, status);
        assert_eq!(the_answer(&events, status).field("reason"), None);
    }
}
