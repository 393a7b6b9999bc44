//! What can still be read of a request that did not parse.
//!
//! Invariant: what comes out is a request that the parser itself took, made of those lines of the input that are right; nothing
//! is guessed about the lines by which a reply is addressed.

use bytes::Bytes;

use super::scan::{header_line, is_blank, skip_empty_lines};
use super::start_line::is_response;
use crate::grammar::token_end;
use crate::header_name::Known;
use crate::{Limits, Message, Request};

/// The Request-URI where none can be read: a name that cannot be resolved (RFC 2606 §2).
const NOWHERE: &str = "sip:unreadable.invalid";

/// Without them no reply can be addressed (RFC 3261 §8.2.6.2).
const NEEDED: [Known; 5] = [Known::Via, Known::From, Known::To, Known::CallId, Known::CSeq];

/// Reads what can be read; see [`Request::salvage`].
#[cold]
pub(super) fn request(bytes: &Bytes) -> Option<Request> {
    let limits = Limits::DEFAULT;
    let start = skip_empty_lines(bytes);
    let bytes = bytes.get(start..bytes.len().min(start + limits.head))?;
    if is_response(bytes) {
        return None;
    }
    let first_line_end = memchr::memchr(b'\n', bytes)?;
    let lines = good_lines(bytes, first_line_end + 1, &limits);
    if !NEEDED
        .iter()
        .all(|needed| lines.iter().any(|(known, _)| known == needed))
    {
        return None;
    }
    let cseq = lines.iter().find(|(known, _)| *known == Known::CSeq)?.1;
    let (method, uri) = start_line(&bytes[..first_line_end], &limits, cseq);
    [uri, NOWHERE].into_iter().find_map(|uri| {
        let mut text = format!("{method} {uri} SIP/2.0\r\n");
        // All lines have to end alike, and none may be blank, be it a fold.
        for (_, line) in &lines {
            for part in line.split('\n').map(|part| part.trim_end_matches('\r')) {
                if !part.trim_matches([' ', '\t']).is_empty() {
                    text.push_str(part);
                    text.push_str("\r\n");
                }
            }
        }
        text.push_str("Content-Length: 0\r\n\r\n");
        match Message::parse_with(
            text,
            &Limits {
                head: usize::MAX,
                ..limits.clone()
            },
        ) {
            Ok(Message::Request(request)) => Some(request),
            _ => None,
        }
    })
}

/// The method and the Request-URI as far as they can be read: the first and the second word.
fn start_line<'a>(line: &'a [u8], limits: &Limits, cseq: &'a str) -> (&'a str, &'a str) {
    let method_end = token_end(line, 0);
    let text = |octets| std::str::from_utf8(octets).unwrap_or_default();
    let method = match text(&line[..method_end]) {
        "" => cseq
            .rsplit([' ', '\t', '\n'])
            .next()
            .filter(|word| crate::grammar::is_token(word))
            .unwrap_or("UNKNOWN"),
        method => method,
    };
    let uri = text(&line[method_end..])
        .split_ascii_whitespace()
        .next()
        .unwrap_or(NOWHERE);
    (method, if uri.len() > limits.uri { NOWHERE } else { uri })
}

/// Those header lines that are right by themselves, and that a reply is made of: any number of Via, the others once.
fn good_lines<'a>(bytes: &'a [u8], mut at: usize, limits: &Limits) -> Vec<(Known, &'a str)> {
    let mut lines: Vec<(Known, &str)> = Vec::new();
    while at < bytes.len()
        && lines.len() + 1 < limits.headers
        && !matches!(bytes[at..], [b'\n', ..] | [b'\r', b'\n', ..])
    {
        match header_line(bytes, at, limits) {
            Ok((line, next, _)) => {
                let text = std::str::from_utf8(&bytes[line.in_head()]);
                if let (Some(known), Ok(text)) = (line.name, text) {
                    let wanted = known == Known::Via || !lines.iter().any(|(other, _)| *other == known);
                    if wanted && (NEEDED.contains(&known) || known == Known::Timestamp) {
                        lines.push((known, text));
                    }
                }
                at = next;
            }
            Err(_) => match after_line(bytes, at) {
                Some(next) => at = next,
                None => break,
            },
        }
    }
    lines
}

