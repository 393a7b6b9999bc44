//! The non-INVITE client transaction: [RFC 3261 §17.1.2], Figure 6.
//!
//! [RFC 3261 §17.1.2]: https://www.rfc-editor.org/rfc/rfc3261#section-17.1.2

use std::time::Duration;

use smallvec::smallvec;

use super::{Action, Actions, Setting};
use crate::proto::output::Failure;
use crate::proto::timer::Timer;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing came back yet. `interval` is Timer E's.
    Trying {
        interval: Duration,
    },
    /// A provisional response came.
    Proceeding,
    /// The final response came; it is absorbed when it comes again.
    Completed,
    Terminated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// 1xx came.
    Provisional,
    /// 200 to 699 came.
    Final,
    /// The flow failed.
    TransportError,
    /// A timer fired.
    Timer(Timer),
}

/// The application sends a request.
pub(crate) fn start(setting: Setting<'_>) -> (State, Actions) {
    let Setting { timers, reliable, .. } = setting;
    let mut actions: Actions = smallvec![Action::Send];
    // > If an unreliable transport is in use, the client transaction MUST set timer E to fire in T1 seconds.
    if !reliable {
        actions.push(Action::Arm(Timer::RetransmitRequest, timers.t1));
    }
    // > When entering this state, the client transaction SHOULD set timer F to fire in 64*T1 seconds.
    actions.push(Action::Arm(Timer::RequestTimeout, timers.lifetime()));
    (State::Trying { interval: timers.t1 }, actions)
}

pub(crate) fn step(state: State, input: Input, setting: Setting<'_>) -> (State, Actions) {
    use Action::{Arm, Deliver, Fail, Resend};

    let Setting { timers, reliable, .. } = setting;
    match (state, input) {
        (State::Trying { interval }, Input::Timer(Timer::RetransmitRequest)) => {
            // > the timer is reset, but this time with a value of MIN(2*T1, T2).
            let interval = timers.back_off(interval);
            (
                State::Trying { interval },
                smallvec![Resend, Arm(Timer::RetransmitRequest, interval)],
            )
        }
        (State::Proceeding, Input::Timer(Timer::RetransmitRequest)) => {
            // > If Timer E fires while in the "Proceeding" state, the request MUST be passed to the transport
            // > layer for retransmission, and Timer E MUST be reset with a value of T2 seconds.
            (state, smallvec![Resend, Arm(Timer::RetransmitRequest, timers.t2)])
        }
        (State::Trying { .. } | State::Proceeding, Input::Timer(timer @ Timer::RequestTimeout)) => {
            (State::Terminated, smallvec![Fail(Failure::Timeout(timer))])
        }
        (State::Trying { .. } | State::Proceeding, Input::TransportError) => {
            (State::Terminated, smallvec![Fail(Failure::Transport)])
        }
        (State::Trying { .. } | State::Proceeding, Input::Provisional) => {
            (State::Proceeding, smallvec![Deliver])
        }
        // > Once the client transaction enters the "Completed" state, it MUST set Timer K to fire in T4
        // > seconds for unreliable transports, and zero seconds for reliable transports.
        (State::Trying { .. } | State::Proceeding, Input::Final) if reliable => {
            (State::Terminated, smallvec![Deliver])
        }
        (State::Trying { .. } | State::Proceeding, Input::Final) => (
            State::Completed,
            smallvec![Deliver, Arm(Timer::AbsorbResponses, timers.t4)],
        ),
        (State::Completed, Input::Timer(Timer::AbsorbResponses)) => (State::Terminated, smallvec![]),
        _ => (state, smallvec![]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::{RELIABLE, TIMERS_ALL, UNRELIABLE, check, secs};
    use super::*;
    use Action::{Arm, Deliver, Fail, Resend, Send};
    use Input::{Final, Provisional, TransportError};
    use State::{Completed, Proceeding, Terminated};

    const fn trying(seconds: u64) -> State {
        State::Trying {
            interval: Duration::from_secs(seconds),
        }
    }
    const STATES: [State; 6] = [trying(1), trying(2), trying(3), Proceeding, Completed, Terminated];
    const E: Input = Input::Timer(Timer::RetransmitRequest);
    const F: Input = Input::Timer(Timer::RequestTimeout);
    const K: Input = Input::Timer(Timer::AbsorbResponses);

    fn inputs() -> Vec<Input> {
        [Provisional, Final, TransportError]
            .into_iter()
            .chain(TIMERS_ALL.map(Input::Timer))
            .collect()
    }

    #[test]
    fn starts_by_sending() {
        let f = Arm(Timer::RequestTimeout, secs(64));
        let (state, actions) = start(UNRELIABLE);
        assert_eq!(state, trying(1));
        assert_eq!(
            actions.as_slice(),
            [Send, Arm(Timer::RetransmitRequest, secs(1)), f]
        );
        assert_eq!(start(RELIABLE).1.as_slice(), [Send, f]);
    }

    fn rows(reliable: bool) -> Vec<(State, Input, State, &'static [Action])> {
        const E1: &[Action] = &[Resend, Arm(Timer::RetransmitRequest, Duration::from_secs(2))];
        const E2: &[Action] = &[Resend, Arm(Timer::RetransmitRequest, Duration::from_secs(3))];
        const COMPLETE: &[Action] = &[Deliver, Arm(Timer::AbsorbResponses, Duration::from_secs(10))];
        const F_FIRED: &[Action] = &[Fail(Failure::Timeout(Timer::RequestTimeout))];
        let (done, complete): (_, &[Action]) = if reliable {
            (Terminated, &[Deliver])
        } else {
            (Completed, COMPLETE)
        };
        let mut rows: Vec<(State, Input, State, &'static [Action])> = vec![
            (trying(1), E, trying(2), E1),
            (trying(2), E, trying(3), E2),
            (trying(3), E, trying(3), E2),
            (Proceeding, E, Proceeding, E2),
            (Completed, K, Terminated, &[]),
        ];
        for state in [trying(1), trying(2), trying(3), Proceeding] {
            rows.push((state, F, Terminated, F_FIRED));
            rows.push((state, TransportError, Terminated, &[Fail(Failure::Transport)]));
            rows.push((state, Provisional, Proceeding, &[Deliver]));
            rows.push((state, Final, done, complete));
        }
        rows
    }

    #[test]
    fn follows_its_figure_on_an_unreliable_transport() {
        check(UNRELIABLE, step, &STATES, &inputs(), &rows(false));
    }

    #[test]
    fn ends_with_its_answer_on_a_reliable_transport() {
        check(RELIABLE, step, &STATES, &inputs(), &rows(true));
    }
}
