//! What the captures of a route's pattern took from the Request-URI.

use std::ops::Deref;

/// The captures of the route's pattern, by the names of the arguments: `Path(room): Path<RoomId>`,
/// `Path((room, domain)): Path<(RoomId, String)>`.
///
/// Each is read with [`FromStr`](std::str::FromStr). One that cannot be read means that the route does not
/// match, and the next is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path<T>(pub T);

impl<T> Deref for Path<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
