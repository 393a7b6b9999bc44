//! The lines of the log that say what was sent, and what was dropped.
//!
//! Invariant: each answer, each request of ours and each message that is dropped has one line, at the level
//! `DEBUG`, and no line shows a body, a password or credentials. They are written outside of the locks.

use std::fmt;

use crate::flow::Flow;
use crate::incoming::Incoming;
use crate::proto::Cause;
use crate::sip::{HeaderName, Request, Response, StatusCode};

/// Reports whether somebody may want the lines of this file.
pub(super) fn is_on() -> bool {
    tracing::enabled!(tracing::Level::DEBUG)
}

/// Says that a request was answered. There is a reason where the answer is not a handler's own.
pub(super) fn response_sent(incoming: &Incoming, status: StatusCode, reason: Option<&str>) {
    tracing::debug!(
        method = incoming.request.method().as_str(),
        call_id = incoming.essentials.call_id(),
        flow = %incoming.flow,
        status = status.as_u16(),
        reason,
        "response sent"
    );
}

/// Returns what a refusal says in its Warning, if the log wants to know.
pub(super) fn reason_in(response: &Response) -> Option<String> {
    let refuses = response.status().is_final() && !response.status().is_success();
    if !refuses || !is_on() {
        return None;
    }
    response.headers().get(&HeaderName::WARNING).map(str::to_owned)
}

/// Says that a request gets no answer, or not this one, and why.
pub(super) fn answer_dropped(incoming: &Incoming, status: Option<StatusCode>, reason: &str) {
    tracing::debug!(
        method = incoming.request.method().as_str(),
        call_id = incoming.essentials.call_id(),
        flow = %incoming.flow,
        status = status.map(StatusCode::as_u16),
        reason,
        "answer dropped"
    );
}

/// Says that a message that came was dropped, and why.
pub(super) fn message_dropped(method: &str, call_id: &str, flow: &Flow, reason: &str) {
    tracing::debug!(method, call_id, %flow, reason, "message dropped");
}

/// Says what the core has done with a request by itself.
pub(super) fn settled(incoming: &Incoming, status: Option<StatusCode>, cause: Cause) {
    let Some(status) = status else {
        let (method, call_id) = (incoming.request.method(), incoming.essentials.call_id());
        return message_dropped(method.as_str(), call_id, &incoming.flow, cause.as_str());
    };
    response_sent(incoming, status, Some(cause.as_str()));
}

/// Says that a request of ours has left, or left again for another server or with credentials.
pub(super) fn request_sent(request: &Request, flow: &Flow) {
    tracing::debug!(
        method = request.method().as_str(),
        // `Debug` shows no password.
        uri = ?request.uri(),
        call_id = request.headers().get(&HeaderName::CALL_ID),
        %flow,
        "request sent"
    );
}

/// Says that a request of ours gets no final response, and why.
pub(super) fn request_failed(request: &Request, reason: &dyn fmt::Display) {
    tracing::debug!(
        method = request.method().as_str(),
        uri = ?request.uri(),
        call_id = request.headers().get(&HeaderName::CALL_ID),
        %reason,
        "request failed"
    );
}
