//! The mailbox of a dialog, which takes requests to the task that owns it before the router gets them.
//!
//! Invariant: a mailbox is opened under the lock that sends or takes the response which makes its dialog, so
//! no later request misses it. It is bounded. Where it is full, BYE, ACK and PRACK go to the router.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::server::ServerExchange;
use crate::incoming::Incoming;
use crate::proto::DialogKey;
use crate::sip::Method;

/// How many requests of a dialog may wait for its owner.
const PLACES: usize = 16;

/// A request inside a dialog, on its way to the owner.
pub(crate) struct Delivery {
    pub(crate) incoming: Arc<Incoming>,
    /// The exchange that answers the request; nothing for an ACK.
    pub(crate) exchange: Option<Arc<ServerExchange>>,
    pub(crate) dialog: DialogKey,
    /// The label that the router noted for the dialog.
    pub(crate) label: u32,
}

/// The end of a mailbox that a lane has.
pub(super) struct Mailbox(mpsc::Sender<Delivery>);

/// The end of a mailbox that the owner of the dialog has.
#[derive(Debug)]
pub(crate) struct MailboxReader(mpsc::Receiver<Delivery>);

/// The outcome of a delivery to a mailbox.
pub(super) enum Delivered {
    /// The owner will read it.
    Yes,
    /// The router gets the request: the owner is gone, or there is no place for what needs none.
    Route,
    /// There is no place for the request.
    Full,
}

impl Mailbox {
    pub(super) fn open() -> (Mailbox, MailboxReader) {
        let (sender, receiver) = mpsc::channel(PLACES);
        (Mailbox(sender), MailboxReader(receiver))
    }

    pub(super) fn deliver(&self, delivery: Delivery) -> Delivered {
        use mpsc::error::TrySendError::{Closed, Full};
        match self.0.try_send(delivery) {
            Ok(()) => Delivered::Yes,
            Err(Closed(_)) => Delivered::Route,
            Err(Full(delivery)) if needs_no_place(delivery.incoming.request.method()) => Delivered::Route,
            Err(Full(_)) => Delivered::Full,
        }
    }
}

impl MailboxReader {
    /// Waits for the next request. Returns `None` once the dialog is over and all was read. The future may be
    /// dropped at any time.
    pub(crate) async fn next(&mut self) -> Option<Delivery> {
        self.0.recv().await
    }
}

/// Gives what the owner has left unread to the router. That is done by a task, for the owner may go while a
/// lane is locked.
impl Drop for MailboxReader {
    fn drop(&mut self) {
        self.0.close();
        while let Ok(delivery) = self.0.try_recv() {
            // Nobody waits for the answer to an ACK.
            let Some(exchange) = delivery.exchange.clone() else {
                continue;
            };
            let core = exchange.core.clone();
            exchange.core.spawn(async move {
                let request = core.delivered(&delivery);
                core.route_delivery(request, delivery);
            });
        }
    }
}

fn needs_no_place(method: &Method) -> bool {
    [Method::BYE, Method::ACK, Method::PRACK].contains(method)
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivery")
            .field("dialog", &self.dialog)
            .field("method", self.incoming.request.method())
            .finish_non_exhaustive()
    }
}
