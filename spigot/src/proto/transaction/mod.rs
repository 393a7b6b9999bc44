//! The four transaction machines of [RFC 3261 §17], as [RFC 6026] corrects them.
//!
//! Each is a pure step: a state by value and an input in, the next state and the actions out. No table, no
//! message and no clock is in here; the [shard](super::Shard) has those and carries the actions out in
//! their order. The invariant: a step in `Terminated` does nothing, and an input that a figure does not
//! show for a state changes nothing.
//!
//! On a reliable transport the timers that exist for retransmissions have length zero (Table 4); the
//! machines then pass through the state that would wait for them without arming anything.
//!
//! [RFC 3261 §17]: https://www.rfc-editor.org/rfc/rfc3261#section-17
//! [RFC 6026]: https://www.rfc-editor.org/rfc/rfc6026

pub(crate) mod client_invite;
pub(crate) mod client_non_invite;
pub(crate) mod server_invite;
pub(crate) mod server_non_invite;

use std::time::Duration;

use smallvec::SmallVec;

use super::output::Failure;
use super::settings::Timers;
use super::timer::Timer;

/// An action that a step wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Send the message that came with the input, and keep it for retransmission.
    Send,
    /// Send what was kept once more, if anything was.
    Resend,
    /// Say 100 Trying.
    Trying,
    /// Give the message that came with the input to the application.
    Deliver,
    /// Send the ACK for the failure that came with the input (§17.1.1.3).
    Acknowledge,
    /// Send a CANCEL (§9.1).
    Cancel,
    /// Come back with this timer after this long.
    Arm(Timer, Duration),
    /// Tell the application that there will be no final response.
    Fail(Failure),
}

/// A step's actions, in the order in which they are carried out.
pub(crate) type Actions = SmallVec<[Action; 4]>;

/// The setting that a machine runs in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'a> {
    pub(crate) timers: &'a Timers,
    /// How long an INVITE of ours, or one that is forwarded, may ring, and the timer for that.
    pub(crate) ringing: (Timer, Duration),
    /// After how long a provisional response of ours to an INVITE is sent again; nothing for one that is
    /// relayed.
    pub(crate) repeat_provisional: Option<Duration>,
    /// Whether the transport is reliable.
    pub(crate) reliable: bool,
}

#[cfg(test)]
pub(crate) mod table {
    //! Checks a machine against its figure: every pair of state and input, the silent ones included.

    use super::*;

    /// T1 = 1 s, T2 = 3 s, T4 = 10 s: no two timers are equal by accident.
    pub(crate) const TIMERS: Timers = Timers {
        t1: Duration::from_secs(1),
        t2: Duration::from_secs(3),
        t4: Duration::from_secs(10),
    };

    pub(crate) const UNRELIABLE: Setting<'static> = Setting {
        timers: &TIMERS,
        ringing: (Timer::Ringing, secs(7)),
        repeat_provisional: Some(secs(60)),
        reliable: false,
    };
    pub(crate) const RELIABLE: Setting<'static> = Setting {
        timers: &TIMERS,
        ringing: (Timer::Ringing, secs(7)),
        repeat_provisional: Some(secs(60)),
        reliable: true,
    };

    pub(crate) const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    pub(crate) const TIMERS_ALL: [Timer; 20] = [
        Timer::Ringing,
        Timer::RetransmitInvite,
        Timer::InviteTimeout,
        Timer::AbsorbFailures,
        Timer::RetransmitRequest,
        Timer::RequestTimeout,
        Timer::RetransmitFailure,
        Timer::AwaitAck,
        Timer::AbsorbAcks,
        Timer::AbsorbRequests,
        Timer::AbsorbResponses,
        Timer::AbsorbInvites,
        Timer::AbsorbSuccesses,
        Timer::Trying,
        Timer::CancelTimeout,
        Timer::RetransmitSuccess,
        Timer::AwaitSuccessAck,
        Timer::ForwardedRinging,
        Timer::CancelExpired,
        Timer::RepeatProvisional,
    ];

    /// Steps every state with every input: what `rows` names has to do exactly that, and whatever it does
    /// not name has to leave the state as it is and do nothing.
    pub(crate) fn check<S, I>(
        setting: Setting<'_>,
        step: impl Fn(S, I, Setting<'_>) -> (S, Actions),
        states: &[S],
        inputs: &[I],
        rows: &[(S, I, S, &[Action])],
    ) where
        S: Copy + PartialEq + std::fmt::Debug,
        I: Copy + PartialEq + std::fmt::Debug,
    {
        for (state, input, ..) in rows {
            assert!(
                states.contains(state) && inputs.contains(input),
                "row is never tried: {state:?} {input:?}"
            );
        }
        for &state in states {
            for &input in inputs {
                let row = rows.iter().find(|row| row.0 == state && row.1 == input);
                let (next, actions) = row.map_or((state, &[][..]), |row| (row.2, row.3));
                let got = step(state, input, setting);
                assert_eq!(
                    (got.0, got.1.as_slice()),
                    (next, actions),
                    "{state:?} on {input:?}"
                );
            }
        }
    }
}
