//! The requests of a test client, whose failures panic and show the ladder.

use std::future::Future;
use std::sync::Arc;

use super::complaint::Caller;
use super::ladder::Ladder;
use crate::IntoUri;
use crate::client::{ClientTransaction, RequestBuilder, RequestError};
use crate::dialog::{Dialog, InDialog};
use crate::sip::header::TypedHeader;
use crate::sip::{Bytes, Method, Request, Response, StatusCode};

/// A request that a test client is about to send: a [`RequestBuilder`] that panics where that one fails.
#[derive(Debug)]
#[must_use = "nothing is sent before `send` or `start`"]
pub struct TestRequest<'c> {
    ladder: &'c Ladder,
    builder: RequestBuilder,
}

impl<'c> TestRequest<'c> {
    pub(super) fn new(ladder: &'c Ladder, builder: RequestBuilder) -> Self {
        TestRequest { ladder, builder }
    }

    /// Sets To, where it is not the Request-URI.
    pub fn to(mut self, uri: impl IntoUri) -> Self {
        self.builder = self.builder.to(uri);
        self
    }

    /// Adds a header line, as [`RequestBuilder::header`] does.
    ///
    /// A header that may stand once takes the place of the one that is there. A Contact comes beside the one
    /// of [`register`](super::TestClient::register), which [`with`](Self::with) replaces. Via, Content-Length
    /// and what names a dialog cannot be set; [`send_raw`](super::TestClient::send_raw) is for those.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    /// Sets a typed header in the place of those of its name.
    pub fn with(mut self, header: impl TypedHeader) -> Self {
        self.builder = self.builder.with(header);
        self
    }

    /// Sets the body and its Content-Type.
    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.builder = self.builder.body(content_type, body);
        self
    }

    /// Answers a challenge with this name and password, as [`RequestBuilder::credentials`] does.
    ///
    /// It is answered by [`send`](Self::send), or while the response to what [`start`](Self::start) gave is
    /// waited for. A test that has something to do in between does both at once, by `tokio::join!`.
    pub fn credentials(mut self, username: &str, password: &str) -> Self {
        self.builder = self.builder.credentials(username, password);
        self
    }

    /// Sets From, where it is not the client's address of record.
    pub fn from(mut self, uri: impl IntoUri) -> Self {
        self.builder = self.builder.from(uri);
        self
    }

    /// Offers to keep the flow alive, as [`RequestBuilder::keep`] does.
    pub fn keep(mut self) -> Self {
        self.builder = self.builder.keep();
        self
    }

    /// Asks for requests of the dialog by its own flow, as [`RequestBuilder::outbound`] does.
    pub fn outbound(mut self) -> Self {
        self.builder = self.builder.outbound();
        self
    }

    /// Registers the flow, and sets the Contact for it, as [`RequestBuilder::register_flow`] does.
    pub fn register_flow(mut self, instance: &str, reg_id: u32) -> Self {
        self.builder = self.builder.register_flow(instance, reg_id);
        self
    }

    /// Gives what the server sends inside the dialog to its handle, as [`RequestBuilder::with_mailbox`].
    pub fn with_mailbox(mut self) -> Self {
        self.builder = self.builder.with_mailbox();
        self
    }

    /// Never acknowledges a 2xx to this INVITE.
    pub fn without_ack(mut self) -> Self {
        self.builder = self.builder.without_ack();
        self
    }

    /// Sends the request and waits for the final response. The call that an INVITE becomes is hung up on at
    /// once: [`start`](Self::start) is for calls.
    ///
    /// # Panics
    ///
    /// When none comes.
    #[track_caller]
    pub fn send(self) -> impl Future<Output = Response> + use<'c> {
        let caller = Caller::here();
        async move { self.start_for(caller).await.response_for(caller).await }
    }

    /// Sends the request and waits for the final response, or for why there is none.
    ///
    /// This is for tests that want the failure, such as that of a server which lets nobody in.
    ///
    /// # Errors
    ///
    /// [`RequestError`].
    pub async fn try_send(self) -> Result<Response, RequestError> {
        self.builder.send().await
    }

    /// Sends the request and gives the transaction.
    ///
    /// # Panics
    ///
    /// When it cannot be sent.
    #[track_caller]
    pub fn start(self) -> impl Future<Output = TestTransaction<'c>> + use<'c> {
        self.start_for(Caller::here())
    }

    async fn start_for(self, caller: Caller) -> TestTransaction<'c> {
        let TestRequest { ladder, builder } = self;
        match builder.start().await {
            Ok(transaction) => TestTransaction { ladder, transaction },
            Err(error) => caller.complain(error, ladder),
        }
    }
}

