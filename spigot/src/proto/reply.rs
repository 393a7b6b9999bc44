//! A response out of a request: what [RFC 3261 §8.2.6.2] copies from one into the other.
//!
//! The invariant: a response that leaves here is addressed by its request and by nothing else.
//!
//! [RFC 3261 §8.2.6.2]: https://www.rfc-editor.org/rfc/rfc3261#section-8.2.6.2

use std::net::{IpAddr, SocketAddr};

use spigot_parser::header::Via;
use spigot_parser::{HeaderName, Method, ParseError, Request, Response, StatusCode};

use super::keep;
use super::key::{self, Matched};
use crate::flow::{Flow, Transport};

/// A whole response to a request of which nothing is kept ([RFC 3261 §8.2.7]).
///
/// The To tag is derived from the request and `seed` (the one given to
/// [`Shard::new`](super::Shard::new)), so a retransmission of the request is answered with the same tag.
/// Headers may be added to what this returns before it is sent. A request out of
/// [`Request::salvage`](spigot_parser::Request::salvage) will do.
///
/// [RFC 3261 §8.2.7]: https://www.rfc-editor.org/rfc/rfc3261#section-8.2.7
pub fn stateless(request: &Request, status: StatusCode, seed: [u8; 16]) -> Response {
    let tag = match Matched::read(request.headers()) {
        Some(matched) => key::tag(&seed, &matched.server_key(&seed, request, request.method())),
        None => key::tag_of_unread(&seed, request.headers()),
    };
    let mut whole = Response::new(status);
    address(request, &mut whole, &tag);
    whole
}

/// Where a response to a request goes that came by `flow` with `via` on top: on that flow and, if its
/// connection is gone, to the address beside it.
///
/// [RFC 3261 §18.2.2](https://www.rfc-editor.org/rfc/rfc3261#section-18.2.2), for a connection:
/// > If that connection is no longer open, the server SHOULD open a connection to the IP address in the
/// > "received" parameter, if present, using the port in the "sent-by" value, or the default port for that
/// > transport, if no port is specified.
///
/// Over UDP it goes to `maddr` where there is one that is an address (a name is not looked up for a response),
/// and where there is no rport (RFC 3581 §4):
/// > Otherwise (for unreliable unicast transports), if the top Via has a "received" parameter, the response
/// > MUST be sent to the address in the "received" parameter, using the port indicated in the "sent-by"
/// > value, or using port 5060 if none is specified explicitly.
///
/// The address in `received` is that of `flow`, whatever the sender wrote there.
pub fn route(via: &Via, flow: &Flow) -> (Flow, Option<SocketAddr>) {
    let port = via.port().unwrap_or(flow.transport().default_port());
    let received = SocketAddr::new(flow.peer().ip(), port);
    let peer = match flow.transport() {
        Transport::Tcp | Transport::Tls => return (*flow, Some(received)),
        Transport::Udp => match via.maddr().and_then(address_in) {
            Some(address) => SocketAddr::new(address, port),
            None if via.rport().is_none() => received,
            None => flow.peer(),
        },
        Transport::Ws | Transport::Wss => flow.peer(),
    };
    (flow.with_peer(peer), None)
}

/// The IP address that a host is, an IPv6 one in brackets or, as some write it, without.
fn address_in(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    bare.unwrap_or(host).parse().ok()
}

/// [`route`] for a request whose top Via may not be readable: then on the flow, and nowhere else.
pub(crate) fn route_of(request: &Request, flow: &Flow) -> (Flow, Option<SocketAddr>) {
    match request.headers().typed::<Via>() {
        Ok(Some(via)) => route(&via, flow),
        _ => (*flow, None),
    }
}

