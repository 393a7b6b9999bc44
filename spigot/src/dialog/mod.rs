//! A dialog in the hands of the application ([RFC 3261
//! §12](https://www.rfc-editor.org/rfc/rfc3261#section-12)).
//!
//! Invariant: a handle knows the key of its dialog and nothing of its state, so two handles of one dialog
//! cannot disagree.

mod in_dialog;

use std::fmt;
use std::sync::Arc;

pub use in_dialog::InDialog;

use crate::client::{Client, RequestBuilder};
use crate::endpoint::{Core, MailboxReader, ServerExchange};
use crate::proto::{DialogId, DialogKey};
use crate::router::{IntoReply, Reply, Request, TransactionError, method};
use crate::sip::header::ContentType;
use crate::sip::{Bytes, Method, ParseError};

/// A handle of a dialog, whichever side began it.
///
/// The caller has it from [`ClientTransaction::dialog`](crate::ClientTransaction::dialog), the callee from
/// [`Dialog::accept`]. The endpoint keeps tags, CSeq numbers, remote target, route set and credentials up to
/// date, so two handles of one dialog cannot disagree. The page [`dialogs`](crate::guide::dialogs) of the
/// guide has examples.
///
/// Dropping a handle ends nothing. The call goes on until somebody sends a BYE, and requests of the peer go
/// to the routes that say `in_dialog`.
pub struct Dialog {
    client: Client,
    lane: usize,
    key: DialogKey,
    id: DialogId,
    mailbox: Option<MailboxReader>,
    /// The place among [`Limits::calls`](crate::Limits::calls), if a handler has accepted the dialog.
    _place: Option<crate::endpoint::CallPlace>,
}

impl Dialog {
    pub(crate) fn new(
        core: Arc<Core>,
        lane: usize,
        key: DialogKey,
        id: DialogId,
        mailbox: Option<MailboxReader>,
    ) -> Self {
        Dialog {
            client: Client { core },
            lane,
            key,
            id,
            mailbox,
            _place: None,
        }
    }

