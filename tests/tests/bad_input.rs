//! Input that is not good SIP, over real sockets: each gets the documented answer, a drop or a close, and the
//! server goes on.

use std::net::SocketAddr;
use std::time::Duration;

use spigot::{Limits, Transport};
use spigot_tests::{Answer, Datagrams, Draft, Running, Stream, TRANSPORTS, Web};

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Met {
    /// This final answer, and the connection is still good.
    Answered(u16),
    /// No answer, and the connection is still good.
    Dropped,
    /// The connection was closed, after this answer if there was one.
    Closed(Option<u16>),
}
use Met::{Answered, Closed, Dropped};

/// Where each message comes whole: what is wrong with one says nothing of the next.
const APART: [Transport; 3] = [Transport::Udp, Transport::Ws, Transport::Wss];

/// Where messages come one behind the other.
const IN_A_ROW: [Transport; 2] = [Transport::Tcp, Transport::Tls];

/// Whether the `nth` of many cases is tried over that: handshakes with certificates are what takes time here.
fn tried(transport: Transport, nth: usize) -> bool {
    !transport.is_secure() || nth.is_multiple_of(8)
}

/// A good request from that socket.
fn good(method: &str, transport: Transport, local: SocketAddr) -> Draft {
    Draft::new(method, "sip:bob@example.com", transport.as_str(), local)
}

/// Sends what `make` makes, and an OPTIONS behind it. The loopback keeps the order, and so does the server
/// for what it answers at once.
async fn over(server: &Running, transport: Transport, make: impl Fn(SocketAddr) -> Vec<u8>) -> Met {
    let mut wire = Wire::to(server, transport).await;
    let octets = make(wire.local());
    let options = good("OPTIONS", transport, wire.local());
    match &mut wire {
        Wire::Stream(stream) => {
            stream.send([octets, options.octets()].concat()).await;
        }
        Wire::Datagrams(socket) => {
            socket.send(octets).await;
            socket.send(options.octets()).await;
        }
        Wire::Web(socket) => {
            socket.send(octets).await;
            socket.send(options.octets()).await;
        }
    }
    met(wire, &options).await
}

/// Sends what `make` makes over a stream, and then ends the stream: the server may wait for the rest of a
/// message, and is told that none will come.
async fn cut_off(server: &Running, transport: Transport, make: impl Fn(SocketAddr) -> Vec<u8>) -> Met {
    let mut wire = Wire::to(server, transport).await;
    let octets = make(wire.local());
    let options = good("OPTIONS", transport, wire.local());
    if let Wire::Stream(stream) = &mut wire {
        stream.send(octets).await;
        stream.finish().await;
    }
    met(wire, &options).await
}

/// What comes before the answer to `options`, or the close.
async fn met(mut wire: Wire, options: &Draft) -> Met {
    let mut answer = None;
    while let Some(next) = wire.receive_final().await {
        if next.value("Call-ID") == options.value("Call-ID") {
            assert_eq!(next.status(), 200, "OPTIONS afterwards");
            return answer.map_or(Dropped, Answered);
        }
        answer.get_or_insert(next.status());
    }
    Closed(answer)
}

enum Wire {
    Datagrams(Datagrams),
    Stream(Stream),
    Web(Box<Web>),
}

impl Wire {
    async fn to(server: &Running, transport: Transport) -> Wire {
        let address = server.address(transport);
        match transport {
            Transport::Udp => Wire::Datagrams(Datagrams::new(address).await),
            Transport::Tls => Wire::Stream(Stream::connect_tls(address).await),
            Transport::Ws => Wire::Web(Box::new(Web::connect(address, false).await)),
            Transport::Wss => Wire::Web(Box::new(Web::connect(address, true).await)),
            _ => Wire::Stream(Stream::connect(address).await),
        }
    }

    fn local(&self) -> SocketAddr {
        match self {
            Wire::Datagrams(socket) => socket.local(),
            Wire::Stream(stream) => stream.local(),
            Wire::Web(socket) => socket.local(),
        }
    }

