//! Multipart bodies and session descriptions.
//!
//! A body is octets until it is parsed. [`Multipart`] splits one into its parts without copying them, and
//! [`Sdp`] parses a session description. The one invariant: what is not changed is written as it came, octet
//! for octet.

mod multipart;
mod sdp;

pub use multipart::{Multipart, Part};
pub use sdp::{Codec, Connection, Direction, Media, MediaBuilder, Origin, Sdp, SdpBuilder};
