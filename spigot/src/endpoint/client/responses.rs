//! How a request of ours goes on when its transaction has a response or has failed.

use std::sync::Arc;
use std::time::Duration;

use super::{Outcome, Pending};
use crate::endpoint::{Core, log};
use crate::flow::Flow;
use crate::proto::{ClientKey, Failure};
use crate::sip::header::{RetryAfter, Via};
use crate::sip::{Response, StatusCode};

impl Core {
    /// Takes a response to a request of ours. With a 503 the request goes elsewhere.
    ///
    /// [RFC 3261 §21.5.4](https://www.rfc-editor.org/rfc/rfc3261#section-21.5.4):
    /// > A client (proxy or UAC) receiving a 503 (Service Unavailable) SHOULD attempt to forward the request
    /// > to an alternate server.  It SHOULD NOT forward any other requests to that server for the duration
    /// > specified in the Retry-After header field, if present.
    pub(in crate::endpoint) fn answered(
        self: &Arc<Self>,
        lane: usize,
        key: ClientKey,
        mut response: Response,
        flow: Flow,
    ) {
        let Some(pending) = self.lanes[lane].pending(&key) else {
            return;
        };
        let status = response.status();
        let mut state = pending.state();
        if let Some(upstream) = state.upstream.clone() {
            // RFC 3261 §16.7, item 3:
            // > The proxy removes the topmost Via header field value from the response.
            let _ = response.headers_mut().pop_first::<Via>();
            if !state.is_awaited() && status.is_success() {
                drop(state);
                return upstream.relay_late(&response);
            }
        }
        if status.is_provisional() {
            state.heard = true;
            return state.progress(response);
        }
        self.note_registration(&state.request, &response, &flow);
        let sent_by = state.flow;
        if status == StatusCode::SERVICE_UNAVAILABLE {
            if let Some(said) = retry_after(&response).filter(|_| state.is_choice()) {
                self.note_failed_target(&sent_by, Some(said));
            }
            drop(state);
            return self.go_elsewhere(&pending, Ok(response));
        }
        if state.is_choice() {
            self.note_answer(&sent_by);
        }
        state.end(Ok(response));
    }

    /// Takes the failure of a transaction, to which no final response will come.
    ///
    /// [RFC 3263 §4.3](https://www.rfc-editor.org/rfc/rfc3263#section-4.3):
    /// > Failure also occurs if the transaction layer times out without ever having received any response,
    /// > provisional or final (i.e., timer B or timer F in RFC 3261 fires).
    ///
    /// A target that has taken the request and is then heard of no more may still be at work on it.
    pub(in crate::endpoint) fn failed(self: &Arc<Self>, lane: usize, key: ClientKey, failure: Failure) {
        let Some(pending) = self.lanes[lane].pending(&key) else {
            return;
        };
        let mut state = pending.state();
        let is_settled = [
            Failure::DialogEnded,
            Failure::UnreadableContact,
            Failure::Cancelled,
        ]
        .contains(&failure);
        if state.heard || is_settled {
            drop(state);
            return self.end(&pending, Err(failure));
        }
        let sent_by = state.flow;
        // A connection that stood for long may have been closed just now: one new connection is tried.
        let again = failure == Failure::Transport && sent_by.transport().is_reliable() && !state.reconnected;
        if again && let Some(targets) = &mut state.targets {
            targets.again(&sent_by);
            state.reconnected = true;
        } else if state.is_choice() {
            self.note_failed_target(&sent_by, None);
        }
        drop(state);
        self.go_elsewhere(&pending, Err(failure));
    }

    /// Ends a request of ours.
    pub(super) fn end(self: &Arc<Self>, pending: &Arc<Pending>, outcome: Outcome) {
        let (dialog, request) = {
            let state = pending.state();
            (state.dialog, state.request.clone())
        };
        if let (Some(dialog), Err(Failure::Timeout(_))) = (dialog, &outcome) {
            self.step(pending.lane(), |state, now| {
                state.shard.unanswered_inside(now, &dialog, &request);
            });
        }
        let is_first = !std::mem::replace(&mut pending.state().has_ended, true);
        if let Err(failure) = &outcome
            && is_first
        {
            log::request_failed(&request, failure);
        }
        pending.state().end(outcome);
    }
}

/// Returns for how long the sender of a 503 wants to be left alone.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().typed::<RetryAfter>().ok()??.seconds();
    (seconds > 0).then(|| Duration::from_secs(seconds.into()))
}
