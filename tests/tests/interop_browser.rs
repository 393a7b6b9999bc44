//! JsSIP in a real browser, headless Chromium, over WS and WSS: it registers, sends and receives messages,
//! and is back by itself when the server was away. The page of the example `phonebox` is seen to work.
//!
//! Without Chromium and JsSIP each test says that it was skipped, and passes; with `SPIGOT_INTEROP=strict` it
//! fails.

use std::time::Duration;

use spigot::header::{Contact, Via};
use spigot::testing::{TestClient, certificates};
use spigot::{
    Body, Config, Contacts, Header, Method, Request, Spigot, StatusCode, Transaction, Transport, sip,
    sip_router,
};
use spigot_tests::{Browser, Example};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// How long the browser may take to send what it is to send.
const PATIENCE: Duration = Duration::from_secs(60);

/// Takes every registration and every message, and shows them to the test.
struct Desk {
    seen: mpsc::Sender<Request>,
}

#[sip_router]
impl Desk {
    #[register]
    async fn register(&self, request: Request, contacts: Contacts) -> (StatusCode, Vec<Header<Contact>>) {
        let _ = self.seen.send(request).await;
        let bound = contacts.into_vec().into_iter();
        let bound = bound.filter(|contact| contact.expires() != Some(0));
        (
            StatusCode::OK,
            bound.map(|contact| Header(contact.with_expires(600))).collect(),
        )
    }

    #[message(content_type = "text/plain")]
    async fn message(&self, request: Request) -> StatusCode {
        let _ = self.seen.send(request).await;
        StatusCode::ACCEPTED
    }

    /// Rings until the caller gives up.
    #[invite("sip:ring@*", content_type = "application/sdp")]
    async fn ring(&self, request: Request, transaction: Transaction) -> StatusCode {
        let _ = self.seen.send(request).await;
        let _ = transaction.provisional(StatusCode::RINGING);
        transaction.cancelled().await;
        StatusCode::REQUEST_TERMINATED
    }

    /// Answers, and refuses the channel for data that is offered.
    #[invite(content_type = "application/sdp")]
    async fn answer(&self, request: Request) -> (StatusCode, Body) {
        let _ = self.seen.send(request).await;
        let answer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
            m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n";
        (StatusCode::OK, Body::new("application/sdp", answer))
    }

    #[ack]
    async fn acknowledged(&self, request: Request) {
        let _ = self.seen.send(request).await;
    }

    #[bye]
    async fn bye(&self, request: Request) -> StatusCode {
        let _ = self.seen.send(request).await;
        StatusCode::OK
    }
}

/// The desk at a port.
struct Server {
    spigot: Spigot,
    seen: mpsc::Receiver<Request>,
    transport: Transport,
}

impl Server {
    /// Port 0 is any that is free.
    async fn start(transport: Transport, port: u16) -> Server {
        let (sender, seen) = mpsc::channel(16);
        let config = Config::new(Desk { seen: sender }).name("desk");
        let config = config.tls(certificates(&["127.0.0.1"]));
        let config = config.listen(transport, ([127, 0, 0, 1], port));
        let spigot = Spigot::start(config)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        Server {
            spigot,
            seen,
            transport,
        }
    }

    fn port(&self) -> u16 {
        self.spigot.listeners()[0].address.port()
    }

    /// The next request that came, which says of itself what a browser can say.
    async fn next(&mut self) -> Request {
        let request = timeout(PATIENCE, self.seen.recv()).await;
        let request = request.expect("a request within 60 s").expect("the desk lives");
        let source = request.source();
        assert_eq!(source.transport, self.transport);
        let via: Via = request.headers().typed().unwrap().unwrap();
        assert_eq!(via.transport(), self.transport.as_str());
        assert!(via.host().as_str().ends_with(".invalid"), "{via}");
        assert_eq!(via.received(), Some("127.0.0.1"), "{via}");
        request
    }

