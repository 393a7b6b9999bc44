//! Responses that break the rules of text, and are read all the same: a response cannot be refused, only
//! lost.
//!
//! A callee who has picked up is not to be left alone for a Latin-1 letter in a Server. Invariant: nothing
//! is guessed of where the head ends and how long the body is, and what comes out is text that the strict
//! parser takes.

use std::ops::Range;

use super::body_length::body_length;
use super::line::Line;
use super::quoted_pair::Quotes;
use super::scan::{
    self, Head, LineEnd, Lines, control_in_line, cut, is_all_blanks, is_blank, last_line_end, line_of_blanks,
    other_line_end,
};
use super::start_line::{StartLine, is_response, short_status_line};
use crate::header_name::Known;
use crate::{ErrorKind, Limits, ParseError};

/// Reports whether the fault may be one that only a request is refused for.
#[cold]
#[inline(never)]
pub(super) fn may_be(error: &ParseError, bytes: &[u8], start: usize) -> bool {
    matches!(error.kind(), ErrorKind::HeaderLine | ErrorKind::StartLine) && is_response(&bytes[start..])
}

/// Reads the start line of a response, and puts an entry into `lines` for each header line that follows it.
///
/// Against [RFC 3261 §7](https://www.rfc-editor.org/rfc/rfc3261#section-7) and
/// [§25.1](https://www.rfc-editor.org/rfc/rfc3261#section-25.1) each line may end with CRLF or with LF alone,
/// control characters may be in values and in the reason phrase, and a line that has no name and colon is
/// left out.
/// What says where the message ends is read strictly: no line has blanks and nothing else, no CR stands
/// alone, and around the empty line and Content-Length lines end alike.
#[cold]
#[inline(never)]
pub(super) fn index(
    bytes: &[u8],
    start: usize,
    limits: &Limits,
    lines: &mut impl Lines,
) -> Result<(StartLine, Head), ParseError> {
    let bytes = &bytes[..bytes.len().min(limits.head)];
    lines.clear();
    let (status, reason_start) = short_status_line(bytes, start)?;
    let first = physical_line(bytes, start)?;
    let start_line = StartLine::Response {
        status,
        reason: (reason_start.min(first.end), first.end),
        next: first.next,
    };
    let mut content_length = None;
    let mut at = first.next;
    loop {
        let mut line = physical_line(bytes, at)?;
        if line.end == at {
            let length = content_length
                .as_ref()
                .map(|(line, next): &(Line, _)| line.in_head().start..*next);
            ends_plainly(bytes, start..at, line.next, length)?;
            let head = Head {
                end: line.next,
                content_length: content_length.map(|(line, _)| line),
                folded: true,
                not_ascii: true,
            };
            return Ok((start_line, head));
        }
        not_blank(bytes, at)?;
        while bytes.get(line.next).copied().is_some_and(is_blank) {
            not_blank(bytes, line.next)?;
            line = physical_line(bytes, line.next)?;
        }
        if let Some(entry) = scan::entry(bytes, at, line.end, limits)? {
            if entry.name == Some(Known::ContentLength)
                && content_length.replace((entry, line.next)).is_some()
            {
                return Err(ParseError::new(
                    ErrorKind::ContentLength,
                    at,
                    "only one Content-Length",
                ));
            }
            if lines.len() >= limits.headers {
                return Err(scan::too_many(at));
            }
            lines.push(entry);
        }
        at = line.next;
    }
}

/// One line of text, its folds not with it.
struct PhysicalLine {
    /// Where its content ends and its line end begins.
    end: usize,
    /// Where the next line begins.
    next: usize,
}

