//! The part of a refused request by which its sender is told.
//!
//! Invariant: what goes back to the sender came from there, octet for octet; nothing is guessed of the
//! lines by which a response is addressed.

use std::fmt;
use std::net::SocketAddr;
use std::ops::Range;

use bytes::Bytes;

use super::scan::{is_blank, skip_empty_lines};
use super::start_line::begins_as_response;
use crate::grammar::token_end;
use crate::header::{Field, TypedHeader, Via, elements};
use crate::header_name::{Known, find};
use crate::name_addr::checked_tag;
use crate::{HeaderName, Limits, Response};

/// The lines that a response copies (RFC 3261 §8.2.6.2), in the order in which it has them.
const COPIED: [Known; 5] = [Known::Via, Known::From, Known::To, Known::CallId, Known::CSeq];

/// A request that is refused, as far as a response to it needs it.
///
/// It need not be a good request, nor text: its header lines go back to the sender octet for octet.
///
/// ```
/// use spigot_parser::{Bytes, Limits, Request, Response, SalvagedRequest, StatusCode};
///
/// let bytes = Bytes::from(&b"BYE sip:b@b.example SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n\
///              From: \"Ren\xe9\" <sip:a@a.example>;tag=1\r\nTo: <sip:b@b.example>;tag=2\r\n\
///              Call-ID: 1\r\nCSeq: 2 BYE\r\n\r\n"[..]);
/// let error = Request::parse(bytes.clone()).unwrap_err();
///
/// let request = SalvagedRequest::read(&bytes, &Limits::DEFAULT).expect("it says who sent it");
/// let refusal = Response::new(error.status().unwrap_or(StatusCode::BAD_REQUEST));
/// let answer = request.write_response(&refusal, "tag", ([192, 0, 2, 7], 5060).into());
/// assert!(answer.starts_with(b"SIP/2.0 400 Bad Request\r\n\
///              Via: SIP/2.0/UDP a.example;branch=z9hG4bK1;received=192.0.2.7\r\n\
///              From: \"Ren\xe9\" <sip:a@a.example>;tag=1\r\n"));
/// ```
#[derive(Clone)]
pub struct SalvagedRequest {
    bytes: Bytes,
    lines: Vec<SalvagedLine>,
}

/// Where a header line is, with its folds and without its last line end.
#[derive(Clone)]
struct SalvagedLine {
    name: Known,
    range: Range<usize>,
    /// Where the value begins, blanks and all.
    value: usize,
}

impl SalvagedRequest {
    /// Reads what can be read of a refused request, within the limits of a head.
    ///
    /// Returns `None` where no answer can be addressed or none may be given: for a response, for an ACK,
    /// for octets that begin otherwise than a request may, and where Via or CSeq are missing. A line in
    /// which a CR stands alone is none; if it is a Via, there is no answer.
    #[cold]
    pub fn read(bytes: &Bytes, limits: &Limits) -> Option<SalvagedRequest> {
        let start = skip_empty_lines(bytes);
        let head = &bytes[..bytes.len().min(start + limits.head)];
        let headers = start + memchr::memchr(b'\n', head.get(start..)?)? + 1;
        let start_line = &head[start..headers];
        if begins_as_response(start_line) {
            return None;
        }
        let lines = lines(head, headers, limits)?;
        let request = SalvagedRequest {
            bytes: bytes.clone(),
            lines,
        };
        let cseq = request.first(Known::CSeq)?;
        request.first(Known::Via)?;
        let method = match &start_line[..token_end(start_line, 0)] {
            [] => cseq.rsplit(|octet| octet.is_ascii_whitespace()).next()?,
            method => method,
        };
        (method != b"ACK").then_some(request)
    }

    /// Returns the topmost Via, if it can be read.
    pub fn via(&self) -> Option<Via> {
        let value = unfolded(self.first(Known::Via)?)?;
        let topmost = elements(&value).next()?;
        Via::parse(Field::new(topmost)).ok()
    }

    /// Returns the octets of the first value of Via, From, To, Call-ID or CSeq, with its folds.
    ///
    /// Returns `None` for any other header.
    pub fn get(&self, name: &HeaderName) -> Option<&[u8]> {
        self.first(name.known()?)
    }