    /// The next request, which is a registration, and where it says that the browser is.
    async fn registration(&mut self) -> (Request, sip::SipUri) {
        let register = self.next().await;
        assert_eq!(*register.method(), Method::REGISTER);
        let contact: Contact = register.headers().typed().unwrap().unwrap();
        let uri = contact.uri().and_then(|uri| uri.as_sip()).unwrap().clone();
        assert!(uri.host().as_str().ends_with(".invalid"), "{contact}");
        assert_eq!(uri.transport(), Some("ws"), "{contact}");
        (register, uri)
    }

    /// Sends a message to where a request came from; how the browser answers.
    async fn say(&self, request: &Request, contact: sip::SipUri, text: &str) -> StatusCode {
        let message = self.spigot.client().message(sip::Uri::Sip(contact));
        let message = message
            .from("sip:bob@example.com")
            .body("text/plain", text.to_owned());
        let message = message.on(request.source().flow());
        message.send().await.expect("the browser answers").status()
    }
}

async fn phone(transport: Transport) {
    if !Browser::is_installed() {
        return;
    }
    let mut server = Server::start(transport, 0).await;
    let port = server.port();
    let mut page = Browser::show("phone.html").await;
    page.run(&format!(
        "start('{transport}://127.0.0.1:{port}', 'sip:alice@example.com')"
    ))
    .await;
    let (register, contact) = server.registration().await;
    assert_eq!(page.run("next()").await, "connected");
    assert_eq!(page.run("next()").await, "registered");

    let sent = page
        .run("send('sip:bob@example.com', 'grüße aus dem browser')")
        .await;
    assert_eq!(sent, "202 Accepted");
    assert_eq!(server.next().await.body(), "grüße aus dem browser");

    let status = server.say(&register, contact, "und zurück").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(page.run("next()").await, "sip:bob@example.com says und zurück");

    // The server goes, and comes back.
    server.spigot.shutdown().await;
    assert_eq!(page.run("next()").await, "disconnected 1001");
    assert_eq!(page.run("next()").await, "unregistered");
    let mut server = Server::start(transport, port).await;
    let (register, contact) = server.registration().await;
    assert_eq!(page.run("next()").await, "connected");
    assert_eq!(page.run("next()").await, "registered");
    let status = server.say(&register, contact, "da bin ich wieder").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        page.run("next()").await,
        "sip:bob@example.com says da bin ich wieder"
    );
    let sent = page.run("send('sip:bob@example.com', 'ich auch')").await;
    assert_eq!(sent, "202 Accepted");
    assert_eq!(server.next().await.body(), "ich auch");

    page.run("stop()").await;
    let (last, _) = server.registration().await;
    let expires: spigot::header::Expires = last.headers().typed().unwrap().unwrap();
    assert_eq!(expires.seconds(), 0);
    page.close().await;
    server.spigot.shutdown().await;
}

#[tokio::test]
async fn a_browser_hears_that_its_message_is_too_large_and_comes_back() {
    if !Browser::is_installed() {
        return;
    }
    let mut server = Server::start(Transport::Wss, 0).await;
    let mut page = Browser::show("phone.html").await;
    let port = server.port();
    page.run(&format!(
        "start('wss://127.0.0.1:{port}', 'sip:alice@example.com')"
    ))
    .await;
    server.registration().await;
    for expected in ["connected", "registered"] {
        assert_eq!(page.run("next()").await, expected);
    }
    let sent = page.run("send('sip:bob@example.com', 'x'.repeat(60000))").await;
    assert_eq!(sent, "202 Accepted");
    assert_eq!(server.next().await.body().len(), 60_000);
    let sent = page.run("send('sip:bob@example.com', 'x'.repeat(70000))").await;
    assert_eq!(sent, "513 Message Too Large");
    for expected in ["disconnected 1009", "unregistered", "connected", "registered"] {
        assert_eq!(page.run("next()").await, expected);
    }
    server.registration().await;
    page.close().await;
    server.spigot.shutdown().await;
}

