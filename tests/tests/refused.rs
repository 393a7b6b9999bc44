//! Who is refused is told: requests whose Via, From, To, Call-ID or CSeq cannot be read, octet for octet,
//! over real sockets.

use std::net::SocketAddr;

use spigot::Transport;
use spigot_tests::{Answer, Datagrams, Draft, Running, Stream, TRANSPORTS, Web};

/// A connection or a socket to the server.
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

    async fn send(&mut self, octets: Vec<u8>) {
        match self {
            Wire::Datagrams(socket) => socket.send(octets).await,
            Wire::Stream(stream) => assert!(stream.send(octets).await),
            Wire::Web(socket) => assert!(socket.send(octets).await),
        }
    }

    /// Waits for the next response; `None` if the server has closed.
    async fn receive(&mut self) -> Option<Answer> {
        match self {
            Wire::Datagrams(socket) => Some(socket.receive().await),
            Wire::Stream(stream) => stream.receive().await,
            Wire::Web(socket) => socket.receive().await,
        }
    }
}

/// A good OPTIONS from that socket, with one text replaced. `{hex}` stands for the octet of that value.
fn odd(transport: Transport, local: SocketAddr, (replaced, by): (&str, &str)) -> Vec<u8> {
    let text = format!(
        "OPTIONS sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/{transport} {local};branch=z9hG4bK1;rport\r\n\
         Max-Forwards: 70\r\nFrom: Alice <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\n\
         Call-ID: 1@example.com\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    );
    assert!(text.contains(replaced), "{replaced} is not there");
    octets(&text.replacen(replaced, by, 1))
}

fn octets(text: &str) -> Vec<u8> {
    let (mut octets, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once('{') {
        let (digits, after) = after.split_once('}').expect("a value in braces");
        octets.extend(before.as_bytes());
        octets.push(u8::from_str_radix(digits, 16).expect("two hexadecimal digits"));
        rest = after;
    }
    octets.extend(rest.as_bytes());
    octets
}

fn has(answer: &Answer, part: &[u8]) -> bool {
    answer.octets.windows(part.len()).any(|window| window == part)
}

/// Sends octets and a good OPTIONS behind them; gives what came before the answer to that, and whether the
/// connection goes on.
async fn answers(server: &Running, transport: Transport, edit: (&str, &str)) -> (Vec<u8>, Vec<Answer>, bool) {
    let mut wire = Wire::to(server, transport).await;
    let sent = odd(transport, wire.local(), edit);
    let options = Draft::new("OPTIONS", "sip:example.com", transport.as_str(), wire.local());
    match &mut wire {
        // What is behind octets that end a stream must not be lost on the way.
        Wire::Stream(stream) => assert!(stream.send([sent.clone(), options.octets()].concat()).await),
        wire => {
            wire.send(sent.clone()).await;
            wire.send(options.octets()).await;
        }
    }
    let mut answers = Vec::new();
    while let Some(next) = wire.receive().await {
        if next.value("Call-ID") == options.value("Call-ID") {
            assert_eq!(next.status(), 200, "OPTIONS afterwards");
            return (sent, answers, true);
        }
        answers.push(next);
    }
    (sent, answers, false)
}

/// The text that is replaced, the text in its place, and a line that comes back.
const UNREADABLE: &[(&str, &str, &str)] = &[
    (
        "From: Alice",
        "From: \"Ren{e9}\"",
        "From: \"Ren{e9}\" <sip:alice@example.com>;tag=1",
    ),
    ("Alice", "A{00}B", "From: A{00}B <sip:alice@example.com>;tag=1"),
    ("Alice", "\"Alice", "From: \"Alice <sip:alice@example.com>;tag=1"),
    (
        "To: <sip:bob",
        "t: {ff}{fe}<sip:bob",
        "t: {ff}{fe}<sip:bob@example.com>",
    ),
    (
        "To: <sip:bob@",
        "To: <sip:b{f6}b@",
        "To: <sip:b{f6}b@example.com>",
    ),
    ("Call-ID: 1", "i: {c3}{28}", "i: {c3}{28}@example.com"),
    ("1@example", "1{00}@example", "Call-ID: 1{00}@example.com"),
    ("1 OPTIONS", "1 OPTIONS{e9}", "CSeq: 1 OPTIONS{e9}"),
    ("1 OPTIONS", "99999999999 OPTIONS", "CSeq: 99999999999 OPTIONS"),
    (";rport", ";rport;;x", ";branch=z9hG4bK1;rport;;x"),
    (";branch", ";{e9}=1;branch", ";{e9}=1;branch=z9hG4bK1;rport"),
    ("Via: SIP", "Via: {ff}, SIP", "Via: {ff}, SIP/2.0/"),
    ("Max-Forwards", "v:\r\nMax-Forwards", "v:"),
    ("From", "X-From", "To: <sip:bob@example.com>;tag="),
    ("Call-ID", "X-Call-ID", "CSeq: 1 OPTIONS"),
];

#[tokio::test]
async fn who_is_refused_is_told_once_over_every_transport_and_gets_its_lines_octet_for_octet() {
    let server = Running::start().await;
    for transport in TRANSPORTS {
        for (replaced, by, line) in UNREADABLE {
            let (sent, answers, goes_on) = answers(&server, transport, (replaced, by)).await;
            let case = format!("{by} over {transport}");
            assert_eq!(answers.len(), 1, "{case}");
            assert_eq!(answers[0].status(), 400, "{case}");
            assert!(has(&answers[0], &octets(line)), "{case}: {:?}", answers[0].octets);
            assert!(
                answers[0].octets.len() <= sent.len() + 400,
                "no more than a few headers: {case}"
            );
            assert!(goes_on, "the connection goes on: {case}");
        }
    }
    server.goes_on().await;
}

#[tokio::test]
async fn the_answer_to_a_datagram_is_the_same_each_time_and_leaves_nothing_behind() {
    let server = Running::start().await;
    let mut tags = Vec::new();
    for _ in 0..3 {
        let edit = ("Via: SIP", "Via: {ff}, SIP");
        let mut wire = Wire::to(&server, Transport::Udp).await;
        wire.send(odd(
            Transport::Udp,
            SocketAddr::from(([192, 0, 2, 7], 5060)),
            edit,
        ))
        .await;
        // The Via names somebody else: the source is the one who is told.
        let answer = wire.receive().await.expect("an answer");
        tags.push(answer.to_tag().expect("a tag").to_owned());
    }
    assert!(tags.iter().all(|tag| *tag == tags[0]), "{tags:?}");
    assert_eq!(server.spigot().counters().refused, 3);
    assert_eq!(server.spigot().counters().requests, 0);
    server.goes_on().await;
}

#[tokio::test]
async fn a_line_that_cannot_be_framed_is_told_of_with_the_lines_behind_it() {
    let server = Running::start().await;
    for edit in [
        (";tag=1\r\n", ";tag=1\n"),
        ("Max-Forwards: 70\r\n", "Max-Forwards: 70\n"),
        ("CSeq", "X: y\nCSeq"),
        ("CSeq", "X: y\n z\r\nCSeq"),
    ] {
        for transport in [Transport::Tcp, Transport::Tls] {
            let (_, answers, goes_on) = answers(&server, transport, edit).await;
            let statuses: Vec<u16> = answers.iter().map(Answer::status).collect();
            assert_eq!(
                (statuses, goes_on),
                (vec![400], false),
                "{edit:?} over {transport}"
            );
            assert_eq!(answers[0].value("CSeq"), "1 OPTIONS");
        }
        for transport in [Transport::Udp, Transport::Ws] {
            let (_, answers, goes_on) = answers(&server, transport, edit).await;
            let statuses: Vec<u16> = answers.iter().map(Answer::status).collect();
            assert_eq!(
                (statuses, goes_on),
                (vec![400], true),
                "{edit:?} over {transport}"
            );
        }
    }
    server.goes_on().await;
}

#[tokio::test]
async fn nothing_answers_an_answer_an_ack_or_what_names_no_sender() {
    let server = Running::start().await;
    let start = "OPTIONS sip:bob@example.com SIP/2.0\r\nVia: SIP";
    for edit in [
        (start, "ACK sip:bob@example.com SIP/2.0\r\nVia: ;SIP"),
        (start, "SIP/2.0 200 OK\r\nVia: ;SIP"),
        (start, " SIP/2.0 400 Bad Request\r\nVia: SIP"),
        (start, "{00}SIP/2.0 400 Bad Request\r\nVia: SIP"),
        (start, "RTSP/1.0 200 OK\r\nVia: SIP"),
        ("CSeq", "X-CSeq"),
        ("Via", "X-Via"),
        ("Alice <sip:alice@example.com>;tag=1\r\n", "\r\n\r\n"),
    ] {
        for transport in [Transport::Udp, Transport::Ws] {
            let (_, answers, goes_on) = answers(&server, transport, edit).await;
            assert!(answers.is_empty() && goes_on, "{edit:?} over {transport}");
        }
    }
    server.goes_on().await;
}
