//! Calls: to desks, through codes, out of the house, to the voicemail and the bridge.

use spigot::testing::{TestClient, TestDialog, TestTransaction};
use spigot::{Body, HeaderName, Method, StatusCode};

use crate::{ask, audio, company, dial, health, phone, said};

const SDP: &str = "application/sdp";

/// A call to a desk.
async fn call<'c>(caller: &'c TestClient, uri: &str) -> TestTransaction<'c> {
    let invite = caller.invite(uri).body(SDP, audio("sendrecv"));
    invite.start().await
}

#[spigot::test]
async fn a_desk_rings_answers_and_is_hung_up() {
    let server = company().await;
    let (alice, bob) = (phone(&server, "2001").await, phone(&server, "2002").await);
    let mut call = call(&alice, "sip:2002@corp.example").await;
    let ringing = bob.expect(Method::INVITE).await;
    assert_eq!(ringing.body(), &audio("sendrecv"));
    ringing.provisional(StatusCode::RINGING);
    call.expect_provisional(StatusCode::RINGING).await;
    ringing.reply((StatusCode::OK, Body::new(SDP, audio("recvonly"))));
    let answer = call.response().await;
    assert_eq!(answer.body(), &audio("recvonly"));
    bob.expect(Method::ACK).await;
    let dialog = call.dialog(&answer);
    assert_eq!(health(&alice).await, "answered=1 missed=0 digits=");

    let mut bye = dialog.request(Method::BYE).start().await;
    bob.expect(Method::BYE).await.reply(StatusCode::OK);
    assert_eq!(bye.response().await.status(), StatusCode::OK);
}

#[spigot::test]
async fn a_desk_is_busy_or_nobody_is_there() {
    let server = company().await;
    let (alice, bob) = (phone(&server, "2001").await, phone(&server, "2002").await);
    let mut busy = call(&alice, "sip:2002@corp.example").await;
    bob.expect(Method::INVITE).await.reply(StatusCode::BUSY_HERE);
    assert_eq!(busy.response().await.status(), StatusCode::BUSY_HERE);
    let mut nobody = call(&alice, "sip:2099@corp.example").await;
    assert_eq!(
        nobody.response().await.status(),
        StatusCode::TEMPORARILY_UNAVAILABLE
    );
}

#[spigot::test]
async fn a_caller_gives_up() {
    let server = company().await;
    let (alice, bob) = (phone(&server, "2001").await, phone(&server, "2002").await);
    let mut call = call(&alice, "sip:2002@corp.example").await;
    let ringing = bob.expect(Method::INVITE).await;
    ringing.provisional(StatusCode::RINGING);
    call.expect_provisional(StatusCode::RINGING).await;
    call.cancel();
    assert_eq!(call.response().await.status(), StatusCode::REQUEST_TERMINATED);
    bob.expect(Method::CANCEL).await;
    assert_eq!(health(&alice).await, "answered=0 missed=1 digits=");
}

#[spigot::test]
async fn a_desk_rings_for_a_minute() {
    let server = company().await;
    let (alice, bob) = (phone(&server, "2001").await, phone(&server, "2002").await);
    let mut call = call(&alice, "sip:2002@corp.example").await;
    let ringing = bob.expect(Method::INVITE).await;
    ringing.provisional(StatusCode::RINGING);
    assert_eq!(call.response().await.status(), StatusCode::REQUEST_TIMEOUT);
    bob.expect(Method::CANCEL).await;
    assert_eq!(server.ladder().times("408 INVITE")[..1], [60.0]);
}

