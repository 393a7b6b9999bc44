//! What is said while tshark reads along: every kind of request, and of answer.

use std::net::SocketAddr;

use spigot::testing::TestClient;
use spigot::{Client, Method, Spigot, StatusCode, Transport};
use spigot_tests::{Draft, Peer};

use crate::switchboard::Switchboard;

const OFFER: &str =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";

/// Whether an RFC has a name for that status.
fn has_a_name(status: u16) -> bool {
    let reason = |code| StatusCode::from_u16(code).map(StatusCode::reason);
    status.is_multiple_of(100) || reason(status) != reason(status - status % 100)
}

/// A request in the dialog that an answer has made.
fn in_dialog(method: &str, cseq: u32, invite: &Draft, to: &str, peer: &Peer) -> Draft {
    let draft = peer
        .draft(method, "sip:bob@example.com")
        .set("From", invite.value("From"));
    let draft = draft.set("To", to).set("Call-ID", invite.value("Call-ID"));
    draft.set("CSeq", format!("{cseq} {method}"))
}

/// The ACK or CANCEL of an INVITE: its Via, and all that identifies it.
fn of_invite(method: &str, invite: &Draft, to: &str, peer: &Peer) -> Draft {
    in_dialog(method, 1, invite, to, peer).set("Via", invite.value("Via"))
}

/// What others ask us: every kind of request, and every kind of refusal.
pub(crate) async fn others_ask_us(
    switchboard: &Switchboard,
    spigot: &Spigot,
    transport: Transport,
    address: SocketAddr,
) {
    let mut peer = Peer::connect(transport, address).await;
    let uri = "sip:bob@example.com";

    let register = peer
        .draft("REGISTER", "sip:example.com")
        .add("Contact", format!("<sip:alice@{}>", peer.local()));
    assert_eq!(peer.ask(&register).await.status(), 200);
    let flow = switchboard
        .registered
        .lock()
        .unwrap()
        .expect("somebody has registered");
    for text in ["hello", "grüße", &"x".repeat(20_000)] {
        let message = peer
            .draft("MESSAGE", "sip:echo@example.com")
            .body("text/plain", text);
        assert_eq!(peer.ask(&message).await.status(), 200);
    }

    let invite = peer.draft("INVITE", uri).body("application/sdp", OFFER);
    let invite = invite
        .add("Record-Route", "<sip:p2.example.com;lr>")
        .add("Record-Route", "<sip:p1.example.com;lr>");
    let answer = peer.ask(&invite).await;
    assert_eq!(answer.status(), 200);
    let to = answer.value("To").to_owned();
    peer.send(&in_dialog("ACK", 1, &invite, &to, &peer)).await;
    assert_eq!(
        peer.ask(&in_dialog("INFO", 2, &invite, &to, &peer))
            .await
            .status(),
        200
    );
    assert_eq!(
        peer.ask(&in_dialog("BYE", 1, &invite, &to, &peer)).await.status(),
        500
    );
    assert_eq!(
        peer.ask(&in_dialog("BYE", 3, &invite, &to, &peer)).await.status(),
        200
    );

    let invite = peer.draft("INVITE", "sip:ring@example.com");
    peer.send(&invite).await;
    assert_eq!(peer.receive().await.status(), 180);
    peer.send(&of_invite("CANCEL", &invite, "<sip:ring@example.com>", &peer))
        .await;
    for _ in 0..2 {
        let answer = peer.receive().await;
        if answer.value("CSeq") == "1 INVITE" {
            assert_eq!(answer.status(), 487);
            peer.send(&of_invite("ACK", &invite, answer.value("To"), &peer))
                .await;
        } else {
            assert_eq!((answer.status(), answer.value("CSeq")), (200, "1 CANCEL"));
        }
    }
    let invite = peer.draft("INVITE", "sip:busy@example.com");
    let answer = peer.ask(&invite).await;
    assert_eq!(answer.status(), 486);
    peer.send(&of_invite("ACK", &invite, answer.value("To"), &peer))
        .await;

    let refused = |status: u16| {
        peer.draft("MESSAGE", &format!("sip:{status}@refused.example.com"))
            .body("text/plain", "x")
    };
    let by_the_agent = (300..700).map(|status| (refused(status), status));
    let by_the_agent = by_the_agent.filter(|(_, status)| has_a_name(*status));
    let by_the_library = [
        (peer.draft("OPTIONS", uri), 200),
        (peer.draft("REGISTER", "sip:locked.example.com"), 401),
        (peer.draft("MESSAGE", "sip:moved@example.com"), 302),
        (peer.draft("OPTIONS", uri).set("CSeq", "2 INVITE"), 400),
        (peer.draft("OPTIONS", uri).remove("From"), 400),
        (peer.draft("MESSAGE", "sip:nobody@example.com"), 404),
        (peer.draft("PUBLISH", uri).add("Event", "presence"), 405),
        (
            peer.draft("OPTIONS", &format!("sip:{}@example.com", "x".repeat(2_000))),
            414,
        ),
        (
            peer.draft("MESSAGE", "sip:echo@example.com")
                .body("image/png", "x"),
            415,
        ),
        (peer.draft("OPTIONS", "foo:bar"), 416),
        (peer.draft("OPTIONS", uri).add("Require", "100rel, fly"), 420),
        (peer.draft("BYE", uri), 481),
        (peer.draft("CANCEL", uri), 481),
        (peer.draft("SUBSCRIBE", uri).add("Event", "weather"), 489),
        (peer.draft("JUMP", uri), 501),
        (
            peer.draft("OPTIONS", uri)
                .start_line(format!("OPTIONS {uri} SIP/7.0")),
            505,
        ),
    ];
    for (asked, status) in by_the_agent.chain(by_the_library).collect::<Vec<_>>() {
        assert_eq!(peer.ask(&asked).await.status(), status, "{asked:?}");
    }

    // We on its connection, the only way to it.
    let message = spigot.client().message("sip:alice@browser.invalid");
    let message = tokio::spawn(message.body("text/plain", "welcome").on(flow).send());
    let received = peer.receive_request().await;
    peer.send(&Draft::answering(&received, "202 Accepted")).await;
    assert_eq!(message.await.unwrap().unwrap().status(), StatusCode::ACCEPTED);
    let invite = spigot
        .client()
        .invite("sip:alice@browser.invalid")
        .body("application/sdp", OFFER);
    let invite = tokio::spawn(invite.on(flow).send());
    let received = peer.receive_request().await;
    peer.send(&Draft::answering(&received, "488 Not Acceptable Here"))
        .await;
    assert_eq!(*peer.receive_request().await.method(), Method::ACK);
    assert_eq!(
        invite.await.unwrap().unwrap().status(),
        StatusCode::NOT_ACCEPTABLE_HERE
    );

    if transport.is_reliable() {
        let large = peer
            .draft("MESSAGE", "sip:echo@example.com")
            .body("text/plain", "x".repeat(70_000));
        assert_eq!(peer.ask(&large).await.status(), 513);
    } else {
        let large = peer
            .draft("MESSAGE", "sip:echo@example.com")
            .body("text/plain", "x".repeat(60_000));
        assert_eq!(peer.ask(&large).await.status(), 200);
    }
}

