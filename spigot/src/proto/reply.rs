//! A response out of a request: what [RFC 3261 §8.2.6.2] copies from one into the other.
//!
//! [RFC 3261 §8.2.6.2]: https://www.rfc-editor.org/rfc/rfc3261#section-8.2.6.2

use spigot_parser::{Request, Response, StatusCode};

/// A whole response to a request of which nothing is kept (RFC 3261 §8.2.7).
///
/// The To tag is derived from the request and `seed` (the one given to
/// [`Shard::new`](super::Shard::new)), so a retransmission of the request is answered with the same tag.
/// Headers may be added to what this returns before it is sent.
pub fn stateless(request: &Request, status: StatusCode, seed: [u8; 16]) -> Response {
    let _ = (request, status, seed);
    todo!()
}
