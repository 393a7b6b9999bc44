//! A request on its way to a handler: the message and what the library knows about it.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::{RouterId, Source, Transaction};
use crate::proto::Role;
use crate::sip;

/// A request as a handler sees it: the message, where it came from, and its transaction.
///
/// It dereferences to the parsed message ([`sip::Request`]), so `request.method()`, `request.uri()`,
/// `request.headers()` and `request.body()` are at hand. Cloning it copies no part of the message.
///
/// A message alone is a [`sip::Request`]: that is what a client sends, and what [`Request::new`] takes.
#[derive(Clone)]
pub struct Request {
    message: Arc<sip::Request>,
    source: Source,
    transaction: Option<Transaction>,
    /// The router that took the request which opened the dialog of this one; `None` outside of dialogs.
    dialog: Option<RouterId>,
    /// Whose the request is, as the route says that takes it.
    role: Role,
    /// The content types that the arguments of the handler take; `None` where one may take the whole body.
    body_types: Option<Arc<[&'static str]>>,
    extensions: Option<Arc<Extension>>,
}

/// One value that was added on the way, and those added before it.
///
/// Lists share their tails, so that a clone of the request from before an addition does not see it.
struct Extension {
    value: Box<dyn Any + Send + Sync>,
    before: Option<Arc<Extension>>,
}

/// The extension that every request of an endpoint has from the start.
#[derive(Clone)]
pub(crate) struct EndpointExtension(Arc<Extension>);

impl EndpointExtension {
    /// Makes it of a value, which handlers and plugs find by [`Request::extension`].
    pub(crate) fn new<T: Send + Sync + 'static>(value: T) -> EndpointExtension {
        EndpointExtension(Arc::new(Extension {
            value: Box::new(value),
            before: None,
        }))
    }
}

impl Request {
    /// Makes a request for a [`Router`](super::Router) that is asked without an endpoint, in a test say.
    ///
    /// It is outside of any dialog, and it has no transaction.
    pub fn new(message: impl Into<Arc<sip::Request>>, source: Source) -> Request {
        Request {
            message: message.into(),
            source,
            transaction: None,
            dialog: None,
            role: Role::Us,
            body_types: None,
            extensions: None,
        }
    }

    /// Puts this request inside a dialog, as an endpoint does where it knows the dialog that the To tag
    /// names.
    #[must_use]
    pub fn inside_dialog(self) -> Request {
        self.inside_dialog_of(RouterId::default())
    }

    /// Puts this request inside a dialog that was opened by a request to that router.
    #[must_use]
    pub(crate) fn inside_dialog_of(mut self, router: RouterId) -> Request {
        self.dialog = Some(router);
        self
    }

    /// Says whose this request is.
    #[must_use]
    pub(crate) fn with_role(mut self, role: Role) -> Request {
        self.role = role;
        self
    }

    /// Says which content types the arguments of the handler take, where none of them takes the whole body.
    #[must_use]
    pub(super) fn with_body_types(mut self, types: Option<&Arc<[&'static str]>>) -> Request {
        self.body_types = types.cloned();
        self
    }

    /// Says which transaction this request opened.
    #[must_use]
    pub(crate) fn with_transaction(mut self, transaction: Transaction) -> Request {
        self.transaction = Some(transaction);
        self
    }

    /// Puts the extension of the endpoint beside this request, before any other.
    #[must_use]
    pub(crate) fn with_endpoint(mut self, extension: &EndpointExtension) -> Request {
        self.extensions = Some(extension.0.clone());
        self
    }

    /// Returns where the request came from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Returns the transaction that the request opened; `None` for ACK, which opens none.
    pub fn transaction(&self) -> Option<&Transaction> {
        self.transaction.as_ref()
    }

    /// Says whether the request is inside a dialog that exists (RFC 3261 §12.2).
    pub fn in_dialog(&self) -> bool {
        self.dialog.is_some()
    }

    /// Says whose the request is. Before a route has taken it, it is the user agent's.
    pub(crate) fn role(&self) -> Role {
        self.role
    }

    /// Returns the content types that the arguments of the handler take; `None` where one of them may take
    /// the whole body.
    pub(super) fn body_types(&self) -> Option<&[&'static str]> {
        self.body_types.as_deref()
    }

    /// Returns the router that took the request which opened this dialog; `None` outside of dialogs.
    pub(super) fn dialog(&self) -> Option<RouterId> {
        self.dialog
    }

    /// Returns the message itself, shared.
    pub fn message(&self) -> &Arc<sip::Request> {
        &self.message
    }

    /// Finds the value of this type that was put beside the request last, by [`with`](Request::with).
    pub fn extension<T: Send + Sync + 'static>(&self) -> Option<&T> {
        let mut next = self.extensions.as_deref();
        while let Some(extension) = next {
            if let Some(value) = extension.value.downcast_ref() {
                return Some(value);
            }
            next = extension.before.as_deref();
        }
        None
    }

    /// Puts a value of the application's beside the request, where it is found by its type.
    pub fn with<T: Send + Sync + 'static>(mut self, value: T) -> Request {
        let before = self.extensions.take();
        self.extensions = Some(Arc::new(Extension {
            value: Box::new(value),
            before,
        }));
        self
    }
}

impl Deref for Request {
    type Target = sip::Request;

    fn deref(&self) -> &sip::Request {
        &self.message
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("message", &self.message)
            .field("source", &self.source)
            .field("in_dialog", &self.in_dialog())
            .finish_non_exhaustive()
    }
}
