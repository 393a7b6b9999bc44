//! What the client does when something goes wrong: forks, callers that are gone, connections that are gone,
//! an endpoint that has ended.

use std::time::Duration;

use spigot::testing::{Faults, TestClient, TestServer};
use spigot::{
    Client, ClientTransaction, Config, Header, HeaderName, Limits, Method, Request, RequestError, Spigot,
    StatusCode, Transport, header, sip_router,
};

struct Quiet;

#[sip_router]
impl Quiet {
    #[message]
    async fn message(&self) -> StatusCode {
        std::future::pending().await
    }

    #[invite]
    async fn invite(&self) -> StatusCode {
        StatusCode::OK
    }

    #[invite(in_dialog)]
    async fn again(&self) -> StatusCode {
        tokio::time::sleep(Duration::from_secs(5)).await;
        StatusCode::OK
    }

    #[bye]
    async fn bye(&self) -> StatusCode {
        StatusCode::OK
    }
}

/// A response as a peer of its own making would write it.
fn response(request: &Request, status: &str, tag: &str, contact: &str) -> String {
    let header = |name| request.headers().get(name).unwrap_or_default();
    format!(
        "SIP/2.0 {status}\r\nVia: {}\r\nFrom: {}\r\nTo: {};tag={tag}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
         Contact: {contact}\r\nContent-Length: 0\r\n\r\n",
        header(&HeaderName::VIA),
        header(&HeaderName::FROM),
        header(&HeaderName::TO),
        header(&HeaderName::CALL_ID),
        header(&HeaderName::CSEQ),
    )
}

async fn call(client: &Client, alice: &TestClient) -> ClientTransaction {
    let invite = client.invite("sip:alice@example.com");
    let invite = invite.to_address(Transport::Udp, alice.address());
    invite.start().await.expect("it can be sent")
}

#[spigot::test]
async fn each_branch_of_a_fork_is_acknowledged_each_time_and_hung_up_on_once() {
    let server = TestServer::start(Quiet).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = call(&server.spigot().client(), &alice).await;
    let ring = alice.expect(Method::INVITE).await;
    let contact = format!("<sip:alice@{}>", alice.address());

    for tag in ["one", "two", "one", "two", "three", "two"] {
        alice
            .send_raw(response(ring.request(), "200 OK", tag, &contact))
            .await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }

    let answer = invite.response().await.expect("an answer");
    assert!(
        answer
            .headers()
            .get(&HeaderName::TO)
            .unwrap()
            .ends_with("tag=one")
    );
    assert_eq!(server.ladder().times("ACK 1").len(), 6);
    assert_eq!(server.ladder().times("BYE 2").len(), 2, "{}", server.ladder());
}

#[spigot::test]
async fn a_fork_is_hung_up_on_where_the_caller_acknowledges() {
    let server = TestServer::start(Quiet).await;
    let alice = server.client("sip:alice@example.com").await;
    let invite = server.spigot().client().invite("sip:alice@example.com");
    let invite = invite.to_address(Transport::Udp, alice.address()).without_ack();
    let mut invite = invite.start().await.unwrap();
    let ring = alice.expect(Method::INVITE).await;
    let contact = format!("<sip:alice@{}>", alice.address());

    for tag in ["one", "two", "one", "two"] {
        alice
            .send_raw(response(ring.request(), "200 OK", tag, &contact))
            .await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }

    invite.response().await.expect("an answer");
    assert_eq!(server.ladder().times("ACK 1").len(), 2, "{}", server.ladder());
    assert_eq!(server.ladder().times("BYE 2").len(), 1, "{}", server.ladder());
}

/// Answers the next INVITE with 200.
async fn pick_up(alice: &TestClient) {
    let contact: header::Contact = format!("<sip:alice@{}>", alice.address()).parse().unwrap();
    let ring = alice.expect(Method::INVITE).await;
    ring.reply((StatusCode::OK, Header(contact)));
}

