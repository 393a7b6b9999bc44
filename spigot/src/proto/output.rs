//! The outputs of the core: what it asks of its surroundings.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use spigot_parser::{ParseError, Request, Response, StatusCode};

use super::dialog::Destination;
use super::digest::{AnsweredRealms, Login};
use super::key::{ClientKey, DialogKey, ServerKey};
use super::role::Role;
use super::settled::Cause;
use super::timer::Timer;
use crate::flow::Flow;
use crate::incoming::Incoming;

/// One thing to do, taken from [`Shard::poll_output`](super::Shard::poll_output). The order matters: a
/// `Transmit` that comes before another leaves before it.
#[non_exhaustive]
#[derive(Debug)]
pub enum Output {
    /// Send these bytes.
    Transmit {
        /// On this flow.
        flow: Flow,
        /// One whole message.
        bytes: Bytes,
        /// Set on responses over a connection: where to connect when it is gone, the address the request
        /// came from with the port of its Via ([RFC 3261 §18.2.2]).
        ///
        /// [RFC 3261 §18.2.2]: https://www.rfc-editor.org/rfc/rfc3261#section-18.2.2
        fallback: Option<SocketAddr>,
    },
    /// A new request for the application. It is answered with [`Shard::respond`](super::Shard::respond).
    Request {
        /// Names the transaction in [`Shard::respond`](super::Shard::respond).
        key: ServerKey,
        /// The request as it came.
        incoming: Arc<Incoming>,
        /// Which routes it may take: those of a proxy alone if it passes through, or is in no dialog that is
        /// known. Otherwise its route says whether it passes through.
        role: Role,
        /// The dialog that its To tag names, which the shard knows.
        dialog: Option<DialogKey>,
        /// What [`Shard::label`](super::Shard::label) noted for that dialog; 0 for nothing.
        label: u32,
        /// Why this element has to refuse the request if it turns out to be its user agent: see
        /// [`Shard::decline`](super::Shard::decline).
        refusal: Option<Refusal>,
    },
    /// The first ACK for a 2xx of ours, or one that passes through or may do so. Nothing answers it.
    Ack {
        /// The ACK.
        incoming: Arc<Incoming>,
        /// Its dialog; `None` if it passes through, or is [stray](super::Shard::note_stray_ack).
        dialog: Option<DialogKey>,
        /// What [`Shard::label`](super::Shard::label) noted for its dialog; 0 for nothing.
        label: u32,
    },
    /// The core has settled a request by itself: it has answered it, or has dropped an ACK. There is nothing
    /// to do; it is for the log.
    Settled {
        /// The request.
        incoming: Arc<Incoming>,
        /// The status of the answer; `None` for an ACK, which is never answered.
        status: Option<StatusCode>,
        /// Why the core has done so.
        cause: Cause,
    },
    /// The CANCEL of an INVITE of ours is sent. There is nothing to do; it is for the log.
    CancelSent {
        /// The CANCEL.
        request: Arc<Request>,
        /// The flow that it leaves by.
        flow: Flow,
    },
    /// An INVITE has been given up: by a CANCEL, by the BYE that has ended its dialog, or because its Expires
    /// is over.
    ///
    /// All that was to be answered has been answered. An INVITE that passes through is for its proxy to end.
    Cancelled {
        /// The INVITE's transaction. `respond` gives [`RespondError::Answered`] from now on, unless it passes
        /// through.
        key: ServerKey,
        /// The CANCEL; `None` where there is none.
        cancel: Option<Arc<Incoming>>,
        /// The dialog that the INVITE was in or would have made.
        dialog: Option<DialogKey>,
        /// What [`Shard::label`](super::Shard::label) noted for the dialog that the INVITE was in or would
        /// have made.
        label: u32,
    },
    /// A response to a request of ours: every provisional one and the final one. An INVITE has its first 2xx,
    /// whose ACK the core sends. A request that passes through has every response.
    Response {
        /// The transaction, from [`Shard::request`](super::Shard::request).
        key: ClientKey,
        /// The response as it came.
        response: Box<Response>,
        /// The flow that the response came by.
        flow: Flow,
        /// The dialog that the response makes or belongs to.
        dialog: Option<DialogKey>,
    },
    /// A request of ours will get no final response, or its caller does not wait for one.
    Failed {
        /// The transaction.
        key: ClientKey,
        /// Why there will be none.
        failure: Failure,
    },
    /// A client transaction is gone: no further [`Output::Response`] has this key.
    ///
    /// This follows the last `Response` or `Failed`, after 64\*T1 when that was a 2xx to an INVITE. It comes
    /// without either where the only branch that answered 2xx had been hung up on before.
    Ended {
        /// The transaction.
        key: ClientKey,
    },
    /// A request of the core's own is to be sent, once there is a flow for it: see [`Unsent`].
    Send(Box<Unsent>),
    /// A dialog is over.
    DialogEnded {
        /// The dialog.
        dialog: DialogKey,
    },
}

/// A request of the core's own that is complete but for its Via: an ACK, a BYE, or a challenged request that
/// is sent again with credentials.
///
/// [`Unsent::destination`] says where it goes. `flow` is the one that its dialog, or the request before it,
/// had. It is given back by [`Shard::send`](super::Shard::send), or by
/// [`Shard::unsendable`](super::Shard::unsendable) if there is no flow.
#[derive(Debug)]
pub struct Unsent {
    /// The request.
    pub request: Request,
    /// The flow to prefer.
    pub flow: Flow,
    pub(crate) purpose: Purpose,
}