#[spigot::test]
async fn colleagues_sit_where_they_like() {
    let server = company().await;
    let (alice, bob) = (phone(&server, "2001").await, phone(&server, "2002").await);
    let at = |phone: &TestClient, desk| format!("302 sip:{desk}@{}", phone.address());
    assert_eq!(dial(&alice, "sips:2001@corp.example").await, at(&alice, "2001"));
    assert_eq!(dial(&alice, "sip:*722002@corp.example").await, "200");
    assert_eq!(dial(&bob, "sips:2001@corp.example").await, at(&bob, "2002"));
    assert_eq!(dial(&bob, "sips:2002@corp.example").await, at(&bob, "2002"));
    assert_eq!(dial(&alice, "sip:%2A73@corp.example").await, "200");
    assert_eq!(dial(&bob, "sips:2001@corp.example").await, at(&alice, "2001"));

    let stranger = server.client("sip:2001@elsewhere.example").await;
    assert_eq!(dial(&stranger, "sip:*722002@corp.example").await, "403");
}

#[spigot::test]
async fn each_kind_of_number_goes_its_way() {
    let server = company().await;
    let alice = phone(&server, "2001").await;
    let own = format!("302 sip:2001@{}", alice.address());
    let gateway = |number: &str| format!("302 sip:{number}@gateway.corp.example;user=phone");
    for (uri, expected) in [
        ("sip:112@corp.example", gateway("112")),
        ("sip:9911@192.0.2.1:5060", gateway("911")),
        ("sip:9030123456@corp.example", gateway("030123456")),
        ("sip:90900123456@corp.example", "403".to_owned()),
        ("sip:+4930123456@corp.example;user=phone", gateway("+4930123456")),
        ("sip:+4930123456@corp.example", "404".to_owned()),
        ("tel:2001;phone-context=corp.example", own.clone()),
        ("tel:2-001;phone-context=CORP.example", own),
        ("tel:2001;phone-context=elsewhere.example", "404".to_owned()),
        ("tel:+49(30)123-456", gateway("+4930123456")),
        ("tel:+12", "404".to_owned()),
    ] {
        assert_eq!(dial(&alice, uri).await, expected, "{uri}");
    }
    let stranger = server.client("sip:alice@elsewhere.example").await;
    assert_eq!(dial(&stranger, "sip:9030123456@corp.example").await, "403");
    assert_eq!(dial(&stranger, "sip:112@corp.example").await, gateway("112"));
}

/// A call that the voicemail has answered.
async fn voicemail(alice: &TestClient) -> TestDialog<'_> {
    let mut call = call(alice, "sip:voicemail@corp.example;cause=486;target=2002").await;
    call.expect_provisional(StatusCode::CALL_IS_BEING_FORWARDED).await;
    let answer = call.response().await;
    assert!(String::from_utf8_lossy(answer.body()).contains("\r\ns=2002 is on the telephone\r\n"));
    call.dialog(&answer)
}

#[spigot::test]
async fn the_voicemail_is_told_whose_it_is() {
    let server = company().await;
    let alice = phone(&server, "2001").await;
    let dialog = voicemail(&alice).await;
    assert_eq!(dialog.bye().await.status(), StatusCode::OK);
    for parameters in ["target=2002", "target=2002;cause=busy", "target=bob;cause=486"] {
        let uri = format!("sip:voicemail@corp.example;{parameters}");
        assert_eq!(dial(&alice, &uri).await, "404", "{uri}");
    }
}

#[spigot::test]
async fn a_call_is_held_and_refreshed() {
    let server = company().await;
    let alice = phone(&server, "2001").await;
    let dialog = voicemail(&alice).await;
    let hold = dialog.request(Method::INVITE).body(SDP, audio("sendonly"));
    assert_eq!(hold.send().await.body(), &audio("recvonly"));
    assert_eq!(ask(dialog.request(Method::INVITE)).await, "400");

    let update = |seconds| dialog.request(Method::UPDATE).header("Session-Expires", seconds);
    assert_eq!(
        said(update("1800"), HeaderName::SESSION_EXPIRES).await,
        "200 1800"
    );
    assert_eq!(said(update("30"), HeaderName::MIN_SE).await, "422 90");
}

