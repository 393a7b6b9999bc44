//! How a message finds its transaction: 128-bit keyed digests of what RFC 3261 compares.
//!
//! The invariant: two messages have the same key exactly when §17.1.3 or §17.2.3 says that they belong
//! together. The hash is keyed with the shard's seed, so a peer cannot make two transactions collide.

use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};

/// Names a server transaction: what [RFC 3261 §17.2.3] compares, digested.
///
/// [RFC 3261 §17.2.3]: https://www.rfc-editor.org/rfc/rfc3261#section-17.2.3
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerKey(pub(crate) [u8; 16]);

/// Names a client transaction: what [RFC 3261 §17.1.3] compares, digested.
///
/// [RFC 3261 §17.1.3]: https://www.rfc-editor.org/rfc/rfc3261#section-17.1.3
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientKey(pub(crate) [u8; 16]);

macro_rules! hex {
    ($($name:ident)*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", u128::from_be_bytes(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    )*};
}
hex!(ServerKey ClientKey);
