//! Drives a shard by hand: what arrives, what time it is, and what came of it.

mod cancel;
mod client;
mod limits;
mod random;
mod server;
mod stateless;
mod success;

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::{Duration, Instant};

use spigot_parser::{HeaderName, Message, Request, Response, StatusCode};

use super::Shard;
use crate::epoch::epoch;
use crate::flow::{ConnectionId, Flow, Transport};
use crate::proto::{ClientKey, Failure, Output, RespondError, ServerKey, Settings};

const SEED: [u8; 16] = *b"a seed for tests";

const UDP: Transport = Transport::Udp;
const TCP: Transport = Transport::Tcp;

/// The one flow of each transport.
fn flow(transport: Transport) -> Flow {
    let local = "192.0.2.1:5060".parse().expect("an address");
    let peer = "192.0.2.9:5099".parse().expect("an address");
    if transport.is_reliable() {
        Flow::stream(transport, local, peer, ConnectionId::from_number(NonZeroU64::MAX))
    } else {
        Flow::datagram(local, peer)
    }
}

/// A flow that differs from the one over TCP in the connection.
fn other_connection() -> Flow {
    let flow = flow(TCP);
    Flow::detached(TCP, flow.local(), flow.peer())
}

/// A shard, its clock, and what it has said so far.
struct Bench {
    shard: Shard,
    flow: Flow,
    start: Instant,
    now: Instant,
    sent: Vec<(u64, Message)>,
    told: Vec<(u64, String)>,
    /// Of the last request that the application was told of.
    key: Option<ServerKey>,
    outputs: Vec<Output>,
}

impl Bench {
    fn new(transport: Transport) -> Self {
        Bench::with(Settings::default(), transport)
    }

    fn with(settings: Settings, transport: Transport) -> Self {
        let start = epoch();
        Bench {
            shard: Shard::new(settings, SEED),
            flow: flow(transport),
            start,
            now: start,
            sent: Vec::new(),
            told: Vec::new(),
            key: None,
            outputs: Vec::new(),
        }
    }

    fn drain(&mut self) {
        let at = (self.now - self.start).as_millis() as u64;
        while let Some(output) = self.shard.poll_output() {
            let told = match &output {
                Output::Transmit { bytes, .. } => {
                    let message = Message::parse(bytes.clone()).expect("what is sent can be parsed");
                    assert_eq!(message.validate(), Ok(()), "{bytes:?}");
                    self.sent.push((at, message));
                    self.outputs.push(output);
                    continue;
                }
                Output::Request {
                    key,
                    request,
                    in_dialog,
                    ..
                } => {
                    self.key = Some(*key);
                    format!(
                        "request {}{}",
                        request.method(),
                        if *in_dialog { " in dialog" } else { "" }
                    )
                }
                Output::Ack { .. } => "ack".to_owned(),
                Output::Cancelled { .. } => "cancelled".to_owned(),
                Output::Finished { .. } => "finished".to_owned(),
                Output::Response { response, .. } => format!("response {}", response.status().as_u16()),
                Output::Failed {
                    failure: Failure::Timeout(timer),
                    ..
                } => format!("failed {timer:?}"),
                Output::Failed {
                    failure: Failure::Transport,
                    ..
                } => "failed transport".to_owned(),
                Output::Ended { .. } => "ended".to_owned(),
                Output::Unacknowledged { .. } => "unacknowledged".to_owned(),
            };
            self.told.push((at, told));
            self.outputs.push(output);
        }
    }

    fn receive(&mut self, text: &str) {
        match Message::parse(text.to_owned()).expect("the test's own message") {
            Message::Request(request) => {
                self.shard.receive_request(self.now, Arc::new(request), self.flow);
            }
            Message::Response(response) => self.shard.receive_response(self.now, response, self.flow),
        }
        self.drain();
    }

    fn respond(&mut self, status: u16) -> Result<(), RespondError> {
        let key = self.key.expect("a request came");
        let status = StatusCode::from_u16(status).expect("a status");
        let response = Response::new(status)
            .with_header("Contact", "<sip:b@192.0.2.1>")
            .expect("a response");
        let result = self.shard.respond(self.now, key, response);
        self.drain();
        result
    }

    fn request(&mut self, text: &str) -> ClientKey {
        let request = Request::parse(text.to_owned()).expect("the test's own request");
        let key = self.shard.request(self.now, request, self.flow, "192.0.2.1:5060");
        self.drain();
        key
    }

