//! The deadlines of a connection.
//!
//! Pure: instants come in, a deadline and its reason go out. Invariant: there is always a deadline.

use std::time::Duration;

use tokio::time::Instant;

use super::close_reason::CloseReason;
use crate::transport::{NEVER, TransportLimits};

/// The deadlines of one connection.
#[derive(Debug)]
pub(super) struct Deadlines<'a> {
    limits: &'a TransportLimits,
    /// When the connection was accepted, while nothing has come.
    silent_since: Option<Instant>,
    /// When the connection was accepted or opened, while its handshakes are not done.
    handshake_since: Option<Instant>,
    /// When the message under way began.
    message_since: Option<Instant>,
    /// When something last travelled, either way.
    active: Instant,
    /// Until when a registration lives on the connection.
    registered_until: Option<Instant>,
}

impl<'a> Deadlines<'a> {
    /// The deadlines of a connection that begins now. One that we opened owes us no first octet.
    pub(super) fn new(limits: &'a TransportLimits, accepted: bool, now: Instant) -> Self {
        Deadlines {
            limits,
            silent_since: accepted.then_some(now),
            handshake_since: None,
            message_since: None,
            active: now,
            registered_until: None,
        }
    }

    /// Adds a deadline for the handshakes, which began at `since`.
    pub(super) fn with_handshake(mut self, since: Instant) -> Self {
        self.handshake_since = Some(since);
        self
    }

    /// Takes note that the handshakes are done.
    pub(super) fn opened(&mut self) {
        self.handshake_since = None;
    }

    /// Takes note that octets came, whether they completed `messages`, and whether a `partial` one is left.
    pub(super) fn received(&mut self, messages: bool, partial: bool, now: Instant) {
        self.silent_since = None;
        self.active = now;
        if !partial {
            self.message_since = None;
        } else if messages || self.message_since.is_none() {
            self.message_since = Some(now);
        }
    }

    /// Takes note that something was sent, at that instant or before.
    pub(super) fn sent(&mut self, at: Instant) {
        self.active = self.active.max(at);
    }

    /// Takes note until when a registration lives on the connection; `None` if none does.
    pub(super) fn registered(&mut self, until: Option<Instant>) {
        self.registered_until = until;
    }

    /// The next deadline, and why the connection is closed if it passes.
    pub(super) fn next(&self) -> (Instant, CloseReason) {
        let mut idle_at = after(self.active, self.limits.idle);
        if let Some(until) = self.registered_until {
            idle_at = idle_at.max(until.min(after(self.active, self.limits.idle_registered)));
        }
        let mut next = (idle_at, CloseReason::Idle);
        if let Some(since) = self.silent_since {
            next = earlier(next, (after(since, self.limits.first_byte), CloseReason::Silent));
        }
        if let Some(since) = self.handshake_since {
            next = earlier(next, (after(since, self.limits.handshake), CloseReason::Broken));
        }
        if let Some(since) = self.message_since {
            next = earlier(next, (after(since, self.limits.whole_message), CloseReason::Slow));
        }
        next
    }
}

fn after(since: Instant, time: Duration) -> Instant {
    since + time.min(NEVER)
}

fn earlier(a: (Instant, CloseReason), b: (Instant, CloseReason)) -> (Instant, CloseReason) {
    if b.0 < a.0 { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[tokio::test(start_paused = true)]
    async fn an_accepted_connection_owes_a_first_octet_and_an_opened_one_does_not() {
        let limits = TransportLimits::default();
        let start = Instant::now();
        let accepted = Deadlines::new(&limits, true, start);
        assert_eq!(accepted.next(), (start + secs(10), CloseReason::Silent));
        let opened = Deadlines::new(&limits, false, start);
        assert_eq!(opened.next(), (start + secs(120), CloseReason::Idle));
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_is_timed_from_its_first_octet_however_it_trickles() {
        let limits = TransportLimits::default();
        let start = Instant::now();
        let mut deadlines = Deadlines::new(&limits, true, start);
        deadlines.received(false, true, start + secs(9));
        deadlines.received(false, true, start + secs(20));
        assert_eq!(deadlines.next(), (start + secs(29), CloseReason::Slow));
        // It is whole, and the next has begun in the same segment.
        deadlines.received(true, true, start + secs(25));
        assert_eq!(deadlines.next(), (start + secs(45), CloseReason::Slow));
        deadlines.received(true, false, start + secs(30));
        assert_eq!(deadlines.next(), (start + secs(150), CloseReason::Idle));
    }

    #[tokio::test(start_paused = true)]
    async fn a_registration_lets_a_connection_be_idle_for_longer_as_long_as_it_lives() {
        let limits = TransportLimits::default();
        let start = Instant::now();
        let mut deadlines = Deadlines::new(&limits, true, start);
        deadlines.received(true, false, start);
        let mut idle_at = |until: Option<u64>| {
            deadlines.registered(until.map(|until| start + secs(until)));
            (deadlines.next().0 - start).as_secs()
        };
        assert_eq!(idle_at(None), 120);
        assert_eq!(idle_at(Some(3600)), 600);
        assert_eq!(idle_at(Some(300)), 300, "it expires before");
        assert_eq!(idle_at(Some(60)), 120, "it never makes it shorter");
        deadlines.received(false, true, start + secs(500));
        assert_eq!(deadlines.next(), (start + secs(520), CloseReason::Slow));
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_may_be_without_end() {
        let limits = TransportLimits {
            idle: Duration::MAX,
            idle_registered: Duration::MAX,
            first_byte: Duration::MAX,
            whole_message: Duration::MAX,
            handshake: Duration::MAX,
            ..TransportLimits::default()
        };
        let start = Instant::now();
        let mut deadlines = Deadlines::new(&limits, true, start).with_handshake(start);
        deadlines.registered(Some(start + secs(3_600)));
        assert!(deadlines.next().0 > start + secs(1 << 29));
        deadlines.received(false, true, start);
        assert!(deadlines.next().0 > start + secs(1 << 29));
    }

    #[tokio::test(start_paused = true)]
    async fn sending_keeps_a_connection_but_not_a_slow_message() {
        let limits = TransportLimits::default();
        let start = Instant::now();
        let mut deadlines = Deadlines::new(&limits, true, start);
        deadlines.received(true, false, start);
        deadlines.sent(start + secs(100));
        deadlines.sent(start + secs(50));
        assert_eq!(deadlines.next(), (start + secs(220), CloseReason::Idle));
        deadlines.received(false, true, start + secs(200));
        deadlines.sent(start + secs(219));
        assert_eq!(deadlines.next(), (start + secs(220), CloseReason::Slow));
    }
}
