//! A proxy whose handler relays by hand: it forwards the request, passes each provisional response back, and
//! returns the final one (RFC 3261 §16).

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use spigot::header::{MaxForwards, RecordRoute, To, Via};
use spigot::testing::{TestClient, TestServer};
use spigot::{
    Config, ForwardError, HeaderName, Limits, Method, Proxy, Reply, Response, StatusCode, Transport, Uri,
    sip, sip_router,
};

/// Forwards what is for example.com to one target, and the rest to where it says itself.
#[derive(Clone, Default)]
struct ByHand {
    target: Arc<OnceLock<String>>,
}

#[sip_router]
impl ByHand {
    #[any("sip:*@example.com")]
    async fn to_the_target(&self, proxy: Proxy) -> Result<Reply, ForwardError> {
        let target = self.target.get().expect("the test names one");
        relay(&proxy, target.as_str()).await
    }

    #[register]
    async fn register(&self, proxy: Proxy) -> Result<Reply, ForwardError> {
        self.to_the_target(proxy).await
    }

    #[any]
    async fn onward(&self, proxy: Proxy, uri: Uri) -> Result<Reply, ForwardError> {
        relay(&proxy, uri.to_string().as_str()).await
    }
}

async fn relay(proxy: &Proxy, target: &str) -> Result<Reply, ForwardError> {
    let mut branch = proxy.forward(target).record_route().start().await?;
    while let Some(response) = branch.provisional().await {
        proxy.relay(&response)?;
    }
    Ok(Reply::relayed(branch.response().await?))
}

struct House {
    server: TestServer,
    alice: TestClient,
    bob: TestClient,
}

/// A proxy without room for a single dialog, between alice and bob.
async fn house_over(alice: Transport, bob: Transport) -> House {
    let agent = ByHand::default();
    let target = agent.target.clone();
    let mut limits = Limits::default();
    limits.dialogs = 0;
    let server = TestServer::start_with(agent, |config: Config| config.limits(limits)).await;
    let alice = server.client_over(alice, "sip:alice@example.com").await;
    let bob_transport = bob;
    let bob = server.client_over(bob, "sip:bob@example.com").await;
    let uri = format!("sip:bob@{};transport={bob_transport}", bob.address());
    target.set(uri).expect("it is named once");
    House { server, alice, bob }
}

async fn house() -> House {
    house_over(Transport::Udp, Transport::Udp).await
}

fn vias(headers: &sip::Headers) -> usize {
    headers.all::<Via>().count()
}

fn to_tag(response: &Response) -> String {
    let to: To = response.headers().typed().unwrap().unwrap();
    to.tag().unwrap().to_owned()
}

/// A response that bob writes himself.
fn by_hand(request: &sip::Request, status: &str, tag: &str, contact: &str) -> String {
    let mut text = format!("SIP/2.0 {status}\r\n");
    for field in request.headers().iter() {
        let name = field.raw_name();
        let copied = [
            HeaderName::VIA,
            HeaderName::FROM,
            HeaderName::CALL_ID,
            HeaderName::CSEQ,
            HeaderName::RECORD_ROUTE,
        ];
        if copied.iter().any(|copied| field.is(copied)) {
            text.push_str(&format!("{name}: {}\r\n", field.value()));
        } else if field.is(&HeaderName::TO) {
            text.push_str(&format!("{name}: {};tag={tag}\r\n", field.value()));
        }
    }
    format!("{text}Contact: <sip:bob@{contact}>\r\nContent-Length: 0\r\n\r\n")
}

