//! The targets of one request, looked up as they are needed: the shell around [`Search`].
//!
//! Invariant: all look-ups of one request together take no longer than [`Limits::dns`](super::Limits::dns).

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::counters::count;
use super::{Core, Unreachable};
use crate::flow::{Flow, Transport};
use crate::resolve::locate::{Answer, LocalTransports, NextHop, Question, Search, Step, Target};

/// What a request is as large as on a flow, in octets.
pub(crate) type Size<'s> = &'s (dyn Fn(&Flow) -> usize + Send + Sync);

/// Where a request may go, the best first.
#[derive(Debug)]
pub(crate) struct Targets {
    core: Arc<Core>,
    hop: NextHop,
    search: Search,
    /// Those that failed lately, in their order: for when there are no others.
    aside: VecDeque<Target>,
    /// A target that is to be tried before those that are searched.
    first: Option<Target>,
    /// How long look-ups may take.
    left: Duration,
    /// Whether one has been tried.
    tried: bool,
    /// What went wrong last.
    trouble: Option<Unreachable>,
}

impl Targets {
    /// The servers of a next hop.
    pub(crate) fn of(core: &Arc<Core>, hop: NextHop) -> Self {
        let most = core.limits.dns_targets;
        let search = Search::new(&hop, core.local_transports(), most);
        Targets::new(core, hop, search)
    }

    /// No target but the one that the request is at.
    pub(crate) fn none(core: &Arc<Core>, hop: NextHop) -> Self {
        let search = Search::new(&hop, LocalTransports::default(), 0);
        let mut targets = Targets::new(core, hop, search);
        targets.search.close();
        targets
    }

    fn new(core: &Arc<Core>, hop: NextHop, search: Search) -> Self {
        Targets {
            core: core.clone(),
            hop,
            search,
            aside: VecDeque::new(),
            first: None,
            left: core.limits.dns,
            tried: false,
            trouble: None,
        }
    }

    /// Whether there may be another target.
    pub(crate) fn goes_on(&self) -> bool {
        self.first.is_some() || self.search.goes_on() || !self.aside.is_empty()
    }

    /// Tries the target of that flow again, before the others: what is sent there now is larger.
    pub(crate) fn again(&mut self, flow: &Flow) {
        self.first = Some(target_of(flow));
    }

    /// Whether a target is one that a domain has named, beside others perhaps.
    pub(crate) fn is_choice(&self) -> bool {
        self.tried && self.hop.domain().is_some()
    }

    /// The flow to the next target that can be reached, for a request of this size.
    pub(crate) async fn flow(&mut self, size: Size<'_>) -> Result<Flow, Unreachable> {
        loop {
            let again = self.first.is_some();
            let Some(target) = self.next().await else { break };
            if !again && std::mem::replace(&mut self.tried, true) {
                count(&self.core.tally.failovers);
            }
            match self.core.reach(target, self.hop.domain(), size).await {
                Ok(flow) => return Ok(flow),
                Err(trouble) => {
                    tracing::debug!(error = %trouble, "target given up");
                    self.trouble = Some(trouble);
                }
            }
        }
        if self.search.is_cut() {
            count(&self.core.tally.targets_left);
        }
        Err(self.trouble.take().unwrap_or_else(|| self.nowhere()))
    }

    /// The next target. Those that failed lately come last.
    async fn next(&mut self) -> Option<Target> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        loop {
            match self.search.step() {
                Step::Try(target) if self.core.is_dead(target) => self.aside.push_back(target),
                Step::Try(target) => return Some(target),
                Step::Ask(question) => self.ask(question).await,
                Step::End => return self.aside.pop_front(),
            }
        }
    }

    async fn ask(&mut self, question: Question) {
        // One that is never answered, as NAPTR is not by some name servers, leaves time for the others.
        let share = match self.search.asks_on() {
            true => self.left / 2,
            false => self.left,
        };
        let core = self.core.clone();
        let asked = now();
        let answer = tokio::time::timeout(share, look_up(&core, &question)).await;
        self.left = self.left.saturating_sub(now().duration_since(asked));
        match answer {
            Ok(Ok(answer)) => self.search.answer(&question, answer, &mut || core.random()),
            Ok(Err(error)) => self.failed(&question, error),
            Err(_late) => {
                count(&core.tally.lookups_late);
                let text = format!("no answer within {share:?}");
                self.failed(&question, io::Error::new(io::ErrorKind::TimedOut, text));
            }
        }
        if self.left.is_zero() {
            self.search.close();
        }
    }

    /// What nobody knows is not there. A NAPTR or SRV question tells what to ask next by having no records.
    fn failed(&mut self, question: &Question, error: io::Error) {
        tracing::debug!(name = question.name(), %error, "look-up failed");
        let nothing = match question {
            Question::Naptr { .. } => Answer::Naptr(Vec::new()),
            Question::Srv { .. } => Answer::Srv(Vec::new()),
            Question::Addresses { .. } => Answer::Addresses(Vec::new()),
        };
        self.search.answer(question, nothing, &mut || 0);
        if self.trouble.is_none() {
            self.trouble = Some(Unreachable::Resolve {
                host: question.name().to_owned(),
                source: error,
            });
        }
    }

    fn nowhere(&self) -> Unreachable {
        match self.search.left_out() {
            Some(Target { transport, peer }) => Unreachable::NoListener { transport, peer },
            None => Unreachable::Resolve {
                host: self.hop.host().to_owned(),
                source: io::Error::new(io::ErrorKind::NotFound, "no address"),
            },
        }
    }
}