/// A request of a test client under way. The call that an INVITE has become is hung up on when this is dropped,
/// unless its [dialog](Self::dialog) was taken.
#[derive(Debug)]
pub struct TestTransaction<'c> {
    ladder: &'c Ladder,
    transaction: ClientTransaction,
}

impl<'c> TestTransaction<'c> {
    /// Waits for the next provisional response but 100, which must have this status.
    ///
    /// # Panics
    ///
    /// When another comes, or a final one.
    #[track_caller]
    pub fn expect_provisional(&mut self, status: StatusCode) -> impl Future<Output = Response> + use<'_, 'c> {
        let caller = Caller::here();
        async move {
            let other = loop {
                match self.transaction.provisional().await {
                    Some(response) if response.status() == status => return response,
                    Some(response) if response.status() == StatusCode::TRYING => {}
                    Some(response) => break response,
                    None => break self.response_for(caller).await,
                }
            };
            let other = other.status();
            caller.complain(format_args!("expected {status}, and {other} came"), self.ladder)
        }
    }

    /// Waits for the final response.
    ///
    /// # Panics
    ///
    /// When none comes.
    #[track_caller]
    pub fn response(&mut self) -> impl Future<Output = Response> + use<'_, 'c> {
        self.response_for(Caller::here())
    }

    async fn response_for(&mut self, caller: Caller) -> Response {
        match self.transaction.response().await {
            Ok(response) => response,
            Err(error) => caller.complain(error, self.ladder),
        }
    }

    /// Waits for the final response, or for why there is none. This is for tests that want the failure.
    ///
    /// # Errors
    ///
    /// [`RequestError`].
    pub async fn try_response(&mut self) -> Result<Response, RequestError> {
        self.transaction.response().await
    }

    /// Returns the request as it was sent last.
    pub fn request(&self) -> Arc<Request> {
        self.transaction.request()
    }

    /// Cancels the INVITE.
    pub fn cancel(&self) {
        self.transaction.cancel();
    }

    /// The dialog that `response` made.
    ///
    /// # Panics
    ///
    /// When the response made none.
    #[track_caller]
    pub fn dialog(&self, response: &Response) -> TestDialog<'c> {
        match self.transaction.dialog(response) {
            Ok(dialog) => TestDialog {
                ladder: self.ladder,
                dialog,
            },
            Err(error) => Caller::here().complain(error, self.ladder),
        }
    }
}

/// A dialog that a test client has opened.
#[derive(Debug)]
pub struct TestDialog<'c> {
    ladder: &'c Ladder,
    dialog: Dialog,
}

impl<'c> TestDialog<'c> {
    /// Makes a request inside the dialog.
    pub fn request(&self, method: Method) -> TestRequest<'c> {
        TestRequest {
            ladder: self.ladder,
            builder: self.dialog.request(method),
        }
    }

    /// Sends `BYE` and waits for its final response.
    ///
    /// # Panics
    ///
    /// When none comes.
    #[track_caller]
    pub fn bye(&self) -> impl Future<Output = Response> + use<'c> {
        self.request(Method::BYE).send()
    }

    /// Sends the ACK that [`TestRequest::without_ack`] held back.
    pub fn acknowledge(&self) {
        self.dialog.acknowledge();
    }

    /// Sends the ACK that [`TestRequest::without_ack`] held back with a body: the answer to an offer that
    /// came with the 2xx.
    ///
    /// # Panics
    ///
    /// When `content_type` is none.
    #[track_caller]
    pub fn acknowledge_with(&self, content_type: &str, body: impl Into<Bytes>) {
        if let Err(error) = self.dialog.acknowledge_with(content_type, body) {
            Caller::here().complain(error, self.ladder);
        }
    }

    /// Ends the session by a BYE, and waits for nothing.
    pub fn hang_up(&self) {
        self.dialog.hang_up();
    }

    /// Waits for the next request of the peer's inside the dialog; `None` once it is over. It is for dialogs
    /// that were begun [with a mailbox](TestRequest::with_mailbox).
    pub async fn next(&mut self) -> Option<InDialog> {
        self.dialog.next().await
    }

    /// Reports whether the dialog still is, as far as this end knows.
    pub fn is_up(&self) -> bool {
        self.dialog.is_up()
    }
}
