//! How many connections there may be: in all, and accepted from one source address.
//!
//! Invariant: a connection is counted exactly as long as its [`Permit`] lives.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The count of connections and its bounds.
#[derive(Debug)]
pub(super) struct Admission {
    total: usize,
    per_source: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    total: usize,
    sources: HashMap<IpAddr, usize>,
}

impl Admission {
    /// Admits `total` connections, and `per_source` from one address.
    pub(super) fn new(total: usize, per_source: usize) -> Arc<Self> {
        Arc::new(Admission {
            total,
            per_source,
            held: Mutex::default(),
        })
    }

    /// Admits a connection from that source, or one that we open (`None`: counted in the total only).
    pub(super) fn enter(self: &Arc<Self>, source: Option<IpAddr>) -> Option<Permit> {
        let mut held = self.held();
        if held.total >= self.total {
            return None;
        }
        if let Some(source) = source {
            let count = held.sources.entry(source).or_default();
            if *count >= self.per_source {
                // At a bound of nothing, the entry was made just now.
                if *count == 0 {
                    held.sources.remove(&source);
                }
                return None;
            }
            *count += 1;
        }
        held.total += 1;
        Some(Permit {
            admission: Arc::clone(self),
            source,
        })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to be connected, given back when dropped.
#[derive(Debug)]
pub(super) struct Permit {
    admission: Arc<Admission>,
    source: Option<IpAddr>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut held = self.admission.held();
        held.total -= 1;
        let Some(source) = self.source else { return };
        if let Entry::Occupied(mut count) = held.sources.entry(source) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

/// What 80% of the descriptors come to that the process may open, where the system says.
pub(super) fn descriptor_bound() -> usize {
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
}
