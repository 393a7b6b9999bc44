//! A response cannot be refused, only lost: calls that are answered with responses which break rules of
//! text or have a header twice. The callee writes octets to real sockets.

use std::net::SocketAddr;

use spigot::header::{Contact, Server, SessionExpires};
use spigot::sip::{Bytes, ErrorKind, Frame, Framer, Limits, Request};
use spigot::{Config, HeaderName, Method, Response, Spigot, StatusCode, Transport, sip_router};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

struct Quiet;

#[sip_router]
impl Quiet {}

/// The callee's end: a socket, or the connection that the caller has opened.
enum Callee {
    Datagrams(UdpSocket),
    Listener(TcpListener),
    Stream(TcpStream, Framer),
}

impl Callee {
    async fn at(transport: Transport) -> Callee {
        let local = SocketAddr::from(([127, 0, 0, 1], 0));
        match transport {
            Transport::Udp => Callee::Datagrams(UdpSocket::bind(local).await.expect("a free port")),
            _ => Callee::Listener(TcpListener::bind(local).await.expect("a free port")),
        }
    }

    fn address(&self) -> SocketAddr {
        let address = match self {
            Callee::Datagrams(socket) => socket.local_addr(),
            Callee::Listener(listener) => listener.local_addr(),
            Callee::Stream(stream, _) => stream.local_addr(),
        };
        address.expect("a bound socket has an address")
    }

    /// Waits for the next request with that method.
    async fn request(&mut self, method: Method) -> Request {
        loop {
            let octets = self.message().await;
            let request = Request::parse(octets).expect("the caller sends requests");
            if *request.method() == method {
                return request;
            }
        }
    }

    async fn message(&mut self) -> Bytes {
        loop {
            match self {
                Callee::Datagrams(socket) => {
                    let mut buffer = vec![0; 65_536];
                    let (length, peer) = socket.recv_from(&mut buffer).await.expect("a datagram");
                    socket.connect(peer).await.expect("a peer");
                    buffer.truncate(length);
                    return buffer.into();
                }
                Callee::Listener(listener) => {
                    let (stream, _) = listener.accept().await.expect("a connection");
                    *self = Callee::Stream(stream, Framer::new(Limits::default()));
                }
                Callee::Stream(stream, framer) => match framer.next().expect("the caller frames") {
                    Some(Frame::Message(octets)) => return octets,
                    Some(Frame::Ping) => {}
                    None => {
                        let read = stream.read_buf(framer.buffer()).await.expect("octets");
                        assert!(read > 0, "the caller has closed");
                    }
                },
            }
        }
    }

    async fn send(&mut self, octets: &[u8]) {
        match self {
            Callee::Datagrams(socket) => {
                socket.send(octets).await.expect("the loopback takes a datagram");
            }
            Callee::Stream(stream, _) => stream.write_all(octets).await.expect("the caller reads"),
            Callee::Listener(_) => panic!("there is no connection"),
        }
    }
}

/// Writes a response to `request` with `status`, in which the texts are replaced. `{hex}` stands for the
/// octet of that value.
fn response(request: &Request, contact: SocketAddr, status: &str, edits: &[(&str, &str)]) -> Vec<u8> {
    let value = |name| request.headers().get(name).unwrap_or_default();
    let to = value(&HeaderName::TO);
    let tag = if to.contains(";tag=") { "" } else { ";tag=callee" };
    let mut text = format!(
        "SIP/2.0 {status}\r\nVia: {}\r\nFrom: {}\r\nTo: {to}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
         Contact: <sip:callee@{contact};transport={}>\r\nContent-Length: 2\r\n\r\nok",
        value(&HeaderName::VIA),
        value(&HeaderName::FROM),
        value(&HeaderName::CALL_ID),
        value(&HeaderName::CSEQ),
        if value(&HeaderName::VIA).contains("TCP") {
            "tcp"
        } else {
            "udp"
        },
    );
    for (replaced, by) in edits {
        assert!(text.contains(replaced), "{replaced} is not there");
        text = text.replacen(replaced, by, 1);
    }
    let (mut octets, mut rest) = (Vec::new(), &*text);
    while let Some((before, after)) = rest.split_once('{') {
        let (digits, after) = after.split_once('}').expect("a value in braces");
        octets.extend(before.as_bytes());
        octets.push(u8::from_str_radix(digits, 16).expect("two hexadecimal digits"));
        rest = after;
    }
    octets.extend(rest.as_bytes());
    octets
}

