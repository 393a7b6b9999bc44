//! Requests whose servers fail: they go to the next one of their domain, as RFC 3263 has it.
//!
//! The servers stand on an in-memory network and virtual time; what only real sockets do is in `sockets`.

mod dead;
mod house;
mod large;
mod lookups;
mod no_route;
mod overload;
mod reconnects;
mod sockets;