    async fn receive_final(&mut self) -> Option<Answer> {
        loop {
            let answer = match self {
                Wire::Datagrams(socket) => Some(socket.receive().await),
                Wire::Stream(stream) => stream.receive().await,
                Wire::Web(socket) => socket.receive().await,
            };
            if answer.as_ref().is_none_or(|it| it.response.status().is_final()) {
                return answer;
            }
        }
    }
}

#[tokio::test]
async fn garbage_is_dropped_and_closes_a_connection() {
    let server = Running::start().await;
    let mut state = 1u32;
    let mut noise = |octets: usize| -> Vec<u8> {
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        (0..octets).map(|_| next()).collect()
    };
    for (nth, octets) in (0..600).step_by(7).chain([1_500, 9_000, 65_000]).enumerate() {
        let garbage = noise(octets);
        for transport in APART.into_iter().filter(|it| tried(*it, nth)) {
            let met = over(&server, transport, |_| garbage.clone()).await;
            assert_eq!(met, Dropped, "{octets} octets over {transport}");
        }
        for transport in IN_A_ROW.into_iter().filter(|it| tried(*it, nth)) {
            let met = cut_off(&server, transport, |_| garbage.clone()).await;
            assert_eq!(met, Closed(None), "{octets} octets over {transport}");
        }
        // With the end of a head, so that there is something to frame.
        let garbage = [garbage, b"\r\n\r\n".to_vec()].concat();
        for transport in APART.into_iter().filter(|it| tried(*it, nth)) {
            let met = over(&server, transport, |_| garbage.clone()).await;
            assert_eq!(met, Dropped, "{octets} octets over {transport}");
        }
        for transport in IN_A_ROW.into_iter().filter(|it| octets > 0 && tried(*it, nth)) {
            let met = over(&server, transport, |_| garbage.clone()).await;
            assert_eq!(met, Closed(None), "{octets} octets over {transport}");
        }
    }
    for text in [
        "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
        "SIP/2.0\r\n\r\n",
        "\0\0\0\0",
        "\r\n",
        "\r\n\r\n\r\n",
    ] {
        for transport in APART {
            let met = over(&server, transport, |_| text.into()).await;
            assert_eq!(met, Dropped, "{text:?} over {transport}");
        }
        for transport in IN_A_ROW {
            let met = cut_off(&server, transport, |_| text.into()).await;
            assert_eq!(met, Closed(None), "{text:?} over {transport}");
        }
    }
    server.goes_on().await;
}

#[tokio::test]
async fn a_request_cut_at_any_octet_is_refused_or_dropped() {
    let server = Running::start().await;
    for method in ["OPTIONS", "INVITE"] {
        let draft = |transport, local| match method {
            "INVITE" => good(method, transport, local).body("application/sdp", "v=0\r\ns=-\r\n"),
            _ => good(method, transport, local),
        };
        let length = draft(Transport::Udp, server.udp).octets().len() - 8;
        for cut in 0..length {
            let make = |transport| move |local| draft(transport, local).octets()[..cut].to_vec();
            for transport in APART.into_iter().filter(|it| tried(*it, cut)) {
                let met = over(&server, transport, make(transport)).await;
                assert!(
                    [Dropped, Answered(400)].contains(&met),
                    "{method} cut at {cut} over {transport}: {met:?}"
                );
            }
            for transport in IN_A_ROW.into_iter().filter(|it| tried(*it, cut)) {
                let met = cut_off(&server, transport, make(transport)).await;
                assert_eq!(met, Closed(None), "{method} cut at {cut} over {transport}");
            }
        }
    }
    server.goes_on().await;
}