    fn first(&self, name: Known) -> Option<&[u8]> {
        let line = self.lines.iter().find(|line| line.name == name)?;
        self.bytes.get(line.value..line.range.end)
    }

    /// Writes `response` as the answer to this request, which came from `source`.
    ///
    /// Via, From, To, Call-ID and CSeq are those of the request, as far as it has them. The topmost Via
    /// says where the request came from (RFC 3261 §18.2.1, RFC 3581 §4), and To has the tag `to_tag` if it
    /// has none, where these two can be read. The answer is longer than the request by no more than that,
    /// its own lines and a CR for each line copied.
    pub fn write_response(&self, response: &Response, to_tag: &str, source: SocketAddr) -> Bytes {
        let own = response.to_bytes();
        let after_status = memchr::memchr(b'\n', &own).map_or(own.len(), |found| found + 1);
        let (status_line, own_lines) = own.split_at(after_status);
        let mut out = Vec::with_capacity(own.len() + self.bytes.len());
        out.extend(status_line);
        let mut topmost = true;
        for name in COPIED {
            for line in self.lines.iter().filter(|line| line.name == name) {
                let stamped = if name == Known::Via && std::mem::take(&mut topmost) {
                    self.stamped(line, source)
                } else {
                    None
                };
                match stamped {
                    Some(line) => out.extend(line.as_bytes()),
                    None => push_line(&self.bytes[line.range.clone()], &mut out),
                }
                if name == Known::To && self.lacks_tag(line) {
                    out.extend(b";tag=");
                    out.extend(to_tag.as_bytes());
                }
                out.extend(b"\r\n");
            }
        }
        out.extend(own_lines);
        out.into()
    }

    /// Returns the line of the topmost Via as its receiver saw it, if that is otherwise than it came.
    fn stamped(&self, line: &SalvagedLine, source: SocketAddr) -> Option<String> {
        let value = unfolded(self.bytes.get(line.value..line.range.end)?)?;
        let topmost = elements(&value).next()?;
        let via = Via::parse(Field::new(topmost)).ok()?;
        let source = SocketAddr::new(source.ip().to_canonical(), source.port());
        if via.rport().is_none() && via.host().ip() == Some(source.ip()) {
            return None;
        }
        let seen = via.received_from(source).ok()?;
        let (_, others) = value.split_once(topmost)?;
        Some(format!("Via: {seen}{others}"))
    }

    /// Reports whether a To line can be read and has no tag.
    fn lacks_tag(&self, line: &SalvagedLine) -> bool {
        let value = self.bytes.get(line.value..line.range.end).and_then(unfolded);
        value.is_some_and(|value| checked_tag(value.trim_matches([' ', '\t'])) == Ok(None))
    }
}

/// How many lines there are: values may be secrets.
impl fmt::Debug for SalvagedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SalvagedRequest({} lines)", self.lines.len())
    }
}

/// Returns a value without line ends, if it is text.
fn unfolded(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?;
    let parts = text
        .split('\n')
        .map(|part| part.strip_suffix('\r').unwrap_or(part));
    Some(parts.collect())
}

/// Appends a line without its last line end. A fold after CRLF stays; that after a bare LF becomes a blank,
/// and one that has nothing in it is left out.
fn push_line(line: &[u8], out: &mut Vec<u8>) {
    for (index, part) in line.split_inclusive(|octet| *octet == b'\n').enumerate() {
        if index > 0 && part.trim_ascii().is_empty() {
            continue;
        }
        match part.strip_suffix(b"\r\n").or(part.strip_suffix(b"\n")) {
            None => out.extend(part),
            Some(_) if part.ends_with(b"\r\n") => out.extend(part),
            Some(content) => out.extend(content),
        }
    }
    // The last fold may have been one that is left out.
    while out.ends_with(b"\n") || out.ends_with(b"\r") {
        out.pop();
    }
}