#[spigot::test]
async fn a_register_is_relayed() {
    let House { server, alice, bob } = house().await;
    let mut register = alice.register().header("X-Unknown", "as it came").start().await;

    let received = bob.expect(Method::REGISTER).await;
    let headers = received.headers();
    assert_eq!(vias(headers), 2, "the proxy's and alice's");
    assert_eq!(headers.get(&"X-Unknown".parse().unwrap()), Some("as it came"));
    assert_eq!(headers.typed::<MaxForwards>().unwrap().unwrap().hops(), 69);
    assert!(!headers.contains(&HeaderName::RECORD_ROUTE), "it opens no dialog");
    assert_eq!(
        received.uri().user(),
        Some("bob"),
        "the target is the Request-URI"
    );
    let contact = headers.get(&HeaderName::CONTACT).unwrap();
    assert!(contact.contains(&alice.address().to_string()), "{contact}");
    received.reply((StatusCode::OK, "granted".to_owned()));

    let response = register.response().await;
    assert_eq!(
        (response.status(), &response.body()[..]),
        (StatusCode::OK, &b"granted"[..])
    );
    assert_eq!(vias(response.headers()), 1);
    assert!(
        !response.headers().contains(&HeaderName::CONTACT),
        "nothing of ours is in it"
    );
    assert_eq!(server.counters().stray_responses, 0);
}

/// A call with all that may be in it, and who is asked what.
async fn a_whole_call(house: &House) {
    let House { server, alice, bob } = house;
    let mut invite = alice
        .invite("sip:bob@example.com")
        .body("application/sdp", "v=0\r\n")
        .start()
        .await;
    let ringing = bob.expect(Method::INVITE).await;
    let routes = ringing.headers().all::<RecordRoute>().count();
    assert!((1..=2).contains(&routes), "{routes}");
    ringing.provisional(StatusCode::RINGING);
    let early = invite.expect_provisional(StatusCode::RINGING).await;
    ringing.reply((StatusCode::OK, "answer".to_owned()));
    let answer = invite.response().await;
    assert_eq!(
        (answer.status(), &answer.body()[..]),
        (StatusCode::OK, &b"answer"[..])
    );
    assert_eq!(to_tag(&early), to_tag(&answer), "the To tag is bob's");
    bob.expect(Method::ACK).await;

    let dialog = invite.dialog(&answer);
    let mut again = dialog.request(Method::INVITE).start().await;
    let received = bob.expect(Method::INVITE).await;
    assert_eq!(received.uri().user(), Some("bob"));
    assert!(
        !received.headers().contains(&HeaderName::ROUTE),
        "that was the proxy's"
    );
    assert!(received.in_dialog());
    received.reply(StatusCode::OK);
    assert_eq!(again.response().await.status(), StatusCode::OK);
    bob.expect(Method::ACK).await;

    let mut info = dialog.request(Method::INFO).start().await;
    bob.expect(Method::INFO).await.reply(StatusCode::OK);
    assert_eq!(info.response().await.status(), StatusCode::OK);

    let mut bye = dialog.request(Method::BYE).start().await;
    bob.expect(Method::BYE).await.reply(StatusCode::OK);
    assert_eq!(bye.response().await.status(), StatusCode::OK);

    tokio::time::sleep(Duration::from_secs(40)).await;
    let counters = server.counters();
    assert_eq!(
        (
            counters.stray_acks,
            counters.unacknowledged,
            counters.stray_responses,
            counters.dialogs_full,
            counters.late_answers
        ),
        (0, 0, 0, 0, 0)
    );
}

#[spigot::test]
async fn a_call_goes_through_a_proxy_that_has_no_room_for_a_dialog() {
    a_whole_call(&house().await).await;
}

#[spigot::test]
async fn a_call_crosses_from_one_transport_to_another() {
    a_whole_call(&house_over(Transport::Udp, Transport::Tcp).await).await;
    a_whole_call(&house_over(Transport::Tcp, Transport::Udp).await).await;
}

