//! A typed header as an argument, and beside a status as a part of an answer.

use std::ops::{Deref, DerefMut};

use super::FromRequest;
use crate::router::reply::push;
use crate::router::{Agent, IntoReply, Reply, Request};
use crate::sip::header::TypedHeader;
use crate::sip::{HeaderName, ParseError, Response, StatusCode};

/// A typed header: `Header<header::Expires>`, `Option<Header<header::Expires>>`.
///
/// As an argument it is the header of the request, the first value where a request may have several; one that
/// is missing or malformed answers 400 with a Warning that names it. Beside a status it is a header of the
/// answer.
///
/// ```
/// use spigot::{Header, StatusCode, header, sip_router};
///
/// struct Registrar;
///
/// #[sip_router]
/// impl Registrar {
///     #[register]
///     async fn register(
///         &self,
///         expires: Option<Header<header::Expires>>,
///     ) -> (StatusCode, Header<header::Expires>) {
///         let Header(expires) = expires.unwrap_or(Header(header::Expires::new(3600)));
///         (StatusCode::OK, Header(expires))
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<T>(pub T);

impl<T> Deref for Header<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Header<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

/// A header that a handler takes is not there, or cannot be read. Answered 400 with a Warning.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct BadHeader {
    name: HeaderName,
    #[source]
    error: Option<ParseError>,
}

impl BadHeader {
    /// The header's name.
    pub fn name(&self) -> &HeaderName {
        &self.name
    }

    /// Whether it is not there at all.
    pub fn is_missing(&self) -> bool {
        self.error.is_none()
    }

    fn sentence(&self) -> String {
        let name = self.name.as_str();
        match &self.error {
            None => format!("{name} is missing"),
            Some(error) => format!("{name} cannot be read: expected {}", error.expected()),
        }
    }
}

impl<M> IntoReply<M> for BadHeader {
    /// 399 is a "miscellaneous warning" (RFC 3261 §20.43).
    fn into_reply(self) -> Reply {
        let mut response = Response::new(StatusCode::BAD_REQUEST);
        let text = self.sentence().replace(['"', '\\'], "'");
        push(
            &mut response,
            HeaderName::WARNING,
            &format!("399 spigot \"{text}\""),
        );
        Reply::Response(response)
    }
}

fn read<T: TypedHeader>(request: &Request) -> Result<Option<T>, BadHeader> {
    request.headers().typed::<T>().map_err(|error| BadHeader {
        name: T::NAME,
        error: Some(error),
    })
}

impl<S: Agent, M, T: TypedHeader + Send> FromRequest<S, M> for Header<T> {
    type Rejection = BadHeader;

    async fn from_request(request: &Request, _: &S) -> Result<Self, BadHeader> {
        match read(request)? {
            Some(header) => Ok(Header(header)),
            None => Err(BadHeader {
                name: T::NAME,
                error: None,
            }),
        }
    }
}

impl<S: Agent, M, T: TypedHeader + Send> FromRequest<S, M> for Option<Header<T>> {
    type Rejection = BadHeader;

    async fn from_request(request: &Request, _: &S) -> Result<Self, BadHeader> {
        Ok(read(request)?.map(Header))
    }
}
