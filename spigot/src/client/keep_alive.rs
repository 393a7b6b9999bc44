//! How a client keeps a flow alive.

use std::time::Duration;

use tokio::task::JoinHandle;

use super::{Client, ClientTransaction};
use crate::endpoint::keep_flow_alive;
use crate::flow::{Flow, Transport};
use crate::sip::header::{FlowTimer, Require, To, Via};
use crate::sip::{Headers, Response};

/// A task that asks the peer of a flow for signs of life, until this is dropped. [`Client::keep_alive`]
/// starts it.
///
/// It keeps the bindings of NATs on the way, and finds out that the peer is gone.
#[derive(Debug)]
#[must_use = "the peer is not asked any more when this is dropped"]
pub struct KeepAlive {
    flow: Flow,
    every: Duration,
    task: JoinHandle<()>,
}

impl KeepAlive {
    /// Returns the flow.
    pub fn flow(&self) -> Flow {
        self.flow
    }

    /// Returns how much time passes between two questions at most.
    pub fn interval(&self) -> Duration {
        self.every
    }

    /// Waits until the flow has failed. Whoever has registered over it registers again.
    ///
    /// A flow has failed if the peer gave no answer, refused one, or saw us at another address, or if the
    /// connection or the endpoint is closed. Returns at once if it has failed already.
    pub async fn failed(&mut self) {
        // A task that has been waited for must not be polled again.
        if !self.task.is_finished() {
            // The only other end is the runtime's.
            let _ = (&mut self.task).await;
        }
    }
}

impl Drop for KeepAlive {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Client {
    /// Asks the peer of a flow for a sign of life, at least that often, but no more often than every second:
    /// by a double CRLF on a stream, which has to be answered within 10 s ([RFC 5626
    /// §4.4.1](https://www.rfc-editor.org/rfc/rfc5626#section-4.4.1)); by a STUN Binding request in a
    /// datagram, which is sent seven times within 31.5 s and given up 8 s later (§4.4.2). The times between
    /// are spread over 80% to 100% of `every`.
    ///
    /// A flow whose peer gives none has failed: its connection is closed, requests under way on it fail, and
    /// [`Config::on_closed`](crate::Config::on_closed) is told, of datagrams too.
    ///
    /// STUN is only for a peer that is known to answer it ([RFC 5626
    /// §8](https://www.rfc-editor.org/rfc/rfc5626#section-8)), because it was configured so or has said so,
    /// which [`ClientTransaction::keep_alive`] reads from its response: for any other a flow of datagrams
    /// that is asked has failed.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(client: spigot::Client) -> Result<(), spigot::RequestError> {
    /// let alice = "sip:alice@example.com";
    /// loop {
    ///     let register = client.request(spigot::Method::REGISTER, "sip:example.com;transport=tcp").from(alice).to(alice);
    ///     let mut register = register.start().await?;
    ///     register.response().await?;
    ///     client.keep_alive(register.flow(), Duration::from_secs(90)).failed().await;
    /// }
    /// # }
    /// ```
    pub fn keep_alive(&self, flow: Flow, every: Duration) -> KeepAlive {
        let every = every.max(SHORTEST);
        KeepAlive {
            flow,
            every,
            task: self.core.spawn(keep_flow_alive(self.core.clone(), flow, every)),
        }
    }
}

const SHORTEST: Duration = Duration::from_secs(1);

impl ClientTransaction {
    /// Keeps the flow of the request alive if the server asks for that in its response: by a Flow-Timer, by
    /// `Require: outbound` ([RFC 5626 §4.4](https://www.rfc-editor.org/rfc/rfc5626#section-4.4)), or by a
    /// value of the `keep` that [`RequestBuilder::keep`](super::RequestBuilder::keep) has put into the Via
    /// ([RFC 6223 §5](https://www.rfc-editor.org/rfc/rfc6223#section-5)). Where it does not say how often:
    /// every 120 s on a stream, every 29 s by datagrams.
    ///
    /// Of an INVITE a provisional response may ask too, for the dialog that it makes ([RFC 6223
    /// §4.3](https://www.rfc-editor.org/rfc/rfc6223#section-4.3)): it can be given here when it comes, and
    /// stands for the 2xx of that dialog, which need not say it again.
    pub fn keep_alive(&self, response: &Response) -> Option<KeepAlive> {
        let headers = response.headers();
        let seconds = match response.status() {
            status if status.is_success() => flow_timer(headers)
                .or_else(|| keep_value(headers))
                .or_else(|| self.early().asked_for(headers))
                .or_else(|| outbound(headers))?,
            status if status.is_provisional() => self.early().asked_for(headers)?,
            _ => return None,
        };
        let every = match (seconds, self.flow().transport()) {
            (0, Transport::Udp) => 29,
            (0, _) => 120,
            (seconds, _) => seconds,
        };
        let every = Duration::from_secs(every.into());
        Some(self.client().keep_alive(self.flow(), every))
    }
}

/// The early dialogs of an INVITE whose peers ask for signs of life: the tag of the To, and how often in
/// seconds.
///
/// [RFC 6223 §4.3](https://www.rfc-editor.org/rfc/rfc6223#section-4.3):
/// > If an INVITE request is used to indicate willingness to send keep-alives, as long as at least one
/// > response (provisional or final) to the INVITE request contains a "keep" parameter with a parameter
/// > value, it is seen as an indication that the adjacent downstream SIP entity is willing to receive
/// > keep-alives associated with the dialog on which the response is received.
#[derive(Debug, Default)]
pub(super) struct Early(Vec<(String, u32)>);

/// How many early dialogs are remembered: as many as an INVITE may have.
const MOST_DIALOGS: usize = 12;

impl Early {
    /// Takes note of what a provisional response asks for.
    pub(super) fn hear(&mut self, provisional: &Response) {
        let headers = provisional.headers();
        let Ok(Some(tag)) = To::tag_of(headers) else {
            return; // 100, which is of no dialog
        };
        if self.0.len() < MOST_DIALOGS
            && self.asked_for(headers).is_none()
            && let Some(seconds) = keep_value(headers)
        {
            self.0.push((tag.to_owned(), seconds));
        }
    }

    /// Forgets all early dialogs, because the request has gone elsewhere.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }

    /// Returns how often the early dialog of a response wants signs of life.
    fn asked_for(&self, headers: &Headers) -> Option<u32> {
        let tag = To::tag_of(headers).ok().flatten()?;
        let found = self.0.iter().find(|(known, _)| known == tag);
        found.map(|(_, seconds)| *seconds)
    }
}

fn flow_timer(headers: &Headers) -> Option<u32> {
    headers.typed::<FlowTimer>().ok()?.map(|timer| timer.seconds())
}

/// Returns the value of the `keep` in the topmost Via.
fn keep_value(headers: &Headers) -> Option<u32> {
    headers.typed::<Via>().ok()??.param("keep")??.parse().ok()
}

/// Returns 0 if the response requires `outbound`, which leaves it to us how often.
fn outbound(headers: &Headers) -> Option<u32> {
    let required = headers.typed::<Require>().ok()??;
    required.contains("outbound").then_some(0)
}