#[spigot::test]
async fn the_callee_hangs_up_through_the_proxy() {
    let House { alice, bob, server } = house().await;
    let mut invite = alice.invite("sip:bob@example.com").start().await;
    let received = bob.expect(Method::INVITE).await;
    let request = received.message().clone();
    received.reply(StatusCode::OK);
    let answer = invite.response().await;
    bob.expect(Method::ACK).await;

    let headers = request.headers();
    let routes: Vec<String> = headers
        .all::<RecordRoute>()
        .map(|route| route.unwrap().to_string())
        .collect();
    let contact: spigot::header::Contact = headers.typed().unwrap().unwrap();
    let bye = format!(
        "BYE {} SIP/2.0\r\nVia: SIP/2.0/UDP {};branch=z9hG4bKbye\r\nMax-Forwards: 70\r\nRoute: {}\r\nFrom: {}\r\n\
         To: {}\r\nCall-ID: {}\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n",
        contact.uri().unwrap(),
        bob.address(),
        routes.join(", "),
        answer.headers().get(&HeaderName::TO).unwrap(),
        answer.headers().get(&HeaderName::FROM).unwrap(),
        answer.headers().get(&HeaderName::CALL_ID).unwrap(),
    );
    bob.send_raw(bye).await;
    let received = alice.expect(Method::BYE).await;
    assert!(received.in_dialog(), "it is alice's dialog");
    received.reply(StatusCode::OK);
    assert_eq!(vias(bob.expect_status(StatusCode::OK).await.headers()), 1);
    assert_eq!(server.counters().late_answers, 0);
}

#[spigot::test]
async fn every_2xx_of_a_fork_goes_back() {
    let House { alice, bob, server } = house().await;
    let invite = format!(
        "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bKfork\r\nMax-Forwards: 70\r\n\
         From: <sip:alice@example.com>;tag=a\r\nTo: <sip:bob@example.com>\r\nCall-ID: fork\r\nCSeq: 1 INVITE\r\n\
         Contact: <sip:alice@{at}>\r\nContent-Length: 0\r\n\r\n",
        at = alice.address()
    );
    alice.send_raw(invite).await;
    let received = bob.expect(Method::INVITE).await;
    let request = received.message().clone();
    let contact = bob.address().to_string();
    for tag in ["one", "two", "three"] {
        bob.send_raw(by_hand(&request, "200 OK", tag, &contact)).await;
    }
    let mut tags = Vec::new();
    for _ in 0..3 {
        let response = alice.expect_status(StatusCode::OK).await;
        assert_eq!(vias(response.headers()), 1);
        tags.push(to_tag(&response));
    }
    tags.sort();
    assert_eq!(tags, ["one", "three", "two"]);

    // Twenty seconds later it is still the same transaction (RFC 6026 §7.1).
    tokio::time::sleep(Duration::from_secs(20)).await;
    bob.send_raw(by_hand(&request, "200 OK", "four", &contact)).await;
    assert_eq!(to_tag(&alice.expect_status(StatusCode::OK).await), "four");
    assert!(
        server.ladder().times("ACK").is_empty(),
        "a proxy acknowledges no 2xx"
    );
    assert!(server.ladder().times("BYE").is_empty());
}

#[spigot::test]
async fn a_cancel_cancels_the_branch_and_the_caller_gets_its_487() {
    let House { alice, bob, server } = house().await;
    let mut invite = alice.invite("sip:bob@example.com").start().await;
    let received = bob.expect(Method::INVITE).await;
    received.provisional(StatusCode::RINGING);
    let early = invite.expect_provisional(StatusCode::RINGING).await;
    invite.cancel();
    bob.expect(Method::CANCEL).await;
    let refused = invite.response().await;
    assert_eq!(refused.status(), StatusCode::REQUEST_TERMINATED);
    assert_eq!(to_tag(&refused), to_tag(&early), "it is bob's 487");
    tokio::time::sleep(Duration::from_secs(40)).await;
    assert_eq!(server.counters().late_answers, 0);
}

#[spigot::test]
async fn a_cancel_waits_for_the_callee_to_say_something() {
    let House {
        alice,
        bob,
        server: _server,
    } = house().await;
    let mut invite = alice.invite("sip:bob@example.com").start().await;
    let received = bob.expect(Method::INVITE).await;
    // The proxy has said 100, so that alice may cancel.
    tokio::time::sleep(Duration::from_millis(250)).await;
    invite.cancel();
    received.provisional(StatusCode::RINGING);
    bob.expect(Method::CANCEL).await;
    assert_eq!(invite.response().await.status(), StatusCode::REQUEST_TERMINATED);
}

