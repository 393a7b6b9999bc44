//! A request of ours under way, as its caller sees it.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use tokio::sync::mpsc;

use super::keep_alive::Early;
use super::{Client, RequestError};
use crate::dialog::Dialog;
use crate::endpoint::{ClientEvent, Outcome, Pending};
use crate::flow::Flow;
use crate::proto::{DialogError, DialogKey, Failure};
use crate::sip::{Method, Request, Response};

/// A request under way. It gives the responses and the dialog, and cancels the request.
/// [`RequestBuilder::start`](super::RequestBuilder::start) makes it.
///
/// An INVITE without a final response is cancelled after [`Limits::ringing`](crate::Limits::ringing), which
/// begins anew with each 101 to 199, or when the time in its Expires is over.
///
/// When a server fails, the request goes to the next one of its domain, see
/// [`resolve`](crate::resolve#from-target-to-target). When a server challenges it, it is sent again with
/// [credentials](super::RequestBuilder::credentials). Both happen whether or not somebody waits for a
/// response.
///
/// Dropping this before the final response cancels an INVITE: the phone stops ringing, and a 2xx that wins
/// the race is hung up on. Dropping it after a 2xx hangs up, unless [`dialog`](Self::dialog) has given the
/// call to somebody. Other requests just run to their end.
#[derive(Debug)]
pub struct ClientTransaction {
    client: Client,
    pending: Arc<Pending>,
    events: mpsc::Receiver<ClientEvent>,
    /// How often the peers of early dialogs want to be asked for signs of life.
    early: Early,
    /// The final response or the failure, once it has come.
    end: Option<Outcome>,
    closed: bool,
    /// Whether somebody has the dialog of the 2xx.
    has_call: AtomicBool,
    /// The dialogs that somebody has taken while they were early.
    taken_early: Mutex<Vec<DialogKey>>,
}

impl ClientTransaction {
    pub(crate) fn new(client: Client, pending: Arc<Pending>, events: mpsc::Receiver<ClientEvent>) -> Self {
        ClientTransaction {
            client,
            pending,
            events,
            early: Early::default(),
            end: None,
            closed: false,
            has_call: AtomicBool::new(false),
            taken_early: Mutex::default(),
        }
    }

    /// Returns the request as it was sent last.
    pub fn request(&self) -> Arc<Request> {
        self.pending.state().request.clone()
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn early(&self) -> &Early {
        &self.early
    }

    /// Returns the flow that the request was sent on last.
    pub fn flow(&self) -> Flow {
        self.pending.state().flow
    }

    /// Streams the provisional responses until the final one has come, which [`response`](Self::response)
    /// gives.
    pub fn provisionals(&mut self) -> Provisionals<'_> {
        Provisionals { transaction: self }
    }

    /// Waits for the next provisional response. Returns `None` once the final one, or a failure, has come.
    pub async fn provisional(&mut self) -> Option<Response> {
        poll_fn(|cx| self.poll_provisional(cx)).await
    }

    /// Waits for the final response, and skips provisional ones that were not read. May be called again.
    ///
    /// # Errors
    ///
    /// [`RequestError::Timeout`], [`RequestError::FlowFailed`] and [`RequestError::ShutDown`]. For an INVITE
    /// also [`RequestError::Cancelled`], [`RequestError::UnreadableContact`], and
    /// [`RequestError::DialogEnded`] if its early dialog was ended by a BYE.
    pub async fn response(&mut self) -> Result<Response, RequestError> {
        while self.provisional().await.is_some() {}
        match &self.end {
            Some(Ok(response)) => Ok(response.clone()),
            Some(Err(Failure::Timeout(timer))) => {
                let after = self.client.core.waited();
                Err(RequestError::Timeout {
                    after,
                    failure: Failure::Timeout(*timer),
                })
            }
            Some(Err(Failure::Transport)) => Err(RequestError::FlowFailed),
            Some(Err(Failure::DialogEnded)) => Err(RequestError::DialogEnded),
            Some(Err(Failure::UnreadableContact)) => Err(RequestError::UnreadableContact),
            Some(Err(Failure::Cancelled)) => Err(RequestError::Cancelled),
            None => Err(RequestError::ShutDown),
        }
    }

