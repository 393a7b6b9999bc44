//! The caller's side of a dialog: requests inside it.

use super::challenged::{Challenged, Invite};
use super::{Client, RequestBuilder};
use crate::flow::Flow;
use crate::proto::{self, DialogId};
use crate::sip::Method;

/// A dialog that a request of ours has opened ([RFC 3261 §12](https://www.rfc-editor.org/rfc/rfc3261#section-12)):
/// it knows the tags, the CSeq, the remote target and the route set, so that a request inside it needs none
/// of them. Made by [`ClientTransaction::dialog`](super::ClientTransaction::dialog).
///
/// What the peer sends inside it goes to the routes of the endpoint that say `in_dialog`. Dropping this ends nothing: the call goes on
/// until somebody sends a BYE.
#[derive(Debug)]
pub struct Dialog {
    client: Client,
    state: proto::Dialog,
    lane: usize,
    flow: Flow,
    challenged: Challenged,
}

impl Dialog {
    pub(super) fn new(
        client: Client,
        state: proto::Dialog,
        lane: usize,
        flow: Flow,
        challenged: Challenged,
    ) -> Self {
        Dialog {
            client,
            state,
            lane,
            flow,
            challenged,
        }
    }

    /// Call-ID and both tags.
    pub fn id(&self) -> &DialogId {
        self.state.id()
    }

    /// A request inside the dialog: `dialog.request(Method::BYE).send().await`. Requests are numbered in the order of these calls,
    /// so one that is made is to be sent. The ACK is sent by [`acknowledge`](Self::acknowledge).
    pub fn request(&mut self, method: Method) -> RequestBuilder {
        // Requests that were challenged have used more.
        let numbers = &self.challenged.numbers;
        self.state.skip_to(numbers.used());
        let request = self.state.request(method);
        numbers.use_up_to(self.state.local_cseq());
        RequestBuilder::new(self.client.clone(), Ok(request)).inside(self.flow, self.challenged.clone())
    }

    /// Sends the ACK for the 2xx to the INVITE that was sent last, the one that made the dialog or one inside it, where
    /// [`RequestBuilder::without_ack`] left it to the caller; again whenever that 2xx comes again
    /// ([RFC 3261 §13.2.2.4](https://www.rfc-editor.org/rfc/rfc3261#section-13.2.2.4)). Of a dialog without an INVITE it sends nothing.
    pub fn acknowledge(&self) {
        if let Some(Invite { number, key }) = self.challenged.numbers.invite() {
            let ack = self.state.ack(number);
            let core = &self.client.core;
            core.acknowledge_for_caller(self.lane, key, ack, self.flow);
        }
    }
}
