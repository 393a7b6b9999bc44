//! A body of one content type as an argument: the whole body, or a part of a multipart body.

use std::error::Error;

use super::part::{self, Found, NotTaken};
use super::{FromRequest, OptionalFromRequest};
use crate::router::body_use::{BodyUse, media_type};
use crate::router::{Agent, Body, IntoReply, Reply, Request, fallback};
use crate::sip::{ParseError, Part, StatusCode};

/// A type that handlers take from a body by [`Body<T>`](Body).
///
/// The body is that of the request, or a part of it where it is multipart. Of several parts of the type it is
/// the first one, and of alternatives the last one
/// ([RFC 5621 §6.1](https://www.rfc-editor.org/rfc/rfc5621#section-6.1)).
///
/// ```
/// use std::str::Utf8Error;
///
/// use spigot::sip::{Part, Sdp};
/// use spigot::{Body, StatusCode, TypedBody, sip_router};
///
/// /// Where the caller is: a document of RFC 4119.
/// struct Location(String);
///
/// impl TypedBody for Location {
///     const CONTENT_TYPE: &'static str = "application/pidf+xml";
///     type Error = Utf8Error;
///
///     fn parse(part: &Part) -> Result<Location, Utf8Error> {
///         Ok(Location(std::str::from_utf8(part.body())?.to_owned()))
///     }
/// }
///
/// struct Dispatcher;
///
/// #[sip_router]
/// impl Dispatcher {
///     /// An emergency call, which may say where it comes from (RFC 6442).
///     #[invite("urn:service:sos")]
///     async fn emergency(&self, session: Sdp, location: Option<Body<Location>>) -> StatusCode {
///         println!("a call with {} media", session.media().len());
///         if let Some(Body(Location(document))) = location {
///             println!("from {document}");
///         }
///         StatusCode::BUSY_HERE
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a typed body",
    label = "this cannot be read from a body",
    note = "implement `TypedBody` for a type of your own, or take the body as `String`, `Bytes` or `Sdp`, without `Body<...>`"
)]
pub trait TypedBody: Sized {
    /// The content type as `type/subtype`, without parameters.
    const CONTENT_TYPE: &'static str;

    /// What is wrong with a body that cannot be read.
    type Error: Error + Send + Sync + 'static;

    /// Reads the body, which is of the content type. Its headers are those of the part or of the message.
    ///
    /// # Errors
    ///
    /// What is wrong with it. The request is answered 400, and the error is the text of its Warning.
    fn parse(part: &Part) -> Result<Self, Self::Error>;
}

/// The body has no part that a [`Body`] can be read from, or one that has to be understood and is not.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum BadBody {
    /// There is no body of the type. Answered 400 with a Warning.
    #[error("the request has no `{content_type}`")]
    Missing {
        /// The type of what is missing.
        content_type: &'static str,
    },
    /// The body is of another type, or has a part of another type that must be understood. Answered 415 with
    /// Accept.
    #[error("the body has to be `{accept}`")]
    OtherType {
        /// The types that the arguments of the handler take.
        accept: String,
    },
    /// The multipart body cannot be split into its parts. Answered 400 with a Warning.
    #[error("the multipart body cannot be read: expected {}", .0.expected())]
    Multipart(#[source] ParseError),
    /// The body is of the type and cannot be read. Answered 400 with a Warning.
    #[error("the `{content_type}` cannot be read: {source}")]
    Unreadable {
        /// The type of what cannot be read.
        content_type: &'static str,
        /// What is wrong with it.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl<M> IntoReply<M> for BadBody {
    fn into_reply(self) -> Reply {
        match self {
            BadBody::OtherType { accept } => fallback::unsupported_media_type(&accept),
            BadBody::Missing { .. } | BadBody::Multipart(_) | BadBody::Unreadable { .. } => {
                fallback::warned(StatusCode::BAD_REQUEST, &self.to_string())
            }
        }
    }
}

impl From<NotTaken> for BadBody {
    fn from(not_taken: NotTaken) -> Self {
        match not_taken {
            NotTaken::OtherType(accept) => BadBody::OtherType { accept },
            NotTaken::Unreadable(error) => BadBody::Multipart(error),
        }
    }
}

impl<T: TypedBody> Body<T> {
    const USE: BodyUse = BodyUse::Part(media_type(T::CONTENT_TYPE));

    fn read(request: &Request) -> Result<Option<Self>, BadBody> {
        let content_type = T::CONTENT_TYPE;
        let part = match part::find(request, content_type, None)? {
            None => return Ok(None),
            Some(Found::Whole) => Part::of_message(request.headers(), request.body()),
            Some(Found::Part(part)) => *part,
        };
        match T::parse(&part) {
            Ok(value) => Ok(Some(Body(value))),
            Err(source) => Err(BadBody::Unreadable {
                content_type,
                source: source.into(),
            }),
        }
    }
}

impl<S: Agent, M, T: TypedBody + Send> FromRequest<S, M> for Body<T> {
    type Rejection = BadBody;

    const BODY: BodyUse = Self::USE;

    async fn from_request(request: &Request, _: &S) -> Result<Self, BadBody> {
        let content_type = T::CONTENT_TYPE;
        Self::read(request)?.ok_or(BadBody::Missing { content_type })
    }
}

impl<S: Agent, M, T: TypedBody + Send> OptionalFromRequest<S, M> for Body<T> {
    type Rejection = BadBody;

    const BODY: BodyUse = Self::USE;

    async fn from_request_if_there(request: &Request, _: &S) -> Result<Option<Self>, BadBody> {
        Self::read(request)
    }
}
