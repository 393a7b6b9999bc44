//! One suite of requests to one router, over real sockets and over the in-memory network: the replies are the
//! same.
//!
//! The agent has no code for errors. What a request gets that no route takes, the library answers.

use std::net::SocketAddr;

use spigot::plug::LimitBody;
use spigot::sip::Response;
use spigot::testing::{Clock, TestClient, TestServer, run};
use spigot::{
    Body, Bytes, Config, Header, Path, Router, Spigot, StatusCode, Transaction, Transport, header, sip_router,
};
use spigot_tests::Draft;

/// A few ordinary routes.
struct Desk;

/// The session description of a room.
fn session(room: u32) -> String {
    format!("v=0\r\no=- {room} 1 IN IP4 192.0.2.8\r\ns=room {room}\r\nt=0 0\r\n")
}

#[sip_router]
impl Desk {
    #[invite("sip:{room}@rooms.example.com", content_type = "application/sdp")]
    async fn join(&self, Path(room): Path<u32>) -> (StatusCode, Body) {
        (StatusCode::OK, Body::new("application/sdp", session(room)))
    }

    #[invite("sip:ring@*")]
    async fn ring(&self, transaction: Transaction) -> StatusCode {
        let _ = transaction.provisional(StatusCode::RINGING);
        transaction.cancelled().await;
        StatusCode::REQUEST_TERMINATED
    }

    #[invite(in_dialog)]
    async fn change(&self) -> (StatusCode, Body) {
        (StatusCode::OK, Body::new("application/sdp", session(0)))
    }

    #[message(content_type = "text/plain")]
    async fn message(&self, text: String) -> (StatusCode, Body) {
        (StatusCode::OK, Body::new("text/plain", format!("heard: {text}")))
    }

    #[subscribe(event = "presence")]
    async fn watch(&self) -> (StatusCode, Header<header::Expires>) {
        (StatusCode::OK, Header(header::Expires::new(600)))
    }

    #[publish(event = "presence")]
    #[through(LimitBody::new(8))]
    async fn publish(&self, _state: Bytes) -> StatusCode {
        StatusCode::OK
    }

    #[register]
    async fn register(
        &self,
        Header(expires): Header<header::Expires>,
    ) -> (StatusCode, Header<header::Expires>) {
        (StatusCode::OK, Header(expires))
    }

    #[info(package = "dtmf")]
    async fn key(&self) -> StatusCode {
        StatusCode::OK
    }
}

const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, MESSAGE, SUBSCRIBE, PUBLISH, REGISTER, INFO, OPTIONS";

/// A header that must be there, once, with this value.
type Must = (&'static str, &'static str);

/// Who sends the suite, and what was answered.
struct Peer {
    client: TestClient,
    transport: Transport,
    server: SocketAddr,
    /// What came and was not asked for yet.
    unread: Vec<Response>,
    /// The To tags that the server gave, in the order in which they were first seen.
    tags: Vec<String>,
    replies: Vec<String>,
}

impl Peer {
    fn new(client: TestClient, transport: Transport, server: SocketAddr) -> Peer {
        Peer {
            client,
            transport,
            server,
            unread: Vec::new(),
            tags: Vec::new(),
            replies: Vec::new(),
        }
    }

    /// A request whose branch, From tag and Call-ID follow from the name of its case. It names no address.
    fn draft(&self, case: &str, method: &str, uri: &str) -> Draft {
        let (local, via) = ("client.example.com", self.transport.as_str());
        Draft::new(method, uri, via, local)
            .set(
                "Via",
                format!("SIP/2.0/{via} {local};branch=z9hG4bK-{case};rport"),
            )
            .set("From", format!("<sip:alice@example.com>;tag={case}"))
            .set("Call-ID", format!("{case}@example.com"))
    }

    /// A request in the dialog that `answer` to the INVITE `first` made.
    fn inside(&self, first: &Draft, answer: &Response, cseq: u32, method: &str) -> Draft {
        let case = first.value("Call-ID").trim_end_matches("@example.com");
        let branch = format!("{case}-{cseq}-{method}");
        let draft = self.draft(case, method, "sip:17@rooms.example.com");
        let via = draft
            .value("Via")
            .replace(&format!("-{case};"), &format!("-{branch};"));
        draft
            .set("Via", via)
            .set("To", value(answer, "To"))
            .set("CSeq", format!("{cseq} {method}"))
    }

