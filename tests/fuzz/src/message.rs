//! Fuzzes one message: parsed, read, validated, changed and written.

use std::hint::black_box;

use spigot_parser::header::{self, TypedHeader};
use spigot_parser::{
    Bytes, ErrorKind, Essentials, HeaderName, Limits, Message, MessageWriter, Method, ParseError, RawLines,
    RawMessage, Request, Response, SalvagedRequest, StatusCode,
};

use crate::headers;
use crate::oracle::{self, fields, survives};

/// The headers that address a reply (RFC 3261 §8.2.6.2).
const ADDRESSED_BY: [HeaderName; 5] = [
    HeaderName::VIA,
    HeaderName::FROM,
    HeaderName::TO,
    HeaderName::CALL_ID,
    HeaderName::CSEQ,
];

pub(crate) fn run(data: &[u8]) {
    let bytes = Bytes::copy_from_slice(data);
    let salvaged = SalvagedRequest::read(&bytes, &Limits::DEFAULT);
    if let Some(request) = &salvaged {
        oracle::answer(request, data.len());
    }
    let message = Message::parse(bytes);
    check_raw(data, message.as_ref());
    let message = match message {
        Ok(message) => message,
        Err(error) => return oracle::error(&error, data.len()),
    };
    let mut length = data.len();
    if oracle::is_odd_response(data) {
        // Offsets are those of the text that was read instead.
        length = length.max(message.to_bytes().len());
    } else {
        assert_eq!(
            message.to_bytes(),
            as_it_came(data, &message),
            "what nobody touched is written as it came"
        );
        check_lines(data, &message);
    }
    let (again, printed) = survives(&message);
    assert_eq!(again.to_bytes(), printed);
    for field in message.headers().iter() {
        let name = field.name();
        assert!(
            field.is(&name)
                && message
                    .headers()
                    .get_all(&name)
                    .any(|value| value == field.value())
        );
        oracle::is_one_line(field.raw_name());
    }
    headers::read_all(message.headers(), length);
    same_tags(&message, length);
    judge(&message, salvaged.as_ref(), length);
    let tail = String::from_utf8_lossy(&data[data.len().saturating_sub(16)..]);
    change_vias(message.clone());
    change_lines(message.clone(), &tail);
    change_the_body(message.clone(), &tail);
    reply_to(&message);
    black_box(format!("{message:?}"));
}

/// Checks that a [`RawMessage`](spigot_parser::RawMessage) has what the parsed message has, and the same
/// errors but for text encoding and URIs.
fn check_raw(data: &[u8], message: Result<&Message, &ParseError>) {
    let mut lines = RawLines::new();
    match (RawMessage::parse(data, &mut lines), message) {
        (Ok(raw), Ok(message)) => {
            let headers = message.headers();
            assert_eq!(raw.headers().len(), headers.len());
            for (ours, theirs) in raw.headers().zip(headers.iter()) {
                assert_eq!(ours.name(), theirs.raw_name().as_bytes());
                assert!(ours.is(&theirs.name()));
                if !ours.value().contains(&b'\n') && !oracle::is_odd_response(data) {
                    assert_eq!(ours.value(), theirs.value().as_bytes());
                }
            }
            assert_eq!(raw.body(), message.body());
            match message {
                Message::Request(request) => {
                    assert_eq!(raw.method(), Some(request.method().as_str().as_bytes()));
                    assert_eq!(raw.uri(), Some(request.uri().as_str().as_bytes()));
                }
                Message::Response(response) => assert_eq!(raw.status(), Some(response.status())),
            }
        }
        (Ok(_), Err(error)) => assert!(
            matches!(
                error.kind(),
                ErrorKind::Utf8 | ErrorKind::Uri | ErrorKind::Method | ErrorKind::TooManyParams
            ),
            "{error}"
        ),
        (Err(error), Ok(_)) => panic!("{error} where nothing is wrong"),
        (Err(ours), Err(theirs)) => assert_eq!(&ours, theirs),
    }
}