/// The response as it goes out: Via, Record-Route, From, To with `tag`, Call-ID and CSeq from the request,
/// then what `response` says. Who offers in its Via to keep the flow alive is told to do so every `keep` seconds.
///
/// A response that has a Via is one that is forwarded, and stays as it is. Otherwise what it has under those
/// five names gives way.
///
/// # Errors
///
/// A header or the body of `response` that cannot be written.
pub(crate) fn fill(
    request: &Request,
    response: Response,
    tag: &str,
    keep: u32,
) -> Result<Response, ParseError> {
    if response.headers().contains(&HeaderName::VIA) {
        return Ok(response);
    }
    let mut whole = Response::new(response.status()).with_reason(response.reason())?;
    address(request, &mut whole, tag);
    keep::accept(&mut whole, keep)?;
    if establishes_dialog(request.method(), response.status())
        && !response.headers().contains(&HeaderName::RECORD_ROUTE)
    {
        // RFC 3261 §12.1.1:
        // > When a UAS responds to a request with a response that establishes a dialog (such as a 2xx to
        // > INVITE), the UAS MUST copy all Record-Route header field values from the request into the
        // > response [...] and MUST maintain the order of those values.
        whole
            .headers_mut()
            .copy_from(request.headers(), &HeaderName::RECORD_ROUTE);
    }
    let ours = [
        HeaderName::FROM,
        HeaderName::TO,
        HeaderName::CALL_ID,
        HeaderName::CSEQ,
        HeaderName::CONTENT_LENGTH,
    ];
    for field in response
        .headers()
        .iter()
        .filter(|field| !ours.iter().any(|name| field.is(name)))
    {
        whole.headers_mut().push(field.name(), field.value())?;
    }
    if !response.body().is_empty() {
        let kind = response
            .headers()
            .get(&HeaderName::CONTENT_TYPE)
            .unwrap_or("application/octet-stream");
        whole.set_body(kind, response.body().clone())?;
    }
    Ok(whole)
}

/// Copies what addresses the response.
fn address(request: &Request, whole: &mut Response, tag: &str) {
    let status = whole.status();
    let (from, to) = (request.headers(), whole.headers_mut());
    // > The From field of the response MUST equal the From header field of the request.  The Call-ID header
    // > field of the response MUST equal the Call-ID header field of the request.  The CSeq header field of
    // > the response MUST equal the CSeq field of the request.  The Via header field values in the response
    // > MUST equal the Via header field values in the request and MUST maintain the same ordering.
    to.copy_from(from, &HeaderName::VIA);
    to.copy_from(from, &HeaderName::FROM);
    // > However, if the To header field in the request did not contain a tag, the URI in the To header field
    // > in the response MUST equal the URI in the To header field; additionally, the UAS MUST add a tag to
    // > the To header field in the response (with the exception of the 100 (Trying) response, in which a tag
    // > MAY be present).
    // One that cannot be read is left alone: nothing is known that could be added to it.
    let has_tag = !matches!(spigot_parser::header::To::tag_of(from), Ok(None));
    match from.get(&HeaderName::TO) {
        Some(text) if !has_tag && status != StatusCode::TRYING => {
            // A value that was read and a tag of hexadecimal digits can always be written.
            let _ = to.push(HeaderName::TO, &format!("{text};tag={tag}"));
        }
        _ => to.copy_from(from, &HeaderName::TO),
    }
    to.copy_from(from, &HeaderName::CALL_ID);
    to.copy_from(from, &HeaderName::CSEQ);
    if status == StatusCode::TRYING {
        // RFC 3261 §8.2.6.1:
        // > When a 100 (Trying) response is generated, any Timestamp header field present in the request
        // > MUST be copied into this 100 (Trying) response.
        to.copy_from(from, &HeaderName::TIMESTAMP);
    }
}