    async fn send(&self, draft: &Draft) {
        self.client.send_raw(draft.octets()).await;
    }

    /// Sends `draft`, and sees that the answer has this status and these headers.
    async fn ask(&mut self, draft: &Draft, status: u16, must: &[Must]) -> Response {
        self.send(draft).await;
        self.hear(draft, status, must).await
    }

    /// The next answer to `draft` that is not 100. A refusal of an INVITE is acknowledged.
    async fn hear(&mut self, draft: &Draft, status: u16, must: &[Must]) -> Response {
        let answers = |response: &Response| {
            ["Call-ID", "CSeq"]
                .iter()
                .all(|name| value(response, name) == draft.value(name))
        };
        let response = loop {
            if let Some(at) = self.unread.iter().position(answers) {
                break self.unread.remove(at);
            }
            let next = self.client.expect_response().await;
            // A server may say that it is trying, and say its answer again, whenever it takes long.
            if next.status() != StatusCode::TRYING && !self.replies.contains(&self.normalised(&next)) {
                self.unread.push(next);
            }
        };
        self.learn(draft, &response);
        let reply = self.normalised(&response);
        assert_eq!(response.status().as_u16(), status, "{draft:?}\n{reply}");
        for (name, expected) in must {
            assert_eq!(all(&response, name), [*expected], "{name}\n{reply}");
        }
        self.replies.push(reply);
        if draft.value("CSeq").ends_with("INVITE") && status >= 300 {
            self.send(&acknowledgement(draft, &response)).await;
        }
        response
    }

    /// Remembers the tag that the server gave.
    fn learn(&mut self, draft: &Draft, response: &Response) {
        let given = value(response, "To").strip_prefix(draft.value("To"));
        if let Some(tag) = given.and_then(|rest| rest.strip_prefix(";tag="))
            && !self.tags.iter().any(|known| known == tag)
        {
            self.tags.push(tag.to_owned());
        }
    }

    /// The response as text, without what differs from network to network: addresses, and tags of the server.
    fn normalised(&self, response: &Response) -> String {
        let ip = self.client.address().ip();
        // A connection has a port of its own.
        let port = value(response, "Via").split(";rport=").nth(1).unwrap_or_default();
        let port = port.split(';').next().unwrap_or_default();
        let mut text = format!("{} {}\n", response.status().as_u16(), response.reason());
        for field in response.headers().iter() {
            text += &format!("{}: {}\n", field.name(), field.value());
        }
        for (number, tag) in self.tags.iter().enumerate() {
            text = text.replace(&format!(";tag={tag}"), &format!(";tag=server-{number}"));
        }
        text = text
            .replace(&self.server.to_string(), "SERVER")
            .replace(&format!(";received={ip}"), ";received=ADDRESS")
            .replace(&format!(";rport={port}"), ";rport=PORT");
        text + "\n" + &String::from_utf8_lossy(response.body())
    }
}

fn all<'r>(response: &'r Response, name: &str) -> Vec<&'r str> {
    let headers = response.headers().iter();
    headers
        .filter(|field| field.name().as_str().eq_ignore_ascii_case(name))
        .map(|field| field.value())
        .collect()
}

fn value<'r>(response: &'r Response, name: &str) -> &'r str {
    all(response, name).first().copied().unwrap_or_default()
}

/// The suite; what was answered, in its order.
async fn suite(mut peer: Peer) -> Vec<String> {
    ordinary(&mut peer).await;
    refused(&mut peer).await;
    refused_for_want_of_a_dialog(&mut peer).await;
    call(&mut peer).await;
    cancelled(&mut peer).await;
    capabilities(&mut peer).await;
    let unread = peer.unread.iter().map(|response| peer.normalised(response));
    for reply in unread {
        assert!(peer.replies.contains(&reply), "nobody asked for\n{reply}");
    }
    peer.replies
}

