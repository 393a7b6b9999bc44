//! What stands between a transport and the protocol core: a message is parsed, checked, and its topmost Via
//! stamped with where it really came from.
//!
//! Pure: bytes in, a verdict out.

use std::net::{IpAddr, SocketAddr};

use crate::flow::Flow;
use crate::sip::{self, Bytes, Message, ParseError, Request, Response, StatusCode, header::Via};

/// What is to be done with the bytes that a transport brought.
#[derive(Debug)]
pub(super) enum Verdict {
    /// A good request, and the flow its responses travel on.
    Request(Request, Flow),
    /// A good response.
    Response(Response),
    /// Not good, but readable enough to say so to whom sent it.
    Refuse {
        request: Request,
        status: StatusCode,
        reason: ParseError,
        reply_to: Flow,
    },
    /// Not good, and nobody to say it to.
    Drop(ParseError),
}

/// Judges one whole message that arrived on `flow`.
pub(super) fn judge(bytes: Bytes, flow: Flow, limits: &sip::Limits) -> Verdict {
    let message = match Message::parse_with(bytes.clone(), limits) {
        Ok(message) => message,
        Err(error) => return refuse(Request::salvage(&bytes), flow, error),
    };
    match message {
        Message::Request(mut request) => match request.validate() {
            Ok(()) => match stamp(&mut request, flow) {
                Ok(reply_to) => Verdict::Request(request, reply_to),
                Err(error) => Verdict::Drop(error),
            },
            Err(error) => refuse(Some(request), flow, error),
        },
        Message::Response(response) => match response.validate() {
            Ok(()) => Verdict::Response(response),
            Err(error) => Verdict::Drop(error),
        },
    }
}

/// A refusal of what could still be read, if an answer can be addressed and may be given at all.
pub(super) fn refuse(request: Option<Request>, flow: Flow, reason: ParseError) -> Verdict {
    let addressed = request
        .filter(|request| *request.method() != sip::Method::ACK)
        .zip(reason.status());
    let Some((mut request, status)) = addressed else {
        return Verdict::Drop(reason);
    };
    match stamp(&mut request, flow) {
        Ok(reply_to) => Verdict::Refuse {
            request,
            status,
            reason,
            reply_to,
        },
        Err(_) => Verdict::Drop(reason),
    }
}

/// Writes where the request came from into its topmost Via, and says where its responses go.
///
/// [RFC 3261 §18.2.1](https://www.rfc-editor.org/rfc/rfc3261#section-18.2.1):
/// > If the host portion of the "sent-by" parameter contains a domain name, or if it contains an IP address
/// > that differs from the packet source address, the server MUST add a "received" parameter to that Via
/// > header field value.
///
/// [RFC 3581 §4](https://www.rfc-editor.org/rfc/rfc3581#section-4): with an `rport` parameter without value,
/// its value becomes the source port, and `received` is added even where it says what sent-by says.
fn stamp(request: &mut Request, flow: Flow) -> Result<Flow, ParseError> {
    let Some(via) = request.headers().typed::<Via>()? else {
        return Ok(flow);
    };
    let wants_port = via.rport().is_some();
    let differs = via.host().ip() != Some(flow.peer.ip().to_canonical());
    let stamped = if wants_port || differs {
        let mut stamped = via.with_param("received", Some(&flow.peer.ip().to_canonical().to_string()))?;
        if wants_port {
            stamped = stamped.with_param("rport", Some(&flow.peer.port().to_string()))?;
        }
        request.headers_mut().replace_first(&stamped)?;
        stamped
    } else {
        via
    };
    Ok(Flow {
        peer: reply_address(&stamped, flow),
        ..flow
    })
}

/// Where a response goes over `flow` ([RFC 3261 §18.2.2](https://www.rfc-editor.org/rfc/rfc3261#section-18.2.2)).
///
/// On a stream: back on the connection. Otherwise to `maddr` where there is one, else to `received` and
/// `rport`, else to `received` and the port of sent-by.
fn reply_address(via: &Via, flow: Flow) -> SocketAddr {
    if flow.transport.is_reliable() {
        return flow.peer;
    }
    let sent_by_port = via.port().unwrap_or(flow.transport.default_port());
    if let Some(address) = via.maddr().and_then(|maddr| maddr.parse::<IpAddr>().ok()) {
        return SocketAddr::new(address, sent_by_port);
    }
    match via.rport() {
        Some(_) => flow.peer,
        None => SocketAddr::new(flow.peer.ip(), sent_by_port),
    }
}
