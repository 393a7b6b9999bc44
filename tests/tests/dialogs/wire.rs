//! What a peer of its own making would write.

use spigot::testing::TestClient;
use spigot::{
    Client, ClientTransaction, Header, HeaderName, Method, Request, StatusCode, Transport, header, sip,
};

fn value<'r>(headers: &'r sip::Headers, name: &HeaderName) -> &'r str {
    headers.get(name).expect("it is there")
}

/// A response to `request` with the To tag `tag`, and header lines of its own, each with its line end.
pub(crate) fn response(request: &Request, status: &str, tag: &str, lines: &str) -> String {
    let headers = request.headers();
    format!(
        "SIP/2.0 {status}\r\nVia: {}\r\nFrom: {}\r\nTo: {};tag={tag}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
         {lines}Content-Length: 0\r\n\r\n",
        value(headers, &HeaderName::VIA),
        value(headers, &HeaderName::FROM),
        value(headers, &HeaderName::TO),
        value(headers, &HeaderName::CALL_ID),
        value(headers, &HeaderName::CSEQ),
    )
}

/// A request from `alice`, who has the tag `tag`, to who sent `request`; with header lines of its own.
pub(crate) fn request(alice: &TestClient, request: &Request, tag: &str, cseq: &str, lines: &str) -> String {
    let headers = request.headers();
    let (number, method) = cseq.split_once(' ').expect("a number and a method");
    format!(
        "{method} sip:192.0.2.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP {address};branch=z9hG4bK{number}{method}\r\n\
         Max-Forwards: 70\r\nFrom: {};tag={tag}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {cseq}\r\n\
         Contact: <sip:alice@{address}>\r\n{lines}Content-Length: 0\r\n\r\n",
        value(headers, &HeaderName::TO),
        value(headers, &HeaderName::FROM),
        value(headers, &HeaderName::CALL_ID),
        address = alice.address(),
    )
}

/// The line of a Contact at `alice`.
pub(crate) fn contact(alice: &TestClient) -> String {
    format!("Contact: <sip:alice@{}>\r\n", alice.address())
}

/// Calls `alice`.
pub(crate) async fn call(client: &Client, alice: &TestClient) -> ClientTransaction {
    let invite = client.invite("sip:alice@example.com");
    let invite = invite.to_address(Transport::Udp, alice.address());
    invite.start().await.expect("it leaves")
}

/// Answers the next request that reaches `alice`, an INVITE, with 200, and gives it.
pub(crate) async fn pick_up(alice: &TestClient) -> Request {
    let contact: header::Contact = format!("<sip:alice@{}>", alice.address())
        .parse()
        .expect("a Contact");
    let ring = alice.expect(Method::INVITE).await;
    let request = ring.request().clone();
    ring.reply((StatusCode::OK, Header(contact)));
    request
}
