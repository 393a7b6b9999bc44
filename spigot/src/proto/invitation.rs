//! An INVITE of ours as its caller sees it: what is above its client transaction ([RFC 3261 §13.2.2]).
//!
//! A fork answers it more than once. The caller gets the first 2xx; each further branch is acknowledged and
//! hung up on:
//!
//! > If the UAC does not want to continue with the dialog [...] it MUST still acknowledge the 2xx and then
//! > send a BYE
//!
//! A pure step like the four of the transactions. The invariant: each 2xx is acknowledged each time it comes,
//! and each branch that nobody wants is hung up on once.
//!
//! [RFC 3261 §13.2.2]: https://www.rfc-editor.org/rfc/rfc3261#section-13.2.2

use smallvec::{SmallVec, smallvec};

/// How many dialogs the responses to one request of ours may make, and how many branches of an INVITE may
/// answer it. The rest is dropped.
pub(crate) const FORKS: usize = 12;

/// How far an INVITE is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// No branch has answered 2xx, and the caller waits for one.
    Calling,
    /// The first branch that answered 2xx is the caller's.
    Answered,
    /// The caller has gone: it wants no branch.
    Abandoned,
    /// A final response other than a 2xx came, or none will. Nobody wants a 2xx that comes all the same.
    Refused,
}

/// An event of an INVITE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// A branch answers 2xx for the first time.
    Success,
    /// The 2xx of a branch comes again.
    SuccessAgain,
    /// A branch answers 2xx for the first time, but its early dialog has ended before, perhaps by a BYE of
    /// ours.
    LateSuccess,
    /// A branch answers 2xx for the first time, but a failure has ended its early dialog before, of which its
    /// peer may not know.
    UnwantedSuccess,
    /// A branch answers 2xx for the first time, and nobody can have its dialog: there is no room for it, or its
    /// Contact cannot be read.
    SuccessWithoutDialog,
    /// A response of 300 to 699 came, or none will.
    Failure,
    /// The caller goes without a word.
    Abandon,
}

/// A thing to do for an INVITE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Give the response to the caller.
    Deliver,
    /// Acknowledge the 2xx of the branch, unless the caller does that.
    Acknowledge,
    /// Acknowledge the 2xx of the branch, whoever else should have done that.
    AcknowledgeForCaller,
    /// Send the ACK of the branch once more.
    AcknowledgeAgain,
    /// End the branch by a BYE.
    HangUp,
    /// End the branch that the caller has by a BYE.
    HangUpOnAnswer,
    /// Send a CANCEL, at once or when a provisional response has come.
    Cancel,
    /// Tell the caller that there will be no answer.
    Fail,
}

/// The actions of a step, in the order in which they are carried out.
pub(crate) type Actions = SmallVec<[Action; 3]>;

