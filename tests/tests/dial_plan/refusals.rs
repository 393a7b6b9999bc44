//! What no route takes, and what plugs keep out.

use spigot::header::To;
use spigot::{HeaderName, Method};

use crate::{ask, audio, company, dial, phone, said};

#[spigot::test]
async fn what_no_route_takes_is_refused_with_the_reason() {
    let server = company().await;
    let alice = phone(&server, "2001").await;
    let bob = "sip:2002@corp.example";
    for uri in ["sip:nobody@corp.example", "sip:3000@corp.example"] {
        assert_eq!(dial(&alice, uri).await, "404", "{uri}");
    }
    // There is a route for OPTIONS, so that those without a route are not the library's any more.
    assert_eq!(ask(alice.options(bob)).await, "404");
    assert_eq!(dial(&alice, "mailto:bob@corp.example").await, "416");
    let dance = Method::from_token("DANCE").unwrap();
    assert_eq!(ask(alice.request(dance, bob)).await, "501");

    let store = alice.request(Method::STORE, bob);
    let allow = "INVITE, ACK, CANCEL, BYE, UPDATE, INFO, REFER, NOTIFY, MESSAGE, SERVICE, OPTIONS, REGISTER, \
                 SUBSCRIBE, PUBLISH";
    assert_eq!(said(store, HeaderName::ALLOW).await, format!("405 {allow}"));
    let text = alice.invite(bob).body("text/plain", "hello");
    assert_eq!(said(text, HeaderName::ACCEPT).await, "415 application/sdp");
    let page = alice
        .request(Method::MESSAGE, bob)
        .body("text/html", "<p>hello</p>");
    let accept = "text/plain, application/im-iscomposing+xml";
    assert_eq!(said(page, HeaderName::ACCEPT).await, format!("415 {accept}"));
    let invite = alice.invite(bob).body("application/sdp", audio("sendrecv"));
    let reliable = invite.header("Require", "100rel, timer");
    assert_eq!(said(reliable, HeaderName::UNSUPPORTED).await, "420 100rel");
    for (method, events) in [
        (Method::SUBSCRIBE, "presence, message-summary"),
        (Method::PUBLISH, "presence"),
    ] {
        let request = alice.request(method, bob).header("Event", "dialog");
        assert_eq!(
            said(request, HeaderName::ALLOW_EVENTS).await,
            format!("489 {events}")
        );
    }
}

#[spigot::test]
async fn what_needs_a_call_is_refused_without_one() {
    let server = company().await;
    let alice = phone(&server, "2001").await;
    for method in [Method::BYE, Method::INFO, Method::UPDATE, Method::NOTIFY] {
        let request = alice.request(method.clone(), "sip:2002@corp.example");
        assert_eq!(ask(request).await, "481", "{method}");
    }
    let guessed: To = "<sip:2002@corp.example>;tag=guessed".parse().unwrap();
    assert_eq!(
        ask(alice.invite("sip:2002@corp.example").with(guessed)).await,
        "481"
    );
}

#[spigot::test]
async fn a_call_without_an_offer_is_refused() {
    let server = company().await;
    let alice = phone(&server, "2001").await;
    let refused = said(alice.invite("sip:2001@corp.example"), HeaderName::WARNING).await;
    assert!(refused.starts_with("400 399 spigot "), "{refused}");
}

#[spigot::test]
async fn nuisance_callers_and_long_messages_are_kept_out() {
    let server = company().await;
    let robot = server.client("sip:deals@robocalls.example").await;
    assert_eq!(dial(&robot, "sip:112@corp.example").await, "607");
    assert_eq!(ask(robot.message("sip:2001@corp.example", "buy!")).await, "607");
    assert_eq!(ask(robot.options("sip:corp.example")).await, "200");

    let alice = phone(&server, "2001").await;
    let long = alice.message("sip:2001@corp.example", &"x".repeat(1301));
    assert_eq!(ask(long).await, "413");
}

#[spigot::test]
async fn a_flood_is_slowed_down() {
    let server = company().await;
    let flood = server.client("sip:flood@corp.example").await;
    let options = || flood.options("sip:corp.example");
    for _ in 0..100 {
        assert_eq!(ask(options()).await, "200");
    }
    assert_eq!(said(options(), HeaderName::RETRY_AFTER).await, "503 1");
}
