//! The answer to a request, and the replies that must carry a header.

use std::time::Duration;

use super::reply_part::{ReplyPart, build};
use crate::sip::header::{Challenge, Contact, MinExpires, ProxyAuthenticate, RetryAfter, WwwAuthenticate};
use crate::sip::{HeaderName, Response, StatusCode};

/// The answer to a request: a response, or nothing.
///
/// Its named constructors make the replies for which the RFC demands a header.
///
/// ```
/// use std::time::Duration;
/// use spigot::{HeaderName, Reply, StatusCode};
///
/// let reply = Reply::interval_too_brief(Duration::from_secs(60));
///
/// assert_eq!(reply.status(), Some(StatusCode::INTERVAL_TOO_BRIEF));
/// let response = reply.into_response().unwrap();
/// assert_eq!(response.headers().get(&HeaderName::MIN_EXPIRES), Some("60"));
/// ```
#[non_exhaustive]
#[derive(Clone, Debug)]
pub enum Reply {
    /// A response. It needs no Via, From, To, Call-ID or CSeq: those come from the request.
    Response(Response),
    /// A refusal of which nothing is kept; see [`stateless`](Reply::stateless).
    Stateless(Response),
    /// A response of another, passed on as it is: see [`relayed`](Reply::relayed).
    Relayed(Response),
    /// Nothing is sent: the request was an ACK, or a CANCEL, which the library has answered.
    Nothing,
    /// Nothing is sent and nothing is kept, as if the request had never come.
    ///
    /// It is for those who have been told that they send too much. Everybody else waits for an answer, for
    /// half a minute and longer.
    Dropped,
}

impl Reply {
    /// Answers 423: the registration or subscription would end too soon; Min-Expires says what is enough, in
    /// whole seconds, rounded up ([RFC 3261
    /// §21.4.17](https://www.rfc-editor.org/rfc/rfc3261#section-21.4.17)).
    pub fn interval_too_brief(min: Duration) -> Reply {
        let response = Response::new(StatusCode::INTERVAL_TOO_BRIEF);
        Reply::Response(response.with(MinExpires::new(seconds(min))))
    }

    /// Answers 420: the request needs extensions that are not there; Unsupported lists them
    /// ([RFC 3261 §21.4.15](https://www.rfc-editor.org/rfc/rfc3261#section-21.4.15)).
    pub fn bad_extension<T: AsRef<str>>(tags: impl IntoIterator<Item = T>) -> Reply {
        listed(StatusCode::BAD_EXTENSION, HeaderName::UNSUPPORTED, tags)
    }

    /// Answers 300: there are several addresses, choose one
    /// ([RFC 3261 §21.3.1](https://www.rfc-editor.org/rfc/rfc3261#section-21.3.1)).
    pub fn multiple_choices(contacts: impl IntoIterator<Item = Contact>) -> Reply {
        redirection(StatusCode::MULTIPLE_CHOICES, contacts)
    }

    /// Answers 301: use these addresses from now on
    /// ([RFC 3261 §21.3.2](https://www.rfc-editor.org/rfc/rfc3261#section-21.3.2)).
    pub fn moved_permanently(contacts: impl IntoIterator<Item = Contact>) -> Reply {
        redirection(StatusCode::MOVED_PERMANENTLY, contacts)
    }

    /// Answers 302: try these addresses instead
    /// ([RFC 3261 §21.3.3](https://www.rfc-editor.org/rfc/rfc3261#section-21.3.3)).
    pub fn moved_temporarily(contacts: impl IntoIterator<Item = Contact>) -> Reply {
        redirection(StatusCode::MOVED_TEMPORARILY, contacts)
    }

    /// Answers 415: the body is of no type that is taken; Accept lists those that are
    /// ([RFC 3261 §21.4.13](https://www.rfc-editor.org/rfc/rfc3261#section-21.4.13)).
    pub fn unsupported_media_type<T: AsRef<str>>(accept: impl IntoIterator<Item = T>) -> Reply {
        listed(StatusCode::UNSUPPORTED_MEDIA_TYPE, HeaderName::ACCEPT, accept)
    }

