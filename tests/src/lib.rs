//! Shared code of the tests that span crates: the examples, SIPp, baresip, Chromium, haproxy and tshark as
//! processes, raw sockets, requests as text, and agents with and without the library.
//!
//! Invariant: every wait has a deadline, and every process ends with the test that started it.

mod agent;
mod baresip;
mod browser;
#[cfg(unix)]
mod captured;
mod crowd;
mod draft;
mod events;
mod example;
mod far;
mod folder;
mod haproxy;
mod memory;
mod memory_peer;
mod peer;
mod program;
mod secure;
mod sipp;
mod torture;
#[cfg(unix)]
mod tshark;
mod web;
mod wire;

pub use agent::{Callee, Running, TRANSPORTS};
pub use baresip::Baresip;
pub use browser::Browser;
#[cfg(unix)]
pub use captured::Captured;
pub use crowd::{Crowd, Member, connect_from};
pub use draft::{Draft, unique};
pub use events::{Events, Logged};
pub use example::Example;
pub use far::Far;
pub use folder::Folder;
pub use haproxy::Haproxy;
pub use memory::Memory;
pub use memory_peer::MemoryPeer;
pub use peer::Peer;
pub use sipp::{Outcome, Sipp, Started, loopback};
pub use torture::{Expected, Torture};
#[cfg(unix)]
pub use tshark::Capture;
pub use web::{Fragments, Web};
pub use wire::{Answer, Datagrams, Octets, Stream};
