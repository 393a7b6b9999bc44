//! What a transport refuses, and when it gives up.
//!
//! Each bound is of one listener, unless it says otherwise. What is refused or closed at one is counted
//! ([`TransportCounters`](super::TransportCounters)).

use std::time::Duration;

use spigot_parser as sip;

/// The longest time that a limit comes to, 30 years: an instant that long from now can be told on every
/// system.
pub(crate) const NEVER: Duration = Duration::from_secs(30 * 365 * 86_400);

/// The bounds of a transport. A time of `Duration::MAX` never passes.
///
/// ```
/// use spigot::transport::TransportLimits;
/// use std::time::Duration;
///
/// let mut limits = TransportLimits::default();
/// limits.idle = Duration::from_secs(600);
/// assert_eq!(limits.write_queue, 256 * 1024);
/// ```
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct TransportLimits {
    /// Connections of one listener, accepted and opened together: 16,384; and those of all listeners of the
    /// process at most 80% of the descriptors that it may open. The newest is refused.
    pub connections: usize,
    /// Accepted connections of one source address: 256. The newest is refused.
    pub connections_per_source: usize,
    /// TLS and WebSocket handshakes under way at one listener, and PROXY headers that are awaited: 512. The
    /// newest connection is refused.
    pub handshakes: usize,
    /// Handshakes under way from one source address: 16. The newest connection is refused.
    pub handshakes_per_source: usize,
    /// How long a connection has from being accepted to the end of its handshakes: 10 s. Then it is closed. A
    /// PROXY header has as long before that.
    pub handshake: Duration,
    /// How long a connection has from being accepted to its first octet: 10 s. Then it is closed.
    pub first_byte: Duration,
    /// How long a message has from its first octet to its last: 20 s. Then the connection is closed.
    pub whole_message: Duration,
    /// How long a connection may carry nothing, either way: 120 s. Then it is closed, unless an answer is due
    /// [on it](super::Inbound::owes), in either direction.
    pub idle: Duration,
    /// How long a connection may carry nothing while a registration lives
    /// [on it](super::Carrier::registered): 600 s. Then it is closed, as at [`idle`](TransportLimits::idle).
    pub idle_registered: Duration,
    /// How long opening a connection may take: 5 s. Then [`connect`](super::Carrier::connect) fails with
    /// [`TimedOut`](std::io::ErrorKind::TimedOut).
    pub connect: Duration,
    /// How long a connection that is being closed may take to deliver what is queued, and a shutdown in
    /// all: 2 s. Then it is cut.
    pub linger: Duration,
    /// Octets waiting to be written on one connection, or on one datagram socket: 256 KiB. One past it the
    /// message is refused ([`QueueFull`](super::SendError::QueueFull)), and the connection, whose peer does
    /// not read, is closed.
    pub write_queue: usize,
    /// Octets waiting to be written on all connections of a listener: 64 MiB. One past it the connection
    /// that asks for more is treated as one past its own bound.
    pub write_queues_total: usize,
    /// The bounds of the parser. The framer of a stream applies them too: a message one past
    /// [`message`](sip::Limits::message), of 65,535 octets, is [unframed](super::Inbound::unframed), to be
    /// answered 513, and the connection is closed.
    pub parser: sip::Limits,
}

impl Default for TransportLimits {
    fn default() -> Self {
        TransportLimits {
            connections: 16_384,
            connections_per_source: 256,
            handshakes: 512,
            handshakes_per_source: 16,
            handshake: Duration::from_secs(10),
            first_byte: Duration::from_secs(10),
            whole_message: Duration::from_secs(20),
            idle: Duration::from_secs(120),
            idle_registered: Duration::from_secs(600),
            connect: Duration::from_secs(5),
            linger: Duration::from_secs(2),
            write_queue: 256 * 1024,
            write_queues_total: 64 * 1024 * 1024,
            parser: sip::Limits::default(),
        }
    }
}
