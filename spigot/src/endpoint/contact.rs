//! The Contact that the endpoint writes, always from the flow that carries the message.

use super::Place;
use crate::flow::Transport;
use crate::sip::{HeaderName, Method, Request, SipUri, StatusCode, Uri, header};

/// Whether a response must say where requests of its dialog go: it opens or refreshes one
/// (RFC 3261 §12.1.1, RFC 6665 §4.2.1.1, RFC 3515 §2.4.4, RFC 3311 §5.2).
pub(super) fn opens_dialog(method: &Method, status: StatusCode) -> bool {
    let provisional = status.is_provisional() && status != StatusCode::TRYING && *method == Method::INVITE;
    method.answer_needs_contact() && (status.is_success() || provisional)
}

/// Whether the Contact of a request of ours must be a `sips:` URI.
///
/// [RFC 3261 §8.1.1.8](https://www.rfc-editor.org/rfc/rfc3261#section-8.1.1.8):
/// > If the Request-URI or top Route header field value contains a SIPS URI, the Contact header field MUST contain a SIPS URI
/// > as well.
pub(crate) fn is_secured(request: &Request) -> bool {
    is_sips(request.uri()) || begins_with_sips(request, &HeaderName::ROUTE)
}

/// Whether the Contact of an answer must be one.
///
/// [RFC 3261 §12.1.1](https://www.rfc-editor.org/rfc/rfc3261#section-12.1.1):
/// > If the request that initiated the dialog contained a SIPS URI in the Request-URI or in the top Record-Route header field
/// > value, if there was any, or the Contact header field if there was no Record-Route header field, the Contact header field
/// > in the response MUST be a SIPS URI.
pub(super) fn is_answer_secured(request: &Request) -> bool {
    let way_back = match request.headers().contains(&HeaderName::RECORD_ROUTE) {
        true => HeaderName::RECORD_ROUTE,
        false => HeaderName::CONTACT,
    };
    is_sips(request.uri()) || begins_with_sips(request, &way_back)
}

fn is_sips(uri: &Uri) -> bool {
    uri.scheme().eq_ignore_ascii_case("sips")
}

/// Whether the first address of a header is one. The whole list is not parsed for that: the address is what the line begins with.
fn begins_with_sips(request: &Request, header: &HeaderName) -> bool {
    let first = request.headers().get(header).unwrap_or_default();
    let uri = first.split_once('<').map_or(first, |(_, uri)| uri).trim_start();
    uri.get(..5)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("sips:"))
}

/// `<sip:user@host:port;transport=tcp>` with `place`, where the peer of a flow of that transport reaches us. The transport
/// parameter is left out for UDP, which is what a URI without it means (RFC 3263 §4.1). If it is to be `secured`, and the flow is,
/// `<sips:user@host:port>`, which means TLS.
pub(crate) fn contact(
    user: Option<&str>,
    place: &Place,
    transport: Transport,
    secured: bool,
) -> Option<header::Contact> {
    let secured = secured && transport.is_secure();
    let mut uri = SipUri::new(secured, &place.host)
        .ok()?
        .with_port(Some(place.port));
    if let Some(user) = user {
        uri = uri.with_user(user).ok()?;
    }
    let named = match transport {
        Transport::Udp => None,
        Transport::Tls if secured => None,
        // RFC 7118 §5.2: `sips` and `transport=ws` mean WSS.
        Transport::Wss if secured => Some(Transport::Ws),
        other => Some(other),
    };
    if let Some(named) = named {
        uri = uri.with_param("transport", Some(&named.to_string())).ok()?;
    }
    Some(header::Contact::new(Uri::Sip(uri)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(user: Option<&str>, transport: Transport, local: &str, secured: bool) -> String {
        let local: std::net::SocketAddr = local.parse().unwrap();
        contact(user, &Place::from(local), transport, secured)
            .unwrap()
            .to_string()
    }

    #[test]
    fn a_contact_is_where_its_flow_reaches_us() {
        let (v4, v6) = ("192.0.2.1:5060", "[2001:db8::1]:5080");
        let (bob, us) = (Some("bob"), None);
        let table = [
            (bob, Transport::Udp, v4, false, "<sip:bob@192.0.2.1:5060>"),
            (us, Transport::Udp, v4, false, "<sip:192.0.2.1:5060>"),
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
