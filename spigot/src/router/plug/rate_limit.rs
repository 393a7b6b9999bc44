//! So many requests a second, and not more.
//!
//! Invariant: what it remembers has a fixed size, whoever sends how much from where.

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::{Next, Plug};
use crate::router::{Reply, Request};
use crate::sip::header::From;

/// Refuses requests that come too fast: the first of them with 503 and a Retry-After ([RFC 3261
/// §21.5.4](https://www.rfc-editor.org/rfc/rfc3261#section-21.5.4)), of which nothing is kept, and those that
/// come before then all the same with [silence](Reply::Dropped).
///
/// Each source or identity has a bucket, which holds a burst and fills at the rate. There is a fixed number
/// of buckets (65,536 of eight octets), and a source or identity has the one that a secret hash gives it:
/// nobody can fill a table, and nobody can choose with whom to share. Two that share one share its rate.
/// Requests inside dialogs are not counted.
///
/// ```
/// use spigot::plug::RateLimit;
/// use spigot::{StatusCode, sip_router};
///
/// struct Registrar;
///
/// #[sip_router(plugs(RateLimit::per_source(50).burst(100)))]
/// impl Registrar {
///     #[register]
///     #[through(RateLimit::per_identity(1))]
///     async fn register(&self) -> StatusCode {
///         StatusCode::OK
///     }
/// }
/// ```
pub struct RateLimit {
    key: Key,
    /// Between two requests at the rate, in nanoseconds.
    interval: u64,
    burst: u32,
    start: Instant,
    hasher: RandomState,
    /// When each bucket is full again, in nanoseconds since the start; the last bit is [`TOLD`].
    full: Box<[AtomicU64]>,
}

#[derive(Clone, Copy, Debug)]
enum Key {
    Source,
    Identity,
}

/// Why no request can be taken out of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Empty {
    /// The bucket has one again after that time.
    Until(Duration),
    /// The bucket is empty, and whoever sends has been told.
    Told,
}

/// Marks a bucket, in its last bit: whoever sends has been told that it is empty.
const TOLD: u64 = 1;

/// How many buckets there are.
const BUCKETS: usize = 1 << 16;

impl RateLimit {
    /// Allows so many requests a second from each address, at least one. A burst is a second's worth.
    ///
    /// Of IPv6 addresses it is from each network of 64 bits, which is what one host has.
    pub fn per_source(requests_per_second: u32) -> RateLimit {
        RateLimit::new(Key::Source, requests_per_second)
    }

    /// Allows so many requests a second of each user, at least one. A burst is a second's worth.
    ///
    /// The user is the URI in From. That is what the request says, so this belongs behind a plug that makes
    /// sure of it.
    pub fn per_identity(requests_per_second: u32) -> RateLimit {
        RateLimit::new(Key::Identity, requests_per_second)
    }

    /// Allows so many requests at once, at least one.
    #[must_use]
    pub fn burst(mut self, requests: u32) -> RateLimit {
        self.burst = requests.max(1);
        self
    }

    fn new(key: Key, requests_per_second: u32) -> RateLimit {
        let rate = requests_per_second.max(1);
        RateLimit {
            key,
            interval: 1_000_000_000 / u64::from(rate),
            burst: rate,
            start: Instant::now(),
            hasher: RandomState::new(),
            full: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Takes one request out of the bucket of `key`.
    fn take(&self, key: impl Hash) -> Result<(), Empty> {
        let bucket = &self.full[self.hasher.hash_one(key) as usize % BUCKETS];
        let now = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let most = self.interval.saturating_mul(u64::from(self.burst));
        let taken = |state: u64| {
            let then = (state & !TOLD).max(now).saturating_add(self.interval) & !TOLD;
            if then.saturating_sub(now) <= most {
                Some(then)
            } else if state & TOLD == 0 {
                Some(state | TOLD)
            } else {
                None
            }
        };
        match bucket.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken) {
            Ok(before) if taken(before).is_some_and(|after| after & TOLD == 0) => Ok(()),
            Ok(before) => Err(Empty::Until(Duration::from_nanos(
                (before + self.interval).saturating_sub(now + most),
            ))),
            Err(_) => Err(Empty::Told),
        }
    }

    fn check(&self, request: &Request) -> Result<(), Empty> {
        match self.key {
            Key::Source => self.take(network(request.source().peer.ip())),
            Key::Identity => match request.headers().typed::<From>() {
                Ok(Some(from)) => match from.uri().as_sip() {
                    // However it is written.
                    Some(uri) => self.take((uri.user_decoded(), uri.host().as_str().to_ascii_lowercase())),
                    None => self.take(from.uri().as_str()),
                },
                // Nobody in particular.
                _ => self.take(()),
            },
        }
    }
}

/// Gives the network of an address that one host has.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
        address => address,
    }
}

impl Plug for RateLimit {
    async fn call(&self, request: Request, next: Next<'_>) -> Reply {
        match self.check(&request) {
            Ok(()) => next.run(request).await,
            Err(Empty::Until(wait)) => Reply::service_unavailable(wait).stateless(),
            Err(Empty::Told) => Reply::Dropped,
        }
    }
}

impl std::fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RateLimit")
            .field("key", &self.key)
            .field("interval", &Duration::from_nanos(self.interval))
            .field("burst", &self.burst)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_and_then_the_rate() {
        let limit = RateLimit::per_source(10).burst(3);
        let refused = |millis| Err(Empty::Until(Duration::from_millis(millis)));
        for key in ["a", "b"] {
            for _ in 0..3 {
                assert_eq!(limit.take(key), Ok(()));
            }
            assert_eq!(limit.take(key), refused(100));
            assert_eq!(limit.take(key), Err(Empty::Told));
        }
        tokio::time::advance(Duration::from_millis(100)).await;
        assert_eq!(limit.take("a"), Ok(()), "being told costs nothing");
        tokio::time::advance(Duration::from_millis(99)).await;
        assert_eq!((limit.take("a"), limit.take("a")), (refused(1), Err(Empty::Told)));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!((limit.take("a"), limit.take("a").is_err()), (Ok(()), true));
        tokio::time::advance(Duration::from_secs(3600)).await;
        let taken = (0..10).filter(|_| limit.take("a").is_ok()).count();
        assert_eq!(taken, 3, "a bucket holds no more than a burst");
    }

    #[test]
    fn a_host_of_ipv6_is_a_network() {
        let network = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(network("192.0.2.1"), "192.0.2.1");
    }
}
