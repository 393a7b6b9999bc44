//! A deadline for what comes after it.

use std::time::Duration;

use super::{Next, Plug};
use crate::router::{Reply, Request};
use crate::sip::{Method, StatusCode};

/// Gives up what comes after it when it takes too long: 408 for an INVITE, 500 for anything else, as the
/// library does at [`Limits::handler`](crate::Limits::handler) and
/// [`Limits::ringing`](crate::Limits::ringing). The rest is dropped where it waits. Requests inside dialogs
/// do not pass it, unless their route names it with `#[through]`: a 408 in answer to one ends the dialog
/// ([RFC 3261 §12.2.1.2](https://www.rfc-editor.org/rfc/rfc3261#section-12.2.1.2)).
///
/// ```
/// use std::time::Duration;
/// use spigot::plug::Timeout;
/// use spigot::{StatusCode, sip_router};
///
/// struct Directory;
///
/// #[sip_router]
/// impl Directory {
///     #[message]
///     #[through(Timeout::new(Duration::from_secs(2)))]
///     async fn look_up(&self) -> StatusCode {
///         // A database that may be slow.
///         StatusCode::OK
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Timeout {
    after: Duration,
}

impl Timeout {
    /// Makes the plug, which gives up after that time.
    pub const fn new(after: Duration) -> Timeout {
        Timeout { after }
    }
}

impl Plug for Timeout {
    async fn call(&self, request: Request, next: Next<'_>) -> Reply {
        let status = match *request.method() {
            Method::INVITE => StatusCode::REQUEST_TIMEOUT,
            _ => StatusCode::SERVER_INTERNAL_ERROR,
        };
        match tokio::time::timeout(self.after, next.run(request)).await {
            Ok(reply) => reply,
            Err(_) => status.into(),
        }
    }
}
