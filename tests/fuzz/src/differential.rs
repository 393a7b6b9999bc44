//! One message, read by our parser and by another one.
//!
//! Where both take it, they see the same in it, but for the peer's [known faults](agree). Where one of them takes it
//! and the other does not, the reason is one of those that are listed here; anything else is a finding.

mod peer;

use spigot_parser::header::{CSeq, CallId, From, To, TypedHeader, Via};
use spigot_parser::{Bytes, ErrorKind, Host, Message, NameAddr, Params, ParseError, Uri};

pub use peer::keep_quiet_about_the_peer;

/// What a message is routed by.
#[derive(Debug)]
struct Seen {
    start: Start,
    /// The values of the header lines, in their order.
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
    if peer_reads_past_the_head(data) {
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

/// Whether a blank follows the empty line that ends the head (RFC 3261 §7): the peer takes it for a fold and reads the
/// body as header lines. Nothing that it sees then can be compared.
fn peer_reads_past_the_head(data: &[u8]) -> bool {
    let mut lines = data.split_inclusive(|octet| *octet == b'\n');
    let empty = |line: &&[u8]| matches!(**line, [b'\n'] | [b'\r', b'\n']);
    lines.find(empty).is_some() && matches!(lines.next(), Some([b' ' | b'\t', ..]))
}

/// Both see the same. The peer's known faults, in which what it sees does not count:
///
/// - A method that begins with a known one, in any case, is that one: `ACKNOWLEDGE` is `ACK`.
/// - Names of parameters count with their case, so it does not find `;Tag=1`.
/// - Escapes are undone and quotes taken off in parameters of headers, too: a branch or tag with a `%` is another.
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

/// A value without what folds and blanks add to it.
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

/// Why the peer takes what we refuse: what it does not look at, or reads further than its grammar goes.
fn ours_refuses(error: &ParseError, theirs: &Seen) -> bool {
    match error.kind() {
        // It takes any white space between the parts, any number for a code, and what begins like the version.
        ErrorKind::StartLine | ErrorKind::Version | ErrorKind::Status => true,
        // Letters of any alphabet are a token to it, and a user or a parameter may be empty.
        ErrorKind::Method | ErrorKind::Uri | ErrorKind::Value => true,
        // It reads the value of a header line as it comes, line feeds, controls and all.
        ErrorKind::HeaderLine => true,
        // It has no limits.
        ErrorKind::UriTooLong
        | ErrorKind::HeaderTooLong
        | ErrorKind::TooManyHeaders
        | ErrorKind::HeadTooLarge
        | ErrorKind::TooManyParams => true,
        // It takes the first of several.
        ErrorKind::Duplicate => true,
        // It leaves the body to its user.
        ErrorKind::ContentLength | ErrorKind::Truncated => true,
        // It does not compare the methods, of which it reads the beginning at that.
        ErrorKind::Mismatch => matches!(theirs.start, Start::Request { .. }),
        _ => false,
    }
}

/// Why we take what the peer refuses.
fn theirs_refuses(message: &Message, refusal: &Refusal, data: &[u8]) -> bool {
    match refusal {
        // It skips no empty lines, and looks two octets ahead where line ends are of both kinds.
        Refusal::Incomplete => {
            let crlf = data.windows(2).filter(|end| end == b"\r\n").count();
            let lf = data.iter().filter(|octet| **octet == b'\n').count();
            data.starts_with(b"\r\n") || data.starts_with(b"\n") || (crlf > 0 && crlf < lf)
        }
        // Schemes other than its two are no URI to it, and versions count with their case.
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

/// Display names with a backslash or with nothing in them, and what is strange in the rest.
fn is_strange_address(address: &NameAddr) -> bool {
    let text = address.as_str();
    text.contains('\\')
        || text.contains("\"\"")
        || is_beyond_the_peer(address.uri())
        || are_strange_params(address.params())
}

/// URIs of other schemes, and those whose host, escapes or question marks in headers it does not read.
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

/// Labels with underscores, names that begin like an IPv4 address, and IPv6 addresses that are no such thing but by
/// RFC 3261's own mistake.
fn is_strange_host(host: Host<'_>) -> bool {
    let name = host.as_str();
    name.contains('_')
        || name.contains(":::")
        || (name.starts_with(|char: char| char.is_ascii_digit()) && host.ip().is_none())
}

/// Parameters in quotes, and those whose escapes are no UTF-8.
fn are_strange_params(params: Params<'_>) -> bool {
    params.as_str().contains(['"', '%'])
}
