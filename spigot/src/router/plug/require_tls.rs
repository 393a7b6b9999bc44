//! Encrypted hops only.

use super::{Next, Plug};
use crate::router::{Reply, Request};
use crate::sip::StatusCode;

/// Refuses with 403 what did not come over an encrypted hop: TLS or WSS.
///
/// It knows the last hop alone. That all of them are encrypted is what a `sips:` URI asks for ([RFC 3261
/// §26.2.2](https://www.rfc-editor.org/rfc/rfc3261#section-26.2.2)). Requests inside dialogs do not pass it.
///
/// ```
/// use spigot::plug::RequireTls;
/// use spigot::{StatusCode, sip_router};
///
/// struct Registrar;
///
/// #[sip_router(plugs(RequireTls))]
/// impl Registrar {
///     #[register]
///     async fn register(&self) -> StatusCode {
///         StatusCode::OK
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct RequireTls;

impl Plug for RequireTls {
    async fn call(&self, request: Request, next: Next<'_>) -> Reply {
        if !request.source().transport.is_secure() {
            return StatusCode::FORBIDDEN.into();
        }
        next.run(request).await
    }
}
