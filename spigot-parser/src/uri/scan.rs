//! Finds the parts of a SIP URI in its octets (RFC 3261 §19.1.1, §25.1).
//!
//! The one invariant: this module returns offsets and owns no text.

use super::escape::{escaped_end, same};
use crate::grammar::{Class, Span, alphanum_and};
use crate::host::{host_end, port};
use crate::params::{self, MAX_PARAMS};
use crate::{ErrorKind, Params, ParseError};

/// ```text
/// user       = 1*( unreserved / escaped / user-unreserved )
/// unreserved = alphanum / "-" / "_" / "." / "!" / "~" / "*" / "'" / "(" / ")"
/// user-unreserved = "&" / "=" / "+" / "$" / "," / ";" / "?" / "/"
/// ```
pub(crate) static USER: Class = alphanum_and(b"-_.!~*'()&=+$,;?/");

/// ```text
/// password = *( unreserved / escaped / "&" / "=" / "+" / "$" / "," )
/// ```
static PASSWORD: Class = alphanum_and(b"-_.!~*'()&=+$,");

/// ```text
/// paramchar        = param-unreserved / unreserved / escaped
/// param-unreserved = "[" / "]" / "/" / ":" / "&" / "+" / "$"
/// ```
pub(crate) static PARAM: Class = alphanum_and(b"-_.!~*'()[]/:&+$");

/// ```text
/// hnv-unreserved = "[" / "]" / "/" / "?" / ":" / "+" / "$"
/// ```
pub(super) static HEADER: Class = alphanum_and(b"-_.!~*'()[]/?:+$");

/// Returns whether `text` begins with `sips:` (true) or `sip:` (false), or `None` for other schemes.
#[inline]
pub(super) fn scheme(text: &str) -> Option<bool> {
    /// The bits that distinguish lower case from upper case in the first three of four octets.
    const CASE: u32 = 0x0020_2020;
    const SIP: u32 = u32::from_le_bytes(*b"sip:");
    match text.as_bytes().first_chunk() {
        Some(first) if u32::from_le_bytes(*first) | CASE == SIP => Some(false),
        Some([b's' | b'S', b'i' | b'I', b'p' | b'P', b's' | b'S'])
            if text.as_bytes().get(4) == Some(&b':') =>
        {
            Some(true)
        }
        _ => None,
    }
}

/// The offsets of the parts of a URI.
///
/// They are found before the text is shared, so that the large URI value is built once and in place.
pub(super) struct UriSpans {
    /// The end of the user, or 0 if there is none.
    pub(super) user_end: u32,
    pub(super) host: u32,
    pub(super) host_end: u32,
    pub(super) params: u32,
    pub(super) headers: u32,
    pub(super) port: Option<u16>,
    pub(super) secure: bool,
}

/// Finds the parts of the URI `text`.
pub(super) fn spans(text: &str) -> Result<UriSpans, ParseError> {
    let bytes = text.as_bytes();
    let Some(secure) = scheme(text) else {
        return fault(0, "`sip:` or `sips:`");
    };
    let start = if secure { 5 } else { 4 };
    let (user_end, host) = match userinfo(bytes, start) {
        Some((user_end, at_sign)) => (user_end, at_sign + 1),
        None => (0, start),
    };
    let host_end = host_end(ErrorKind::Uri, bytes, host)?;
    let (port, params) = match bytes.get(host_end) {
        Some(b':') => match port(ErrorKind::Uri, bytes, host_end + 1) {
            Ok((port, end)) => (Some(port), end),
            Err(error) => return Err(error),
        },
        _ => (None, host_end),
    };
    let headers = match bytes.get(params) {
        Some(b';') => scan_params(bytes, params)?,
        _ => params,
    };
    if headers != bytes.len() {
        let end = scan_headers(bytes, headers)?;
        if end != bytes.len() {
            return fault(end, "the end of the URI");
        }
    }
    Ok(UriSpans {
        user_end: user_end as u32,
        host: host as u32,
        host_end: host_end as u32,
        params: params as u32,
        headers: headers as u32,
        port,
        secure,
    })
}

