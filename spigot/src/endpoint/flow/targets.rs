//! The targets of one request, looked up as they are needed: the shell around [`Search`].
//!
//! Invariant: all look-ups of one request together take no longer than [`Limits::dns`](crate::Limits::dns).

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::Unreachable;
use super::locator::{now, target_of};
use crate::endpoint::Core;
use crate::endpoint::counters::count;
use crate::flow::{Flow, Transport};
use crate::resolve::locate::{Answer, LocalTransports, NextHop, Question, Search, Step, Target};

/// How large a request is on a flow, in octets.
pub(crate) type Size<'s> = &'s (dyn Fn(&Flow) -> usize + Send + Sync);

/// Where a request may go, the best first.
#[derive(Debug)]
pub(crate) struct Targets {
    core: Arc<Core>,
    hop: NextHop,
    search: Search,
    /// The targets that failed lately, in their order. They are tried when there are no others.
    aside: VecDeque<Target>,
    /// A target that is to be tried before those that are searched.
    first: Option<Target>,
    /// How long look-ups may still take.
    left: Duration,
    /// Whether a target has been tried.
    tried: bool,
    /// The last error.
    trouble: Option<Unreachable>,
}

impl Targets {
    /// Makes the targets of a request: the servers of its next hop.
    pub(crate) fn of(core: &Arc<Core>, hop: NextHop) -> Self {
        let most = core.limits.dns_targets;
        let search = Search::new(&hop, core.local_transports(), most);
        Targets::new(core, hop, search)
    }

    /// Makes the targets of a request that goes nowhere but where it is.
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

    /// Returns whether there may be another target.
    pub(crate) fn goes_on(&self) -> bool {
        self.first.is_some() || self.search.goes_on() || !self.aside.is_empty()
    }

    /// Puts the target of a flow before the others again, for a request that has become larger.
    pub(crate) fn again(&mut self, flow: &Flow) {
        self.first = Some(target_of(flow));
    }

    /// Returns whether a target has been tried that a domain has named, perhaps beside others.
    pub(crate) fn is_choice(&self) -> bool {
        self.tried && self.hop.domain().is_some()
    }

    /// Finds the flow to the next target that can be reached, for a request of this size.
    pub(crate) async fn flow(&mut self, size: Size<'_>) -> Result<Flow, Unreachable> {
        loop {
            let again = self.first.is_some();
            let Some(target) = self.next().await else { break };
            if !again && std::mem::replace(&mut self.tried, true) {
                count(&self.core.tally.failovers);
            }
            match self.core.flow_to_target(target, self.hop.domain(), size).await {
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

    /// Finds the next target. Those that failed lately come last.
    async fn next(&mut self) -> Option<Target> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        loop {
            match self.search.step() {
                Step::Try(target) if self.core.locator.is_failed(target) => self.aside.push_back(target),
                Step::Try(target) => return Some(target),
                Step::Ask(question) => self.ask(question).await,
                Step::End => return self.aside.pop_front(),
            }
        }
    }

    async fn ask(&mut self, question: Question) {
        // One that is never answered, as NAPTR is not by some name servers, leaves time for the others.
        let share = if self.search.asks_on() {
            self.left / 2
        } else {
            self.left
        };
        let core = self.core.clone();
        let asked = now();
        let answer = tokio::time::timeout(share, core.locator.look_up(&question)).await;
        self.left = self.left.saturating_sub(now().duration_since(asked));
        match answer {
            Ok(Ok(answer)) => self
                .search
                .answer(&question, answer, &mut || core.random.number()),
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

    /// Takes a question without an answer for one without records. What to ask next follows from that.
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

impl Core {
    /// Returns the transports and address families that can be sent by.
    fn local_transports(&self) -> LocalTransports {
        let carriers = self.carriers.iter();
        LocalTransports::of(carriers.map(|carrier| (carrier.transport(), carrier.local_addr())))
    }

    /// Finds the flow to a target. Over UDP a request that is too large for a datagram goes over TCP.
    ///
    /// [RFC 3261 §18.1.1](https://www.rfc-editor.org/rfc/rfc3261#section-18.1.1):
    /// > If a request is within 200 bytes of the path MTU, or if it is larger than 1300 bytes and the path
    /// > MTU is unknown, the request MUST be sent using an RFC 2914 congestion controlled transport protocol,
    /// > such as TCP. [...] if the attempt to establish the connection generates either an ICMP Protocol Not
    /// > Supported, or results in a TCP reset, the element SHOULD retry the request, using UDP.
    ///
    /// The path MTU is never known here.
    async fn flow_to_target(
        &self,
        target: Target,
        domain: Option<&str>,
        size: Size<'_>,
    ) -> Result<Flow, Unreachable> {
        let reached = self.flow_to_server(target.transport, target.peer, domain).await;
        let flow = reached.inspect_err(|error| {
            if domain.is_some() && error.is_theirs() {
                self.note_failed(target, None);
            }
        })?;
        let stream = Target {
            transport: Transport::Tcp,
            ..target
        };
        if !self.is_too_large(&flow, size) || self.locator.is_failed(stream) {
            return Ok(flow);
        }
        match self.flow_to_server(stream.transport, stream.peer, domain).await {
            Ok(stream) => {
                count(&self.tally.switched_to_tcp);
                Ok(stream)
            }
            Err(error) => {
                if error.is_theirs() {
                    self.note_failed(stream, None);
                }
                if error.is_refusal() { Ok(flow) } else { Err(error) }
            }
        }
    }

    /// Returns whether a request of this size is too large for the datagrams of a flow, and could travel over
    /// TCP.
    pub(crate) fn is_too_large(&self, flow: &Flow, size: Size<'_>) -> bool {
        flow.transport() == Transport::Udp
            && size(flow) > self.limits.datagram
            && self.carriers.towards(Transport::Tcp, flow.peer()).is_some()
    }
}