async fn ordinary(peer: &mut Peer) {
    let asked = peer.draft("echo", "MESSAGE", "sip:desk@example.com");
    let answer = peer
        .ask(
            &asked.body("text/plain;charset=utf-8", "hello"),
            200,
            &[("Content-Type", "text/plain"), ("Content-Length", "12")],
        )
        .await;
    assert_eq!(answer.body().as_ref(), b"heard: hello");
    let asked = peer
        .draft("register", "REGISTER", "sip:example.com")
        .add("Expires", "60");
    peer.ask(&asked, 200, &[("Expires", "60")]).await;
    let asked = peer
        .draft("watch", "SUBSCRIBE", "sip:desk@example.com")
        .add("Event", "presence");
    peer.ask(&asked, 200, &[("Expires", "600")]).await;
    let asked = peer
        .draft("publish", "PUBLISH", "sip:desk@example.com")
        .add("Event", "presence")
        .body("text/plain", "away");
    peer.ask(&asked, 200, &[]).await;
    // A plug of the library refuses.
    let asked = peer
        .draft("big-publish", "PUBLISH", "sip:desk@example.com")
        .add("Event", "presence")
        .body("text/plain", "away for long");
    peer.ask(&asked, 413, &[]).await;
}

async fn refused(peer: &mut Peer) {
    let desk = "sip:desk@example.com";
    let message = |peer: &Peer, case: &str| peer.draft(case, "MESSAGE", desk);
    let cases: [(Draft, u16, &[Must]); 12] = [
        // No pattern matches; no capture parses.
        (peer.draft("no-pattern", "INVITE", desk), 404, &[]),
        (
            peer.draft("no-number", "INVITE", "sip:seventeen@rooms.example.com"),
            404,
            &[],
        ),
        (peer.draft("no-route", "REFER", desk), 405, &[("Allow", ALLOW)]),
        (
            message(peer, "type").body("image/png", "x"),
            415,
            &[("Accept", "text/plain")],
        ),
        (
            peer.draft("type-of-invite", "INVITE", "sip:17@rooms.example.com")
                .body("text/plain", "x"),
            415,
            &[("Accept", "application/sdp")],
        ),
        (
            peer.draft("scheme", "MESSAGE", "mailto:desk@example.com"),
            416,
            &[],
        ),
        (
            message(peer, "extension").add("Require", "100rel, fly"),
            420,
            &[("Unsupported", "100rel, fly")],
        ),
        (
            peer.draft("event", "SUBSCRIBE", desk).add("Event", "dialog"),
            489,
            &[("Allow-Events", "presence")],
        ),
        (peer.draft("unknown-method", "JUMP", desk), 501, &[]),
        (
            peer.draft("bad-header", "REGISTER", "sip:example.com")
                .add("Expires", "soon"),
            400,
            &[(
                "Warning",
                "399 spigot \"Expires cannot be read: expected a number of seconds below 2^32\"",
            )],
        ),
        (
            peer.draft("no-header", "REGISTER", "sip:example.com"),
            400,
            &[("Warning", "399 spigot \"Expires is missing\"")],
        ),
        (message(peer, "cseq").set("CSeq", "1 OPTIONS"), 400, &[]),
    ];
    for (asked, status, must) in cases {
        peer.ask(&asked, status, must).await;
    }
}

async fn refused_for_want_of_a_dialog(peer: &mut Peer) {
    let uri = "sip:17@rooms.example.com";
    for method in ["INVITE", "MESSAGE", "BYE", "INFO", "OPTIONS"] {
        let asked = peer
            .draft(&format!("stranger-{method}"), method, uri)
            .set("To", format!("<{uri}>;tag=nobody"));
        peer.ask(&asked, 481, &[("To", "<sip:17@rooms.example.com>;tag=nobody")])
            .await;
    }
    let bye = peer.draft("bye-of-nothing", "BYE", uri);
    peer.ask(&bye, 481, &[]).await;
    let cancel = peer.draft("cancel-of-nothing", "CANCEL", uri);
    peer.ask(&cancel, 481, &[]).await;
    let ack = peer.draft("ack-of-nothing", "ACK", uri);
    peer.send(&ack).await;
}

