//! Fuzzes a multipart body: the first line of the input is its Content-Type, the rest is the body.

use std::hint::black_box;

use spigot_parser::header::ContentType;
use spigot_parser::{Bytes, Limits, Message, Method, Multipart, Part, Request};

use crate::oracle::{self, fields, survives};

pub(crate) fn run(data: &[u8]) {
    let line = data
        .iter()
        .position(|octet| *octet == b'\n')
        .unwrap_or(data.len());
    let (line, body) = data.split_at(line);
    let body = Bytes::copy_from_slice(body.get(1..).unwrap_or_default());
    let line = String::from_utf8_lossy(line);
    let of_one = Part::new(&line, body.clone());
    if let Ok(part) = &of_one {
        oracle::is_one_line(&line);
        read(part, 1);
    }
    let Ok(content_type) = line.parse::<ContentType>() else {
        assert!(of_one.is_err());
        return;
    };
    let multipart = match Multipart::parse(&content_type, body.clone()) {
        Ok(multipart) => multipart,
        Err(error) => return oracle::error(&error, body.len().max(line.len())),
    };
    assert_eq!(
        multipart.to_bytes(),
        body,
        "what nobody touched is written as it came"
    );
    check(&multipart);
    rebuild(&multipart);
}

/// Checks that the parts are within the limits, and lie in the body one after the other.
fn check(multipart: &Multipart) {
    let parts = multipart.parts();
    assert!((1..=Limits::DEFAULT.multipart_parts).contains(&parts.len()));
    let body = multipart.to_bytes();
    let mut rest = &body[..];
    for part in parts {
        let octets = part.to_bytes();
        let at = rest
            .windows(octets.len().max(1))
            .position(|window| window.starts_with(&octets));
        let at = at.expect("a part is what came");
        rest = &rest[at + octets.len()..];
        assert!(octets.ends_with(part.body()));
        read(part, 1);
    }
    for (kind, subtype) in [("application", "sdp"), ("multipart", "mixed"), ("text", "plain")] {
        if let Ok(Some(found)) = multipart.find(kind, subtype) {
            assert!(found.content_type().is_ok_and(|found| found.is(kind, subtype)));
            check_order(multipart, &found, kind, subtype);
        }
        black_box(multipart.find_for("session", kind, subtype).is_ok());
    }
}

/// Checks that `found` is the first part of the type, or the last one of several alternatives.
fn check_order(multipart: &Multipart, found: &Part, kind: &str, subtype: &str) {
    let is_of_type = |part: &&Part| part.content_type().is_ok_and(|given| given.is(kind, subtype));
    let parts = multipart.parts();
    if parts
        .iter()
        .any(|part| !is_of_type(&part) && !matches!(part.multipart(), Ok(None)))
    {
        return;
    }
    let expected = if multipart.content_type().is("multipart", "alternative") {
        parts.iter().rev().find(is_of_type)
    } else {
        parts.iter().find(is_of_type)
    };
    assert_eq!(expected, Some(found));
}

/// Checks what a receiver has to refuse that takes all types, none, or those of text.
fn check_handling(part: &Part) {
    assert!(matches!(part.unsupported(&|_| true), Ok(None)) || part.content_type().is_err());
    if let Ok(Some(refused)) = part.unsupported(&|_| false) {
        assert!(part.is_required());
        assert!(refused.content_type().is_ok());
    }
    let takes = |given: &ContentType| given.kind().eq_ignore_ascii_case("text");
    if let Ok(Some(refused)) = part.unsupported(&takes) {
        assert!(refused.content_type().is_ok_and(|given| !takes(&given)));
    }
}

/// Reads a part at the nesting level `depth`, and the parts in it.
fn read(part: &Part, depth: usize) {
    assert!(
        depth <= Limits::DEFAULT.multipart_depth + 1,
        "bodies are no deeper than the limit"
    );
    oracle_of_kinds(part);
    check_handling(part);
    match part.multipart() {
        Ok(Some(inner)) => inner.parts().iter().for_each(|part| read(part, depth + 1)),
        Ok(None) => {}
        Err(error) => assert!(!error.expected().is_empty()),
    }
}

fn oracle_of_kinds(part: &Part) {
    for error in [part.content_type().err(), part.disposition().err()]
        .into_iter()
        .flatten()
    {
        assert!(!error.expected().is_empty());
    }
}

/// Builds a body of the same parts, alone and in a request.
fn rebuild(multipart: &Multipart) {
    let kind = format!("multipart/{}", multipart.content_type().subtype());
    let parts = multipart.parts();
    let built = match Multipart::new(&kind, parts.iter().cloned()) {
        Ok(built) => built,
        Err(error) => panic!("{error}: {multipart:?}"),
    };
    same_parts(parts, built.parts());
    let Ok(uri) = "sip:a.example".parse() else {
        panic!("a URI")
    };
    let request = Request::new(Method::MESSAGE, uri);
    let content_type = built.content_type().to_string();
    let request = match request.with_body(&content_type, built.to_bytes()) {
        Ok(request) => request,
        Err(error) => panic!("{error}: {content_type}"),
    };
    let (read, _) = survives(&Message::Request(request));
    match Part::of_message(read.headers(), read.body()).multipart() {
        Ok(Some(again)) => same_parts(parts, again.parts()),
        other => panic!("{built:?} became {other:?}"),
    }
    let part = parts[0].clone();
    let Some((name, value)) = fields(part.headers())
        .first()
        .map(|(name, value)| (name.to_string(), value.to_string()))
    else {
        return;
    };
    if let Ok(longer) = part.with_header(name.as_str(), &value) {
        assert_eq!(
            fields(longer.headers()).len(),
            fields(parts[0].headers()).len() + 1
        );
        assert!(Multipart::new(&kind, [longer]).is_ok());
    }
}

fn same_parts(one: &[Part], two: &[Part]) {
    assert_eq!(one.len(), two.len());
    for (one, two) in one.iter().zip(two) {
        assert_eq!(fields(one.headers()), fields(two.headers()));
        assert_eq!(one.body(), two.body());
    }
}
