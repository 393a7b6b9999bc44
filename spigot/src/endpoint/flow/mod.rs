//! What a message travels on: the carriers, the addresses by which we are reached, and the way to a peer.

mod alias;
mod carriers;
mod closings;
mod contact;
mod failed_targets;
mod flow_token;
mod keep_alive;
mod locator;
mod own_address;
mod reconnect;
mod registered_flows;
mod targets;
mod to_peer;
mod transmit;
mod unreachable;

pub(super) use self::carriers::{BoundCarrier, Carriers};
pub(super) use self::closings::{Closings, OnClosed};
pub(crate) use self::contact::{contact, is_secured};
pub(super) use self::contact::{is_answer_secured, opens_dialog};
pub use self::flow_token::BadFlowToken;
pub(crate) use self::keep_alive::keep_flow_alive;
pub(super) use self::keep_alive::{KeepAlives, PeerSign};
pub(super) use self::locator::Locator;
pub(super) use self::own_address::OwnAddress;
#[cfg(feature = "testing")]
pub(crate) use self::own_address::host_of;
pub(super) use self::reconnect::Reconnects;
pub(crate) use self::targets::Targets;
pub use self::unreachable::Unreachable;
