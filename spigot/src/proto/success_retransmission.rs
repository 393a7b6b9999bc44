//! The 2xx to an INVITE until its ACK: what is above the INVITE server transaction.
//!
//! [RFC 3261 §13.3.1.4]:
//! > The 2xx response is passed to the transport with an interval that starts at T1 seconds and doubles for
//! > each retransmission until it reaches T2 seconds (T1 and T2 are defined in Section 17).  Response
//! > retransmissions cease when an ACK request for the response is received.  This is independent of whatever
//! > transport protocols are used to send the response.
//!
//! A machine like the four of the transactions, and tested like them.
//!
//! [RFC 3261 §13.3.1.4]: https://www.rfc-editor.org/rfc/rfc3261#section-13.3.1.4

use std::time::Duration;

use smallvec::smallvec;

use super::settings;
use super::timer::Timer;
use super::transaction::{Action, Actions};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// The ACK has not come. `interval` is that of the retransmissions.
    Waiting { interval: Duration },
    /// The ACK came.
    Acknowledged,
    /// The ACK did not come in 64\*T1.
    Unacknowledged,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// The ACK came.
    Ack,
    /// A timer fired.
    Timer(Timer),
}

/// The 2xx was sent.
pub(crate) fn start(timers: &settings::Timers) -> (State, Actions) {
    let actions = smallvec![
        Action::Arm(Timer::RetransmitSuccess, timers.t1),
        Action::Arm(Timer::AwaitSuccessAck, timers.lifetime()),
    ];
    (State::Waiting { interval: timers.t1 }, actions)
}

pub(crate) fn step(state: State, input: Input, timers: &settings::Timers) -> (State, Actions) {
    match (state, input) {
        (State::Waiting { .. }, Input::Ack) => (State::Acknowledged, smallvec![Action::Deliver]),
        (State::Waiting { interval }, Input::Timer(Timer::RetransmitSuccess)) => {
            let interval = timers.back_off(interval);
            let actions = smallvec![Action::Resend, Action::Arm(Timer::RetransmitSuccess, interval)];
            (State::Waiting { interval }, actions)
        }
        (State::Waiting { .. }, Input::Timer(Timer::AwaitSuccessAck)) => (State::Unacknowledged, smallvec![]),
        _ => (state, smallvec![]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::transaction::table::{TIMERS, TIMERS_ALL, UNRELIABLE, check, secs};
    use super::*;
    use Action::{Arm, Deliver, Resend};
    use State::{Acknowledged, Unacknowledged};

    const fn waiting(seconds: u64) -> State {
        State::Waiting {
            interval: Duration::from_secs(seconds),
        }
    }
    const AGAIN: Input = Input::Timer(Timer::RetransmitSuccess);
    const GIVE_UP: Input = Input::Timer(Timer::AwaitSuccessAck);

    #[test]
    fn starts_with_both_timers() {
        let (state, actions) = start(&TIMERS);
        assert_eq!(state, waiting(1));
        let armed = [
            Arm(Timer::RetransmitSuccess, secs(1)),
            Arm(Timer::AwaitSuccessAck, secs(64)),
        ];
        assert_eq!(actions.as_slice(), armed);
    }

    #[test]
    fn repeats_the_success_until_it_is_acknowledged() {
        let inputs: Vec<_> = [Input::Ack]
            .into_iter()
            .chain(TIMERS_ALL.map(Input::Timer))
            .collect();
        check(
            UNRELIABLE,
            |state, input, setting| step(state, input, setting.timers),
            &[waiting(1), waiting(2), waiting(3), Acknowledged, Unacknowledged],
            &inputs,
            &[
                (waiting(1), Input::Ack, Acknowledged, &[Deliver]),
                (
                    waiting(1),
                    AGAIN,
                    waiting(2),
                    &[Resend, Arm(Timer::RetransmitSuccess, secs(2))],
                ),
                (waiting(1), GIVE_UP, Unacknowledged, &[]),
                (waiting(2), Input::Ack, Acknowledged, &[Deliver]),
                (
                    waiting(2),
                    AGAIN,
                    waiting(3),
                    &[Resend, Arm(Timer::RetransmitSuccess, secs(3))],
                ),
                (waiting(2), GIVE_UP, Unacknowledged, &[]),
                (waiting(3), Input::Ack, Acknowledged, &[Deliver]),
                (
                    waiting(3),
                    AGAIN,
                    waiting(3),
                    &[Resend, Arm(Timer::RetransmitSuccess, secs(3))],
                ),
                (waiting(3), GIVE_UP, Unacknowledged, &[]),
            ],
        );
    }
}
