//! Whom a refusal reaches: requests that are refused, and whether their sender is told.
//!
//! Each is a request with one text replaced. `{hex}` stands for the octet with this value.

use spigot_parser::{Bytes, Limits, SalvagedRequest};

use crate::ambiguities::octets;
use crate::outcome::Outcome;
use crate::rules::{self, Known};

const GOOD: &str = "OPTIONS sip:bob@b.example SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n\
                    From: <sip:alice@a.example>;tag=1\r\nTo: <sip:bob@b.example>\r\nCall-ID: 1@a.example\r\n\
                    CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";

/// A refused request, and what its sender hears.
pub(crate) struct Refusal {
    pub(crate) name: &'static str,
    /// The text that is replaced, and the text in its place.
    replaced: &'static str,
    pub(crate) by: &'static str,
    /// The status that the sender is told; `None` where silence is meant.
    told: Option<u16>,
    pub(crate) why: &'static str,
}

const fn refusal(
    name: &'static str,
    (replaced, by): (&'static str, &'static str),
    told: Option<u16>,
    why: &'static str,
) -> Refusal {
    Refusal {
        name,
        replaced,
        by,
        told,
        why,
    }
}

const BACK: &str = "it goes back octet for octet, and what can be read says whom it is for";
const SOURCE: &str = "it goes back octet for octet: on the connection, or to the source of the datagram";

pub(crate) const ALL: &[Refusal] = &[
    refusal(
        "a From that is not UTF-8",
        ("<sip:alice", "\"Ren{e9}\" <sip:alice"),
        Some(400),
        BACK,
    ),
    refusal(
        "a From with a NUL",
        ("<sip:alice", "{00}<sip:alice"),
        Some(400),
        BACK,
    ),
    refusal(
        "a To that is not UTF-8",
        ("<sip:bob@b.example>\r\nCall", "<sip:b{f6}b@b.example>\r\nCall"),
        Some(400),
        BACK,
    ),
    refusal(
        "a Call-ID that is not UTF-8",
        ("1@a", "{ff}{fe}@a"),
        Some(400),
        BACK,
    ),
    refusal(
        "a CSeq that is not UTF-8",
        ("1 OPTIONS", "1 OPTIONS{e9}"),
        Some(400),
        BACK,
    ),
    refusal(
        "a CSeq without a number",
        ("1 OPTIONS", "OPTIONS"),
        Some(400),
        BACK,
    ),
    refusal(
        "a topmost Via that is not UTF-8",
        ("branch", "{e9};branch"),
        Some(400),
        SOURCE,
    ),
    refusal(
        "a topmost Via with a semicolon too many",
        (";branch=z9hG4bK1", ";;branch=z9hG4bK1"),
        Some(400),
        SOURCE,
    ),
    refusal(
        "a topmost Via without a transport",
        ("SIP/2.0/UDP a.example;branch=z9hG4bK1", "x"),
        Some(400),
        SOURCE,
    ),
    refusal(
        "an empty topmost Via",
        ("SIP/2.0/UDP a.example;branch=z9hG4bK1", ""),
        Some(400),
        SOURCE,
    ),
    refusal(
        "no From",
        ("From:", "X:"),
        Some(400),
        "Via and CSeq say whom it is for",
    ),
    refusal(
        "no To",
        ("To:", "X:"),
        Some(400),
        "Via and CSeq say whom it is for",
    ),
    refusal(
        "no Call-ID",
        ("Call-ID:", "X:"),
        Some(400),
        "Via and CSeq say whom it is for",
    ),
    refusal(
        "no From, and another line that is none",
        ("From:", "X\r\nY:"),
        Some(400),
        "Via and CSeq say whom it is for",
    ),
    refusal(
        "a Subject that is not UTF-8",
        ("CSeq", "Subject: {e9}\r\nCSeq"),
        Some(400),
        "the rest of the request is no part of the answer",
    ),
    refusal(
        "a line that ends with a line feed",
        ("tag=1\r\n", "tag=1\n"),
        Some(400),
        "the rest of the head is read for the answer, on a stream too",
    ),
    refusal(
        "no method that can be read",
        ("OPTIONS sip", "@ sip"),
        Some(400),
        "CSeq has it",
    ),
    refusal(
        "another version",
        ("example SIP/2.0", "example SIP/3.0"),
        Some(505),
        "RFC 4475 §3.1.2.16",
    ),
    refusal(
        "no Via",
        ("Via:", "X:"),
        None,
        "an answer would match nothing at the peer",
    ),
    refusal(
        "no CSeq",
        ("CSeq:", "X:"),
        None,
        "an answer would match nothing at the peer",
    ),
    refusal(
        "a Via in which a CR stands alone",
        ("UDP a", "UDP{0d}a"),
        None,
        "it would be another line to some readers, and an answer without it goes elsewhere",
    ),
    refusal(
        "a CSeq in which a CR stands alone",
        ("1 OPTIONS", "1{0d}OPTIONS"),
        None,
        "it would be another line to some readers",
    ),
    refusal(
        "a From in which a CR stands alone",
        ("<sip:alice", "{0d}<sip:alice"),
        Some(400),
        "it would be another line to some readers, and is left out",
    ),
    refusal(
        "an ACK",
        (
            "OPTIONS sip:bob@b.example SIP/2.0\r\nVia: ",
            "ACK sip:bob@b.example SIP/2.0\r\nVia: ;",
        ),
        None,
        "nobody answers an ACK (RFC 3261 §17)",
    ),
    refusal(
        "what only the CSeq says is an ACK",
        (
            "OPTIONS sip:bob@b.example SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nFrom: <sip:alice@a.example>;tag=1\r\nTo: <sip:bob@b.example>\r\nCall-ID: 1@a.example\r\nCSeq: 1 OPTIONS",
            "@ sip:b SIP/2.0\r\nVia: x\r\nCSeq: 1 ACK",
        ),
        None,
        "nobody answers an ACK",
    ),
    refusal(
        "a response",
        (
            "OPTIONS sip:bob@b.example SIP/2.0\r\nVia: ",
            "SIP/2.0 200 OK\r\nVia: ;",
        ),
        None,
        "nobody answers an answer",
    ),
    refusal(
        "a response behind a blank",
        ("OPTIONS sip:bob@b.example SIP/2.0", " SIP/2.0 200 OK"),
        None,
        "nobody answers an answer",
    ),
    refusal(
        "a response of another protocol",
        ("OPTIONS sip:bob@b.example SIP/2.0", "RTSP/1.0 200 OK"),
        None,
        "nobody answers an answer",
    ),
    refusal(
        "junk",
        (
            "OPTIONS sip:bob@b.example SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nFrom: <sip:alice@a.example>;tag=1\r\nTo: <sip:bob@b.example>\r\nCall-ID: 1@a.example\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
            "hello\r\n\r\n",
        ),
        None,
        "it says neither who sent it nor what it is",
    ),
];

