//! Requests that come: judged, given to the protocol core, and answered by their handlers.

mod accepted;
mod ack_and_cancel;
mod answer_guard;
mod application_code;
mod exchange;
mod forwarding;
mod handlers;
mod outbound_registration;
mod record_route;
mod run_handler;
mod sanity;
mod span;
mod stopwatch;
mod transport_events;

pub(super) use self::application_code::message_of;
pub(crate) use self::exchange::ServerExchange;
pub(crate) use self::forwarding::Unforwardable;
pub(crate) use self::handlers::CallPlace;
pub(super) use self::handlers::Handlers;
pub use self::outbound_registration::{BadOutbound, Outbound};
pub(super) use self::transport_events::TransportEvents;
