//! Every bound of the endpoint, with its default.
//!
//! A bound that is hit is counted ([`Counters`](crate::Counters)) and has one documented outcome.

use std::time::Duration;

use crate::transport::TransportLimits;

/// The bounds of an endpoint: how much it accepts, and how long it waits. A time of `Duration::MAX` never
/// passes.
///
/// The bounds of one message are [`sip::Limits`](crate::sip::Limits), in `transport.parser`.
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
    /// The limits of the transports: message sizes, connections, time-outs and write queues. Its `parser`
    /// field has those of the parser.
    pub transport: TransportLimits,
    /// How many server transactions there may be at once, with the finished ones that absorb retransmissions.
    /// A request past it is answered by a stateless 503 with Retry-After; ACK, BYE and CANCEL never are.
    /// 262,144.
    ///
    /// The bounds of `server_transactions`, `transaction_bytes` and `dialogs` are divided evenly, rounded up,
    /// among the endpoint's shards (a few for each core). Calls spread over the shards by their Call-ID, and
    /// each keeps to its part.
    pub server_transactions: usize,
    /// How many octets server transactions may hold, with their responses. A request past it is answered by a
    /// stateless 503 with Retry-After; ACK, BYE and CANCEL never are. 1 GiB.
    pub transaction_bytes: usize,
    /// How many dialogs there may be at once. An INVITE past it is answered 503. 100,000.
    pub dialogs: usize,
    /// How long a dialog lives at most. Then a BYE ends it. 12 h.
    pub dialog_lifetime: Duration,
    /// How many client transactions there may be at once. A request past it fails with
    /// [`RequestError::TooManyRequests`](crate::RequestError::TooManyRequests). 262,144.
    pub client_transactions: usize,
    /// How many handlers may go on with a dialog that they have [accepted](crate::Dialog::accept). One past
    /// it gets [`TransactionError::TooManyCalls`](crate::TransactionError::TooManyCalls), which is answered
    /// 503. 100,000.
    pub calls: usize,
    /// How many handlers may wait for something at once. A request past it is answered 503 with Retry-After.
    /// The handlers of ACK and CANCEL, and the first of BYE in each dialog, may wait beyond it. Another BYE
    /// of that dialog is answered with 200 by the library. 65,536.
    pub handlers: usize,
    /// How long an INVITE may go without a final answer. Past it the handler is answered for with 408, and an
    /// INVITE of the client is cancelled. For the client the time begins anew with each 101 to 199. 180 s.
    pub ringing: Duration,
    /// How long an INVITE that is forwarded may ring before it is cancelled (Timer C). The time begins anew
    /// with each 101 to 199. [RFC 3261 §16.6](https://www.rfc-editor.org/rfc/rfc3261#section-16.6) wants more
    /// than three minutes. 185 s.
    pub forwarded_ringing: Duration,
    /// How long the handler of any request but INVITE may take. Past it the library answers 500. 30 s.
    pub handler: Duration,
    /// How long one poll of a handler may take. A longer one is a warning in the log, and is counted: the
    /// handler blocks the thread that it runs on. On Linux it is measured to some milliseconds. 100 ms.
    pub slow_poll: Duration,
    /// How many servers one request of ours is tried at, one after the other. The rest is left alone. 16.
    pub dns_targets: usize,
    /// How long all look-ups of one request of ours may take together. Nothing more is looked up after that,
    /// and a request without any server fails. 5 s.
    pub dns: Duration,
    /// For how long a server that failed is tried after the others. A request over UDP waits 32 s for its
    /// answer: a longer time lets the next request know what one has found out. 60 s.
    pub failed_target: Duration,
    /// How many failed servers are remembered. Past it the one that failed first is forgotten. 1,024.
    pub failed_targets: usize,
    /// How many octets a request over UDP may have. A larger one goes over TCP if there is a listener for it
    /// ([RFC 3261 §18.1.1](https://www.rfc-editor.org/rfc/rfc3261#section-18.1.1)). A network whose MTU is
    /// known to be larger allows that MTU less 200. 1,300.
    pub datagram: usize,
    /// How many responses may be on their way by a new connection at once, because their own is gone, and how
    /// many forwarded ACKs by one that they wait for. One past it is not sent. 256.
    pub reconnects: usize,
    /// How long [`Spigot::shutdown`](crate::Spigot::shutdown) waits for transactions under way. Past it they
    /// are answered 503. 10 s.
    pub shutdown: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            transport: TransportLimits::default(),
            server_transactions: 262_144,
            transaction_bytes: 1 << 30,
            dialogs: 100_000,
            dialog_lifetime: Duration::from_secs(12 * 3_600),
            client_transactions: 262_144,
            calls: 100_000,
            handlers: 65_536,
            ringing: Duration::from_secs(180),
            forwarded_ringing: Duration::from_secs(185),
            handler: Duration::from_secs(30),
            slow_poll: Duration::from_millis(100),
            dns_targets: 16,
            dns: Duration::from_secs(5),
            failed_target: Duration::from_secs(60),
            failed_targets: 1_024,
            datagram: 1_300,
            reconnects: 256,
            shutdown: Duration::from_secs(10),
        }
    }
}
