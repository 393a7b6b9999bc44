//! The way of a request from target to target.
//!
//! [RFC 3263 §4.3](https://www.rfc-editor.org/rfc/rfc3263#section-4.3):
//! > If a failure occurs, the client SHOULD create a new request, which is identical to the previous, but has a different
//! > value of the Via branch ID than the previous (and therefore constitutes a new SIP transaction). That request is sent to
//! > the next element in the list as specified by RFC 2782.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::sync::oneshot;

use super::draft::Draft;
use crate::endpoint::{Core, Targets, Unreachable};
use crate::flow::Flow;
use crate::proto::Failure;
use crate::sip::Response;

/// How a request ends, unless it goes on elsewhere.
pub(super) type Outcome = Result<Response, Failure>;

/// Where a request may still go.
#[derive(Debug)]
pub(super) struct Journey {
    /// Nothing for a request that goes where the caller says and nowhere else.
    targets: Option<Targets>,
    moving: Option<Moving>,
    /// Whether the target has said anything.
    heard: bool,
    /// Whether the caller has given up.
    cancelled: AtomicBool,
}

/// A request between two targets.
#[derive(Debug)]
struct Moving {
    draft: Draft,
    outcome: Outcome,
    found: oneshot::Receiver<(Targets, Result<Flow, Unreachable>)>,
}

/// Where a request has come to.
pub(super) struct Arrival {
    /// Another target, for which it is to be written; nothing if there is none.
    pub(super) flow: Option<Flow>,
    pub(super) draft: Draft,
    pub(super) outcome: Outcome,
}

impl Journey {
    pub(super) fn new(targets: Option<Targets>) -> Self {
        Journey {
            targets,
            moving: None,
            heard: false,
            cancelled: AtomicBool::new(false),
        }
    }

    /// The target has taken the request.
    pub(super) fn hear(&mut self) {
        self.heard = true;
    }

    /// The caller has given up: the request goes nowhere else.
    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.moving.is_some()
    }

    /// Whether the target is one of several that its domain has named.
    pub(super) fn is_choice(&self) -> bool {
        self.targets.as_ref().is_some_and(Targets::is_choice)
    }

    /// Whether that failure says that the target is dead.
    ///
    /// > Failure also occurs if the transaction layer times out without ever having received any response, provisional or
    /// > final (i.e., timer B or timer F in RFC 3261 fires).
    ///
    /// A target that has taken the request and is then heard of no more may still be at work on it.
    pub(super) fn is_dead(&self) -> bool {
        !self.heard
    }

    /// Leaves for the next target, if there may be one; what was the outcome so far is given back otherwise.
    pub(super) fn leave(&mut self, core: &Arc<Core>, draft: Draft, outcome: Outcome) -> Result<(), Outcome> {
        let may = |targets: &mut Targets| targets.goes_on() && !self.cancelled.load(Ordering::Relaxed);
        let Some(mut targets) = self.targets.take_if(may) else {
            return Err(outcome);
        };
        let (told, found) = oneshot::channel();
        let (shared, written) = (core.clone(), draft.clone());
        core.spawn(async move {
            let flow = targets.flow(&|flow| written.size(&shared, flow)).await;
            // A caller that is gone does not want to know.
            let _ = told.send((targets, flow));
        });
        self.moving = Some(Moving {
            draft,
            outcome,
            found,
        });
        Ok(())
    }

    /// The same to the target that the request is at, whose flow does not take what the request has become.
    pub(super) fn leave_flow(
        &mut self,
        core: &Arc<Core>,
        flow: &Flow,
        draft: Draft,
        outcome: Outcome,
    ) -> Result<(), Outcome> {
        if let Some(targets) = &mut self.targets {
            targets.again(flow);
        }
        self.leave(core, draft, outcome)
    }

    /// Whether a request may leave that flow because it has become too large for it.
    pub(super) fn outgrows(&self, core: &Core, flow: &Flow, draft: &Draft) -> bool {
        self.targets.is_some() && core.is_too_large(flow, &|flow| draft.size(core, flow))
    }

    /// Where the request comes to. Never ready when it is not under way.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Arrival> {
        let Some(moving) = &mut self.moving else {
            return Poll::Pending;
        };
        let found = ready!(Pin::new(&mut moving.found).poll(cx));
        let Some(Moving { draft, outcome, .. }) = self.moving.take() else {
            return Poll::Pending;
        };
        let mut flow = None;
        // An error is a runtime that goes, and the task with it.
        if let Ok((targets, found)) = found {
            self.targets = Some(targets);
            flow = found.ok().filter(|_| !self.cancelled.load(Ordering::Relaxed));
        }
        self.heard &= flow.is_none();
        Poll::Ready(Arrival { flow, draft, outcome })
    }
}