/// Where the line after the one at `at` and its folds begins. Taking the folds along is what keeps the time linear:
/// each would be read to the end of the last one only to find that no name begins it.
fn after_line(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr(b'\n', &bytes[at..])? + 1;
        if !bytes.get(at).copied().is_some_and(is_blank) {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HeaderName;

    const LINES: &str = "Via: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nv: SIP/2.0/UDP b.example\r\nTo: <sip:b@b.example>\r\n\
                         From:\r\n <sip:a@a.example>;tag=1\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n";

    fn salvage(text: String) -> Option<Request> {
        let bytes = Bytes::from(text);
        assert!(
            Request::parse(bytes.clone())
                .and_then(|request| request.validate())
                .is_err()
        );
        Request::salvage(&bytes)
    }

    #[test]
    fn bad_lines_and_the_body_are_left_out() {
        let request = salvage(format!(
            "INVITE sip:b@b.example SIP/2.0\r\nno colon\r\n{LINES}\0: x\r\nl: 999\r\n\r\nbody"
        ));
        let request = request.unwrap();
        assert_eq!(request.method().as_str(), "INVITE");
        assert_eq!(request.uri().to_string(), "sip:b@b.example");
        assert_eq!(request.headers().get_all(&HeaderName::VIA).count(), 2);
        assert_eq!(
            request.headers().get(&HeaderName::FROM),
            Some("<sip:a@a.example>;tag=1")
        );
        assert!(request.body().is_empty());
    }

    #[test]
    fn a_bad_start_line_is_made_up_for() {
        for (line, method, uri) in [
            ("INVITE  sip:b SIP/2.0", "INVITE", "sip:b"),
            ("INVITE sip:b SIP/7.0", "INVITE", "sip:b"),
            ("INVITE <sip:b> SIP/2.0", "INVITE", NOWHERE),
            ("INVITE", "INVITE", NOWHERE),
            ("@@@", "INVITE", NOWHERE),
            ("X\0Y Z", "X", NOWHERE),
        ] {
            let request = salvage(format!("{line}\r\n{LINES}\r\n")).unwrap();
            assert_eq!(
                (request.method().as_str(), request.uri().as_str()),
                (method, uri),
                "{line}"
            );
        }
        let long = format!("INVITE sip:{} SIP/2.0\r\n{LINES}\r\n", "b".repeat(2000));
        assert_eq!(salvage(long).unwrap().uri().as_str(), NOWHERE);
    }

    #[test]
    fn doubled_headers_are_taken_once() {
        let request = salvage(format!("INVITE sip:b SIP/2.0\r\n{LINES}Call-ID: 2\r\n\r\n")).unwrap();
        assert_eq!(
            request
                .headers()
                .get_all(&HeaderName::CALL_ID)
                .collect::<Vec<_>>(),
            ["1"]
        );
    }

    #[test]
    fn folds_may_end_in_whatever_way() {
        let head = "INVITE sip:b SIP/2.0\r\n";
        for (end, fold) in [
            ("\n", "\n "),
            ("\r\n", "\n\t"),
            ("\n", "\r\n "),
            ("\r\n", "\r\n \r\n "),
        ] {
            let lines = LINES.replace("\r\n ", fold).replace("2\r\n", &format!("2{end}"));
            let request = Request::salvage(&Bytes::from(format!("{head}{lines}\r\n"))).unwrap();
            let from = request.headers().get(&HeaderName::FROM);
            assert_eq!(from, Some("<sip:a@a.example>;tag=1"), "{fold:?}");
        }
        let all_lf = format!("{head}{LINES}\r\n").replace("\r\n", "\n");
        assert!(Request::parse(all_lf.clone()).is_ok() && Request::salvage(&all_lf.into()).is_some());
    }

    #[test]
    fn a_bad_line_goes_with_its_folds() {
        for bad in ["no colon\r\n", "x: \0\r\n", "x: y\0\n"] {
            let text = format!("INVITE sip:b SIP/2.0\r\n{bad} Call-ID: 2\r\n \r\n\t\n{LINES}\r\n");
            let (first, next) = (text.find(bad).unwrap(), text.find(LINES).unwrap());
            assert_eq!(after_line(text.as_bytes(), first), Some(next), "{bad:?}");
            let request = salvage(text).unwrap();
            assert_eq!(request.headers().get(&HeaderName::CALL_ID), Some("1"));
        }
        assert_eq!(after_line(b"x\r\n y", 0), None);
    }

    #[test]
    fn without_an_address_there_is_nothing() {
        assert!(salvage(format!("SIP/2.0 999 OK\r\n{LINES}\r\n")).is_none());
        assert!(
            salvage(format!(
                "INVITE sip:b SIP/2.0\r\n{}\r\n",
                LINES.replace("Call-ID", "X")
            ))
            .is_none()
        );
        assert!(salvage(String::new()).is_none());
        assert!(salvage("INVITE".to_owned()).is_none());
    }
}