async fn look_up(core: &Core, question: &Question) -> io::Result<Answer> {
    if is_invalid(question.name()) {
        let why = "such a name never exists: a browser is reached on its flow alone";
        return Err(io::Error::new(io::ErrorKind::NotFound, why));
    }
    let resolver = &core.resolver;
    match question {
        Question::Naptr { domain } => resolver.naptr(domain).await.map(Answer::Naptr),
        Question::Srv { name, .. } => resolver.srv(name).await.map(Answer::Srv),
        // A server that is named by its address needs no look-up.
        Question::Addresses { host, .. } => match host.parse::<IpAddr>() {
            Ok(address) => Ok(Answer::Addresses(vec![address])),
            Err(_) => resolver.addresses(host).await.map(Answer::Addresses),
        },
    }
}

/// Whether it is a name that never exists ([RFC 6761 §6.4](https://www.rfc-editor.org/rfc/rfc6761#section-6.4)), such as browsers
/// have in Via and Contact ([RFC 7118 §5](https://www.rfc-editor.org/rfc/rfc7118#section-5)).
fn is_invalid(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let last = name.rsplit('.').next().unwrap_or(name);
    last.eq_ignore_ascii_case("invalid")
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn target_of(flow: &Flow) -> Target {
    Target {
        transport: flow.transport(),
        peer: flow.peer(),
    }
}

impl Core {
    /// What can be sent by.
    fn local_transports(&self) -> LocalTransports {
        let carriers = self.carriers().iter();
        LocalTransports::of(carriers.map(|carrier| (carrier.transport(), carrier.local_addr())))
    }

    /// The flow to a target.
    ///
    /// [RFC 3261 §18.1.1](https://www.rfc-editor.org/rfc/rfc3261#section-18.1.1):
    /// > If a request is within 200 bytes of the path MTU, or if it is larger than 1300 bytes and the path MTU is unknown,
    /// > the request MUST be sent using an RFC 2914 congestion controlled transport protocol, such as TCP. [...] if the
    /// > attempt to establish the connection generates either an ICMP Protocol Not Supported, or results in a TCP reset, the
    /// > element SHOULD retry the request, using UDP.
    ///
    /// The path MTU is never known here.
    async fn reach(&self, target: Target, domain: Option<&str>, size: Size<'_>) -> Result<Flow, Unreachable> {
        let reached = self.flow_to_server(target.transport, target.peer, domain).await;
        let flow = reached.inspect_err(|error| {
            if domain.is_some() && error.is_theirs() {
                self.target_failed(target, None);
            }
        })?;
        let stream = Target {
            transport: Transport::Tcp,
            ..target
        };
        if !self.is_too_large(&flow, size) || self.is_dead(stream) {
            return Ok(flow);
        }
        match self.flow_to_server(stream.transport, stream.peer, domain).await {
            Ok(stream) => {
                count(&self.tally.switched_to_tcp);
                Ok(stream)
            }
            Err(error) => {
                if error.is_theirs() {
                    self.target_failed(stream, None);
                }
                if error.is_refusal() { Ok(flow) } else { Err(error) }
            }
        }
    }

    /// Whether a request of this size must not travel on that flow because it is for datagrams, and could travel over TCP.
    pub(crate) fn is_too_large(&self, flow: &Flow, size: Size<'_>) -> bool {
        flow.transport() == Transport::Udp
            && size(flow) > self.limits.datagram
            && self.carrier_towards(Transport::Tcp, flow.peer()).is_some()
    }

    fn is_dead(&self, target: Target) -> bool {
        self.dead().is_dead(target, now())
    }

    fn target_failed(&self, target: Target, said: Option<Duration>) {
        if self.dead().failed(target, said, now()) {
            count(&self.tally.dead_targets_full);
        }
    }

    /// The target of that flow has failed, or asks to be left alone for as long as it says.
    pub(crate) fn note_dead(&self, flow: &Flow, said: Option<Duration>) {
        self.target_failed(target_of(flow), said);
    }

    /// The target of that flow is alive.
    pub(crate) fn note_alive(&self, flow: &Flow) {
        self.dead().answered(target_of(flow));
    }
}