#[spigot::test]
async fn what_passes_through_to_a_strict_router_goes_to_the_request_uri() {
    for behind in [
        "",
        ", <sip:192.0.2.78;lr>",
        ", <sip:192.0.2.79>, <sip:192.0.2.78>",
    ] {
        let House {
            alice,
            bob,
            server: _server,
        } = house().await;
        let strict = format!("sip:{}", bob.address());
        let message = alice.message("sip:carol@192.0.2.77", "hello");
        let mut message = message
            .header("Route", format!("<{strict}>{behind}"))
            .start()
            .await;
        let received = bob.expect(Method::MESSAGE).await;
        assert_eq!(received.uri().to_string(), strict);
        let routes: Vec<&str> = received.headers().get_all(&HeaderName::ROUTE).collect();
        let routes = routes.join(", ");
        assert!(routes.ends_with("<sip:carol@192.0.2.77>"), "{routes}");
        received.reply(StatusCode::OK);
        assert_eq!(message.response().await.status(), StatusCode::OK);
    }
}

#[spigot::test]
async fn a_refusal_is_acknowledged_hop_by_hop() {
    let House { alice, bob, server } = house().await;
    let mut invite = alice.invite("sip:bob@example.com").start().await;
    bob.expect(Method::INVITE).await.reply(StatusCode::BUSY_HERE);
    assert_eq!(invite.response().await.status(), StatusCode::BUSY_HERE);
    bob.expect_nothing(Duration::from_secs(40)).await;
    assert_eq!(server.ladder().times("ACK").len(), 2, "one on each hop");
    assert_eq!(server.ladder().times("486").len(), 2);
}

/// Forwards to this proxy itself: a request for `again` as it is, any other with the next number.
struct Mirror;

#[sip_router]
impl Mirror {
    #[message("sip:again@*")]
    async fn again(&self, proxy: Proxy, uri: Uri) -> Result<Reply, ForwardError> {
        relay(&proxy, &uri.to_string()).await
    }

    #[message("sip:3@*")]
    async fn last(&self) -> StatusCode {
        StatusCode::ACCEPTED
    }

    #[message("sip:{number}@*")]
    async fn next(
        &self,
        spigot::Path(number): spigot::Path<u32>,
        proxy: Proxy,
    ) -> Result<Reply, ForwardError> {
        relay(&proxy, &format!("sip:{}@192.0.2.1:5060", number + 1)).await
    }
}

#[spigot::test]
async fn a_loop_is_482_and_a_spiral_is_not() {
    let server = TestServer::start(Mirror).await;
    let alice = server.client("sip:alice@example.com").await;
    let looped = alice.message("sip:again@192.0.2.1:5060", "hello").send().await;
    assert_eq!(looped.status(), StatusCode::LOOP_DETECTED);
    let spiral = alice.message("sip:1@192.0.2.1:5060", "hello").send().await;
    assert_eq!(spiral.status(), StatusCode::ACCEPTED);
}

#[spigot::test]
async fn the_last_hop_is_483() {
    let House {
        alice,
        bob,
        server: _server,
    } = house().await;
    let message = alice.message("sip:bob@example.com", "hello");
    let refused = message.with(MaxForwards::new(0)).send().await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_HOPS);
    bob.expect_nothing(Duration::from_secs(1)).await;
}

#[spigot::test]
async fn an_invite_that_nobody_answers_is_408_and_another_request_is_not_answered() {
    let House { alice, bob, server } = house().await;
    let address = bob.address();
    drop(bob);
    let mut invite = alice.invite(format!("sip:nobody@{address}")).start().await;
    assert_eq!(invite.response().await.status(), StatusCode::REQUEST_TIMEOUT);
    let message = alice.message(format!("sip:nobody@{address}"), "hello");
    let lost = message.try_send().await;
    assert!(lost.is_err(), "{lost:?}");
    assert_eq!(server.counters().abandoned, 1);
    assert_eq!(server.counters().overdue, 0, "a branch has its own timers");
}

