//! The INVITE server transaction: [RFC 3261 §17.2.1], Figure 7, with the Accepted state of
//! [RFC 6026 §7.1].
//!
//! A transport error changes nothing here. [RFC 6026 §8.8] (for RFC 3261 §17.2.4):
//! > the server transaction SHOULD inform the TU that a failure has occurred, and MUST remain in the current
//! > state.
//!
//! [RFC 3261 §17.2.1]: https://www.rfc-editor.org/rfc/rfc3261#section-17.2.1
//! [RFC 6026 §7.1]: https://www.rfc-editor.org/rfc/rfc6026#section-7.1
//! [RFC 6026 §8.8]: https://www.rfc-editor.org/rfc/rfc6026#section-8.8

use std::time::Duration;

use smallvec::smallvec;

use super::{Action, Actions, Setting};
use crate::proto::timer::Timer;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// No final response yet. `quiet` until the peer was sent a provisional one.
    Proceeding {
        quiet: bool,
    },
    /// A final response other than 2xx was sent; its ACK is awaited. `interval` is Timer G's.
    Completed {
        interval: Duration,
    },
    /// A 2xx was sent; retransmitting it until its ACK is the business of the layer above.
    Accepted,
    /// The ACK came; further ones are absorbed.
    Confirmed,
    Terminated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// The INVITE came again.
    Invite,
    /// An ACK came.
    Ack,
    /// The application says 101 to 199, or 100 itself.
    Provisional,
    /// The application says 2xx.
    Success,
    /// The application says 300 to 699.
    Failure,
    /// A timer fired.
    Timer(Timer),
}

/// The INVITE arrived.
///
/// RFC 3261 §17.2.1:
/// > The server transaction MUST generate a 100 (Trying) response unless it knows that the TU will generate
/// > a provisional or final response within 200 ms
pub(crate) fn start(trying_after: Duration) -> (State, Actions) {
    let actions = smallvec![Action::Deliver, Action::Arm(Timer::Trying, trying_after)];
    (State::Proceeding { quiet: true }, actions)
}

