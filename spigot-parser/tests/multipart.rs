//! Multipart bodies: built ones read back, parsed ones are written as they came, and no octets do harm.

use proptest::collection::vec;
use proptest::prelude::*;
use spigot_parser::header::ContentType;
use spigot_parser::{Limits, Message, Multipart, Part, Request};

fn content_type() -> ContentType {
    "multipart/mixed;boundary=b".parse().unwrap()
}

/// Generates a hostile body: with lines that are boundaries, resemble them, or contain them.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        vec(any::<u8>(), 0..20),
        Just(b"\r\n".to_vec()),
        Just(b"\n--".to_vec()),
        Just(b"\r\n--b--\r\n".to_vec()),
        "(\r\n--)?part-0000000[0-9]{1,3}(--\r\n)?".prop_map(String::into_bytes),
    ];
    vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn part() -> impl Strategy<Value = Part> {
    let kind = prop::sample::select(vec!["application/sdp", "text/plain;charset=utf-8", "image/png"]);
    let header = ("X-[a-z]{1,5}", "[ -~é]{0,20}");
    (kind, vec(header, 0..3), body()).prop_map(|(kind, headers, body)| {
        headers
            .iter()
            .fold(Part::new(kind, body).unwrap(), |part, (name, value)| {
                part.with_header(name.as_str(), value).unwrap()
            })
    })
}

fn subtype() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "multipart/mixed",
        "multipart/alternative",
        "multipart/related;start=\"<1@a>\"",
    ])
}

/// Generates text that resembles a multipart body with the boundary `b`.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&[u8]> = vec![
        b"--b",
        b"--b--",
        b"--b\r\n",
        b"\r\n--b\r\n",
        b"\r\n--b--",
        b"\r\n",
        b"\n",
        b"\r",
        b" ",
        b"\t",
        b"X: y",
        b":",
        b"c: multipart/mixed;boundary=b\r\n",
        b"c: multipart/mixed;boundary=c\r\n",
        b"--c\r\n",
        b"--c--\r\n",
        b"\0",
        "é".as_bytes(),
        b"\xff",
        b"--bb",
        b"--",
    ];
    vec(prop::sample::select(pieces), 0..24).prop_map(|pieces| pieces.concat())
}

/// Calls every getter.
fn walk(multipart: &Multipart) {
    for part in multipart.parts() {
        let _ = (
            part.content_type(),
            part.disposition(),
            part.is_required(),
            part.to_bytes(),
        );
        let _ = (
            part.find("text", "html"),
            part.find_for("session", "application", "sdp"),
        );
        if let Ok(Some(inner)) = part.multipart() {
            walk(&inner);
        }
    }
}

proptest! {
    #[test]
    fn what_is_built_reads_back(kind in subtype(), parts in vec(part(), 1..6)) {
        let built = Multipart::new(kind, parts.clone())?;
        prop_assert_eq!(built.parts(), &parts[..]);
        for (read, part) in built.parts().iter().zip(&parts) {
            prop_assert_eq!(read.body(), part.body());
            prop_assert_eq!(read.content_type()?, part.content_type()?);
        }
        prop_assert_eq!(&Multipart::parse(built.content_type(), built.to_bytes())?, &built);

        let request = Request::new("INVITE".parse()?, "sip:b@b.example".parse()?)
            .with_body(&built.content_type().to_string(), built.to_bytes())?;
        let request = Request::parse(request.to_bytes())?;
        let whole = Part::of_message(request.headers(), request.body());
        prop_assert_eq!(whole.multipart()?, Some(built));
    }

    #[test]
    fn parts_that_were_read_can_be_put_together_again(body in nearly(), kind in subtype()) {
        if let Ok(read) = Multipart::parse(&content_type(), body) {
            let again = Multipart::new(kind, read.parts().to_vec())?;
            prop_assert_eq!(again.parts(), read.parts());
        }
    }

    #[test]
    fn what_is_read_is_written_as_it_came(body in nearly()) {
        if let Ok(multipart) = Multipart::parse(&content_type(), body.clone()) {
            prop_assert_eq!(&multipart.to_bytes()[..], &body[..]);
            prop_assert!((1..=16).contains(&multipart.parts().len()));
            walk(&multipart);
        }
    }

    #[test]
    fn no_octets_break_it(body in vec(any::<u8>(), 0..300)) {
        if let Ok(multipart) = Multipart::parse(&content_type(), body) {
            walk(&multipart);
        }
    }

    #[test]
    fn bare_line_feeds_mean_the_same_parts(body in nearly()) {
        let text = String::from_utf8_lossy(&body).replace('\r', "");
        let with_cr = text.replace('\n', "\r\n");
        let read = |text: String| Multipart::parse(&content_type(), text).map(|multipart| multipart.parts().len());
        prop_assert_eq!(read(text).ok(), read(with_cr).ok());
    }
}

/// Quadratic time in the number of lines would keep these from ending.
#[test]
fn big_bodies_are_read_once() {
    let limits = Limits {
        multipart_parts: 2,
        headers: usize::MAX,
        head: usize::MAX,
        ..Limits::DEFAULT
    };
    let filler = [
        "--",
        "--\r\n",
        "--c\r\n",
        "\r\n",
        "\n",
        "\r",
        "x",
        "X: y\r\n",
        "X:\r\n y\r\n",
    ];
    for line in filler {
        let text = line.repeat(512 * 1024 / line.len());
        let _ = Multipart::parse_with(&content_type(), text.clone(), &limits);
        let _ = Multipart::parse_with(&content_type(), format!("--b\r\n{text}"), &limits);
        let _ = Multipart::parse_with(&content_type(), format!("--b\r\n\r\n{text}\r\n--b--"), &limits);
    }
    let error = Multipart::parse(&content_type(), "--b\r\n".repeat(100_000)).unwrap_err();
    assert_eq!(error.offset(), 16 * 5);

    let taken: String = (0..50_000)
        .map(|number| format!("part-{number:08}\r\n"))
        .collect();
    let built = Multipart::new("multipart/mixed", [Part::new("text/plain", taken).unwrap()]).unwrap();
    assert_eq!(built.content_type().param("boundary").unwrap(), "part-00050000");
}

#[test]
fn the_message_of_rfc_4475_is_cut() {
    let text = std::fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/torture/rfc4475/mpart01.dat"
    ))
    .unwrap();
    let message = Message::parse(text).unwrap();
    let whole = Part::of_message(message.headers(), message.body());
    let multipart = whole.multipart().unwrap().unwrap();
    let kinds: Vec<_> = multipart
        .parts()
        .iter()
        .map(|part| part.content_type().unwrap().to_string())
        .collect();
    assert_eq!(kinds[0], "text/plain");
    assert!(kinds[1].starts_with("application/octet-stream"), "{kinds:?}");
    assert_eq!(multipart.to_bytes(), message.body());
}
