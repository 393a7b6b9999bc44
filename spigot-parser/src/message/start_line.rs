//! The first line of a message (RFC 3261 §7.1, §7.2).
//!
//! Invariant: it is read strictly. What is not exactly one SP apart is refused, so nothing is passed on
//! that the next hop may read otherwise.

use super::octets::{Controls, equal_mask, find};
use super::scan::line_end;
use crate::grammar::token_end;
use crate::{ErrorKind, Limits, Method, ParseError, StatusCode};

/// Where the parts of a start line are.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum StartLine {
    /// ```text
    /// Request-Line = Method SP Request-URI SP SIP-Version CRLF
    /// ```
    Request {
        /// The method, if it is a known one.
        method: Option<Method>,
        method_end: usize,
        uri: (usize, usize),
        next: usize,
    },
    /// ```text
    /// Status-Line = SIP-Version SP Status-Code SP Reason-Phrase CRLF
    /// ```
    Response {
        status: StatusCode,
        reason: (usize, usize),
        next: usize,
    },
}

/// The only version there is (RFC 3261 §7.1).
///
/// > The SIP-Version string is case-insensitive, but implementations MUST send upper-case.
const VERSION: &[u8] = b"SIP/2.0";

/// Whether `text` is the version in any case. Nearly always it is written just so.
#[inline]
fn is_version_2(text: &[u8]) -> bool {
    text == VERSION || text.eq_ignore_ascii_case(VERSION)
}

/// Whether a message that begins so is a response: no method has a `/` in it.
#[inline]
pub(crate) fn is_response(bytes: &[u8]) -> bool {
    matches!(bytes, [b'S' | b's', b'I' | b'i', b'P' | b'p', b'/', ..])
}

/// Reports whether octets begin as a response does, or with something that another reader takes for one:
/// the version of a protocol, after what is neither a letter nor a digit.
pub(super) fn begins_as_response(bytes: &[u8]) -> bool {
    let start = bytes
        .iter()
        .take_while(|octet| !octet.is_ascii_alphanumeric())
        .count();
    let name_end = token_end(bytes, start);
    let Some(number) = bytes[name_end..].strip_prefix(b"/") else {
        return false;
    };
    let digits = number
        .iter()
        .take_while(|octet| octet.is_ascii_digit() || **octet == b'.')
        .count();
    is_response(&bytes[start..]) || number[..digits].contains(&b'.')
}

/// Reads the start line that begins at `start`. `controls` begin there, and then at the next line.
pub(super) fn start_line(
    bytes: &[u8],
    start: usize,
    controls: &mut Controls,
    limits: &Limits,
) -> Result<StartLine, ParseError> {
    if is_response(bytes.get(start..).unwrap_or_default()) {
        status_line(bytes, start, controls)
    } else {
        request_line(bytes, start, controls, limits)
    }
}

fn request_line(
    bytes: &[u8],
    start: usize,
    controls: &mut Controls,
    limits: &Limits,
) -> Result<StartLine, ParseError> {
    let (method, method_end) = match known_method(bytes, start) {
        Some((method, end)) => (Some(method), end),
        None => (None, token_end(bytes, start)),
    };
    if method_end == start {
        return Err(match bytes.get(start) {
            None => ParseError::new(ErrorKind::Truncated, start, "a start line"),
            Some(_) => cut_or_kind(bytes, start, ErrorKind::Method, "a method, which is a token"),
        });
    }
    let end = controls.next_control(bytes);
    if bytes.get(method_end) != Some(&b' ') {
        return Err(cut_or(bytes, method_end, "one SP after the method"));
    }
    let uri_start = method_end + 1;
    let uri_end = find(&bytes[..end], uri_start, b' ').unwrap_or(end);
    if uri_end - uri_start > limits.uri {
        return Err(ParseError::new(
            ErrorKind::UriTooLong,
            uri_start,
            "a Request-URI within the limit",
        ));
    }
    if uri_end == uri_start {
        return Err(cut_or(bytes, uri_start, "a Request-URI one SP after the method"));
    }
    if uri_end == end {
        return Err(cut_or(bytes, end, "one SP and `SIP/2.0` after the Request-URI"));
    }
    let version = &bytes[uri_end + 1..end];
    let length = line_end(bytes, end);
    if !is_version_2(version) {
        return Err(version_fault(bytes, uri_end + 1, end));
    }
    if length == 0 {
        return Err(cut_or(bytes, end, "the end of the line after `SIP/2.0`"));
    }
    Ok(StartLine::Request {
        method,
        method_end,
        uri: (uri_start, uri_end),
        next: after(bytes, controls, end, length),
    })
}

