//! Drives a shard by hand: what arrives, what time it is, and what came of it.

mod acknowledging;
mod calls;
mod cancel;
mod client;
mod destinations;
mod dialogs;
mod ends;
mod hanging_up;
mod limits;
mod messages;
mod notifying;
mod null_tags;
mod numbers;
mod races;
mod random;
mod reconnecting;
mod ringing;
mod server;
mod sizes;
mod stateless;
mod subscriptions;
mod success;
mod through;

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use spigot_parser::{HeaderName, Message, Method, Request, Response, StatusCode};

use super::Shard;
use crate::epoch::epoch;
use crate::flow::{ConnectionId, Flow, Transport};
use crate::proto::digest::Login;
use crate::proto::{
    ClientKey, DialogKey, Failure, Incoming, Outgoing, Output, OwnVia, RequestRefused, RespondError, Role,
    ServerKey, Settings, Unsent,
};
use messages::*;

const SEED: [u8; 16] = *b"a seed for tests";

const UDP: Transport = Transport::Udp;
const TCP: Transport = Transport::Tcp;

/// The connection that tests use: the same one each time.
fn connection() -> ConnectionId {
    static CONNECTION: OnceLock<ConnectionId> = OnceLock::new();
    *CONNECTION.get_or_init(ConnectionId::unique)
}

/// The one flow of each transport.
fn flow(transport: Transport) -> Flow {
    let local = "192.0.2.1:5060".parse().expect("an address");
    let peer = "192.0.2.9:5099".parse().expect("an address");
    if transport.is_reliable() {
        Flow::stream(transport, local, peer, connection())
    } else {
        Flow::datagram(local, peer)
    }
}

/// A flow over another connection.
fn other_connection() -> Flow {
    let first = flow(TCP);
    Flow::stream(TCP, first.local(), first.peer(), ConnectionId::unique())
}

