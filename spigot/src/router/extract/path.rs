//! What the captures of a route's pattern took from the Request-URI.

use std::ops::Deref;

/// The captures of the route's pattern, by the names of the arguments: `Path(room): Path<RoomId>`,
/// `Path((room, domain)): Path<(RoomId, String)>`.
///
/// Each is read with [`FromStr`](std::str::FromStr). One that cannot be read means that the route does not
/// match, and the next is tried. An argument that is not used may be called `_room`.
///
/// ```
/// use spigot::{Path, StatusCode, sip_router};
///
/// struct Conferences;
///
/// #[sip_router]
/// impl Conferences {
///     #[invite("sip:{room}@conference.{domain}")]
///     async fn join(&self, Path((room, domain)): Path<(u32, String)>) -> (StatusCode, String) {
///         (StatusCode::OK, format!("room {room} of {domain}"))
///     }
///
///     #[invite("sip:{name}@conference.*")]
///     async fn not_a_number(&self, Path(_name): Path<String>) -> StatusCode {
///         StatusCode::NOT_FOUND
///     }
/// }
/// ```
///
/// The name is that of web frameworks. SIP has a header Path, too, which is
/// [`header::Path`](crate::header::Path): a handler takes it as `Header<header::Path>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path<T>(pub T);

impl<T> Deref for Path<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
