//! What the core waits for, and the queues in which it waits.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::time::Instant;

/// A timer, named by its purpose. RFC 3261 (Table 4) and RFC 6026 give most of them a letter.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Timer {
    /// Timer A: send the INVITE again.
    RetransmitInvite,
    /// Timer B: give the INVITE up.
    InviteTimeout,
    /// Timer D: stop absorbing retransmitted failures of an INVITE.
    AbsorbFailures,
    /// Timer E: send the non-INVITE request again.
    RetransmitRequest,
    /// Timer F: give the non-INVITE request up.
    RequestTimeout,
    /// Timer G: send the failure of an INVITE again.
    RetransmitFailure,
    /// Timer H: stop waiting for the ACK to a failure.
    AwaitAck,
    /// Timer I: stop absorbing retransmitted ACKs.
    AbsorbAcks,
    /// Timer J: stop absorbing retransmitted non-INVITE requests.
    AbsorbRequests,
    /// Timer K: stop absorbing retransmitted responses to a non-INVITE request.
    AbsorbResponses,
    /// Timer L: stop absorbing retransmitted INVITEs that were answered 2xx (RFC 6026).
    AbsorbInvites,
    /// Timer M: stop taking further 2xx to an INVITE (RFC 6026).
    AbsorbSuccesses,
    /// Say 100 Trying, the application being slow (RFC 3261 §17.2.1).
    Trying,
    /// Timer C: cancel an INVITE that has rung for too long.
    Ringing,
    /// Give up an INVITE that was cancelled and not answered (RFC 3261 §9.1).
    CancelTimeout,
    /// Send the 2xx to an INVITE again (RFC 3261 §13.3.1.4).
    RetransmitSuccess,
    /// Give up waiting for the ACK to a 2xx (RFC 3261 §13.3.1.4).
    AwaitSuccessAck,
}

impl Timer {
    /// The letter that the RFCs know it by, if it has one.
    pub const fn letter(self) -> Option<char> {
        Some(match self {
            Timer::RetransmitInvite => 'A',
            Timer::InviteTimeout => 'B',
            Timer::Ringing => 'C',
            Timer::AbsorbFailures => 'D',
            Timer::RetransmitRequest => 'E',
            Timer::RequestTimeout => 'F',
            Timer::RetransmitFailure => 'G',
            Timer::AwaitAck => 'H',
            Timer::AbsorbAcks => 'I',
            Timer::AbsorbRequests => 'J',
            Timer::AbsorbResponses => 'K',
            Timer::AbsorbInvites => 'L',
            Timer::AbsorbSuccesses => 'M',
            Timer::Trying | Timer::CancelTimeout | Timer::RetransmitSuccess | Timer::AwaitSuccessAck => {
                return None;
            }
        })
    }

    /// Which table has what waits for it.
    pub(crate) const fn owner(self) -> Owner {
        match self {
            Timer::Trying
            | Timer::RetransmitFailure
            | Timer::AwaitAck
            | Timer::AbsorbAcks
            | Timer::AbsorbRequests
            | Timer::AbsorbInvites => Owner::Server,
            Timer::RetransmitInvite
            | Timer::InviteTimeout
            | Timer::Ringing
            | Timer::AbsorbFailures
            | Timer::RetransmitRequest
            | Timer::RequestTimeout
            | Timer::AbsorbResponses
            | Timer::AbsorbSuccesses
            | Timer::CancelTimeout => Owner::Client,
            Timer::RetransmitSuccess | Timer::AwaitSuccessAck => Owner::Success,
        }
    }

    /// Whether it makes its owner say something, rather than end what its owner does.
    const fn speaks(self) -> bool {
        matches!(
            self,
            Timer::Trying
                | Timer::RetransmitInvite
                | Timer::RetransmitRequest
                | Timer::RetransmitFailure
                | Timer::RetransmitSuccess
        )
    }
}

/// What a timer belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A server transaction.
    Server,
    /// A client transaction.
    Client,
    /// A 2xx that waits for its ACK.
    Success,
}

/// The two deadlines that an owner can wait for at once. A timer that comes up under another deadline is
/// stale: it was overtaken, or armed by an earlier owner of the same key.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Deadlines {
    speak: Option<Instant>,
    end: Option<Instant>,
}

impl Deadlines {
    pub(crate) fn set(&mut self, timer: Timer, at: Instant) {
        if timer.speaks() {
            self.speak = Some(at);
        } else {
            self.end = Some(at);
        }
    }

    pub(crate) fn is_stale(&self, due: &Due) -> bool {
        Some(due.at) != if due.timer.speaks() { self.speak } else { self.end }
    }
}

impl fmt::Display for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.letter() {
            Some(letter) => write!(f, "Timer {letter} ({self:?})"),
            None => write!(f, "{self:?}"),
        }
    }
}