/// A request as the gate hands it in.
fn read(request: Request, flow: Flow) -> Arc<Incoming> {
    let essentials = request.essentials().expect("the test's own request");
    Arc::new(Incoming {
        request: Arc::new(request),
        essentials,
        flow,
    })
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
    /// Its dialog.
    dialog: Option<DialogKey>,
    /// Of all requests that the application was told of, while they last.
    open: Vec<ServerKey>,
    outputs: Vec<Output>,
    /// Dialogs that have ended.
    ended: Vec<DialogKey>,
    /// Whether the caller of a request of ours names its flow.
    stays_on_flow: bool,
    /// Whose the requests are that arrive.
    role: Role,
    /// Whether what the core wants sent is held back.
    holds: bool,
    held: Vec<Unsent>,
    /// Whether the core acknowledges the 2xx to requests of ours.
    acknowledge: bool,
    /// What challenges to requests of ours are answered with.
    login: Option<Login>,
    /// How the peer names the call that is up.
    peer: Peer,
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
            dialog: None,
            open: Vec::new(),
            outputs: Vec::new(),
            ended: Vec::new(),
            stays_on_flow: false,
            role: Role::Us,
            holds: false,
            held: Vec::new(),
            acknowledge: true,
            login: None,
            peer: Peer::default(),
        }
    }

    /// Lets go of what was sent and told so far.
    fn forget(&mut self) {
        self.sent.clear();
        self.told.clear();
        self.outputs.clear();
    }

    fn drain(&mut self) {
        let at = (self.now - self.start).as_millis() as u64;
        while let Some(output) = self.shard.poll_output() {
            let told = match output {
                Output::Transmit { ref bytes, .. } => {
                    let message = Message::parse(bytes.clone()).expect("what is sent can be parsed");
                    assert_eq!(message.validate(), Ok(()), "{bytes:?}");
                    self.sent.push((at, message));
                    self.outputs.push(output);
                    continue;
                }
                Output::Send(unsent) if self.holds => {
                    self.held.push(*unsent);
                    continue;
                }
                Output::Send(unsent) => {
                    let flow = unsent.flow;
                    self.shard.send(self.now, *unsent, flow, "192.0.2.1:5060");
                    continue;
                }
                Output::Settled { .. } | Output::CancelSent { .. } => continue,
                Output::DialogEnded { dialog } => {
                    self.ended.push(dialog);
                    assert!(!self.shard.knows_dialog(&dialog), "{dialog} has ended");
                    continue;
                }
                Output::Request {
                    key,
                    refusal: Some(refusal),
                    ..
                } if self.role == Role::Us => {
                    self.shard.decline(self.now, key, refusal);
                    continue;
                }
                Output::Request {
                    key,
                    ref incoming,
                    dialog,
                    ..
                } => {
                    self.key = Some(key);
                    self.dialog = dialog;
                    self.open.push(key);
                    let inside = if dialog.is_some() { " in dialog" } else { "" };
                    format!("request {}{inside}", incoming.request.method())
                }
                Output::Ack { dialog, .. } => {
                    self.dialog = dialog;
                    "ack".to_owned()
                }
                Output::Cancelled { .. } => "cancelled".to_owned(),
                Output::Response {
                    ref response, dialog, ..
                } => {
                    self.dialog = dialog.or(self.dialog);
                    format!("response {}", response.status().as_u16())
                }
                Output::Failed {
                    failure: Failure::Timeout(timer),
                    ..
                } => format!("failed {timer:?}"),
                Output::Failed {
                    failure: Failure::Transport,
                    ..
                } => "failed transport".to_owned(),
                Output::Failed { failure, .. } => format!("failed {failure:?}"),
                Output::Ended { .. } => "ended".to_owned(),
            };
            self.told.push((at, told));
            self.outputs.push(output);
        }
        let shard = &self.shard;
        let (open, finished): (Vec<_>, Vec<_>) =
            self.open.drain(..).partition(|key| shard.server.contains(key));
        self.open = open;
        self.told
            .extend(finished.iter().map(|_| (at, "finished".to_owned())));
    }

    fn receive(&mut self, text: &str) {
        match Message::parse(text.to_owned()).expect("the test's own message") {
            Message::Request(request) => {
                let incoming = read(request, self.flow);
                self.shard.receive_request(self.now, incoming, self.role);
            }
            Message::Response(response) => {
                let essentials = response.essentials().expect("the test's own response");
                self.shard
                    .receive_response(self.now, response, &essentials, self.flow);
            }
        }
        self.drain();
    }

    fn respond(&mut self, status: u16) -> Result<(), RespondError> {
        self.respond_with(status, "Contact: <sip:b@192.0.2.1>")
    }

    fn respond_with(&mut self, status: u16, line: &str) -> Result<(), RespondError> {
        let key = self.key.expect("a request came");
        let status = StatusCode::from_u16(status).expect("a status");
        let (name, value) = line.split_once(": ").expect("a header line");
        let response = Response::new(status)
            .with_header(name, value)
            .expect("a response");
        let result = self.shard.respond(self.now, key, response);
        self.drain();
        result
    }

    /// Passes a response on to the sender of the last request.
    fn relay(&mut self, text: &str) -> Result<(), RespondError> {
        let key = self.key.expect("a request came");
        let response = Response::parse(text.to_owned()).expect("the test's own response");
        let result = self.shard.relay(self.now, key, &response);
        self.drain();
        result
    }

    /// A request of ours; in the dialog that its tags name, if that is known.
    fn request(&mut self, text: &str) -> ClientKey {
        let request = Request::parse(text.to_owned()).expect("the test's own request");
        self.try_request(request).expect("it leaves")
    }

    fn try_request(&mut self, request: Request) -> Result<ClientKey, RequestRefused> {
        let dialog = self.shard.dialog_of(&request);
        let outgoing = Outgoing {
            request,
            flow: self.flow,
            stays_on_flow: self.stays_on_flow,
            via: &OwnVia {
                sent_by: "192.0.2.1:5060",
                mark: None,
            },
            role: self.role,
            dialog: dialog.filter(|dialog| self.shard.knows_dialog(dialog)),
            acknowledge: self.acknowledge,
            login: self.login.clone().map(Box::new),
            again: false,
        };
        let sent = self.shard.request(self.now, outgoing);
        self.drain();
        sent.map(|(key, _)| key)
    }

    /// A request of ours inside the dialog that the application was told of last.
    fn request_inside(&mut self, method: &str, line: &str) -> Result<ClientKey, RequestRefused> {
        let request = self.draft(method, line)?;
        self.try_request(request)
    }

    /// A request inside that dialog that is not sent yet, with one more header line.
    fn draft(&self, method: &str, line: &str) -> Result<Request, RequestRefused> {
        let dialog = self.dialog.expect("a dialog");
        let method = Method::from_token(method).expect("a method");
        let draft = self.shard.draft(&dialog, method);
        let mut request = draft.ok_or(RequestRefused::DialogEnded)?.request;
        for line in line.lines() {
            let (name, value) = line.split_once(": ").expect("a header line");
            request.headers_mut().push(name, value).expect("a header line");
        }
        Ok(request)
    }

    /// Sends what was held back.
    fn release(&mut self) {
        for unsent in std::mem::take(&mut self.held) {
            let flow = unsent.flow;
            self.shard.send(self.now, unsent, flow, "192.0.2.1:5060");
            self.drain();
        }
    }

    /// Finds no flow for what was held back.
    fn give_up(&mut self) {
        for unsent in std::mem::take(&mut self.held) {
            self.shard.unsendable(self.now, unsent);
            self.drain();
        }
    }

    /// The flow of the bench is gone.
    fn lose_flow(&mut self) {
        self.shard.flow_failed(self.now, &self.flow);
        self.drain();
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

    /// What was sent since this was last asked, without the time.
    fn sent_messages(&mut self) -> Vec<String> {
        self.sent().into_iter().map(|(_, what)| what).collect()
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

    /// What the application was told since this was last asked, without the time.
    fn heard(&mut self) -> Vec<String> {
        self.told().into_iter().map(|(_, what)| what).collect()
    }

    /// How many dialogs there are, and how many ends of dialogs were told.
    fn dialogs(&self) -> (usize, usize) {
        (self.shard.dialogs(), self.ended.len())
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
        assert!(self.shard.dialogs.expected.is_empty() && self.shard.dialogs.departed.is_empty());
        assert_eq!(self.held.len(), 0);
        assert!(self.shard.server.is_clean() && self.shard.client.is_clean());
    }
}

impl Shard {
    /// The dialog that the tags of a request of ours name.
    fn dialog_of(&self, request: &Request) -> Option<DialogKey> {
        use spigot_parser::header::{From, To};
        let headers = request.headers();
        let call_id = headers.get(&HeaderName::CALL_ID)?;
        let (local, remote) = (From::tag_of(headers).ok()??, To::tag_of(headers).ok()?);
        Some(crate::proto::key::dialog_key(&SEED, call_id, local, remote))
    }
}
