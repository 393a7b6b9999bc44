//! From a datagram to a message: start line, index, body, text.
//!
//! Invariant: one allocation for the index of a usual message, none for a header (folded ones apart), and
//! the head is known to be UTF-8 before any text of it is given out.

use bytes::Bytes;
use bytestring::ByteString;

use super::body_length::body_length;
use super::headers::Headers;
use super::line::Line;
use super::octets::Controls;
use super::odd_response;
use super::scan::{Head, Lines, cut, header_lines, skip_empty_lines};
use super::start_line::{StartLine, is_response, start_line};
use crate::header::Field;
use crate::{ErrorKind, Limits, Message, Method, ParseError, Request, Response, SipUri, Uri};

/// How many lines the index has room for at first; most messages have fewer.
const USUAL_LINES: usize = 32;

/// Parses one whole message.
pub(super) fn message(datagram: Bytes, limits: &Limits) -> Result<Message, ParseError> {
    if u32::try_from(datagram.len()).is_err() {
        return Err(ParseError::new(ErrorKind::TooLarge, 0, "less than 4 GiB"));
    }
    let start = skip_empty_lines(&datagram);
    if is_response(&datagram[start..]) {
        parse(datagram, start, limits, true).map_err(ParseError::in_response)
    } else {
        parse(datagram, start, limits, false)
    }
}

/// Parses what breaks no rule of text. A response that does is read once more if `may_be_odd` says that it
/// may.
fn parse(
    mut datagram: Bytes,
    start: usize,
    limits: &Limits,
    may_be_odd: bool,
) -> Result<Message, ParseError> {
    let mut lines = Vec::with_capacity(USUAL_LINES);
    let (start_line, scanned) = match index(&datagram, start, limits, &mut lines) {
        Ok(parts) => parts,
        Err(error) if may_be_odd && odd_response::may_be(&error, &datagram, start) => {
            return parse_as_text(&datagram, start, limits);
        }
        Err(error) => return Err(cut(error, &datagram, limits)),
    };
    if may_be_odd && is_other_text(&datagram, &start_line, &scanned) {
        return parse_as_text(&datagram, start, limits);
    }
    let body = body(&mut datagram, scanned.end, scanned.content_length.as_ref())?;
    let head = ByteString::try_from(datagram)
        .map_err(|error| ParseError::new(ErrorKind::Utf8, error.valid_up_to(), "text in UTF-8"))?;
    match start_line {
        StartLine::Request {
            method,
            method_end,
            uri: (uri_start, uri_end),
            ..
        } => {
            let method = match method.map_or_else(|| Method::from_token(&head[start..method_end]), Ok) {
                Ok(method) => method,
                Err(error) => return Err(error.shifted(start)),
            };
            let uri = Field::within(&head, &head[uri_start..uri_end]);
            // A whole message is made at each end of the way there: what is big is to be made where it stays.
            if crate::uri::is_sip(uri.as_str()) {
                return match SipUri::parse(uri) {
                    Ok(uri) => Ok(Message::Request(Request {
                        method,
                        uri: Uri::Sip(uri),
                        headers: Headers::indexed(head, lines, scanned.folded),
                        body,
                    })),
                    Err(error) => Err(error.shifted(uri_start)),
                };
            }
            match Uri::parse(uri) {
                Ok(uri) => Ok(Message::Request(Request {
                    method,
                    uri,
                    headers: Headers::indexed(head, lines, scanned.folded),
                    body,
                })),
                Err(error) => Err(error.shifted(uri_start)),
            }
        }
        StartLine::Response {
            status,
            reason: (from, to),
            ..
        } => {
            let reason = head.slice_ref(&head[from..to]);
            Ok(Message::Response(Response {
                status,
                reason,
                headers: Headers::indexed(head, lines, scanned.folded),
                body,
            }))
        }
    }
}

/// Parses a response that breaks rules of text, as text that breaks none.
///
/// The offset of an error is in `datagram`, and that of a later one in the text that is read instead.
#[cold]
#[inline(never)]
fn parse_as_text(datagram: &Bytes, start: usize, limits: &Limits) -> Result<Message, ParseError> {
    let text = odd_response::as_text(datagram, start, limits)?;
    let wide = Limits {
        head: usize::MAX,
        header_line: usize::MAX,
        ..limits.clone()
    };
    parse(text.into(), 0, &wide, false).map_err(|error| error.moved_to(error.offset().min(datagram.len())))
}

