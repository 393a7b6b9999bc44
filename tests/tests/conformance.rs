//! RFC 3261 as a peer sees it, over every transport, on IPv4 and IPv6 with nothing faked, and on the
//! in-memory network.
//!
//! What needs time (retransmissions, Timer B) is tested on virtual time elsewhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use spigot::testing::TestClient;
use spigot::{Limits, Method, RequestError, StatusCode, Transport};
use spigot_tests::{Datagrams, Draft, Peer, Running, Stream, TRANSPORTS, loopback};
use tokio::net::TcpListener;

const SDP: &str =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
const FAMILIES: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// Each case over every transport, on IPv4 and IPv6, and in memory: a server and a raw peer of it, both new.
macro_rules! on_every_wire {
    ($($case:ident),+ $(,)?) => {
        mod sockets {
            $(
                #[tokio::test]
                async fn $case() {
                    for ip in super::FAMILIES {
                        for transport in super::TRANSPORTS {
                            let server = super::Running::with(ip, super::Limits::default()).await;
                            let peer = server.peer(transport).await;
                            super::$case(server, peer).await;
                        }
                    }
                }
            )+
        }

        mod memory {
            $(
                #[spigot::test]
                async fn $case() {
                    for transport in [super::Transport::Udp, super::Transport::Tcp] {
                        let server = super::Running::in_memory().await;
                        let peer = server.peer(transport).await;
                        super::$case(server, peer).await;
                    }
                }
            )+
        }
    };
}

on_every_wire!(
    the_topmost_via_tells_where_a_request_came_from,
    vias_come_back_in_their_order,
    a_response_repeats_the_request_and_has_a_to_tag,
    what_is_refused_says_what_would_be_taken,
    an_answered_invite_makes_a_dialog,
    a_request_for_a_dialog_that_nobody_knows_is_refused_and_an_ack_is_not_answered,
    a_cancel_ends_the_invite_it_matches,
    a_request_that_came_by_two_ways_is_answered_once,
    a_shutdown_refuses_what_is_new_and_finishes_what_is_under_way,
);

/// The ACK or CANCEL of an INVITE: its top Via, and all that identifies it.
fn of_invite(invite: &Draft, method: &str, uri: &str, to: &str) -> Draft {
    let draft = Draft::new(method, uri, "UDP", "unused").set("Via", invite.value("Via"));
    let draft = draft.set("From", invite.value("From")).set("To", to);
    draft
        .set("Call-ID", invite.value("Call-ID"))
        .set("CSeq", format!("1 {method}"))
}

#[tokio::test]
async fn a_client_registers_calls_cancels_and_hangs_up() {
    for ip in FAMILIES {
        let server = Running::with(ip, Limits::default()).await;
        for listener in server.spigot().listeners() {
            let alice = TestClient::connect(&listener.to_string()).await;
            assert_eq!(
                alice.register().send().await.status(),
                StatusCode::OK,
                "{listener}"
            );
            let echo = alice.message("sip:bob@example.com", "hello").send().await;
            assert_eq!(echo.body().as_ref(), b"hello", "{listener}");

            let mut call = alice
                .invite("sip:bob@example.com")
                .body("application/sdp", SDP)
                .start()
                .await;
            let answer = call.response().await;
            assert_eq!(answer.status(), StatusCode::OK, "{listener}");
            let dialog = call.dialog(&answer);
            assert_eq!(dialog.bye().await.status(), StatusCode::OK, "{listener}");
            let again = dialog.request(Method::BYE).try_send().await;
            assert!(matches!(again, Err(RequestError::DialogEnded)), "{listener}");

            let mut call = alice.invite("sip:ring@example.com").start().await;
            call.expect_provisional(StatusCode::RINGING).await;
            call.cancel();
            assert_eq!(
                call.response().await.status(),
                StatusCode::REQUEST_TERMINATED,
                "{listener}"
            );

            let busy = alice.invite("sip:busy@example.com").send().await;
            assert_eq!(busy.status(), StatusCode::BUSY_HERE, "{listener}");
        }
        server.goes_on().await;
    }
}

