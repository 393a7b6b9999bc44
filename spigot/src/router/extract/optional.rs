//! Arguments that may be missing, that say why they are, and several as one.

use std::convert::Infallible;
use std::future::Future;

use super::{Contacts, FromRequest};
use crate::proto::Role;
use crate::router::body_use::BodyUse;
use crate::router::{Agent, IntoReply, Reply, Request, Source, method};
use crate::sip::{Bytes, Uri};

/// An argument that may be missing, and is taken as `Option<Self>`.
///
/// Missing is not the same as malformed: a header that is there and cannot be read is refused all the same.
/// [`Header`](super::Header), [`Sdp`](crate::sip::Sdp), [`Body`](crate::Body),
/// [`Extension`](super::Extension) and [`Transaction`](crate::Transaction) can be.
#[diagnostic::on_unimplemented(
    message = "`Option<{Self}>` cannot be an argument of `{M}` handlers",
    label = "nothing says what it means that this is missing",
    note = "what may be missing is an `Option<Header<T>>`, `Option<Sdp>`, `Option<Body<T>>`, `Option<Extension<T>>`, `Option<Transaction>` or `Option<Outbound>`, or of a type of yours that implements `OptionalFromRequest`",
    note = "if this is the type of a header, take `Option<Header<{Self}>>`; if it is an extractor, `Result<{Self}, _>` says why it cannot be read"
)]
pub trait OptionalFromRequest<S, M>: Sized {
    /// The answer when the argument is there and cannot be read.
    type Rejection: IntoReply<method::any>;

    /// Says what this argument takes of the body. An extractor of an application may take all of it.
    #[doc(hidden)]
    const BODY: BodyUse = BodyUse::Whole;

    /// Reads the argument from the request; `None` if there is none.
    fn from_request_if_there(
        request: &Request,
        agent: &S,
    ) -> impl Future<Output = Result<Option<Self>, Self::Rejection>> + Send;
}

impl<S: Agent, M, T: OptionalFromRequest<S, M>> FromRequest<S, M> for Option<T> {
    type Rejection = T::Rejection;

    const BODY: BodyUse = T::BODY;

    async fn from_request(request: &Request, agent: &S) -> Result<Self, T::Rejection> {
        T::from_request_if_there(request, agent).await
    }
}

macro_rules! never_missing {
    ($($type:ty),*) => {$(
        // For the compiler's sake, which can then say why this is no `Option`.
        #[doc(hidden)]
        impl<S: Agent, M: method::Lacks<$type>> OptionalFromRequest<S, M> for $type {
            type Rejection = <$type as FromRequest<S, M>>::Rejection;

            async fn from_request_if_there(request: &Request, agent: &S) -> Result<Option<Self>, Self::Rejection> {
                <Self as FromRequest<S, M>>::from_request(request, agent).await.map(Some)
            }
        }
    )*};
}

never_missing!(Request, Uri, Source, Contacts, Bytes, String);

/// An argument, or why it cannot be read: the handler decides what is answered then.
///
/// ```
/// use spigot::router::extract::BadHeader;
/// use spigot::{Header, StatusCode, header, sip_router};
///
/// struct Forgiving;
///
/// #[sip_router]
/// impl Forgiving {
///     #[register]
///     async fn register(&self, expires: Result<Header<header::Expires>, BadHeader>) -> (StatusCode, String) {
///         match expires {
///             Ok(Header(expires)) => (StatusCode::OK, expires.to_string()),
///             Err(why) => (StatusCode::OK, why.to_string()),
///         }
///     }
/// }
/// ```
impl<S: Agent, M, T: FromRequest<S, M>> FromRequest<S, M> for Result<T, T::Rejection> {
    type Rejection = Infallible;

    const ROLE: Role = T::ROLE;

    const BODY: BodyUse = T::BODY;

    async fn from_request(request: &Request, agent: &S) -> Result<Self, Infallible> {
        Ok(T::from_request(request, agent).await)
    }
}

/// Several arguments as one are read in their order, and the first that cannot be read answers.
macro_rules! tuples {
    ($($name:ident)*) => {
        impl<S: Agent, M, $($name: FromRequest<S, M> + Send),*> FromRequest<S, M> for ($($name,)*) {
            type Rejection = Reply;

            const ROLE: Role = Role::Us$(.and($name::ROLE))*;

            const BODY: BodyUse = BodyUse::All(&[$($name::BODY),*]);

            async fn from_request(request: &Request, agent: &S) -> Result<Self, Reply> {
                Ok(($($name::from_request(request, agent).await.map_err(IntoReply::into_reply)?,)*))
            }
        }
    };
}

tuples!(A);
tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
tuples!(A B C D E);
tuples!(A B C D E F);
tuples!(A B C D E F G);
tuples!(A B C D E F G H);
tuples!(A B C D E F G H I);
tuples!(A B C D E F G H I J);
tuples!(A B C D E F G H I J K);
tuples!(A B C D E F G H I J K L);
tuples!(A B C D E F G H I J K L N);
tuples!(A B C D E F G H I J K L N O);
tuples!(A B C D E F G H I J K L N O P);
tuples!(A B C D E F G H I J K L N O P Q);
