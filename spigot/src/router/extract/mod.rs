//! The arguments of handlers: the extractors, and the trait behind them.

mod body;
mod contacts;
mod extension;
mod header;
mod optional;
mod part;
mod path;
mod request;
mod transaction;
mod typed_body;

use std::future::Future;

use super::body_use::BodyUse;
use super::{IntoReply, Request, method};
use crate::proto::Role;

pub use body::{BadSdp, NotText};
pub use contacts::Contacts;
pub use extension::{Extension, NoExtension};
pub use header::{BadHeader, Header};
pub use optional::OptionalFromRequest;
pub use path::Path;
pub use transaction::NoTransaction;
pub use typed_body::{BadBody, TypedBody};

/// An argument that a handler of the method `M` of the agent `S` may take.
///
/// | extractor | gives | when it cannot be read |
/// |---|---|---|
/// | [`Request`] | the whole message | |
/// | [`Path`] | the captures of the pattern | the route does not match |
/// | [`Header<T>`](Header) | a typed header | 400 with a Warning that names it |
/// | [`Contacts`] | all values of Contact, `*` included | 400 with a Warning |
/// | [`Uri`](crate::Uri) | the Request-URI | |
/// | [`Bytes`](crate::Bytes), `String` | the body | 415 for a `String` that is not UTF-8 |
/// | [`Sdp`](crate::sip::Sdp) | the session description | 415, 400, or 488 where it is more than is taken |
/// | [`Body<T>`](crate::Body) | the body of the content type of a [`TypedBody`] | 415 or 400 |
/// | [`Source`](crate::Source) | where the request came from | |
/// | [`Transaction`](crate::Transaction) | provisional replies, cancellation | 500 where there is none; an `ack` handler cannot take it |
/// | [`Extension<T>`](Extension) | what a plug put beside the request | 500 |
/// | [`Client`](crate::Client) | to send requests | 500 where there is no endpoint |
/// | [`Proxy`](crate::Proxy) | to pass the request on; an `ack` or `cancel` handler cannot take it | 500 where there is no endpoint |
/// | `Option<T>` of [some](OptionalFromRequest) of these | the same, or `None` where it is missing | when it is there and malformed |
/// | `Result<T, T::Rejection>` | the same, or why it cannot be read | |
/// | `(A, B)` to sixteen | several as one | as the first of them that cannot be read |
///
/// `Sdp` and `Body<T>` find their part of a multipart body, too. A handler may have any number of arguments.
///
/// A type of the application's is one when it implements this:
///
/// ```
/// use spigot::{Agent, FromRequest, HeaderName, Request, StatusCode, sip_router};
///
/// struct UserAgent(String);
///
/// impl<S: Agent, M> FromRequest<S, M> for UserAgent {
///     type Rejection = StatusCode;
///
///     async fn from_request(request: &Request, _agent: &S) -> Result<Self, StatusCode> {
///         match request.headers().get(&HeaderName::USER_AGENT) {
///             Some(name) => Ok(UserAgent(name.to_owned())),
///             None => Err(StatusCode::FORBIDDEN),
///         }
///     }
/// }
///
/// struct Pbx;
///
/// #[sip_router]
/// impl Pbx {
///     #[register]
///     async fn register(&self, UserAgent(name): UserAgent) -> (StatusCode, String) {
///         (StatusCode::OK, format!("hello, {name}"))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of `{M}` handlers",
    label = "this is not an extractor",
    note = "a handler takes what can be read from the request: `Request`, `Path<T>`, `Header<T>`, `Contacts`, `Uri`, `Bytes`, `String`, `Sdp`, `Body<T>`, `Source`, `Transaction`, `Extension<T>`, `Client`, `Proxy`, an `Option`, `Result` or tuple of those, or a type of yours that implements `FromRequest`; all else, such as the method, is in `Request`, and a `Dialog` is made by `Dialog::accept(&request, ...)`",
    note = "if this is the type of a header, take `Header<{Self}>`; if it is what a capture of the pattern gives, take `Path<{Self}>`"
)]
pub trait FromRequest<S, M>: Sized {
    /// The answer when the argument cannot be read. The handler does not run then.
    type Rejection: IntoReply<method::any>;

    /// Says whose the requests of a handler are that takes this argument. Extractors of this library say
    /// otherwise where they make this element a proxy.
    #[doc(hidden)]
    const ROLE: Role = Role::Us;

    /// Says what this argument takes of the body. An extractor of an application may take all of it.
    #[doc(hidden)]
    const BODY: BodyUse = BodyUse::Whole;

    /// Reads the argument from the request. It may wait, for a database say.
    fn from_request(
        request: &Request,
        agent: &S,
    ) -> impl Future<Output = Result<Self, Self::Rejection>> + Send;
}
