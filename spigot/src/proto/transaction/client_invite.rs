//! The INVITE client transaction: [RFC 3261 §17.1.1], Figure 5, with the Accepted state of
//! [RFC 6026 §7.2] and the CANCEL of [RFC 3261 §9.1].
//!
//! Two things go beyond the figure. Timer C bounds Proceeding, anew with each 101 to 199: the INVITE is
//! cancelled when it has rung for too long, and when its Expires is over. And an error of the flow ends the
//! transaction in Proceeding too. Nothing is sent there, so the figure knows no error; but no timer runs
//! there either, and a response is not to be expected from a connection that is gone.
//!
//! [RFC 3261 §9.1]: https://www.rfc-editor.org/rfc/rfc3261#section-9.1
//! [RFC 3261 §17.1.1]: https://www.rfc-editor.org/rfc/rfc3261#section-17.1.1
//! [RFC 6026 §7.2]: https://www.rfc-editor.org/rfc/rfc6026#section-7.2

use std::time::Duration;

use smallvec::smallvec;

use super::{Action, Actions, Setting};
use crate::proto::output::Failure;
use crate::proto::timer::Timer;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing came back yet. `interval` is Timer A's; `cancel` if a CANCEL waits for a provisional response.
    Calling {
        interval: Duration,
        cancel: bool,
    },
    /// A provisional response came. `cancelled` once the CANCEL was sent.
    Proceeding {
        cancelled: bool,
    },
    /// A 2xx came; more may, retransmitted or from other branches of a fork.
    Accepted,
    /// Another final response came and was acknowledged; it gets its ACK whenever it comes again.
    Completed,
    Terminated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// 100 came.
    Trying,
    /// 101 to 199 came.
    Provisional,
    /// 2xx came.
    Success,
    /// 300 to 699 came.
    Failure,
    /// The application wants no answer any more.
    Cancel,
    /// The flow failed.
    TransportError,
    /// A timer fired.
    Timer(Timer),
}

/// The application sends an INVITE.
pub(crate) fn start(setting: Setting<'_>) -> (State, Actions) {
    let Setting { timers, reliable, .. } = setting;
    let mut actions: Actions = smallvec![Action::Send];
    // > If an unreliable transport is being used, the client transaction MUST start timer A with a value of
    // > T1.
    if !reliable {
        actions.push(Action::Arm(Timer::RetransmitInvite, timers.t1));
    }
    // > For any transport, the client transaction MUST start timer B with a value of 64*T1 seconds
    actions.push(Action::Arm(Timer::InviteTimeout, timers.lifetime()));
    (
        State::Calling {
            interval: timers.t1,
            cancel: false,
        },
        actions,
    )
}

