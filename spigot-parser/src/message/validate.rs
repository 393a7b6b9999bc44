//! What every element checks before it works with a message (RFC 3261 §8.1.1, §16.3).
//!
//! Invariant: after it, a transaction can be found, a reply addressed and the headers that are asked for here parsed.

use super::headers::Headers;
use super::line::Line;
use super::parse::number;
use crate::header::{CSeq, CallId, From, To, TypedHeader, Via, elements};
use crate::header_name::Known;
use crate::{ErrorKind, HeaderName, Method, ParseError};

/// One bit for each header that may be there once: two readers would understand it in two ways if it were there twice.
const ONCE: u128 = {
    assert!(Known::ALL.len() <= 128);
    let mut set = 0;
    let mut at = 0;
    while at < Known::ALL.len() {
        if Known::ALL[at].is_single() {
            set |= 1 << (Known::ALL[at] as u8);
        }
        at += 1;
    }
    set
};

/// Checks the headers of a request with that method, or of a response. Goes through the lines once.
pub(super) fn headers(headers: &Headers, method: Option<&Method>) -> Result<(), ParseError> {
    let mut seen = 0u128;
    let (mut from, mut to, mut call_id, mut cseq) = (None, None, None, None);
    for line in &headers.lines {
        let Some(known) = line.name else { continue };
        let bit = 1u128 << (known as u8);
        if seen & bit & ONCE != 0 {
            let error = ParseError::new(
                ErrorKind::Duplicate,
                line.start().unwrap_or_default(),
                "the header once only",
            );
            return Err(error.in_header(&known.into()));
        }
        seen |= bit;
        match known {
            Known::Via => {
                for element in elements(headers.value(line)) {
                    headers.element::<Via>(line, element)?;
                }
            }
            Known::From => from = Some(line),
            Known::To => to = Some(line),
            Known::CallId => call_id = Some(line),
            Known::CSeq => cseq = Some(line),
            Known::MaxForwards | Known::ContentLength if number(headers.value(line).as_bytes()).is_none() => {
                let error = ParseError::new(
                    ErrorKind::Value,
                    headers.place(line, 0),
                    "a number in decimal digits",
                );
                return Err(error.in_header(&known.into()));
            }
            _ => {}
        }
    }
    if seen & (1 << (Known::Via as u8)) == 0 {
        return Err(missing(headers, &HeaderName::VIA));
    }
    required::<From>(headers, from)?;
    required::<To>(headers, to)?;
    required::<CallId>(headers, call_id)?;
    let number_and_method = required::<CSeq>(headers, cseq)?;
    match method {
        Some(method) if method != number_and_method.method() => {
            let at = cseq.map_or(0, |line| headers.place(line, 0));
            Err(ParseError::new(
                ErrorKind::Mismatch,
                at,
                "the method of the start line after the number",
            ))
        }
        _ => Ok(()),
    }
}

fn required<H: TypedHeader>(headers: &Headers, line: Option<&Line>) -> Result<H, ParseError> {
    match line {
        Some(line) => headers.element(line, headers.value(line)),
        None => Err(missing(headers, &H::NAME)),
    }
}

