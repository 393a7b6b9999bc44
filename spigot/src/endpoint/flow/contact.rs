//! The Contact that the endpoint writes, always from the flow that carries the message.

use std::fmt::Write;

use super::OwnAddress;
use crate::flow::Transport;
use crate::sip::{HeaderName, Method, Request, StatusCode, Uri};

/// Returns whether a response needs a Contact, because it opens a dialog or refreshes its target
/// (RFC 3261 §12.1.1, RFC 6665 §4.2.1.1, RFC 3515 §2.4.4, RFC 3311 §5.2).
pub(crate) fn opens_dialog(method: &Method, status: StatusCode) -> bool {
    let provisional = status.is_provisional() && status != StatusCode::TRYING && *method == Method::INVITE;
    method.answer_needs_contact() && (status.is_success() || provisional)
}

/// Returns whether the Contact of a request of ours must be a `sips:` URI.
///
/// [RFC 3261 §8.1.1.8](https://www.rfc-editor.org/rfc/rfc3261#section-8.1.1.8):
/// > If the Request-URI or top Route header field value contains a SIPS URI, the Contact header field MUST
/// > contain a SIPS URI as well.
pub(crate) fn is_secured(request: &Request) -> bool {
    is_sips(request.uri()) || begins_with_sips(request, &HeaderName::ROUTE)
}

/// Returns whether the Contact of an answer to `request` must be a `sips:` URI.
///
/// [RFC 3261 §12.1.1](https://www.rfc-editor.org/rfc/rfc3261#section-12.1.1):
/// > If the request that initiated the dialog contained a SIPS URI in the Request-URI or in the top
/// > Record-Route header field value, if there was any, or the Contact header field if there was no
/// > Record-Route header field, the Contact header field in the response MUST be a SIPS URI.
pub(crate) fn is_answer_secured(request: &Request) -> bool {
    let way_back = if request.headers().contains(&HeaderName::RECORD_ROUTE) {
        HeaderName::RECORD_ROUTE
    } else {
        HeaderName::CONTACT
    };
    is_sips(request.uri()) || begins_with_sips(request, &way_back)
}

fn is_sips(uri: &Uri) -> bool {
    uri.scheme().eq_ignore_ascii_case("sips")
}

/// Returns whether the first address of a header is a `sips:` URI. Only the beginning of the line is looked
/// at.
fn begins_with_sips(request: &Request, header: &HeaderName) -> bool {
    let first = request.headers().get(header).unwrap_or_default();
    let uri = first.split_once('<').map_or(first, |(_, uri)| uri).trim_start();
    uri.get(..5)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("sips:"))
}

