//! Fuzzes messages that an application builds from hostile values, and writes and reads them back.
//!
//! The input is a sequence of choices. Values that constructors refuse are skipped; values that they accept
//! have to come back.

use spigot_parser::header::{self, TypedHeader};
use spigot_parser::{
    HeaderName, Headers, Message, Method, NameAddr, ParseError, Request, Response, SipUri, StatusCode, Uri,
};

use crate::input::Choices;
use crate::oracle::{self, fields, survives};

const NAMES: [&str; 8] = [
    "Via",
    "f",
    "TO",
    "X-Mine",
    "Content-Length",
    "l",
    "Route",
    "Subject",
];

pub(crate) fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let mut message = start(&mut choices);
    let mut expected: Vec<(String, String)> = Vec::new();
    for _ in 0..choices.below(24) {
        if choices.is_empty() {
            break;
        }
        let headers = message.headers_mut();
        if let Some((name, value)) = one_line(headers, &mut choices) {
            oracle::is_one_line(&value);
            let is_length = name == HeaderName::CONTENT_LENGTH;
            expected.extend((!is_length).then(|| (name.as_str().to_owned(), value)));
        }
    }
    let content_type = choices.text();
    let content_type = if content_type.is_empty() {
        "text/plain".into()
    } else {
        content_type
    };
    let body = choices.all();
    let set = match &mut message {
        Message::Request(request) => request.set_body(&content_type, body.to_vec()),
        Message::Response(response) => response.set_body(&content_type, body.to_vec()),
    };
    if set.is_ok() {
        describe_body(&mut expected, content_type.trim_matches([' ', '\t']));
        assert_eq!(message.body(), body);
    }
    let (read, printed) = survives(&message);
    assert!(
        fields(read.headers())
            .into_iter()
            .eq(expected.iter().map(|(name, value)| (&**name, &**value))),
        "{expected:?} became {:?}",
        String::from_utf8_lossy(&printed)
    );
    assert_eq!(read.to_bytes(), printed);
}

/// Updates the expected lines after setting a body: those about the old body are removed, and the type takes
/// their place.
fn describe_body(lines: &mut Vec<(String, String)>, content_type: &str) {
    lines.retain(|(name, _)| {
        !["Content-Encoding", "Content-Language", "Content-Disposition"].contains(&name.as_str())
    });
    let place = lines.iter().position(|(name, _)| name == "Content-Type");
    let line = ("Content-Type".to_owned(), content_type.to_owned());
    lines.retain(|(name, _)| name != "Content-Type");
    lines.insert(place.unwrap_or(lines.len()), line);
}

fn start(choices: &mut Choices<'_>) -> Message {
    let Ok(nowhere) = "sip:a.example".parse::<Uri>() else {
        panic!("a URI")
    };
    if choices.below(4) == 0 {
        let code = StatusCode::from_u16(choices.number() as u16 % 1000).unwrap_or(StatusCode::OK);
        let plain = Response::new(code);
        let reason = choices.text();
        let response = plain.clone().with_reason(&reason);
        if let Ok(response) = &response {
            oracle::is_one_line(response.reason());
            assert_eq!(response.reason(), reason);
        }
        return response.unwrap_or(plain).into();
    }
    let method = Method::from_token(&choices.text()).unwrap_or(Method::INVITE);
    Request::new(method, uri(choices).unwrap_or(nowhere)).into()
}

fn uri(choices: &mut Choices<'_>) -> Result<Uri, ParseError> {
    if choices.below(4) == 0 {
        return choices.text().parse();
    }
    let mut uri =
        SipUri::new(choices.below(2) == 1, &choices.text()).or_else(|_| SipUri::new(false, "a.example"))?;
    for _ in 0..choices.below(4) {
        let changed = match choices.below(3) {
            0 => uri.with_user(&choices.text()),
            1 => uri.with_param(&choices.text(), Some(&choices.text())),
            _ => Ok(uri.with_port(Some(choices.number() as u16))),
        };
        uri = changed.unwrap_or(uri);
    }
    Ok(uri.into())
}

/// Adds one line, and returns its name and value, if the constructors accept it.
fn one_line(headers: &mut Headers, choices: &mut Choices<'_>) -> Option<(HeaderName, String)> {
    let count = headers.len();
    let added = match choices.below(12) {
        0 => typed(
            headers,
            header::Via::new(&choices.text(), &choices.text(), None).and_then(|via| {
                via.with_branch(&choices.text())?
                    .with_param(&choices.text(), Some(&choices.text()))
            }),
        ),
        1 => typed(headers, address(choices).map(header::From::from)),
        2 => typed(headers, address(choices).map(header::To::from)),
        3 => typed(headers, address(choices).map(header::Contact::from)),
        4 => typed(headers, address(choices).map(header::Route::from)),
        5 => typed(headers, header::CallId::new(&choices.text())),
        6 => {
            let method = Method::from_token(&choices.text()).unwrap_or(Method::ACK);
            typed(headers, header::CSeq::new(choices.number(), method))
        }
        7 => typed(
            headers,
            header::Event::new(&choices.text()).and_then(|event| event.with_id(&choices.text())),
        ),
        8 => {
            let warning =
                header::Warning::new(choices.number() as u16 % 1000, &choices.text(), &choices.text());
            typed(headers, warning)
        }
        9 => typed(
            headers,
            header::Supported::new([&*choices.text(), &*choices.text()]),
        ),
        10 => untyped(headers, &choices.text(), &choices.text()),
        _ => untyped(headers, choices.one_of(&NAMES), &choices.text()),
    };
    assert_eq!(headers.len(), count + usize::from(added.is_some()));
    added
}

fn address(choices: &mut Choices<'_>) -> Result<NameAddr, ParseError> {
    NameAddr::new(uri(choices)?)
        .with_display_name(&choices.text())?
        .with_param(&choices.text(), Some(&choices.text()))
}

fn typed<H: TypedHeader + std::fmt::Display>(
    headers: &mut Headers,
    value: Result<H, ParseError>,
) -> Option<(HeaderName, String)> {
    let value = value.ok()?;
    headers.push_typed(&value);
    Some((H::NAME, value.to_string()))
}

fn untyped(headers: &mut Headers, name: &str, value: &str) -> Option<(HeaderName, String)> {
    headers.push(name, value).ok()?;
    let name = name.parse().expect("it was taken");
    Some((name, value.trim_matches([' ', '\t']).to_owned()))
}
