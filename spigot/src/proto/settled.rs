//! Why the core settles a request by itself.

use std::fmt;

/// Why the core has answered a request by itself, or has dropped an ACK.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// There is no such dialog, or not for such a request: 481.
    UnknownDialog,
    /// A BYE without a To tag: 481.
    OutsideDialog,
    /// A CANCEL of no INVITE that is known: 481.
    UnknownInvite,
    /// A CANCEL that was taken: 200.
    CancelTaken,
    /// A BYE of a dialog that was hung up on here: 200.
    HungUp,
    /// An old copy of the request that has made a dialog: 482.
    Merged,
    /// The request comes after a later one of its dialog: 500.
    OutOfOrder,
    /// An INVITE while one of ours waits for its answer: 491.
    InvitePending,
    /// An INVITE while another of the peer's waits for its answer: 500.
    InviteWaits,
    /// The dialog has all the subscriptions that it may have: 500.
    TooManyUsages,
    /// The limits of server transactions are reached: 503.
    Full,
    /// The endpoint is shutting down: 503.
    ShuttingDown,
    /// An INVITE that its caller has cancelled: 487.
    Cancelled,
    /// An INVITE whose Expires is over: 487.
    Expired,
    /// An INVITE whose dialog the caller has ended by a BYE: 487.
    DialogEnded,
    /// An ACK of nothing that is known.
    StrayAck,
}

impl Cause {
    /// Returns a sentence for the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Cause::UnknownDialog => "there is no such dialog",
            Cause::OutsideDialog => "a BYE outside of a dialog",
            Cause::UnknownInvite => "a CANCEL of no INVITE that is known",
            Cause::CancelTaken => "the INVITE is cancelled, if it still waits",
            Cause::HungUp => "the dialog was hung up on here",
            Cause::Merged => "the request came already by another way",
            Cause::OutOfOrder => "the request comes after a later one of its dialog",
            Cause::InvitePending => "an INVITE of ours waits for its answer",
            Cause::InviteWaits => "another INVITE of the dialog waits for its answer",
            Cause::TooManyUsages => "the dialog has as many subscriptions as it may have",
            Cause::Full => "as many transactions as there may be",
            Cause::ShuttingDown => "the endpoint is shutting down",
            Cause::Cancelled => "a CANCEL came",
            Cause::Expired => "its Expires is over",
            Cause::DialogEnded => "a BYE ended its dialog",
            Cause::StrayAck => "an ACK of nothing that is known",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why the core has dropped a response.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stray {
    /// It belongs to no request of ours that is known.
    NoRequest,
    /// It has another Call-ID than its request, or more Vias.
    NotItsAnswer,
    /// It belongs to no branch that is followed: there are too many, or it is from outside of the dialog.
    NoBranch,
}

impl Stray {
    /// Returns a sentence for the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Stray::NoRequest => "a response to no request that is known",
            Stray::NotItsAnswer => "a response with another Call-ID than its request, or more Vias",
            Stray::NoBranch => "a response of one branch too many, or of none of the dialog",
        }
    }
}

impl fmt::Display for Stray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
