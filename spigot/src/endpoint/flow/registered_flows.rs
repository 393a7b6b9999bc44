//! Flows on which a registration lives. Their connections may be idle for longer.

use std::time::Duration;

use crate::endpoint::Core;
use crate::flow::Flow;
use crate::sip::header::{Contact, Expires};
use crate::sip::{Method, Request, Response};

/// How long a binding lives where no message says so, in seconds ([RFC 3261
/// §10.3](https://www.rfc-editor.org/rfc/rfc3261#section-10.3): "a locally-configured default value").
const DEFAULT: u32 = 3_600;

/// The longest that a registration is taken to live, a day.
const MOST: u32 = 86_400;

impl Core {
    /// Tells the carrier of a flow that a registration lives on it, if the request was a REGISTER and the
    /// response registers.
    pub(crate) fn note_registration(&self, request: &Request, response: &Response, flow: &Flow) {
        if *request.method() != Method::REGISTER || !flow.transport().is_reliable() {
            return;
        }
        if let Some(lasting) = lifetime(request, response) {
            for carrier in self.carriers.of(flow) {
                carrier.registered(flow, lasting);
            }
        }
    }
}

/// Returns how long what was registered lives. That is zero if it was removed, and `None` if nothing was
/// changed.
fn lifetime(request: &Request, response: &Response) -> Option<Duration> {
    if !response.status().is_success() {
        return None;
    }
    let asked: Vec<Contact> = request.headers().all().filter_map(Result::ok).collect();
    if asked.is_empty() {
        return None;
    }
    let of_request: Option<Expires> = request.headers().typed().ok().flatten();
    let asked_for = of_request.map_or(DEFAULT, |expires| expires.seconds());
    let keeps_some = asked
        .iter()
        .any(|contact| !contact.is_any() && contact.expires().unwrap_or(asked_for) > 0);
    if !keeps_some {
        return Some(Duration::ZERO);
    }
    // What the registrar says goes before what was asked for.
    let of_response: Option<Expires> = response.headers().typed().ok().flatten();
    let otherwise = of_response.map_or(asked_for, |expires| expires.seconds());
    let granted = response
        .headers()
        .all::<Contact>()
        .filter_map(Result::ok)
        .map(|contact| contact.expires().unwrap_or(otherwise))
        .max()
        .unwrap_or(otherwise);
    Some(Duration::from_secs(granted.min(MOST).into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::{HeaderName, StatusCode};

    type Line<'l> = (&'l HeaderName, &'l str);

    fn of(asked: &[Line<'_>], status: StatusCode, answered: &[Line<'_>]) -> Option<u64> {
        let mut request = Request::new(Method::REGISTER, "sip:example.com".parse().unwrap());
        let mut response = Response::new(status);
        for (name, value) in asked {
            request.headers_mut().push((*name).clone(), value).unwrap();
        }
        for (name, value) in answered {
            response.headers_mut().push((*name).clone(), value).unwrap();
        }
        lifetime(&request, &response).map(|lasting| lasting.as_secs())
    }

    #[test]
    fn a_registration_lives_as_long_as_the_registrar_says() {
        const CONTACT: &HeaderName = &HeaderName::CONTACT;
        const EXPIRES: &HeaderName = &HeaderName::EXPIRES;
        let ok = StatusCode::OK;
        let bob = (CONTACT, "<sip:bob@192.0.2.1>");
        let for_60 = (CONTACT, "<sip:bob@192.0.2.1>;expires=60");
        let for_0 = (CONTACT, "<sip:bob@192.0.2.1>;expires=0");
        assert_eq!(of(&[bob], ok, &[for_60]), Some(60));
        assert_eq!(of(&[bob], ok, &[bob, (EXPIRES, "300")]), Some(300));
        assert_eq!(of(&[bob, (EXPIRES, "300")], ok, &[]), Some(300));
        assert_eq!(of(&[bob], ok, &[]), Some(3_600));
        assert_eq!(
            of(&[for_60], ok, &[(CONTACT, "<sip:b@c>;expires=4294967295")]),
            Some(86_400)
        );
        assert_eq!(of(&[for_0], ok, &[]), Some(0), "removed");
        assert_eq!(
            of(&[bob, (EXPIRES, "0")], ok, &[for_60]),
            Some(0),
            "removed, others stay"
        );
        assert_eq!(of(&[(CONTACT, "*"), (EXPIRES, "0")], ok, &[]), Some(0));
        assert_eq!(of(&[], ok, &[for_60]), None, "asked for what there is");
        assert_eq!(of(&[bob], StatusCode::UNAUTHORIZED, &[]), None);
    }
}
