//! A writer and a message that are given the same lines are written as the same octets.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::header::Contact;
use crate::{Request, Response};

/// What is done to a response, and to a writer.
#[derive(Clone, Debug)]
enum Step {
    Copy(String),
    CopyEach(String),
    Push(String, String),
    Typed(u8),
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "Via",
        "v",
        "TO",
        "X-Mine",
        "x-mine",
        "Content-Length",
        "l",
        "Subject",
    ])
    .prop_map(str::to_owned)
}

fn step() -> impl Strategy<Value = Step> {
    let value = prop_oneof!["[ -~\té漢]{0,20}", "[0-9]{1,2}", Just("3".to_owned())];
    prop_oneof![
        name().prop_map(Step::Copy),
        name().prop_map(Step::CopyEach),
        (name(), value).prop_map(|(name, value)| Step::Push(name, value)),
        any::<u8>().prop_map(Step::Typed),
    ]
}

/// A header line as it may come, with folds and blanks.
fn line() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("3".to_owned()),
        vec("[!-9;-~é]{1,5}", 0..3).prop_map(|words| words.join("\r\n ")),
        vec("[!-9;-~é]{1,5}", 0..3).prop_map(|words| words.join(" \r\n\t")),
    ];
    (name(), "[ \t]{0,2}", "[ \t]{0,2}", value)
        .prop_map(|(name, before, after, value)| format!("{name}{before}:{after}{value}{before}\r\n"))
}

proptest! {
    #[test]
    fn the_octets_are_those_of_a_message_with_the_same_lines(
        lines in vec(line(), 0..8),
        bare: bool,
        added in vec((name(), "[ -~]{0,9}"), 0..3),
        steps in vec(step(), 0..12),
        body in vec(any::<u8>(), 0..4),
        capacity in 0usize..600,
    ) {
        // One whose Content-Length lines are not right does not parse.
        let text = format!("M sip:a SIP/2.0\r\n{}\r\n123", lines.concat());
        let text = if bare { text.replace("\r\n", "\n") } else { text };
        let Ok(mut source) = Request::parse(text) else { return Ok(()) };
        for (name, value) in &added {
            source.headers_mut().push(name.as_str(), value)?;
        }
        let from = source.headers();
        let body = Bytes::from(body);

        let mut response = Response { body: body.clone(), ..Response::new(StatusCode::OK) };
        let mut request = Request { body: body.clone(), ..Request::new(Method::INFO, "sip:b".parse()?) };
        let mut writers = [
            MessageWriter::response(StatusCode::OK, "OK", capacity),
            MessageWriter::request(&Method::INFO, request.uri(), capacity),
        ];
        for step in &steps {
            for (headers, writer) in [&mut response.headers, &mut request.headers].into_iter().zip(&mut writers) {
                match step {
                    Step::Copy(name) => {
                        let name = name.parse()?;
                        headers.copy_from(from, &name);
                        writer.lines_of(from, &name);
                    }
                    Step::CopyEach(name) => {
                        let name = name.parse()?;
                        headers.copy_from(from, &name);
                        from.iter().filter(|field| field.is(&name)).for_each(|field| writer.field(field));
                    }
                    Step::Push(name, value) => {
                        let name = name.parse()?;
                        prop_assert_eq!(headers.push(&name, value), writer.line(&name, value));
                    }
                    Step::Typed(number) => {
                        let contact = Contact::new(format!("sip:{number}@a.example").parse()?);
                        headers.push_typed(&contact);
                        writer.typed(&contact);
                    }
                }
            }
        }
        let [answer, question] = writers;
        prop_assert_eq!(answer.finish(&body), response.to_bytes());
        prop_assert_eq!(question.finish(&body), request.to_bytes());

        let names = [HeaderName::VIA, "X-mine".parse()?];
        let mut some = Headers::default();
        names.iter().for_each(|name| some.copy_from(from, name));
        for (estimate, headers) in [(from.written_len(), from), (from.written_len_of(&names), &some)] {
            let written: usize = headers.iter().map(|field| {
                let mut one = MessageWriter::response(StatusCode::OK, "", 0);
                let before = one.out.len();
                one.field(field);
                one.out.len() - before
            }).sum();
            prop_assert!(written <= estimate && (bare || estimate == written), "{written} {estimate}");
        }
    }
}