/// Calls a callee who answers with an odd 183 and an odd 200 of these statuses, and hangs up; gives the two.
async fn call(transport: Transport, statuses: [&str; 2], edits: &[(&str, &str)]) -> [Response; 2] {
    let config = Config::new(Quiet)
        .listen(Transport::Udp, ([127, 0, 0, 1], 0))
        .listen(Transport::Tcp, ([127, 0, 0, 1], 0));
    let spigot = Spigot::start(config).await.expect("an endpoint");
    let mut callee = Callee::at(transport).await;
    let address = callee.address();
    let client = spigot.client();
    let invite = client
        .invite("sip:callee@example.com")
        .to_address(transport, address);
    let mut invite = invite.start().await.expect("it can be sent");

    let request = callee.request(Method::INVITE).await;
    callee
        .send(&response(&request, address, statuses[0], edits))
        .await;
    let progress = invite.provisional().await.expect("the 183 is not lost");
    callee
        .send(&response(&request, address, statuses[1], edits))
        .await;
    let answer = invite.response().await.expect("the 200 is not lost");
    callee.request(Method::ACK).await;
    let dialog = invite.dialog(&answer).expect("a call");
    let hung_up = tokio::spawn(async move { dialog.request(Method::BYE).send().await });
    let bye = callee.request(Method::BYE).await;
    callee.send(&response(&bye, address, "200 OK", &[])).await;
    let ended = hung_up.await.expect("no panic").expect("an answer to BYE");
    assert_eq!(ended.status(), StatusCode::OK);
    [progress, answer]
}

/// Calls over UDP and TCP, and checks both odd responses.
async fn taken(edits: &[(&str, &str)], check: impl Fn(&Response)) {
    taken_with(["183 Session Progress", "200 OK"], edits, check).await;
}

async fn taken_with(statuses: [&str; 2], edits: &[(&str, &str)], check: impl Fn(&Response)) {
    for transport in [Transport::Udp, Transport::Tcp] {
        let responses = call(transport, statuses, edits).await;
        assert_eq!(responses[0].status(), StatusCode::SESSION_PROGRESS);
        assert_eq!(responses[1].status(), StatusCode::OK);
        for response in responses {
            assert_eq!(response.body(), "ok");
            check(&response);
        }
    }
}

fn value<'a>(response: &'a Response, name: &'static str) -> &'a str {
    let name = HeaderName::from_token(name).expect("a name");
    response.headers().get(&name).unwrap_or_default()
}

#[tokio::test]
async fn a_header_that_may_be_there_once_may_be_there_twice_and_its_type_says_so() {
    let twice = "Server: PBX one\r\nServer: gateway two\r\nContact";
    taken(&[("Contact", twice)], |response| {
        let error = response.headers().typed::<Server>().map(drop).unwrap_err();
        assert_eq!(
            (error.kind(), error.header()),
            (ErrorKind::Duplicate, Some("Server"))
        );
    })
    .await;
    let twice = "Session-Expires: 1800;refresher=uac\r\nSession-Expires: 1800;refresher=uac\r\nContact";
    taken(&[("Contact", twice)], |response| {
        let error = response
            .headers()
            .typed::<SessionExpires>()
            .map(drop)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Duplicate);
    })
    .await;
    let twice = "User-Agent: a\r\nUser-Agent: b\r\nDate: x\r\nDate: y\r\nMax-Forwards: z\r\nContact";
    taken(&[("Contact", twice)], |response| {
        assert_eq!(value(response, "Date"), "x")
    })
    .await;
}