/// Whether a response with this status to this method makes a dialog, early or not. One to a NOTIFY makes
/// that of the subscriber (RFC 6665 §4.4.1).
pub(crate) fn establishes_dialog(method: &Method, status: StatusCode) -> bool {
    (method.opens_dialog() || *method == Method::NOTIFY) && (101..300).contains(&status.as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(to: &str) -> Request {
        Request::parse(format!(
            "INVITE sip:b@b.example SIP/2.0\r\nVia: SIP/2.0/UDP p.example;branch=z9hG4bK2, SIP/2.0/UDP q.example\r\n\
             v: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nRecord-Route: <sip:p.example;lr>\r\n\
             From: <sip:a@a.example>;tag=f\r\nTo: {to}\r\nCall-ID: c@a.example\r\nCSeq: 7 INVITE\r\n\
             Timestamp: 54\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        ))
        .expect("a request")
    }

    #[test]
    fn what_addresses_the_response_comes_from_the_request() {
        let request = request("<sip:b@b.example>");
        let answer = Response::new(StatusCode::OK)
            .with_header("Contact", "<sip:b@10.0.0.1>")
            .and_then(|response| response.with_header("From", "<sip:forged@x.example>"))
            .and_then(|response| response.with_body("application/sdp", "v=0\r\n"))
            .expect("a response");

        let whole = fill(&request, answer, "t", 25).expect("addressed");

        let all = |name| {
            whole
                .headers()
                .get_all(&name)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(all(HeaderName::VIA).join(", ").matches("SIP/2.0/UDP").count(), 3);
        assert_eq!(all(HeaderName::FROM), ["<sip:a@a.example>;tag=f"]);
        assert_eq!(all(HeaderName::TO), ["<sip:b@b.example>;tag=t"]);
        assert_eq!(all(HeaderName::CALL_ID), ["c@a.example"]);
        assert_eq!(all(HeaderName::CSEQ), ["7 INVITE"]);
        assert_eq!(all(HeaderName::RECORD_ROUTE), ["<sip:p.example;lr>"]);
        assert_eq!(all(HeaderName::CONTACT), ["<sip:b@10.0.0.1>"]);
        assert_eq!(all(HeaderName::CONTENT_TYPE), ["application/sdp"]);
        assert_eq!(whole.body().as_ref(), b"v=0\r\n");
        let read = Response::parse(whole.to_bytes()).expect("parses");
        assert_eq!(read.validate(), Ok(()));
    }

    #[test]
    fn an_offer_to_keep_the_flow_alive_is_accepted_by_who_answers_and_not_by_who_forwards() {
        let mut request = request("<sip:b@b.example>");
        let offer: Via = "SIP/2.0/UDP p.example;branch=z9hG4bK2;keep"
            .parse()
            .expect("a Via");
        request.headers_mut().replace_first(&offer).expect("written");
        let top = |response: Response| {
            let whole = fill(&request, response, "t", 25).expect("addressed");
            let via: Via = whole.headers().typed().expect("a Via").expect("there");
            via.param("keep").flatten().map(str::to_owned)
        };

        assert_eq!(top(Response::new(StatusCode::OK)).as_deref(), Some("25"));
        let mut forwarded = Response::new(StatusCode::OK);
        forwarded
            .headers_mut()
            .copy_from(request.headers(), &HeaderName::VIA);
        assert_eq!(top(forwarded), None);
    }

    #[test]
    fn trying_has_a_timestamp_and_no_tag_and_makes_no_dialog() {
        let whole = fill(
            &request("<sip:b@b.example>"),
            Response::new(StatusCode::TRYING),
            "t",
            25,
        )
        .expect("addressed");
        assert_eq!(whole.headers().get(&HeaderName::TO), Some("<sip:b@b.example>"));
        assert_eq!(whole.headers().get(&HeaderName::TIMESTAMP), Some("54"));
        assert!(!whole.headers().contains(&HeaderName::RECORD_ROUTE));
    }

    #[test]
    fn a_tag_that_is_there_is_kept() {
        let whole = stateless(
            &request("<sip:b@b.example>;tag=x"),
            StatusCode::NOT_FOUND,
            [1; 16],
        );
        assert_eq!(
            whole.headers().get(&HeaderName::TO),
            Some("<sip:b@b.example>;tag=x")
        );
    }

    #[test]
    fn a_stateless_tag_is_the_same_each_time() {
        let to = |seed| {
            let whole = stateless(&request("sip:b@b.example"), StatusCode::NOT_FOUND, [seed; 16]);
            whole.headers().get(&HeaderName::TO).map(str::to_owned)
        };
        assert_eq!(to(1), to(1));
        assert_ne!(to(1), to(2));
        assert!(to(1).is_some_and(|to| to.starts_with("sip:b@b.example;tag=")));
    }

    #[test]
    fn a_response_with_a_via_is_forwarded_as_it_is() {
        let text = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP z.example;branch=z9hG4bKz\r\nTo: <sip:b@b.example>;tag=far\r\n\r\n";
        let response = Response::parse(text).expect("a response");
        let whole = fill(&request("<sip:b@b.example>"), response, "t", 25).expect("addressed");
        assert_eq!(
            whole.headers().get(&HeaderName::TO),
            Some("<sip:b@b.example>;tag=far")
        );
        assert!(!whole.headers().contains(&HeaderName::FROM));
    }
}
