//! What real devices and peers send: the messages of the folder `cases` octet for octet, and conversations.
//!
//! All stands on the in-memory network and virtual time. WebSocket stands on the loopback, and TCP on both.

mod agents;
mod bodies;
mod calls_in;
mod calls_out;
mod challenges;
mod message;
mod registers;
mod requests;
mod responses;
mod routes;
mod scripts;
mod socket;
mod streams;

use std::collections::BTreeSet;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use spigot::testing::{Clock, run};

/// The cases that fail, and why. One that passes fails the run: then its line goes.
const EXPECTED_FAILURES: &[(&str, &str)] = &[
    ("01-numeric-domain-register.sip", "a host of digits is not read"),
    ("own-numeric-domain-message.sip", "a host of digits is not read"),
    ("own-numeric-domain-contact.sip", "a host of digits is not read"),
    (
        "own-uri-empty-param.sip",
        "an empty value of a URI parameter is not read",
    ),
    (
        "own-uri-empty-param-invite.sip",
        "an empty value of a URI parameter is not read",
    ),
    (
        "42-crlf-nul-keepalive.sip",
        "NUL between messages closes the connection",
    ),
    (
        "own-nul-between-messages.sip",
        "NUL between messages closes the connection",
    ),
    (
        "own-nul-and-crlf.sip",
        "NUL between messages closes the connection",
    ),
    ("61-via-semicolon-too-many.sip", "an unreadable Via gets silence"),
    ("own-via-no-bracket.sip", "an unreadable Via gets silence"),
    ("own-from-latin1.sip", "a From that is not UTF-8 gets silence"),
    (
        "own-call-id-latin1.sip",
        "a Call-ID that is not UTF-8 gets silence",
    ),
    ("own-to-latin1-ws.sip", "a To that is not UTF-8 gets silence"),
    ("66-star-expires-60.sip", "the extractor takes * with any expiry"),
    ("own-star-no-expires.sip", "the extractor takes * with any expiry"),
    (
        "own-multipart-sdp-last.sip",
        "SDP is not looked for in multipart bodies",
    ),
    (
        "own-multipart-sip-i.sip",
        "SDP is not looked for in multipart bodies",
    ),
    (
        "two Session-Expires",
        "a response with a doubled header is dropped",
    ),
    ("two Server", "a response with a doubled header is dropped"),
    (
        "own: two Organization and Date",
        "a response with a doubled header is dropped",
    ),
    (
        "LF in a 200",
        "a response with a line that ends with LF is dropped",
    ),
    (
        "own: LF in a 183",
        "a response with a line that ends with LF is dropped",
    ),
    (
        "own: reason phrase in Latin-1",
        "a response that is not UTF-8 is dropped",
    ),
    (
        "own: Warning in Latin-1",
        "a response that is not UTF-8 is dropped",
    ),
    (
        "BYE with an old nonce",
        "a challenge without stale is not answered twice",
    ),
    (
        "strict router",
        "a request to a strict router goes to the first Route",
    ),
    (
        "own: strict router before another",
        "a request to a strict router goes to the first Route",
    ),
    (
        "own: Contact elsewhere over TCP",
        "requests in a dialog stay on the connection of the INVITE",
    ),
];

/// Runs one case on virtual time.
fn case(name: &str, test: impl Future<Output = ()>) {
    case_on(Clock::Virtual, name, test);
}

/// Runs one case on the given clock.
fn case_on(clock: Clock, name: &str, test: impl Future<Output = ()>) {
    let expected = EXPECTED_FAILURES.iter().find(|(failing, _)| *failing == name);
    let outcome = catch_unwind(AssertUnwindSafe(|| run(name, clock, None, test)));
    match (outcome, expected) {
        (Err(panic), None) => resume_unwind(panic),
        (Ok(()), Some((_, reason))) => {
            panic!("{name} passes: take it off the list of expected failures ({reason})")
        }
        (Ok(()), None) | (Err(_), Some(_)) => {}
    }
}

#[test]
fn each_file_has_one_row() {
    let rows = [requests::FILES, registers::FILES, bodies::FILES, streams::FILES].concat();
    let named: BTreeSet<_> = rows.iter().map(|file| (*file).to_owned()).collect();
    assert_eq!(named.len(), rows.len(), "a file has two rows");
    let files = std::fs::read_dir(message::folder()).expect("the folder of the cases");
    let names = files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned());
    let there: BTreeSet<_> = names.filter(|name| name.ends_with(".sip")).collect();
    assert_eq!(named, there);
}