pub(crate) fn step(state: State, input: Input, setting: Setting<'_>) -> (State, Actions) {
    use Action::{Arm, Deliver, Resend, Send};

    let Setting { timers, reliable, .. } = setting;
    match (state, input) {
        (State::Proceeding { .. }, Input::Invite) => (state, smallvec![Resend]),
        (State::Proceeding { .. }, Input::Provisional) => {
            let again = setting.repeat_provisional;
            let again = again.map(|after| Arm(Timer::RepeatProvisional, after));
            (
                State::Proceeding { quiet: false },
                [Send].into_iter().chain(again).collect(),
            )
        }
        // RFC 3261 §13.3.1.1:
        // > The UAS MUST send a non-100 provisional response at every minute, to handle the possibility of
        // > lost provisional responses.
        (State::Proceeding { quiet: false }, Input::Timer(Timer::RepeatProvisional)) => {
            let again = setting.repeat_provisional;
            let again = again.map(|after| Arm(Timer::RepeatProvisional, after));
            (state, [Resend].into_iter().chain(again).collect())
        }
        (State::Proceeding { quiet: true }, Input::Timer(Timer::Trying)) => {
            (State::Proceeding { quiet: false }, smallvec![Action::Trying])
        }
        (State::Proceeding { .. }, Input::Success) => (
            State::Accepted,
            smallvec![Send, Arm(Timer::AbsorbInvites, timers.lifetime())],
        ),
        (State::Proceeding { .. }, Input::Failure) => {
            let mut actions: Actions = smallvec![Send];
            // > For unreliable transports, timer G is set to fire in T1 seconds, and is not set to fire for
            // > reliable transports.
            if !reliable {
                actions.push(Arm(Timer::RetransmitFailure, timers.t1));
            }
            actions.push(Arm(Timer::AwaitAck, timers.lifetime()));
            (State::Completed { interval: timers.t1 }, actions)
        }

        (State::Completed { .. }, Input::Invite) => (state, smallvec![Resend]),
        (State::Completed { interval }, Input::Timer(Timer::RetransmitFailure)) => {
            let interval = timers.back_off(interval);
            (
                State::Completed { interval },
                smallvec![Resend, Arm(Timer::RetransmitFailure, interval)],
            )
        }
        (State::Completed { .. }, Input::Timer(Timer::AwaitAck)) => (State::Terminated, smallvec![]),
        (State::Completed { .. }, Input::Ack) if reliable => (State::Terminated, smallvec![]),
        (State::Completed { .. }, Input::Ack) => {
            (State::Confirmed, smallvec![Arm(Timer::AbsorbAcks, timers.t4)])
        }

        // RFC 6026 §7.1: retransmissions of the INVITE are absorbed, an ACK and a 2xx pass through.
        (State::Accepted, Input::Ack) => (state, smallvec![Deliver]),
        (State::Accepted, Input::Success) => (state, smallvec![Send]),
        (State::Accepted, Input::Timer(Timer::AbsorbInvites)) => (State::Terminated, smallvec![]),

        (State::Confirmed, Input::Timer(Timer::AbsorbAcks)) => (State::Terminated, smallvec![]),

        _ => (state, smallvec![]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::{RELIABLE, TIMERS_ALL, UNRELIABLE, check, secs};
    use super::*;
    use Action::{Arm, Deliver, Resend, Send, Trying};
    use Input::{Ack, Failure, Invite, Provisional, Success};
    use State::{Accepted, Confirmed, Terminated};

    const QUIET: State = State::Proceeding { quiet: true };
    const HEARD: State = State::Proceeding { quiet: false };
    const fn completed(seconds: u64) -> State {
        State::Completed {
            interval: Duration::from_secs(seconds),
        }
    }
    const STATES: [State; 8] = [
        QUIET,
        HEARD,
        completed(1),
        completed(2),
        completed(3),
        Accepted,
        Confirmed,
        Terminated,
    ];
    const TRYING: Input = Input::Timer(Timer::Trying);
    const AGAIN: Input = Input::Timer(Timer::RepeatProvisional);
    const PROGRESS: &[Action] = &[Send, Arm(Timer::RepeatProvisional, Duration::from_secs(60))];
    const G: Input = Input::Timer(Timer::RetransmitFailure);
    const H: Input = Input::Timer(Timer::AwaitAck);
    const I: Input = Input::Timer(Timer::AbsorbAcks);
    const L: Input = Input::Timer(Timer::AbsorbInvites);

    fn inputs() -> Vec<Input> {
        let messages = [Invite, Ack, Provisional, Success, Failure];
        messages.into_iter().chain(TIMERS_ALL.map(Input::Timer)).collect()
    }

    #[test]
    fn starts_by_telling_the_application_and_the_clock() {
        let (state, actions) = start(secs(7));
        assert_eq!(state, QUIET);
        assert_eq!(actions.as_slice(), [Deliver, Arm(Timer::Trying, secs(7))]);
    }

    #[test]
    fn follows_its_figure_on_an_unreliable_transport() {
        let accept: &[Action] = &[Send, Arm(Timer::AbsorbInvites, secs(64))];
        let complete: &[Action] = &[
            Send,
            Arm(Timer::RetransmitFailure, secs(1)),
            Arm(Timer::AwaitAck, secs(64)),
        ];
        let confirm: &[Action] = &[Arm(Timer::AbsorbAcks, secs(10))];
        check(
            UNRELIABLE,
            step,
            &STATES,
            &inputs(),
            &[
                (QUIET, Invite, QUIET, &[Resend]),
                (QUIET, Provisional, HEARD, PROGRESS),
                (QUIET, TRYING, HEARD, &[Trying]),
                (QUIET, Success, Accepted, accept),
                (QUIET, Failure, completed(1), complete),
                (HEARD, Invite, HEARD, &[Resend]),
                (HEARD, Provisional, HEARD, PROGRESS),
                (
                    HEARD,
                    AGAIN,
                    HEARD,
                    &[Resend, Arm(Timer::RepeatProvisional, secs(60))],
                ),
                (HEARD, Success, Accepted, accept),
                (HEARD, Failure, completed(1), complete),
                (completed(1), Invite, completed(1), &[Resend]),
                (
                    completed(1),
                    G,
                    completed(2),
                    &[Resend, Arm(Timer::RetransmitFailure, secs(2))],
                ),
                (completed(1), H, Terminated, &[]),
                (completed(1), Ack, Confirmed, confirm),
                (completed(2), Invite, completed(2), &[Resend]),
                (
                    completed(2),
                    G,
                    completed(3),
                    &[Resend, Arm(Timer::RetransmitFailure, secs(3))],
                ),
                (completed(2), H, Terminated, &[]),
                (completed(2), Ack, Confirmed, confirm),
                (completed(3), Invite, completed(3), &[Resend]),
                (
                    completed(3),
                    G,
                    completed(3),
                    &[Resend, Arm(Timer::RetransmitFailure, secs(3))],
                ),
                (completed(3), H, Terminated, &[]),
                (completed(3), Ack, Confirmed, confirm),
                (Accepted, Ack, Accepted, &[Deliver]),
                (Accepted, Success, Accepted, &[Send]),
                (Accepted, L, Terminated, &[]),
                (Confirmed, I, Terminated, &[]),
            ],
        );
    }

    #[test]
    fn a_relayed_provisional_response_is_not_repeated() {
        let setting = Setting {
            repeat_provisional: None,
            ..UNRELIABLE
        };
        assert_eq!(step(QUIET, Provisional, setting), (HEARD, smallvec![Send]));
    }

    #[test]
    fn arms_no_retransmission_on_a_reliable_transport() {
        let accept: &[Action] = &[Send, Arm(Timer::AbsorbInvites, secs(64))];
        let complete: &[Action] = &[Send, Arm(Timer::AwaitAck, secs(64))];
        check(
            RELIABLE,
            step,
            &[QUIET, HEARD, completed(1), Accepted, Confirmed, Terminated],
            &inputs(),
            &[
                (QUIET, Invite, QUIET, &[Resend]),
                (QUIET, Provisional, HEARD, PROGRESS),
                (QUIET, TRYING, HEARD, &[Trying]),
                (QUIET, Success, Accepted, accept),
                (QUIET, Failure, completed(1), complete),
                (HEARD, Invite, HEARD, &[Resend]),
                (HEARD, Provisional, HEARD, PROGRESS),
                (
                    HEARD,
                    AGAIN,
                    HEARD,
                    &[Resend, Arm(Timer::RepeatProvisional, secs(60))],
                ),
                (HEARD, Success, Accepted, accept),
                (HEARD, Failure, completed(1), complete),
                (completed(1), Invite, completed(1), &[Resend]),
                (
                    completed(1),
                    G,
                    completed(2),
                    &[Resend, Arm(Timer::RetransmitFailure, secs(2))],
                ),
                (completed(1), H, Terminated, &[]),
                (completed(1), Ack, Terminated, &[]),
                (Accepted, Ack, Accepted, &[Deliver]),
                (Accepted, Success, Accepted, &[Send]),
                (Accepted, L, Terminated, &[]),
                (Confirmed, I, Terminated, &[]),
            ],
        );
    }
}