impl Refusal {
    fn bytes(&self) -> Bytes {
        assert!(GOOD.contains(self.replaced), "{}", self.name);
        octets(&GOOD.replacen(self.replaced, self.by, 1)).0
    }
}

/// Returns the status that the sender of refused octets is told.
pub(crate) fn told(bytes: &Bytes, outcome: &Outcome) -> Option<u16> {
    let status = outcome.error()?.status()?;
    SalvagedRequest::read(bytes, &Limits::DEFAULT).map(|_| status.as_u16())
}

/// Returns what the table says of the sender of these octets.
pub(crate) fn answer(bytes: &Bytes, outcome: &Outcome) -> String {
    match (outcome, told(bytes, outcome)) {
        (Outcome::Accepted, _) => "-".to_owned(),
        (_, None) => "nobody".to_owned(),
        (_, Some(status)) => status.to_string(),
    }
}

impl Refusal {
    /// Returns what the sender is told.
    pub(crate) fn answer(&self) -> String {
        let bytes = self.bytes();
        answer(&bytes, &Outcome::of(&bytes))
    }
}

#[test]
fn each_sender_is_told_or_silence_is_meant() {
    for refusal in ALL {
        let bytes = refusal.bytes();
        let (outcome, _) = rules::hold(&bytes, &Known::default(), bytes.len() / 2);
        assert_ne!(outcome, Outcome::Accepted, "{}", refusal.name);
        assert_eq!(told(&bytes, &outcome), refusal.told, "{}", refusal.name);
    }
}
