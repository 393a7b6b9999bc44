//! The sanity check of each message that a transport brings: it is parsed and checked, and its topmost Via is
//! stamped with where it really came from.
//!
//! Pure: bytes in, a verdict out.

use crate::flow::Flow;
use crate::sip::{Bytes, Essentials, Message, ParseError, Request, Response, SalvagedRequest, StatusCode};
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
        request: SalvagedRequest,
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
        Err(error) => return refuse(Some(&bytes), error, limits),
    };
    match message {
        Message::Request(mut request) => match request.essentials() {
            Ok(mut essentials) => match request.stamp(&mut essentials, flow.peer()) {
                Ok(()) => Verdict::Request(request, essentials),
                Err(error) => refuse(Some(&bytes), error, limits),
            },
            Err(error) => refuse(Some(&bytes), error, limits),
        },
        Message::Response(response) => match response.essentials() {
            Ok(essentials) => Verdict::Response(response, essentials),
            Err(error) => Verdict::Drop(error),
        },
    }
}

/// Refuses a bad message, if an answer can be addressed and may be given at all.
pub(super) fn refuse(message: Option<&Bytes>, reason: ParseError, limits: &TransportLimits) -> Verdict {
    let request = message.and_then(|bytes| SalvagedRequest::read(bytes, &limits.parser));
    match request.zip(reason.status()) {
        Some((request, status)) => Verdict::Refuse {
            request,
            status,
            reason,
        },
        None => Verdict::Drop(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Transport;
    use crate::proto::reply;
    use crate::sip::header::Via;
    use std::net::SocketAddr;

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
        let request = request(&format!("SIP/2.0/{name} {sent_by};branch=z9hG4bK1"));
        let flow = flow(transport, peer);
        let verdict = judge(request.to_bytes(), flow, &TransportLimits::default());
        let Verdict::Request(request, essentials) = verdict else {
            panic!("{verdict:?}")
        };
        let (reply_to, _) = reply::route(essentials.via(), &flow);
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
        let before = request("SIP / 2.0 / UDP  198.51.100.7 ;branch=z9hG4bK1").to_bytes();
        let verdict = verdict(&before);
        let Verdict::Request(request, _) = verdict else {
            panic!("{verdict:?}")
        };
        assert_eq!(request.to_bytes(), before);
    }

    fn verdict(octets: impl AsRef<[u8]>) -> Verdict {
        let flow = flow(Transport::Udp, "198.51.100.7:5060");
        judge(
            Bytes::copy_from_slice(octets.as_ref()),
            flow,
            &TransportLimits::default(),
        )
    }

    #[test]
    fn a_response_is_dropped_only_for_what_decides() {
        let good = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nFrom: <sip:a@a.example>;tag=1\r\n\
                    To: <sip:b@b.example>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContact: <sip:b@192.0.2.1>\r\n\r\n";
        for (replaced, by) in [
            ("OK", &b"D\xe9croch\xe9"[..]),
            ("<sip:b@192.0.2.1>", b"\xff"),
            ("<sip:b@192.0.2.1>", b"<sip:b@192.0.2.1;x"),
            ("Contact", b"Record-Route: ;\r\nContact"),
            ("Contact", b"Server: a\nServer: b\r\nContact"),
        ] {
            let (before, after) = good.split_once(replaced).unwrap();
            let verdict = verdict([before.as_bytes(), by, after.as_bytes()].concat());
            assert!(matches!(verdict, Verdict::Response(..)), "{by:?}: {verdict:?}");
        }
        for (replaced, by) in [("z9hG4bK1", "\u{e9}"), ("CSeq", "X"), ("To", "t: x\r\nTo")] {
            let verdict = verdict(good.replace(replaced, by));
            assert!(matches!(verdict, Verdict::Drop(_)), "{by}: {verdict:?}");
        }
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
        let params: String = (0..63).map(|n| format!(";x{n}")).collect();
        let full = good.replace("192.0.2.1;branch", &format!("host.example{params};branch"));
        let full = full.replace("198.51.100.7;branch", &format!("host.example{params};branch"));
        assert_eq!(
            of(&full),
            Some(StatusCode::BAD_REQUEST),
            "no room to say where it came from"
        );
    }
}