#[tokio::test]
async fn a_mandatory_header_must_be_there_once() {
    let server = Running::start().await;
    for transport in TRANSPORTS {
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            let met = over(&server, transport, |local| {
                good("OPTIONS", transport, local).remove(name).octets()
            })
            .await;
            // Without Via or CSeq an answer would match nothing at the peer.
            let expected = if ["Via", "CSeq"].contains(&name) {
                Dropped
            } else {
                Answered(400)
            };
            assert_eq!(met, expected, "no {name} over {transport}");
            let met = over(&server, transport, |local| {
                good("OPTIONS", transport, local).double(name).octets()
            })
            .await;
            // Several Vias are what a request has that came through proxies.
            let expected = if name == "Via" { 200 } else { 400 };
            assert_eq!(met, Answered(expected), "{name} twice over {transport}");
            let met = over(&server, transport, |local| {
                good("OPTIONS", transport, local).set(name, "?<\"").octets()
            });
            let met = met.await;
            // A Call-ID may be any word.
            let fine = met == Answered(400) || (name == "Call-ID" && met == Answered(200));
            assert!(fine, "a bad {name} over {transport}: {met:?}");
        }
        let mismatch = |local| good("OPTIONS", transport, local).set("CSeq", "1 INVITE").octets();
        assert_eq!(
            over(&server, transport, mismatch).await,
            Answered(400),
            "CSeq over {transport}"
        );
        let version = |local| {
            good("OPTIONS", transport, local)
                .start_line("OPTIONS sip:example.com SIP/3.0")
                .octets()
        };
        assert_eq!(
            over(&server, transport, version).await,
            Answered(505),
            "SIP/3.0 over {transport}"
        );
        let ack = |local| good("ACK", transport, local).remove("From").octets();
        assert_eq!(
            over(&server, transport, ack).await,
            Dropped,
            "a bad ACK over {transport}"
        );
    }
    server.goes_on().await;
}

#[tokio::test]
async fn a_wrong_content_length_is_found_out() {
    let server = Running::start().await;
    let message = |transport, local, length: &str| {
        let draft = good("REGISTER", transport, local).body("text/plain", "hello, world");
        draft.set("Content-Length", length)
    };
    for (length, apart, in_a_row) in [
        ("13", Answered(400), Closed(None)),
        ("99999999999999999999", Answered(400), Closed(Some(513))),
        ("-1", Answered(400), Closed(Some(400))),
        ("twelve", Answered(400), Closed(Some(400))),
        ("", Answered(400), Closed(Some(400))),
        ("12, 12", Answered(400), Closed(Some(400))),
        // The octets behind the message are dropped of a datagram; on a stream they are the next message,
        // which is none.
        ("5", Answered(200), Closed(Some(200))),
        ("0", Answered(200), Closed(Some(200))),
    ] {
        for transport in APART {
            let met = over(&server, transport, |local| {
                message(transport, local, length).octets()
            })
            .await;
            assert_eq!(met, apart, "Content-Length: {length} over {transport}");
        }
        for transport in IN_A_ROW {
            let make = |local| message(transport, local, length).octets();
            let met = match length {
                "13" => cut_off(&server, transport, make).await,
                _ => over(&server, transport, make).await,
            };
            assert_eq!(met, in_a_row, "Content-Length: {length} over {transport}");
        }
    }
    let two = |transport, local| message(transport, local, "12").add("l", "5").octets();
    let none = |transport, local| message(transport, local, "12").remove("Content-Length").octets();
    for transport in APART {
        let met = over(&server, transport, |local| two(transport, local)).await;
        assert_eq!(met, Answered(400), "two over {transport}");
        let met = over(&server, transport, |local| none(transport, local)).await;
        assert_eq!(met, Answered(200), "none over {transport}");
    }
    for transport in IN_A_ROW {
        let met = over(&server, transport, |local| two(transport, local)).await;
        assert_eq!(met, Closed(Some(400)), "two over {transport}");
        // RFC 3261 §20.14: on a stream it must be there.
        let met = over(&server, transport, |local| none(transport, local)).await;
        assert_eq!(met, Closed(Some(400)), "none over {transport}");
    }
    server.goes_on().await;
}

/// A request of which one part has just that size.
type Sized = fn(Draft, usize) -> Draft;

