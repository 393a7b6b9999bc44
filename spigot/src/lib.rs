//! A Plug-style library for SIP applications.

// So that `::spigot::...`, which is what the macros write, also holds in this crate's own tests.
#[allow(unused_extern_crates)]
extern crate self as spigot;

#[doc(hidden)]
pub mod __private;
mod client;
mod endpoint;
mod flow;
pub mod proto;
pub mod router;
#[cfg(feature = "testing")]
pub mod testing;
pub mod transport;

pub use client::{Client, ClientTransaction, Dialog, IntoUri, Provisionals, RequestBuilder, RequestError};
pub use endpoint::{BoundListener, Config, Counters, Error, Limits, ListenAddr, Spigot};
pub use flow::{Flow, Transport, UnknownTransport};
pub use router::extract::{Header, Path};
pub use router::{
    Agent, Body, FromRequest, IntoReply, IntoRouter, Reply, Request, Router, Source, Transaction,
};
pub use sip::{Bytes, HeaderName, Method, Response, StatusCode, Uri, header};
pub use spigot_macros::sip_router;
#[cfg(feature = "testing")]
pub use spigot_macros::test;
pub use spigot_parser as sip;