/// A request of a dialog that the proxy has never heard of, with or without a Route of its own.
fn of_a_dialog(method: &str, alice: &TestClient, bob: &TestClient, route: &str) -> String {
    format!(
        "{method} sip:bob@{} SIP/2.0\r\nVia: SIP/2.0/UDP {};branch=z9hG4bK{method};rport\r\nMax-Forwards: 70\r\n{route}\
         From: <sip:alice@example.com>;tag=a\r\nTo: <sip:bob@example.com>;tag=b\r\nCall-ID: elsewhere\r\n\
         CSeq: 2 {method}\r\nContent-Length: 0\r\n\r\n",
        bob.address(),
        alice.address(),
    )
}

#[spigot::test]
async fn a_dialog_that_the_proxy_has_not_seen_begin_goes_through() {
    let House { alice, bob, server } = house().await;
    // That of a proxy which has been started anew since has a token that it does not know.
    let before = "Route: <sip:0123456789@192.0.2.1:5060;lr>\r\n";
    for route in ["", before] {
        alice.send_raw(of_a_dialog("BYE", &alice, &bob, route)).await;
        let refused = alice.expect_status(StatusCode::CALL_DOES_NOT_EXIST).await;
        assert_eq!(to_tag(&refused), "b");
        tokio::time::sleep(Duration::from_secs(40)).await;
    }
    assert_eq!(server.ladder().times("481 BYE").len(), 4, "they are bob's");
    alice.send_raw(of_a_dialog("ACK", &alice, &bob, before)).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(
        server.ladder().times("ACK").len(),
        2,
        "it is passed on by its Route"
    );
    assert_eq!(server.counters().stray_acks, 0);
    alice.send_raw(of_a_dialog("ACK", &alice, &bob, "")).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(
        server.ladder().times("ACK").len(),
        3,
        "the proxy is not on its way"
    );
    assert_eq!(server.counters().stray_acks, 1);
}

/// A user agent that forwards messages.
struct Both;

#[sip_router]
impl Both {
    #[message]
    async fn message(&self, proxy: Proxy, uri: Uri) -> Result<Reply, ForwardError> {
        relay(&proxy, &uri.to_string()).await
    }

    #[invite]
    async fn invite(&self) -> StatusCode {
        StatusCode::OK
    }
}

#[spigot::test]
async fn a_proxy_answers_481_for_what_is_no_business_of_its_proxy_routes() {
    let server = TestServer::start(Both).await;
    let alice = server.client("sip:alice@example.com").await;
    let bob = server.client("sip:bob@example.com").await;
    for method in ["BYE", "INVITE", "INFO"] {
        alice.send_raw(of_a_dialog(method, &alice, &bob, "")).await;
        alice.expect_status(StatusCode::CALL_DOES_NOT_EXIST).await;
    }
    assert!(bob.ladder().times("481").len() == 3, "they are the proxy's own");
    let mut invite = alice.invite("sip:bob@example.com").start().await;
    let answer = invite.response().await;
    assert_eq!(invite.dialog(&answer).bye().await.status(), StatusCode::OK);
}

/// A user agent, which has a route for each request outside of dialogs.
struct Phone;

#[sip_router]
impl Phone {
    #[any]
    async fn any(&self) -> StatusCode {
        StatusCode::OK
    }
}

#[spigot::test]
async fn a_user_agent_answers_481_for_a_dialog_that_it_does_not_have() {
    let server = TestServer::start(Phone).await;
    let alice = server.client("sip:alice@example.com").await;
    for method in [
        Method::BYE,
        Method::INFO,
        Method::UPDATE,
        Method::NOTIFY,
        Method::INVITE,
    ] {
        let to = "<sip:bob@example.com>;tag=nobody";
        let request = alice
            .request(method.clone(), "sip:bob@example.com")
            .header("To", to);
        assert_eq!(
            request.send().await.status(),
            StatusCode::CALL_DOES_NOT_EXIST,
            "{method}"
        );
    }
}
