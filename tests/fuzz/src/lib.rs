//! Fuzz targets: one function for each entry to the parser, which takes any octets and panics if the parser
//! breaks a promise.
//!
//! The functions know no engine. `cargo test` replays the corpora through them on any toolchain; `engine/`
//! and `campaign` run them with libFuzzer. Invariant: a target depends on its input only, so that every
//! finding can be reproduced.

mod differential;
mod framer;
pub mod headers;
mod input;
mod message;
mod multipart;
mod oracle;
mod pattern;
mod round_trip;
mod sdp;
mod uri;

pub use differential::keep_quiet_about_the_peer;

/// A fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name of the target and of its corpus.
    pub name: &'static str,
    /// The longest input that a campaign generates, in octets.
    pub max_len: usize,
    /// Runs the target with one input.
    ///
    /// # Panics
    ///
    /// Where the parser does not keep what it promises.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: &[Target] = &[
    target("differential", 1024, differential::run),
    target("framer", 1024, framer::run),
    target("headers_addresses", 256, headers::addresses::run),
    target("headers_auth", 256, headers::auth::run),
    target("headers_bodies", 256, headers::bodies::run),
    target("headers_capabilities", 256, headers::capabilities::run),
    target("headers_dialogs", 256, headers::dialogs::run),
    target("headers_events", 256, headers::events::run),
    target("headers_identity", 256, headers::identity::run),
    target("headers_preferences", 256, headers::preferences::run),
    target("headers_private", 256, headers::private::run),
    target("headers_routing", 256, headers::routing::run),
    target("headers_session", 256, headers::session::run),
    target("message", 1024, message::run),
    target("multipart", 512, multipart::run),
    target("pattern", 192, pattern::run),
    target("round_trip", 512, round_trip::run),
    target("sdp", 1024, sdp::run),
    target("uri", 256, uri::run),
];

const fn target(name: &'static str, max_len: usize, run: fn(&[u8])) -> Target {
    Target { name, max_len, run }
}
