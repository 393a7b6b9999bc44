//! Loops: a request that comes back as it was when it was forwarded before.
//!
//! The branch of each request that is forwarded ends with a mark of all that its way depends on. The
//! invariant: a spiral, which comes back with another Request-URI or another Route, has another mark.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;
use spigot_parser::header::Via;
use spigot_parser::{Essentials, HeaderName, Request};

/// How many octets a mark adds to a branch, with the hyphen before it.
pub(crate) const MARK: usize = 13;

/// Makes the mark of a request as it arrived.
///
/// [RFC 3261 §16.6](https://www.rfc-editor.org/rfc/rfc3261#section-16.6), item 8:
/// > A common way to create this value is to compute a cryptographic hash of the To tag, From tag, Call-ID
/// > header field, the Request-URI of the request received (before translation), the topmost Via header, and
/// > the sequence number from the CSeq header field, in addition to any Proxy-Require and Proxy-Authorization
/// > header fields that may be present.
///
/// The topmost Via is left out, since with it a loop through another proxy is not seen
/// ([RFC 5393](https://www.rfc-editor.org/rfc/rfc5393)), and Route is in it.
pub(crate) fn mark(key: &[u8; 16], request: &Request, essentials: &Essentials) -> String {
    let mut hasher = SipHasher13::new_with_key(key);
    let mut put = |text: &str| {
        hasher.write(text.as_bytes());
        hasher.write_u8(0);
    };
    put("loop");
    put(&request.uri().to_string());
    put(essentials.call_id());
    put(essentials.from_tag().unwrap_or_default());
    put(essentials.to_tag().unwrap_or_default());
    put(&essentials.cseq().to_string());
    for name in [
        HeaderName::ROUTE,
        HeaderName::PROXY_REQUIRE,
        HeaderName::PROXY_AUTHORIZATION,
    ] {
        put(name.as_str());
        for value in request.headers().get_all(&name) {
            put(value);
        }
    }
    let mark = hasher.finish() >> 16;
    format!("{mark:012x}")
}

/// Reports whether a request was forwarded from here before just as it is now.
///
/// [RFC 3261 §16.3](https://www.rfc-editor.org/rfc/rfc3261#section-16.3), item 4:
/// > If the parameters match, the request has looped.  If they differ, the request is spiraling, and
/// > processing continues.
///
/// Nobody else can make a mark, so each Via is looked at and no sent-by.
pub(crate) fn is_loop(mark: &str, request: &Request) -> bool {
    let mut vias = request.headers().all::<Via>().flatten();
    vias.any(|via| {
        let branch = via.branch().unwrap_or_default();
        branch
            .strip_suffix(mark)
            .is_some_and(|unique| unique.ends_with('-'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(uri: &str, cseq: u32, lines: &str) -> Request {
        Request::parse(format!(
            "MESSAGE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\n{lines}Max-Forwards: 70\r\n\
             From: <sip:a@example.com>;tag=a\r\nTo: <sip:b@example.com>\r\nCall-ID: 1\r\nCSeq: {cseq} MESSAGE\r\n\
             Content-Length: 0\r\n\r\n"
        ))
        .expect("the test's own request")
    }

    fn mark_of(request: &Request) -> String {
        mark(&[7; 16], request, &request.essentials().expect("it is whole"))
    }

    #[test]
    fn a_mark_depends_on_what_routes_the_request_and_on_nothing_else() {
        let first = mark_of(&request("sip:b@example.com", 1, ""));
        assert_eq!(first.len() + 1, MARK);
        let via = "Via: SIP/2.0/UDP 192.0.2.8;branch=z9hG4bK2\r\nSubject: again\r\n";
        assert_eq!(first, mark_of(&request("sip:b@example.com", 1, via)));
        let route = "Route: <sip:192.0.2.7;lr>\r\n";
        for (uri, cseq, lines) in [
            ("sip:c@example.com", 1, ""),
            ("sip:b@example.com", 2, ""),
            ("sip:b@example.com", 1, route),
            ("sip:b@example.com", 1, "Proxy-Require: x\r\n"),
        ] {
            assert_ne!(first, mark_of(&request(uri, cseq, lines)), "{uri} {cseq} {lines}");
        }
    }

    #[test]
    fn a_loop_has_its_own_mark_in_a_via_and_a_spiral_has_another() {
        let mark = mark_of(&request("sip:b@example.com", 1, ""));
        let via = format!("Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK0-{mark}\r\n");
        let back = request("sip:b@example.com", 1, &via);
        assert!(is_loop(&mark_of(&back), &back));
        let spiral = request("sip:c@example.com", 1, &via);
        assert!(!is_loop(&mark_of(&spiral), &spiral));
    }
}