fn status_line(bytes: &[u8], start: usize, controls: &mut Controls) -> Result<StartLine, ParseError> {
    let version_end = start + VERSION.len();
    let end = controls.next_control(bytes);
    let Some(version) = bytes[start..end].first_chunk::<7>() else {
        return Err(version_fault(bytes, start, end));
    };
    if !is_version_2(version) || bytes.get(version_end) != Some(&b' ') {
        let word = find(&bytes[..end], start, b' ').unwrap_or(end);
        return Err(version_fault(bytes, start, word));
    }
    let code = version_end + 1;
    let Some(status) = bytes[code..end].first_chunk::<3>().and_then(three_digits) else {
        let begun = matches!(&bytes[code..], [] | [b'1'..=b'6'] | [b'1'..=b'6', b'0'..=b'9']);
        let at = if begun { end } else { code };
        let expected = "a status code of three digits, 100 to 699";
        return Err(cut_or_kind(bytes, at, ErrorKind::Status, expected));
    };
    let reason_start = match bytes.get(code + 3) {
        Some(b' ') => code + 4,
        // HTAB is a control character too, and no SP.
        other if code + 3 == end && other != Some(&b'\t') => end,
        _ => {
            return Err(ParseError::new(
                ErrorKind::Status,
                code + 3,
                "one SP after three digits",
            ));
        }
    };
    let mut end = end;
    while bytes.get(end) == Some(&b'\t') {
        end = controls.next_control(bytes);
    }
    match line_end(bytes, end) {
        0 => Err(cut_or(bytes, end, "the end of the line after the reason phrase")),
        length => Ok(StartLine::Response {
            status,
            reason: (reason_start, end),
            next: after(bytes, controls, end, length),
        }),
    }
}

/// Reads the version and the status code of a response, whatever its reason phrase is; gives the code, and
/// where the reason phrase begins.
#[cold]
pub(super) fn short_status_line(bytes: &[u8], start: usize) -> Result<(StatusCode, usize), ParseError> {
    const LENGTH: usize = "SIP/2.0 200 ".len();
    let rest = bytes.get(start..).unwrap_or_default();
    let end = rest
        .iter()
        .take(LENGTH)
        .position(|octet| matches!(octet, b'\r' | b'\n'));
    let mut line = rest[..end.unwrap_or(LENGTH.min(rest.len()))].to_vec();
    line.extend(b"\r\n");
    match status_line(&line, 0, &mut Controls::new(&line, 0)) {
        Ok(StartLine::Response {
            status,
            reason: (reason, _),
            ..
        }) => Ok((status, start + reason)),
        Ok(StartLine::Request { .. }) => Err(ParseError::new(ErrorKind::StartLine, start, "a status line")),
        Err(error) => Err(error.shifted(start)),
    }
}

/// The known method that begins at `start`, and its end, if one SP follows it.
#[inline]
fn known_method(bytes: &[u8], start: usize) -> Option<(Method, usize)> {
    let first = bytes.get(start..)?.first_chunk::<16>()?;
    let length = equal_mask(first, b' ').trailing_zeros() as usize;
    Some((Method::known(first.get(..length)?)?, start + length))
}

