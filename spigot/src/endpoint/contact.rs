//! The Contact that the endpoint writes, always from the flow that carries the message.

use std::net::SocketAddr;

use crate::flow::{Flow, Transport};
use crate::sip::{Method, SipUri, StatusCode, Uri, header};

/// Whether a response must say where requests of its dialog go: it opens or refreshes one
/// (RFC 3261 §12.1.1, RFC 6665 §4.2.1.1, RFC 3515 §2.4.4, RFC 3311 §5.2).
pub(super) fn opens_dialog(method: &Method, status: StatusCode) -> bool {
    let dialog_method = [Method::INVITE, Method::SUBSCRIBE, Method::REFER, Method::UPDATE].contains(method);
    let provisional = status.is_provisional() && status != StatusCode::TRYING && *method == Method::INVITE;
    dialog_method && (status.is_success() || provisional)
}

/// `<sip:user@host:port;transport=tcp>` with our address on `flow`. The transport parameter is left out for
/// UDP, which is what a URI without it means (RFC 3263 §4.1).
pub(crate) fn contact(user: Option<&str>, flow: &Flow) -> Option<header::Contact> {
    let mut uri = SipUri::new(false, &host_of(flow.local))
        .ok()?
        .with_port(Some(flow.local.port()));
    if let Some(user) = user {
        uri = uri.with_user(user).ok()?;
    }
    if flow.transport != Transport::Udp {
        uri = uri
            .with_param("transport", Some(&flow.transport.to_string()))
            .ok()?;
    }
    Some(header::Contact::new(Uri::Sip(uri)))
}

/// The sent-by of a Via: our address on `flow`, `192.0.2.1:5060`.
pub(crate) fn address_of(flow: &Flow) -> String {
    format!("{}:{}", host_of(flow.local), flow.local.port())
}

/// An IP address as a SIP host: IPv6 in brackets.
pub(crate) fn host_of(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(transport: Transport, local: &str) -> Flow {
        Flow {
            transport,
            local: local.parse().unwrap(),
            peer: "192.0.2.9:5060".parse().unwrap(),
            connection: 0,
        }
    }

    #[test]
    fn a_contact_is_where_its_flow_reaches_us() {
        let of = |user, transport, local| contact(user, &flow(transport, local)).unwrap().to_string();
        let (v4, v6) = ("192.0.2.1:5060", "[2001:db8::1]:5080");
        assert_eq!(of(Some("bob"), Transport::Udp, v4), "<sip:bob@192.0.2.1:5060>");
        assert_eq!(of(None, Transport::Udp, v4), "<sip:192.0.2.1:5060>");
        assert_eq!(
            of(Some("bob"), Transport::Tcp, v6),
            "<sip:bob@[2001:db8::1]:5080;transport=tcp>"
        );
        assert_eq!(address_of(&flow(Transport::Udp, v4)), v4);
        assert_eq!(address_of(&flow(Transport::Tcp, v6)), v6);
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
