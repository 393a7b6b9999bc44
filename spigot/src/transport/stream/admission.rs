//! How many connections there may be: in all, from one source address, and in the whole process, whose
//! descriptors they share with everything else.
//!
//! Invariant: a connection is counted exactly as long as its [`Permit`] lives.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts connections, or handshakes, and refuses those past a bound.
#[derive(Debug)]
pub(super) struct Admission {
    total: usize,
    per_source: usize,
    /// Whether each takes a descriptor, and how many may in the whole process.
    descriptors: Option<usize>,
    held: Mutex<Held>,
}

/// The descriptors that the connections of all listeners of the process have.
static DESCRIPTORS: AtomicUsize = AtomicUsize::new(0);

#[derive(Debug, Default)]
struct Held {
    total: usize,
    sources: HashMap<IpAddr, usize>,
}

impl Admission {
    /// Admits `total` at a time, and `per_source` from one address.
    pub(super) fn new(total: usize, per_source: usize) -> Arc<Self> {
        Arc::new(Admission {
            total,
            per_source,
            descriptors: None,
            held: Mutex::default(),
        })
    }

    /// Admits `total` connections, `per_source` from one address, and with those of all other listeners no
    /// more than 80% of the process's descriptors.
    pub(super) fn of_connections(total: usize, per_source: usize) -> Arc<Self> {
        Admission::sharing(total, per_source, descriptor_bound())
    }

    fn sharing(total: usize, per_source: usize, descriptors: usize) -> Arc<Self> {
        Arc::new(Admission {
            total,
            per_source,
            descriptors: Some(descriptors),
            held: Mutex::default(),
        })
    }

    /// Admits a connection from that source. One without a known source, or that we open, counts in the total
    /// only.
    pub(super) fn enter(self: &Arc<Self>, source: Option<IpAddr>) -> Option<Permit> {
        let mut held = self.held();
        if held.total >= self.total || !self.take_descriptor() {
            return None;
        }
        held.total += 1;
        let mut permit = Permit {
            admission: Arc::clone(self),
            source: None,
        };
        let has_room = source.is_none_or(|source| held.enter(source, self.per_source));
        drop(held); // a permit that is dropped takes it
        if !has_room {
            return None;
        }
        permit.source = source;
        Some(permit)
    }

    fn take_descriptor(&self) -> bool {
        let Some(bound) = self.descriptors else {
            return true;
        };
        DESCRIPTORS
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
                (taken < bound).then_some(taken + 1)
            })
            .is_ok()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Counts one from that source; `false` at its bound.
    fn enter(&mut self, source: IpAddr, bound: usize) -> bool {
        if self.sources.get(&source).copied().unwrap_or(0) >= bound {
            return false;
        }
        *self.sources.entry(source).or_default() += 1;
        true
    }
}

/// The right to be connected, given back when dropped.
#[derive(Debug)]
pub(super) struct Permit {
    admission: Arc<Admission>,
    source: Option<IpAddr>,
}

impl Permit {
    /// Says where the connection comes from, which was not known before; `false` when there are as many from
    /// there as there may be.
    pub(super) fn comes_from(&mut self, source: IpAddr) -> bool {
        debug_assert!(self.source.is_none(), "a source is said once");
        let has_room = self.admission.held().enter(source, self.admission.per_source);
        if has_room {
            self.source = Some(source);
        }
        has_room
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut held = self.admission.held();
        held.total -= 1;
        if self.admission.descriptors.is_some() {
            DESCRIPTORS.fetch_sub(1, Ordering::Relaxed);
        }
        let Some(source) = self.source else { return };
        if let Entry::Occupied(mut count) = held.sources.entry(source) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

/// How many descriptors 80% of those are that the process may open, where the system says.
fn descriptor_bound() -> usize {
    #[cfg(target_os = "linux")]
    {
        use nix::sys::resource::{Resource, getrlimit};
        if let Ok((soft, _)) = getrlimit(Resource::RLIMIT_NOFILE) {
            return usize::try_from(soft / 5 * 4).unwrap_or(usize::MAX);
        }
    }
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)));
    const B: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2)));

    #[test]
    fn each_bound_is_reached_and_not_passed() {
        let admission = Admission::new(3, 2);
        let first = admission.enter(A).unwrap();
        let _second = admission.enter(A).unwrap();
        assert!(admission.enter(A).is_none(), "one past the source's bound");
        let _third = admission.enter(B).unwrap();
        assert!(admission.enter(B).is_none(), "one past the total");
        assert!(admission.enter(None).is_none(), "one past the total, ours");
        drop(first);
        assert!(admission.enter(A).is_some());
        assert_eq!(admission.held().total, 2);
    }

    #[test]
    fn what_left_leaves_nothing_behind() {
        let admission = Admission::new(1, 1);
        drop(admission.enter(A));
        drop(admission.enter(None));
        assert!(Admission::new(1, 0).enter(A).is_none());
        assert!(admission.held().sources.is_empty());
        assert_eq!(admission.held().total, 0);
    }

    #[test]
    fn a_source_that_is_told_later_counts_from_then_on() {
        let admission = Admission::new(3, 1);
        let (mut first, mut second) = (admission.enter(None).unwrap(), admission.enter(None).unwrap());
        assert!(first.comes_from(A.unwrap()));
        assert!(!second.comes_from(A.unwrap()), "one past the source's bound");
        assert!(second.comes_from(B.unwrap()));
        drop((first, second));
        assert!(admission.held().sources.is_empty());
        assert_eq!(admission.held().total, 0);
    }

    #[test]
    fn listeners_share_the_descriptors_of_the_process() {
        // Other tests have connections at the same time: there is no room, or there is more than they can
        // take.
        assert!(Admission::sharing(3, 3, 0).enter(None).is_none());
        let (one, other) = (
            Admission::sharing(3, 3, usize::MAX),
            Admission::sharing(3, 3, usize::MAX),
        );
        let held = [one.enter(A).unwrap(), other.enter(None).unwrap()];
        assert!(DESCRIPTORS.load(Ordering::Relaxed) >= held.len());
        assert!(
            Admission::sharing(3, 3, 2).enter(A).is_none(),
            "two are taken already"
        );
        drop(held);
        assert_eq!((one.held().total, other.held().total), (0, 0));
    }
}
