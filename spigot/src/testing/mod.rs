//! Integration tests for agents: the real stack over an in-memory network on virtual time.
//!
//! Parser, transactions, dialogs and timers are those of the release build; only the wires are not there and
//! the clock jumps to whatever comes next, so that 32 seconds of retransmission take milliseconds. What the
//! network loses, delays, duplicates and reorders follows from one seed, which a failing test prints together
//! with the ladder of what was said.
//!
//! ```test_harness
//! use spigot::testing::TestServer;
//! use spigot::{StatusCode, sip_router};
//!
//! struct MyUserAgent;
//!
//! #[sip_router]
//! impl MyUserAgent {
//!     #[register]
//!     async fn register(&self) -> StatusCode {
//!         StatusCode::OK
//!     }
//! }
//!
//! #[spigot::test]
//! async fn alice_registers() {
//!     let server = TestServer::start(MyUserAgent).await;
//!     let alice = server.client("sip:alice@example.com").await;
//!
//!     let response = alice.register().send().await;
//!
//!     assert_eq!(response.status(), StatusCode::OK);
//! }
//! ```
//!
//! The feature `testing` has all of this; it belongs under `[dev-dependencies]`.

#[cfg(feature = "tls")]
mod authority;
mod client;
mod client_config;
mod complaint;
mod faults;
mod inbox;
mod ladder;
mod memory;
mod network;
mod request;
mod run;
mod server;
mod tap;
mod zone;

#[cfg(feature = "tls")]
pub use authority::{authority, certificate_and_key, certificates};
pub use client::TestClient;
pub use client_config::ClientConfig;
pub use faults::Faults;
pub use inbox::Received;
pub use ladder::Ladder;
pub use network::Network;
pub use request::{TestDialog, TestRequest, TestTransaction};
#[doc(hidden)]
pub use run::run_reported;
pub use run::{Clock, run};
pub use server::TestServer;
pub use zone::Zone;

pub use crate::endpoint::Tables;
