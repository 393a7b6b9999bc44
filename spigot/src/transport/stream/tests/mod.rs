//! Streams over the loopback, and their layers in memory.

#[cfg(all(feature = "tls", feature = "ws"))]
mod ends;
#[cfg(all(feature = "tls", feature = "ws"))]
mod layers;
mod proxied;
mod registered;
mod tcp;
mod waiting;
#[cfg(all(feature = "tls", feature = "ws"))]
mod wires;
