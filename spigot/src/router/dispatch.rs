//! The router: which handler takes a request, or which answer the library gives in its place.

use std::fmt;
use std::sync::Arc;

use super::table::{DIALOG_ONLY, Table};
use super::{Agent, HandlerFuture, Reply, Request, display, fallback};
use crate::sip::{HeaderName, Method, StatusCode};

/// An agent and its routes, ready to take requests. Cloning shares the agent.
///
/// Routes are tried in the order written. A request that belongs to a dialog goes to the routes marked
/// `in_dialog` and to those of methods that only exist in dialogs (BYE, INFO, UPDATE, PRACK, NOTIFY); any
/// other goes to the rest. What no route takes is answered here, and the first that applies decides:
///
/// | request | answer |
/// |---|---|
/// | ACK | none, ever |
/// | CANCEL | 481: had there been a transaction, it would not be here |
/// | BYE, INFO, UPDATE, PRACK or NOTIFY without a dialog | 481 |
/// | a method that neither SIP nor a route has | 501, or `#[fallback]` |
/// | OPTIONS with no route | 200 with Allow, Accept, Supported and Allow-Events, after 416 and 420 |
/// | in a dialog with no route: BYE, INFO | 200 |
/// | in a dialog with no route: INVITE, UPDATE | 488: the session stays as it is |
/// | another method with no route | 405 with Allow, or `#[fallback]` |
/// | a URI scheme other than `sip`, `sips`, `tel` and those that patterns name | 416 |
/// | no pattern matches, or no capture parses | 404, or `#[fallback]` |
/// | Require names an option that is not [`supported`](Router::supported) | 420 with Unsupported |
/// | a body that no route takes | 415 with Accept |
/// | an event package that no route takes | 489 with Allow-Events |
/// | an INFO package that no route takes | 469 with Recv-Info |
///
/// ```
/// use spigot::{Router, StatusCode, sip_router};
///
/// struct Lobby;
///
/// #[sip_router]
/// impl Lobby {
///     #[invite("sip:desk@*")]
///     async fn desk(&self) -> StatusCode {
///         StatusCode::BUSY_HERE
///     }
///
///     #[message(content_type = "text/plain")]
///     async fn note(&self) -> StatusCode {
///         StatusCode::ACCEPTED
///     }
/// }
///
/// let router = Router::new(Lobby);
/// assert_eq!(router.allow(), "INVITE, ACK, CANCEL, BYE, MESSAGE, OPTIONS");
/// assert_eq!(router.to_string(), "\
/// METHOD   REQUEST-URI  CONDITIONS       HANDLER
/// INVITE   sip:desk@*   -                desk
/// MESSAGE  *            body text/plain  note");
/// ```
#[derive(Clone)]
pub struct Router {
    table: Arc<Table>,
    supported: Arc<[String]>,
}

/// What becomes of a request.
#[must_use = "a peer waits for the answer"]
pub enum Dispatch {
    /// The library answers by itself.
    Now(Reply),
    /// A handler will.
    Handler(HandlerFuture),
}

impl Router {
    /// The router of an agent.
    pub fn new<A: Agent>(agent: A) -> Router {
        Router {
            table: Arc::new(Table::new(agent)),
            supported: Arc::new([]),
        }
    }

    /// Names the option tags that the application supports (RFC 3261 §19.2), such as `100rel`: they are taken
    /// in Require and listed in Supported. There are none by default.
    #[must_use]
    pub fn supported(mut self, tags: &[&str]) -> Router {
        self.supported = tags.iter().map(|tag| (*tag).to_owned()).collect();
        self
    }

    /// The value of the Allow header: the methods that have a route, ACK, CANCEL and BYE where INVITE is
    /// among them, and OPTIONS.
    pub fn allow(&self) -> &str {
        &self.table.allow
    }

    /// Takes a request that opened a transaction: every one but ACK and CANCEL.
    ///
    /// Nothing runs before the handler's future is polled but the reading of captures (`FromStr`). A panic in
    /// either is the caller's to catch.
    pub fn handle(&self, request: Request) -> Dispatch {
        match *request.method() {
            Method::ACK => return Dispatch::Now(Reply::Nothing),
            Method::CANCEL => return now(StatusCode::CALL_DOES_NOT_EXIST),
            _ => {}
        }
        match self.route(&request) {
            Dispatch::Now(reply) => match self.table.unrouted(&request, reply) {
                Ok(through) => Dispatch::Handler(through),
                Err(reply) => Dispatch::Now(reply),
            },
            handler => handler,
        }
    }