/// Returns the message as it has to be written, made from its octets line by line.
fn as_it_came(data: &[u8], message: &Message) -> Vec<u8> {
    let mut lines = data
        .split(|octet| *octet == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .skip_while(|line| line.is_empty());
    let mut text = lines.next().unwrap_or_default().to_vec();
    match message {
        Message::Request(_) => {
            let version = text.len().saturating_sub(7);
            text[version..].make_ascii_uppercase();
        }
        Message::Response(_) => {
            text[..7].make_ascii_uppercase();
            if text.len() == "SIP/2.0 200".len() {
                text.push(b' ');
            }
        }
    }
    text.extend(b"\r\n");
    for line in lines.take_while(|line| !line.is_empty()) {
        text.extend(line);
        text.extend(b"\r\n");
    }
    if !message.headers().contains(&HeaderName::CONTENT_LENGTH) {
        text.extend(format!("Content-Length: {}\r\n", message.body().len()).bytes());
    }
    text.extend(b"\r\n");
    text.extend(message.body());
    text
}

/// Checks that every line of the head has the name and the words of its line in the input, with its folds.
fn check_lines(data: &[u8], message: &Message) {
    let head = data
        .split(|octet| *octet == b'\n')
        .map(|line| String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)))
        .skip_while(|line| line.is_empty())
        .skip(1)
        .take_while(|line| !line.is_empty());
    let mut lines: Vec<String> = Vec::new();
    for line in head {
        match lines.last_mut().filter(|_| line.starts_with([' ', '\t'])) {
            Some(last) => *last += &line,
            None => lines.push(line.into_owned()),
        }
    }
    let words = |text: &str| -> Vec<String> {
        let words = text.split([' ', '\t']).filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    };
    assert_eq!(lines.len(), message.headers().len());
    for (line, field) in lines.iter().zip(message.headers().iter()) {
        let (name, value) = line.split_once(':').expect("a header line has a colon");
        assert_eq!(name.trim_end_matches([' ', '\t']), field.raw_name());
        assert_eq!(words(value), words(field.value()), "{line}");
    }
}