async fn the_topmost_via_tells_where_a_request_came_from(_server: Running, mut peer: Peer) {
    let local = peer.local();
    let (ip, port, name) = (local.ip(), local.port(), peer.transport().as_str());
    // RFC 3581 §4: rport gets its value, and received comes with it.
    let asked = peer.draft("OPTIONS", "sip:example.com");
    let answer = peer.ask(&asked).await;
    let via = answer.value("Via").to_owned();
    assert!(via.contains(&format!(";rport={port}")), "{via}");
    assert!(via.contains(&format!(";received={ip}")), "{via}");
    // RFC 3261 §18.2.1: a host name is never where a packet came from; an address that is, needs no more.
    let branch = spigot_tests::unique();
    let via = format!("SIP/2.0/{name} client.example.com:{port};branch=z9hG4bK{branch}");
    let asked = peer.draft("OPTIONS", "sip:example.com").set("Via", via.clone());
    let answer = peer.ask(&asked).await;
    assert_eq!(answer.all("Via"), [format!("{via};received={ip}")]);
    let via = format!("SIP/2.0/{name} {local};branch=z9hG4bK{branch}x");
    let asked = peer.draft("OPTIONS", "sip:example.com").set("Via", via.clone());
    let answer = peer.ask(&asked).await;
    assert_eq!(answer.all("Via"), [via]);
}

async fn vias_come_back_in_their_order(_server: Running, mut peer: Peer) {
    let below = [
        "SIP/2.0/TLS p1.example.com;branch=z9hG4bKp1",
        "SIP/2.0/UDP 192.0.2.7:5080;branch=z9hG4bKp2",
    ];
    let asked = peer
        .draft("OPTIONS", "sip:example.com")
        .add("Via", below[0])
        .add("v", below[1]);
    let answer = peer.ask(&asked).await;
    let vias = answer.all("Via");
    assert_eq!(vias[1..], below, "as they were, below the one that was stamped");
    assert!(vias[0].contains("received="), "{}", vias[0]);
}

#[tokio::test]
async fn over_udp_an_answer_goes_where_the_via_says() {
    for ip in FAMILIES {
        let server = Running::with(ip, Limits::default()).await;
        let sender = Datagrams::new(server.udp).await;
        let listener = Datagrams::new(server.udp).await;
        let draft = |via: String| Draft::new("OPTIONS", "sip:example.com", "UDP", "unused").set("Via", via);
        let branch = || format!("branch=z9hG4bK{}", spigot_tests::unique());
        // RFC 3261 §18.2.2: without rport to the port of sent-by, of the address that the packet came from.
        for host in [host(ip), "client.example.com".to_owned(), "192.0.2.1".to_owned()] {
            let via = format!("SIP/2.0/UDP {host}:{};{}", listener.local().port(), branch());
            sender.send(draft(via).octets()).await;
            assert_eq!(listener.receive().await.status(), 200, "{host}");
        }
        // RFC 3581 §4: with it to where the packet came from, and from where the packet went to.
        let via = format!("SIP/2.0/UDP {};{};rport", listener.local(), branch());
        sender.send(draft(via).octets()).await;
        let answer = sender.receive().await;
        assert_eq!(answer.from, server.udp);
        // A refusal too, which no transaction stands behind.
        let via = format!("SIP/2.0/UDP {};{}", listener.local(), branch());
        sender.send(draft(via).remove("From").octets()).await;
        assert_eq!(listener.receive().await.status(), 400);
    }
    let server = Running::start().await;
    let sender = Datagrams::new(server.udp).await;
    let listener = Datagrams::at(SocketAddr::new(loopback(), 0), server.udp).await;
    let (maddr, port) = (listener.local().ip(), listener.local().port());
    let via = format!(
        "SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{};maddr={maddr}",
        spigot_tests::unique()
    );
    sender
        .send(
            Draft::new("OPTIONS", "sip:example.com", "UDP", "unused")
                .set("Via", via)
                .octets(),
        )
        .await;
    assert_eq!(listener.receive().await.status(), 200, "to maddr");
}

