//! A request of ours under way.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use tokio::sync::mpsc;

use super::challenged::{Challenged, Invite, Numbers};
use super::draft::{Draft, Ours};
use super::journey::{Arrival, Journey, Outcome};
use super::keep_alive::Early;
use super::{Client, Dialog, RequestError};
use crate::endpoint::{Event, Outstanding, QUEUE, Targets};
use crate::flow::Flow;
use crate::proto::{ClientKey, DialogError, Failure};
use crate::sip::header::{CSeq, RetryAfter};
use crate::sip::{Method, Request, Response, StatusCode};

/// A request under way: its provisional responses, its final one, and the way to cancel it. Made by
/// [`RequestBuilder::start`](super::RequestBuilder::start).
///
/// An INVITE that has no final response after [`Limits::ringing`](crate::Limits::ringing) is cancelled.
///
/// When its server fails it goes to the next one of its domain, see [`resolve`](crate::resolve#from-target-to-target), and when
/// a server challenges it, it is sent again with [credentials](super::RequestBuilder::credentials). Both happen while somebody
/// waits for a response, by [`provisional`](Self::provisional) or [`response`](Self::response).
///
/// Dropping it before the final response cancels an INVITE (the phone stops ringing), and ends the call
/// should the 2xx win that race. Other requests just run to their end.
#[derive(Debug)]
pub struct ClientTransaction {
    client: Client,
    lane: usize,
    key: ClientKey,
    request: Arc<Request>,
    /// What is ours to write into it.
    ours: Ours,
    flow: Flow,
    journey: Journey,
    events: mpsc::Receiver<Event>,
    acknowledge: bool,
    challenged: Challenged,
    /// What its provisional responses ask for.
    early: Early,
    /// How often it was sent again with credentials.
    resubmissions: usize,
    /// The end, once it has come.
    end: Option<Outcome>,
    closed: bool,
}

/// Enough for some proxies on the way and a stale nonce; a server that finds every nonce stale is left alone.
const MOST_RESUBMISSIONS: usize = 8;

impl ClientTransaction {
    /// Sends the request.
    pub(super) fn begin(
        client: Client,
        lane: usize,
        draft: Draft,
        flow: Flow,
        targets: Option<Targets>,
        acknowledge: bool,
        challenged: Challenged,
    ) -> Result<ClientTransaction, RequestError> {
        let (request, key, events) = open(&client, lane, &draft, flow, acknowledge)?;
        if let Some(invite) = invite(&request, key) {
            challenged.numbers.invited(invite);
        }
        Ok(ClientTransaction {
            client,
            lane,
            key,
            ours: draft.ours().clone(),
            request,
            flow,
            journey: Journey::new(targets),
            events,
            acknowledge,
            challenged,
            early: Early::default(),
            resubmissions: 0,
            end: None,
            closed: false,
        })
    }

    /// Sends the request again, with credentials, if that is what the response asks for and there are some.
    fn resubmit(&mut self, response: &Response) -> bool {
        if self.resubmissions == MOST_RESUBMISSIONS {
            return false;
        }
        self.resubmissions += 1;
        let core = &self.client.core;
        let Some(request) = self.challenged.again(&self.request, response, || core.unique()) else {
            return false;
        };
        let draft = Draft::again(request, self.ours.clone());
        if self.journey.outgrows(core, &self.flow, &draft) {
            let outcome = Ok(response.clone());
            return self.journey.leave_flow(core, &self.flow, draft, outcome).is_ok();
        }
        self.go_on(&draft, self.flow).is_ok()
    }

    /// Sends the request as it is now on that flow, in the place of what was sent before.
    fn go_on(&mut self, draft: &Draft, flow: Flow) -> Result<(), RequestError> {
        let (request, key, events) = open(&self.client, self.lane, draft, flow, self.acknowledge)?;
        (self.request, self.key, self.events, self.flow) = (request, key, events, flow);
        self.early.forget();
        if let Some(invite) = invite(&self.request, key) {
            self.challenged.numbers.invited(invite);
        }
        Ok(())
    }

    /// A final response has come. With a 503 the request goes elsewhere.
    ///
    /// [RFC 3261 §21.5.4](https://www.rfc-editor.org/rfc/rfc3261#section-21.5.4):
    /// > A client (proxy or UAC) receiving a 503 (Service Unavailable) SHOULD attempt to forward the request to an
    /// > alternate server.  It SHOULD NOT forward any other requests to that server for the duration specified in the
    /// > Retry-After header field, if present.
    fn answered(&mut self, response: Response) {
        let core = &self.client.core;
        if response.status() == StatusCode::SERVICE_UNAVAILABLE {
            if let Some(said) = retry_after(&response).filter(|_| self.journey.is_choice()) {
                core.note_dead(&self.flow, Some(said));
            }
            self.leave(Ok(response));
            return;
        }
        if self.journey.is_choice() {
            core.note_alive(&self.flow);
        }
        if !self.resubmit(&response) {
            self.end = Some(Ok(response));
        }
    }

    /// No final response has come, and none will.
    fn failed(&mut self, failure: Failure) {
        if !self.journey.is_dead() {
            self.end = Some(Err(failure));
            return;
        }
        if self.journey.is_choice() {
            self.client.core.note_dead(&self.flow, None);
        }
        self.leave(Err(failure));
    }

    fn leave(&mut self, outcome: Outcome) {
        let draft = Draft::again(Request::clone(&self.request), self.ours.clone());
        if let Err(outcome) = self.journey.leave(&self.client.core, draft, outcome) {
            self.end = Some(outcome);
        }
    }