#[spigot::test]
async fn what_the_caller_acknowledges_is_acknowledged_by_its_number_and_as_often_as_it_comes() {
    let server = TestServer::start(Quiet).await;
    let alice = server.client("sip:alice@example.com").await;
    let client = server.spigot().client();
    let invite = client.invite("sip:alice@example.com");
    let invite = invite.to_address(Transport::Udp, alice.address()).without_ack();
    let mut invite = invite.start().await.unwrap();
    pick_up(&alice).await;
    let answer = invite.response().await.expect("an answer");
    let dialog = invite.dialog(&answer).unwrap();

    for acknowledged in ["1 ACK", "3 ACK"] {
        let mut between = dialog.request(Method::INFO).start().await.unwrap();
        alice.expect(Method::INFO).await.reply(StatusCode::OK);
        between.response().await.unwrap();
        server.network().set_faults(Faults::none().loss(1.0));
        dialog.acknowledge();
        server.network().set_faults(Faults::none());
        let ack = alice.expect(Method::ACK).await;
        assert_eq!(ack.headers().get(&HeaderName::CSEQ), Some(acknowledged));
        if acknowledged == "1 ACK" {
            // Now an INVITE inside the call.
            let again = dialog.request(Method::INVITE).without_ack();
            let mut again = again.start().await.unwrap();
            pick_up(&alice).await;
            again.response().await.unwrap();
        }
    }
    alice.expect_nothing(Duration::from_secs(60)).await;
    assert!(server.ladder().times("BYE").is_empty(), "{}", server.ladder());
}

#[spigot::test]
async fn ack_and_cancel_are_no_requests_of_their_own() {
    let server = TestServer::start(Quiet).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = call(&server.spigot().client(), &alice).await;
    pick_up(&alice).await;
    let answer = invite.response().await.unwrap();
    let dialog = invite.dialog(&answer).unwrap();
    let client = server.spigot().client();
    for (method, instead) in [
        (Method::ACK, "Dialog::acknowledge"),
        (Method::CANCEL, "ClientTransaction::cancel"),
    ] {
        let outside = client.request(method.clone(), "sip:alice@example.com");
        let outside = outside.to_address(Transport::Udp, alice.address());
        for request in [outside, dialog.request(method.clone())] {
            let error = request.send().await.expect_err("it is refused").to_string();
            assert!(error.contains(instead), "{method}: {error}");
        }
    }
}

#[spigot::test]
async fn a_call_whose_answer_nobody_read_is_hung_up() {
    let server = TestServer::start(Quiet).await;
    let alice = server.client("sip:alice@example.com").await;
    let invite = alice.invite("sip:bob@example.com").start().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(server.ladder().times("ACK 1").len(), 1);

    drop(invite);
    tokio::time::sleep(Duration::from_secs(1)).await;

    assert_eq!(server.ladder().times("200 BYE").len(), 1, "{}", server.ladder());
}

#[spigot::test]
async fn a_call_goes_on_when_nobody_waits_for_its_re_invite() {
    let server = TestServer::start(Quiet).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = alice.invite("sip:bob@example.com").start().await;
    let answer = invite.response().await;
    let dialog = invite.dialog(&answer);
    let again = dialog.request(Method::INVITE).start().await;
    // The 200 crosses the end of patience.
    tokio::time::sleep(Duration::from_secs(6)).await;

    drop(again);
    tokio::time::sleep(Duration::from_secs(1)).await;

    assert!(server.ladder().times("BYE").is_empty(), "{}", server.ladder());
    assert_eq!(dialog.request(Method::BYE).send().await.status(), StatusCode::OK);
}

#[spigot::test]
async fn requests_under_way_fail_when_the_endpoint_ends() {
    let server = TestServer::start(Quiet).await;
    let alice = server.client("sip:alice@example.com").await;
    let client = server.spigot().client();
    let mut options = client
        .options("sip:alice@example.com")
        .to_address(Transport::Udp, alice.address())
        .start()
        .await
        .unwrap();
    let waiting = tokio::spawn(async move { options.response().await });
    alice.expect(Method::OPTIONS).await;

    server.shutdown().await;

    let error = waiting.await.unwrap().unwrap_err();
    assert!(matches!(error, RequestError::ShutDown), "{error}");
    let late = client
        .options("sip:alice@example.com")
        .to_address(Transport::Udp, alice.address());
    let error = late.send().await.unwrap_err();
    assert!(matches!(error, RequestError::ShutDown), "{error}");
}

#[spigot::test]
async fn a_request_in_a_dialog_connects_again_when_the_connection_is_gone() {
    let server = TestServer::start(Quiet).await;
    let alice = server.client_over(Transport::Tcp, "sip:alice@example.com").await;
    let mut invite = alice.invite("sip:bob@example.com").start().await;
    let answer = invite.response().await;
    let dialog = invite.dialog(&answer);
    // The server refuses to frame this, and closes.
    alice.send_raw("Content-Length: no number\r\n\r\n").await;
    alice.expect_closed(1).await;

    let bye = dialog.bye().await;

    assert_eq!(bye.status(), StatusCode::OK);
}