fn host(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

#[tokio::test]
async fn an_answer_whose_connection_is_gone_goes_to_the_sent_by_address() {
    let server = Running::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let sent_by = listener.local_addr().expect("its address");
    let mut stream = Stream::connect(server.tcp).await;
    let invite = Draft::new("INVITE", "sip:slow@example.com", "TCP", sent_by);
    assert!(stream.send(invite.octets()).await);
    assert_eq!(stream.receive().await.expect("ringing").status(), 180);
    // Closed for good, which the server finds out by sending to it.
    drop(stream);
    server.until_closed(1).await;
    server.let_one_go();
    // RFC 3261 §18.2.2: "the server SHOULD open a connection to the IP address in the "received" parameter,
    // if present, using the port in the "sent-by" value".
    let opened = tokio::time::timeout(std::time::Duration::from_secs(10), listener.accept()).await;
    assert!(opened.is_ok(), "no connection to {sent_by}");
}

#[tokio::test]
async fn a_client_that_sends_no_more_gets_its_answer_all_the_same() {
    let server = Running::start().await;
    let mut stream = Stream::connect(server.tcp).await;
    let invite = Draft::new("INVITE", "sip:slow@example.com", "TCP", stream.local());
    assert!(stream.send(invite.octets()).await);
    stream.finish().await;
    assert_eq!(stream.receive().await.expect("ringing").status(), 180);
    server.goes_on().await;
    server.let_one_go();
    assert_eq!(stream.receive().await.expect("the answer").status(), 200);
    assert!(stream.receive().await.is_none());
}

async fn a_response_repeats_the_request_and_has_a_to_tag(_server: Running, mut peer: Peer) {
    let uri = "sip:bob@example.com";
    let statuses = [
        (peer.draft("OPTIONS", uri), 200),
        (peer.draft("REGISTER", uri), 200),
        (peer.draft("SUBSCRIBE", uri).add("Event", "presence"), 405),
        (peer.draft("JUMP", uri), 501),
        (peer.draft("OPTIONS", "foo:bar"), 416),
        (peer.draft("REGISTER", uri).add("Require", "nothing-here"), 420),
        (peer.draft("MESSAGE", uri).body("image/png", "x"), 415),
        (peer.draft("INVITE", "sip:busy@example.com"), 486),
        (peer.draft("CANCEL", uri), 481),
        (peer.draft("BYE", uri), 481),
        (peer.draft("OPTIONS", uri).set("CSeq", "2 INVITE"), 400),
    ];
    for (asked, status) in statuses {
        let answer = peer.ask(&asked).await;
        assert_eq!(answer.status(), status, "{asked:?}");
        for name in ["From", "Call-ID", "CSeq"] {
            assert_eq!(answer.all(name), [asked.value(name)], "{name} of a {status}");
        }
        let to = answer.value("To");
        let tag = answer
            .to_tag()
            .unwrap_or_else(|| panic!("no To tag in a {status}: {to}"));
        assert_eq!(to, format!("{};tag={tag}", asked.value("To")));
        assert!(!tag.is_empty());
        assert_eq!(answer.all("Content-Length").len(), 1);
    }
}

async fn what_is_refused_says_what_would_be_taken(_server: Running, mut peer: Peer) {
    let asked = peer
        .draft("SUBSCRIBE", "sip:bob@example.com")
        .add("Event", "presence");
    let allowed = "REGISTER, MESSAGE, INVITE, BYE, ACK, CANCEL, OPTIONS";
    let sorted = |text: &str| {
        let mut words: Vec<_> = text.split(',').map(|word| word.trim().to_owned()).collect();
        words.sort();
        words
    };
    assert_eq!(sorted(peer.ask(&asked).await.value("Allow")), sorted(allowed));
    let asked = peer
        .draft("REGISTER", "sip:example.com")
        .add("Require", "100rel, fly");
    assert_eq!(
        sorted(peer.ask(&asked).await.value("Unsupported")),
        ["100rel", "fly"]
    );
    let asked = peer
        .draft("INVITE", "sip:bob@example.com")
        .body("text/plain", "x");
    assert_eq!(peer.ask(&asked).await.value("Accept"), "application/sdp");
    let asked = peer.draft("OPTIONS", "sip:bob@example.com");
    let answer = peer.ask(&asked).await;
    assert_eq!(sorted(answer.value("Allow")), sorted(allowed));
    assert_eq!(sorted(answer.value("Accept")), ["application/sdp", "text/plain"]);
    assert_eq!(answer.all("Supported").len(), 1);
}

async fn an_answered_invite_makes_a_dialog(server: Running, mut peer: Peer) {
    let routes = ["<sip:p2.example.com;lr>", "<sip:p1.example.com;lr>"];
    let invite = peer
        .draft("INVITE", "sip:bob@example.com")
        .body("application/sdp", SDP);
    let invite = invite
        .add("Record-Route", routes[0])
        .add("Record-Route", routes[1]);
    let answer = peer.ask(&invite).await;
    assert_eq!(answer.status(), 200);
    // RFC 3261 §12.1.1: all Record-Routes, in their order, and a Contact at which it is reached.
    assert_eq!(answer.all("Record-Route"), routes);
    let address = server.address(peer.transport());
    let parameter = match peer.transport() {
        Transport::Udp => String::new(),
        transport => format!(";transport={transport}"),
    };
    let contact = answer.value("Contact");
    assert!(
        contact.contains(&format!("{address}{parameter}>")),
        "{contact}: not {address}{parameter}"
    );
    let to = answer.value("To").to_owned();
    let in_dialog = |method: &str, cseq: u32, peer: &Peer| {
        let draft = peer
            .draft(method, "sip:bob@example.com")
            .set("From", invite.value("From"))
            .set("To", &to);
        draft
            .set("Call-ID", invite.value("Call-ID"))
            .set("CSeq", format!("{cseq} {method}"))
    };
    peer.send(&in_dialog("ACK", 1, &peer)).await;
    // §12.2.2: a CSeq that is lower is refused, and does not end the dialog; a stranger's tag is nobody's.
    let old = peer.ask(&in_dialog("BYE", 0, &peer)).await;
    assert_eq!(old.status(), 500);
    let stranger = in_dialog("BYE", 5, &peer).set("To", "<sip:bob@example.com>;tag=nobody");
    assert_eq!(peer.ask(&stranger).await.status(), 481);
    assert_eq!(peer.ask(&in_dialog("BYE", 6, &peer)).await.status(), 200);
    assert_eq!(peer.ask(&in_dialog("BYE", 7, &peer)).await.status(), 481);
}

async fn a_request_for_a_dialog_that_nobody_knows_is_refused_and_an_ack_is_not_answered(
    _server: Running,
    mut peer: Peer,
) {
    let uri = "sip:bob@example.com";
    for method in ["INVITE", "BYE", "MESSAGE", "OPTIONS", "INFO", "NOTIFY"] {
        let asked = peer
            .draft(method, uri)
            .set("To", "<sip:bob@example.com>;tag=gone");
        let answer = peer.ask(&asked).await;
        assert_eq!(answer.status(), 481, "{method}");
        assert_eq!(answer.to_tag(), Some("gone"), "{method}");
    }
    let ack = peer.draft("ACK", uri).set("To", "<sip:bob@example.com>;tag=gone");
    peer.send(&ack).await;
    let options = peer.draft("OPTIONS", uri);
    peer.send(&options).await;
    assert_eq!(peer.receive().await.value("Call-ID"), options.value("Call-ID"));
}

#[tokio::test]
async fn a_retransmission_gets_the_same_octets() {
    for ip in FAMILIES {
        let server = Running::with(ip, Limits::default()).await;
        let mut peer = server.peer(Transport::Udp).await;
        let asked = peer
            .draft("MESSAGE", "sip:bob@example.com")
            .body("text/plain", "once");
        let first = peer.ask(&asked).await;
        let handled = server.spigot().counters().requests;
        for _ in 0..3 {
            assert_eq!(peer.ask(&asked).await.octets, first.octets);
        }
        assert_eq!(server.spigot().counters().requests, handled + 3);
        let busy = peer.draft("INVITE", "sip:busy@example.com");
        let first = peer.ask(&busy).await;
        assert_eq!(peer.ask(&busy).await.octets, first.octets);
        peer.send(&of_invite(
            &busy,
            "ACK",
            "sip:busy@example.com",
            first.value("To"),
        ))
        .await;
        let ring = peer.draft("INVITE", "sip:ring@example.com");
        peer.send(&ring).await;
        let first = peer.receive().await;
        assert_eq!(first.status(), 180);
        peer.send(&ring).await;
        assert_eq!(peer.receive().await.octets, first.octets);
    }
}

async fn a_cancel_ends_the_invite_it_matches(_server: Running, mut peer: Peer) {
    let uri = "sip:ring@example.com";
    let invite = peer.draft("INVITE", uri);
    peer.send(&invite).await;
    let ringing = peer.receive().await;
    assert_eq!(ringing.status(), 180);
    // RFC 3261 §9.2: 200 to the CANCEL, 487 to the INVITE, and one To tag for all that it answers.
    let cancel = of_invite(&invite, "CANCEL", uri, invite.value("To"));
    peer.send(&cancel).await;
    let (one, other) = (peer.receive().await, peer.receive().await);
    let (cancelled, terminated) = if one.value("CSeq") == "1 CANCEL" {
        (one, other)
    } else {
        (other, one)
    };
    assert_eq!((cancelled.status(), cancelled.value("CSeq")), (200, "1 CANCEL"));
    assert_eq!((terminated.status(), terminated.value("CSeq")), (487, "1 INVITE"));
    assert_eq!(terminated.to_tag(), ringing.to_tag());
    assert_eq!(cancelled.to_tag(), ringing.to_tag());
    peer.send(&of_invite(&invite, "ACK", uri, terminated.value("To")))
        .await;
    // What is over cannot be cancelled, and the ACK was not answered.
    let options = peer.draft("OPTIONS", "sip:example.com");
    peer.send(&options).await;
    assert_eq!(peer.receive().await.value("Call-ID"), options.value("Call-ID"));
}

async fn a_request_that_came_by_two_ways_is_answered_once(_server: Running, mut peer: Peer) {
    let uri = "sip:ring@example.com";
    let invite = peer.draft("INVITE", uri);
    peer.send(&invite).await;
    assert_eq!(peer.receive().await.status(), 180);
    // RFC 3261 §8.2.2.2: the same From tag, Call-ID and CSeq, in another transaction.
    let merged = invite.clone().set("Via", peer.draft("INVITE", uri).value("Via"));
    assert_eq!(peer.ask(&merged).await.status(), 482);
    let cancel = of_invite(&invite, "CANCEL", uri, invite.value("To"));
    assert_eq!(peer.ask(&cancel).await.status(), 200);
    assert_eq!(peer.answer(&invite).await.status(), 487);
}

#[tokio::test]
async fn a_request_to_a_peer_that_is_connected_uses_its_connection() {
    let server = Running::start().await;
    let mut stream = Stream::connect(server.tcp).await;
    let options = Draft::new("OPTIONS", "sip:example.com", "TCP", stream.local());
    assert!(stream.send(options.octets()).await);
    assert_eq!(stream.receive().await.expect("an answer").status(), 200);
    let uri = format!("sip:alice@{};transport=tcp", stream.local());
    let client = server.spigot().client();
    let mut asked = client
        .request(Method::OPTIONS, uri.as_str())
        .start()
        .await
        .expect("it leaves");
    assert_eq!(asked.flow().transport(), Transport::Tcp);
    let octets = stream.receive_raw(4096).await;
    let request = String::from_utf8_lossy(&octets).into_owned();
    assert!(
        request.starts_with(&format!("OPTIONS {uri} SIP/2.0\r\n")),
        "{request}"
    );
    let copied: String = request
        .lines()
        .filter(|line| {
            ["Via", "From", "To", "Call-ID", "CSeq"]
                .iter()
                .any(|name| line.starts_with(&format!("{name}:")))
        })
        .flat_map(|line| [line, "\r\n"])
        .collect();
    assert!(
        stream
            .send(format!("SIP/2.0 200 OK\r\n{copied}Content-Length: 0\r\n\r\n"))
            .await
    );
    assert_eq!(
        asked.response().await.expect("our answer").status(),
        StatusCode::OK
    );
}

async fn a_shutdown_refuses_what_is_new_and_finishes_what_is_under_way(server: Running, mut peer: Peer) {
    let invite = peer.draft("INVITE", "sip:slow@example.com");
    peer.send(&invite).await;
    assert_eq!(peer.receive().await.status(), 180);
    let gate = server.gate();
    let listeners = server.spigot().listeners().to_vec();
    let shutdown = tokio::spawn(server.shutdown());
    tokio::task::yield_now().await;
    let options = peer.draft("OPTIONS", "sip:example.com");
    let refused = peer.ask(&options).await;
    assert_eq!(refused.status(), 503);
    assert!(
        refused.value("Retry-After").parse::<u32>().is_ok(),
        "{:?}",
        refused.all("Retry-After")
    );
    assert!(!shutdown.is_finished());
    gate.add_permits(1);
    assert_eq!(peer.answer(&invite).await.status(), 200);
    let ended = tokio::time::timeout(std::time::Duration::from_secs(10), shutdown).await;
    assert!(
        matches!(ended, Ok(Ok(()))),
        "{}: {ended:?}",
        peer.transport().as_str()
    );
    // Its ports are free again, but for connections that the system still winds up. In memory there are none.
    for listener in listeners.iter().filter(|it| it.address.ip().is_loopback()) {
        match listener.transport {
            Transport::Udp => drop(tokio::net::UdpSocket::bind(listener.address).await.expect("free")),
            _ => {
                let connected = tokio::net::TcpStream::connect(listener.address).await;
                assert!(connected.is_err(), "{listener}: nobody listens any more");
            }
        }
    }
}
