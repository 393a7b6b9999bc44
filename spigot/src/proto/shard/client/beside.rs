//! The Via of our requests, and the requests that go beside an INVITE: the ACK of a failure, the CANCEL, and
//! the ACK of a 2xx whose dialog has ended.

use spigot_parser::header::{CSeq, Contact, MaxForwards, Route, Via};
use spigot_parser::{HeaderName, Headers, Method, Request, Response};

use crate::flow::Flow;
use crate::proto::dialog::Destination;
use crate::proto::ids::BRANCH;

/// Puts our Via on top. Returns `false` if `sent_by` cannot stand in one.
///
/// RFC 3581 §3:
/// > A client, compliant to this specification (clients include UACs and proxies), MAY include an "rport"
/// > parameter in the top Via header field value of requests it generates.  This parameter MUST have no value
pub(super) fn push_via(request: &mut Request, flow: &Flow, sent_by: &str, branch: &str) -> bool {
    let via = via(flow, sent_by, branch);
    via.parse::<Via>().is_ok() && request.headers_mut().push_first(HeaderName::VIA, &via).is_ok()
}

fn via(flow: &Flow, sent_by: &str, branch: &str) -> String {
    format!(
        "SIP/2.0/{} {sent_by};branch={branch};rport",
        flow.transport().as_str()
    )
}

pub(super) fn vias(headers: &Headers) -> usize {
    headers.all::<Via>().count()
}

/// Returns how many octets the Via has that [`Shard::request`](crate::proto::Shard::request) puts on top.
pub(crate) fn via_length(flow: &Flow, sent_by: &str) -> usize {
    "Via: \r\n".len() + via(flow, sent_by, "").len() + BRANCH
}

/// Makes a request with what an INVITE's ACK and its CANCEL share: the INVITE's top Via, and its Route.
fn beside(invite: &Request, method: Method) -> Option<(Request, Via)> {
    let headers = invite.headers();
    let via = headers.typed::<Via>().ok()??;
    let cseq = headers.typed::<CSeq>().ok()??;
    let mut request = Request::new(method.clone(), invite.uri().clone());
    let beside = request.headers_mut();
    beside.push_typed(&via);
    beside.copy_from(headers, &HeaderName::ROUTE);
    beside.push_typed(&MaxForwards::new(70));
    beside.copy_from(headers, &HeaderName::FROM);
    beside.copy_from(headers, &HeaderName::TO);
    beside.copy_from(headers, &HeaderName::CALL_ID);
    beside.push_typed(&CSeq::new(cseq.number(), method).ok()?);
    Some((request, via))
}

/// Makes the ACK for a response other than 2xx ([RFC 3261 §17.1.1.3]).
///
/// > The ACK request constructed by the client transaction MUST contain values for the Call-ID, From, and
/// > Request-URI that are equal to the values of those header fields in the request passed to the transport
/// > by the client transaction (call this the "original request").  The To header field in the ACK MUST equal
/// > the To header field in the response being acknowledged [...].  The ACK MUST contain a single Via header
/// > field, and this MUST be equal to the top Via header field of the original request.
///
/// [RFC 3261 §17.1.1.3]: https://www.rfc-editor.org/rfc/rfc3261#section-17.1.1.3
pub(super) fn ack(invite: &Request, refusal: &Response) -> Option<Request> {
    let (mut ack, _) = beside(invite, Method::ACK)?;
    ack.headers_mut()
        .set(HeaderName::TO, refusal.headers().get(&HeaderName::TO)?)
        .ok()?;
    Some(ack)
}

/// Makes the CANCEL of an INVITE, and gives the branch that both share ([RFC 3261 §9.1]).
///
/// > The Request-URI, Call-ID, To, the numeric part of CSeq, and From header fields in the CANCEL request
/// > MUST be identical to those in the request being cancelled, including tags.  A CANCEL constructed by a
/// > client MUST have only a single Via header field value matching the top Via value in the request being
/// > cancelled. [...] If the request being cancelled contains a Route header field, the CANCEL request MUST
/// > include that Route header field's values.
///
/// [RFC 3261 §9.1]: https://www.rfc-editor.org/rfc/rfc3261#section-9.1
pub(super) fn hop_by_hop_cancel(invite: &Request) -> Option<(Request, String)> {
    let (cancel, via) = beside(invite, Method::CANCEL)?;
    Some((cancel, via.branch()?.to_owned()))
}

/// Makes the ACK for a 2xx to an INVITE inside a dialog that has ended meanwhile, from the INVITE itself
/// (RFC 3261 §13.2.2.4).
pub(super) fn success_ack(invite: &Request, success: &Response, destination: Destination) -> Option<Request> {
    let headers = invite.headers();
    let contact = success.headers().typed::<Contact>().ok().flatten();
    let target = contact.as_ref().and_then(Contact::uri);
    let cseq = headers.typed::<CSeq>().ok()??;
    // Behind a strict router, which is the Request-URI, the target is the last Route.
    let (uri, last) = if destination.by_request_uri {
        (invite.uri(), target)
    } else {
        (target.unwrap_or(invite.uri()), None)
    };
    let mut ack = Request::new(Method::ACK, uri.clone());
    let lines = ack.headers_mut();
    if let Some(last) = last {
        let mut routes: Vec<Route> = headers.all::<Route>().flatten().collect();
        routes.pop();
        routes.push(Route::new(last.clone()));
        for route in &routes {
            lines.push_typed(route);
        }
    } else {
        lines.copy_from(headers, &HeaderName::ROUTE);
    }
    lines.push_typed(&MaxForwards::new(70));
    lines.copy_from(headers, &HeaderName::FROM);
    lines.copy_from(success.headers(), &HeaderName::TO);
    lines.copy_from(headers, &HeaderName::CALL_ID);
    lines.push_typed(&CSeq::new(cseq.number(), Method::ACK).ok()?);
    lines.copy_from(headers, &HeaderName::AUTHORIZATION);
    lines.copy_from(headers, &HeaderName::PROXY_AUTHORIZATION);
    Some(ack)
}
