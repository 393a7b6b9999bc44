//! The messages of the peer, and what is looked at in ours.

use spigot_parser::{HeaderName, Message, Request, Response};

/// A request from the peer, with branch `z9hG4bK` and `branch`.
pub(super) fn incoming(method: &str, branch: &str, to_tag: &str, cseq: u32) -> String {
    let to_tag = if to_tag.is_empty() {
        String::new()
    } else {
        format!(";tag={to_tag}")
    };
    format!(
        "{method} sip:b@192.0.2.1 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.9:5099;branch=z9hG4bK{branch};rport=5099;received=192.0.2.9\r\n\
         From: <sip:a@a.example>;tag=from\r\nTo: <sip:b@b.example>{to_tag}\r\nCall-ID: call@a.example\r\n\
         CSeq: {cseq} {method}\r\nContact: <sip:a@192.0.2.9:5099>\r\nMax-Forwards: 70\r\n\
         Content-Length: 0\r\n\r\n"
    )
}

/// A message with more header lines.
pub(super) fn with(message: String, lines: &str) -> String {
    let end = message
        .find("Content-Length")
        .or(message.find("\r\n\r\n").map(|at| at + 2));
    let (head, rest) = message.split_at(end.expect("the end of the head"));
    let lines: String = lines.lines().map(|line| format!("{line}\r\n")).collect();
    format!("{head}{lines}{rest}")
}

/// A message with another Contact.
pub(super) fn with_contact(message: String, uri: &str) -> String {
    let (head, rest) = message.split_once("Contact: <").expect("a Contact");
    let (_, rest) = rest.split_once('>').expect("a whole Contact");
    format!("{head}Contact: <{uri}>{rest}")
}

/// How the peer names a call.
#[derive(Default)]
pub(super) struct Peer {
    call_id: &'static str,
    from: &'static str,
    to: String,
    sent: usize,
}

impl Peer {
    /// The peer whom [`outgoing`] has called, and that has answered with the tag `far`.
    pub(super) fn called() -> Peer {
        Peer {
            call_id: "mine@a.example",
            from: "far",
            to: "ours".to_owned(),
            sent: 0,
        }
    }

    /// The peer whose [`incoming`] request got this response.
    pub(super) fn calling(response: &Response) -> Peer {
        Peer {
            call_id: "call@a.example",
            from: "from",
            to: to_tag(response),
            sent: 0,
        }
    }

    /// Its own tag.
    pub(super) fn tag(&self) -> &'static str {
        self.from
    }

    /// A request inside the call, with a branch of its own.
    pub(super) fn request(&mut self, method: &str, cseq: u32) -> String {
        self.sent += 1;
        incoming(method, &format!("-of-peer{}", self.sent), &self.to, cseq)
            .replace("call@a.example", self.call_id)
            .replace("tag=from", &format!("tag={}", self.from))
    }
}

/// A request of ours, for [`Bench::request`](super::Bench::request).
pub(super) fn outgoing(method: &str, extra: &str) -> String {
    format!(
        "{method} sip:b@b.example SIP/2.0\r\nFrom: <sip:a@a.example>;tag=ours\r\nTo: <sip:b@b.example>\r\n\
         Call-ID: mine@a.example\r\nCSeq: 7 {method}\r\nMax-Forwards: 70\r\n{extra}\r\n"
    )
}

/// The peer's response to a request of ours.
pub(super) fn answer(request: &Request, status: u16, to_tag: &str) -> String {
    let headers = request.headers();
    let value = |name: HeaderName| headers.get(&name).expect("a mandatory header").to_owned();
    let to = value(HeaderName::TO);
    let to = if to_tag.is_empty() || to.contains("tag=") {
        to
    } else {
        format!("{to};tag={to_tag}")
    };
    format!(
        "SIP/2.0 {status} X\r\nVia: {}\r\nFrom: {}\r\nTo: {to}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
         Contact: <sip:b@192.0.2.9>\r\nContent-Length: 0\r\n\r\n",
        value(HeaderName::VIA),
        value(HeaderName::FROM),
        value(HeaderName::CALL_ID),
        value(HeaderName::CSEQ),
    )
}

/// A response to an [`incoming`] request from whom it was forwarded to, without the Via of this element.
pub(super) fn relayed(method: &str, branch: &str, cseq: u32, status: u16) -> String {
    format!(
        "SIP/2.0 {status} X\r\nVia: SIP/2.0/UDP 192.0.2.9:5099;branch=z9hG4bK{branch}\r\n\
         From: <sip:a@a.example>;tag=from\r\nTo: <sip:b@b.example>;tag=far\r\nCall-ID: call@a.example\r\n\
         CSeq: {cseq} {method}\r\nContact: <sip:b@192.0.2.20>\r\nContent-Length: 0\r\n\r\n"
    )
}

pub(super) fn as_request(message: Message) -> Request {
    match message {
        Message::Request(request) => request,
        Message::Response(response) => panic!("not a request: {response}"),
    }
}

pub(super) fn as_response(message: Message) -> Response {
    match message {
        Message::Response(response) => response,
        Message::Request(request) => panic!("not a response: {request}"),
    }
}

/// The value of a header that is there.
pub(super) fn value<'m>(message: &'m Request, name: &str) -> &'m str {
    let name: HeaderName = name.parse().expect("a name");
    message.headers().get(&name).expect("the header is there")
}

/// The Route values of a request of ours, in their order.
pub(super) fn routes(request: &Request) -> Vec<&str> {
    request.headers().get_all(&HeaderName::ROUTE).collect()
}

/// The To tag of a response.
pub(super) fn to_tag(response: &Response) -> String {
    let to = response
        .headers()
        .typed::<spigot_parser::header::To>()
        .expect("well formed")
        .expect("there");
    to.tag().expect("a tag").to_owned()
}

/// `what` at each of `times`.
pub(super) fn at(times: &[u64], what: &str) -> Vec<(u64, String)> {
    times.iter().map(|&time| (time, what.to_owned())).collect()
}

/// T1 doubling to T2, up to 64\*T1.
pub(super) const BACKING_OFF: [u64; 11] =
    [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500];
