//! Where the requests inside a call go, judged by what arrives where.

use spigot::sip::Request;
use spigot::{HeaderName, Method, StatusCode, Transport};

use crate::case;
use crate::scripts::{ELSEWHERE, PEER, assert_acknowledged_and_ended, call, callee, picked_up_at, start};

const URI: &str = "sip:bob@192.0.2.10";

/// Returns the entries of all Route headers.
fn routes(request: &Request) -> Vec<String> {
    let fields = request
        .headers()
        .iter()
        .filter(|field| field.is(&HeaderName::ROUTE));
    let entries = fields.flat_map(|field| field.value().split(','));
    entries.map(|entry| entry.trim().to_owned()).collect()
}

/// RFC 3261 §12.1.2, §12.2.1.1: the route set is Record-Route reversed, and the Request-URI is the Contact.
#[test]
fn record_route_in_two_lines_is_reversed() {
    case("Record-Route in two lines", async {
        let server = start().await;
        let peer = callee(&server, Transport::Udp, PEER, |invite| {
            let answer = picked_up_at(invite, "<sip:bob@203.0.113.9:5070;transport=udp>");
            let first = "<sip:198.51.100.1;r2=on;lr;ftag=x>, <sip:198.51.100.2;lr>";
            let answer = answer.add("Record-Route", first);
            let second = "<sip:192.0.2.10:5060;r2=on;lr=on>";
            vec![answer.add("Record-Route", second).octets()]
        })
        .await;
        call(&server, URI, 0).await;
        for method in [Method::ACK, Method::BYE] {
            let request = peer.request(method).await.expect("it came");
            assert_eq!(
                request.uri().to_string(),
                "sip:bob@203.0.113.9:5070;transport=udp"
            );
            let expected = [
                "<sip:192.0.2.10:5060;r2=on;lr=on>",
                "<sip:198.51.100.2;lr>",
                "<sip:198.51.100.1;r2=on;lr;ftag=x>",
            ];
            assert_eq!(routes(&request), expected);
        }
    });
}

/// Calls a peer whose 200 has this Record-Route, and returns the ACK and the BYE that come to the peer.
async fn through(transport: Transport, uri: &str, record_route: &'static str) -> [Request; 2] {
    let server = start().await;
    let peer = callee(&server, transport, PEER, move |invite| {
        let answer = picked_up_at(invite, "<sip:bob@203.0.113.9>");
        vec![answer.add("Record-Route", record_route).octets()]
    })
    .await;
    call(&server, uri, 0).await;
    assert_acknowledged_and_ended(&peer).await;
    let ack = peer.request(Method::ACK).await.expect("an ACK");
    [ack, peer.request(Method::BYE).await.expect("a BYE")]
}

/// RFC 3261 §8.1.2, §12.2.1.1: a strict router is the Request-URI, to which the request goes, and the target
/// is the last Route.
#[test]
fn a_strict_router_gets_the_requests() {
    case("strict router", async {
        for request in through(Transport::Udp, URI, "<sip:gw@192.0.2.10;x=y>").await {
            assert_eq!(request.uri().to_string(), "sip:gw@192.0.2.10;x=y");
            assert_eq!(routes(&request), ["<sip:bob@203.0.113.9>"]);
        }
    });
}

/// RFC 3261 §8.1.2, §12.2.1.1: what comes after the strict router stays before the target.
#[test]
fn a_strict_router_before_another_gets_the_requests() {
    case("own: strict router before another", async {
        let record_route = "<sip:203.0.113.7;lr>, <sip:192.0.2.10>";
        for request in through(Transport::Udp, URI, record_route).await {
            assert_eq!(request.uri().to_string(), "sip:192.0.2.10");
            assert_eq!(
                routes(&request),
                ["<sip:203.0.113.7;lr>", "<sip:bob@203.0.113.9>"]
            );
        }
    });
}

/// RFC 3261 §8.1.2, §12.2.1.1, over a stream.
#[test]
fn a_strict_router_over_tcp_gets_the_requests() {
    case("own: strict router over TCP", async {
        let uri = "sip:bob@192.0.2.10;transport=tcp";
        for request in through(Transport::Tcp, uri, "<sip:192.0.2.10;transport=tcp>").await {
            assert_eq!(request.uri().to_string(), "sip:192.0.2.10;transport=tcp");
            assert_eq!(routes(&request), ["<sip:bob@203.0.113.9>"]);
        }
    });
}

/// RFC 3261 §12.2.1.2: the 2xx of a target refresh replaces the remote target.
#[test]
fn the_contact_of_a_re_invites_200_gets_the_bye() {
    case("re-INVITE with another Contact", async {
        let server = start().await;
        let mut answered = 0;
        let peer = callee(&server, Transport::Udp, PEER, move |invite| {
            answered += 1;
            let contact = if answered == 1 { PEER } else { ELSEWHERE };
            vec![picked_up_at(invite, &format!("<sip:bob@{contact}>")).octets()]
        })
        .await;
        let other = callee(&server, Transport::Udp, ELSEWHERE, |_| Vec::new()).await;
        let call = call(&server, URI, 1).await;
        assert_eq!(call.bye, Some(StatusCode::OK));
        assert_eq!(other.requests(&Method::BYE).len(), 1, "{}", server.ladder());
        assert!(peer.requests(&Method::BYE).is_empty(), "{}", server.ladder());
    });
}

/// Asserts that ACK and BYE go to the Contact of the 200, where another peer is.
async fn contact_elsewhere(transport: Transport) {
    let server = start().await;
    let parameter = format!(";transport={}", transport.as_str().to_lowercase());
    let contact = format!("<sip:bob@{ELSEWHERE}{parameter}>");
    let peer = callee(&server, transport, PEER, move |invite| {
        vec![picked_up_at(invite, &contact).octets()]
    })
    .await;
    let other = callee(&server, transport, ELSEWHERE, |_| Vec::new()).await;
    let call = call(&server, &format!("{URI}{parameter}"), 0).await;
    assert_eq!(
        (call.answer, call.bye),
        (Some(StatusCode::OK), Some(StatusCode::OK))
    );
    assert_acknowledged_and_ended(&other).await;
    for method in [Method::ACK, Method::BYE] {
        assert!(peer.requests(&method).is_empty(), "{}", server.ladder());
    }
}

/// RFC 3261 §8.1.2, §12.2.1.1: ACK and BYE go to the Contact.
#[test]
fn a_contact_elsewhere_gets_the_requests() {
    case("Contact elsewhere", contact_elsewhere(Transport::Udp));
}

/// RFC 3261 §8.1.2, §12.2.1.1: they do not follow the connection of the INVITE.
#[test]
fn a_contact_elsewhere_over_tcp_gets_the_requests() {
    case(
        "own: Contact elsewhere over TCP",
        contact_elsewhere(Transport::Tcp),
    );
}