/// Makes our Contact on a flow of that transport: `<sip:user@host:port;transport=tcp>`, with the host and
/// port of `own`. For UDP the transport parameter is left out (RFC 3263 §4.1). If it is to be `secured`, and
/// the transport is, it is `<sips:user@host:port>`, which means TLS. `user` is as a URI writes it, escaped.
pub(crate) fn contact(user: Option<&str>, own: &OwnAddress, transport: Transport, secured: bool) -> String {
    let secured = secured && transport.is_secure();
    let (user, at) = user.map_or(("", ""), |user| (user, "@"));
    let named = match transport {
        Transport::Udp => None,
        Transport::Tls if secured => None,
        // RFC 7118 §5.2: `sips` and `transport=ws` mean WSS.
        Transport::Wss if secured => Some(Transport::Ws),
        other => Some(other),
    };
    let mut value = String::with_capacity(user.len() + own.host.len() + 32);
    value.push_str(if secured { "<sips:" } else { "<sip:" });
    for piece in [user, at, &own.host] {
        value.push_str(piece);
    }
    // Writing into a String does not fail.
    let _ = write!(value, ":{}", own.port);
    if let Some(named) = named {
        let _ = write!(value, ";transport={named}");
    }
    value.push('>');
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(user: Option<&str>, transport: Transport, local: &str, secured: bool) -> String {
        let local: std::net::SocketAddr = local.parse().unwrap();
        contact(user, &OwnAddress::from(local), transport, secured)
    }

    #[test]
    fn a_contact_is_where_its_flow_reaches_us() {
        let (v4, v6) = ("192.0.2.1:5060", "[2001:db8::1]:5080");
        let (bob, us) = (Some("bob"), None);
        let table = [
            (bob, Transport::Udp, v4, false, "<sip:bob@192.0.2.1:5060>"),
            (us, Transport::Udp, v4, false, "<sip:192.0.2.1:5060>"),
            (
                Some("a%40b"),
                Transport::Udp,
                v4,
                false,
                "<sip:a%40b@192.0.2.1:5060>",
            ),
            (
                bob,
                Transport::Tcp,
                v6,
                false,
                "<sip:bob@[2001:db8::1]:5080;transport=tcp>",
            ),
            (
                bob,
                Transport::Tls,
                v4,
                false,
                "<sip:bob@192.0.2.1:5060;transport=tls>",
            ),
            (bob, Transport::Tls, v4, true, "<sips:bob@192.0.2.1:5060>"),
            (
                bob,
                Transport::Wss,
                v4,
                true,
                "<sips:bob@192.0.2.1:5060;transport=ws>",
            ),
            (
                bob,
                Transport::Ws,
                v4,
                true,
                "<sip:bob@192.0.2.1:5060;transport=ws>",
            ),
        ];
        for (user, transport, local, secured, expected) in table {
            assert_eq!(of(user, transport, local, secured), expected, "{transport}");
        }
    }

    #[test]
    fn what_came_to_a_sips_uri_or_by_a_sips_route_is_secured() {
        let with = |uri: &str, lines: &[(&HeaderName, &str)]| {
            let mut request = Request::new(Method::INVITE, uri.parse().unwrap());
            for (name, line) in lines {
                request.headers_mut().push((*name).clone(), line).unwrap();
            }
            request
        };
        let secured = |uri: &str, line: Option<&str>| {
            let of = |name| match line {
                Some(line) => with(uri, &[(name, line)]),
                None => with(uri, &[]),
            };
            let answer = is_answer_secured(&of(&HeaderName::RECORD_ROUTE));
            assert_eq!(is_secured(&of(&HeaderName::ROUTE)), answer);
            answer
        };
        assert!(secured("sips:b@example.com", None));
        assert!(secured(
            "sip:b@example.com",
            Some("<sips:p.example.com;lr>, <sip:q.example.com>")
        ));
        assert!(secured("sip:b@example.com", Some("\"P\" < SIPS:p.example.com>")));
        assert!(!secured(
            "sip:b@example.com",
            Some("<sip:p.example.com;lr>, <sips:q.example.com>")
        ));
        assert!(!secured("sip:b@example.com", None));

        let contact = (&HeaderName::CONTACT, "<sips:a@192.0.2.1>");
        let from_a_secured_peer = with("sip:b@example.com", &[contact]);
        assert!(is_answer_secured(&from_a_secured_peer) && !is_secured(&from_a_secured_peer));
        let route = (&HeaderName::RECORD_ROUTE, "<sip:p.example.com;lr>");
        assert!(
            !is_answer_secured(&with("sip:b@example.com", &[contact, route])),
            "the way back leads elsewhere"
        );
    }

    #[test]
    fn responses_that_make_or_refresh_a_dialog_have_a_contact() {
        let table = [
            (Method::INVITE, 100, false),
            (Method::INVITE, 180, true),
            (Method::INVITE, 200, true),
            (Method::INVITE, 302, false),
            (Method::INVITE, 486, false),
            (Method::SUBSCRIBE, 180, false),
            (Method::SUBSCRIBE, 202, true),
            (Method::REFER, 202, true),
            (Method::UPDATE, 200, true),
            (Method::UPDATE, 488, false),
            (Method::BYE, 200, false),
            (Method::REGISTER, 200, false),
            (Method::OPTIONS, 200, false),
        ];
        for (method, status, has) in table {
            let code = StatusCode::from_u16(status).unwrap();
            assert_eq!(opens_dialog(&method, code), has, "{status} {method}");
        }
    }
}