/// What we ask others.
pub(crate) async fn we_ask_others(client: &Client, transport: Transport, far: SocketAddr) {
    let uri = |user: &str| format!("sip:{user}@far.example.com");
    let offered = |user: &str| {
        let invite = client.invite(uri(user)).body("application/sdp", OFFER);
        invite.to_address(transport, far)
    };
    let options = || client.options(uri("bob")).to_address(transport, far).send();
    assert_eq!(options().await.unwrap().status(), StatusCode::OK);
    for text in ["hello", "grüße", &"x".repeat(20_000)] {
        let message = client.message(uri("bob")).body("text/plain", text.to_owned());
        assert_eq!(
            message.to_address(transport, far).send().await.unwrap().status(),
            StatusCode::OK
        );
    }
    for user in ["bob", "locked"] {
        let mut invite = offered(user)
            .credentials("alice", "secret")
            .start()
            .await
            .unwrap();
        assert_eq!(invite.provisional().await.unwrap().status(), StatusCode::RINGING);
        let answer = invite.response().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let dialog = invite.dialog(&answer).unwrap();
        let update = dialog
            .request(Method::INVITE)
            .body("application/sdp", OFFER)
            .send();
        assert_eq!(update.await.unwrap().status(), StatusCode::OK);
        let bye = dialog.request(Method::BYE).send().await.unwrap();
        assert_eq!(bye.status(), StatusCode::OK);
    }
    let mut ringing = offered("ring").start().await.unwrap();
    assert_eq!(ringing.provisional().await.unwrap().status(), StatusCode::RINGING);
    ringing.cancel();
    assert_eq!(
        ringing.response().await.unwrap().status(),
        StatusCode::REQUEST_TERMINATED
    );
    assert_eq!(
        offered("busy").send().await.unwrap().status(),
        StatusCode::BUSY_HERE
    );
    assert_eq!(options().await.unwrap().status(), StatusCode::OK);
}

/// A test client asks others for all that a client may ask for.
pub(crate) async fn a_test_client_asks_others(client: &TestClient) {
    assert_eq!(client.register().send().await.status(), StatusCode::OK);
    assert_eq!(
        client
            .message("sip:bob@far.example.com", "hello")
            .send()
            .await
            .status(),
        StatusCode::OK
    );
    let mut invite = client
        .invite("sip:bob@far.example.com")
        .body("application/sdp", OFFER)
        .start()
        .await;
    let answer = invite.response().await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(invite.dialog(&answer).bye().await.status(), StatusCode::OK);
    let mut ringing = client.invite("sip:ring@far.example.com").start().await;
    ringing.expect_provisional(StatusCode::RINGING).await;
    ringing.cancel();
    assert_eq!(ringing.response().await.status(), StatusCode::REQUEST_TERMINATED);
    assert_eq!(
        client.options("sip:bob@far.example.com").send().await.status(),
        StatusCode::OK
    );
}
