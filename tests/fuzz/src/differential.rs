//! Fuzzes one message with our parser and another one.
//!
//! If both accept it, they read the same, but for the peer's [known faults](agree). If only one accepts it,
//! the reason is one that this module lists. Anything else is a finding.

mod peer;

use spigot_parser::header::{CSeq, CallId, From, To, TypedHeader, Via};
use spigot_parser::{Bytes, ErrorKind, Host, Message, NameAddr, Params, ParseError, Uri};

use crate::oracle;

pub use peer::keep_quiet_about_the_peer;

/// What a message is routed by.
#[derive(Debug)]
struct Seen {
    start: Start,
    /// The values of the header lines in their order.
    values: Vec<String>,
    transport: String,
    host: String,
    port: Option<u16>,
    branch: Option<String>,
    from_tag: Option<String>,
    to_tag: Option<String>,
    call_id: String,
    number: u32,
    method: String,
}

#[derive(Debug)]
enum Start {
    Request {
        method: String,
        user: Option<String>,
        host: String,
        port: Option<u16>,
    },
    Response {
        code: u16,
    },
}

/// What the peer could not read.
#[derive(Debug)]
enum Refusal {
    Incomplete,
    NotUtf8,
    StartLine,
    Line,
    Missing,
    Via,
    From,
    To,
    CallId,
    CSeq,
    Panic,
}

pub(crate) fn run(data: &[u8]) {
    // The peer takes no response that breaks rules of text, or takes it for another one.
    if peer_reads_past_the_head(data) || oracle::is_odd_response(data) {
        return;
    }
    let bytes = Bytes::copy_from_slice(data);
    let ours = Message::parse(bytes.clone()).and_then(|message| message.validate().map(|()| message));
    match (ours, peer::read(&bytes)) {
        (Ok(message), Ok(theirs)) => agree(&message, &theirs),
        (Ok(message), Err(refusal)) => {
            assert!(
                theirs_refuses(&message, &refusal, data),
                "theirs refuses {message:?}: {refusal:?}"
            );
        }
        (Err(error), Ok(theirs)) => assert!(
            ours_refuses(&error, &theirs),
            "ours refuses {theirs:?}: {error:?}"
        ),
        (Err(_), Err(_)) => {}
    }
}

/// Reports whether a blank follows the empty line that ends the head (RFC 3261 §7).
///
/// The peer takes it for a fold and reads the body as header lines, which makes the results incomparable.
fn peer_reads_past_the_head(data: &[u8]) -> bool {
    let mut lines = data.split_inclusive(|octet| *octet == b'\n');
    let empty = |line: &&[u8]| matches!(**line, [b'\n'] | [b'\r', b'\n']);
    lines.find(empty).is_some() && matches!(lines.next(), Some([b' ' | b'\t', ..]))
}

/// Checks that both read the same, except where the peer has known faults:
///
/// - A method that begins with a known one, in any case, is taken for that one: `ACKNOWLEDGE` is `ACK`.
/// - Parameter names are compared with case, so `;Tag=1` is not found.
/// - Escapes are decoded and quotes removed in header parameters, too, so a branch or tag with a `%` differs.
fn agree(message: &Message, theirs: &Seen) {
    let headers = message.headers();
    let ours: Vec<String> = headers.iter().map(|field| words(field.value())).collect();
    assert_eq!(ours, theirs.values);
    match (message, &theirs.start) {
        (
            Message::Request(request),
            Start::Request {
                method,
                user,
                host,
                port,
            },
        ) => {
            same_method(request.method().as_str(), method);
            let Some(uri) = request.uri().as_sip() else {
                panic!("theirs takes {} for a SIP URI", request.uri())
            };
            assert_eq!(uri.user_decoded().as_deref(), user.as_deref(), "user of {uri}");
            same_host(uri.host(), host);
            assert_eq!(uri.port(), *port, "port of {uri}");
        }
        (Message::Response(response), Start::Response { code }) => assert_eq!(response.status(), *code),
        _ => panic!("{message:?} and {theirs:?}"),
    }
    let via: Via = header(message);
    assert_eq!(via.transport(), theirs.transport);
    same_host(via.host(), &theirs.host);
    assert_eq!(via.port(), theirs.port, "port of {via}");
    same_param("branch", via.params(), via.branch(), theirs.branch.as_deref());
    let (from, to): (From, To) = (header(message), header(message));
    same_param("tag", from.params(), from.tag(), theirs.from_tag.as_deref());
    same_param("tag", to.params(), to.tag(), theirs.to_tag.as_deref());
    assert_eq!(header::<CallId>(message).as_str(), theirs.call_id);
    let cseq: CSeq = header(message);
    assert_eq!(cseq.number(), theirs.number);
    same_method(cseq.method().as_str(), &theirs.method);
}

