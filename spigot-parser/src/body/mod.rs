//! The bodies that calls are made of.
//!
//! A body is octets until somebody parses it: [`Multipart`] cuts one into its parts without copying them. The one
//! invariant: what nobody changed is written as it came, octet for octet.

mod multipart;

pub use multipart::{Multipart, Part};
