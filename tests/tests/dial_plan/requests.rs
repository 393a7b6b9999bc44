//! What is asked without a call: registrations, messages, presence, the directory, our health.

use spigot::{HeaderName, Method, StatusCode};

use crate::{ask, company, dial, dial_plan, phone, said};

#[spigot::test]
async fn a_telephone_registers_with_its_password_alone() {
    let server = company().await;
    let alice = server.client("sip:2001@corp.example").await;
    let register = |user, password| alice.register().credentials(user, password);
    let own = || register("2001", "secret of 2001");
    let challenged = alice.register().send().await;
    let challenges = challenged.headers().get_all(&HeaderName::WWW_AUTHENTICATE);
    assert_eq!((challenged.status().as_u16(), challenges.count()), (401, 2));
    assert_eq!(ask(register("2001", "guess")).await, "401");
    assert_eq!(ask(register("2002", "secret of 2002")).await, "403");
    let bound = format!("200 <sip:2001@{}>;expires=600", alice.address());
    assert_eq!(
        said(own().header("Expires", "600"), HeaderName::CONTACT).await,
        bound
    );
    assert!(dial(&alice, "sips:2001@corp.example").await.starts_with("302 "));
    assert_eq!(
        said(own().header("Expires", "0"), HeaderName::CONTACT).await,
        "200 -"
    );
    assert_eq!(dial(&alice, "sips:2001@corp.example").await, "480");
}

#[spigot::test]
async fn a_message_is_carried_to_the_telephone() {
    let server = company().await;
    let (alice, bob) = (phone(&server, "2001").await, phone(&server, "2002").await);
    let mut sent = alice.message("sip:2002@corp.example", "lunch?").start().await;
    let received = bob.expect(Method::MESSAGE).await;
    assert_eq!(received.body(), "lunch?");
    let from = received.headers().get(&HeaderName::FROM).unwrap();
    assert!(from.starts_with("<sip:2001@corp.example>"), "{from}");
    received.reply(StatusCode::OK);
    assert_eq!(sent.response().await.status(), StatusCode::OK);

    let typing = alice.request(Method::MESSAGE, "sip:2002@corp.example");
    let typing = typing.body("application/im-iscomposing+xml", "<isComposing/>");
    assert_eq!(ask(typing).await, "202");
    let stranger = server.client("sip:2001@elsewhere.example").await;
    assert_eq!(
        ask(stranger.message("sip:2002@corp.example", "buy!")).await,
        "403"
    );
}

#[spigot::test]
async fn colleagues_watch_each_other_and_their_mailboxes() {
    let server = company().await;
    let alice = phone(&server, "2001").await;
    for (event, expires, name, expected) in [
        ("presence", "600", HeaderName::EXPIRES, "200 600"),
        ("presence", "86400", HeaderName::EXPIRES, "200 3600"),
        ("presence;id=7", "0", HeaderName::EXPIRES, "200 0"),
        ("message-summary", "600", HeaderName::EXPIRES, "200 600"),
        ("message-summary", "5", HeaderName::MIN_EXPIRES, "423 60"),
    ] {
        let subscribe = alice.request(Method::SUBSCRIBE, "sip:2002@corp.example");
        let subscribe = subscribe.header("Event", event).header("Expires", expires);
        assert_eq!(said(subscribe, name).await, expected, "{event}");
    }
}

#[spigot::test]
async fn a_telephone_publishes_how_its_desk_is() {
    let server = company().await;
    let alice = phone(&server, "2001").await;
    let publish = || {
        let publish = alice.request(Method::PUBLISH, "sip:2001@corp.example");
        publish.header("Event", "presence")
    };
    let first = publish().body("application/pidf+xml", "<presence/>");
    assert_eq!(said(first, HeaderName::SIP_ETAG).await, "200 v1");
    let again = publish().header("SIP-If-Match", "v1");
    assert_eq!(said(again, HeaderName::SIP_ETAG).await, "200 v2");
    assert_eq!(ask(publish().header("SIP-If-Match", "v1")).await, "412");
}

#[spigot::test]
async fn the_directory_has_who_is_there() {
    let server = company().await;
    let alice = phone(&server, "2001").await;
    let _bob = phone(&server, "2002").await;
    let service = Method::from_token("SERVICE").unwrap();
    let response = alice.request(service, "sip:directory@corp.example").send().await;
    assert_eq!(
        response.headers().get(&HeaderName::CONTENT_TYPE),
        Some("text/uri-list")
    );
    assert_eq!(
        response.body(),
        "sip:2001@corp.example\r\nsip:2002@corp.example\r\n"
    );
}

#[spigot::test]
async fn the_load_balancer_hears_that_we_are_well() {
    let server = company().await;
    let balancer = server.client("sip:balancer@corp.example").await;
    let well = balancer.options("sip:corp.example").send().await;
    assert_eq!(well.body(), "answered=0 missed=0 digits=");
    assert_eq!(well.headers().get(&HeaderName::ALLOW), Some(dial_plan().allow()));
    // The plug that names requests is on all routes.
    let id = HeaderName::from_token("X-Request-ID").unwrap();
    let named = balancer
        .options("sip:corp.example")
        .header(id.as_str(), "balancer-7");
    assert_eq!(said(named, id).await, "200 balancer-7");
}
