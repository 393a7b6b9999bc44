//! How a file of the folder `cases` is sent, and what its answer is held to.

use std::fmt;
use std::path::{Path, PathBuf};

use spigot::Transport;
use spigot::testing::Clock;
use spigot_tests::{Draft, Fragments};

use crate::agents::Agent;
use crate::socket::Socket;
use crate::{case, case_on};

/// One file, where it goes, and the right outcome.
#[derive(Debug)]
pub(crate) struct Row {
    /// The name of the file.
    pub file: &'static str,
    pub agent: Agent,
    pub wire: Wire,
    /// Where the octets are cut: each part is sent and read by itself.
    pub cuts: Cuts,
    pub expected: Expected,
    /// What an RFC says of it.
    pub section: &'static str,
}

/// How the octets are carried.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wire {
    Udp,
    Tcp,
    /// In one text frame for each part.
    Ws,
    /// In one text frame for each part, with pings between them.
    WsWithPings,
    /// In one binary frame for each part.
    WsBinary,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Cuts {
    At(&'static [usize]),
    EachOctet,
}

/// The right outcome.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expected {
    /// A final response with one of these statuses.
    OneOf(&'static [u16]),
    /// Final responses with these statuses, in this order.
    Each(&'static [u16]),
    /// A final response with this status, whose head has these octets.
    Holding(u16, &'static [u8]),
    /// No response.
    Silence,
    /// A line end, which answers a keepalive (RFC 5626 §4.4.1).
    Pong,
}

/// Makes a test of each row: its name, file, agent, wire, cuts, outcome and section.
macro_rules! rows {
    ($(
        $name:ident: $file:literal, $agent:ident by $wire:ident, $cuts:expr
            => $expected:expr, $section:literal;
    )+) => {
        /// The files of this table.
        pub(crate) const FILES: &[&str] = &[$($file),+];
        $(
            #[test]
            fn $name() {
                crate::message::Row {
                    file: $file,
                    agent: crate::agents::Agent::$agent,
                    wire: crate::message::Wire::$wire,
                    cuts: $cuts,
                    expected: $expected,
                    section: $section,
                }
                .run();
            }
        )+
    };
}
pub(crate) use rows;

/// A file that is sent in one piece.
pub(crate) const WHOLE: Cuts = Cuts::At(&[]);

/// Returns the folder of the files.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

impl Row {
    /// Sends the file, and holds the answer to the outcome. An OPTIONS afterwards is answered 200.
    pub(crate) fn run(&self) {
        match self.wire {
            Wire::Udp => case(self.file, self.in_memory(Transport::Udp)),
            // In memory each part is read by itself; the loopback has the listener of every day.
            Wire::Tcp => {
                case(self.file, self.in_memory(Transport::Tcp));
                self.on_loopback(Socket::tcp(self.agent.router()));
            }
            Wire::Ws => self.on_loopback(Socket::ws(self.agent.router(), Fragments::Text)),
            Wire::WsWithPings => self.on_loopback(Socket::ws(self.agent.router(), Fragments::TextWithPings)),
            Wire::WsBinary => self.on_loopback(Socket::ws(self.agent.router(), Fragments::Binary)),
        }
    }

    async fn in_memory(&self, transport: Transport) {
        self.exchange(Socket::in_memory(self.agent.router(), transport).await)
            .await;
    }

    fn on_loopback(&self, socket: impl Future<Output = Socket>) {
        let exchange = async { self.exchange(socket.await).await };
        case_on(Clock::Real, self.file, exchange);
    }

    async fn exchange(&self, mut socket: Socket) {
        let octets = self.octets();
        socket.send(&self.cuts.of(&octets)).await;
        let mut answers = Answers::default();
        while answers.finals.len() < self.expected.finals() {
            let Some(octets) = socket.receive().await else {
                break;
            };
            answers.take(octets);
        }
        self.judge(&answers);
        let options = socket.options();
        socket.send(&[&options.octets()]).await;
        while !self.ends(&socket.receive().await.expect("an answer to OPTIONS"), &options) {}
    }

    fn octets(&self) -> Vec<u8> {
        std::fs::read(folder().join(self.file)).expect("a file of the cases")
    }

    fn judge(&self, answers: &Answers) {
        let statuses: Vec<_> = answers.finals.iter().map(|octets| status(octets)).collect();
        let first = statuses.first();
        let right = match self.expected {
            Expected::OneOf(allowed) => first.is_some_and(|status| allowed.contains(status)),
            Expected::Each(all) => statuses == all,
            Expected::Holding(only, part) => {
                first == Some(&only) && head(&answers.finals[0]).windows(part.len()).any(|at| at == part)
            }
            // What follows is the answer to OPTIONS, and nothing before it.
            Expected::Silence => statuses.is_empty(),
            Expected::Pong => answers.finals == [b"\r\n"],
        };
        assert!(
            right,
            "{}: expected {} ({}), got {answers}",
            self.file, self.expected, self.section
        );
    }

    /// Reports whether this is the answer to the OPTIONS, which ends the case.
    fn ends(&self, octets: &[u8], options: &Draft) -> bool {
        let call_id = format!("\r\nCall-ID: {}\r\n", options.value("Call-ID"));
        let is_answer = head(octets)
            .windows(call_id.len())
            .any(|at| at == call_id.as_bytes());
        if is_answer {
            assert_eq!(status(octets), 200, "{}: OPTIONS afterwards", self.file);
        } else {
            let silence = matches!(self.expected, Expected::Silence);
            assert!(!silence, "{}: {}", self.file, String::from_utf8_lossy(octets));
        }
        is_answer
    }
}

impl Cuts {
    fn of(self, octets: &[u8]) -> Vec<&[u8]> {
        match self {
            Cuts::EachOctet => octets.chunks(1).collect(),
            Cuts::At(cuts) => {
                let mut parts = Vec::new();
                let mut start = 0;
                for &cut in cuts.iter().chain([&octets.len()]) {
                    parts.push(&octets[start..cut]);
                    start = cut;
                }
                parts
            }
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expected::OneOf(allowed) => write!(f, "one of {allowed:?}"),
            Expected::Each(all) => write!(f, "each of {all:?}"),
            Expected::Holding(status, part) => write!(f, "{status} with `{}`", part.escape_ascii()),
            Expected::Silence => f.write_str("silence"),
            Expected::Pong => f.write_str("a line end"),
        }
    }
}

impl Expected {
    /// Returns the number of final answers to wait for.
    fn finals(self) -> usize {
        match self {
            Expected::OneOf(_) | Expected::Holding(..) | Expected::Pong => 1,
            Expected::Each(all) => all.len(),
            Expected::Silence => 0,
        }
    }
}

/// The final responses that came, or line ends, each once.
#[derive(Default)]
struct Answers {
    finals: Vec<Vec<u8>>,
}

impl Answers {
    fn take(&mut self, octets: Vec<u8>) {
        let is_provisional = octets.starts_with(b"SIP/2.0 1");
        if !is_provisional && !self.finals.contains(&octets) {
            self.finals.push(octets);
        }
    }
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.finals.is_empty() {
            return f.write_str("silence");
        }
        for octets in &self.finals {
            write!(f, "\n{}", String::from_utf8_lossy(octets))?;
        }
        Ok(())
    }
}

/// Returns the status of a response, or 0 for anything else.
fn status(octets: &[u8]) -> u16 {
    let digits = octets.strip_prefix(b"SIP/2.0 ").and_then(|rest| rest.get(..3));
    let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

/// Returns the octets up to the empty line.
fn head(octets: &[u8]) -> &[u8] {
    let end = octets.windows(4).position(|at| at == b"\r\n\r\n");
    &octets[..end.map_or(octets.len(), |end| end + 2)]
}
