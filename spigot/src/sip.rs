//! SIP messages as text and as types: URIs, headers, bodies, route patterns. It is all of the crate
//! `spigot-parser`.
//!
//! The examples on these pages name that crate, `use spigot_parser::Uri`. With Spigot alone write
//! `use spigot::sip::Uri`. What most programs need is also at the root of `spigot`: [`Uri`], [`StatusCode`],
//! [`Method`], [`HeaderName`], [`Response`], [`Bytes`] and the module [`header`].
//!
//! # Names that are here and elsewhere
//!
//! - [`Request`] is a message, which `RequestBuilder` and `Router::handle` are about.
//!   [`spigot::Request`](crate::Request) is what a handler takes: a message with its
//!   [`Source`](crate::Source), its transaction, and what plugs have put beside it.
//! - [`Limits`] is what one message may have. [`spigot::Limits`](crate::Limits) is what an endpoint may have,
//!   with those of the parser in it.
//! - [`header::Path`] is the header Path (RFC 3327): the proxies on the way to a phone.
//!   [`spigot::Path`](crate::Path) takes the captures of a route's pattern.
//! - [`header::Identity`] is the header Identity (RFC 8224): a signature over caller and callee.
//!   [`spigot::Identity`](crate::Identity) is what the peer of a TLS connection has proved to be.
//! - [`header::From`] is the header From: who the sender says that it is. [`std::convert::From`] turns one
//!   type into another.
//! - [`header::Contact`] is one value of the header Contact. [`spigot::Contacts`](crate::Contacts) takes all
//!   of them.
//!
//! Import the module, and the names stay apart: `use spigot::{Path, header};` and then `header::Path`.

#[doc(inline)]
pub use spigot_parser::*;