    /// The handler of a request that can be answered, or the library's answer.
    fn route(&self, request: &Request) -> Dispatch {
        let table = &*self.table;
        let method = request.method();
        if !request.in_dialog() && DIALOG_ONLY.contains(method) {
            return now(StatusCode::CALL_DOES_NOT_EXIST);
        }
        let candidates = table.candidates(method, request.in_dialog());
        if candidates.all.is_empty() {
            return self.without_route(request);
        }
        if !table.takes_scheme(request.uri().scheme()) {
            return now(StatusCode::UNSUPPORTED_URI_SCHEME);
        }

        let unsupported = self.unsupported(request);
        let mut refusal = None;
        for index in candidates.that_can_match(request.uri()) {
            let entry = table.entry(index);
            let captures = match &entry.pattern {
                None => None,
                Some(pattern) => match pattern.matches(request.uri()) {
                    Some(captures) => Some(captures),
                    None => continue,
                },
            };
            let refused = if unsupported.is_some() {
                Some(Refusal::Extension)
            } else if !entry.takes_body(request) {
                Some(Refusal::Body)
            } else if !entry.takes_event(request) {
                Some(Refusal::Event)
            } else if !entry.takes_package(request) {
                Some(Refusal::Package)
            } else {
                None
            };
            // A capture that does not parse is no match, whatever else the request lacks.
            let Some(handler) = table.call(index, request, captures.as_ref()) else {
                continue;
            };
            match refused {
                None => return Dispatch::Handler(handler),
                Some(refused) => {
                    refusal = Some(refusal.map_or(refused, |before: Refusal| before.min(refused)))
                }
            }
        }
        Dispatch::Now(match refusal {
            None => return self.or_fallback(request, fallback::status(StatusCode::NOT_FOUND)),
            Some(Refusal::Extension) => fallback::bad_extension(&unsupported.unwrap_or_default()),
            Some(Refusal::Body) => fallback::unsupported_media_type(&table.accepted_by(&candidates.all)),
            Some(Refusal::Event) => fallback::bad_event(&table.events_of(&candidates.all)),
            Some(Refusal::Package) => fallback::bad_info_package(&table.packages_of(&candidates.all)),
        })
    }

    /// Takes the ACK to a 2xx; `None` when no route wants it.
    pub fn ack(&self, request: Request) -> Option<HandlerFuture> {
        self.notify(&Method::ACK, &request)
    }

    /// Takes a CANCEL that the library has answered; `None` when no route wants it.
    pub fn cancelled(&self, request: Request) -> Option<HandlerFuture> {
        self.notify(&Method::CANCEL, &request)
    }

    /// Require does not apply to ACK and CANCEL (RFC 3261 §8.2.2.3).
    fn notify(&self, method: &Method, request: &Request) -> Option<HandlerFuture> {
        let table = &*self.table;
        let candidates = table.candidates(method, true);
        candidates.that_can_match(request.uri()).find_map(|index| {
            let entry = table.entry(index);
            let captures = match &entry.pattern {
                None => None,
                Some(pattern) => Some(pattern.matches(request.uri())?),
            };
            if !entry.takes_body(request) || !entry.takes_event(request) || !entry.takes_package(request) {
                return None;
            }
            table.call(index, request, captures.as_ref())
        })
    }

    fn without_route(&self, request: &Request) -> Dispatch {
        let method = request.method();
        if !self.table.knows(method) {
            return self.or_fallback(request, fallback::status(StatusCode::NOT_IMPLEMENTED));
        }
        match *method {
            Method::OPTIONS => self.options(request),
            Method::BYE | Method::INFO => now(StatusCode::OK),
            Method::INVITE | Method::UPDATE if request.in_dialog() => now(StatusCode::NOT_ACCEPTABLE_HERE),
            _ => self.or_fallback(request, fallback::method_not_allowed(&self.table.allow)),
        }
    }

    fn options(&self, request: &Request) -> Dispatch {
        if !self.table.takes_scheme(request.uri().scheme()) {
            return now(StatusCode::UNSUPPORTED_URI_SCHEME);
        }
        Dispatch::Now(match self.unsupported(request) {
            Some(tags) => fallback::bad_extension(&tags),
            None => fallback::capabilities(
                &self.table.allow,
                &self.table.accept,
                &self.supported.join(", "),
                self.table.events.as_deref(),
            ),
        })
    }

    /// The option tags that the request requires and nobody supports; `None` for no such.
    fn unsupported(&self, request: &Request) -> Option<String> {
        if !request.headers().contains(&HeaderName::REQUIRE) {
            return None;
        }
        let lines = request.headers().get_all(&HeaderName::REQUIRE);
        let tags: Vec<&str> = lines
            .flat_map(|line| line.split(','))
            .map(str::trim)
            .filter(|tag| !tag.is_empty())
            .filter(|tag| {
                !self
                    .supported
                    .iter()
                    .any(|supported| supported.eq_ignore_ascii_case(tag))
            })
            .collect();
        (!tags.is_empty()).then(|| tags.join(", "))
    }

    fn or_fallback(&self, request: &Request, reply: Reply) -> Dispatch {
        match self.table.fallback(request) {
            Some(handler) => Dispatch::Handler(handler),
            None => Dispatch::Now(reply),
        }
    }
}

/// Why a route that matches the URI does not take the request. The first of them is what is answered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Refusal {
    Extension,
    Body,
    Event,
    Package,
}

fn now(status: StatusCode) -> Dispatch {
    Dispatch::Now(fallback::status(status))
}

impl Dispatch {
    /// The reply, when it is there: at once, or when the handler returns.
    pub async fn reply(self) -> Reply {
        match self {
            Dispatch::Now(reply) => reply,
            Dispatch::Handler(handler) => handler.await,
        }
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router")
            .field("routes", &self.table.rules().collect::<Vec<_>>())
            .field("supported", &self.supported)
            .finish()
    }
}

impl fmt::Display for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        display::table(f, self.table.rules())
    }
}

impl fmt::Debug for Dispatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dispatch::Now(reply) => f.debug_tuple("Now").field(reply).finish(),
            Dispatch::Handler(_) => f.debug_tuple("Handler").finish_non_exhaustive(),
        }
    }
}
