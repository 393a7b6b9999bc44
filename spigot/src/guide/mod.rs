//! Guides: how to build a SIP application with Spigot, topic by topic.
//!
//! These pages say which items you need, in which order, and what happens when something is wrong. The
//! documentation of an item has its details. Every example here is compiled and run with the tests of this
//! crate.
//!
//! | page | after it you can |
//! |---|---|
//! | [`routing`] | say which method of your agent takes which request, and know what is answered when none does |
//! | [`extractors`] | read everything a handler needs from its arguments |
//! | [`answers`] | answer with headers and bodies, ring before you answer, and turn errors into the right status |
//! | [`plugs`] | authenticate, limit and log requests before they reach a handler |
//! | [`dialogs`] | stay in a call, call somebody, hang up, and know which futures may be dropped |
//! | [`transports`] | listen on every transport, make certificates, and reach phones behind a NAT |
//! | [`logs`] | read what the library says of each message, and choose how much of it |
//! | [`testing`] | test an agent with its retransmissions and timers, in milliseconds |
//!
//! Read them in this order the first time. [`testing`] can be read right after [`routing`].
//!
//! All pages build for one company, `example.com`, with phones that have extensions, conference rooms and a
//! registrar. They test their examples with the in-memory network of `spigot::testing`. A call such as
//!
//! ```
//! # use spigot::{StatusCode, sip_router};
//! # use spigot::testing::TestServer;
//! # struct Office;
//! # #[sip_router]
//! # impl Office {
//! #     #[invite]
//! #     async fn ring(&self) -> StatusCode {
//! #         StatusCode::BUSY_HERE
//! #     }
//! # }
//! # spigot::testing::run("guide", Default::default(), None, async {
//! let server = TestServer::start(Office).await;
//! let alice = server.client("sip:alice@example.com").await;
//!
//! let response = alice.invite("sip:200@example.com").send().await;
//!
//! assert_eq!(response.status(), StatusCode::BUSY_HERE);
//! # });
//! ```
//!
//! sends a real INVITE through the real parser and the real transactions, from a client that plays Alice. The
//! page on [testing] explains it.
//!
//! # What is not there yet
//!
//! Not there yet: a registrar (the page on [extractors] has one to copy), proxies that fork by themselves,
//! and calls and subscriptions as arguments of handlers. The changelog says what is there.

// The links to what a feature has lead nowhere without it.
#![cfg_attr(
    not(all(feature = "testing", feature = "tls", feature = "tower", feature = "ws")),
    allow(rustdoc::broken_intra_doc_links)
)]

#[doc = include_str!("routing.md")]
pub mod routing {}

#[doc = include_str!("extractors.md")]
pub mod extractors {}

#[doc = include_str!("answers.md")]
pub mod answers {}

#[doc = include_str!("plugs.md")]
pub mod plugs {}

#[doc = include_str!("dialogs.md")]
pub mod dialogs {}

#[doc = include_str!("transports.md")]
pub mod transports {}

#[doc = include_str!("logs.md")]
pub mod logs {}

#[doc = include_str!("testing.md")]
pub mod testing {}