    /// Answers a request with a 2xx, and gives the dialog that the 2xx makes. The handler goes on, and hears
    /// by [`next`](Self::next) what the peer sends.
    ///
    /// The request is answered when this returns. The deadline of the handler is over, and its reply is not
    /// sent. If the handler is dropped or panics, the call is hung up on.
    ///
    /// ```
    /// use spigot::{Dialog, Method, Request, StatusCode, TransactionError, sip_router};
    ///
    /// struct Desk;
    ///
    /// #[sip_router]
    /// impl Desk {
    ///     #[invite]
    ///     async fn answer(&self, request: Request) -> Result<StatusCode, TransactionError> {
    ///         let mut dialog = Dialog::accept(&request, StatusCode::OK)?;
    ///         while let Some(inside) = dialog.next().await {
    ///             println!("{}", inside.request().method()); // ACK, INFO, BYE
    ///         }
    ///         Ok(StatusCode::OK)
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`TransactionError::NoDialog`] if the reply is no 2xx or the request makes no dialog,
    /// [`TransactionError::Answered`] if the request is cancelled or answered,
    /// [`TransactionError::TooManyCalls`] at [`Limits::calls`](crate::Limits::calls), and
    /// [`TransactionError::Unwritable`].
    pub fn accept(request: &Request, reply: impl IntoReply<method::any>) -> Result<Dialog, TransactionError> {
        let transaction = request.transaction().ok_or(TransactionError::NoDialog)?;
        let exchange = transaction.server_side().downcast_ref::<ServerExchange>();
        let exchange = exchange.ok_or(TransactionError::NoDialog)?;
        let response = match reply.into_reply() {
            Reply::Response(response) | Reply::Stateless(response) => response,
            _ => return Err(TransactionError::NoDialog),
        };
        if !response.status().is_success() || !request.method().opens_dialog() || request.in_dialog() {
            return Err(TransactionError::NoDialog);
        }
        let accepted = exchange.accept(request, response)?;
        let core = exchange.core.clone();
        let mut dialog = Dialog::new(
            core,
            exchange.lane,
            accepted.dialog,
            accepted.id,
            Some(accepted.mailbox),
        );
        dialog._place = Some(accepted.place);
        Ok(dialog)
    }

    /// Returns the name of the dialog: the Call-ID and both tags.
    pub fn id(&self) -> &DialogId {
        &self.id
    }

    /// Begins a request inside the dialog: `dialog.request(Method::INFO).send().await`.
    ///
    /// The request takes its CSeq number when it leaves. The ACK is no such request, and is sent by
    /// [`acknowledge`](Self::acknowledge). In a dialog that has ended, the request fails with
    /// [`RequestError::DialogEnded`](crate::RequestError::DialogEnded).
    pub fn request(&self, method: Method) -> RequestBuilder {
        RequestBuilder::inside(self.client.clone(), self.lane, self.key, method)
    }

    /// Ends the session of the dialog by a BYE, and does not wait for the answer.
    ///
    /// The BYE of the callee leaves when the ACK of its 2xx has come ([RFC 3261
    /// §15](https://www.rfc-editor.org/rfc/rfc3261#section-15)). Returns `false` if the session is over
    /// already. An early dialog of the callee has no BYE either: its INVITE is answered instead.
    pub fn hang_up(&self) -> bool {
        self.client
            .core
            .step(self.lane, |state, now| state.shard.hang_up(now, &self.key))
    }

    /// Sends the ACK for the 2xx to the last INVITE of ours, which may have made the dialog or be one inside
    /// it.
    ///
    /// It is for INVITEs sent [`without_ack`](RequestBuilder::without_ack). Each further call sends the ACK
    /// once more, and the library does so by itself when the 2xx comes again ([RFC 3261
    /// §13.2.2.4](https://www.rfc-editor.org/rfc/rfc3261#section-13.2.2.4)). In a dialog without an INVITE of
    /// ours nothing is sent.
    pub fn acknowledge(&self) {
        self.acknowledge_by(None);
    }

    /// Sends the ACK for the 2xx to the last INVITE of ours with a body: the answer to an offer in the 2xx
    /// ([RFC 3261 §13.2.1](https://www.rfc-editor.org/rfc/rfc3261#section-13.2.1)).
    ///
    /// It is [`acknowledge`](Self::acknowledge) otherwise. An ACK that is sent once more keeps its first
    /// body.
    ///
    /// # Errors
    ///
    /// [`ParseError`] if `content_type` is not one, such as `application/sdp`. Nothing is sent then.
    pub fn acknowledge_with(&self, content_type: &str, body: impl Into<Bytes>) -> Result<(), ParseError> {
        content_type.parse::<ContentType>()?;
        self.acknowledge_by(Some((content_type, body.into())));
        Ok(())
    }

    fn acknowledge_by(&self, body: Option<(&str, Bytes)>) {
        self.client
            .core
            .step(self.lane, |state, _| state.shard.acknowledge(&self.key, body));
    }

    /// Waits for the next request of the peer inside the dialog, ACK and BYE included.
    ///
    /// Returns `None` once the dialog is over. A handle without a mailbox ([`RequestBuilder::with_mailbox`])
    /// returns `None` at once. The future may be dropped at any time: no request is lost.
    pub async fn next(&mut self) -> Option<InDialog> {
        let delivery = self.mailbox.as_mut()?.next().await?;
        Some(InDialog::new(self.client.core.clone(), delivery))
    }

    /// Waits until the endpoint begins to shut down, so that a call can end in its own words.
    ///
    /// A handler that goes on with a call has [`Limits::shutdown`](crate::Limits::shutdown) from then on.
    /// After that it is dropped, and the library hangs up.
    ///
    /// ```
    /// use spigot::{Dialog, Request, StatusCode, TransactionError};
    ///
    /// async fn call(request: Request) -> Result<StatusCode, TransactionError> {
    ///     let mut dialog = Dialog::accept(&request, StatusCode::OK)?;
    ///     let draining = dialog.draining();
    ///     tokio::select! {
    ///         inside = dialog.next() => drop(inside), // a real one answers it
    ///         () = draining => {
    ///             dialog.hang_up();
    ///         }
    ///     }
    ///     Ok(StatusCode::OK)
    /// }
    /// ```
    pub fn draining(&self) -> impl Future<Output = ()> + Send + use<> {
        self.client.core.draining()
    }

    /// Reports whether the dialog still exists, as far as this end knows.
    pub fn is_up(&self) -> bool {
        let core = &self.client.core;
        core.step(self.lane, |state, _| state.shard.knows_dialog(&self.key))
    }
}

impl fmt::Debug for Dialog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialog")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
