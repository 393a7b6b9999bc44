//! The bodies that calls are made of: multipart bodies and session descriptions.
//!
//! A body is octets until somebody parses it: [`Multipart`] cuts one into its parts without copying them, [`Sdp`] reads
//! a session description. The one invariant: what nobody changed is written as it came, octet for octet.

mod multipart;
mod sdp;

pub use multipart::{Multipart, Part};
pub use sdp::{Codec, Connection, Direction, Media, MediaBuilder, Origin, Sdp, SdpBuilder};
