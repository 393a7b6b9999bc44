//! A response out of a request: what [RFC 3261 §8.2.6.2] copies from one into the other.
//!
//! The invariant: a response that leaves here is addressed by its request and by nothing else.
//!
//! [RFC 3261 §8.2.6.2]: https://www.rfc-editor.org/rfc/rfc3261#section-8.2.6.2

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use spigot_parser::header::{ContentType, Via};
use spigot_parser::{
    HeaderName, Headers, MessageWriter, Method, ParseError, Request, Response, SalvagedRequest, StatusCode,
};

use super::{keep, key};
use crate::flow::{Flow, Transport};
use crate::incoming::Incoming;

/// Makes a whole response to a request of which nothing is kept ([RFC 3261 §8.2.7]).
///
/// The To tag is derived from the request and `seed` (the one given to
/// [`Shard::new`](super::Shard::new)), so a retransmission of the request is answered with the same tag.
/// Headers may be added to what this returns before it is sent.
///
/// [RFC 3261 §8.2.7]: https://www.rfc-editor.org/rfc/rfc3261#section-8.2.7
pub fn stateless(request: &Request, status: StatusCode, seed: [u8; 16]) -> Response {
    let tag = match request.essentials() {
        Ok(read) => key::tag(
            &seed,
            &key::server_key(&seed, &read, request.uri(), request.method()),
        ),
        Err(_) => {
            let headers = request.headers();
            key::tag_of_unread(&seed, |name| headers.get(name).unwrap_or_default().as_bytes())
        }
    };
    let mut whole = Response::new(status);
    address(request, &mut whole, &tag);
    whole
}

/// Writes the response to a request that cannot be read and of which nothing is kept ([RFC 3261 §8.2.7]). It
/// came by `flow`.
///
/// The To tag is derived from the request and `seed`, so a retransmission is answered with the same tag.
///
/// [RFC 3261 §8.2.7]: https://www.rfc-editor.org/rfc/rfc3261#section-8.2.7
pub(crate) fn refusal(request: &SalvagedRequest, response: &Response, seed: [u8; 16], flow: &Flow) -> Bytes {
    let tag = key::tag_of_unread(&seed, |name| request.get(name).unwrap_or_default());
    request.write_response(response, &tag, flow.peer())
}

/// Returns where the response to a request goes that came by `flow` with `via` on top: on that flow and, if
/// its connection is gone, to the address beside it.
///
/// [RFC 3261 §18.2.2](https://www.rfc-editor.org/rfc/rfc3261#section-18.2.2), for a connection:
/// > If that connection is no longer open, the server SHOULD open a connection to the IP address in the
/// > "received" parameter, if present, using the port in the "sent-by" value, or the default port for that
/// > transport, if no port is specified.
///
/// Over UDP it goes to `maddr` where there is one that is an address (a name is not looked up for a
/// response), and where there is no rport (RFC 3581 §4):
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

/// Reads a host as an IP address. IPv6 may be in brackets or, as some write it, without.
fn address_in(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    bare.unwrap_or(host).parse().ok()
}

/// Returns the [`route`] of the response to a request that cannot be read. If its top Via cannot be read
/// either, that is the flow alone: the connection, or the source of the datagram.
///
/// The response goes to the address of its source and to no other. A `maddr` that names another is passed
/// over: whoever sends what cannot be read could choose with it who gets the answer.
pub(crate) fn route_of(request: &SalvagedRequest, flow: &Flow) -> (Flow, Option<SocketAddr>) {
    let Some(mut via) = request.via() else {
        return (*flow, None);
    };
    let source = flow.peer().ip().to_canonical();
    if via.maddr().and_then(address_in) != Some(source) {
        via = via.without_param("maddr");
    }
    route(&via, flow)
}

