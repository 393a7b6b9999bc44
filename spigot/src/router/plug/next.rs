//! What comes after a plug.
//!
//! Invariant: the rest of a pipeline is a part of the one future of its request. Nothing is allocated for a
//! plug, and the rest is not begun before the plug asks for it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use crate::router::{Reply, Request};

/// The rest of a pipeline: the plugs that come after this one, and the handler.
///
/// A plug that drops it has halted the request: nothing after it runs, and what the plug returns is the
/// answer.
pub struct Next<'n> {
    request: &'n NextRequest,
    rest: Pin<&'n mut (dyn Future<Output = Reply> + Send + 'n)>,
}

/// The request that a plug hands on, until what comes after the plug takes it.
#[derive(Debug, Default)]
pub struct NextRequest(Mutex<Option<Request>>);

impl<'n> Next<'n> {
    /// Makes the rest that takes its request from `request`. `#[sip_router]` writes this.
    #[doc(hidden)]
    pub fn new(
        request: &'n NextRequest,
        rest: Pin<&'n mut (dyn Future<Output = Reply> + Send + 'n)>,
    ) -> Next<'n> {
        Next { request, rest }
    }

    /// Hands the request on, and gives what was answered.
    pub async fn run(self, request: Request) -> Reply {
        self.request.put(request);
        self.rest.await
    }
}

impl NextRequest {
    /// Makes one that holds no request yet.
    #[doc(hidden)]
    pub fn new() -> NextRequest {
        NextRequest::default()
    }

    fn put(&self, request: Request) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(request);
    }

    /// Takes the request. It is there whenever the rest is polled.
    #[doc(hidden)]
    pub fn take(&self) -> Option<Request> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").finish_non_exhaustive()
    }
}
