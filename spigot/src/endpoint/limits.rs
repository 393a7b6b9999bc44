//! Every bound of the endpoint, with its default.
//!
//! A bound that is hit is counted ([`Counters`](crate::Counters)) and has one documented outcome.

use std::time::Duration;

use crate::transport::TransportLimits;

/// What an endpoint accepts at most, and for how long it waits. A time of `Duration::MAX` never passes.
///
/// ```
/// use std::time::Duration;
/// use spigot::Limits;
///
/// let mut limits = Limits::default();
/// limits.handler = Duration::from_secs(5);
/// limits.transport.connections_per_source = 16;
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Message sizes, connections, time-outs and write queues. What the parser takes at most is in
    /// its `parser` field.
    pub transport: TransportLimits,
    /// Server transactions at once, the finished ones that absorb retransmissions included. One past it is
    /// answered by a stateless 503 with Retry-After; ACK, BYE and CANCEL never are. 262,144.
    ///
    /// This bound and the next two are divided evenly, rounded up, among the endpoint's shards (a few for each
    /// core), over which calls spread by their Call-ID; each keeps to its part.
    pub server_transactions: usize,
    /// What server transactions may hold in octets, responses included. Past it as above. 1 GiB.
    pub transaction_bytes: usize,
    /// Dialogs at once. One past it: 503. 100,000.
    pub dialogs: usize,
    /// Handlers that wait for something, at once. One past it: 503 with Retry-After, but never for ACK, BYE
    /// and CANCEL. 65,536.
    pub handlers: usize,
    /// How long an INVITE may go without a final answer; past it the handler is answered for with 408, and one
    /// that the client has sent is cancelled. 180 s.
    pub ringing: Duration,
    /// How long the handler of any other request may take; past it 500. 30 s.
    pub handler: Duration,
    /// Servers that one request of ours is tried at, one after the other. The rest is left alone. 16.
    pub dns_targets: usize,
    /// How long all look-ups of one request of ours may take together. What is not known by then is not looked up any
    /// more; if it is nothing, the request fails. 5 s.
    pub dns: Duration,
    /// For how long a server that failed is tried after the others. Longer than a request over UDP waits for its answer
    /// (32 s), so that what one request finds out is known to the next. 60 s.
    pub dead_target: Duration,
    /// Servers that are remembered to have failed. One past it the one that failed first is forgotten. 1,024.
    pub dead_targets: usize,
    /// Octets of a request over UDP, past which it goes over TCP if there is a listener for it
    /// ([RFC 3261 §18.1.1](https://www.rfc-editor.org/rfc/rfc3261#section-18.1.1)). A larger number is for networks whose MTU
    /// is known to be larger, less 200. 1,300.
    pub datagram: usize,
    /// Responses whose connection is gone, and which are being carried to their sender by a new one, at once. One past it is
    /// not sent. 256.
    pub late_responses: usize,
    /// How long [`Spigot::shutdown`](crate::Spigot::shutdown) waits for transactions under way; past it
    /// they are answered 503. 10 s.
    pub shutdown: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            transport: TransportLimits::default(),
            server_transactions: 262_144,
            transaction_bytes: 1 << 30,
            dialogs: 100_000,
            handlers: 65_536,
            ringing: Duration::from_secs(180),
            handler: Duration::from_secs(30),
            dns_targets: 16,
            dns: Duration::from_secs(5),
            dead_target: Duration::from_secs(60),
            dead_targets: 1_024,
            datagram: 1_300,
            late_responses: 256,
            shutdown: Duration::from_secs(10),
        }
    }
}