fn three_digits(digits: &[u8; 3]) -> Option<StatusCode> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = |digit: u8| u16::from(digit - b'0');
    StatusCode::from_u16(value(digits[0]) * 100 + value(digits[1]) * 10 + value(digits[2]))
}

/// Where the line after the line end at `end` begins; `controls` go there.
#[inline]
fn after(bytes: &[u8], controls: &mut Controls, end: usize, length: usize) -> usize {
    if length == 2 {
        controls.next(bytes);
    }
    end + length
}

/// A version that is not 2.0, or no version at all.
#[cold]
fn version_fault(bytes: &[u8], start: usize, end: usize) -> ParseError {
    if is_version(&bytes[start..end]) && !bytes[start..end].eq_ignore_ascii_case(VERSION) {
        return ParseError::new(ErrorKind::Version, start, "`SIP/2.0`");
    }
    let begun = end == bytes.len() && begins_a_version(&bytes[start..]);
    let at = if begun { end } else { start };
    let expected = "`SIP/2.0` and nothing after it but one SP or the end of the line";
    cut_or(bytes, at, expected)
}

/// ```text
/// SIP-Version = "SIP" "/" 1*DIGIT "." 1*DIGIT
/// ```
pub(crate) fn is_version(text: &[u8]) -> bool {
    let Some((prefix, number)) = text.split_first_chunk::<4>() else {
        return false;
    };
    let mut parts = number.split(|octet| *octet == b'.');
    let mut digits = || {
        parts
            .next()
            .is_some_and(|part| !part.is_empty() && part.iter().all(u8::is_ascii_digit))
    };
    prefix.eq_ignore_ascii_case(b"SIP/") && digits() && digits() && parts.next().is_none()
}

/// Whether `text` is a version of which the end is missing, or this version.
fn begins_a_version(text: &[u8]) -> bool {
    let (prefix, number) = text.split_at(text.len().min(4));
    let digits = number.iter().take_while(|octet| octet.is_ascii_digit()).count();
    prefix.eq_ignore_ascii_case(&b"SIP/"[..prefix.len()])
        && (digits == number.len() || (digits > 0 && number[digits..] == *b"."))
        || text.eq_ignore_ascii_case(VERSION)
}

fn cut_or(bytes: &[u8], at: usize, expected: &'static str) -> ParseError {
    cut_or_kind(bytes, at, ErrorKind::StartLine, expected)
}