/// Returns a value without the blanks that folds add.
fn words(value: &str) -> String {
    value.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

fn header<H: TypedHeader>(message: &Message) -> H {
    match message.headers().typed::<H>() {
        Ok(Some(header)) => header,
        _ => panic!("a valid message has no {:?}", H::NAME),
    }
}

fn same_method(ours: &str, theirs: &str) {
    let begins_alike = ours
        .get(..theirs.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(theirs));
    assert!(ours == theirs || begins_alike, "methods {ours} and {theirs}");
}

fn same_host(ours: Host<'_>, theirs: &str) {
    assert!(
        Host::parse(theirs).is_ok_and(|theirs| ours == theirs),
        "hosts {ours} and {theirs}"
    );
}

fn same_param(name: &str, params: Params<'_>, ours: Option<&str>, theirs: Option<&str>) {
    let in_lower_case = params.clone().any(|(other, _)| other == name);
    let plain = ours.is_none_or(|ours| !ours.contains('%'));
    assert!(
        ours == theirs || !in_lower_case || !plain,
        "{name} in {params}: {ours:?} and {theirs:?}"
    );
}

/// Reports whether a known reason explains that only the peer accepts the message.
fn ours_refuses(error: &ParseError, theirs: &Seen) -> bool {
    match error.kind() {
        // The peer accepts any white space between the parts, any number as a code, and any version with the
        // right beginning.
        ErrorKind::StartLine | ErrorKind::Version | ErrorKind::Status => true,
        // The peer accepts letters of any alphabet as a token, and an empty user or parameter.
        ErrorKind::Method | ErrorKind::Uri | ErrorKind::Value => true,
        // The peer accepts line feeds and control characters in values.
        ErrorKind::HeaderLine => true,
        // The peer has no limits.
        ErrorKind::UriTooLong
        | ErrorKind::HeaderTooLong
        | ErrorKind::TooManyHeaders
        | ErrorKind::HeadTooLarge
        | ErrorKind::TooManyParams => true,
        // The peer uses the first of several.
        ErrorKind::Duplicate => true,
        // The peer leaves the body to its user.
        ErrorKind::ContentLength | ErrorKind::Truncated => true,
        // The peer does not compare the methods, and reads only their beginnings.
        ErrorKind::Mismatch => matches!(theirs.start, Start::Request { .. }),
        _ => false,
    }
}

/// Reports whether a known reason explains that only our parser accepts the message.
fn theirs_refuses(message: &Message, refusal: &Refusal, data: &[u8]) -> bool {
    match refusal {
        // The peer skips no empty lines, and mixed line ends make it look two octets ahead.
        Refusal::Incomplete => {
            let crlf = data.windows(2).filter(|end| end == b"\r\n").count();
            let lf = data.iter().filter(|octet| **octet == b'\n').count();
            data.starts_with(b"\r\n") || data.starts_with(b"\n") || (crlf > 0 && crlf < lf)
        }
        // The peer accepts two schemes only, and compares versions with case.
        Refusal::StartLine => {
            let first_line = data.split(|octet| *octet == b'\n').next().unwrap_or_default();
            match message {
                Message::Request(request) => {
                    !first_line.trim_ascii_end().ends_with(b"SIP/2.0") || is_beyond_the_peer(request.uri())
                }
                Message::Response(_) => !first_line.starts_with(b"SIP/2.0"),
            }
        }
        Refusal::Via => {
            let via: Via = header(message);
            let protocol: String = via.to_string().split_whitespace().collect();
            !protocol.starts_with("SIP/2.0/")
                || via.sent_by().contains([' ', '\t'])
                || is_strange_host(via.host())
                || are_strange_params(via.params())
        }
        Refusal::From => {
            let from: From = header(message);
            is_strange_address(from.name_addr())
        }
        Refusal::To => {
            let to: To = header(message);
            is_strange_address(to.name_addr())
        }
        _ => false,
    }
}

/// Reports whether the display name has a backslash or is empty, or the rest is strange to the peer.
fn is_strange_address(address: &NameAddr) -> bool {
    let text = address.as_str();
    text.contains('\\')
        || text.contains("\"\"")
        || is_beyond_the_peer(address.uri())
        || are_strange_params(address.params())
}

/// Reports whether the peer cannot read the URI: its scheme, its host, its escapes, or question marks in its
/// headers.
fn is_beyond_the_peer(uri: &Uri) -> bool {
    let Some(uri) = uri.as_sip() else {
        return true;
    };
    let not_utf8 = uri
        .user_decoded()
        .is_some_and(|user| user.contains(char::REPLACEMENT_CHARACTER));
    let strange_headers = uri
        .headers()
        .any(|(name, value)| name.contains(['?', '%']) || value.contains(['?', '%']));
    is_strange_host(uri.host()) || not_utf8 || strange_headers || are_strange_params(uri.params())
}

/// Reports whether the host is strange to the peer.
///
/// Such hosts have labels with underscores, begin like an IPv4 address, or are IPv6 addresses only by RFC
/// 3261's mistake.
fn is_strange_host(host: Host<'_>) -> bool {
    let name = host.as_str();
    name.contains('_')
        || name.contains(":::")
        || (name.starts_with(|char: char| char.is_ascii_digit()) && host.ip().is_none())
}

/// Reports whether parameters are quoted, or have escapes that are not UTF-8.
fn are_strange_params(params: Params<'_>) -> bool {
    params.as_str().contains(['"', '%'])
}
