//! Plugs that are put around the routes of a router at run time.
//!
//! Invariant: captures are read before a plug runs, as they are for the plugs that `#[sip_router]` writes. So
//! the future of a route is made first, and is handed its request by the plug around it.

use std::pin::pin;
use std::sync::Arc;

use super::Request;
use super::glue::{RouterPlug, call_router_plug, lost, router_plug};
use super::plug::{Next, NextRequest, Plug};
use super::route::{Captured, HandedOn, Handler, HandlerFuture, RouterPlugs};

/// A plug on its way into the tables of a router, each of which it is put into.
pub(super) struct Layer<P> {
    plug: Arc<RouterPlug<P>>,
    /// The name of the plug in the printed table.
    pub(super) name: String,
}

impl<P: Plug> Layer<P> {
    pub(super) fn new(plug: P) -> Layer<P> {
        Layer {
            plug: Arc::new(router_plug(plug)),
            name: P::plug_name(),
        }
    }

    /// Says whether requests inside dialogs pass the plug.
    pub(super) fn in_dialog(&self) -> bool {
        self.plug.in_dialog()
    }

    /// Puts the plug around a route.
    pub(super) fn around(&self, inner: &Handler) -> Handler {
        let (plug, call) = (self.plug.clone(), inner.call.clone());
        let around = move |request: Request, captured: Captured<'_>, handed_on: HandedOn| {
            if request.in_dialog() && !plug.in_dialog() {
                return call(request, captured, handed_on);
            }
            let to_rest = Arc::new(NextRequest::new());
            let mut rest = call(request.clone(), captured, Some(to_rest.clone()))?;
            let plug = plug.clone();
            let through: HandlerFuture = Box::pin(async move {
                let mut request = request;
                take_over(&mut request, handed_on);
                call_router_plug(&*plug, request, Next::new(&to_rest, rest.as_mut())).await
            });
            Some(through)
        };
        Handler {
            role: inner.role,
            body: inner.body.clone(),
            call: Arc::new(around),
        }
    }

    /// Puts the plug around the library's answer to what no route takes, and around the plugs that this
    /// passes.
    pub(super) fn around_unrouted(&self, inner: Option<&RouterPlugs>) -> RouterPlugs {
        let plug = self.plug.clone();
        let (in_dialog, unrouted) = match inner {
            Some(inner) => (&*inner.in_dialog, Some(inner.unrouted.clone())),
            None => (&[][..], None),
        };
        RouterPlugs {
            in_dialog: [plug.in_dialog()].iter().chain(in_dialog).copied().collect(),
            unrouted: Arc::new(move |request, reply| {
                let (plug, unrouted) = (plug.clone(), unrouted.clone());
                Box::pin(async move {
                    let to_rest = NextRequest::new();
                    let rest = pin!(async {
                        match (to_rest.take(), unrouted) {
                            (Some(request), Some(unrouted)) => unrouted(request, reply).await,
                            (Some(_), None) => reply,
                            (None, _) => lost(),
                        }
                    });
                    call_router_plug(&*plug, request, Next::new(&to_rest, rest)).await
                })
            }),
        }
    }
}

/// Replaces a request by the one that a plug around its route has handed on.
pub fn take_over(request: &mut Request, handed_on: HandedOn) {
    if let Some(next) = handed_on.and_then(|handed_on| handed_on.take()) {
        *request = next;
    }
}
