//! Dialogs at an endpoint: who is told of what happens inside them, where their requests go, and how they
//! end.
//!
//! Everything stands on the in-memory network and virtual time.

mod accepted;
mod devices;
mod ending;
mod forks;
mod giving_up;
mod lacking;
mod mailbox;
mod plugs;
mod ringing;
mod routing;
mod scripted;
mod subscriptions;
mod target;
mod unattended;
mod wire;