/// Returns the lines from `at` on that a response copies: any number of Via, the others once. `None` if a
/// Via cannot go back.
fn lines(head: &[u8], mut at: usize, limits: &Limits) -> Option<Vec<SalvagedLine>> {
    let mut lines: Vec<SalvagedLine> = Vec::new();
    while lines.len() < limits.headers && !matches!(head[at..], [] | [b'\n', ..] | [b'\r', b'\n', ..]) {
        let Some(next) = after_line(head, at) else { break };
        let end = next - if head[..next].ends_with(b"\r\n") { 2 } else { 1 };
        let line = &head[at..end];
        if let Some((name, value)) = copied_name(line)
            && (name == Known::Via || !lines.iter().any(|other| other.name == name))
        {
            if !has_lone_cr(line) {
                lines.push(SalvagedLine {
                    name,
                    range: at..end,
                    value: at + value,
                });
            } else if name == Known::Via {
                return None;
            }
        }
        at = next;
    }
    Some(lines)
}

/// Returns the name of a line that a response copies, and where its value begins.
fn copied_name(line: &[u8]) -> Option<(Known, usize)> {
    let name_end = token_end(line, 0);
    let blanks = line[name_end..]
        .iter()
        .take_while(|octet| is_blank(**octet))
        .count();
    let colon = name_end + blanks;
    let name = find(&line[..name_end]).filter(|name| COPIED.contains(name))?;
    (line.get(colon) == Some(&b':')).then_some((name, colon + 1))
}

/// Reports whether some readers would see the end of a line in the middle of this one.
fn has_lone_cr(line: &[u8]) -> bool {
    memchr::memchr_iter(b'\r', line).any(|at| line.get(at + 1) != Some(&b'\n'))
}

