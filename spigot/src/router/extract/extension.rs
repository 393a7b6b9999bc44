//! Values that a plug put beside the request.

use std::any::type_name;
use std::marker::PhantomData;
use std::ops::Deref;

use super::{FromRequest, OptionalFromRequest};
use crate::router::body_use::BodyUse;
use crate::router::{Agent, IntoReply, Reply, Request, method};
use crate::sip::StatusCode;

/// A value that a plug put beside the request by [`Request::with`], found by its type: `Extension(user):
/// Extension<User>`.
///
/// If there is none, no plug on this route puts it there, which is the application's mistake: 500, and the
/// log says which type is missing. `Option<Extension<T>>` is for what may be there. Requests inside dialogs
/// do not pass [most plugs](crate::plug#dialogs).
///
/// ```
/// use spigot::plug::Next;
/// use spigot::{Extension, Reply, Request, StatusCode, sip_router};
///
/// #[derive(Clone)]
/// struct Tenant(String);
///
/// struct Pbx;
///
/// #[sip_router]
/// impl Pbx {
///     #[plug]
///     async fn tenant(&self, request: Request, next: Next<'_>) -> Reply {
///         let tenant = Tenant(request.uri().host().unwrap_or_default().to_owned());
///         next.run(request.with(tenant)).await
///     }
///
///     #[message]
///     async fn text(&self, Extension(tenant): Extension<Tenant>) -> (StatusCode, String) {
///         (StatusCode::OK, tenant.0)
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<T>(pub T);

impl<T> Deref for Extension<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// No plug on the route puts a `T` beside the request. Answered 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no plug on this route puts a `{}` beside the request", type_name::<T>())]
pub struct NoExtension<T>(PhantomData<fn() -> T>);

impl<M, T> IntoReply<M> for NoExtension<T> {
    fn into_reply(self) -> Reply {
        tracing::error!(
            extension = type_name::<T>(),
            "no plug on this route puts it beside the request: 500"
        );
        StatusCode::SERVER_INTERNAL_ERROR.into()
    }
}

impl<S: Agent, M: method::Plugged, T: Clone + Send + Sync + 'static> FromRequest<S, M> for Extension<T> {
    type Rejection = NoExtension<T>;

    const BODY: BodyUse = BodyUse::Nothing;

    async fn from_request(request: &Request, _: &S) -> Result<Self, NoExtension<T>> {
        match request.extension::<T>() {
            Some(value) => Ok(Extension(value.clone())),
            None => Err(NoExtension(PhantomData)),
        }
    }
}

impl<S: Agent, M: method::Plugged, T: Clone + Send + Sync + 'static> OptionalFromRequest<S, M>
    for Extension<T>
{
    type Rejection = std::convert::Infallible;

    const BODY: BodyUse = BodyUse::Nothing;

    async fn from_request_if_there(request: &Request, _: &S) -> Result<Option<Self>, Self::Rejection> {
        Ok(request.extension::<T>().cloned().map(Extension))
    }
}