#[tokio::test]
async fn a_browser_calls_and_hangs_up() {
    if !Browser::is_installed() {
        return;
    }
    for transport in [Transport::Ws, Transport::Wss] {
        let mut server = Server::start(transport, 0).await;
        let mut page = Browser::show("phone.html").await;
        let port = server.port();
        page.run(&format!(
            "start('{transport}://127.0.0.1:{port}', 'sip:alice@example.com')"
        ))
        .await;
        server.registration().await;
        assert_eq!(page.run("next()").await, "connected");
        assert_eq!(page.run("next()").await, "registered");

        page.run("call('sip:ring@example.com')").await;
        assert_eq!(*server.next().await.method(), Method::INVITE);
        assert_eq!(page.run("next()").await, "180 Ringing");
        page.run("hangUp()").await;
        assert_eq!(page.run("next()").await, "failed by local: Canceled");

        page.run("call('sip:bob@example.com')").await;
        assert_eq!(*server.next().await.method(), Method::INVITE);
        assert_eq!(page.run("next()").await, "answered");
        assert_eq!(*server.next().await.method(), Method::ACK);
        page.run("hangUp()").await;
        assert_eq!(*server.next().await.method(), Method::BYE);
        assert_eq!(page.run("next()").await, "ended by local: Terminated");
        page.close().await;
        server.spigot.shutdown().await;
    }
}

#[tokio::test]
async fn a_browser_logs_in_and_not_with_a_wrong_password() {
    if !Browser::is_installed() {
        return;
    }
    let example = Example::start("auth_plug", &["ws:127.0.0.1:0"]).await;
    let address = example.address("ws");
    for (password, expected) in [
        ("secret", "registered"),
        ("guess", "not registered: Authentication Error"),
    ] {
        let mut page = Browser::show("phone.html").await;
        let start = format!("start('ws://{address}', 'sip:alice@example.com', '{password}')");
        page.run(&start).await;
        assert_eq!(page.run("next()").await, "connected");
        assert_eq!(page.run("next()").await, expected);
        page.close().await;
    }
    assert!(example.terminate().await.0.success());
}

#[tokio::test]
async fn a_browser_is_a_phone_over_ws() {
    phone(Transport::Ws).await;
}

#[tokio::test]
async fn a_browser_is_a_phone_over_wss() {
    phone(Transport::Wss).await;
}

/// Waits until an element of the phonebox's page says so.
async fn until(page: &mut Browser, element: &str, text: &str) {
    page.run(&format!(
        "new Promise(done => {{
            const look = () => at('{element}').textContent.includes('{text}') && done();
            new MutationObserver(look).observe(at('{element}'), {{ childList: true, subtree: true, characterData: true }});
            look();
        }})"
    ))
    .await;
}

#[tokio::test]
async fn a_browser_and_a_desk_phone_write_to_each_other_through_the_phonebox() {
    if !Browser::is_installed() {
        return;
    }
    let listeners = ["udp:127.0.0.1:0", "wss:127.0.0.1:0"];
    let mut example = Example::start_with("phonebox", &listeners, &["--page", "127.0.0.1:0"]).await;
    let line = example.line().await.unwrap_or_default();
    let address = line
        .strip_prefix("the page is at ")
        .unwrap_or_else(|| panic!("{line}"));
    let desk = TestClient::connect_as(&example.listeners()[0], "sip:bob@phonebox.example").await;
    assert_eq!(desk.register().send().await.status(), StatusCode::OK);

    let mut page = Browser::open(&format!("{address}#alice")).await;
    until(&mut page, "state", "registered as alice").await;
    let answer = desk
        .message("sip:alice@phonebox.example", "from the desk")
        .send()
        .await;
    assert_eq!(answer.status(), StatusCode::OK);
    until(&mut page, "messages", "from the desk").await;

    let write = "at('to').value = 'bob'; at('text').value = 'from the page'; at('write').requestSubmit()";
    page.run(write).await;
    let received = desk.expect(Method::MESSAGE).await;
    assert_eq!(received.body(), "from the page");
    received.reply(StatusCode::OK);
    until(&mut page, "messages", "delivered").await;

    // Whoever comes to accept the certificate finds a sentence.
    let (_, wss) = example.listeners()[1].split_once(':').unwrap();
    let mut other = Browser::open(&format!("https://{wss}/")).await;
    let shown = other.run("document.body.innerText").await;
    assert!(shown.contains("SIP is spoken here over WebSocket"), "{shown}");
    other.close().await;
    page.close().await;
    assert!(example.terminate().await.0.success());
}
