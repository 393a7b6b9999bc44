//! What a caller may say of the headers that the library writes: each of them stands in a request once.

use spigot::sip::{self, header};
use spigot::testing::{TestClient, TestRequest, TestServer};
use spigot::{Client, HeaderName, Method, RequestBuilder, StatusCode, Transport, sip_router};

struct Agent;

#[sip_router]
impl Agent {
    #[any]
    async fn any(&self) -> StatusCode {
        StatusCode::OK
    }

    #[any(in_dialog)]
    async fn inside(&self) -> StatusCode {
        StatusCode::OK
    }
}

async fn start() -> (TestServer, TestClient) {
    let server = TestServer::start(Agent).await;
    let alice = server.client("sip:alice@example.com").await;
    (server, alice)
}

/// The request as it went out, which the server has taken.
async fn taken(request: TestRequest<'_>) -> std::sync::Arc<sip::Request> {
    let mut sent = request.start().await;
    assert_eq!(
        sent.response().await.status(),
        StatusCode::OK,
        "{}",
        sent.request()
    );
    sent.request()
}

fn lines<'r>(request: &'r sip::Request, name: &str) -> Vec<&'r str> {
    let name: HeaderName = name.parse().unwrap();
    request.headers().get_all(&name).collect()
}

/// Why a request cannot be sent of which that is said.
async fn refused(request: RequestBuilder) -> String {
    let request = request.to_address(Transport::Udp, ([198, 51, 100, 1], 5060).into());
    request.start().await.expect_err("it is refused").to_string()
}

#[spigot::test]
async fn what_may_stand_once_takes_the_place_of_what_is_there() {
    let (_server, alice) = start().await;
    for (name, value) in [
        ("Call-ID", "again@192.0.2.9"),
        ("i", "again@192.0.2.9"),
        ("CSeq", "7 MESSAGE"),
        ("Max-Forwards", "3"),
        ("Content-Type", "text/html"),
        ("c", "text/html"),
        ("From", "\"Alice\" <sip:alice@example.org>;tag=mine"),
        ("f", "<sip:alice@example.org>;tag=mine"),
        ("To", "\"Bob\" <sip:bob@example.org>"),
        ("t", "<sip:bob@example.org>"),
        ("Subject", "again"),
        ("s", "again"),
        ("Expires", "60"),
    ] {
        let message = alice.message("sip:bob@example.com", "hello");
        let message = message.header("Subject", "first").header("Expires", "5");
        let sent = taken(message.header(name, value)).await;
        assert_eq!(lines(&sent, name), [value], "{name}");
    }
}

#[spigot::test]
async fn what_may_stand_several_times_is_added() {
    let (_server, alice) = start().await;
    let register = alice.register().header("m", "<sip:alice@192.0.2.7>");
    let register = register.header("Supported", "path").header("k", "gruu");
    let sent = taken(register).await;
    assert_eq!(lines(&sent, "Contact").len(), 2);
    assert_eq!(lines(&sent, "Supported"), ["path", "gruu"]);

    // RFC 3261 §8.1.1.8: exactly one, in a request that may open a dialog.
    let subscribe = alice.request(Method::SUBSCRIBE, "sip:bob@example.com");
    let subscribe = subscribe.header("Event", "presence");
    let subscribe = subscribe.header("Contact", "<sip:one@192.0.2.7>");
    let sent = taken(subscribe.header("m", "<sip:two@192.0.2.7>")).await;
    assert_eq!(lines(&sent, "Contact"), ["<sip:two@192.0.2.7>"]);
}

#[spigot::test]
async fn a_from_without_a_tag_keeps_that_of_the_library() {
    let (_server, alice) = start().await;
    let named: header::From = "\"Alice\" <sip:alice@example.org>".parse().unwrap();
    let message = || alice.message("sip:bob@example.com", "hello");
    for message in [
        message().with(named.clone()),
        message().header("From", named.to_string()),
        message().from("sip:alice@example.org"),
    ] {
        let sent = taken(message).await;
        let from: header::From = sent.headers().typed().unwrap().unwrap();
        assert_eq!(from.uri().to_string(), "sip:alice@example.org");
        assert!(from.tag().is_some_and(|tag| !tag.is_empty()), "{from}");
    }
}

