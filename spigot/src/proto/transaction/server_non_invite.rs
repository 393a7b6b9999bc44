//! The non-INVITE server transaction: [RFC 3261 §17.2.2], Figure 8.
//!
//! As in the INVITE one, a transport error leaves the state as it is (RFC 6026 §8.8).
//!
//! [RFC 3261 §17.2.2]: https://www.rfc-editor.org/rfc/rfc3261#section-17.2.2

use smallvec::smallvec;

use super::{Action, Actions, Setting};
use crate::proto::timer::Timer;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing was answered yet.
    Trying,
    /// A provisional response was sent.
    Proceeding,
    /// The final response was sent; retransmissions of the request get it again.
    Completed,
    Terminated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// The request came again.
    Request,
    /// The application says 1xx.
    Provisional,
    /// The application says 200 to 699.
    Final,
    /// A timer fired.
    Timer(Timer),
}

/// The request arrived.
pub(crate) fn start() -> (State, Actions) {
    (State::Trying, smallvec![Action::Deliver])
}

pub(crate) fn step(state: State, input: Input, setting: Setting<'_>) -> (State, Actions) {
    use Action::{Arm, Resend, Send};

    match (state, input) {
        // > Once in the "Trying" state, any further request retransmissions are discarded.
        (State::Trying, Input::Request) => (state, smallvec![]),
        (State::Trying | State::Proceeding, Input::Provisional) => (State::Proceeding, smallvec![Send]),
        // > When the server transaction enters the "Completed" state, it MUST set Timer J to fire in 64*T1
        // > seconds for unreliable transports, and zero seconds for reliable transports.
        (State::Trying | State::Proceeding, Input::Final) if setting.reliable => {
            (State::Terminated, smallvec![Send])
        }
        (State::Trying | State::Proceeding, Input::Final) => (
            State::Completed,
            smallvec![Send, Arm(Timer::AbsorbRequests, setting.timers.lifetime())],
        ),
        (State::Proceeding | State::Completed, Input::Request) => (state, smallvec![Resend]),
        (State::Completed, Input::Timer(Timer::AbsorbRequests)) => (State::Terminated, smallvec![]),
        // > Any other final responses passed by the TU to the server transaction MUST be discarded while in
        // > the "Completed" state.
        _ => (state, smallvec![]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::{RELIABLE, TIMERS_ALL, UNRELIABLE, check, secs};
    use super::*;
    use Action::{Arm, Deliver, Resend, Send};
    use Input::{Final, Provisional, Request};
    use State::{Completed, Proceeding, Terminated, Trying};

    const STATES: [State; 4] = [Trying, Proceeding, Completed, Terminated];
    const J: Input = Input::Timer(Timer::AbsorbRequests);

    fn inputs() -> Vec<Input> {
        [Request, Provisional, Final]
            .into_iter()
            .chain(TIMERS_ALL.map(Input::Timer))
            .collect()
    }

    #[test]
    fn starts_by_telling_the_application() {
        assert_eq!(start(), (Trying, smallvec![Deliver]));
    }

    #[test]
    fn follows_its_figure_on_an_unreliable_transport() {
        let complete: &[Action] = &[Send, Arm(Timer::AbsorbRequests, secs(64))];
        check(
            UNRELIABLE,
            step,
            &STATES,
            &inputs(),
            &[
                (Trying, Provisional, Proceeding, &[Send]),
                (Trying, Final, Completed, complete),
                (Proceeding, Request, Proceeding, &[Resend]),
                (Proceeding, Provisional, Proceeding, &[Send]),
                (Proceeding, Final, Completed, complete),
                (Completed, Request, Completed, &[Resend]),
                (Completed, J, Terminated, &[]),
            ],
        );
    }

    #[test]
    fn ends_with_its_answer_on_a_reliable_transport() {
        check(
            RELIABLE,
            step,
            &STATES,
            &inputs(),
            &[
                (Trying, Provisional, Proceeding, &[Send]),
                (Trying, Final, Terminated, &[Send]),
                (Proceeding, Request, Proceeding, &[Resend]),
                (Proceeding, Provisional, Proceeding, &[Send]),
                (Proceeding, Final, Terminated, &[Send]),
                (Completed, Request, Completed, &[Resend]),
                (Completed, J, Terminated, &[]),
            ],
        );
    }
}
