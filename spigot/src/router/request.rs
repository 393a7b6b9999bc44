//! A request on its way to a handler: the message and what the library knows about it.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::{Home, Source, Transaction};
use crate::sip;

/// A request as a handler sees it: the message, where it came from, and its transaction.
///
/// It dereferences to the parsed message ([`sip::Request`]), so `request.method()`, `request.uri()`,
/// `request.headers()` and `request.body()` are at hand. Cloning it copies no part of the message.
#[derive(Clone)]
pub struct Request {
    message: Arc<sip::Request>,
    source: Source,
    transaction: Option<Transaction>,
    in_dialog: bool,
    home: Home,
    extensions: Option<Arc<Extension>>,
}

/// One value that was added on the way, and those added before it. Lists share their tails, so that a clone
/// of the request from before an addition does not see it.
struct Extension {
    value: Box<dyn Any + Send + Sync>,
    before: Option<Arc<Extension>>,
}

/// What is beside every request of an endpoint.
#[derive(Clone)]
pub(crate) struct Ground(Arc<Extension>);

impl Ground {
    /// One value, found as an [extension](Request::extension) is.
    pub(crate) fn new<T: Send + Sync + 'static>(value: T) -> Ground {
        Ground(Arc::new(Extension {
            value: Box::new(value),
            before: None,
        }))
    }
}

impl Request {
    /// A request for a [`Router`](super::Router). `in_dialog` says that its To tag names a dialog that is
    /// known; `transaction` is `None` for ACK and wherever nothing keeps state.
    pub fn new(
        message: Arc<sip::Request>,
        source: Source,
        transaction: Option<Transaction>,
        in_dialog: bool,
    ) -> Request {
        Request {
            message,
            source,
            transaction,
            in_dialog,
            home: Home::default(),
            extensions: None,
        }
    }

    /// Where the request came from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The transaction it opened; `None` for ACK, which opens none.
    pub fn transaction(&self) -> Option<&Transaction> {
        self.transaction.as_ref()
    }

    /// Whether it belongs to a dialog that exists (RFC 3261 §12.2).
    pub fn in_dialog(&self) -> bool {
        self.in_dialog
    }

    /// Where the request that opened the dialog of this one went.
    pub(super) fn home(&self) -> Home {
        self.home
    }

    /// This request inside a dialog that was opened by one that went to that [home](super::Router::home).
    #[must_use]
    pub fn at(mut self, home: Home) -> Request {
        self.home = home;
        self
    }

    /// The message itself, shared.
    pub fn message(&self) -> &Arc<sip::Request> {
        &self.message
    }

    /// The value of this type that was put here last by [`with`](Request::with).
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

    /// This request, before anything was put beside it, on that ground.
    pub(crate) fn on(mut self, ground: &Ground) -> Request {
        self.extensions = Some(ground.0.clone());
        self
    }

    /// This request with a value of the application's beside it, found again by its type.
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
            .field("in_dialog", &self.in_dialog)
            .finish_non_exhaustive()
    }
}
