//! The shell: sockets to the protocol core, the core to the router, and back.
//!
//! A message goes down once and up once: the transport's task judges it, steps its shard, polls the handler
//! and gives the answer back to the transport, all where it stands.

mod carriers;
mod closings;
mod config;
mod contact;
mod core;
mod counters;
mod dead;
mod error;
mod exchange;
mod flow_token;
mod inbound;
mod lane;
mod late;
mod limits;
mod outbound;
mod outgoing;
mod outstanding;
mod place;
mod reach;
mod registered;
mod sanity;
mod shutdown;
mod signs;
mod start;
mod targets;
mod timer;

pub use self::config::{Config, ListenAddr};
pub(crate) use self::contact::{contact, is_secured};
pub(crate) use self::core::{Core, Endpoint};
pub use self::counters::Counters;
pub use self::error::Error;
pub use self::flow_token::BadFlowToken;
pub use self::limits::Limits;
pub use self::outbound::{BadOutbound, Outbound};
pub(crate) use self::outstanding::{Event, Outstanding, QUEUE};
pub(crate) use self::place::Place;
#[cfg(feature = "testing")]
pub(crate) use self::place::host_of;
pub use self::reach::Unreachable;
pub(crate) use self::signs::keep;
pub use self::start::{BoundListener, Spigot};
pub(crate) use self::targets::Targets;