fn uri(draft: Draft, octets: usize) -> Draft {
    let uri = format!(
        "sip:{}@example.com",
        "u".repeat(octets - "sip:@example.com".len())
    );
    draft.start_line(format!("REGISTER {uri} SIP/2.0"))
}

fn header_line(draft: Draft, octets: usize) -> Draft {
    draft.add("Subject", "s".repeat(octets - "Subject: ".len()))
}

fn header_lines(draft: Draft, lines: usize) -> Draft {
    let there = String::from_utf8_lossy(&draft.octets()).lines().count() - 2;
    (there..lines).fold(draft, |draft, n| draft.add("X-Line", n.to_string()))
}

fn head(mut draft: Draft, octets: usize) -> Draft {
    while draft.octets().len() + 8_000 < octets {
        draft = draft.add("X-Fill", "x".repeat(4_000));
    }
    let rest = octets - draft.octets().len() - "X-Fill: \r\n".len();
    draft.add("X-Fill", "x".repeat(rest))
}

fn params(draft: Draft, params: usize) -> Draft {
    // The tag is one of them.
    let rest: String = (1..params).map(|n| format!(";p{n}")).collect();
    let from = draft.value("From").to_owned();
    draft.set("From", from + &rest)
}

fn message(draft: Draft, octets: usize) -> Draft {
    let mut body = octets;
    loop {
        let sized = draft.clone().body("text/plain", vec![b'b'; body]);
        match sized.octets().len() {
            length if length > octets => body -= length - octets,
            _ => return sized,
        }
    }
}

#[tokio::test]
async fn a_bound_is_kept_to_the_octet() {
    let server = Running::start().await;
    let limits = Limits::default().transport;
    let cases: [(&str, Sized, usize, Met, Met); 6] = [
        (
            "Request-URI",
            uri,
            limits.parser.uri,
            Answered(414),
            Answered(414),
        ),
        (
            "header line",
            header_line,
            limits.parser.header_line,
            Answered(400),
            Answered(400),
        ),
        (
            "header lines",
            header_lines,
            limits.parser.headers,
            Answered(400),
            Answered(400),
        ),
        (
            "parameters",
            params,
            spigot::sip::MAX_PARAMS,
            Answered(400),
            Answered(400),
        ),
        ("head", head, limits.parser.head, Answered(513), Closed(Some(513))),
        (
            "message",
            message,
            limits.parser.message,
            Dropped,
            Closed(Some(513)),
        ),
    ];
    for (what, sized, bound, apart, in_a_row) in cases {
        let make = |transport, size| {
            move |local| {
                let octets = sized(good("REGISTER", transport, local), size).octets();
                if what == "message" || what == "head" {
                    assert_eq!(octets.len(), size, "the test made the {what} it wants");
                }
                octets
            }
        };
        for transport in APART {
            // UDP cannot carry larger messages than this; a WebSocket is as a stream.
            let (bound, past) = match (what, transport) {
                ("message", Transport::Udp) => (65_507, None),
                ("message", _) => (bound, Some(in_a_row)),
                _ => (bound, Some(apart)),
            };
            let met = over(&server, transport, make(transport, bound)).await;
            assert_eq!(met, Answered(200), "{what} of {bound} over {transport}");
            if let Some(past) = past {
                let met = over(&server, transport, make(transport, bound + 1)).await;
                assert_eq!(met, past, "{what} of {bound} + 1 over {transport}");
            }
        }
        for transport in IN_A_ROW {
            let met = over(&server, transport, make(transport, bound)).await;
            assert_eq!(met, Answered(200), "{what} of {bound} over {transport}");
            let met = over(&server, transport, make(transport, bound + 1)).await;
            assert_eq!(met, in_a_row, "{what} of {bound} + 1 over {transport}");
        }
    }
    server.goes_on().await;
}

