//! The endpoint: it joins the transports, the protocol core and the router.
//!
//! - [`flow`]: what a message travels on, and how a peer is reached;
//! - [`server`]: requests that come, and the handlers that answer them;
//! - [`client`]: requests of ours, and the responses to them;
//! - here: the configuration, the start and the end, and the lanes of the protocol core.
//!
//! A message goes down once and up once: the transport's task judges it, steps its shard, polls the handler
//! and gives the answer back to the transport, all where it stands.

mod client;
mod config;
mod core;
mod counters;
mod error;
mod flow;
mod lane;
mod lanes;
mod limits;
mod listen;
mod listen_addr;
mod log;
mod mailbox;
mod randomness;
mod server;
mod shutdown;
mod signals;
mod start;
#[cfg(feature = "testing")]
mod tables;
mod timer;
mod watchdog;

pub(crate) use self::client::{
    ClientEvent, ContactKind, Forwarded, NewRequest, NotSent, Outcome, OwnParts, Pending, RequestDraft,
};
pub use self::config::Config;
pub(crate) use self::core::{Core, Endpoint};
pub use self::counters::Counters;
pub use self::error::Error;
#[cfg(feature = "testing")]
pub(crate) use self::flow::host_of;
pub use self::flow::{BadFlowToken, Unreachable};
pub(crate) use self::flow::{Targets, keep_flow_alive};
pub use self::limits::Limits;
pub use self::listen_addr::ListenAddr;
pub(crate) use self::mailbox::{Delivery, MailboxReader};
pub use self::server::{BadOutbound, Outbound};
pub(crate) use self::server::{CallPlace, ServerExchange, Unforwardable};
pub use self::start::{BoundListener, Spigot};
#[cfg(feature = "testing")]
pub use self::tables::Tables;
