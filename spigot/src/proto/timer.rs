//! What the core waits for.

use std::fmt;

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
}

impl fmt::Display for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.letter() {
            Some(letter) => write!(f, "Timer {letter} ({self:?})"),
            None => write!(f, "{self:?}"),
        }
    }
}