/// Returns where the line after the one at `at` and its folds begins. Taking the folds along is what keeps
/// the time linear. A line that is not followed by anything has no end yet, unless it is the last.
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
    use crate::{Request, StatusCode};

    const LINES: &str = "Via: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nv: SIP/2.0/UDP b.example\r\nTo: <sip:b@b.example>\r\n\
                         From:\r\n <sip:a@a.example>;tag=1\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n";
    const START: &str = "INVITE sip:b@b.example SIP/2.0\r\n";

    fn read(octets: impl Into<Bytes>) -> Option<SalvagedRequest> {
        SalvagedRequest::read(&octets.into(), &Limits::DEFAULT)
    }

    fn answer(octets: impl Into<Bytes>) -> Option<Vec<u8>> {
        let bytes = octets.into();
        let refusal = Response::new(StatusCode::BAD_REQUEST);
        let answer = read(bytes.clone())?.write_response(&refusal, "us", ([192, 0, 2, 7], 40000).into());
        let own = "SIP/2.0 400 Bad Request\r\n;received=192.0.2.7=40000;tag=us\r\nContent-Length: 0\r\n\r\n";
        let lines = bytes.iter().filter(|octet| **octet == b'\n').count();
        assert!(answer.len() <= bytes.len() + own.len() + lines);
        assert!(answer.starts_with(b"SIP/2.0 400 Bad Request\r\n"));
        assert!(answer.ends_with(b"\r\nContent-Length: 0\r\n\r\n"));
        Some(answer.to_vec())
    }

    fn has(answer: &[u8], line: &[u8]) -> bool {
        let line = [b"\r\n", line, b"\r\n"].concat();
        answer.windows(line.len()).any(|window| window == line)
    }

    #[test]
    fn what_addresses_the_answer_goes_back_and_nothing_else() {
        let text = format!("{START}no colon\r\n{LINES}\0: x\r\nl: 999\r\nX-Mine: y\r\n\r\nbody");
        assert!(Request::parse(text.clone()).is_err());
        let expected = "SIP/2.0 400 Bad Request\r\n\
                        Via: SIP/2.0/UDP a.example;branch=z9hG4bK1;received=192.0.2.7\r\nv: SIP/2.0/UDP b.example\r\n\
                        From:\r\n <sip:a@a.example>;tag=1\r\nTo: <sip:b@b.example>;tag=us\r\n\
                        Call-ID: 1\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(String::from_utf8(answer(text).unwrap()).unwrap(), expected);
    }

    #[test]
    fn lines_that_are_no_text_go_back_octet_for_octet() {
        for (good, line) in [
            (
                "From:\r\n <sip:a@a.example>;tag=1",
                &b"From: \"Ren\xe9\" <sip:a@a.example>;tag=1"[..],
            ),
            ("To: <sip:b@b.example>", b"t : \xff\xfe\x00<sip:b@b.example>"),
            ("To: <sip:b@b.example>", b"To: \"x <sip:b@b.example>"),
            ("Call-ID: 1", b"i: \xc3\x28@a.example"),
            ("CSeq: 1 INVITE", b"CSeq: 1 INVITE\xe9"),
            ("CSeq: 1 INVITE", b"CSeq: 99999999999 INVITE"),
            ("Via: SIP/2.0/UDP a.example;branch=z9hG4bK1", b"Via: \x00\xff;;"),
            ("Via: SIP/2.0/UDP a.example;branch=z9hG4bK1", b"v:"),
            (
                "Via: SIP/2.0/UDP a.example;branch=z9hG4bK1",
                b"Via: SIP/2.0/UDP a.example;\xe9=1, SIP/2.0/UDP c\r\n\t;x",
            ),
        ] {
            let (before, after) = LINES.split_once(good).unwrap();
            let octets = [
                START.as_bytes(),
                before.as_bytes(),
                line,
                after.as_bytes(),
                b"\r\n",
            ]
            .concat();
            let answer = answer(octets).unwrap();
            let text = String::from_utf8_lossy(&answer).into_owned();
            assert!(has(&answer, line), "{text}");
            for name in ["From", "Call-ID", "CSeq"] {
                assert!(
                    text.contains(&format!("\r\n{name}:")) || good.starts_with(name),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn what_is_missing_is_missing_but_for_via_and_cseq() {
        for (name, answered) in [
            ("Via:", true),
            ("v:", true),
            ("To", true),
            ("From", true),
            ("Call-ID", true),
            ("CSeq", false),
        ] {
            let text = format!("{START}{}\r\n", LINES.replace(name, &format!("X-{name}")));
            assert_eq!(read(text).is_some(), answered, "{name}");
        }
        let no_via = LINES.replace("Via:", "X:").replace("v:", "Y:");
        assert!(read(format!("{START}{no_via}\r\n")).is_none());
        // The head may have no end.
        assert!(read(format!("{START}{LINES}")).is_some());
        assert!(
            read(format!("{START}{}", LINES.trim_end())).is_none(),
            "the CSeq may go on"
        );
    }

    #[test]
    fn nothing_answers_an_answer_or_an_ack() {
        for start in [
            "SIP/2.0 999 OK",
            "sip/2.0 200 OK",
            " SIP/2.0 200 OK",
            "\0SIP/2.0 200 OK",
            "\u{feff}SIP/2.0 200 OK",
            "SIP/3.0 200 OK",
            "SIP/",
            "RTSP/1.0 200 OK",
            "HTTP/1.1 200 OK",
            "ACK sip:b@b.example SIP/2.0",
            "ACK",
            "ACK  sip:b SIP/2.0",
        ] {
            assert!(read(format!("{start}\r\n{LINES}\r\n")).is_none(), "{start}");
        }
        let ack = LINES.replace("1 INVITE", "1 ACK");
        assert!(read(format!("@@@ sip:b SIP/2.0\r\n{ack}\r\n")).is_none());
        assert!(read(format!("{START}{ack}\r\n")).is_some());
        for start in [
            "INVITE",
            "@@@",
            "X\0Y Z",
            "INVITE <sip:b> SIP/7.0",
            "INVITE/1 sip:b SIP/2.0",
            "SIPS sip:b SIP/2.0",
        ] {
            assert!(read(format!("{start}\r\n{LINES}\r\n")).is_some(), "{start}");
        }
    }

    #[test]
    fn junk_has_no_answer() {
        for text in [
            "",
            "\r\n\r\n",
            "INVITE",
            "hello\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "\0\0\0\0",
        ] {
            assert!(read(text.to_owned()).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_lone_cr_does_not_go_back() {
        let from = LINES.replace("\r\n <sip:a", " \rX: y <sip:a");
        let text = String::from_utf8(answer(format!("{START}{from}\r\n")).unwrap()).unwrap();
        assert!(!text.contains("From") && !text.contains("X: y"), "{text}");
        for via in [
            LINES.replace("a.example;", "a.example\r;"),
            LINES.replace("b.example\r\n", "b.example\r;x\r\n"),
        ] {
            assert!(
                read(format!("{START}{via}\r\n")).is_none(),
                "a Via cannot be left out"
            );
        }
    }

    #[test]
    fn doubled_lines_go_back_once_and_each_via_does() {
        let text = format!("{START}{LINES}Call-ID: 2\r\nf: x\r\nVia: third\r\n\r\n");
        let text = String::from_utf8(answer(text).unwrap()).unwrap();
        assert_eq!(
            (
                text.matches("Call-ID").count(),
                text.matches("example>;tag=1").count()
            ),
            (1, 1)
        );
        assert!(text.contains("\r\nv: SIP/2.0/UDP b.example\r\nVia: third\r\n"));
    }

    #[test]
    fn line_ends_become_crlf_and_nothing_grows() {
        let lf = format!("{START}{LINES}\r\n").replace("\r\n", "\n");
        let text = String::from_utf8(answer(lf).unwrap()).unwrap();
        assert!(text.contains("\r\nFrom: <sip:a@a.example>;tag=1\r\n"), "{text}");
        assert!(!text.replace("\r\n", "").contains('\n'));
        for fold in ["\r\n \r\n ", "\n \n ", "\r\n\t\n "] {
            let folded = LINES
                .replace("From:\r\n ", &format!("From:{fold}"))
                .replace("INVITE\r\n", "INVITE\r\n \r\n\t\r\n");
            let text = String::from_utf8(answer(format!("{START}{folded}\r\n")).unwrap()).unwrap();
            assert!(
                text.contains("<sip:a@a.example>;tag=1\r\n") && text.contains("CSeq: 1 INVITE\r\nContent"),
                "{text:?}"
            );
        }
        let many = format!(
            "{START}{}\n\n",
            LINES.replace("From:\r\n", &format!("From:\n{}", " \n".repeat(9000)))
        );
        assert!(answer(many).is_some());
    }

    #[test]
    fn the_topmost_via_is_stamped_if_it_can_be_read_and_has_room() {
        let first = |via: &str| {
            let text = format!(
                "{START}{}\r\n",
                LINES.replace("SIP/2.0/UDP a.example;branch=z9hG4bK1", via)
            );
            let text = String::from_utf8(answer(text).unwrap()).unwrap();
            text.lines().nth(1).unwrap().to_owned()
        };
        assert_eq!(
            first("SIP/2.0/UDP a;rport, SIP/2.0/UDP b"),
            "Via: SIP/2.0/UDP a;rport=40000;received=192.0.2.7, SIP/2.0/UDP b"
        );
        assert_eq!(first("SIP/2.0/UDP 192.0.2.7"), "Via: SIP/2.0/UDP 192.0.2.7");
        assert_eq!(first("SIP/2.0/UDP a;rport;;"), "Via: SIP/2.0/UDP a;rport;;");
        let full = format!(
            "SIP/2.0/UDP a{}",
            (0..64).map(|n| format!(";x{n}")).collect::<String>()
        );
        assert_eq!(first(&full), format!("Via: {full}"));
    }

    #[test]
    fn the_limits_hold() {
        let text = format!("{START}{LINES}\r\n");
        let limited = |limits: Limits| SalvagedRequest::read(&Bytes::from(text.clone()), &limits).is_some();
        assert!(limited(Limits {
            head: text.len(),
            headers: 6,
            ..Limits::DEFAULT
        }));
        assert!(!limited(Limits {
            headers: 5,
            ..Limits::DEFAULT
        }));
        assert!(!limited(Limits {
            head: text.len() - 4,
            ..Limits::DEFAULT
        }));
    }
}
