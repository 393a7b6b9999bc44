//! A typed header as an argument, and beside a status as a part of an answer.

use std::ops::{Deref, DerefMut};

use super::{FromRequest, OptionalFromRequest};
use crate::router::body_use::BodyUse;
use crate::router::{Agent, IntoReply, Reply, Request, fallback};
use crate::sip::header::TypedHeader;
use crate::sip::{HeaderName, ParseError, StatusCode};

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
    /// What is wrong with one that can be read.
    wrong: Option<&'static str>,
}

impl BadHeader {
    /// Returns the name of the header.
    pub fn name(&self) -> &HeaderName {
        &self.name
    }

    /// Says whether the header is not there at all.
    pub fn is_missing(&self) -> bool {
        self.error.is_none() && self.wrong.is_none()
    }

    fn missing(name: HeaderName) -> BadHeader {
        BadHeader {
            name,
            error: None,
            wrong: None,
        }
    }

    pub(crate) fn unreadable(name: HeaderName, error: ParseError) -> BadHeader {
        BadHeader {
            name,
            error: Some(error),
            wrong: None,
        }
    }

    /// Makes the error of a header that can be read and is wrong even so.
    pub(crate) fn wrong(name: HeaderName, what: &'static str) -> BadHeader {
        BadHeader {
            name,
            error: None,
            wrong: Some(what),
        }
    }

    fn sentence(&self) -> String {
        let name = self.name.as_str();
        match (&self.error, self.wrong) {
            (Some(error), _) => format!("{name} cannot be read: expected {}", error.expected()),
            (None, Some(what)) => format!("{name} is wrong: {what}"),
            (None, None) => format!("{name} is missing"),
        }
    }
}

impl<M> IntoReply<M> for BadHeader {
    fn into_reply(self) -> Reply {
        fallback::warned(StatusCode::BAD_REQUEST, &self.sentence())
    }
}

fn read<T: TypedHeader>(request: &Request) -> Result<Option<T>, BadHeader> {
    request
        .headers()
        .typed::<T>()
        .map_err(|error| BadHeader::unreadable(T::NAME, error))
}

impl<S: Agent, M, T: TypedHeader + Send> FromRequest<S, M> for Header<T> {
    type Rejection = BadHeader;

    const BODY: BodyUse = BodyUse::Nothing;

    async fn from_request(request: &Request, _: &S) -> Result<Self, BadHeader> {
        match read(request)? {
            Some(header) => Ok(Header(header)),
            None => Err(BadHeader::missing(T::NAME)),
        }
    }
}

impl<S: Agent, M, T: TypedHeader + Send> OptionalFromRequest<S, M> for Header<T> {
    type Rejection = BadHeader;

    const BODY: BodyUse = BodyUse::Nothing;

    async fn from_request_if_there(request: &Request, _: &S) -> Result<Option<Self>, BadHeader> {
        Ok(read(request)?.map(Header))
    }
}
