//! Messages: built ones read back, and parsed ones are written as they came.

use proptest::collection::vec;
use proptest::prelude::*;
use spigot_parser::{HeaderName, Message, Method, Request, Response, StatusCode};

/// Generates a header name, known or unknown, in any spelling.
fn name() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "Via", "v", "FROM", "to", "Call-ID", "X-Mine", "Subject", "s", "Route", "CSeq",
    ]);
    prop_oneof![known.prop_map(str::to_owned), "[a-zA-Z0-9.!%*_+`'~-]{1,24}"]
        .prop_filter("framing is the library's", |name| {
            HeaderName::from_token(name).is_ok_and(|name| name != HeaderName::CONTENT_LENGTH)
        })
}

/// Generates a value without control characters.
fn value() -> impl Strategy<Value = String> {
    "[ -~\té漢\u{1f600}]{0,40}"
}

/// Generates a header line with blanks before the colon, folds, and blanks at both ends.
fn line() -> impl Strategy<Value = String> {
    let blanks = "[ \t]{0,2}";
    let words = vec("[!-9;-~é]{1,9}", 0..4);
    let fold = prop::sample::select(vec![" ", "\t", "\r\n ", " \r\n\t "]);
    (name(), blanks, blanks, words, fold, blanks).prop_map(|(name, before, after, words, fold, end)| {
        format!("{name}{before}:{after}{}{end}", words.join(fold))
    })
}

fn trimmed(value: &str) -> &str {
    value.trim_matches([' ', '\t'])
}

proptest! {
    #[test]
    fn a_request_that_is_built_reads_back(
        method in "[A-Z]{1,12}",
        lines in vec((name(), value()), 0..40),
        body in vec(any::<u8>(), 0..200),
    ) {
        let mut request = Request::new(Method::from_token(&method)?, "sip:bob@b.example;lr".parse()?);
        request.set_body("application/octet-stream", body.clone())?;
        for (name, value) in &lines {
            request.headers_mut().push(name.as_str(), value)?;
        }
        let written = request.to_bytes();
        let again = Request::parse(written.clone())?;

        prop_assert_eq!(again.method(), request.method());
        prop_assert_eq!(again.uri(), request.uri());
        prop_assert_eq!(&again.body()[..], &body[..]);
        prop_assert_eq!(again.to_bytes(), written);
        let sent: Vec<_> = request.headers().iter().map(|field| (field.name(), field.value().to_owned())).collect();
        let got: Vec<_> = again.headers().iter().map(|field| (field.name(), field.value().to_owned())).collect();
        prop_assert_eq!(&got[..sent.len()], &sent[..]);
        for (name, value) in &lines {
            let name = HeaderName::from_token(name)?;
            let there = again.headers().get_all(&name).any(|got| got == trimmed(value));
            prop_assert!(there, "{}: {:?}", name, value);
        }
    }

    #[test]
    fn a_response_that_is_built_reads_back(code in 100u16..700, reason in value(), lines in vec((name(), value()), 0..9)) {
        let mut response = Response::new(StatusCode::from_u16(code).unwrap()).with_reason(&reason)?;
        for (name, value) in &lines {
            response = response.with_header(name.as_str(), value)?;
        }
        let again = Response::parse(response.to_bytes())?;
        prop_assert_eq!(again.status(), response.status());
        prop_assert_eq!(again.reason(), &reason);
        prop_assert_eq!(again.headers().len(), response.headers().len() + 1);
    }

    #[test]
    fn lines_that_nobody_touched_are_written_as_they_came(lines in vec(line(), 0..30), edited in any::<prop::sample::Index>()) {
        let head: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let text = format!("INVITE sip:b@b.example SIP/2.0\r\n{head}l : 3\r\n\r\nabc");
        let mut request = Request::parse(text.clone())?;
        prop_assert_eq!(request.to_bytes(), text.clone());

        let index = edited.index(lines.len() + 1);
        let Some(line) = lines.get(index) else { return Ok(()) };
        let name = HeaderName::from_token(trimmed(line.split(':').next().unwrap()))?;
        request.headers_mut().set(&name, "edited")?;
        let others = lines.iter().filter(|line| name != trimmed(line.split(':').next().unwrap()));
        let mut rest = request.to_string();
        for other in others {
            let Some(at) = rest.find(&format!("\r\n{other}\r\n")) else {
                return Err(TestCaseError::fail(format!("{other:?} is not in {rest:?}")));
            };
            rest.drain(..at + other.len() + 2);
        }
    }

    #[test]
    fn bare_line_feeds_mean_the_same_lines(lines in vec(line(), 0..30)) {
        let head: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let text = format!("INVITE sip:b@b.example SIP/2.0\r\n{head}l: 0\r\n\r\n");
        let same = Request::parse(text.replace("\r\n", "\n"))?;
        prop_assert_eq!(same.to_bytes(), text);
    }

    #[test]
    fn no_octets_break_the_parser(bytes in vec(any::<u8>(), 0..300)) {
        let _ = Message::parse(bytes);
    }

    #[test]
    fn no_value_begins_another_line(value in ".{0,20}") {
        let mut request = Request::new(Method::OPTIONS, "sip:a".parse()?);
        if request.headers_mut().push("X", &value).is_ok() {
            prop_assert_eq!(Request::parse(request.to_bytes())?.headers().len(), 2);
        }
    }
}
