//! Requests that their handlers do not answer: ACK, and the CANCEL that the core has answered.

use std::sync::Arc;

use super::run_handler::{Unanswered, run_unanswered};
use super::span::span;
use crate::endpoint::Core;
use crate::incoming::Incoming;
use crate::proto::{DialogKey, ServerKey};
use crate::router::{Request, Routed, Router, ServerSide, Transaction};
use crate::sip::Method;

impl Core {
    /// Tells the handler of an INVITE that it has been given up, and the `#[cancel]` route of a CANCEL.
    pub(in crate::endpoint) fn cancelled(
        self: &Arc<Self>,
        lane: usize,
        key: ServerKey,
        cancel: Option<Arc<Incoming>>,
        dialog: Option<DialogKey>,
        label: u32,
    ) {
        let exchange = self.lanes[lane].take_ringing(&key);
        if let Some(exchange) = &exchange {
            exchange.cancel();
            exchange.cancel_branches();
        }
        let Some(cancel) = cancel else { return };
        let transaction = exchange.map(|exchange| Transaction::new(exchange as Arc<dyn ServerSide>));
        let in_dialog = dialog.is_some() && cancel.essentials.to_tag().is_some();
        let request = self.request(&cancel, transaction, in_dialog, label);
        self.notify(cancel, request, Router::cancelled);
    }

    /// Runs the handler of a request that it does not answer, if there is a route.
    pub(in crate::endpoint) fn notify(
        self: &Arc<Self>,
        incoming: Arc<Incoming>,
        request: Request,
        route: impl Fn(&Router, Request) -> Option<Routed>,
    ) {
        let unanswered = Unanswered {
            span: span(self, &request),
            core: self.clone(),
            incoming,
        };
        // Nothing bounds the ACKs that pass through, for nothing is kept of them.
        let is_bounded = request.in_dialog() || *request.method() != Method::ACK;
        if let Ok(Some(routed)) = unanswered.application().run(|| route(&self.router, request)) {
            run_unanswered(unanswered, routed, is_bounded);
        }
    }
}