    fn arrived(&mut self, arrival: Arrival) {
        let Arrival { flow, draft, outcome } = arrival;
        match flow.map(|flow| self.go_on(&draft, flow)) {
            Some(Ok(())) => {}
            Some(Err(RequestError::ShutDown)) => self.closed = true,
            Some(Err(_)) | None => self.end = Some(outcome),
        }
    }

    /// The request as it was sent last, but for the Via.
    pub fn request(&self) -> &Request {
        &self.request
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn early(&self) -> &Early {
        &self.early
    }

    /// What it was sent on last.
    pub fn flow(&self) -> Flow {
        self.flow
    }

    /// The provisional responses, until the final one has come (which [`response`](Self::response) then
    /// gives).
    pub fn provisionals(&mut self) -> Provisionals<'_> {
        Provisionals { transaction: self }
    }

    /// The next provisional response; `None` once the final one, or a failure, has come.
    pub async fn provisional(&mut self) -> Option<Response> {
        poll_fn(|cx| self.poll_provisional(cx)).await
    }

    /// The final response. Provisional ones that were not read are skipped. May be called again.
    ///
    /// # Errors
    ///
    /// [`RequestError::Timeout`], [`RequestError::FlowFailed`] or [`RequestError::ShutDown`].
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
            None => Err(RequestError::ShutDown),
        }
    }

    /// Asks the peer to give up: sends a CANCEL, at once or after the first provisional response
    /// ([RFC 3261 §9.1](https://www.rfc-editor.org/rfc/rfc3261#section-9.1)). The final response still
    /// comes: 487, or a 2xx that won the race. For anything but an INVITE, and after the final response,
    /// this does nothing.
    pub fn cancel(&self) {
        if *self.request.method() == Method::INVITE && self.end.is_none() {
            self.journey.cancel();
            self.client
                .core
                .step(self.lane, |state, now| state.shard.cancel(now, self.key));
        }
    }

    /// The dialog that `response` made, to send requests inside it.
    ///
    /// # Errors
    ///
    /// [`DialogError`], when the response makes none: no To tag, no Contact.
    pub fn dialog(&self, response: &Response) -> Result<Dialog, DialogError> {
        let dialog = crate::proto::Dialog::uac(&self.request, response)?;
        let challenged = Challenged {
            login: self.challenged.login.clone(),
            numbers: Numbers::new(dialog.local_cseq(), invite(&self.request, self.key)),
        };
        Ok(Dialog::new(
            self.client.clone(),
            dialog,
            self.lane,
            self.flow,
            challenged,
        ))
    }

    fn poll_provisional(&mut self, cx: &mut Context<'_>) -> Poll<Option<Response>> {
        while self.end.is_none() && !self.closed {
            if self.journey.is_under_way() {
                let arrival = ready!(self.journey.poll(cx));
                self.arrived(arrival);
                continue;
            }
            match ready!(self.events.poll_recv(cx)) {
                Some(Event::Response(response)) if response.status().is_provisional() => {
                    self.journey.hear();
                    if self.ours.keep && *self.request.method() == Method::INVITE {
                        self.early.hear(&response);
                    }
                    return Poll::Ready(Some(response));
                }
                Some(Event::Response(response)) => self.answered(response),
                Some(Event::Failed(failure)) => self.failed(failure),
                None => self.closed = true,
            }
        }
        Poll::Ready(None)
    }
}

/// What has to be known of a request that is an INVITE, for its ACK.
fn invite(request: &Request, key: ClientKey) -> Option<Invite> {
    let cseq = request.headers().typed::<CSeq>().ok()??;
    let number = cseq.number();
    (*request.method() == Method::INVITE).then_some(Invite { number, key })
}

/// For how long the sender of a 503 wants to be left alone.
fn retry_after(response: &Response) -> Option<Duration> {
    let said = response.headers().typed::<RetryAfter>().ok()??.seconds();
    (said > 0).then(|| Duration::from_secs(said.into()))
}

/// Hands a request to its shard, and waits for what comes of it.
fn open(
    client: &Client,
    lane: usize,
    draft: &Draft,
    flow: Flow,
    acknowledge: bool,
) -> Result<(Arc<Request>, ClientKey, mpsc::Receiver<Event>), RequestError> {
    let (sender, events) = mpsc::channel(QUEUE);
    let request = draft.on(&client.core, &flow)?;
    let sent = Arc::new(request.clone());
    let sent_by = draft.sent_by(&client.core, &flow);
    let key = client.core.step(lane, |state, now| {
        if state.closed {
            return Err(RequestError::ShutDown);
        }
        let key = state.shard.request(now, request, flow, &sent_by);
        let outstanding = Outstanding::new(sender, sent.clone(), acknowledge);
        state.outstanding.insert(key, outstanding);
        Ok(key)
    })?;
    Ok((sent, key, events))
}

impl Drop for ClientTransaction {
    fn drop(&mut self) {
        if self.closed || self.end.is_some() {
            return;
        }
        let events = &mut self.events;
        // Under the lock, as a 2xx is given: what comes from now on finds nobody, and what came is here.
        let unread = self.client.core.step(self.lane, |_, _| {
            events.close();
            let mut last = None;
            while let Ok(event) = events.try_recv() {
                last = Some(event);
            }
            last
        });
        match unread {
            Some(Event::Response(response))
                if response.status().is_success() && *self.request.method() == Method::INVITE =>
            {
                self.client
                    .core
                    .unread(self.lane, &self.request, &response, self.flow);
            }
            _ => self.cancel(),
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
