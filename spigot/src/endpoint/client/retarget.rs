//! How a request of ours leaves, and its way from server to server.
//!
//! [RFC 3263 §4.3](https://www.rfc-editor.org/rfc/rfc3263#section-4.3):
//! > If a failure occurs, the client SHOULD create a new request, which is identical to the previous, but has
//! > a different value of the Via branch ID than the previous (and therefore constitutes a new SIP
//! > transaction). That request is sent to the next element in the list as specified by RFC 2782.

use std::fmt;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::pending::EVENT_QUEUE;
use super::{ClientEvent, NewRequest, Outcome, Pending, RequestDraft};
use crate::endpoint::flow::Targets;
use crate::endpoint::{Core, log};
use crate::flow::Flow;
use crate::proto::{ClientKey, Outgoing, OwnVia, RequestRefused};
use crate::sip::header::Via;
use crate::sip::{HeaderName, ParseError, Request};

/// Why a request of ours did not leave.
#[derive(Debug)]
pub(crate) enum NotSent {
    /// The endpoint has ended.
    Closed,
    /// The core refused the request.
    Refused(RequestRefused),
    /// The request cannot be written for that flow.
    Invalid(ParseError),
}

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotSent::Closed => f.write_str("the endpoint has ended"),
            NotSent::Refused(refused) => refused.fmt(f),
            NotSent::Invalid(error) => error.fmt(f),
        }
    }
}

impl Core {
    /// Sends a request for the first time.
    pub(crate) fn begin_request(
        self: &Arc<Self>,
        lane: usize,
        new: NewRequest,
    ) -> Result<(Arc<Pending>, mpsc::Receiver<ClientEvent>), NotSent> {
        let (sender, events) = mpsc::channel(EVENT_QUEUE);
        let request = new.draft.on(self, &new.flow).map_err(NotSent::Invalid)?;
        let sent_by = new.draft.sent_by(self, &new.flow);
        let flow = new.flow;
        let begun = self.step(lane, |state, now| {
            if state.closed {
                return Err(NotSent::Closed);
            }
            let outgoing = Outgoing {
                request: request.clone(),
                flow: new.flow,
                stays_on_flow: new.stays_on_flow,
                via: &OwnVia {
                    sent_by: &sent_by,
                    mark: new.draft.own_parts().mark(),
                },
                role: new.draft.own_parts().role(),
                dialog: new.dialog,
                acknowledge: new.acknowledge,
                login: new.login.clone(),
                again: false,
            };
            let (key, request) = state.shard.request(now, outgoing).map_err(NotSent::Refused)?;
            let pending = Pending::new(lane, key, request.clone(), new, sender);
            state.pending.insert(key, pending.clone());
            Ok((pending, request))
        });
        match begun {
            Ok((pending, sent)) => {
                log::request_sent(&sent, &flow);
                Ok((pending, events))
            }
            Err(error) => {
                log::request_failed(&request, &error);
                Err(error)
            }
        }
    }

    /// Sends a request to the next target. If there is none, the request ends.
    pub(super) fn go_elsewhere(self: &Arc<Self>, pending: &Arc<Pending>, outcome: Outcome) {
        let targets = {
            let mut state = pending.state();
            let goes_on = !state.cancelled;
            state.targets.take_if(|targets| goes_on && targets.goes_on())
        };
        let Some(targets) = targets else {
            return self.end(pending, outcome);
        };
        let draft = {
            let state = pending.state();
            if let Some(forwarded) = state.own_parts.forwarded.clone() {
                drop(state);
                let draft = RequestDraft::forwarded(forwarded);
                self.spawn(self.clone().try_next(pending.clone(), targets, draft, outcome));
                return;
            }
            let mut request = Request::clone(&state.request);
            // Ours is the topmost Via; the next one is written for the flow that is found.
            let _ = request.headers_mut().pop_first::<Via>();
            // Another server has challenges of its own.
            if state.login.is_some() {
                request.headers_mut().remove(&HeaderName::AUTHORIZATION);
                request.headers_mut().remove(&HeaderName::PROXY_AUTHORIZATION);
            }
            RequestDraft::again(request, state.own_parts.clone())
        };
        self.spawn(self.clone().try_next(pending.clone(), targets, draft, outcome));
    }

    async fn try_next(
        self: Arc<Self>,
        pending: Arc<Pending>,
        mut targets: Targets,
        draft: RequestDraft,
        outcome: Outcome,
    ) {
        let flow = targets.flow(&|flow| draft.size(&self, flow)).await;
        pending.state().targets = Some(targets);
        let sent = flow.is_ok_and(|flow| self.send_again(&pending, &draft, flow));
        if !sent {
            self.end(&pending, outcome);
        }
    }

    /// Sends a request in the place of what was sent before. Returns `false` if it does not leave.
    pub(super) fn send_again(
        self: &Arc<Self>,
        pending: &Arc<Pending>,
        draft: &RequestDraft,
        flow: Flow,
    ) -> bool {
        let Ok(request) = draft.on(self, &flow) else {
            return false;
        };
        let sent_by = draft.sent_by(self, &flow);
        let sent = self.step(pending.lane(), |lane, now| {
            let mut state = pending.state();
            if state.cancelled || lane.closed {
                return None;
            }
            let outgoing = Outgoing {
                request,
                flow,
                // One whose caller has named the flow has no other target.
                stays_on_flow: false,
                via: &OwnVia {
                    sent_by: &sent_by,
                    mark: draft.own_parts().mark(),
                },
                role: draft.own_parts().role(),
                dialog: state.dialog,
                acknowledge: state.acknowledge,
                login: state.login.clone(),
                again: true,
            };
            let (key, request) = lane.shard.request(now, outgoing).ok()?;
            state.moved(key, request.clone(), flow);
            drop(state);
            lane.pending.insert(key, pending.clone());
            Some(request)
        });
        if let Some(request) = &sent {
            log::request_sent(request, &flow);
        }
        sent.is_some()
    }

    /// Cancels an INVITE for its caller.
    pub(crate) fn cancel_request(self: &Arc<Self>, pending: &Arc<Pending>) {
        self.step(pending.lane(), |lane, now| {
            let key = {
                let mut state = pending.state();
                state.cancel();
                state.key
            };
            lane.shard.cancel(now, key);
        });
    }

    /// Gives up a request whose caller has gone without having read its end.
    pub(crate) fn abandon_request(self: &Arc<Self>, pending: &Arc<Pending>) {
        self.step(pending.lane(), |lane, now| {
            let key = {
                let mut state = pending.state();
                state.close();
                state.cancel();
                state.key
            };
            lane.shard.abandon_call(now, key);
        });
    }
}

impl super::pending::PendingState {
    /// Takes note that the request has another transaction now.
    pub(super) fn moved(&mut self, key: ClientKey, request: Arc<Request>, flow: Flow) {
        (self.key, self.request, self.flow) = (key, request, flow);
        if std::mem::take(&mut self.heard) {
            self.tell_moved();
        }
    }
}