/// A timer that has come up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) at: Instant,
    pub(crate) timer: Timer,
    /// The digest that its owner is filed under; which table, the timer says.
    pub(crate) key: [u8; 16],
}

/// Every timer that is armed.
///
/// Most have one length for all, so that a queue for each is in order by itself; the ones that back off sit
/// in an ordered set. Nothing is ever taken out before its time: an owner that no longer waits for a timer
/// recognises it as stale when it comes up, by its deadline.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    constant: [VecDeque<(Instant, [u8; 16])>; CONSTANT.len()],
    varying: BTreeSet<(Instant, Timer, [u8; 16])>,
}

/// The timers of constant length, in the order of their queues.
const CONSTANT: [Timer; 13] = [
    Timer::Ringing,
    Timer::Trying,
    Timer::InviteTimeout,
    Timer::AbsorbFailures,
    Timer::RequestTimeout,
    Timer::AwaitAck,
    Timer::AbsorbAcks,
    Timer::AbsorbRequests,
    Timer::AbsorbResponses,
    Timer::AbsorbInvites,
    Timer::AbsorbSuccesses,
    Timer::CancelTimeout,
    Timer::AwaitSuccessAck,
];

impl Queues {
    /// Arms a timer and gives the deadline under which it will come up.
    pub(crate) fn arm(&mut self, at: Instant, timer: Timer, key: [u8; 16]) -> Instant {
        match CONSTANT.iter().position(|&constant| constant == timer) {
            Some(index) => {
                let queue = &mut self.constant[index];
                // Only a clock that went backwards makes a difference here; the queue stays in order.
                let at = queue.back().map_or(at, |&(last, _)| at.max(last));
                queue.push_back((at, key));
                at
            }
            None => {
                self.varying.insert((at, timer, key));
                at
            }
        }
    }

    /// The earliest deadline, of a stale timer perhaps.
    pub(crate) fn next(&self) -> Option<Instant> {
        let constant = self
            .constant
            .iter()
            .filter_map(|queue| queue.front().map(|&(at, _)| at))
            .min();
        let varying = self.varying.first().map(|&(at, ..)| at);
        match (constant, varying) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// Takes the earliest timer that is due at `now`.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<Due> {
        let at = self.next().filter(|&at| at <= now)?;
        for (queue, timer) in self.constant.iter_mut().zip(CONSTANT) {
            if let Some(&(_, key)) = queue.front().filter(|&&(front, _)| front == at) {
                queue.pop_front();
                if queue.is_empty() {
                    // What a burst needed is given back.
                    queue.shrink_to(64);
                }
                return Some(Due { at, timer, key });
            }
        }
        self.varying
            .pop_first()
            .map(|(at, timer, key)| Due { at, timer, key })
    }

    /// How many are armed, stale ones included.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.constant.iter().map(VecDeque::len).sum::<usize>() + self.varying.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::epoch::epoch;

    #[test]
    fn timers_come_up_in_the_order_of_their_deadlines() {
        let start = epoch();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut timers = Queues::default();
        timers.arm(at(32), Timer::AwaitAck, [1; 16]);
        timers.arm(at(1), Timer::RetransmitFailure, [1; 16]);
        timers.arm(at(5), Timer::AbsorbAcks, [2; 16]);
        timers.arm(at(3), Timer::RetransmitRequest, [3; 16]);
        timers.arm(at(33), Timer::AwaitAck, [4; 16]);
        assert_eq!(timers.next(), Some(at(1)));
        assert_eq!(timers.pop(start), None);

        let order: Vec<_> = std::iter::from_fn(|| timers.pop(at(100)))
            .map(|due| due.key[0])
            .collect();

        assert_eq!(order, [1, 3, 2, 1, 4]);
        assert_eq!((timers.next(), timers.len()), (None, 0));
    }

    #[test]
    fn a_clock_that_goes_backwards_does_not_disorder_a_queue() {
        let start = epoch();
        let later = start + Duration::from_secs(1);
        let mut timers = Queues::default();
        timers.arm(later, Timer::AwaitAck, [1; 16]);
        assert_eq!(timers.arm(start, Timer::AwaitAck, [2; 16]), later);
        assert_eq!(timers.pop(start), None);
        assert_eq!(timers.pop(later).map(|due| due.key), Some([1; 16]));
    }

    #[test]
    fn every_letter_of_table_4_is_named_once() {
        let varying = [
            Timer::RetransmitInvite,
            Timer::RetransmitRequest,
            Timer::RetransmitFailure,
            Timer::RetransmitSuccess,
        ];
        let mut letters: Vec<_> = CONSTANT
            .iter()
            .chain(&varying)
            .filter_map(|timer| timer.letter())
            .collect();
        letters.sort_unstable();
        assert_eq!(letters.into_iter().collect::<String>(), "ABCDEFGHIJKLM");
    }
}