#[tokio::test]
async fn a_reason_and_a_value_may_be_in_latin_1() {
    taken_with(["183 Appel achemin{e9}", "200 D{e9}croch{e9}"], &[], |response| {
        assert!(response.reason().ends_with('\u{e9}'), "{}", response.reason());
    })
    .await;
    taken(&[("Contact", "Server: M{fc}nchen\r\nContact")], |response| {
        assert_eq!(value(response, "Server"), "M\u{fc}nchen");
    })
    .await;
    taken(&[("To: <", "To: \"Ren{e9}\" <")], |response| {
        assert!(value(response, "To").starts_with("\"Ren\u{e9}\" <"));
    })
    .await;
    taken(&[("Contact: <", "Contact: \"Ren{e9}\" <")], |response| {
        let contact = response.headers().typed::<Contact>().unwrap().unwrap();
        assert_eq!(contact.display_name().as_deref(), Some("Ren\u{e9}"));
    })
    .await;
}

#[tokio::test]
async fn a_line_may_end_with_a_line_feed_alone() {
    taken(&[("Contact", "X-A: b\nX-C: d\r\nContact")], |response| {
        assert_eq!((value(response, "X-A"), value(response, "X-C")), ("b", "d"));
    })
    .await;
    taken(&[("\r\nFrom", "\nFrom")], |_| {}).await;
    taken(&[("INVITE\r\n", "INVITE\n"), ("\r\nVia", "\nVia")], |_| {}).await;
}

#[tokio::test]
async fn a_line_that_is_none_and_a_control_character_are_no_reason_to_lose_an_answer() {
    taken(&[("Contact", "Server: x{00}\r\nContact")], |response| {
        assert_eq!(value(response, "Server"), "x\u{fffd}");
    })
    .await;
    taken(
        &[("Contact", "no colon\r\n and its fold\r\nContact")],
        |response| {
            assert_eq!(response.headers().len(), 7);
        },
    )
    .await;
}

#[tokio::test]
async fn a_response_without_reason_is_taken() {
    for statuses in [["183 ", "200 "], ["183", "200"]] {
        taken_with(statuses, &[], |response| assert_eq!(response.reason(), "")).await;
    }
}

#[tokio::test]
async fn what_decides_is_read_strictly_and_a_good_answer_behind_it_is_the_one() {
    let config = Config::new(Quiet).listen(Transport::Udp, ([127, 0, 0, 1], 0));
    let spigot = Spigot::start(config).await.expect("an endpoint");
    let mut callee = Callee::at(Transport::Udp).await;
    let address = callee.address();
    let client = spigot.client();
    let invite = client
        .invite("sip:callee@example.com")
        .to_address(Transport::Udp, address);
    let mut invite = invite.start().await.expect("it can be sent");
    let request = callee.request(Method::INVITE).await;
    for edit in [
        ("tag=callee", "tag={e9}"),
        ("tag=callee", "tag=callee\r\nt: <sip:b@example.com>"),
        ("Call-ID: ", "Call-ID: {e9}"),
        ("Call-ID: ", "Call-ID: another-"),
        ("Call-ID: ", "i: 1\r\nCall-ID: "),
        ("CSeq: ", "CSeq: 1 INVITE\r\nCSeq: "),
        ("branch=", "branch={e9}"),
        ("Content-Length", "l: 2\r\nContent-Length"),
        ("\r\n\r\n", "\n\r\n"),
        ("Contact", "X: a{0d}b\r\nContact"),
    ] {
        let octets = response(&request, address, "486 Busy Here", &[edit]);
        callee.send(&octets).await;
    }
    callee.send(&response(&request, address, "200 OK", &[])).await;
    let answer = invite.response().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    callee.request(Method::ACK).await;
    let counters = spigot.counters();
    assert_eq!((counters.dropped, counters.stray_responses), (9, 1));
}
