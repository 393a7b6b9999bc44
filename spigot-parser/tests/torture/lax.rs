//! A careless reader of messages, as many are: it accepts CR, LF or both as a line end, strips unprintable
//! characters around names, and takes the first colon as the separator.
//!
//! Nothing that Spigot passes on may mean something else to it. It shares no code with the parser.

use spigot_parser::Message;

/// Checks that the careless reader finds in `written` what `message` contains.
///
/// # Panics
///
/// Where they differ.
pub(crate) fn sees_the_same(written: &[u8], message: &Message) {
    let mut at = 0;
    let mut fields = message.headers().iter();
    let mut first = true;
    let mut lengths = 0;
    loop {
        let rest = &written[at..];
        let length = rest
            .iter()
            .position(|octet| matches!(octet, b'\r' | b'\n'))
            .expect("a head has an end");
        assert!(rest[length..].starts_with(b"\r\n"), "every line ends with CRLF");
        let line = &rest[..length];
        at += length + 2;
        if std::mem::take(&mut first) {
            start_line(line, message);
        } else if line.is_empty() {
            break;
        } else if line[0] <= b' ' {
            assert!(
                line.iter().any(|octet| *octet > b' '),
                "a line of blanks may be taken for the end of the head"
            );
            no_control(line);
        } else {
            let colon = line.iter().position(|octet| *octet == b':').expect("a colon");
            let name = strip(&line[..colon]);
            assert!(
                name.iter()
                    .all(|octet| octet.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(octet)),
                "a name is a token"
            );
            no_control(line);
            let is_length = name.eq_ignore_ascii_case(b"Content-Length") || name.eq_ignore_ascii_case(b"l");
            match fields.next() {
                Some(field) => assert_eq!(name, field.raw_name().as_bytes(), "lines in their order"),
                None => assert!(
                    is_length && lengths == 0,
                    "nothing is added but one Content-Length"
                ),
            }
            if is_length {
                lengths += 1;
                let digits = strip(&line[colon + 1..]);
                let digits = if digits.is_empty() {
                    folded(&written[at..])
                } else {
                    digits
                };
                assert!(!digits.is_empty() && digits.iter().all(u8::is_ascii_digit));
                let number: usize = std::str::from_utf8(digits).unwrap().parse().unwrap();
                assert_eq!(number, message.body().len(), "Content-Length is right");
            }
        }
    }
    assert!(fields.next().is_none(), "every line is written");
    assert_eq!(lengths, 1, "one Content-Length");
    assert_eq!(&written[at..], &message.body()[..], "the body is the rest");
}

fn start_line(line: &[u8], message: &Message) {
    let text = std::str::from_utf8(line).expect("a start line is UTF-8");
    match message {
        Message::Request(request) => {
            let words: Vec<&str> = text.split_whitespace().collect();
            let expected = [request.method().as_str(), request.uri().as_str(), "SIP/2.0"];
            assert_eq!(words, expected, "three words");
            assert_eq!(text, words.join(" "), "one SP apart");
            no_control(line);
        }
        Message::Response(response) => {
            let expected = format!("SIP/2.0 {} {}", response.status().as_u16(), response.reason());
            assert_eq!(text, expected);
            assert!(
                text.chars()
                    .all(|character| character == '\t' || !character.is_ascii_control())
            );
        }
    }
}

/// Returns the first line of `rest` with content, which is the value of an empty line before it.
fn folded(rest: &[u8]) -> &[u8] {
    let end = rest
        .iter()
        .position(|octet| matches!(octet, b'\r' | b'\n'))
        .unwrap_or(rest.len());
    strip(&rest[..end])
}

fn strip(mut text: &[u8]) -> &[u8] {
    while let [..=b' ' | 0x7f.., rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., ..=b' ' | 0x7f..] = text {
        text = rest;
    }
    text
}

/// Checks that a line has no control character but HTAB, except after a backslash.
fn no_control(line: &[u8]) {
    for (at, octet) in line.iter().enumerate() {
        assert!(
            *octet == b'\t' || !octet.is_ascii_control() || (at > 0 && line[at - 1] == b'\\'),
            "a control character in a line"
        );
    }
}
