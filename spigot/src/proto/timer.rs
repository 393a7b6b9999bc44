//! The timers of the core, and the queues in which they wait.

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
    /// Say 100 Trying, because the application is slow (RFC 3261 §17.2.1).
    Trying,
    /// Timer C: cancel an INVITE that has rung for too long.
    Ringing,
    /// Give up an INVITE that was cancelled and not answered (RFC 3261 §9.1).
    CancelTimeout,
    /// Send the 2xx to an INVITE again (RFC 3261 §13.3.1.4).
    RetransmitSuccess,
    /// Give up waiting for the ACK to a 2xx (RFC 3261 §13.3.1.4).
    AwaitSuccessAck,
    /// Timer C: cancel an INVITE that this element has forwarded and that has rung for too long (RFC 3261
    /// §16.6).
    ForwardedRinging,
    /// Let the caller of a cancelled INVITE go whose peer has not answered anything.
    CancelUnanswered,
    /// Cancel an INVITE of ours whose Expires is over (RFC 3261 §13.2.1).
    CancelExpired,
    /// Answer 487 to an INVITE of the peer's whose Expires is over (RFC 3261 §13.3.1).
    RefuseExpired,
    /// Send the provisional response to an INVITE again, so that no proxy gives it up (RFC 3261 §13.3.1.1).
    RepeatProvisional,
    /// End the subscriptions of a dialog that nobody has refreshed (RFC 6665 §4.2.2).
    ExpireUsages,
    /// End a dialog that is older than any may be.
    EndDialog,
    /// Forget a dialog that our BYE has ended (RFC 5407 §2, the mortal state).
    ForgetDialog,
    /// Timer N: stop waiting for the first NOTIFY to a SUBSCRIBE or REFER of ours (RFC 6665 §4.1.2.4).
    AwaitNotify,
}

impl Timer {
    /// Returns the letter that the RFCs know the timer by, if it has one.
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
            Timer::ForwardedRinging => 'C',
            Timer::AwaitNotify => 'N',
            Timer::Trying
            | Timer::CancelTimeout
            | Timer::CancelUnanswered
            | Timer::RetransmitSuccess
            | Timer::AwaitSuccessAck
            | Timer::CancelExpired
            | Timer::RefuseExpired
            | Timer::RepeatProvisional
            | Timer::ExpireUsages
            | Timer::EndDialog
            | Timer::ForgetDialog => return None,
        })
    }

    /// Returns the kind of owner that waits for the timer.
    pub(crate) const fn owner(self) -> Owner {
        match self {
            Timer::Trying
            | Timer::RetransmitFailure
            | Timer::AwaitAck
            | Timer::AbsorbAcks
            | Timer::AbsorbRequests
            | Timer::AbsorbInvites
            | Timer::RefuseExpired
            | Timer::RepeatProvisional => Owner::Server,
            Timer::RetransmitInvite
            | Timer::InviteTimeout
            | Timer::Ringing
            | Timer::AbsorbFailures
            | Timer::RetransmitRequest
            | Timer::RequestTimeout
            | Timer::AbsorbResponses
            | Timer::AbsorbSuccesses
            | Timer::CancelTimeout
            | Timer::CancelUnanswered
            | Timer::ForwardedRinging
            | Timer::CancelExpired => Owner::Client,
            Timer::RetransmitSuccess | Timer::AwaitSuccessAck => Owner::Success,
            Timer::ExpireUsages | Timer::EndDialog => Owner::Dialog,
            Timer::ForgetDialog => Owner::DepartedDialog,
            Timer::AwaitNotify => Owner::ExpectedDialog,
        }
    }

    /// Reports whether the timer makes its owner go on. Others end what their owner does.
    const fn goes_on(self) -> bool {
        matches!(
            self,
            Timer::Trying
                | Timer::RepeatProvisional
                | Timer::RetransmitInvite
                | Timer::RetransmitRequest
                | Timer::RetransmitFailure
                | Timer::RetransmitSuccess
                | Timer::ExpireUsages
        )
    }
}

/// The kind of thing that a timer belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A server transaction.
    Server,
    /// A client transaction.
    Client,
    /// A 2xx that waits for its ACK.
    Success,
    /// A dialog.
    Dialog,
    /// A dialog that has ended and is remembered.
    DepartedDialog,
    /// A dialog that a NOTIFY may make.
    ExpectedDialog,
}

