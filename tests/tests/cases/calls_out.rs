//! Calls by an agent to peers that answer oddly.

use std::net::SocketAddr;

use spigot::{HeaderName, Method, StatusCode, Transport, header};
use spigot_tests::{Draft, MemoryPeer};

use crate::case;
use crate::scripts::{
    PEER, SESSION, assert_acknowledged_and_ended, call, callee, picked_up, picked_up_at, start,
};

const URI: &str = "sip:bob@192.0.2.10";
const CONTACT: &str = "<sip:bob@192.0.2.10>";

/// RFC 3261 §12.1.2: the tag is taken for null, and what follows has none.
#[test]
fn a_200_without_a_to_tag_makes_a_call() {
    case("200 without a To tag", async {
        let server = start().await;
        let peer = callee(&server, Transport::Udp, PEER, |invite| {
            let to = invite.headers().get(&HeaderName::TO).expect("a To");
            vec![picked_up_at(invite, CONTACT).set("To", to).octets()]
        })
        .await;
        let call = call(&server, URI, 0).await;
        assert_eq!(
            (call.answer, call.bye),
            (Some(StatusCode::OK), Some(StatusCode::OK))
        );
        assert_acknowledged_and_ended(&peer).await;
        for method in [Method::ACK, Method::BYE] {
            let request = peer.request(method).await.expect("it came");
            let to = request.headers().get(&HeaderName::TO).expect("a To");
            assert!(!to.contains(";tag"), "{to}");
        }
    });
}

/// Asserts that a 200 with these header lines is acknowledged, and that a BYE follows.
async fn is_acknowledged_and_ended(lines: &'static [(&str, &str)]) {
    let server = start().await;
    let peer = callee(&server, Transport::Udp, PEER, |invite| {
        let answer = picked_up(invite);
        let answer = lines
            .iter()
            .fold(answer, |answer, (name, value)| answer.add(name, *value));
        vec![answer.octets()]
    })
    .await;
    call(&server, URI, 0).await;
    assert_acknowledged_and_ended(&peer).await;
}

/// RFC 3261 §13.2.2.4: each 2xx gets an ACK.
#[test]
fn a_contact_with_an_empty_parameter_is_acknowledged() {
    let lines = &[("Contact", "<sip:bob@192.0.2.10:5060;app-imei=;transport=udp>")];
    case(
        "Contact with an empty parameter",
        is_acknowledged_and_ended(lines),
    );
}

/// RFC 3261 §13.2.2.4: each 2xx gets an ACK. The target that is left is the Request-URI.
#[test]
fn a_200_without_a_contact_is_acknowledged() {
    case(
        "200 without a Contact",
        is_acknowledged_and_ended(&[("X-Nothing", "here")]),
    );
}

/// RFC 3261 §13.2.2.4: each 2xx gets an ACK. The target that is left is the Request-URI.
#[test]
fn an_unreadable_contact_is_acknowledged() {
    let lines = &[("Contact", "\"Bob <sip:bob@192.0.2.10")];
    case("own: unreadable Contact", is_acknowledged_and_ended(lines));
}

/// RFC 3261 §13.2.2.4: each 2xx gets an ACK. The route set that is left is empty.
#[test]
fn an_unreadable_record_route_is_acknowledged() {
    let lines = &[("Contact", CONTACT), ("Record-Route", "<sip:192.0.2.10;lr")];
    case("own: unreadable Record-Route", is_acknowledged_and_ended(lines));
}

/// RFC 3262 §4: without RSeq there is nothing to acknowledge, and 100rel was not offered.
#[test]
fn a_183_that_requires_100rel_without_rseq_gets_no_prack() {
    case("183 without RSeq", async {
        let server = start().await;
        let peer = callee(&server, Transport::Udp, PEER, |invite| {
            let progress = Draft::answering(invite, "183 Session Progress")
                .add("Contact", CONTACT)
                .add("Require", "100rel")
                .body("application/sdp", SESSION);
            vec![progress.octets(), picked_up_at(invite, CONTACT).octets()]
        })
        .await;
        let call = call(&server, URI, 0).await;
        assert_eq!(
            (call.answer, call.bye),
            (Some(StatusCode::OK), Some(StatusCode::OK))
        );
        assert_acknowledged_and_ended(&peer).await;
        assert!(peer.requests(&Method::PRACK).is_empty());
    });
}

/// RFC 3261 §9.1, §17.1.1.3: the 487 gets an ACK in the transaction of the INVITE.
#[test]
fn the_487_of_a_cancelled_call_is_acknowledged() {
    case("487 after CANCEL", async {
        let server = start().await;
        let mut invite = None;
        let address: SocketAddr = PEER.parse().expect("an address");
        let peer =
            MemoryPeer::scripted(
                server.network(),
                Transport::Udp,
                address,
                move |request| match *request.method() {
                    Method::INVITE => {
                        let ringing = Draft::answering(invite.insert(request.clone()), "180 Ringing");
                        vec![ringing.octets()]
                    }
                    Method::CANCEL => {
                        let invite = invite.as_ref().expect("an INVITE before its CANCEL");
                        let ended = Draft::answering(invite, "487 Request Terminated");
                        vec![Draft::answering(request, "200 OK").octets(), ended.octets()]
                    }
                    _ => Vec::new(),
                },
            )
            .await;
        let mut call = server
            .spigot()
            .client()
            .invite(URI)
            .start()
            .await
            .expect("it leaves");
        call.cancel();
        let answer = call.response().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::REQUEST_TERMINATED);
        let mut branches = Vec::new();
        for method in [Method::INVITE, Method::CANCEL, Method::ACK] {
            let request = peer.request(method).await.expect("it came");
            let via = request
                .headers()
                .typed::<header::Via>()
                .expect("a Via")
                .expect("a Via");
            branches.push(via.branch().expect("a branch").to_owned());
        }
        branches.dedup();
        assert_eq!(branches.len(), 1, "{}", server.ladder());
    });
}