#[spigot::test]
async fn what_is_the_librarys_alone_is_refused() {
    let server = TestServer::start(Agent).await;
    let client: Client = server.spigot().client();
    let message = || client.message("sip:bob@example.com").body("text/plain", "hello");
    let via = "SIP/2.0/UDP proxy.example.com;branch=z9hG4bK1";
    for (name, value, expected) in [
        ("Via", via, "Via cannot be set: expected none"),
        ("v", via, "Via cannot be set: expected none"),
        (
            "Content-Length",
            "0",
            "Content-Length cannot be set: expected none",
        ),
        ("l", "5", "Content-Length cannot be set: expected none"),
        (
            "CSeq",
            "7 INVITE",
            "CSeq cannot be set: expected the method of the request",
        ),
        ("CSeq", "7", "CSeq at octet 1: expected "),
        ("From", "nobody", "From at octet "),
        ("To", "<sip:bob@example.com", "To at octet "),
        ("Call-ID", "a b", "Call-ID at octet 1: expected "),
        ("Max-Forwards", "many", "Max-Forwards at octet 0: expected "),
        ("Content-Type", "text", "Content-Type at octet 4: expected "),
    ] {
        let error = refused(message().header(name, value)).await;
        let expected = format!("the request cannot be built: {expected}");
        assert!(error.starts_with(&expected), "{name}: {value}: {error}");
    }
    let via: header::Via = via.parse().unwrap();
    for request in [
        message().with(via),
        message().with(header::ContentLength::new(5)),
        message().with(header::CSeq::new(7, Method::INVITE).unwrap()),
    ] {
        let error = refused(request).await;
        assert!(error.contains("cannot be set: expected "), "{error}");
    }
}

#[spigot::test]
async fn what_names_a_dialog_is_the_dialogs() {
    let (_server, alice) = start().await;
    let mut invite = alice.invite("sip:bob@example.com").start().await;
    let answer = invite.response().await;
    let dialog = invite.dialog(&answer);
    let first = taken(dialog.request(Method::INFO)).await;
    let (from, to) = (lines(&first, "From")[0], lines(&first, "To")[0]);

    // RFC 4916: who speaks may change, the tags may not.
    let info = dialog.request(Method::INFO).from("sip:sales@example.com");
    let sent = taken(info.to("sip:carol@example.com").header("Max-Forwards", "9")).await;
    let tag = |line: &str| line.rsplit_once(";tag=").unwrap().1.to_owned();
    assert_eq!(
        lines(&sent, "From"),
        [format!("<sip:sales@example.com>;tag={}", tag(from))]
    );
    assert_eq!(
        lines(&sent, "To"),
        [format!("<sip:carol@example.com>;tag={}", tag(to))]
    );
    assert_eq!(lines(&sent, "Max-Forwards"), ["9"]);
    assert_eq!(lines(&sent, "CSeq"), ["3 INFO"]);
    let sent = taken(dialog.request(Method::INFO).header("From", from).header("To", to)).await;
    assert_eq!((lines(&sent, "From"), lines(&sent, "To")), (vec![from], vec![to]));
}

#[spigot::test]
async fn nobody_leaves_a_dialog_by_its_headers() {
    let (server, alice) = start().await;
    let client = server.spigot().client();
    let invite = client.invite("sip:alice@example.com");
    let invite = invite.to_address(Transport::Udp, alice.address());
    let mut invite = invite.start().await.unwrap();
    let contact = format!("<sip:alice@{}>", alice.address()).parse::<header::Contact>();
    let ring = alice.expect(Method::INVITE).await;
    ring.reply((StatusCode::OK, spigot::Header(contact.unwrap())));
    let answer = invite.response().await.unwrap();
    let dialog = invite.dialog(&answer).unwrap();
    for (name, value, expected) in [
        ("Call-ID", "other@example.com", "expected none"),
        ("i", "other@example.com", "expected none"),
        ("CSeq", "9 INFO", "expected none"),
        (
            "From",
            "<sip:alice@example.com>;tag=other",
            "expected the tag of the dialog",
        ),
        (
            "t",
            "<sip:bob@example.com>;tag=other",
            "expected the tag of the dialog",
        ),
    ] {
        let error = refused(dialog.request(Method::INFO).header(name, value)).await;
        assert!(error.contains(expected), "{name}: {error}");
    }
}

#[spigot::test]
async fn a_contact_is_said_once() {
    let server = TestServer::start(Agent).await;
    let client = server.spigot().client();
    let invite = || client.invite("sip:bob@example.com");
    let contact = "<sip:bob@192.0.2.7>";
    let register = || client.request(Method::REGISTER, "sip:example.com");
    let urn = "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
    for request in [
        invite().outbound().header("Contact", contact),
        invite().header("m", contact).outbound(),
        register().register_flow(urn, 1).header("Contact", contact),
    ] {
        let error = refused(request).await;
        assert!(error.contains("Contact cannot be set: expected none"), "{error}");
    }
}