pub(crate) fn step(state: State, input: Input, setting: Setting<'_>) -> (State, Actions) {
    use Action::{Acknowledge, Arm, Cancel, Deliver, Fail, Resend};

    let Setting { timers, reliable, .. } = setting;
    match (state, input) {
        (State::Calling { interval, cancel }, Input::Timer(Timer::RetransmitInvite)) => {
            // > When timer A fires, the client transaction MUST retransmit the request by passing it to the
            // > transport layer, and MUST reset the timer with a value of 2*T1.
            let interval = interval.saturating_mul(2);
            (
                State::Calling { interval, cancel },
                smallvec![Resend, Arm(Timer::RetransmitInvite, interval)],
            )
        }
        (State::Calling { .. }, Input::Timer(timer @ Timer::InviteTimeout))
        | (State::Proceeding { cancelled: true }, Input::Timer(timer @ Timer::CancelTimeout)) => {
            (State::Terminated, smallvec![Fail(Failure::Timeout(timer))])
        }
        (State::Calling { .. } | State::Proceeding { .. }, Input::TransportError) => {
            (State::Terminated, smallvec![Fail(Failure::Transport)])
        }
        (State::Calling { interval, .. }, Input::Cancel | Input::Timer(Timer::CancelExpired)) => {
            // > If no provisional response has been received, the CANCEL request MUST NOT be sent; rather,
            // > the client MUST wait for the arrival of a provisional response before sending the request.
            (
                State::Calling {
                    interval,
                    cancel: true,
                },
                smallvec![],
            )
        }
        (State::Calling { cancel: true, .. }, Input::Trying | Input::Provisional) => (
            State::Proceeding { cancelled: true },
            smallvec![Deliver, Cancel, Arm(Timer::CancelTimeout, timers.lifetime())],
        ),
        (State::Calling { cancel: false, .. }, Input::Trying | Input::Provisional)
        // RFC 3261 §16.7 step 2:
        // > If the response is a provisional response (with status codes 101 to 199 inclusive (i.e., anything
        // > but 100)), the proxy MUST reset timer C for that client transaction.
        | (State::Proceeding { cancelled: false }, Input::Provisional) => {
            let (timer, after) = setting.ringing;
            (State::Proceeding { cancelled: false }, smallvec![Deliver, Arm(timer, after)])
        }
        (State::Proceeding { .. }, Input::Trying | Input::Provisional) => (state, smallvec![Deliver]),
        (
            State::Proceeding { cancelled: false },
            Input::Cancel | Input::Timer(Timer::Ringing | Timer::ForwardedRinging | Timer::CancelExpired),
        ) => (
            State::Proceeding { cancelled: true },
            smallvec![Cancel, Arm(Timer::CancelTimeout, timers.lifetime())],
        ),
        (State::Calling { .. } | State::Proceeding { .. }, Input::Success) => (
            State::Accepted,
            smallvec![Deliver, Arm(Timer::AbsorbSuccesses, timers.lifetime())],
        ),
        (State::Calling { .. } | State::Proceeding { .. }, Input::Failure) if reliable => {
            (State::Terminated, smallvec![Acknowledge, Deliver])
        }
        (State::Calling { .. } | State::Proceeding { .. }, Input::Failure) => (
            State::Completed,
            smallvec![
                Acknowledge,
                Deliver,
                Arm(Timer::AbsorbFailures, timers.absorb_failures())
            ],
        ),

        (State::Accepted, Input::Success) => (state, smallvec![Deliver]),
        (State::Accepted, Input::Timer(Timer::AbsorbSuccesses)) => (State::Terminated, smallvec![]),

        // > Any retransmissions of the final response that are received while in the "Completed" state MUST
        // > cause the ACK to be re-passed to the transport layer for retransmission, but the newly received
        // > response MUST NOT be passed up to the TU.
        (State::Completed, Input::Failure) => (state, smallvec![Resend]),
        (State::Completed, Input::Timer(Timer::AbsorbFailures) | Input::TransportError) => {
            (State::Terminated, smallvec![])
        }

        _ => (state, smallvec![]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::{RELIABLE, TIMERS, TIMERS_ALL, UNRELIABLE, check, secs};
    use super::*;
    use Action::{Acknowledge, Arm, Cancel as SendCancel, Deliver, Fail, Resend, Send};
    use Input::{Cancel, Failure as Refused, Provisional, Success, TransportError, Trying};
    use State::{Accepted, Completed, Terminated};

    const fn calling(seconds: u64, cancel: bool) -> State {
        State::Calling {
            interval: Duration::from_secs(seconds),
            cancel,
        }
    }
    const PROCEEDING: State = State::Proceeding { cancelled: false };
    const CANCELLED: State = State::Proceeding { cancelled: true };
    const STATES: [State; 7] = [
        calling(1, false),
        calling(2, true),
        PROCEEDING,
        CANCELLED,
        Accepted,
        Completed,
        Terminated,
    ];
    const A: Input = Input::Timer(Timer::RetransmitInvite);
    const B: Input = Input::Timer(Timer::InviteTimeout);
    const C: Input = Input::Timer(Timer::Ringing);
    const D: Input = Input::Timer(Timer::AbsorbFailures);
    const M: Input = Input::Timer(Timer::AbsorbSuccesses);
    const FORWARDED_C: Input = Input::Timer(Timer::ForwardedRinging);
    const EXPIRED: Input = Input::Timer(Timer::CancelExpired);
    const CANCEL_TIMEOUT: Input = Input::Timer(Timer::CancelTimeout);

    fn inputs() -> Vec<Input> {
        let events = [Trying, Provisional, Success, Refused, Cancel, TransportError];
        events.into_iter().chain(TIMERS_ALL.map(Input::Timer)).collect()
    }

    #[test]
    fn starts_by_sending() {
        let b = Arm(Timer::InviteTimeout, secs(64));
        let (state, actions) = start(UNRELIABLE);
        assert_eq!(state, calling(1, false));
        assert_eq!(
            actions.as_slice(),
            [Send, Arm(Timer::RetransmitInvite, secs(1)), b]
        );
        assert_eq!(start(RELIABLE).1.as_slice(), [Send, b]);
    }

    fn rows(reliable: bool) -> Vec<(State, Input, State, &'static [Action])> {
        const ACCEPT: &[Action] = &[Deliver, Arm(Timer::AbsorbSuccesses, Duration::from_secs(64))];
        const COMPLETE: &[Action] = &[
            Acknowledge,
            Deliver,
            Arm(Timer::AbsorbFailures, Duration::from_secs(64)),
        ];
        const A_FIRED: &[Action] = &[Resend, Arm(Timer::RetransmitInvite, Duration::from_secs(2))];
        const A_FIRED_AGAIN: &[Action] = &[Resend, Arm(Timer::RetransmitInvite, Duration::from_secs(4))];
        const B_FIRED: &[Action] = &[Fail(Failure::Timeout(Timer::InviteTimeout))];
        const RING: &[Action] = &[Deliver, Arm(Timer::Ringing, secs(7))];
        const LOST: &[Action] = &[Fail(Failure::Transport)];
        const WAIT: Action = Arm(Timer::CancelTimeout, Duration::from_secs(64));
        let (refused, complete): (_, &[Action]) = if reliable {
            (Terminated, &[Acknowledge, Deliver])
        } else {
            (Completed, COMPLETE)
        };
        vec![
            (calling(1, false), A, calling(2, false), A_FIRED),
            (calling(1, false), B, Terminated, B_FIRED),
            (calling(1, false), TransportError, Terminated, LOST),
            (calling(1, false), Cancel, calling(1, true), &[]),
            (calling(1, false), EXPIRED, calling(1, true), &[]),
            (calling(1, false), Trying, PROCEEDING, RING),
            (calling(1, false), Provisional, PROCEEDING, RING),
            (calling(1, false), Success, Accepted, ACCEPT),
            (calling(1, false), Refused, refused, complete),
            // Timer A doubles past T2, unlike E and G.
            (calling(2, true), A, calling(4, true), A_FIRED_AGAIN),
            (calling(2, true), B, Terminated, B_FIRED),
            (calling(2, true), TransportError, Terminated, LOST),
            (
                calling(2, true),
                Provisional,
                CANCELLED,
                &[Deliver, SendCancel, WAIT],
            ),
            (calling(2, true), Trying, CANCELLED, &[Deliver, SendCancel, WAIT]),
            (calling(2, true), Success, Accepted, ACCEPT),
            (calling(2, true), Refused, refused, complete),
            (PROCEEDING, Trying, PROCEEDING, &[Deliver]),
            (PROCEEDING, Provisional, PROCEEDING, RING),
            (PROCEEDING, Cancel, CANCELLED, &[SendCancel, WAIT]),
            (PROCEEDING, C, CANCELLED, &[SendCancel, WAIT]),
            (PROCEEDING, FORWARDED_C, CANCELLED, &[SendCancel, WAIT]),
            (PROCEEDING, EXPIRED, CANCELLED, &[SendCancel, WAIT]),
            (PROCEEDING, Success, Accepted, ACCEPT),
            (PROCEEDING, Refused, refused, complete),
            (PROCEEDING, TransportError, Terminated, LOST),
            (CANCELLED, Trying, CANCELLED, &[Deliver]),
            (CANCELLED, Provisional, CANCELLED, &[Deliver]),
            (CANCELLED, Success, Accepted, ACCEPT),
            (CANCELLED, Refused, refused, complete),
            (CANCELLED, TransportError, Terminated, LOST),
            (
                CANCELLED,
                CANCEL_TIMEOUT,
                Terminated,
                &[Fail(Failure::Timeout(Timer::CancelTimeout))],
            ),
            (Accepted, Success, Accepted, &[Deliver]),
            (Accepted, M, Terminated, &[]),
            (Completed, Refused, Completed, &[Resend]),
            (Completed, D, Terminated, &[]),
            (Completed, TransportError, Terminated, &[]),
        ]
    }

    #[test]
    fn follows_its_figure_on_an_unreliable_transport() {
        check(UNRELIABLE, step, &STATES, &inputs(), &rows(false));
    }

    #[test]
    fn ends_with_its_ack_on_a_reliable_transport() {
        check(RELIABLE, step, &STATES, &inputs(), &rows(true));
    }

    #[test]
    fn timer_d_is_never_shorter_than_32_seconds() {
        let timers = crate::proto::Timers {
            t1: Duration::from_millis(1),
            ..TIMERS
        };
        let setting = Setting {
            timers: &timers,
            ..UNRELIABLE
        };
        let (_, actions) = step(PROCEEDING, Refused, setting);
        assert_eq!(actions[2], Arm(Timer::AbsorbFailures, secs(32)));
    }
}
