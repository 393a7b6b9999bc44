//! A name for each request, for the logs of all that have to do with it.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Next, Plug};
use crate::router::{Reply, ReplyPart, Request};
use crate::sip::{HeaderName, ParseError, Response};

/// Gives each request a name: the one that it brings in a header (`X-Request-ID`), or one of its own. What
/// comes after it finds the [`Id`] as an [`Extension`](crate::Extension), the span of the request has it as
/// `request_id`, and the response brings it back in the same header.
///
/// A name that a request brings is taken if it has 8 to 128 octets, all of them letters, digits or `-._~`, so
/// that nobody writes into the logs what looks like something else. Who must not choose one is behind
/// [`always_own`](RequestId::always_own). Requests inside dialogs pass it too.
///
/// ```
/// use spigot::plug::{Id, RequestId};
/// use spigot::{Extension, StatusCode, sip_router};
///
/// struct Pbx;
///
/// #[sip_router(plugs(RequestId::new()))]
/// impl Pbx {
///     #[message]
///     async fn text(&self, Extension(id): Extension<Id>) -> (StatusCode, String) {
///         (StatusCode::OK, format!("this is request {id}"))
///     }
/// }
/// ```
pub struct RequestId {
    header: HeaderName,
    takes: bool,
    hashers: [RandomState; 2],
    serial: AtomicU64,
}

/// The name of a request. Cloning shares it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Id(Arc<str>);

impl Id {
    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl RequestId {
    /// Names requests in the header `X-Request-ID`.
    pub fn new() -> RequestId {
        RequestId::of(HeaderName::from_token("X-Request-ID").expect("it is a token"))
    }

    /// Names requests in a header of this name.
    ///
    /// # Errors
    ///
    /// When the text is no name of a header.
    pub fn in_header(name: &str) -> Result<RequestId, ParseError> {
        Ok(RequestId::of(HeaderName::from_token(name)?))
    }

    fn of(header: HeaderName) -> RequestId {
        RequestId {
            header,
            takes: true,
            hashers: [RandomState::new(), RandomState::new()],
            serial: AtomicU64::new(0),
        }
    }

    /// Takes no name that a request brings.
    #[must_use]
    pub fn always_own(mut self) -> RequestId {
        self.takes = false;
        self
    }

    fn id(&self, request: &Request) -> Id {
        let brought = request.headers().get(&self.header).filter(|_| self.takes);
        match brought.filter(|text| is_name(text)) {
            Some(text) => Id(text.into()),
            None => self.own(),
        }
    }

    /// Makes a name of 32 hexadecimal digits that was not given before, and that nobody can guess.
    fn own(&self) -> Id {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        let [first, second] = self.hashers.each_ref().map(|hasher| hasher.hash_one(serial));
        Id(format!("{first:016x}{second:016x}").into())
    }
}

fn is_name(text: &str) -> bool {
    (8..=128).contains(&text.len())
        && text
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet))
}

impl Default for RequestId {
    fn default() -> RequestId {
        RequestId::new()
    }
}

impl Plug for RequestId {
    async fn call(&self, request: Request, next: Next<'_>) -> Reply {
        let id = self.id(&request);
        tracing::Span::current().record("request_id", id.as_str());
        let reply = next.run(request.with(id.clone())).await;
        reply.with(NamedHeader(self.header.clone(), id))
    }

    /// Whatever happens in a call is to be seen.
    fn in_dialog(&self) -> bool {
        true
    }
}

/// The header that brings the name back.
struct NamedHeader(HeaderName, Id);

impl ReplyPart for NamedHeader {
    fn apply(self, response: &mut Response) -> Result<(), ParseError> {
        response.headers_mut().set(self.0, self.1.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestId")
            .field("header", &self.header)
            .field("takes", &self.takes)
            .finish_non_exhaustive()
    }
}
