//! A bound on bodies.

use super::{Next, Plug};
use crate::router::{Reply, Request};
use crate::sip::StatusCode;

/// Refuses bodies of more than so many octets with 413
/// ([RFC 3261 §21.4.11](https://www.rfc-editor.org/rfc/rfc3261#section-21.4.11)).
///
/// What a message may have at all is bounded by [`Limits`](crate::Limits); this is for routes that want less.
/// Requests inside dialogs do not pass it, unless their route names it with `#[through]`.
///
/// ```
/// use spigot::plug::LimitBody;
/// use spigot::{Bytes, StatusCode, sip_router};
///
/// struct Presence;
///
/// #[sip_router]
/// impl Presence {
///     #[publish]
///     #[through(LimitBody::new(4096))]
///     async fn publish(&self, body: Bytes) -> StatusCode {
///         assert!(body.len() <= 4096);
///         StatusCode::OK
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LimitBody {
    most: usize,
}

impl LimitBody {
    /// Allows bodies of so many octets at most.
    pub const fn new(most: usize) -> LimitBody {
        LimitBody { most }
    }
}

impl Plug for LimitBody {
    async fn call(&self, request: Request, next: Next<'_>) -> Reply {
        if request.body().len() > self.most {
            return StatusCode::REQUEST_ENTITY_TOO_LARGE.into();
        }
        next.run(request).await
    }
}