/// Checks that a valid message has everything that identifies it, and can be salvaged.
fn judge(message: &Message, salvaged: Option<&SalvagedRequest>, length: usize) {
    let headers = message.headers();
    let essentials = match message.essentials() {
        Ok(essentials) => essentials,
        Err(error) => {
            oracle::error(&error, length);
            assert_eq!(error.status().is_none(), matches!(message, Message::Response(_)));
            assert_eq!(message.validate(), Err(error));
            return;
        }
    };
    assert!(headers.all::<header::Via>().count() > 0 && headers.all::<header::Via>().all(|via| via.is_ok()));
    assert!(matches!(headers.typed::<header::From>(), Ok(Some(_))));
    assert!(matches!(headers.typed::<header::To>(), Ok(Some(_))));
    assert!(matches!(headers.typed::<header::CallId>(), Ok(Some(_))));
    let Ok(Some(cseq)) = headers.typed::<header::CSeq>() else {
        panic!("a request without CSeq is valid")
    };
    assert_eq!(essentials.vias(), headers.all::<header::Via>().count());
    assert_eq!(Ok(essentials.from_tag()), header::From::tag_of(headers));
    assert_eq!(Ok(essentials.to_tag()), header::To::tag_of(headers));
    assert_eq!(Some(essentials.call_id()), headers.get(&HeaderName::CALL_ID));
    assert_eq!(
        (essentials.cseq(), essentials.method()),
        (cseq.number(), cseq.method())
    );
    let Message::Request(request) = message else {
        return;
    };
    stamp(request, essentials);
    assert_eq!(cseq.method(), request.method());
    if *request.method() == Method::ACK {
        assert!(salvaged.is_none(), "nobody answers an ACK");
        return;
    }
    let Some(salvaged) = salvaged else {
        panic!("a valid request cannot be salvaged")
    };
    let words = |text: &str| {
        text.split_ascii_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    for name in &ADDRESSED_BY {
        let value = String::from_utf8_lossy(salvaged.get(name).unwrap_or_default()).into_owned();
        assert_eq!(Some(words(&value)), headers.get(name).map(words), "{name:?}");
    }
}

/// Checks that a tag is the same, read alone and with its header.
fn same_tags(message: &Message, length: usize) {
    let headers = message.headers();
    let from = (header::From::tag_of(headers), headers.typed::<header::From>());
    if let (tag, Ok(whole)) = &from {
        assert_eq!(*tag, Ok(whole.as_ref().and_then(header::From::tag)));
    }
    let to = (header::To::tag_of(headers), headers.typed::<header::To>());
    if let (tag, Ok(whole)) = &to {
        assert_eq!(*tag, Ok(whole.as_ref().and_then(header::To::tag)));
    }
    for error in [from.0, to.0].into_iter().filter_map(Result::err) {
        oracle::error(&error, length);
    }
}

/// Returns the text of every Via of the message, or its error.
fn vias(message: &Message) -> Vec<Result<String, ErrorKind>> {
    let all = message.headers().all::<header::Via>();
    all.map(|via| via.map(|via| via.to_string()).map_err(|error| error.kind()))
        .collect()
}

/// Changes the topmost Via as a proxy does, and undoes it.
fn change_vias(mut message: Message) {
    let before = vias(&message);
    let untouched = message.to_bytes();
    match message.headers_mut().pop_first::<header::Via>() {
        Ok(Some(via)) => {
            assert_eq!(before.first(), Some(&Ok(via.to_string())));
            assert_eq!(vias(&message), before[1..]);
            survives(&message);
            message.headers_mut().push_first_typed(&via);
            assert_eq!(vias(&message), before);
            assert_eq!(message.headers_mut().replace_first(&via), Ok(()));
            assert_eq!(vias(&message), before);
            let others = message.headers().len() - message.headers().get_all(&header::Via::NAME).count();
            message.headers_mut().set_typed(&via);
            assert_eq!(vias(&message), [Ok(via.to_string())]);
            assert_eq!(message.headers().len(), others + 1);
            survives(&message);
        }
        Ok(None) => assert!(before.is_empty()),
        Err(_) => {
            assert!(matches!(before.first(), Some(Err(_))));
            assert_eq!(message.to_bytes(), untouched, "what cannot be parsed stays");
        }
    }
}

/// Adds, sets and removes lines under a name and with a value that the peer chose.
fn change_lines(mut message: Message, tail: &str) {
    let (name, value) = tail.split_once(':').unwrap_or(("X-Fuzz", tail));
    let Ok(name) = name.parse::<HeaderName>() else {
        assert!(message.headers_mut().push(name, value).is_err());
        return;
    };
    let trimmed = value.trim_matches([' ', '\t']);
    let before = message.headers().len();
    let untouched = message.to_bytes();
    if message.headers_mut().push(&name, value).is_err() {
        assert!(message.headers_mut().push_first(&name, value).is_err());
        assert!(message.headers_mut().set(&name, value).is_err());
        assert_eq!(message.to_bytes(), untouched, "what is refused changes nothing");
        return;
    }
    oracle::is_one_line(value);
    assert_eq!(message.headers().len(), before + 1);
    assert_eq!(message.headers().get_all(&name).last(), Some(trimmed));
    survives(&message);
    assert_eq!(message.headers_mut().set(&name, value), Ok(()));
    assert!(message.headers().get_all(&name).eq([trimmed]));
    survives(&message);
    let others: Vec<_> = fields(message.headers())
        .into_iter()
        .filter(|(other, _)| name != *other)
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    assert_eq!(message.headers_mut().remove(&name), 1);
    assert!(
        fields(message.headers())
            .into_iter()
            .eq(others.iter().map(|(name, value)| (&**name, &**value)))
    );
    assert_eq!(message.headers_mut().push_first(&name, value), Ok(()));
    survives(&message);
}

/// Sets the body and removes it.
fn change_the_body(mut message: Message, tail: &str) {
    let set = match &mut message {
        Message::Request(request) => request.set_body(tail, tail.as_bytes().to_vec()),
        Message::Response(response) => response.set_body(tail, tail.as_bytes().to_vec()),
    };
    if set.is_ok() {
        oracle::is_one_line(tail);
        let (read, _) = survives(&message);
        assert!(matches!(
            read.headers().typed::<header::ContentType>(),
            Ok(Some(_))
        ));
    }
    match &mut message {
        Message::Request(request) => request.clear_body(),
        Message::Response(response) => response.clear_body(),
    }
    assert!(message.body().is_empty() && !message.headers().contains(&header::ContentType::NAME));
    survives(&message);
}

/// Builds a response from lines of the message.
fn reply_to(message: &Message) {
    let mut response = Response::new(StatusCode::OK);
    for name in &ADDRESSED_BY {
        response.headers_mut().copy_from(message.headers(), name);
        assert!(
            response
                .headers()
                .get_all(name)
                .eq(message.headers().get_all(name))
        );
    }
    let mut writer = MessageWriter::response(StatusCode::OK, "OK", message.headers().written_len());
    for name in &ADDRESSED_BY {
        writer.lines_of(message.headers(), name);
    }
    assert_eq!(writer.finish(&Bytes::new()), response.to_bytes());
    survives(&Message::Response(response));
}

/// A request that says where it came from says so in its essentials too, and nothing else changes.
fn stamp(request: &Request, essentials: Essentials) {
    let (mut request, mut stamped, before) = (request.clone(), essentials, request.to_bytes());
    match request.stamp(&mut stamped, ([192, 0, 2, 7], 40000).into()) {
        Ok(()) => {
            let via: header::Via = request
                .headers()
                .typed()
                .expect("it was stamped")
                .expect("it is there");
            assert_eq!(via.to_string(), stamped.via().to_string());
            assert_eq!(
                (via.branch(), via.maddr()),
                (stamped.via().branch(), stamped.via().maddr())
            );
            assert_eq!(
                (via.received(), via.rport()),
                (stamped.via().received(), stamped.via().rport())
            );
            let again = request.essentials().expect("a stamp is well formed");
            assert_eq!(format!("{again:?}"), format!("{stamped:?}"));
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::TooManyParams);
            assert_eq!(request.to_bytes(), before);
        }
    }
}
