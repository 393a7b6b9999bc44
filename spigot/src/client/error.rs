//! Why a request of ours got no answer.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::Transport;
use crate::proto::Failure;
use crate::sip::ParseError;

/// Why a request got no final response.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// A part of the request is not good SIP: its URI, a header, the body's type.
    #[error("the request cannot be built: {0}")]
    Invalid(#[from] ParseError),
    /// The URI is neither `sip:` nor `sips:`, so there is no host to send to.
    #[error("`{0}` names no host to send to: expected a sip: or sips: URI, or `to_address`")]
    NoHost(String),
    /// No listener of this endpoint sends over that transport to that address family.
    #[error("no listener to send from over {transport} to {peer}")]
    NoListener {
        /// The transport that the URI, or the caller, asked for.
        transport: Transport,
        /// Where the request was to go.
        peer: SocketAddr,
    },
    /// The host has no A or AAAA record, or the resolver failed.
    #[error("cannot resolve `{host}`: {source}")]
    Resolve {
        /// The host of the URI.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// The connection could not be opened.
    #[error("cannot connect to {peer} over {transport}: {source}")]
    Connect {
        /// Over what.
        transport: Transport,
        /// To whom.
        peer: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// Nobody answered in time.
    #[error("no final response within {} s ({failure})", .after.as_secs_f32())]
    Timeout {
        /// How long was waited.
        after: Duration,
        /// Which timer ended the wait: Timer B for INVITE, Timer F for the rest (RFC 3261 §17.1).
        failure: Failure,
    },
    /// The connection failed before there was a final response.
    #[error("the flow failed before there was a final response")]
    FlowFailed,
    /// The endpoint has been shut down.
    #[error("the endpoint is shut down")]
    ShutDown,
}
