//! What every element checks before it works with a message (RFC 3261 §8.1.1, §16.3), in one walk over the
//! lines.
//!
//! Invariant: what was checked is given, and not read again.

use bytestring::ByteString;

use super::Essentials;
use crate::grammar::Span;
use crate::header::{CSeq, CallId, Field, From, To, TypedHeader, Via, elements};
use crate::header_name::Known;
use crate::message::body_length::number;
use crate::message::headers::Headers;
use crate::message::line::Line;
use crate::name_addr::checked_tag;
use crate::{ErrorKind, HeaderName, Method, ParseError};

/// Of each known header whether it may be there once: two readers would understand it in two ways if it were
/// there twice.
static ONCE: [bool; Known::ALL.len()] = {
    let mut once = [false; Known::ALL.len()];
    let mut at = 0;
    while at < Known::ALL.len() {
        once[Known::ALL[at] as usize] = Known::ALL[at].is_single();
        at += 1;
    }
    once
};

/// Reports whether a response with this header twice is refused.
///
/// Such a header says whose the response is, or where it ends. With any other header twice the response is
/// taken: reading that header by its type is then an error.
#[cold]
fn decides(known: Known) -> bool {
    matches!(
        known,
        Known::From | Known::To | Known::CallId | Known::CSeq | Known::ContentLength
    )
}

/// Checks and reads the headers of a request with that method, or of a response.
pub(super) fn essentials(headers: &Headers, method: Option<&Method>) -> Result<Essentials, ParseError> {
    let mut seen = [false; ONCE.len()];
    let (mut from, mut to, mut call_id, mut cseq) = (None, None, None, None);
    let (mut via, mut vias, mut max_forwards) = (None, 0, None);
    for line in &headers.lines {
        let Some(known) = line.name else { continue };
        if std::mem::replace(&mut seen[known as usize], ONCE[known as usize])
            && (method.is_some() || decides(known))
        {
            return Err(again(line, known));
        }
        match known {
            Known::Via => {
                let field = headers.field(line);
                for element in elements(field.as_str()) {
                    vias += 1;
                    // All are checked, and the topmost one is kept.
                    let read = match via {
                        None => Via::parse(field.narrow(element)).map(|topmost| via = Some(topmost)),
                        Some(_) => Via::check(element),
                    };
                    if let Err(error) = read {
                        return Err(headers.located::<Via>(line, element, error));
                    }
                }
            }
            Known::From => from = Some(line),
            Known::To => to = Some(line),
            Known::CallId => call_id = Some(line),
            Known::CSeq => cseq = Some(line),
            Known::MaxForwards | Known::ContentLength => {
                let Some(number) = number(headers.field(line).as_str().as_bytes()) else {
                    // In a response nothing follows from Max-Forwards.
                    if known == Known::MaxForwards && method.is_none() {
                        continue;
                    }
                    return Err(no_number(headers, line, known));
                };
                if known == Known::MaxForwards {
                    max_forwards = Some(u32::try_from(number).unwrap_or(u32::MAX));
                }
            }
            _ => {}
        }
    }
    let Some(via) = via else {
        return Err(missing(headers, &HeaderName::VIA));
    };
    let from_tag = required::<From, _>(headers, from, |field| checked_tag(field.as_str()))?;
    let to_tag = required::<To, _>(headers, to, |field| checked_tag(field.as_str()))?;
    let call_id = required::<CallId, _>(headers, call_id, |field| {
        CallId::check(field.as_str()).map(|()| field.as_str())
    })?;
    let (number, cseq_method) = required::<CSeq, _>(headers, cseq, CSeq::parse)?.into_parts();
    if method.is_some_and(|method| *method != cseq_method) {
        return Err(mismatch(headers, cseq));
    }
    let parts = [from_tag.unwrap_or_default(), to_tag.unwrap_or_default(), call_id];
    let (text, [from_tag, to_tag, call_id]) = keep(headers, parts);
    Ok(Essentials {
        via,
        text,
        from_tag,
        to_tag,
        call_id,
        method: cseq_method,
        cseq: number,
        vias,
        max_forwards,
    })
}

/// What `read` finds in a line that has to be there.
#[inline(always)]
fn required<'a, H: TypedHeader, T>(
    headers: &'a Headers,
    line: Option<&Line>,
    read: impl FnOnce(Field<'a>) -> Result<T, ParseError>,
) -> Result<T, ParseError> {
    let Some(line) = line else {
        return Err(missing(headers, &H::NAME));
    };
    let field = headers.field(line);
    match read(field) {
        Ok(found) => Ok(found),
        Err(error) => Err(headers.located::<H>(line, field.as_str(), error)),
    }
}

/// A text that all of `parts` are in, and where: the head, which is shared, if that can be.
#[inline]
fn keep<const N: usize>(headers: &Headers, parts: [&str; N]) -> (ByteString, [Span; N]) {
    if parts.iter().all(|part| is_within(&headers.head, part)) {
        return (
            headers.head.clone(),
            parts.map(|part| Span::within(&headers.head, part)),
        );
    }
    let mut end = 0;
    let spans = parts.map(|part| {
        end += part.len();
        Span::new(end - part.len(), end)
    });
    (parts.concat().into(), spans)
}

/// Whether the octets of `part` are some of those of `text`, which nothing is always.
fn is_within(text: &str, part: &str) -> bool {
    let start = part.as_ptr().addr().wrapping_sub(text.as_ptr().addr());
    part.is_empty() || start < text.len()
}

#[cold]
fn again(line: &Line, known: Known) -> ParseError {
    let at = line.start().unwrap_or_default();
    ParseError::new(ErrorKind::Duplicate, at, "the header once only").in_header(&known.into())
}

#[cold]
fn no_number(headers: &Headers, line: &Line, known: Known) -> ParseError {
    let at = headers.offset_of(line, 0);
    ParseError::new(ErrorKind::Value, at, "a number in decimal digits").in_header(&known.into())
}

#[cold]
fn mismatch(headers: &Headers, cseq: Option<&Line>) -> ParseError {
    let at = cseq.map_or(0, |line| headers.offset_of(line, 0));
    ParseError::new(
        ErrorKind::Mismatch,
        at,
        "the method of the start line after the number",
    )
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