/// The input ends at `at`, or with the first half of a line end there, or what is there is wrong.
#[cold]
fn cut_or_kind(bytes: &[u8], at: usize, kind: ErrorKind, expected: &'static str) -> ParseError {
    match bytes.get(at..) {
        Some([] | [b'\r']) | None => ParseError::new(ErrorKind::Truncated, bytes.len(), expected),
        Some(_) => ParseError::new(kind, at, expected),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<StartLine, (ErrorKind, usize)> {
        let limits = Limits {
            uri: 32,
            ..Limits::DEFAULT
        };
        let bytes = text.as_bytes();
        start_line(bytes, 0, &mut Controls::new(bytes, 0), &limits)
            .map_err(|error| (error.kind(), error.offset()))
    }

    #[test]
    fn a_request_line_is_read() {
        let expected = StartLine::Request {
            method: Some(Method::OPTIONS),
            method_end: 7,
            uri: (8, 13),
            next: 23,
        };
        assert_eq!(read("OPTIONS sip:a SIP/2.0\r\n"), Ok(expected));
        let expected = StartLine::Request {
            method: None,
            method_end: 1,
            uri: (2, 3),
            next: 12,
        };
        assert_eq!(read("M u sip/2.0\n"), Ok(expected));
    }

    #[test]
    fn a_status_line_is_read_with_any_reason_or_none() {
        let of = |reason, next| {
            Ok(StartLine::Response {
                status: StatusCode::OK,
                reason,
                next,
            })
        };
        assert_eq!(read("SIP/2.0 200 OK\r\n"), of((12, 14), 16));
        assert_eq!(read("sip/2.0 200 a\tb é\r\n"), of((12, 18), 20));
        assert_eq!(read("SIP/2.0 200 \r\n"), of((12, 12), 14));
        assert_eq!(read("SIP/2.0 200\n"), of((11, 11), 12));
    }

    #[test]
    fn what_is_not_exactly_a_start_line_is_refused() {
        for (text, kind, offset) in [
            ("", ErrorKind::Truncated, 0),
            (" M u SIP/2.0\r\n", ErrorKind::Method, 0),
            ("M\r\n", ErrorKind::StartLine, 1),
            ("M  u SIP/2.0\r\n", ErrorKind::StartLine, 2),
            ("M u  SIP/2.0\r\n", ErrorKind::StartLine, 4),
            ("M u SIP/2.0 \r\n", ErrorKind::StartLine, 4),
            ("M u SIP/2.0\rx", ErrorKind::StartLine, 11),
            ("M u SIP/2.0", ErrorKind::Truncated, 11),
            ("M u\tSIP/2.0\r\n", ErrorKind::StartLine, 3),
            ("M u\r\n", ErrorKind::StartLine, 3),
            ("M u HTTP/1.1\r\n", ErrorKind::StartLine, 4),
            ("M u SIP/7.0\r\n", ErrorKind::Version, 4),
            ("M u SIP/2.00\r\n", ErrorKind::Version, 4),
            ("M/1 u SIP/2.0\r\n", ErrorKind::StartLine, 1),
            (
                "M sip:01234567890123456789012345678 SIP/2.0\r\n",
                ErrorKind::UriTooLong,
                2,
            ),
            ("SIP/3.0 200 OK\r\n", ErrorKind::Version, 0),
            ("SIP/2.0  200 OK\r\n", ErrorKind::Status, 8),
            ("SIP/2.0 99 OK\r\n", ErrorKind::Status, 8),
            ("SIP/2.0 700 OK\r\n", ErrorKind::Status, 8),
            ("SIP/2.0 4294967301 OK\r\n", ErrorKind::Status, 11),
            ("SIP/2.0 200\tOK\r\n", ErrorKind::Status, 11),
            ("SIP/2.0 200\t\r\n", ErrorKind::Status, 11),
            ("SIP/2.0 2x", ErrorKind::Status, 8),
            ("SIP/2.0 7", ErrorKind::Status, 8),
            ("SIP/2.0 200 O\0K\r\n", ErrorKind::StartLine, 13),
            ("SIP/2.0\r\n", ErrorKind::StartLine, 0),
            ("SIP/2x", ErrorKind::StartLine, 0),
        ] {
            assert_eq!(read(text), Err((kind, offset)), "{text:?}");
        }
    }

    #[test]
    fn what_only_ends_too_early_is_cut_short() {
        for line in [
            "OPTIONS sip:a SIP/2.0\r\n",
            "OPTIONS sip:a sip/2.0\n",
            "SIP/2.0 200 OK\r\n",
            "sip/2.0 603 \r\n",
            "SIP/2.0 100\r\n",
        ] {
            assert!(read(line).is_ok());
            for end in 0..line.len() {
                let expected = Err((ErrorKind::Truncated, end));
                assert_eq!(read(&line[..end]), expected, "{:?}", &line[..end]);
            }
        }
        for (line, from) in [
            ("OPTIONS sip:a SIP/7.0", 14),
            ("OPTIONS sip:a SIP/20.1", 14),
            ("SIP/10.0", 0),
        ] {
            assert_eq!(read(line), Err((ErrorKind::Version, from)));
            for end in from..line.len() {
                assert_eq!(
                    read(&line[..end]),
                    Err((ErrorKind::Truncated, end)),
                    "{:?}",
                    &line[..end]
                );
            }
        }
    }
}
