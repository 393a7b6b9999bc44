//! Targets that failed lately. Others are tried before them.
//!
//! Invariant: at most as many are known as the table was made for; the one that would be forgotten first
//! gives way.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::resolve::locate::Target;
use crate::transport::NEVER;

/// The longest that a target can ask to be left alone: a Retry-After is a number that somebody else has
/// chosen.
const LONGEST: Duration = Duration::from_secs(3_600);

/// The targets that failed, each with the time until which it is tried last.
#[derive(Debug)]
pub(super) struct FailedTargets {
    until: HashMap<Target, Instant>,
    most: usize,
    period: Duration,
}

impl FailedTargets {
    /// Makes a table of at most `most` targets. Each stays for `period`, unless it says how long.
    pub(super) fn new(most: usize, period: Duration) -> Self {
        FailedTargets {
            until: HashMap::new(),
            most,
            period: period.min(NEVER),
        }
    }

    /// Notes that a target failed, and for how long it wants to be left alone if it said so. Returns whether
    /// another target was forgotten for it.
    pub(super) fn failed(&mut self, target: Target, said: Option<Duration>, now: Instant) -> bool {
        let until = now + said.map_or(self.period, |said| said.min(LONGEST));
        if self.most == 0 {
            return true;
        }
        let full = self.until.len() >= self.most && !self.until.contains_key(&target);
        if full {
            // The smaller target among equals, so that a run can be repeated.
            let first = self
                .until
                .iter()
                .min_by_key(|(target, until)| (**until, **target));
            if let Some(first) = first.map(|(&first, _)| first) {
                self.until.remove(&first);
            }
        }
        self.until.insert(target, until);
        full
    }

    /// Notes that a target has answered.
    pub(super) fn answered(&mut self, target: Target) {
        self.until.remove(&target);
    }

    /// Returns whether others are tried before this target.
    ///
    /// Once its time is over, the first who asks may try it, and for everybody else it has failed for another
    /// period. Otherwise every request of half a minute would find out by itself that it is still dead.
    pub(super) fn is_failed(&mut self, target: Target, now: Instant) -> bool {
        match self.until.get_mut(&target) {
            None => false,
            Some(until) if *until > now => true,
            Some(until) => {
                *until = now + self.period;
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::epoch::epoch;
    use crate::flow::Transport;

    fn target(n: u8) -> Target {
        Target {
            transport: Transport::Udp,
            peer: ([192, 0, 2, n], 5060).into(),
        }
    }

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_dead_target_is_tried_by_one_when_its_time_is_over() {
        let (mut table, start) = (FailedTargets::new(4, MINUTE), epoch());
        assert!(!table.is_failed(target(1), start));
        table.failed(target(1), None, start);
        assert!(table.is_failed(target(1), start + MINUTE - Duration::from_nanos(1)));
        assert!(!table.is_failed(target(1), start + MINUTE));
        assert!(table.is_failed(target(1), start + MINUTE));
        table.answered(target(1));
        assert!(!table.is_failed(target(1), start + MINUTE));
    }

    #[test]
    fn a_target_may_be_tried_last_without_end() {
        let (mut table, start) = (FailedTargets::new(4, Duration::MAX), epoch());
        table.failed(target(1), None, start);
        assert!(table.is_failed(target(1), start + MINUTE));
    }

    #[test]
    fn what_a_target_says_counts_up_to_an_hour() {
        let (mut table, start) = (FailedTargets::new(4, MINUTE), epoch());
        table.failed(target(1), Some(Duration::from_secs(5)), start);
        assert!(!table.is_failed(target(1), start + Duration::from_secs(5)));
        table.failed(target(2), Some(Duration::MAX), start);
        assert!(table.is_failed(target(2), start + LONGEST - MINUTE));
        assert!(!table.is_failed(target(2), start + LONGEST));
    }

    #[test]
    fn one_past_the_bound_the_oldest_is_forgotten() {
        let (mut table, start) = (FailedTargets::new(2, MINUTE), epoch());
        assert!(!table.failed(target(1), None, start));
        assert!(!table.failed(target(2), None, start + MINUTE / 2));
        assert!(
            !table.failed(target(2), None, start + MINUTE / 2),
            "it is known already"
        );
        assert!(table.failed(target(3), None, start + MINUTE / 2));
        assert!(!table.is_failed(target(1), start + MINUTE / 2));
        assert!(
            table.is_failed(target(2), start + MINUTE / 2) && table.is_failed(target(3), start + MINUTE / 2)
        );
        assert_eq!(table.until.len(), 2);
    }

    #[test]
    fn a_table_for_none_knows_none() {
        let (mut table, start) = (FailedTargets::new(0, MINUTE), epoch());
        assert!(table.failed(target(1), None, start));
        assert!(!table.is_failed(target(1), start));
    }
}