/// Writes a response as it goes out.
///
/// Via, From, To with `tag`, Call-ID, CSeq and, where a dialog is made, Record-Route are those of the
/// request. Other headers and the body are those of `response`. A peer that offers in its Via to keep the
/// flow alive is told to do so every `keep` seconds.
///
/// # Errors
///
/// A header of `response` that cannot be written.
pub(crate) fn write(
    incoming: &Incoming,
    response: &Response,
    tag: &str,
    keep: u32,
) -> Result<Bytes, ParseError> {
    let (asked, answered) = (incoming.request.headers(), response.headers());
    let status = response.status();
    let room =
        asked.written_len_of(&FROM_THE_REQUEST) + answered.written_len() + response.body().len() + REST;
    let mut out = MessageWriter::response(status, response.reason(), room);
    match keep::accepted(incoming.essentials.via(), keep)? {
        None => out.lines_of(asked, &HeaderName::VIA),
        Some(via) => {
            let mut stamped = asked.clone();
            stamped.replace_first(&via)?;
            out.lines_of(&stamped, &HeaderName::VIA);
        }
    }
    out.lines_of(asked, &HeaderName::FROM);
    // > However, if the To header field in the request did not contain a tag, the URI in the To header field
    // > in the response MUST equal the URI in the To header field; additionally, the UAS MUST add a tag to
    // > the To header field in the response (with the exception of the 100 (Trying) response, in which a tag
    // > MAY be present).
    match asked.get(&HeaderName::TO) {
        Some(to) if incoming.essentials.to_tag().is_none() && status != StatusCode::TRYING => {
            // One that could not be written goes back as it came.
            if out.concat(&HeaderName::TO, &[to, ";tag=", tag]).is_err() {
                out.lines_of(asked, &HeaderName::TO);
            }
        }
        _ => out.lines_of(asked, &HeaderName::TO),
    }
    out.lines_of(asked, &HeaderName::CALL_ID);
    out.lines_of(asked, &HeaderName::CSEQ);
    if status == StatusCode::TRYING {
        // RFC 3261 §8.2.6.1:
        // > When a 100 (Trying) response is generated, any Timestamp header field present in the request
        // > MUST be copied into this 100 (Trying) response.
        out.lines_of(asked, &HeaderName::TIMESTAMP);
    }
    if names_route(incoming.request.method(), status) && !answered.contains(&HeaderName::RECORD_ROUTE) {
        // RFC 3261 §12.1.1:
        // > When a UAS responds to a request with a response that establishes a dialog (such as a 2xx to
        // > INVITE), the UAS MUST copy all Record-Route header field values from the request into the
        // > response [...] and MUST maintain the order of those values.
        out.lines_of(asked, &HeaderName::RECORD_ROUTE);
    }
    write_own(&mut out, answered, response.body())?;
    Ok(out.finish(response.body()))
}

/// About how many octets a response has beside its own lines, those of its request, and its body: its first
/// line, a To tag and a Content-Length.
const REST: usize = 88;

/// What a response does not say itself: it is its request's, or follows from the body.
const FROM_THE_REQUEST: [HeaderName; 6] = [
    HeaderName::VIA,
    HeaderName::FROM,
    HeaderName::TO,
    HeaderName::CALL_ID,
    HeaderName::CSEQ,
    HeaderName::CONTENT_LENGTH,
];

/// Writes the headers and the body of a response of ours.
fn write_own(out: &mut MessageWriter, headers: &Headers, body: &Bytes) -> Result<(), ParseError> {
    for field in headers.iter() {
        if !FROM_THE_REQUEST.iter().any(|name| field.is(name)) {
            out.field(field);
        }
    }
    // A body has a type, and one that can be read.
    if !body.is_empty() && headers.typed::<ContentType>()?.is_none() {
        out.line(&HeaderName::CONTENT_TYPE, "application/octet-stream")?;
    }
    Ok(())
}

/// Copies the headers that address a response.
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

/// Reports whether a response must say the Record-Route of its request: it makes a dialog, early or not, or
/// answers the NOTIFY that makes one.
fn names_route(method: &Method, status: StatusCode) -> bool {
    (method.opens_dialog() || *method == Method::NOTIFY) && (101..300).contains(&status.as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(request: &Request, response: &Response) -> Response {
        let incoming = Incoming {
            request: std::sync::Arc::new(request.clone()),
            essentials: request.essentials().expect("readable"),
            flow: Flow::datagram(([192, 0, 2, 1], 5060).into(), ([192, 0, 2, 9], 5060).into()),
        };
        let bytes = write(&incoming, response, "t", 25).expect("addressed");
        Response::parse(bytes).expect("parses")
    }

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

        let whole = fill(&request, &answer);

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
        assert_eq!(whole.validate(), Ok(()));
    }

    #[test]
    fn an_offer_to_keep_the_flow_alive_is_accepted() {
        let mut request = request("<sip:b@b.example>");
        let offer: Via = "SIP/2.0/UDP p.example;branch=z9hG4bK2;keep"
            .parse()
            .expect("a Via");
        request.headers_mut().replace_first(&offer).expect("written");
        let whole = fill(&request, &Response::new(StatusCode::OK));
        let via: Via = whole.headers().typed().expect("a Via").expect("there");
        assert_eq!(via.param("keep"), Some(Some("25")));
    }

    #[test]
    fn trying_has_a_timestamp_and_no_tag_and_makes_no_dialog() {
        let whole = fill(&request("<sip:b@b.example>"), &Response::new(StatusCode::TRYING));
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
    fn an_unreadable_request_has_its_answer_at_its_source_and_at_no_other_address() {
        let source = ([192, 0, 2, 9], 40000).into();
        let flow = Flow::datagram(([192, 0, 2, 1], 5060).into(), source);
        for (params, port) in [
            (";maddr=198.51.100.7", 5070),
            (";maddr=198.51.100.7;rport", 40000),
            (";maddr=192.0.2.9", 5070),
            (";received=198.51.100.7", 5070),
        ] {
            let octets = format!(
                "OPTIONS sip:b@b.example SIP/2.0\r\nVia: SIP/2.0/UDP a.example:5070{params}\r\nCSeq: x\r\n\r\n"
            );
            let request = SalvagedRequest::read(&octets.into(), &spigot_parser::Limits::DEFAULT);
            let (to, _) = route_of(&request.expect("it says who sent it"), &flow);
            assert_eq!(
                to.peer(),
                SocketAddr::new([192, 0, 2, 9].into(), port),
                "{params}"
            );
        }
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
}