/// Returns the ends of the user and of the userinfo that begin at `start`, or `None` if the host begins
/// there.
fn userinfo(bytes: &[u8], start: usize) -> Option<(usize, usize)> {
    let user_end = escaped_end(&USER, bytes, start);
    let end = match bytes.get(user_end) {
        Some(b':') => escaped_end(&PASSWORD, bytes, user_end + 1),
        _ => user_end,
    };
    (user_end > start && bytes.get(end) == Some(&b'@')).then_some((user_end, end))
}

/// Returns the end of the parameters that begin at `at`.
///
/// ```text
/// uri-parameters = *( ";" uri-parameter )
/// other-param    = pname [ "=" pvalue ]
/// ```
///
/// [RFC 3261 §19.1.1](https://www.rfc-editor.org/rfc/rfc3261#section-19.1.1), and RFC 3966 §3 for its own:
///
/// > Even though an arbitrary number of URI parameters may be included in a URI, any given parameter-name
/// > MUST NOT appear more than once.
///
/// A value may be empty, which the grammar of `pvalue` forbids: phones write `;name=`, and it can be read in
/// one way only.
pub(super) fn scan_params(bytes: &[u8], mut at: usize) -> Result<usize, ParseError> {
    let (start, mut count) = (at, 0);
    while bytes.get(at) == Some(&b';') {
        count += 1;
        if count > MAX_PARAMS {
            return Err(params::too_many(at));
        }
        let name = at + 1;
        at = escaped_end(&PARAM, bytes, name);
        if at == name {
            return fault(at, "a parameter's name after `;`");
        }
        if bytes.get(at) == Some(&b'=') {
            at = escaped_end(&PARAM, bytes, at + 1);
        }
    }
    if count > 1 {
        each_once(&bytes[start..at], start)?;
    }
    Ok(at)
}

/// Refuses `params`, which begin at `start`, if one of them is there twice, even if its name is escaped.
#[inline(never)]
fn each_once(params: &[u8], start: usize) -> Result<(), ParseError> {
    let text = std::str::from_utf8(params).unwrap_or_default();
    let mut seen = 0u64;
    for (name, _) in Params::of_uri(text) {
        // Names that differ in length or first letter nearly always have different marks; escapes change
        // both.
        let first = name.bytes().next().unwrap_or_default();
        let mark = 1 << ((usize::from(first & 0x1f) + 8 * name.len()) % 64);
        let escaped = name.contains('%');
        if escaped || seen & mark != 0 {
            let mut before = Params::of_uri(text).take_while(|(other, _)| other.as_ptr() != name.as_ptr());
            if before.any(|(other, _)| same(other, name, true)) {
                let at = start + Span::within(text, name).start();
                return fault(at, "each parameter once");
            }
        }
        seen |= if escaped { u64::MAX } else { mark };
    }
    Ok(())
}

/// Returns the end of the headers that begin at `at`.
///
/// ```text
/// headers = "?" header *( "&" header )
/// header  = hname "=" hvalue
/// hname   = 1*( hnv-unreserved / unreserved / escaped )
/// hvalue  = *( hnv-unreserved / unreserved / escaped )
/// ```
fn scan_headers(bytes: &[u8], mut at: usize) -> Result<usize, ParseError> {
    if bytes.get(at) != Some(&b'?') {
        return Ok(at);
    }
    let mut count = 0;
    loop {
        count += 1;
        if count > MAX_PARAMS {
            return Err(ParseError::new(
                ErrorKind::TooManyParams,
                at,
                "at most 64 headers",
            ));
        }
        let name = at + 1;
        at = escaped_end(&HEADER, bytes, name);
        if at == name {
            return fault(at, "a header's name");
        }
        if bytes.get(at) != Some(&b'=') {
            return fault(at, "`=` after the header's name");
        }
        at = escaped_end(&HEADER, bytes, at + 1);
        if bytes.get(at) != Some(&b'&') {
            return Ok(at);
        }
    }
}

pub(super) fn fault<T>(at: usize, expected: &'static str) -> Result<T, ParseError> {
    Err(ParseError::new(ErrorKind::Uri, at, expected))
}