pub(crate) fn step(state: State, input: Input) -> (State, Actions) {
    use Action::{
        Acknowledge, AcknowledgeAgain, AcknowledgeForCaller, Cancel, Deliver, Fail, HangUp, HangUpOnAnswer,
    };
    match (state, input) {
        // > the UAC core MUST generate an ACK request for each 2xx received from the transaction layer.
        (State::Calling, Input::Success) => (State::Answered, smallvec![Acknowledge, Deliver]),
        (State::Calling, Input::Failure) => (State::Refused, smallvec![Deliver]),
        (State::Calling, Input::Abandon) => (State::Abandoned, smallvec![Cancel]),
        (State::Answered, Input::Abandon) => (State::Abandoned, smallvec![HangUpOnAnswer]),
        // A call that is not known here could not be ended.
        (State::Calling, Input::SuccessWithoutDialog) => {
            (State::Abandoned, smallvec![AcknowledgeForCaller, HangUp, Fail])
        }
        // A branch may pick up when another has refused for all, or before it has heard so.
        (
            State::Answered | State::Abandoned | State::Refused,
            Input::Success | Input::SuccessWithoutDialog,
        ) => (state, smallvec![AcknowledgeForCaller, HangUp]),
        // > The ACK MUST be passed to the client transport every time a retransmission of the 2xx final
        // > response that triggered the ACK arrives.
        (_, Input::SuccessAgain) => (state, smallvec![AcknowledgeAgain]),
        // RFC 5407 §3.1.3:
        // > In the Mortal state, the UAC does not establish a session even though it receives a 200 response
        // > to the INVITE. Even so, the UAC sends an ACK to 200 in order to complete the INVITE transaction.
        (State::Calling | State::Answered | State::Abandoned, Input::LateSuccess) => {
            (state, smallvec![AcknowledgeForCaller])
        }
        // No BYE has told the peer yet.
        (State::Calling | State::Answered | State::Abandoned, Input::UnwantedSuccess) => {
            (state, smallvec![AcknowledgeForCaller, HangUp])
        }
        (State::Abandoned, Input::Failure) => (State::Refused, smallvec![Deliver]),
        _ => (state, smallvec![]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Action::{
        Acknowledge, AcknowledgeAgain, AcknowledgeForCaller, Cancel, Deliver, Fail, HangUp, HangUpOnAnswer,
    };
    use Input::{
        Abandon, Failure, LateSuccess, Success, SuccessAgain, SuccessWithoutDialog, UnwantedSuccess,
    };
    use State::{Abandoned, Answered, Calling, Refused};

    /// Every state with every input; what has no row changes nothing.
    const ROWS: &[(State, Input, State, &[Action])] = &[
        (Calling, Success, Answered, &[Acknowledge, Deliver]),
        (Calling, Failure, Refused, &[Deliver]),
        (Calling, Abandon, Abandoned, &[Cancel]),
        (Calling, LateSuccess, Calling, &[AcknowledgeForCaller]),
        (Calling, SuccessAgain, Calling, &[AcknowledgeAgain]),
        (Calling, UnwantedSuccess, Calling, &[AcknowledgeForCaller, HangUp]),
        (
            Calling,
            SuccessWithoutDialog,
            Abandoned,
            &[AcknowledgeForCaller, HangUp, Fail],
        ),
        (
            Answered,
            SuccessWithoutDialog,
            Answered,
            &[AcknowledgeForCaller, HangUp],
        ),
        (
            Abandoned,
            SuccessWithoutDialog,
            Abandoned,
            &[AcknowledgeForCaller, HangUp],
        ),
        (Answered, Success, Answered, &[AcknowledgeForCaller, HangUp]),
        (Answered, SuccessAgain, Answered, &[AcknowledgeAgain]),
        (Answered, Abandon, Abandoned, &[HangUpOnAnswer]),
        (Answered, LateSuccess, Answered, &[AcknowledgeForCaller]),
        (
            Answered,
            UnwantedSuccess,
            Answered,
            &[AcknowledgeForCaller, HangUp],
        ),
        (Abandoned, Success, Abandoned, &[AcknowledgeForCaller, HangUp]),
        (Abandoned, SuccessAgain, Abandoned, &[AcknowledgeAgain]),
        (Abandoned, LateSuccess, Abandoned, &[AcknowledgeForCaller]),
        (
            Abandoned,
            UnwantedSuccess,
            Abandoned,
            &[AcknowledgeForCaller, HangUp],
        ),
        (Abandoned, Failure, Refused, &[Deliver]),
        (Refused, Success, Refused, &[AcknowledgeForCaller, HangUp]),
        (
            Refused,
            SuccessWithoutDialog,
            Refused,
            &[AcknowledgeForCaller, HangUp],
        ),
        (Refused, SuccessAgain, Refused, &[AcknowledgeAgain]),
    ];

    #[test]
    fn every_state_takes_every_input_as_its_table_says() {
        for state in [Calling, Answered, Abandoned, Refused] {
            for input in [
                Success,
                SuccessAgain,
                LateSuccess,
                UnwantedSuccess,
                SuccessWithoutDialog,
                Failure,
                Abandon,
            ] {
                let row = ROWS.iter().find(|row| (row.0, row.1) == (state, input));
                let (next, actions) = row.map_or((state, &[][..]), |row| (row.2, row.3));
                let got = step(state, input);
                assert_eq!((got.0, &*got.1), (next, actions), "{state:?} on {input:?}");
            }
        }
    }
}