/// A header that is not there is missed where the headers end.
#[cold]
fn missing(headers: &Headers, name: &HeaderName) -> ParseError {
    ParseError::new(ErrorKind::Missing, headers.head.len(), "the header to be there").in_header(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Request, Response};

    const LINES: [&str; 6] = [
        "Via: SIP/2.0/UDP a.example;branch=z9hG4bK1",
        "From: <sip:a@a.example>;tag=1",
        "To: <sip:b@b.example>",
        "Call-ID: 1@a.example",
        "CSeq: 1 OPTIONS",
        "Max-Forwards: 70",
    ];

    fn fault(lines: &[&str]) -> Option<(ErrorKind, Option<&'static str>)> {
        let text = format!(
            "OPTIONS sip:b@b.example SIP/2.0\r\n{}\r\n\r\n",
            lines.join("\r\n")
        );
        let error = Request::parse(text).unwrap().validate().err()?;
        assert_eq!(error.status(), Some(crate::StatusCode::BAD_REQUEST));
        Some((error.kind(), error.header()))
    }

    #[test]
    fn each_mandatory_header_is_there_and_once() {
        assert_eq!(fault(&LINES), None);
        for (index, name) in ["Via", "From", "To", "Call-ID", "CSeq"].into_iter().enumerate() {
            let mut lines = LINES.to_vec();
            lines.remove(index);
            assert_eq!(fault(&lines), Some((ErrorKind::Missing, Some(name))));
            let mut lines = LINES.to_vec();
            lines.push(LINES[index]);
            let twice = (index > 0).then_some((ErrorKind::Duplicate, Some(name)));
            assert_eq!(fault(&lines), twice);
        }
        assert_eq!(fault(&LINES[..5]), None);
    }

    #[test]
    fn what_may_be_there_once_is_refused_twice_in_either_form() {
        for known in Known::ALL
            .iter()
            .filter(|known| !matches!(known, Known::Via | Known::ContentLength))
        {
            let name = HeaderName::from(*known);
            let again = format!("{}: x", name.compact().unwrap_or(&name.as_str().to_uppercase()));
            let mut lines: Vec<&str> = LINES.into();
            if !lines.iter().any(|line| line.starts_with(&format!("{name}:"))) {
                lines.push(&again);
                assert_eq!(fault(&lines), None, "{again}");
            }
            lines.push(&again);
            let expected = known
                .is_single()
                .then_some((ErrorKind::Duplicate, Some(known.long())));
            assert_eq!(fault(&lines), expected, "{again}");
        }
    }

    #[test]
    fn each_of_them_is_well_formed() {
        for (index, bad, kind) in [
            (0, "Via: SIP/2.0/UDP a.example, SIP/2.0/UDP", ErrorKind::Value),
            (4, "CSeq: 1 INVITE", ErrorKind::Mismatch),
            (4, "CSeq: x OPTIONS", ErrorKind::Value),
            (5, "Max-Forwards: -1", ErrorKind::Value),
            (5, "Max-Forwards:", ErrorKind::Value),
        ] {
            let mut lines = LINES;
            lines[index] = bad;
            assert_eq!(fault(&lines).map(|(kind, _)| kind), Some(kind), "{bad}");
        }
        let mut lines = LINES;
        lines[5] = "Max-Forwards: 300";
        assert_eq!(fault(&lines), None);
    }

    #[test]
    fn a_fault_behind_a_fold_is_found_where_it_is() {
        for (index, bad) in [
            (0, "Via:\r\n SIP/2.0/UDP\r\n  a.example ;\r\n ttl=^x"),
            (0, "v: SIP/2.0/UDP a,\r\n SIP/2.0/TCP\t\r\n\t ^;x"),
            (1, "From: <sip:a@a.example>\r\n ;^;"),
            (2, "To:\r\n <sip:b>\r\n\t^x"),
            (4, "CSeq: ^4711\r\n   INVITE"),
            (4, "CSeq:\r\n ^x"),
            (5, "Max-Forwards:\r\n ^x"),
        ] {
            let mut lines = LINES;
            lines[index] = bad;
            let head = format!(
                "OPTIONS sip:b@b.example SIP/2.0\r\n{}\r\n\r\n",
                lines.join("\r\n")
            );
            for head in [head.replace("\r\n", "\n"), head] {
                let error = Request::parse(head.replace('^', ""))
                    .unwrap()
                    .validate()
                    .unwrap_err();
                assert_eq!(Some(error.offset()), head.find('^'), "{bad:?}: {error}");
            }
        }
    }

    #[test]
    fn a_bad_response_is_answered_by_nobody() {
        let text = format!("SIP/2.0 200 OK\r\n{}\r\n\r\n", LINES.join("\r\n"));
        assert!(Response::parse(text.clone()).unwrap().validate().is_ok());
        let error = Response::parse(text.replace("CSeq", "X"))
            .unwrap()
            .validate()
            .unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Missing, None));
    }
}
