//! Every bound of the endpoint, with its default.
//!
//! A bound that is hit is counted ([`Counters`](crate::Counters)) and has one documented outcome.

use std::time::Duration;

use crate::transport::TransportLimits;

/// What an endpoint accepts at most, and for how long it waits.
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
            shutdown: Duration::from_secs(10),
        }
    }
}
