//! A request that arrived, with the headers that were read on arrival.
//!
//! The protocol core and the endpoint both name it. The invariant: the essentials are those of the request,
//! so nothing on its way reads those headers again.

use std::sync::Arc;

use crate::flow::Flow;
use crate::sip::{Essentials, Request};

/// A validated request, its essential headers and the flow that it came by.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The message, whose topmost Via is stamped (RFC 3261 §18.2.1, RFC 3581).
    pub request: Arc<Request>,
    /// The headers that every request has, read once.
    pub essentials: Essentials,
    /// The flow that it came by.
    pub flow: Flow,
}