#[tokio::test]
async fn a_nul_is_an_octet_as_any_other_where_it_may_stand() {
    let server = Running::start().await;
    for transport in TRANSPORTS {
        let body = |local| {
            good("REGISTER", transport, local)
                .body("text/plain", "\0\0")
                .octets()
        };
        assert_eq!(
            over(&server, transport, body).await,
            Answered(200),
            "in a body over {transport}"
        );
        let header = |local| good("REGISTER", transport, local).add("Subject", "a\0b").octets();
        let met = over(&server, transport, header).await;
        assert!(
            matches!(met, Answered(200 | 400)),
            "in a header over {transport}: {met:?}"
        );
        let from = |local| {
            good("REGISTER", transport, local)
                .set("From", "<sip:a\0b@example.com>;tag=1")
                .octets()
        };
        // The From line cannot stand in an answer, and without it there is none.
        let met = over(&server, transport, from).await;
        assert!(
            matches!(met, Answered(400) | Dropped),
            "in a URI over {transport}: {met:?}"
        );
        let start = |local| {
            good("REGISTER", transport, local)
                .start_line("REGISTER sip:\0 SIP/2.0")
                .octets()
        };
        assert_eq!(
            over(&server, transport, start).await,
            Answered(400),
            "in the start line over {transport}"
        );
    }
    server.goes_on().await;
}

#[tokio::test]
async fn a_message_may_come_octet_by_octet_but_not_forever() {
    let mut limits = Limits::default();
    limits.transport.whole_message = Duration::from_millis(500);
    let server = Running::with([127, 0, 0, 1].into(), limits).await;
    let mut stream = Stream::connect(server.tcp).await;
    for octet in good("OPTIONS", Transport::Tcp, stream.local()).octets() {
        assert!(stream.send([octet]).await);
        tokio::task::yield_now().await;
    }
    assert_eq!(stream.receive().await.expect("an answer").status(), 200);
    let options = good("OPTIONS", Transport::Tcp, stream.local()).octets();
    assert!(stream.send(&options[..options.len() - 1]).await);
    assert!(stream.receive().await.is_none(), "a message that does not end");
    server.goes_on().await;
}

#[tokio::test]
async fn a_thousand_pipelined_requests_are_answered_in_order() {
    let server = Running::start().await;
    let mut stream = Stream::connect(server.tcp).await;
    let requests: Vec<_> = (0..1_000)
        .map(|_| good("OPTIONS", Transport::Tcp, stream.local()))
        .collect();
    let octets: Vec<u8> = requests.iter().flat_map(Draft::octets).collect();
    let answers = stream.exchange(octets, requests.len()).await;
    assert_eq!(answers.len(), requests.len());
    for (request, answer) in requests.iter().zip(&answers) {
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.value("Call-ID"), request.value("Call-ID"));
    }
    server.goes_on().await;
}

#[tokio::test]
async fn whoever_does_not_read_is_closed() {
    let server = Running::start().await;
    let mut stream = Stream::connect_narrow(server.tcp).await;
    let mut sent = 0;
    loop {
        let batch: Vec<u8> = (0..100)
            .flat_map(|_| good("OPTIONS", Transport::Tcp, stream.local()).octets())
            .collect();
        if !stream.send(batch).await {
            break;
        }
        sent += 100;
        assert!(sent < 500_000, "the server holds the answers to {sent} requests");
    }
    server.goes_on().await;
}

#[tokio::test]
async fn a_ping_is_answered_with_a_pong() {
    let server = Running::start().await;
    let mut stream = Stream::connect(server.tcp).await;
    // RFC 5626 §4.4.1: two CRLFs ask for one.
    assert!(stream.send("\r\n\r\n").await);
    assert_eq!(stream.receive_raw(16).await, b"\r\n");
    assert!(stream.send("\r\n\r\n").await);
    assert_eq!(stream.receive_raw(16).await, b"\r\n");
    assert!(
        stream
            .send(good("OPTIONS", Transport::Tcp, stream.local()).octets())
            .await
    );
    assert_eq!(stream.receive().await.expect("an answer").status(), 200);
    server.goes_on().await;
}