#[spigot::test]
async fn digits_are_heard_both_ways() {
    let server = company().await;
    let alice = phone(&server, "2001").await;
    let dialog = voicemail(&alice).await;
    let relay = "application/dtmf-relay";
    for (package, kind, body, name, expected) in [
        ("DTMF", "application/dtmf", "5", HeaderName::WARNING, "200 -"),
        (
            "",
            relay,
            "Signal=#\r\nDuration=160\r\n",
            HeaderName::WARNING,
            "200 -",
        ),
        ("", relay, "Duration=160\r\n", HeaderName::WARNING, "400 -"),
        (
            "",
            "text/plain",
            "5",
            HeaderName::ACCEPT,
            "415 application/dtmf-relay",
        ),
        (
            "weather",
            relay,
            "Signal=7\r\n",
            HeaderName::RECV_INFO,
            "469 dtmf",
        ),
    ] {
        let mut info = dialog.request(Method::INFO).body(kind, body);
        if !package.is_empty() {
            info = info.header("Info-Package", package);
        }
        assert_eq!(said(info, name).await, expected, "{package} {kind} {body}");
    }
    assert_eq!(health(&alice).await, "answered=1 missed=0 digits=5#");
}

#[spigot::test]
async fn a_call_is_transferred() {
    let server = company().await;
    let alice = phone(&server, "2001").await;
    let _bob = phone(&server, "2002").await;
    let dialog = voicemail(&alice).await;
    for (target, expected) in [
        ("<sip:2002@corp.example>", "202"),
        ("<sip:2099@corp.example>", "480"),
        ("<sip:90900123456@corp.example>", "403"),
        ("<", "400"),
    ] {
        let refer = dialog.request(Method::REFER).header("Refer-To", target);
        assert_eq!(ask(refer).await, expected, "{target}");
    }
    for (event, body, expected) in [
        ("refer", "SIP/2.0 200 OK\r\n", "200 -"),
        ("refer", "done", "400 -"),
        ("presence", "SIP/2.0 200 OK\r\n", "489 refer"),
    ] {
        let notify = dialog.request(Method::NOTIFY).header("Event", event);
        let notify = notify.header("Subscription-State", "active");
        let notify = notify.body("message/sipfrag", body);
        assert_eq!(
            said(notify, HeaderName::ALLOW_EVENTS).await,
            expected,
            "{event}: {body}"
        );
    }
}

#[spigot::test]
async fn the_bridge_has_its_rooms_and_a_reception() {
    let server = company().await;
    let alice = phone(&server, "2001").await;
    let mut call = call(&alice, "sip:standup@conference.corp.example").await;
    let answer = call.response().await;
    assert!(String::from_utf8_lossy(answer.body()).contains("\r\ns=standup\r\n"));
    // The call stays with the bridge, which has neither a route for it nor a tally.
    let dialog = call.dialog(&answer);
    assert_eq!(ask(dialog.request(Method::INVITE)).await, "488");
    assert_eq!(ask(dialog.request(Method::BYE)).await, "200");
    assert_eq!(health(&alice).await, "answered=0 missed=0 digits=");

    let reception = "302 sip:2000@corp.example";
    assert_eq!(
        dial(&alice, "sip:garden@conference.corp.example").await,
        reception
    );
    for method in [Method::MESSAGE, Method::from_token("DANCE").unwrap()] {
        let request = alice.request(method.clone(), "sip:board@conference.corp.example");
        assert_eq!(ask(request).await, reception, "{method}");
    }
}

#[spigot::test]
async fn the_old_name_says_the_new_one() {
    let server = company().await;
    let stranger = server.client("sip:alice@elsewhere.example").await;
    let moved = "301 sip:2001@corp.example;user=phone";
    for method in [Method::INVITE, Method::MESSAGE, Method::OPTIONS, Method::STORE] {
        let request = stranger.request(method.clone(), "sip:2001@OLD.example;user=phone");
        assert_eq!(ask(request).await, moved, "{method}");
    }
}