async fn call(peer: &mut Peer) {
    let invite = peer
        .draft("call", "INVITE", "sip:17@rooms.example.com")
        .body("application/sdp", session(1));
    let answer = peer
        .ask(&invite, 200, &[("Content-Type", "application/sdp")])
        .await;
    assert_eq!(answer.body().as_ref(), session(17).as_bytes());
    assert!(
        value(&answer, "Contact").contains(&peer.server.to_string()),
        "{}",
        value(&answer, "Contact")
    );
    peer.send(&peer.inside(&invite, &answer, 1, "ACK")).await;

    let again = peer
        .inside(&invite, &answer, 2, "INVITE")
        .body("application/sdp", session(1));
    let changed = peer
        .ask(&again, 200, &[("Content-Type", "application/sdp")])
        .await;
    assert_eq!(changed.body().as_ref(), session(0).as_bytes());
    peer.send(&peer.inside(&invite, &answer, 2, "ACK")).await;

    let key = |cseq, package: &str, peer: &Peer| {
        let info = peer.inside(&invite, &answer, cseq, "INFO");
        info.add("Info-Package", package)
    };
    peer.ask(&key(3, "dtmf", peer), 200, &[]).await;
    peer.ask(&key(4, "weather", peer), 469, &[("Recv-Info", "dtmf")])
        .await;
    // No route: the session stays as it is, and ends when it is asked to.
    let update = peer.inside(&invite, &answer, 5, "UPDATE");
    peer.ask(&update, 488, &[]).await;
    let bye = peer.inside(&invite, &answer, 6, "BYE");
    peer.ask(&bye, 200, &[]).await;
    let bye = peer.inside(&invite, &answer, 7, "BYE");
    peer.ask(&bye, 481, &[]).await;
}

async fn cancelled(peer: &mut Peer) {
    let invite = peer.draft("ring", "INVITE", "sip:ring@example.com");
    peer.ask(&invite, 180, &[]).await;
    let cancel = peer
        .draft("ring", "CANCEL", "sip:ring@example.com")
        .set("CSeq", "1 CANCEL");
    peer.ask(&cancel, 200, &[]).await;
    peer.hear(&invite, 487, &[]).await;
}

async fn capabilities(peer: &mut Peer) {
    let options = peer.draft("options", "OPTIONS", "sip:desk@example.com");
    let must = [
        ("Allow", ALLOW),
        ("Accept", "application/sdp, text/plain"),
        ("Supported", ""),
        ("Allow-Events", "presence"),
    ];
    peer.ask(&options, 200, &must).await;
}

/// The ACK to a refusal of `invite`.
fn acknowledgement(invite: &Draft, refusal: &Response) -> Draft {
    let uri = invite
        .value("To")
        .split(['<', '>'])
        .nth(1)
        .expect("a URI between brackets");
    Draft::new("ACK", uri, "", "")
        .set("Via", invite.value("Via"))
        .set("From", invite.value("From"))
        .set("To", value(refusal, "To"))
        .set("Call-ID", invite.value("Call-ID"))
}

async fn in_memory(router: Router, transport: Transport) -> Vec<String> {
    let server = TestServer::start(router).await;
    let client = server.client_over(transport, "sip:test@127.0.0.1").await;
    let address = server.spigot().listeners()[0].address;
    suite(Peer::new(client, transport, address)).await
}

async fn over_sockets(router: Router, transport: Transport) -> Vec<String> {
    let config = Config::new(router)
        .name("server")
        .listen(transport, ([127, 0, 0, 1], 0));
    let server = Spigot::start(config).await.expect("the loopback has a free port");
    let address = server.listeners()[0].address;
    let scheme = transport.as_str().to_ascii_lowercase();
    let client = TestClient::connect(&format!("{scheme}:{address}")).await;
    suite(Peer::new(client, transport, address)).await
}

#[test]
fn the_replies_of_one_router_are_the_same_on_both_networks() {
    let router = Router::new(Desk);
    for transport in [Transport::Udp, Transport::Tcp] {
        let memory = run(
            "in memory",
            Clock::Virtual,
            None,
            in_memory(router.clone(), transport),
        );
        let sockets = run(
            "over sockets",
            Clock::Real,
            None,
            over_sockets(router.clone(), transport),
        );
        assert_eq!(memory.len(), sockets.len());
        for (memory, sockets) in memory.iter().zip(&sockets) {
            assert_eq!(memory, sockets, "{transport}: in memory, and over sockets");
        }
    }
}
