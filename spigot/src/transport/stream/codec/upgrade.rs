//! Which upgrades to WebSocket are granted, and what others are told: a sentence, since it is often a person
//! with a browser.

use std::sync::Arc;

use async_tungstenite::tungstenite::Error;
use async_tungstenite::tungstenite::error::ProtocolError;
use async_tungstenite::tungstenite::handshake::server::{
    Callback, ErrorResponse, Request as UpgradeRequest, Response as UpgradeResponse, write_response,
};
use async_tungstenite::tungstenite::http::{HeaderValue, StatusCode, header};

use crate::transport::stream::origins::Origins;

/// The subprotocol (RFC 7118 §4).
pub(super) const SIP: &str = "sip";

/// Grants an upgrade that asks for the subprotocol and comes from a page that may connect.
pub(super) struct Admit(pub(super) Arc<Origins>);

impl Callback for Admit {
    fn on_request(
        self,
        request: &UpgradeRequest,
        mut response: UpgradeResponse,
    ) -> Result<UpgradeResponse, ErrorResponse> {
        let headers = request.headers();
        let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL);
        let offers_sip = offered
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .any(|name| name.trim().eq_ignore_ascii_case(SIP));
        if !offers_sip {
            let why = "The subprotocol `sip` is required here (RFC 7118).";
            return Err(refusal(StatusCode::BAD_REQUEST, why));
        }
        let origin = headers.get(header::ORIGIN).map(HeaderValue::to_str);
        let may_come = match origin {
            None => self.0.allows(None),
            Some(Ok(origin)) => self.0.allows(Some(origin)),
            Some(Err(_)) => false,
        };
        if !may_come {
            let origin = headers.get(header::ORIGIN);
            tracing::debug!(?origin, "a page from this origin may not connect");
            let why = "Pages from this Origin may not connect.";
            return Err(refusal(StatusCode::FORBIDDEN, why));
        }
        response
            .headers_mut()
            .insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SIP));
        Ok(response)
    }
}

/// The answer to what is no upgrade to WebSocket.
pub(super) fn no_upgrade(error: &Error) -> Vec<u8> {
    let response = match error {
        // RFC 9110 §15.5.22 and, of another version, RFC 6455 §4.2.2.
        Error::Protocol(
            ProtocolError::MissingConnectionUpgradeHeader
            | ProtocolError::MissingUpgradeWebSocketHeader
            | ProtocolError::MissingSecWebSocketVersionHeader,
        ) => {
            let why = "SIP is spoken here over WebSocket (RFC 7118); there is no page to see.";
            let mut response = refusal(StatusCode::UPGRADE_REQUIRED, why);
            let headers = response.headers_mut();
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade, close"));
            headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            response
        }
        _ => {
            let why = "This is no upgrade to WebSocket, which is what is spoken here.";
            refusal(StatusCode::BAD_REQUEST, why)
        }
    };
    let mut octets = Vec::new();
    match write_response(&mut octets, &response) {
        Ok(()) => octets.extend_from_slice(response.body().as_deref().unwrap_or_default().as_bytes()),
        Err(_) => octets.clear(),
    }
    octets
}

fn refusal(status: StatusCode, why: &str) -> ErrorResponse {
    let body = format!("{why}\r\n");
    let length = HeaderValue::from(body.len());
    let mut response = ErrorResponse::new(Some(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(header::CONTENT_LENGTH, length);
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
