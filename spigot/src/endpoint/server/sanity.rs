//! The sanity check of each message that a transport brings: it is parsed and checked, and its topmost Via is
//! stamped with where it really came from.
//!
//! Pure: bytes in, a verdict out.

use std::net::SocketAddr;

use crate::flow::Flow;
use crate::sip::{self, Bytes, Essentials, Message, ParseError, Request, Response, StatusCode, header::Via};
use crate::transport::TransportLimits;

/// The judgement of the bytes that a transport brought.
#[derive(Debug)]
pub(super) enum Verdict {
    /// A good request.
    Request(Request, Essentials),
    /// A good response.
    Response(Response, Essentials),
    /// A bad message whose sender can be told so.
    Refuse {
        request: Request,
        status: StatusCode,
        reason: ParseError,
    },
    /// A bad message whose sender cannot be told so.
    Drop(ParseError),
}

/// Judges one whole message that arrived on `flow`.
pub(super) fn judge(bytes: Bytes, flow: Flow, limits: &TransportLimits) -> Verdict {
    let message = match Message::parse_with(bytes.clone(), &limits.parser) {
        Ok(message) => message,
        Err(error) => return refuse(Request::salvage(&bytes), flow, error),
    };
    match message {
        Message::Request(mut request) => match request.essentials() {
            Ok(mut essentials) => match request.stamp(&mut essentials, flow.peer()) {
                Ok(()) => Verdict::Request(request, essentials),
                Err(error) => Verdict::Drop(error),
            },
            Err(error) => refuse(Some(request), flow, error),
        },
        Message::Response(response) => match response.essentials() {
            Ok(essentials) => Verdict::Response(response, essentials),
            Err(error) => Verdict::Drop(error),
        },
    }
}

/// Refuses a bad message, if an answer can be addressed and may be given at all.
pub(super) fn refuse(request: Option<Request>, flow: Flow, reason: ParseError) -> Verdict {
    let addressed = request
        .filter(|request| *request.method() != sip::Method::ACK)
        // Without a Via the answer would match nothing at the peer.
        .filter(|request| request.headers().contains(&sip::HeaderName::VIA))
        .zip(reason.status());
    let Some((mut request, status)) = addressed else {
        return Verdict::Drop(reason);
    };
    match stamp(&mut request, flow) {
        Ok(()) => Verdict::Refuse {
            request,
            status,
            reason,
        },
        Err(_) => Verdict::Drop(reason),
    }
}

