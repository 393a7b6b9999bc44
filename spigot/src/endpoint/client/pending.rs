//! A request of ours that waits for its answer.
//!
//! Invariant: the caller hears of one end, a final response or a failure, and that one always finds room.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use super::OwnParts;
use crate::endpoint::flow::Targets;
use crate::endpoint::mailbox::MailboxReader;
use crate::endpoint::server::ServerExchange;
use crate::flow::Flow;
use crate::proto::digest::Login;
use crate::proto::{ClientKey, DialogKey, Failure};
use crate::sip::{Method, Request, Response};

/// An event that the caller of a request hears.
#[derive(Debug)]
pub(crate) enum ClientEvent {
    Response(Response),
    Failed(Failure),
    /// The request was sent elsewhere, so the responses so far mean nothing any more.
    Moved,
}

/// The end of a request: its final response, or its failure.
pub(crate) type Outcome = Result<Response, Failure>;

/// Provisional responses stop being queued when only this much room is left, so that the end fits.
const RESERVED: usize = 4;

/// Events that a caller may leave unread.
pub(crate) const EVENT_QUEUE: usize = 32;

/// A request of ours under way, from its first transaction to its last.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(super) lane: usize,
    state: Mutex<PendingState>,
}

/// The part of a pending request that changes.
#[derive(Debug)]
pub(crate) struct PendingState {
    /// The key of its transaction now.
    pub(crate) key: ClientKey,
    /// The request as it was sent last.
    pub(crate) request: Arc<Request>,
    pub(crate) flow: Flow,
    pub(super) own_parts: OwnParts,
    /// The request that this one forwards; nothing for a request of our own.
    pub(super) upstream: Option<Arc<ServerExchange>>,
    /// The dialog that the request is in.
    pub(super) dialog: Option<DialogKey>,
    pub(super) acknowledge: bool,
    /// The credentials with which it begins at another server.
    pub(super) login: Option<Box<Login>>,
    /// The targets that are left; nothing for a request that goes where its caller says and nowhere else.
    pub(super) targets: Option<Targets>,
    /// Whether its target has answered anything.
    pub(super) heard: bool,
    /// Whether it is an INVITE that its caller has given up.
    pub(super) cancelled: bool,
    /// Whether its end was told. A cancelled INVITE may have one more, when its transaction ends.
    pub(super) has_ended: bool,
    /// Whether a lost connection has been replaced by a new one.
    pub(super) reconnected: bool,
    /// The way to the caller; nothing once the caller has gone or the endpoint has ended.
    events: Option<mpsc::Sender<ClientEvent>>,
    /// Whether each dialog that the request makes gets a mailbox.
    pub(super) opens_mailboxes: bool,
    /// The mailboxes that were opened and nobody has taken yet.
    pub(crate) mailboxes: HashMap<DialogKey, MailboxReader>,
}

/// A request that is about to leave for the first time.
pub(crate) struct NewRequest {
    pub(crate) draft: super::RequestDraft,
    pub(crate) flow: Flow,
    /// Whether the dialogs of the request stay on the flow: the caller has named it, or its connection is the
    /// peer's.
    pub(crate) stays_on_flow: bool,
    pub(crate) targets: Option<Targets>,
    pub(crate) upstream: Option<Arc<ServerExchange>>,
    pub(crate) dialog: Option<DialogKey>,
    pub(crate) acknowledge: bool,
    pub(crate) login: Option<Box<Login>>,
    pub(crate) opens_mailboxes: bool,
}

impl Pending {
    pub(super) fn new(
        lane: usize,
        key: ClientKey,
        request: Arc<Request>,
        new: NewRequest,
        events: mpsc::Sender<ClientEvent>,
    ) -> Arc<Pending> {
        let state = PendingState {
            key,
            request,
            flow: new.flow,
            own_parts: new.draft.own_parts().clone(),
            upstream: new.upstream,
            dialog: new.dialog,
            acknowledge: new.acknowledge,
            login: new.login,
            targets: new.targets,
            heard: false,
            cancelled: false,
            has_ended: false,
            reconnected: false,
            events: Some(events),
            opens_mailboxes: new.opens_mailboxes,
            mailboxes: HashMap::new(),
        };
        Arc::new(Pending {
            lane,
            state: Mutex::new(state),
        })
    }

    /// Locks the part that changes. Where the lane is locked, too, that comes first.
    pub(crate) fn state(&self) -> MutexGuard<'_, PendingState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the lane that the request is in.
    pub(crate) fn lane(&self) -> usize {
        self.lane
    }
}

impl PendingState {
    /// Tells the caller how the request ends.
    pub(super) fn end(&mut self, outcome: Outcome) {
        // A caller that is gone does not want to know.
        if let Some(events) = self.events.take() {
            let event = match outcome {
                Ok(response) => ClientEvent::Response(response),
                Err(failure) => ClientEvent::Failed(failure),
            };
            let _ = events.try_send(event);
        }
    }

    /// Tells the caller of a provisional response.
    pub(super) fn progress(&self, response: Response) {
        let Some(events) = &self.events else { return };
        if events.capacity() <= RESERVED {
            tracing::debug!(status = %response.status(), "provisional response dropped: nobody reads them");
            return;
        }
        let _ = events.try_send(ClientEvent::Response(response));
    }

    /// Tells the caller that the responses so far mean nothing any more.
    pub(super) fn tell_moved(&self) {
        if let Some(events) = &self.events {
            // There is room for the end alone otherwise.
            let _ = events.try_send(ClientEvent::Moved);
        }
    }

    /// Takes note that the caller has given up. Any request but an INVITE goes on all the same (RFC 3261 §9.1).
    pub(super) fn cancel(&mut self) {
        self.cancelled = *self.request.method() == Method::INVITE;
    }

    /// Closes the way to the caller, who has gone, or whose endpoint has ended.
    pub(crate) fn close(&mut self) {
        self.events = None;
    }

    /// Reports whether its caller still waits for its end.
    pub(crate) fn is_awaited(&self) -> bool {
        self.events.is_some()
    }

    /// Reports whether the request is in a dialog. One that passes through a proxy is in none of ours.
    pub(crate) fn is_inside(&self) -> bool {
        self.dialog.is_some() || self.upstream.is_some()
    }

    /// Reports whether its target is one of several that its domain has named.
    pub(super) fn is_choice(&self) -> bool {
        self.targets.as_ref().is_some_and(Targets::is_choice)
    }
}

impl PendingState {
    /// Reports whether each dialog that the request makes gets a mailbox. A request inside a dialog makes
    /// none.
    pub(crate) fn opens_mailboxes(&self) -> bool {
        self.opens_mailboxes && self.dialog.is_none()
    }
}
