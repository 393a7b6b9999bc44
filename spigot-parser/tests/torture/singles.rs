//! The headers that a message may have only once, listed from the RFCs and not from the code.
//!
//! Content-Length is among them; the parser itself refuses a second one.

use spigot_parser::HeaderName;
use spigot_parser::header::Shape;

use crate::typed;

/// Long form, compact form (or the long form again), and the RFC section.
pub(crate) const SINGLES: &[(&str, &str, &str)] = &[
    ("Call-ID", "i", "RFC 3261 §20.8"),
    ("Content-Disposition", "Content-Disposition", "RFC 3261 §20.11"),
    ("Content-Type", "c", "RFC 3261 §20.15"),
    ("CSeq", "CSeq", "RFC 3261 §20.16"),
    ("Date", "Date", "RFC 3261 §20.17"),
    ("Expires", "Expires", "RFC 3261 §20.19"),
    ("From", "f", "RFC 3261 §20.20"),
    ("Max-Forwards", "Max-Forwards", "RFC 3261 §20.22"),
    ("Min-Expires", "Min-Expires", "RFC 3261 §20.23"),
    ("MIME-Version", "MIME-Version", "RFC 3261 §20.24"),
    ("Organization", "Organization", "RFC 3261 §20.25"),
    ("Priority", "Priority", "RFC 3261 §20.26"),
    ("Reply-To", "Reply-To", "RFC 3261 §20.31"),
    ("Retry-After", "Retry-After", "RFC 3261 §20.33"),
    ("Server", "Server", "RFC 3261 §20.35"),
    ("Subject", "s", "RFC 3261 §20.36"),
    ("Timestamp", "Timestamp", "RFC 3261 §20.38"),
    ("To", "t", "RFC 3261 §20.39"),
    ("User-Agent", "User-Agent", "RFC 3261 §20.41"),
    ("RAck", "RAck", "RFC 3262 §7.2"),
    ("RSeq", "RSeq", "RFC 3262 §7.1"),
    ("Privacy", "Privacy", "RFC 3323 §4.2"),
    ("Refer-To", "r", "RFC 3515 §2.1"),
    ("Refer-Sub", "Refer-Sub", "RFC 4488 §4"),
    ("Replaces", "Replaces", "RFC 3891 §6.1"),
    ("Referred-By", "b", "RFC 3892 §3"),
    ("SIP-ETag", "SIP-ETag", "RFC 3903 §11.3.1"),
    ("SIP-If-Match", "SIP-If-Match", "RFC 3903 §11.3.2"),
    ("Join", "Join", "RFC 3911 §7.1"),
    ("Session-Expires", "x", "RFC 4028 §4"),
    ("Min-SE", "Min-SE", "RFC 4028 §5"),
    ("Target-Dialog", "Target-Dialog", "RFC 4538 §7"),
    ("Answer-Mode", "Answer-Mode", "RFC 5373 §2"),
    ("Priv-Answer-Mode", "Priv-Answer-Mode", "RFC 5373 §2"),
    ("Max-Breadth", "Max-Breadth", "RFC 5393 §5.8"),
    ("P-Served-User", "P-Served-User", "RFC 5502 §6"),
    ("Flow-Timer", "Flow-Timer", "RFC 5626 §11.1"),
    ("Suppress-If-Match", "Suppress-If-Match", "RFC 5839 §6"),
    ("Info-Package", "Info-Package", "RFC 6086 §7.2"),
    ("Geolocation-Routing", "Geolocation-Routing", "RFC 6442 §4.2"),
    ("Geolocation-Error", "Geolocation-Error", "RFC 6442 §4.4"),
    ("Event", "o", "RFC 6665 §8.2.1"),
    ("Subscription-State", "Subscription-State", "RFC 6665 §8.2.3"),
    ("P-Called-Party-ID", "P-Called-Party-ID", "RFC 7315 §4.2"),
    (
        "P-Charging-Function-Addresses",
        "P-Charging-Function-Addresses",
        "RFC 7315 §4.5",
    ),
    ("P-Charging-Vector", "P-Charging-Vector", "RFC 7315 §4.6"),
    ("Session-ID", "Session-ID", "RFC 7989 §5"),
    ("Content-ID", "Content-ID", "RFC 8262 §2"),
];

/// Returns both forms of the header with this name, if a message may have it only once.
pub(crate) fn forms(name: &str) -> Option<(&'static str, &'static str)> {
    SINGLES
        .iter()
        .find(|(long, compact, _)| name.eq_ignore_ascii_case(long) || name.eq_ignore_ascii_case(compact))
        .map(|(long, compact, _)| (*long, *compact))
}

#[test]
fn the_types_say_the_same() {
    let mut typed: Vec<&str> = typed::ALL
        .iter()
        .filter(|typed| typed.shape == Shape::Single && typed.name != HeaderName::CONTENT_LENGTH)
        .map(|typed| typed.name.as_str())
        .collect();
    let mut listed: Vec<&str> = SINGLES.iter().map(|(long, ..)| *long).collect();
    typed.sort_unstable();
    listed.sort_unstable();
    assert_eq!(typed, listed);
    for (long, compact, _) in SINGLES {
        let name = HeaderName::from_token(compact).unwrap();
        assert_eq!((name.as_str(), name.compact().unwrap_or(long)), (*long, *compact));
    }
}