    /// Moves the clock, firing what is due on the way at its very time.
    fn until(&mut self, millis: u64) {
        let end = self.start + Duration::from_millis(millis);
        while let Some(at) = self.shard.poll_timeout().filter(|&at| at <= end) {
            self.now = self.now.max(at);
            self.shard.handle_timeout(self.now);
            self.drain();
            assert!(
                self.shard.poll_timeout().is_none_or(|next| next > self.now),
                "time stands still"
            );
        }
        self.now = end;
    }

    /// What was sent since this was last asked: when, in milliseconds, and the method or the status.
    fn sent(&mut self) -> Vec<(u64, String)> {
        self.messages()
            .into_iter()
            .map(|(at, message)| match message {
                Message::Request(request) => (at, request.method().to_string()),
                Message::Response(response) => (at, response.status().as_u16().to_string()),
            })
            .collect()
    }

    fn messages(&mut self) -> Vec<(u64, Message)> {
        std::mem::take(&mut self.sent)
    }

    /// The one message sent since this was last asked.
    fn message(&mut self) -> Message {
        let mut messages = self.messages();
        assert_eq!(messages.len(), 1, "{messages:?}");
        messages.remove(0).1
    }

    /// What the application was told since this was last asked.
    fn told(&mut self) -> Vec<(u64, String)> {
        std::mem::take(&mut self.told)
    }

    /// That nothing is left but what lasts.
    fn assert_empty(&self) {
        assert_eq!(self.shard.server_transactions(), 0);
        assert_eq!(self.shard.client_transactions(), 0);
        assert_eq!(self.shard.unanswered(), 0);
        assert_eq!(self.shard.successes.len(), 0);
        assert_eq!(self.shard.transaction_bytes(), 0);
        assert_eq!(self.shard.queues.len(), 0);
        assert_eq!(self.shard.dialogs.early(), 0);
        assert!(self.shard.server.is_clean() && self.shard.client.is_clean());
    }
}

/// A request from the peer, with branch `z9hG4bK` and `branch`.
fn incoming(method: &str, branch: &str, to_tag: &str, cseq: u32) -> String {
    let to_tag = if to_tag.is_empty() {
        String::new()
    } else {
        format!(";tag={to_tag}")
    };
    let cseq_method = method;
    format!(
        "{method} sip:b@192.0.2.1 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.9:5099;branch=z9hG4bK{branch};rport=5099;received=192.0.2.9\r\n\
         From: <sip:a@a.example>;tag=from\r\nTo: <sip:b@b.example>{to_tag}\r\nCall-ID: call@a.example\r\n\
         CSeq: {cseq} {cseq_method}\r\nContact: <sip:a@192.0.2.9:5099>\r\nMax-Forwards: 70\r\n\
         Content-Length: 0\r\n\r\n"
    )
}

/// A request of ours, for [`Bench::request`].
fn outgoing(method: &str, extra: &str) -> String {
    format!(
        "{method} sip:b@b.example SIP/2.0\r\nFrom: <sip:a@a.example>;tag=ours\r\nTo: <sip:b@b.example>\r\n\
         Call-ID: mine@a.example\r\nCSeq: 7 {method}\r\nMax-Forwards: 70\r\n{extra}\r\n"
    )
}

/// The peer's response to a request of ours.
fn answer(request: &Request, status: u16, to_tag: &str) -> String {
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

fn as_request(message: Message) -> Request {
    match message {
        Message::Request(request) => request,
        Message::Response(response) => panic!("not a request: {response}"),
    }
}

fn as_response(message: Message) -> Response {
    match message {
        Message::Response(response) => response,
        Message::Request(request) => panic!("not a response: {request}"),
    }
}

/// The To tag of a response.
fn to_tag(response: &Response) -> String {
    let to = response
        .headers()
        .typed::<spigot_parser::header::To>()
        .expect("well formed")
        .expect("there");
    to.tag().expect("a tag").to_owned()
}

/// `what` at each of `times`.
fn at(times: &[u64], what: &str) -> Vec<(u64, String)> {
    times.iter().map(|&time| (time, what.to_owned())).collect()
}

/// T1 doubling to T2, up to 64\*T1.
const BACKING_OFF: [u64; 11] = [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500];