    /// Cancels an INVITE by a CANCEL, which leaves at once or after the first provisional response
    /// ([RFC 3261 §9.1](https://www.rfc-editor.org/rfc/rfc3261#section-9.1)).
    ///
    /// Where the peer has answered anything, the final response still comes: 487, or a 2xx that won the
    /// race. A peer that has answered nothing half a second (T1) after the INVITE left is not waited for:
    /// [`response`](Self::response) gives [`RequestError::Cancelled`], at once if that time is over. The
    /// library then waits for the peer alone: it cancels a late provisional response, and hangs up on a
    /// late 2xx.
    ///
    /// For any other request, and after the final response, this does nothing.
    pub fn cancel(&self) {
        if self.is_invite() && self.end.is_none() {
            self.client.core.cancel_request(&self.pending);
        }
    }

    /// Hangs up on the call that an INVITE has become, unless its dialog was taken while it was early.
    fn hang_up(&self) {
        let Some(Ok(response)) = &self.end else { return };
        if !response.status().is_success() || !self.is_invite() || self.pending.state().is_inside() {
            return;
        }
        let Ok(essentials) = response.essentials() else {
            return;
        };
        self.client.core.step(self.pending.lane(), |state, now| {
            if let Some((dialog, _)) = state.shard.dialog_of_response(&essentials)
                && !self.taken_early().contains(&dialog)
            {
                state.shard.hang_up(now, &dialog);
            }
        });
    }

    fn taken_early(&self) -> MutexGuard<'_, Vec<DialogKey>> {
        self.taken_early.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_invite(&self) -> bool {
        *self.pending.state().request.method() == Method::INVITE
    }

    /// Returns the dialog that a response has made, early or confirmed.
    ///
    /// With [`RequestBuilder::with_mailbox`](super::RequestBuilder::with_mailbox) the first handle of each
    /// dialog gets its mailbox.
    ///
    /// # Errors
    ///
    /// [`DialogError`], if the response makes no dialog, or the dialog has ended.
    pub fn dialog(&self, response: &Response) -> Result<Dialog, DialogError> {
        let lane = self.pending.lane();
        let core = &self.client.core;
        let essentials = response.essentials().map_err(DialogError::Header)?;
        let found = core.step(lane, |state, _| state.shard.dialog_of_response(&essentials));
        let Some((key, id)) = found else {
            let status = response.status();
            return Err(if (101..300).contains(&status.as_u16()) {
                DialogError::Ended
            } else {
                DialogError::Status(status)
            });
        };
        if response.status().is_success() {
            self.has_call.store(true, Ordering::Relaxed);
        } else {
            let mut taken = self.taken_early();
            if !taken.contains(&key) {
                taken.push(key);
            }
        }
        let mailbox = self.pending.state().mailboxes.remove(&key);
        Ok(Dialog::new(core.clone(), lane, key, id, mailbox))
    }

    fn poll_provisional(&mut self, cx: &mut Context<'_>) -> Poll<Option<Response>> {
        while self.end.is_none() && !self.closed {
            match ready!(self.events.poll_recv(cx)) {
                Some(ClientEvent::Response(response)) if response.status().is_provisional() => {
                    if self.is_invite() {
                        self.early.hear(&response);
                    }
                    return Poll::Ready(Some(response));
                }
                Some(ClientEvent::Moved) => self.early.forget(),
                Some(ClientEvent::Response(response)) => self.end = Some(Ok(response)),
                Some(ClientEvent::Failed(failure)) => self.end = Some(Err(failure)),
                None => self.closed = true,
            }
        }
        Poll::Ready(None)
    }
}

impl Drop for ClientTransaction {
    fn drop(&mut self) {
        if !self.closed && self.end.is_none() {
            self.client.core.abandon_request(&self.pending);
        } else if !self.has_call.load(Ordering::Relaxed) {
            self.hang_up();
        }
    }
}

/// The provisional responses of a [`ClientTransaction`], as a [`Stream`].
#[derive(Debug)]
pub struct Provisionals<'t> {
    transaction: &'t mut ClientTransaction,
}

impl Stream for Provisionals<'_> {
    type Item = Response;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Response>> {
        self.transaction.poll_provisional(cx)
    }
}