    /// Answers 421: the request has to support extensions that it does not name; Require lists them
    /// ([RFC 3261 §21.4.16](https://www.rfc-editor.org/rfc/rfc3261#section-21.4.16)).
    pub fn extension_required<T: AsRef<str>>(tags: impl IntoIterator<Item = T>) -> Reply {
        listed(StatusCode::EXTENSION_REQUIRED, HeaderName::REQUIRE, tags)
    }

    /// Answers 422: the session would have to be refreshed too often; Min-SE says what is enough, in whole
    /// seconds, rounded up ([RFC 4028 §6](https://www.rfc-editor.org/rfc/rfc4028#section-6)).
    pub fn session_interval_too_small(min: Duration) -> Reply {
        let mut response = Response::new(StatusCode::SESSION_INTERVAL_TOO_SMALL);
        push(&mut response, HeaderName::MIN_SE, &seconds(min).to_string());
        Reply::Response(response)
    }

    /// Answers 489: the event package is none that there is; Allow-Events lists those that are
    /// ([RFC 6665 §8.3.2](https://www.rfc-editor.org/rfc/rfc6665#section-8.3.2)).
    pub fn bad_event<T: AsRef<str>>(packages: impl IntoIterator<Item = T>) -> Reply {
        listed(StatusCode::BAD_EVENT, HeaderName::ALLOW_EVENTS, packages)
    }

    /// Answers 503: not now; Retry-After says when to come back, in whole seconds, rounded up
    /// ([RFC 3261 §21.5.4](https://www.rfc-editor.org/rfc/rfc3261#section-21.5.4)).
    pub fn service_unavailable(retry_after: Duration) -> Reply {
        let response = Response::new(StatusCode::SERVICE_UNAVAILABLE);
        Reply::Response(response.with(RetryAfter::new(seconds(retry_after))))
    }

    /// Answers 401: the request needs credentials; WWW-Authenticate says which ([RFC 3261
    /// §21.4.2](https://www.rfc-editor.org/rfc/rfc3261#section-21.4.2)). It is [stateless](Reply::stateless).
    pub fn unauthorized(challenge: Challenge) -> Reply {
        let response = Response::new(StatusCode::UNAUTHORIZED);
        Reply::Stateless(response.with(WwwAuthenticate::new(challenge)))
    }

    /// Answers 407: the request needs credentials for this proxy; Proxy-Authenticate says which ([RFC 3261
    /// §21.4.8](https://www.rfc-editor.org/rfc/rfc3261#section-21.4.8)). It is [stateless](Reply::stateless).
    pub fn proxy_authentication_required(challenge: Challenge) -> Reply {
        let response = Response::new(StatusCode::PROXY_AUTHENTICATION_REQUIRED);
        Reply::Stateless(response.with(ProxyAuthenticate::new(challenge)))
    }

    /// Keeps nothing of this refusal, so that those who are refused cost no memory.
    ///
    /// A retransmission of the request is then a new request for the application. Of a provisional reply and
    /// of a 2xx as much is kept as ever ([RFC 3261
    /// §8.2.7](https://www.rfc-editor.org/rfc/rfc3261#section-8.2.7)).
    #[must_use]
    pub fn stateless(self) -> Reply {
        match self {
            Reply::Response(response) | Reply::Stateless(response) => Reply::Stateless(response),
            Reply::Relayed(_) | Reply::Nothing | Reply::Dropped => self,
        }
    }

    /// Passes a response to the same request on that another has given: for who forwards the request. It has
    /// the Vias that the request has, and is sent as it is ([RFC 3261
    /// §16.7](https://www.rfc-editor.org/rfc/rfc3261#section-16.7)).
    pub fn relayed(response: Response) -> Reply {
        Reply::Relayed(response)
    }