/// Finds the line that begins at `start`. It ends with LF, and a CR before that belongs to its end.
fn physical_line(bytes: &[u8], start: usize) -> Result<PhysicalLine, ParseError> {
    let line_feed = memchr::memchr(b'\n', &bytes[start..]).map(|found| start + found);
    let last = line_feed.unwrap_or(bytes.len());
    let end = if bytes[start..last].ends_with(b"\r") {
        last - 1
    } else {
        last
    };
    if let Some(found) = memchr::memchr(b'\r', &bytes[start..end]) {
        return Err(control_in_line(start + found));
    }
    match line_feed {
        Some(line_feed) => Ok(PhysicalLine {
            end,
            next: line_feed + 1,
        }),
        None => Err(ParseError::new(
            ErrorKind::Truncated,
            bytes.len(),
            "the empty line that ends the head",
        )),
    }
}

/// Refuses a line of blanks, which some readers take for the end of the head.
fn not_blank(bytes: &[u8], start: usize) -> Result<(), ParseError> {
    if is_all_blanks(&bytes[start..]) {
        return Err(line_of_blanks(start));
    }
    Ok(())
}

/// Refuses a head whose end or length is another one to readers that know one line end only. `lines` are
/// all of it before its empty line, which ends before `next`, and `length` is its Content-Length with its
/// line end.
///
/// An empty line of LF needs lines that all end so, one of CRLF only needs such a line before it; around
/// Content-Length lines end as the empty one does.
pub(crate) fn ends_plainly(
    bytes: &[u8],
    lines: Range<usize>,
    next: usize,
    length: Option<Range<usize>>,
) -> Result<(), ParseError> {
    let end = last_line_end(&bytes[..next]);
    let ends_so = |at: &usize| last_line_end(&bytes[..*at]) == end;
    let has_crlf = || bytes[lines.clone()].windows(2).any(|pair| pair == b"\r\n");
    if !ends_so(&lines.end) || (end == LineEnd::Lf && has_crlf()) {
        return Err(other_line_end(next));
    }
    let Some(length) = length else { return Ok(()) };
    let ends = memchr::memchr_iter(b'\n', &bytes[length.clone()]).map(|found| length.start + found + 1);
    match std::iter::once(length.start).chain(ends).find(|at| !ends_so(at)) {
        Some(at) => Err(other_line_end(at)),
        None => Ok(()),
    }
}

/// Writes a response that breaks rules of text as one that breaks none.
#[cold]
#[inline(never)]
pub(super) fn as_text(datagram: &[u8], start: usize, limits: &Limits) -> Result<Vec<u8>, ParseError> {
    let mut lines = Vec::new();
    let (start_line, head) =
        index(datagram, start, limits, &mut lines).map_err(|error| cut(error, datagram, limits))?;
    let length = body_length(datagram, head.end, head.content_length.as_ref())?;
    let mut text = Vec::with_capacity(head.end + head.end / 8 + length);
    if let StartLine::Response {
        reason: (from, to), ..
    } = start_line
    {
        text.extend(&datagram[start..from]);
        // A quoted-pair is one in header values only.
        push_text(
            &datagram[from..to],
            |octet| octet == b'\t' || !octet.is_ascii_control(),
            &mut text,
        );
    }
    text.extend(b"\r\n");
    for line in &lines {
        let mut quotes = Quotes::default();
        for part in datagram[line.in_head()].split(|octet| *octet == b'\n') {
            let part = part.strip_suffix(b"\r").unwrap_or(part);
            push_text(part, |octet| quotes.admit(octet), &mut text);
            text.extend(b"\r\n");
        }
    }
    text.extend(b"\r\n");
    text.extend(&datagram[head.end..head.end + length]);
    Ok(text)
}