/// Writes where the request came from into its topmost Via.
///
/// [RFC 3261 §18.2.1](https://www.rfc-editor.org/rfc/rfc3261#section-18.2.1):
/// > If the host portion of the "sent-by" parameter contains a domain name, or if it contains an IP address
/// > that differs from the packet source address, the server MUST add a "received" parameter to that Via
/// > header field value.
///
/// [RFC 3581 §4](https://www.rfc-editor.org/rfc/rfc3581#section-4): with an `rport` parameter without value,
/// its value becomes the source port, and `received` is added even where it says what sent-by says.
fn stamp(request: &mut Request, flow: Flow) -> Result<(), ParseError> {
    let Some(via) = request.headers().typed::<Via>()? else {
        return Ok(());
    };
    let source = SocketAddr::new(flow.peer().ip().to_canonical(), flow.peer().port());
    if via.rport().is_none() && via.host().ip() == Some(source.ip()) {
        return Ok(());
    }
    let via = via.received_from(source)?;
    request.headers_mut().replace_first(&via)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Transport;
    use crate::proto::reply;

    fn request(via: &str) -> Request {
        Request::parse(format!(
            "OPTIONS sip:b@example.com SIP/2.0\r\nVia: {via}\r\nVia: SIP/2.0/UDP next.example\r\n\
             Max-Forwards: 70\r\nFrom: <sip:a@example.com>;tag=a\r\nTo: <sip:b@example.com>\r\n\
             Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
        ))
        .unwrap()
    }

    fn flow(transport: Transport, peer: &str) -> Flow {
        let peer: SocketAddr = peer.parse().unwrap();
        let local = if peer.is_ipv4() {
            "192.0.2.1:5060"
        } else {
            "[2001:db8::1]:5060"
        };
        Flow::detached(transport, local.parse().unwrap(), peer)
    }

    /// The stamps on the topmost Via, and where a response goes.
    fn stamped(transport: Transport, peer: &str, sent_by: &str) -> (Option<String>, Option<u16>, String) {
        let name = transport.as_str();
        let mut request = request(&format!("SIP/2.0/{name} {sent_by};branch=z9hG4bK1"));
        let flow = flow(transport, peer);
        stamp(&mut request, flow).unwrap();
        let (reply_to, _) = reply::route_of(&request, &flow);
        let vias: Vec<Via> = request.headers().all().map(Result::unwrap).collect();
        assert_eq!(vias.len(), 2);
        assert_eq!(vias[0].branch(), Some("z9hG4bK1"));
        assert_eq!(vias[1].received(), None, "only the topmost is stamped");
        let port = vias[0].rport().flatten();
        (
            vias[0].received().map(str::to_owned),
            port,
            reply_to.peer().to_string(),
        )
    }

    #[test]
    fn the_topmost_via_says_where_a_request_came_from_and_where_its_response_goes() {
        let (v4, v6) = ("198.51.100.7:4321", "[2001:db8::7]:4321");
        let (ip4, ip6) = (Some("198.51.100.7"), Some("2001:db8::7"));
        // sent-by, source, received, rport, response over UDP
        let table = [
            ("198.51.100.7", v4, None, None, "198.51.100.7:5060"),
            ("198.51.100.7:5070", v4, None, None, "198.51.100.7:5070"),
            ("198.51.100.7:4321", v4, None, None, v4),
            ("198.51.100.7;rport", v4, ip4, Some(4321), v4),
            ("198.51.100.7:5070;rport", v4, ip4, Some(4321), v4),
            ("198.51.100.7;rport=99", v4, ip4, Some(4321), v4),
            ("10.0.0.1", v4, ip4, None, "198.51.100.7:5060"),
            ("10.0.0.1:5070", v4, ip4, None, "198.51.100.7:5070"),
            ("10.0.0.1:5070;rport", v4, ip4, Some(4321), v4),
            ("host.example", v4, ip4, None, "198.51.100.7:5060"),
            ("host.example:5070", v4, ip4, None, "198.51.100.7:5070"),
            ("host.example;rport", v4, ip4, Some(4321), v4),
            // What the sender claims of its own source does not count.
            (
                "10.0.0.1;received=203.0.113.1",
                v4,
                ip4,
                None,
                "198.51.100.7:5060",
            ),
            ("10.0.0.1;received=203.0.113.1;rport=1", v4, ip4, Some(4321), v4),
            (
                "198.51.100.7;maddr=203.0.113.9",
                v4,
                None,
                None,
                "203.0.113.9:5060",
            ),
            (
                "198.51.100.7:5070;maddr=203.0.113.9",
                v4,
                None,
                None,
                "203.0.113.9:5070",
            ),
            (
                "10.0.0.1:5070;maddr=203.0.113.9;rport",
                v4,
                ip4,
                Some(4321),
                "203.0.113.9:5070",
            ),
            // A name is not looked up for a response.
            ("10.0.0.1;maddr=group.example", v4, ip4, None, "198.51.100.7:5060"),
            ("[2001:db8::7]", v6, None, None, "[2001:db8::7]:5060"),
            ("[2001:DB8:0::7]:5070", v6, None, None, "[2001:db8::7]:5070"),
            ("[2001:db8::8]:5070", v6, ip6, None, "[2001:db8::7]:5070"),
            ("[2001:db8::8]:5070;rport", v6, ip6, Some(4321), v6),
            ("host.example;rport", v6, ip6, Some(4321), v6),
            (
                "[2001:db8::7];maddr=[2001:db8::9]",
                v6,
                None,
                None,
                "[2001:db8::9]:5060",
            ),
        ];
        for (sent_by, peer, received, rport, reply) in table {
            let received = received.map(str::to_owned);
            let got = stamped(Transport::Udp, peer, sent_by);
            assert_eq!(got, (received.clone(), rport, reply.to_owned()), "udp {sent_by}");
            // Over a stream it goes back on the connection, whatever the Via says.
            for transport in [Transport::Tcp, Transport::Tls] {
                let got = stamped(transport, peer, sent_by);
                assert_eq!(
                    got,
                    (received.clone(), rport, peer.to_owned()),
                    "{transport} {sent_by}"
                );
            }
        }
    }

    #[test]
    fn a_via_that_needs_no_stamp_keeps_its_octets() {
        let mut request = request("SIP / 2.0 / UDP  198.51.100.7 ;branch=z9hG4bK1");
        let before = request.to_bytes();
        stamp(&mut request, flow(Transport::Udp, "198.51.100.7:5060")).unwrap();
        assert_eq!(request.to_bytes(), before);
    }

    fn verdict(text: &str) -> Verdict {
        let flow = flow(Transport::Udp, "198.51.100.7:5060");
        judge(
            Bytes::copy_from_slice(text.as_bytes()),
            flow,
            &TransportLimits::default(),
        )
    }

    #[test]
    fn what_is_no_good_request_is_refused_if_it_can_be_addressed_and_is_no_ack() {
        let good = request("SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1").to_string();
        assert!(matches!(verdict(&good), Verdict::Request(..)));
        let of = |text: &str| match verdict(text) {
            Verdict::Refuse { status, .. } => Some(status),
            Verdict::Drop(_) => None,
            other => panic!("{other:?}"),
        };
        let wrong_cseq = good.replace("1 OPTIONS", "1 INVITE");
        assert_eq!(of(&wrong_cseq), Some(StatusCode::BAD_REQUEST));
        let wrong_version = good.replace("com SIP/2.0", "com SIP/7.0");
        assert_eq!(of(&wrong_version), Some(StatusCode::VERSION_NOT_SUPPORTED));
        let ack = good.replace("OPTIONS sip", "ACK sip");
        assert_eq!(of(&ack), None, "an ACK is never answered");
        assert_eq!(of(&good.replace("Via", "X-Via")), None, "nobody to answer");
        assert_eq!(of("garbage"), None);
    }
}