/// The two deadlines that an owner can wait for at once. A timer that comes up under another deadline is
/// stale: it was overtaken, or armed by an earlier owner of the same key.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Deadlines {
    go_on: Option<Instant>,
    end: Option<Instant>,
}

impl Deadlines {
    pub(crate) fn is_stale(&self, due: &Due) -> bool {
        Some(due.at) != if due.timer.goes_on() { self.go_on } else { self.end }
    }

    /// Lets the timers that make the owner go on come up stale.
    pub(crate) fn stop(&mut self) {
        self.go_on = None;
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
    /// The digest that its owner is filed under, in the table that the timer names.
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
const CONSTANT: [Timer; 18] = [
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
    Timer::ForwardedRinging,
    Timer::RepeatProvisional,
    Timer::EndDialog,
    Timer::ForgetDialog,
    Timer::AwaitNotify,
];

impl Queues {
    /// Arms a timer of the owner that has these deadlines and is filed under `key`: the one way to arm any.
    pub(crate) fn arm(&mut self, deadlines: &mut Deadlines, at: Instant, timer: Timer, key: [u8; 16]) {
        let at = self.push(at, timer, key);
        if timer.goes_on() {
            deadlines.go_on = Some(at);
        } else {
            deadlines.end = Some(at);
        }
    }

    /// Arms a timer whose owner keeps its deadline itself, and gives that deadline.
    pub(crate) fn arm_at(&mut self, at: Instant, timer: Timer, key: [u8; 16]) -> Instant {
        self.push(at, timer, key)
    }

    /// Takes a timer of varying length out before its time. It is for lengths that their owners seldom live
    /// to see.
    pub(crate) fn disarm(&mut self, deadlines: &Deadlines, timer: Timer, key: [u8; 16]) {
        let at = if timer.goes_on() {
            deadlines.go_on
        } else {
            deadlines.end
        };
        if let Some(at) = at {
            self.disarm_at(at, timer, key);
        }
    }

    /// Takes a timer of varying length out whose owner keeps its deadline itself.
    pub(crate) fn disarm_at(&mut self, at: Instant, timer: Timer, key: [u8; 16]) {
        self.varying.remove(&(at, timer, key));
    }

    /// Queues a timer and gives the deadline under which it will come up.
    fn push(&mut self, at: Instant, timer: Timer, key: [u8; 16]) -> Instant {
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

    /// Throws stale timers out of a queue of constant length that has many more entries than owners. It is
    /// for lengths that their owners seldom live to see.
    pub(crate) fn sweep(&mut self, timer: Timer, owners: usize, is_stale: impl Fn(&Due) -> bool) {
        let Some(queue) = CONSTANT
            .iter()
            .position(|&constant| constant == timer)
            .map(|index| &mut self.constant[index])
        else {
            return;
        };
        if queue.len() <= 2 * owners + 64 {
            return;
        }
        queue.retain(|&(at, key)| !is_stale(&Due { at, timer, key }));
        queue.shrink_to(queue.len() + 64);
    }

    /// Returns the earliest deadline, of a stale timer perhaps.
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

    /// How many of one kind are queued, stale ones included.
    #[cfg(test)]
    pub(crate) fn count(&self, timer: Timer) -> usize {
        let mut queues = self.constant.iter().zip(CONSTANT);
        match queues.find(|(_, constant)| *constant == timer) {
            Some((queue, _)) => queue.len(),
            None => self
                .varying
                .iter()
                .filter(|(_, other, _)| *other == timer)
                .count(),
        }
    }

    /// How many are armed, stale ones included, but for the one that every dialog has.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        let queues = self.constant.iter().zip(CONSTANT);
        let counted = queues.filter(|(_, timer)| *timer != Timer::EndDialog);
        counted.map(|(queue, _)| queue.len()).sum::<usize>() + self.varying.len()
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
        timers.push(at(32), Timer::AwaitAck, [1; 16]);
        timers.push(at(1), Timer::RetransmitFailure, [1; 16]);
        timers.push(at(5), Timer::AbsorbAcks, [2; 16]);
        timers.push(at(3), Timer::RetransmitRequest, [3; 16]);
        timers.push(at(33), Timer::AwaitAck, [4; 16]);
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
        timers.push(later, Timer::AwaitAck, [1; 16]);
        assert_eq!(timers.push(start, Timer::AwaitAck, [2; 16]), later);
        assert_eq!(timers.pop(start), None);
        assert_eq!(timers.pop(later).map(|due| due.key), Some([1; 16]));
    }

    #[test]
    fn a_timer_is_stale_once_another_of_its_kind_was_armed() {
        let start = epoch();
        let at = |seconds| start + Duration::from_secs(seconds);
        let (mut timers, mut deadlines) = (Queues::default(), Deadlines::default());
        let due = |seconds, timer| Due {
            at: at(seconds),
            timer,
            key: [1; 16],
        };
        timers.arm(&mut deadlines, at(1), Timer::RetransmitInvite, [1; 16]);
        timers.arm(&mut deadlines, at(32), Timer::InviteTimeout, [1; 16]);
        assert!(!deadlines.is_stale(&due(1, Timer::RetransmitInvite)));
        assert!(!deadlines.is_stale(&due(32, Timer::InviteTimeout)));
        timers.arm(&mut deadlines, at(180), Timer::Ringing, [1; 16]);
        assert!(
            deadlines.is_stale(&due(32, Timer::InviteTimeout)),
            "Timer C is in its place"
        );
        assert!(
            !deadlines.is_stale(&due(1, Timer::RetransmitInvite)),
            "that is of the other kind"
        );
        deadlines.stop();
        assert!(deadlines.is_stale(&due(1, Timer::RetransmitInvite)));
        assert!(!deadlines.is_stale(&due(180, Timer::Ringing)));
    }

    #[test]
    fn only_a_timer_of_varying_length_is_taken_out_before_its_time() {
        let start = epoch();
        let (mut timers, mut deadlines) = (Queues::default(), Deadlines::default());
        timers.arm(&mut deadlines, start, Timer::ExpireUsages, [1; 16]);
        timers.arm(&mut deadlines, start, Timer::AwaitAck, [1; 16]);
        timers.disarm(&deadlines, Timer::ExpireUsages, [1; 16]);
        timers.disarm(&deadlines, Timer::AwaitAck, [1; 16]);
        assert_eq!(timers.pop(start).map(|due| due.timer), Some(Timer::AwaitAck));
        assert_eq!(timers.pop(start), None);
        let at = timers.arm_at(start, Timer::CancelExpired, [2; 16]);
        timers.disarm_at(at, Timer::CancelExpired, [2; 16]);
        assert_eq!((timers.pop(start), timers.next()), (None, None));
    }

    #[test]
    fn a_queue_that_is_full_of_stale_timers_is_swept() {
        let start = epoch();
        let mut timers = Queues::default();
        let keep = |timers: &mut Queues, owners: usize| {
            timers.sweep(Timer::EndDialog, owners, |due| due.key[0] != 1);
            timers.count(Timer::EndDialog)
        };
        for number in 0..100 {
            let at = start + Duration::from_secs(number);
            timers.push(at, Timer::EndDialog, [number as u8 % 10; 16]);
            timers.push(at, Timer::AwaitAck, [0; 16]);
        }
        assert_eq!(keep(&mut timers, 18), 100, "that many are worth keeping");
        assert_eq!(keep(&mut timers, 17), 10);
        assert_eq!(
            timers.count(Timer::AwaitAck),
            100,
            "the other queues are left alone"
        );
        let order: Vec<_> = std::iter::from_fn(|| timers.pop(start + Duration::from_secs(100)))
            .filter(|due| due.timer == Timer::EndDialog)
            .map(|due| (due.at - start).as_secs())
            .collect();
        assert_eq!(order, [1, 11, 21, 31, 41, 51, 61, 71, 81, 91]);
    }

    #[test]
    fn every_letter_of_table_4_is_named() {
        let varying = [
            Timer::RetransmitInvite,
            Timer::RetransmitRequest,
            Timer::RetransmitFailure,
            Timer::RetransmitSuccess,
            Timer::ExpireUsages,
            Timer::CancelExpired,
            Timer::RefuseExpired,
        ];
        let mut letters: Vec<_> = CONSTANT
            .iter()
            .chain(&varying)
            .filter_map(|timer| timer.letter())
            .collect();
        letters.sort_unstable();
        assert_eq!(letters.into_iter().collect::<String>(), "ABCCDEFGHIJKLMN");
    }
}
