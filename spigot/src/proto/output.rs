//! What the core asks of its surroundings.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use spigot_parser::{ParseError, Request, Response};

use super::dialog::{Dialog, DialogId};
use super::key::{ClientKey, ServerKey};
use super::timer::Timer;
use crate::flow::Flow;

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
        request: Arc<Request>,
        /// The flow it came by.
        flow: Flow,
        /// Whether its To tag names a dialog that the shard knows.
        in_dialog: bool,
        /// What [`Shard::label`](super::Shard::label) noted for that dialog; 0 for nothing.
        label: u32,
    },
    /// The first ACK for a 2xx of ours. Nothing answers it.
    Ack {
        /// The ACK.
        request: Arc<Request>,
        /// The flow it came by.
        flow: Flow,
        /// What [`Shard::label`](super::Shard::label) noted for its dialog; 0 for nothing.
        label: u32,
    },
    /// An INVITE has been cancelled, or a BYE has ended the dialog in which it waited. The answer to the
    /// CANCEL or BYE and the 487 to the INVITE have left already.
    Cancelled {
        /// The INVITE's transaction. It is answered: `respond` gives
        /// [`RespondError::Answered`] from now on.
        key: ServerKey,
        /// The CANCEL or BYE.
        request: Arc<Request>,
        /// The flow it came by; of a BYE, the one its answer left by.
        flow: Flow,
        /// What [`Shard::label`](super::Shard::label) noted for the dialog that the INVITE was in or would have made.
        label: u32,
    },
    /// A server transaction is gone and its key means nothing any more.
    Finished {
        /// Which one.
        key: ServerKey,
    },
    /// A response to a request of ours: every provisional, the final one, and for an INVITE every 2xx,
    /// retransmissions and forks included (each is owed an ACK, RFC 3261 §13.2.2.4). The ACK for a final
    /// response other than 2xx has left already.
    Response {
        /// The transaction, from [`Shard::request`](super::Shard::request).
        key: ClientKey,
        /// The response as it came.
        response: Response,
        /// The flow it came by.
        flow: Flow,
    },
    /// A request of ours will get no final response.
    Failed {
        /// The transaction.
        key: ClientKey,
        /// Why.
        failure: Failure,
    },
    /// A client transaction is gone: no further [`Output::Response`] has this key. It follows the last
    /// `Response` or `Failed`, after 64\*T1 when that was a 2xx to an INVITE.
    Ended {
        /// Which one.
        key: ClientKey,
    },
    /// A 2xx to an INVITE has been retransmitted for 64\*T1 and no ACK came. The dialog still stands.
    ///
    /// [RFC 3261 §13.3.1.4](https://www.rfc-editor.org/rfc/rfc3261#section-13.3.1.4):
    /// > If the server retransmits the 2xx response for 64*T1 seconds without receiving an ACK, the dialog
    /// > is confirmed, but the session SHOULD be terminated.  This is accomplished with a BYE, as described in
    /// > Section 15.
    Unacknowledged {
        /// The INVITE's transaction.
        key: ServerKey,
        /// Which dialog.
        id: DialogId,
        /// Makes the BYE; `None` when the INVITE carried nothing to make it from (no usable Contact).
        dialog: Option<Box<Dialog>>,
        /// The flow the INVITE came by.
        flow: Flow,
    },
}

/// Why a request of ours got no final response.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nobody answered in time; the timer says which wait ended ([`Timer::InviteTimeout`] is Timer B,
    /// [`Timer::RequestTimeout`] Timer F, [`Timer::CancelTimeout`] the wait after a CANCEL).
    #[error("no response in time: {0}")]
    Timeout(Timer),
    /// The flow failed, or the request could not leave.
    #[error("the flow failed before there was a final response")]
    Transport,
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
    /// The headers of the request could not be copied into the response.
    #[error("the response cannot be addressed")]
    Address(#[source] ParseError),
    /// The response has more octets than a datagram can have, and would never leave.
    #[error("the response has {0} octets, more than a datagram can have")]
    TooLarge(usize),
}
