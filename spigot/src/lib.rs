//! A Plug-style library for SIP applications.

mod client;
mod endpoint;
mod flow;
pub mod proto;
pub mod router;
#[cfg(feature = "testing")]
pub mod testing;
pub mod transport;

pub use flow::{Flow, Transport, UnknownTransport};
pub use spigot_parser as sip;