    /// Adds a header or a body to this reply. `Nothing` and `Dropped` stay what they are.
    #[must_use]
    pub fn with(self, part: impl ReplyPart) -> Reply {
        match self {
            Reply::Response(response) => build(response, |response| part.apply(response)),
            Reply::Stateless(response) => build(response, |response| part.apply(response)).stateless(),
            Reply::Relayed(response) => build(response, |response| part.apply(response)),
            Reply::Nothing | Reply::Dropped => self,
        }
    }

    /// Returns the response, if there is one to send.
    pub fn into_response(self) -> Option<Response> {
        match self {
            Reply::Response(response) | Reply::Stateless(response) | Reply::Relayed(response) => {
                Some(response)
            }
            Reply::Nothing | Reply::Dropped => None,
        }
    }

    /// Returns the status of the response, if there is one to send.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Reply::Response(response) | Reply::Stateless(response) | Reply::Relayed(response) => {
                Some(response.status())
            }
            Reply::Nothing | Reply::Dropped => None,
        }
    }
}

impl From<StatusCode> for Reply {
    fn from(status: StatusCode) -> Reply {
        Reply::Response(Response::new(status))
    }
}

/// Answers 401 with this challenge.
impl From<Challenge> for Reply {
    fn from(challenge: Challenge) -> Reply {
        Reply::unauthorized(challenge)
    }
}

impl From<Response> for Reply {
    fn from(response: Response) -> Reply {
        Reply::Response(response)
    }
}

fn redirection(status: StatusCode, contacts: impl IntoIterator<Item = Contact>) -> Reply {
    let mut response = Response::new(status);
    for contact in contacts {
        response.headers_mut().push_typed(&contact);
    }
    Reply::Response(response)
}

fn listed<T: AsRef<str>>(status: StatusCode, name: HeaderName, items: impl IntoIterator<Item = T>) -> Reply {
    let mut response = Response::new(status);
    let items: Vec<T> = items.into_iter().collect();
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    push(&mut response, name, &items.join(", "));
    Reply::Response(response)
}

/// Adds a header that the library or the application wrote. One that cannot stand in a message is left out.
pub(super) fn push(response: &mut Response, name: HeaderName, value: &str) {
    let shown = name.clone();
    if let Err(error) = response.headers_mut().push(name, value) {
        tracing::error!(header = shown.as_str(), %error, "a header of a reply cannot be written and is left out");
    }
}

fn seconds(duration: Duration) -> u32 {
    let whole = duration
        .as_secs()
        .saturating_add(u64::from(duration.subsec_nanos() > 0));
    u32::try_from(whole).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_rounded_up_to_seconds() {
        assert_eq!(seconds(Duration::from_millis(1)), 1);
        assert_eq!(seconds(Duration::from_secs(60)), 60);
        assert_eq!(seconds(Duration::MAX), u32::MAX);
    }

    #[test]
    fn a_named_reply_has_its_header() {
        let of = |reply: Reply| reply.into_response().unwrap();
        let response = of(Reply::bad_extension(["100rel", "timer"]));
        assert_eq!(
            response.headers().get(&HeaderName::UNSUPPORTED),
            Some("100rel, timer")
        );

        for (reply, name, value) in [
            (
                Reply::unsupported_media_type(["text/plain"]),
                HeaderName::ACCEPT,
                "text/plain",
            ),
            (Reply::extension_required(["timer"]), HeaderName::REQUIRE, "timer"),
            (
                Reply::bad_event(["presence", "dialog"]),
                HeaderName::ALLOW_EVENTS,
                "presence, dialog",
            ),
            (
                Reply::session_interval_too_small(Duration::from_secs(90)),
                HeaderName::MIN_SE,
                "90",
            ),
        ] {
            assert_eq!(of(reply).headers().get(&name), Some(value));
        }

        let response = of(Reply::service_unavailable(Duration::from_secs(5)));
        assert_eq!(response.headers().get(&HeaderName::RETRY_AFTER), Some("5"));

        let contact = Contact::new("sip:bob@192.0.2.1".parse().unwrap());
        let response = of(Reply::moved_temporarily([contact]));
        assert_eq!(
            response.headers().get(&HeaderName::CONTACT),
            Some("<sip:bob@192.0.2.1>")
        );
    }
}
