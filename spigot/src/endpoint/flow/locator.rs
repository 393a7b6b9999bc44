//! How servers are located: the resolver, and which servers failed lately.

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::failed_targets::FailedTargets;
use crate::endpoint::counters::count;
use crate::endpoint::{Core, Limits};
use crate::flow::Flow;
use crate::resolve::locate::{Answer, Question, Target};
use crate::resolve::{Resolver, refuse_number};

/// The resolver and the failed targets, by which all requests of an endpoint locate servers (RFC 3263).
pub(in crate::endpoint) struct Locator {
    resolver: Arc<dyn Resolver>,
    failed: Mutex<FailedTargets>,
}

impl Locator {
    pub(in crate::endpoint) fn new(resolver: Arc<dyn Resolver>, limits: &Limits) -> Self {
        Locator {
            resolver,
            failed: Mutex::new(FailedTargets::new(limits.failed_targets, limits.failed_target)),
        }
    }

    /// Asks the resolver. A server that is named by its address needs no look-up.
    pub(super) async fn look_up(&self, question: &Question) -> io::Result<Answer> {
        if is_invalid(question.name()) {
            let why = "such a name never exists: a browser is reached on its flow alone";
            return Err(io::Error::new(io::ErrorKind::NotFound, why));
        }
        refuse_number(question.name())?;
        let resolver = &self.resolver;
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

    /// Returns whether a target failed lately, so that others are tried before it.
    pub(super) fn is_failed(&self, target: Target) -> bool {
        self.failed().is_failed(target, now())
    }

    fn failed(&self) -> MutexGuard<'_, FailedTargets> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Core {
    /// Takes note that a target has failed, or asks to be left alone for as long as it says.
    pub(super) fn note_failed(&self, target: Target, said: Option<Duration>) {
        if self.locator.failed().failed(target, said, now()) {
            count(&self.tally.failed_targets_full);
        }
    }

    /// Takes note that the target of a flow has failed, or asks to be left alone for as long as it says.
    pub(crate) fn note_failed_target(&self, flow: &Flow, said: Option<Duration>) {
        self.note_failed(target_of(flow), said);
    }

    /// Takes note that the target of a flow has answered.
    pub(crate) fn note_answer(&self, flow: &Flow) {
        self.locator.failed().answered(target_of(flow));
    }
}

/// Returns whether a name is one that never exists ([RFC 6761
/// §6.4](https://www.rfc-editor.org/rfc/rfc6761#section-6.4)). Browsers have such names in Via and Contact
/// ([RFC 7118 §5](https://www.rfc-editor.org/rfc/rfc7118#section-5)).
fn is_invalid(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let last = name.rsplit('.').next().unwrap_or(name);
    last.eq_ignore_ascii_case("invalid")
}

pub(super) fn target_of(flow: &Flow) -> Target {
    Target {
        transport: flow.transport(),
        peer: flow.peer(),
    }
}

pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
