//! What the tests of the whole share: the examples as processes, SIPp, baresip and Chromium, raw sockets, requests as text, and an
//! agent to send them to.
//!
//! Invariant: nothing here waits without a deadline, and nothing it starts outlives the test that started it.

mod agent;
mod baresip;
mod browser;
mod crowd;
mod draft;
mod example;
mod folder;
mod memory;
mod peer;
mod program;
mod secure;
mod sipp;
mod torture;
mod web;
mod wire;

pub use agent::{Callee, Running, TRANSPORTS};
pub use baresip::Baresip;
pub use browser::Browser;
pub use crowd::{Crowd, Member, reach};
pub use draft::{Draft, unique};
pub use example::Example;
pub use folder::Folder;
pub use memory::Memory;
pub use peer::Peer;
pub use sipp::{Outcome, Sipp, Started, loopback};
pub use torture::{Expected, Torture};
pub use web::Web;
pub use wire::{Answer, Datagrams, Octets, Stream};
