//! How a request is forwarded.

use std::sync::Arc;

use super::{Branch, ForwardError};
use crate::client::{Client, ClientTransaction, IntoUri, RequestError};
use crate::endpoint::{Forwarded, NewRequest, RequestDraft, ServerExchange, Targets};
use crate::resolve::locate::NextHop;
use crate::router::Transaction;
use crate::sip::{ParseError, Request, Uri};

/// A request that is about to be forwarded; made by [`Proxy::forward`](super::Proxy::forward).
///
/// The library copies it, counts Max-Forwards down, takes its own Route off, and writes Via and Record-Route
/// ([RFC 3261 §16.4 to §16.6](https://www.rfc-editor.org/rfc/rfc3261#section-16.6)). All else stays as it
/// came.
///
/// A mistake in a URI is told when the request leaves.
#[derive(Debug)]
#[must_use = "nothing is forwarded before `start`"]
pub struct Forward {
    request: Arc<Request>,
    transaction: Transaction,
    target: Result<Uri, ParseError>,
    next_hop: Option<Result<Uri, ParseError>>,
    record_route: bool,
}

impl Forward {
    pub(super) fn new(
        request: Arc<Request>,
        transaction: Transaction,
        target: Result<Uri, ParseError>,
    ) -> Forward {
        Forward {
            request,
            transaction,
            target,
            next_hop: None,
            record_route: false,
        }
    }

    /// Sends the request by way of another proxy, such as `sip:core.example.com;lr`, which becomes its first
    /// Route ([RFC 3261 §16.6](https://www.rfc-editor.org/rfc/rfc3261#section-16.6), item 6). The Request-URI
    /// stays.
    pub fn by_way_of(mut self, next_hop: impl IntoUri) -> Self {
        self.next_hop = Some(next_hop.into_uri());
        self
    }

    /// Puts this element on the way of the later requests of the dialog, by a Record-Route for each side
    /// ([RFC 3261 §16.6](https://www.rfc-editor.org/rfc/rfc3261#section-16.6), item 4, and [RFC 5658
    /// §5](https://www.rfc-editor.org/rfc/rfc5658#section-5)). Each names the flow to its side. A request
    /// that opens no dialog gets none.
    pub fn record_route(mut self) -> Self {
        self.record_route = true;
        self
    }

    /// Sends the request, and gives the branch that its responses come by.
    ///
    /// # Errors
    ///
    /// [`ForwardError`], for all that keeps the request from leaving.
    pub async fn start(self) -> Result<Branch, ForwardError> {
        let exchange = self.transaction.server_side().downcast_ref::<ServerExchange>();
        let exchange = exchange
            .and_then(ServerExchange::shared)
            .ok_or(RequestError::ShutDown)?;
        if self.transaction.is_cancelled() {
            return Err(ForwardError::Cancelled);
        }
        let core = exchange.core.clone();
        let incoming = &exchange.incoming;
        let target = self.target.map_err(RequestError::from)?;
        let next_hop = self.next_hop.transpose().map_err(RequestError::from)?;
        let onward = core.onward(incoming, Some(target), next_hop)?;
        let mark = core.mark_of(incoming).ok_or(ForwardError::Loop)?;
        let records = self.record_route && self.request.method().opens_dialog();
        let draft = RequestDraft::forwarded(Forwarded {
            request: Arc::new(onward.request),
            record_route: records.then_some(incoming.flow),
            mark,
        });
        let (flow, targets) = match onward.flow {
            Some(flow) => (flow, None),
            None => {
                let hop = NextHop::of(draft.request(), onward.destination).map_err(RequestError::from)?;
                let mut targets = Targets::of(&core, hop);
                let flow = targets.flow(&|flow| draft.size(&core, flow)).await;
                (flow.map_err(RequestError::from)?, Some(targets))
            }
        };
        if self.transaction.is_cancelled() {
            return Err(ForwardError::Cancelled);
        }
        let new = NewRequest {
            draft,
            flow,
            stays_on_flow: false,
            targets,
            upstream: Some(exchange.clone()),
            dialog: None,
            acknowledge: false,
            login: None,
            opens_mailboxes: false,
        };
        let begun = core.begin_request(exchange.lane, new);
        let (pending, events) = begun.map_err(RequestError::from)?;
        exchange.add_branch(&pending);
        let transaction = ClientTransaction::new(Client { core }, pending, events);
        Ok(Branch::new(transaction, self.transaction))
    }
}