#[spigot::test]
async fn an_invite_that_rings_for_ever_is_cancelled() {
    let mut limits = Limits::default();
    limits.ringing = Duration::from_secs(60);
    let server = TestServer::start_with(Quiet, |config| config.limits(limits)).await;
    let alice = server.client("sip:alice@example.com").await;
    let mut invite = call(&server.spigot().client(), &alice).await;
    let before = tokio::time::Instant::now();
    let ring = alice.expect(Method::INVITE).await;
    let contact = format!("<sip:alice@{}>", alice.address());
    alice
        .send_raw(response(ring.request(), "180 Ringing", "one", &contact))
        .await;

    let end = tokio::time::timeout(Duration::from_secs(1000), invite.response()).await;

    let end = end.expect("it ends by itself").expect("the peer answers");
    assert_eq!(end.status(), StatusCode::REQUEST_TERMINATED);
    assert_eq!(before.elapsed().as_secs(), 60);
}

/// What a peer on the loopback reads of an INVITE from an endpoint that listens at every address.
async fn from_everywhere(transport: Transport) -> (String, u16) {
    let config = Config::new(Quiet).listen(transport, 0);
    let spigot = Spigot::start(config).await.expect("a free port");
    let port = spigot.listeners()[0].address.port();
    let mut octets = vec![0; 4096];
    let datagrams = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let streams = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (peer, invite) = match transport {
        Transport::Udp => (datagrams.local_addr().unwrap(), "sip:alice@example.com"),
        _ => (
            streams.local_addr().unwrap(),
            "sip:alice@example.com;transport=tcp",
        ),
    };
    let invite = spigot.client().invite(invite).to_address(transport, peer);
    let _under_way = invite.start().await.expect("it leaves");
    let read = match transport {
        Transport::Udp => datagrams.recv(&mut octets).await.unwrap(),
        _ => {
            let (mut stream, _) = streams.accept().await.unwrap();
            tokio::io::AsyncReadExt::read(&mut stream, &mut octets)
                .await
                .unwrap()
        }
    };
    octets.truncate(read);
    (String::from_utf8(octets).unwrap(), port)
}

#[tokio::test]
async fn via_contact_and_from_say_where_the_client_is_reached() {
    for (transport, via) in [(Transport::Udp, "UDP"), (Transport::Tcp, "TCP")] {
        let (invite, port) = from_everywhere(transport).await;
        assert!(!invite.contains("0.0.0.0"), "{invite}");
        assert!(
            invite.contains(&format!("Via: SIP/2.0/{via} 127.0.0.1:{port};")),
            "{port}: {invite}"
        );
        assert!(
            invite.contains(&format!("Contact: <sip:spigot@127.0.0.1:{port}")),
            "{port}: {invite}"
        );
        assert!(invite.contains("From: <sip:spigot@127.0.0.1>;tag="), "{invite}");
    }
}

/// Not every system has more than one address on its loopback.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn of_several_listeners_the_one_that_the_peer_is_reached_from_sends() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let config = Config::new(Quiet)
            .listen(transport, ([127, 0, 0, 2], 0))
            .listen(transport, ([127, 0, 0, 1], 0));
        let spigot = Spigot::start(config).await.expect("free ports");
        let peer = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let options = spigot.client().options("sip:alice@example.com");
        let options = options.to_address(transport, peer.local_addr().unwrap());
        let options = options.start().await.expect("it leaves");
        assert_eq!(options.flow().local(), spigot.listeners()[1].address);
    }
}

#[tokio::test]
async fn both_families_answer_from_one_port() {
    let everywhere = std::net::Ipv6Addr::UNSPECIFIED;
    let Ok(free) = std::net::UdpSocket::bind((everywhere, 0)) else {
        return; // a machine without IPv6
    };
    let port = free.local_addr().unwrap().port();
    drop(free);
    let config = Config::new(Quiet)
        .listen(Transport::Udp, (everywhere, port))
        .listen(Transport::Udp, port);
    let _spigot = Spigot::start(config).await.expect("a free port");
    for host in ["127.0.0.1", "[::1]"] {
        let mut alice = TestClient::connect(&format!("udp:{host}:{port}")).await;
        alice.set_patience(Duration::from_secs(2));
        let options = alice.options(format!("sip:bob@{host}")).send();
        let answer = tokio::time::timeout(Duration::from_secs(3), options).await;
        assert_eq!(answer.expect("an answer").status(), StatusCode::OK, "{host}");
    }
}
