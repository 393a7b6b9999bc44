//! Answered calls whose response is not by the letter. It cannot be refused: the callee has picked up.

use spigot::{StatusCode, Transport};
use spigot_tests::Draft;

use crate::case;
use crate::scripts::{PEER, SESSION, assert_acknowledged_and_ended, call, callee, picked_up_at, start};

const URI: &str = "sip:bob@192.0.2.10";
const CONTACT: &str = "<sip:bob@192.0.2.10>";

/// Asserts that a call is answered whose 200 `change` has changed.
async fn is_taken(change: impl Fn(Draft) -> Vec<u8> + Send + 'static) {
    let server = start().await;
    let peer = callee(&server, Transport::Udp, PEER, move |invite| {
        vec![change(picked_up_at(invite, CONTACT))]
    })
    .await;
    let call = call(&server, URI, 0).await;
    assert_eq!(
        (call.answer, call.bye),
        (Some(StatusCode::OK), Some(StatusCode::OK))
    );
    assert_acknowledged_and_ended(&peer).await;
}

/// Replaces octets of a message once.
fn replace(octets: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = octets.windows(from.len()).position(|part| part == from);
    let at = at.expect("the octets are there");
    [&octets[..at], to, &octets[at + from.len()..]].concat()
}

/// RFC 3261 §7.3.1 forbids the sender to repeat it.
#[test]
fn session_expires_in_two_lines() {
    case(
        "two Session-Expires",
        is_taken(|answer| {
            let answer = answer.add("Session-Expires", "1800;refresher=uac");
            answer.double("Session-Expires").octets()
        }),
    );
}

/// RFC 3261 §7.3.1 forbids the sender to repeat it. Nothing depends on it.
#[test]
fn server_in_two_lines() {
    case(
        "two Server",
        is_taken(|answer| {
            let answer = answer.add("Server", "PBX one");
            answer.add("Server", "gateway two").octets()
        }),
    );
}

/// RFC 3261 §7.3.1 forbids the sender to repeat it. Nothing depends on it.
#[test]
fn organization_and_date_in_two_lines() {
    case(
        "own: two Organization and Date",
        is_taken(|answer| {
            let answer = answer.add("Organization", "one").add("Date", "yesterday");
            answer.double("Organization").double("Date").octets()
        }),
    );
}

/// RFC 3261 §7: each line ends with CRLF.
#[test]
fn one_line_that_ends_with_lf() {
    case(
        "LF in a 200",
        is_taken(|answer| {
            let octets = answer.add("X-A", "b").add("X-C", "d").octets();
            replace(&octets, b"X-A: b\r\n", b"X-A: b\n")
        }),
    );
}

/// RFC 3261 §7: each line ends with CRLF.
#[test]
fn a_183_with_one_line_that_ends_with_lf_is_seen() {
    case("own: LF in a 183", async {
        let server = start().await;
        let _peer = callee(&server, Transport::Udp, PEER, |invite| {
            let progress = Draft::answering(invite, "183 Session Progress")
                .add("Contact", CONTACT)
                .add("X-A", "b")
                .body("application/sdp", SESSION);
            let progress = replace(&progress.octets(), b"X-A: b\r\n", b"X-A: b\n");
            vec![progress, picked_up_at(invite, CONTACT).octets()]
        })
        .await;
        let call = call(&server, URI, 0).await;
        assert_eq!(call.provisional, [StatusCode::SESSION_PROGRESS]);
        assert_eq!(call.answer, Some(StatusCode::OK));
    });
}

/// RFC 3261 §7.2: the reason phrase may be empty.
#[test]
fn no_reason_phrase() {
    case(
        "no reason phrase",
        is_taken(|answer| answer.start_line("SIP/2.0 200 ").octets()),
    );
}

/// RFC 3261 §7.2: the reason phrase is for people, and is UTF-8.
#[test]
fn a_reason_phrase_in_latin_1() {
    case(
        "own: reason phrase in Latin-1",
        is_taken(|answer| replace(&answer.octets(), b"200 OK", b"200 Angenommen f\xfcr Bob")),
    );
}

/// RFC 3261 §7: the head is UTF-8. Nothing depends on the Warning.
#[test]
fn a_warning_in_latin_1() {
    case(
        "own: Warning in Latin-1",
        is_taken(|answer| {
            let octets = answer.add("Warning", "399 pbx \"Gespr?ch\"").octets();
            replace(&octets, b"Gespr?ch", b"Gespr\xe4ch")
        }),
    );
}