/// Appends a part of a line as text: UTF-8 as it is, each other octet as the ISO 8859-1 character of its
/// number, and U+FFFD in the place of a character that the line may not have.
///
/// ISO 8859-1 is what old devices send. The text is then the same for whoever reads it next, and it says no
/// less than the octets did.
fn push_text(part: &[u8], mut is_fit: impl FnMut(u8) -> bool, text: &mut Vec<u8>) {
    let mut push = |character: char| {
        let mut octets = [0; 4];
        let octets = character.encode_utf8(&mut octets).as_bytes();
        if is_fit(octets[0]) {
            text.extend(octets);
        } else {
            text.extend("\u{fffd}".as_bytes());
        }
    };
    for chunk in part.utf8_chunks() {
        chunk.valid().chars().for_each(&mut push);
        chunk
            .invalid()
            .iter()
            .map(|octet| char::from(*octet))
            .for_each(&mut push);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::{Contact, Server, SessionExpires};
    use crate::{HeaderName, Message, RawLines, RawMessage, Response};

    const LINES: &str = "Via: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nFrom: <sip:a@a.example>;tag=1\r\n\
                         To: <sip:b@b.example>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContact: <sip:b@192.0.2.1>\r\n";
    const OK: &str = "SIP/2.0 200 OK\r\n";

    /// Parses a response with these octets, where each `{..}` is an octet in hexadecimal digits.
    fn octets(text: &str) -> Vec<u8> {
        let mut octets = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (digits, after) = after.split_once('}').unwrap();
            octets.extend(before.as_bytes());
            octets.push(u8::from_str_radix(digits, 16).unwrap());
            rest = after;
        }
        octets.extend(rest.as_bytes());
        octets
    }

    fn read(text: &str) -> Response {
        let response = Response::parse(octets(text)).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        response
            .validate()
            .unwrap_or_else(|error| panic!("{text:?}: {error}"));
        let again = Response::parse(response.to_bytes()).expect("what is written parses");
        assert_eq!(again.to_bytes(), response.to_bytes());
        assert_eq!(again.reason(), response.reason());
        response
    }

    fn fault(text: &str) -> (ErrorKind, usize) {
        let error = Response::parse(octets(text))
            .and_then(|response| response.validate())
            .expect_err(text);
        assert_eq!(error.status(), None);
        (error.kind(), error.offset())
    }

    fn value(response: &Response, name: &'static str) -> String {
        let name = HeaderName::from_token(name).unwrap();
        response
            .headers()
            .get(&name)
            .unwrap_or_else(|| panic!("no {name}"))
            .to_owned()
    }

    #[test]
    fn a_reason_that_is_no_utf_8_is_read_as_latin_1() {
        for (reason, text) in [
            ("D{e9}croch{e9}", "D\u{e9}croch\u{e9}"),
            ("{c4}{d6}{dc}\t{ff}", "\u{c4}\u{d6}\u{dc}\t\u{ff}"),
            ("{e9} und {c3}{a9}", "\u{e9} und \u{e9}"),
            ("{c3}{a9}", "\u{e9}"),
            ("O{00}K", "O\u{fffd}K"),
            ("{7f}", "\u{fffd}"),
        ] {
            let response = read(&format!(
                "SIP/2.0 200 {reason}\r\n{LINES}Content-Length: 2\r\n\r\nok"
            ));
            assert_eq!(
                (response.reason(), &response.body()[..]),
                (text, &b"ok"[..]),
                "{reason}"
            );
        }
    }

    #[test]
    fn a_value_that_is_no_utf_8_is_read_as_latin_1() {
        let response = read(&format!(
            "{OK}{LINES}Server: Anlage M{fc}nchen\r\n\t{a0}und {e9}\r\nX-Utf: \u{444}\r\nl: 3\r\n\r\n{{ff}}{{00}}x",
            fc = "{fc}",
            a0 = "{a0}",
            e9 = "{e9}"
        ));
        assert_eq!(value(&response, "Server"), "Anlage M\u{fc}nchen \u{a0}und \u{e9}");
        assert_eq!(value(&response, "X-Utf"), "\u{444}");
        assert_eq!(response.body()[..], [0xff, 0, b'x'], "a body stays what it is");
    }

    #[test]
    fn a_display_name_in_latin_1_hides_no_address_and_a_uri_in_latin_1_is_an_error() {
        let with = |contact: &str| {
            read(&format!(
                "{OK}{}\r\n",
                LINES.replace("<sip:b@192.0.2.1>", contact)
            ))
        };
        let named = with("\"Ren{e9}\" <sip:b@192.0.2.1>");
        let contact = named.headers().typed::<Contact>().unwrap().unwrap();
        assert_eq!(contact.uri().map(|uri| uri.as_str()), Some("sip:b@192.0.2.1"));
        assert!(
            with("<sip:Ren{e9}@192.0.2.1>")
                .headers()
                .typed::<Contact>()
                .is_err()
        );
        assert!(
            with("<sip:b@192.0.2.1{00}>")
                .headers()
                .typed::<Contact>()
                .is_err()
        );
    }

    #[test]
    fn what_decides_is_read_by_its_grammar() {
        for (good, bad) in [
            ("branch=z9hG4bK1", "branch=z9hG4bK{e9}"),
            ("branch=z9hG4bK1", "branch=z9hG4bK1{00}"),
            ("Call-ID: 1", "Call-ID: {e9}"),
            ("CSeq: 1 INVITE", "CSeq: 1 INVIT{c9}"),
            ("tag=1", "tag={e9}"),
            ("tag=2", "tag=2{00}"),
            ("<sip:b@b.example>", "<sip:b{e9}@b.example>"),
        ] {
            let text = format!("{OK}{}\r\n", LINES.replace(good, bad));
            assert!(
                matches!(fault(&text).0, ErrorKind::Value | ErrorKind::Uri),
                "{bad}"
            );
        }
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            let text = format!("{OK}{}\r\n", LINES.replace(&format!("{name}:"), name));
            assert_eq!(
                fault(&text).0,
                ErrorKind::Missing,
                "{name} without a colon is left out"
            );
        }
    }

    #[test]
    fn a_line_may_end_with_a_line_feed_alone() {
        for (before, after) in [
            ("CSeq: 1 INVITE\r\n", "CSeq: 1 INVITE\n"),
            ("SIP/2.0 200 OK\r\n", "SIP/2.0 200 OK\n"),
            ("Call-ID: 1\r\n", "Call-ID: 1\nX-A: b\n c\r\n"),
            ("Call-ID: 1\r\n", "Call-ID:\n 1\nX-A: b\r\n\tc\n"),
        ] {
            let text = format!("{OK}{LINES}Content-Length: 2\r\n\r\nok");
            let response = read(&text.replace(before, after));
            assert_eq!(response.body(), "ok");
            assert_eq!(value(&response, "Call-ID"), "1");
            assert!(!response.to_string().replace("\r\n", "").contains('\n'));
        }
        let request = format!(
            "INVITE sip:b@b.example SIP/2.0\r\n{}\r\n",
            LINES.replace("1\r\nCSeq", "1\nCSeq")
        );
        let error = Message::parse(request).unwrap_err();
        assert_eq!(
            (error.kind(), error.status().map(|it| it.as_u16())),
            (ErrorKind::HeaderLine, Some(400))
        );
    }

    #[test]
    fn where_a_message_ends_is_not_guessed() {
        for rest in [
            "\n\r^\nok",
            "\r\n^\nok",
            "\n^\nok",
            "l: 2\n\r^\nok",
            "X: y^\nl: 2\r\n\r\nok",
            "l:^\n 2\r\n\r\nok",
            "l: 2^\nX: y\r\n\r\nok",
            "X: y\n^ \r\nl: 2\r\n\r\nok",
            "^ \t\r\n\r\nok",
            "X: ^\ry\r\n\r\nok",
            "X: \"\\^\r\"\r\n\r\nok",
        ] {
            // The line before the empty one is the last of those.
            let lines = if rest.starts_with(['\r', '\n']) {
                LINES.trim_end()
            } else {
                LINES
            };
            let text = format!("{OK}{lines}{rest}");
            let expected = (ErrorKind::HeaderLine, text.find('^').unwrap());
            assert_eq!(fault(&text.replace('^', "")), expected, "{rest:?}");
        }
        for twice in ["l: 2\nl: 2\r\n\r\nok", "X: y\nl: 2\r\nl: 3\r\n\r\nokk"] {
            assert_eq!(fault(&format!("{OK}{LINES}{twice}")).0, ErrorKind::ContentLength);
        }
    }

    #[test]
    fn a_line_that_is_no_header_line_is_left_out_with_its_folds() {
        for junk in [
            "no colon\r\n",
            ": x\r\n",
            "a b: x\r\n",
            "\u{e9}: x\r\n",
            "no\r\n colon\r\n",
            "no\n l: 9\n",
            "X{00}: y\r\n",
        ] {
            let response = read(&format!("{OK}{LINES}{junk}Server: x\r\n\r\n"));
            assert_eq!(response.headers().len(), 7, "{junk:?}");
            let response = read(&format!("{OK}{junk}{LINES}\r\n"));
            assert_eq!(response.headers().len(), 6, "{junk:?}");
        }
        assert_eq!(read(&format!("{OK} X: y\r\n{LINES}\r\n")).headers().len(), 6);
    }

    #[test]
    fn what_may_be_there_once_may_be_there_twice_and_is_then_no_value() {
        let response = read(&format!(
            "{OK}{LINES}Server: one\r\nServer: two\r\nSession-Expires: 1800\r\nx: 1800\r\nMax-Forwards: x\r\n\r\n"
        ));
        for error in [
            response.headers().typed::<Server>().map(drop).unwrap_err(),
            response
                .headers()
                .typed::<SessionExpires>()
                .map(drop)
                .unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Duplicate);
        }
        for twice in [
            "From: <sip:a@a.example>;tag=1",
            "t: <sip:b@b.example>",
            "i: 1",
            "CSeq: 1 INVITE",
        ] {
            let text = format!("{OK}{LINES}{twice}\r\n\r\n");
            assert_eq!(fault(&text).0, ErrorKind::Duplicate, "{twice}");
        }
    }

    #[test]
    fn a_raw_message_has_the_same_lines_with_their_octets() {
        let text = octets(&format!(
            "{OK}{LINES}junk\r\nServer: {{e9}}\nX: {{00}}\r\nl: 2\r\n\r\nok"
        ));
        let mut lines = RawLines::new();
        let raw = RawMessage::parse(&text, &mut lines).unwrap();
        assert_eq!((raw.headers().len(), raw.body()), (9, &b"ok"[..]));
        assert_eq!(raw.get(&HeaderName::SERVER), Some(&b"\xe9"[..]));
    }

    #[test]
    fn the_limits_hold() {
        let text = format!("{OK}{LINES}X: y\nServer: {}\r\n\r\n", "{e9}".repeat(100));
        let octets = octets(&text);
        let limited =
            |limits: Limits| Message::parse_with(octets.clone(), &limits).map_err(|error| error.kind());
        let fits = Limits {
            head: octets.len(),
            headers: 8,
            header_line: 108,
            ..Limits::DEFAULT
        };
        assert!(limited(fits.clone()).is_ok());
        let one_past = [
            Limits {
                head: fits.head - 1,
                ..fits.clone()
            },
            Limits {
                headers: 7,
                ..fits.clone()
            },
            Limits {
                header_line: 107,
                ..fits
            },
        ];
        let kinds = [
            ErrorKind::HeadTooLarge,
            ErrorKind::TooManyHeaders,
            ErrorKind::HeaderTooLong,
        ];
        for (limits, kind) in one_past.into_iter().zip(kinds) {
            assert_eq!(limited(limits).map(drop), Err(kind));
        }
    }

    #[test]
    fn what_is_cut_short_is_cut_short() {
        let text = octets(&format!(
            "SIP/2.0 200 O{{00}}K\n{LINES}junk\nServer: {{e9}}\r\nl: 2\r\n\r\nok"
        ));
        for end in 0..text.len() {
            let error = Message::parse(text[..end].to_vec()).unwrap_err();
            assert_eq!((error.kind(), error.offset()), (ErrorKind::Truncated, end));
        }
        assert!(Message::parse(text).is_ok());
    }
}