/// The purpose of an [`Unsent`] request, with how its next hop is found.
#[derive(Debug)]
pub(crate) enum Purpose {
    /// Acknowledges a 2xx to that INVITE from that branch.
    Ack {
        invite: ClientKey,
        dialog: DialogKey,
        destination: Destination,
    },
    /// Ends that dialog, or one that there was no room for.
    Bye {
        dialog: Option<DialogKey>,
        destination: Destination,
    },
    /// Goes in the place of a request that was challenged, or whose connection was gone.
    Again(Again),
}

impl Purpose {
    pub(crate) fn destination(&self) -> Destination {
        match self {
            Purpose::Ack { destination, .. } | Purpose::Bye { destination, .. } => *destination,
            Purpose::Again(again) => again.destination,
        }
    }
}

/// A request that goes in the place of another.
#[derive(Debug)]
pub(crate) struct Again {
    pub(crate) before: ClientKey,
    pub(crate) destination: Destination,
    pub(crate) told: bool,
    pub(crate) dialog: Option<DialogKey>,
    /// Whether the request may have begun a subscription in its dialog.
    pub(crate) begins_usage: bool,
    pub(crate) acknowledge: bool,
    pub(crate) attempt: Attempt,
}

/// The history of a request that may have to be sent again with credentials.
#[derive(Debug, Default)]
pub(crate) struct Attempt {
    /// The credentials for challenges. A request inside a dialog has those of its dialog.
    pub(crate) login: Option<Box<Login>>,
    /// The realms whose challenges to the request were answered.
    pub(crate) answered: AnsweredRealms,
    /// How often the request was sent again.
    pub(crate) resubmissions: u8,
    /// Whether the request was sent again because its connection was gone.
    pub(crate) reconnected: bool,
    /// Whether the dialogs that the request makes stay on the connection that it was sent on.
    pub(crate) stays_on_flow: bool,
}

impl Unsent {
    /// Says how the next hop of this request is found.
    pub fn destination(&self) -> Destination {
        self.purpose.destination()
    }

    /// Returns the transaction that this request goes in the place of, which the application knows.
    pub fn replaces(&self) -> Option<ClientKey> {
        match &self.purpose {
            Purpose::Again(again) if again.told => Some(again.before),
            _ => None,
        }
    }
}

/// Why a request has to be refused by its user agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The request came already by another way (RFC 3261 §8.2.2.2): 482.
    Merged,
    /// The request might make one dialog more than there may be: 503.
    DialogsFull,
    /// It is in a dialog that is not known (RFC 3261 §12.2.2): 481.
    NoDialog,
}

impl Refusal {
    /// Returns a sentence for the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Refusal::Merged => "the request came already by another way",
            Refusal::DialogsFull => "as many dialogs as there may be",
            Refusal::NoDialog => "there is no such dialog",
        }
    }

    /// Returns the status that the request is answered with.
    pub fn status(self) -> StatusCode {
        match self {
            Refusal::Merged => StatusCode::LOOP_DETECTED,
            Refusal::DialogsFull => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::NoDialog => StatusCode::CALL_DOES_NOT_EXIST,
        }
    }
}

/// Why a request of ours got no final response.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nobody answered in time. The timer says which wait ended: [`Timer::InviteTimeout`] is Timer B,
    /// [`Timer::RequestTimeout`] Timer F, [`Timer::CancelTimeout`] the wait after a CANCEL.
    #[error("no response in time: {0}")]
    Timeout(Timer),
    /// Nobody is left who could answer: the early dialog of whoever answered 2xx to an INVITE had ended
    /// before, or there was no room for the dialog.
    #[error("the dialog ended before there was a final response")]
    DialogEnded,
    /// The Contact of the 2xx to an INVITE cannot be read, so that nobody can have the dialog. The 2xx was
    /// acknowledged, and the call hung up on.
    #[error("the call was hung up on, because the Contact of its answer cannot be read")]
    UnreadableContact,
    /// The request was given up by its caller before anybody had answered it, or while it waited to be sent
    /// again.
    #[error("the request was cancelled before anybody had answered it")]
    Cancelled,
    /// The flow failed, or the request could not leave.
    #[error("the flow failed before there was a final response")]
    Transport,
}

/// Why [`Shard::request`](super::Shard::request) did not send a request.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestRefused {
    /// There are too many client transactions, or the dialog of the request has as many usages as it may
    /// have.
    #[error("there is no room for another request")]
    Full,
    /// The dialog of the request has ended.
    #[error("the dialog has ended")]
    DialogEnded,
    /// The sent-by cannot stand in a Via.
    #[error("the Via cannot be written")]
    Unwritable,
}

/// Why [`Shard::respond`](super::Shard::respond) did not send a response.
#[non_exhaustive]
#[derive(Clone, Debug, thiserror::Error)]
pub enum RespondError {
    /// No transaction has this key, or not any more.
    #[error("the transaction is gone")]
    Gone,
    /// The transaction has its final response already, from the application or because it was cancelled.
    #[error("the transaction is answered already")]
    Answered,
    /// A header of the response cannot be written.
    #[error("the response cannot be written")]
    Unwritable(#[source] ParseError),
    /// The response has more octets than a datagram can have, and would never leave.
    #[error("the response has {0} octets, more than a datagram can have")]
    TooLarge(usize),
}