/// Reports whether the head of a response has octets that are no UTF-8. Nearly all are ASCII, which is known.
#[inline(always)]
fn is_other_text(datagram: &[u8], start_line: &StartLine, head: &Head) -> bool {
    match *start_line {
        StartLine::Response {
            reason: (from, to), ..
        } if head.not_ascii || !datagram[from..to].is_ascii() => {
            std::str::from_utf8(&datagram[..head.end]).is_err()
        }
        _ => false,
    }
}

/// Reads the start line, and puts an entry into `lines` for each line that follows it, all of them within
/// the limit of a head.
#[inline]
pub(super) fn index(
    datagram: &[u8],
    start: usize,
    limits: &Limits,
    lines: &mut impl Lines,
) -> Result<(StartLine, Head), ParseError> {
    let bytes = &datagram[..datagram.len().min(limits.head)];
    let mut controls = Controls::new(bytes, start.min(bytes.len()));
    let start_line = start_line(bytes, start, &mut controls, limits)?;
    let (StartLine::Request { next, .. } | StartLine::Response { next, .. }) = start_line;
    let head = header_lines(bytes, next, controls, limits, lines)?;
    Ok((start_line, head))
}

/// Leaves the head in `datagram` and gives the body.
fn body(datagram: &mut Bytes, head_end: usize, content_length: Option<&Line>) -> Result<Bytes, ParseError> {
    let length = body_length(datagram, head_end, content_length)?;
    if head_end == datagram.len() {
        return Ok(Bytes::new());
    }
    let mut body = datagram.split_off(head_end);
    body.truncate(length);
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Message, (ErrorKind, usize)> {
        Message::parse(text.to_owned()).map_err(|error| (error.kind(), error.offset()))
    }

    const HEAD: &str = "OPTIONS sip:a.example SIP/2.0\r\n";

    #[test]
    fn the_body_is_what_content_length_says() {
        let body = |rest: &str| parse(&format!("{HEAD}{rest}")).map(|message| message.body().clone());
        assert_eq!(body("l: 2\r\n\r\nabc").unwrap(), "ab");
        assert_eq!(body("l: 0003\r\n\r\nabc").unwrap(), "abc");
        assert_eq!(body("l:\r\n 3\r\n\r\nabc").unwrap(), "abc");
        assert_eq!(body("\r\nabc").unwrap(), "abc");
        assert_eq!(body("l: 0\r\n\r\nabc").unwrap(), "");
        assert_eq!(body("\r\n").unwrap(), "");
    }

    #[test]
    fn a_content_length_that_is_not_one_number_is_refused() {
        let fault = |rest: &str| parse(&format!("{HEAD}{rest}")).unwrap_err();
        let at = HEAD.len();
        assert_eq!(fault("l: 4\r\n\r\nabc"), (ErrorKind::Truncated, at + 11));
        assert_eq!(
            fault("l: 99999999999999999999999999\r\n\r\nabc").0,
            ErrorKind::Truncated
        );
        assert_eq!(fault("l: -1\r\n\r\nabc"), (ErrorKind::ContentLength, at + 3));
        assert_eq!(fault("l: 1 2\r\n\r\nabc"), (ErrorKind::ContentLength, at + 3));
        assert_eq!(fault("l: 1\r\n 2\r\n\r\nabc"), (ErrorKind::ContentLength, at + 3));
        assert_eq!(fault("l:\r\n\r\nabc"), (ErrorKind::ContentLength, at + 2));
        assert_eq!(
            fault("l: 3\r\nContent-Length: 3\r\n\r\nabc"),
            (ErrorKind::ContentLength, at + 6)
        );
    }

    #[test]
    fn all_lines_of_a_head_end_alike() {
        let fault = |text: String| parse(&text).map(drop);
        let at = HEAD.len();
        for (rest, length) in [
            ("a: b\nc: d\r\n\r\n", 4),
            ("a: b\n\r\n", 4),
            ("a: b\r\n\n", 6),
            ("a: b\n c\r\n\r\n", 4),
            ("a: \"\\\0\"\n\r\n", 7),
            ("\n", 0),
        ] {
            let expected = Err((ErrorKind::HeaderLine, at + length));
            assert_eq!(fault(format!("{HEAD}{rest}")), expected, "{rest:?}");
            let bare = HEAD.replace("\r\n", "\n");
            assert_eq!(fault(format!("{bare}{}", rest.replace("\r\n", "\n"))), Ok(()));
        }
        let bare = HEAD.replace("\r\n", "\n");
        for (rest, length) in [
            ("a: b\r\n\n", 5),
            ("a: b\n\r\n", 6),
            ("\r\n", 1),
            ("a: b\r\n c\n\n", 5),
        ] {
            let expected = Err((ErrorKind::HeaderLine, bare.len() + length));
            assert_eq!(fault(format!("{bare}{rest}")), expected, "{rest:?}");
        }
    }

    #[test]
    fn a_line_of_blanks_continues_nothing_and_ends_no_head() {
        for (rest, length) in [
            ("a: b\r\n \r\nc: d\r\n\r\n", 6),
            ("a: b\r\n c\r\n\t \r\n d\r\n\r\n", 10),
            ("a:\r\n \r\n b\r\n\r\n", 4),
            ("l: 0\r\n \r\n\r\n", 6),
        ] {
            let expected = Err((ErrorKind::HeaderLine, HEAD.len() + length));
            assert_eq!(parse(&format!("{HEAD}{rest}")).map(drop), expected, "{rest:?}");
        }
        assert!(parse(&format!("{HEAD}a:\r\n b\r\n\r\n \r\n")).is_ok());
    }

    #[test]
    fn empty_lines_before_the_start_line_are_skipped_and_counted() {
        assert!(parse(&format!("\r\n\r\n\n{HEAD}\r\n")).is_ok());
        assert_eq!(
            parse(&format!("\r\n{HEAD}: x\r\n\r\n")).unwrap_err(),
            (ErrorKind::HeaderLine, HEAD.len() + 2)
        );
        assert_eq!(parse("\r\n\r\n").unwrap_err(), (ErrorKind::Truncated, 4));
    }

    #[test]
    fn only_the_head_has_to_be_utf_8() {
        let mut bytes = format!("{HEAD}l: 1\r\n\r\n").into_bytes();
        bytes.push(0xff);
        assert_eq!(Message::parse(bytes).unwrap().body()[..], [0xff]);
        let mut bytes = format!("{HEAD}Subject: ").into_bytes();
        bytes.extend(b"\xff\r\n\r\n");
        let error = Message::parse(bytes).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Utf8, HEAD.len() + 9));
    }

    #[test]
    fn each_limit_holds_and_one_past_it_does_not() {
        let text = format!("{HEAD}a: 1\r\nb: 12\r\n\r\n");
        let fits = Limits {
            head: text.len(),
            headers: 2,
            header_line: 5,
            uri: 13,
            ..Limits::DEFAULT
        };
        let fault = |limits: &Limits| {
            Message::parse_with(text.clone(), limits)
                .map_err(|error| error.kind())
                .err()
        };
        assert_eq!(fault(&fits), None);
        assert_eq!(
            fault(&Limits {
                head: fits.head - 1,
                ..fits.clone()
            }),
            Some(ErrorKind::HeadTooLarge)
        );
        assert_eq!(
            fault(&Limits {
                headers: 1,
                ..fits.clone()
            }),
            Some(ErrorKind::TooManyHeaders)
        );
        assert_eq!(
            fault(&Limits {
                header_line: 4,
                ..fits.clone()
            }),
            Some(ErrorKind::HeaderTooLong)
        );
        assert_eq!(
            fault(&Limits {
                uri: 12,
                ..fits.clone()
            }),
            Some(ErrorKind::UriTooLong)
        );
    }

    #[test]
    fn a_fault_in_a_response_is_answered_by_nobody() {
        let error = Message::parse("SIP/2.0 200 OK\r\nl: x\r\n\r\n").unwrap_err();
        assert_eq!(error.status(), None);
        let error = Message::parse(format!("{HEAD}To\r\n\r\n")).unwrap_err();
        assert_eq!(error.status(), Some(crate::StatusCode::BAD_REQUEST));
    }
}
