//! Which handler takes a request, or which answer the library gives in the place of one.

use std::fmt;
use std::sync::Arc;

use smallvec::SmallVec;

use super::layered::Layer;
use super::plug::Plug;
use super::reply::push;
use super::table::RouteTable;
use super::{Agent, Dispatch, Reply, Request, Routed, display, fallback};
use crate::proto::Role;
use crate::sip::{HeaderName, Method, Response, StatusCode};

/// A router in which no other is nested: the routes of one agent or of several that were merged, and the
/// option tags that it supports.
#[derive(Clone)]
pub(super) struct FlatRouter {
    table: Arc<RouteTable>,
    pub(super) supported: Arc<[String]>,
}

impl FlatRouter {
    pub(super) fn of<A: Agent>(agent: A) -> FlatRouter {
        FlatRouter {
            table: Arc::new(RouteTable::of(agent)),
            supported: Arc::new([]),
        }
    }

    /// Merges two routers: the routes of both, and the option tags that either supports.
    pub(super) fn and(&self, other: &FlatRouter) -> FlatRouter {
        let more = other.supported.iter().filter(|tag| !self.supported.contains(tag));
        FlatRouter {
            table: Arc::new(self.table.and(&other.table)),
            supported: self.supported.iter().chain(more).cloned().collect(),
        }
    }

    /// Puts a plug around all routes.
    pub(super) fn layered<P: Plug>(&self, layer: &Layer<P>) -> FlatRouter {
        FlatRouter {
            table: Arc::new(self.table.layered(layer)),
            supported: self.supported.clone(),
        }
    }

    /// Returns the value of Allow.
    pub(super) fn allow(&self) -> &str {
        &self.table.allow
    }

    /// Adds to a response what can be done here, header by header where it does not say so itself.
    pub(super) fn introduce(&self, asked: &Method, response: &mut Response) {
        let supported = self.supported.join(", ");
        let everything = *asked == Method::OPTIONS;
        let all = [
            (HeaderName::ALLOW, Some(self.allow())),
            (
                HeaderName::ACCEPT,
                Some(&*self.table.accept).filter(|_| everything),
            ),
            (
                HeaderName::SUPPORTED,
                Some(&*supported).filter(|tags| everything || !tags.is_empty()),
            ),
            (
                HeaderName::ALLOW_EVENTS,
                self.table.events.as_deref().filter(|_| everything),
            ),
            (HeaderName::RECV_INFO, self.table.packages.as_deref()),
        ];
        for (name, value) in all {
            if let Some(value) = value.filter(|_| !response.headers().contains(&name)) {
                push(response, name, value);
            }
        }
    }

    /// Returns the first domain of an agent that is none.
    pub(super) fn bad_domain(&self) -> Option<&str> {
        self.table.bad_domain.as_deref()
    }

    /// Says whether one of the routes takes a [`Proxy`](crate::Proxy).
    pub(super) fn forwards(&self) -> bool {
        self.table.forwards()
    }

    /// Takes a request that opened a transaction.
    pub(super) fn dispatch(&self, request: Request) -> Dispatch {
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

    /// Finds the handler of a request, or makes the library's answer.
    fn route(&self, request: &Request) -> Dispatch {
        let table = &*self.table;
        let method = request.method();
        let passes = request.role() == Role::Through;
        let is_lost = !request.in_dialog() && method.is_dialog_only();
        if is_lost && !passes {
            return now(StatusCode::CALL_DOES_NOT_EXIST);
        }
        let candidates = if passes {
            table.candidates_through(method)
        } else {
            table.candidates(method, request.in_dialog())
        };
        if candidates.all.is_empty() {
            if !is_lost {
                return self.without_route(request);
            }
            let forwards = |routed: &Routed| routed.role == Role::Through;
            return match self.table.fallback(request).filter(forwards) {
                Some(routed) => Dispatch::Handler(routed),
                None => now(StatusCode::CALL_DOES_NOT_EXIST),
            };
        }
        if !table.takes_scheme(request.uri().scheme()) {
            return now(StatusCode::UNSUPPORTED_URI_SCHEME);
        }

        let unsupported = self.unsupported(request, &HeaderName::REQUIRE);
        let unsupported_here = self.unsupported(request, &HeaderName::PROXY_REQUIRE);
        let mut refusal = None;
        // Those whose pattern matches: what they take is what can be asked for here.
        let mut matching = SmallVec::<[usize; 8]>::new();
        for index in candidates.that_can_match(request.uri()) {
            let entry = table.entry(index);
            let captures = match &entry.pattern {
                None => None,
                Some(pattern) => match pattern.matches(request.uri()) {
                    Some(captures) => Some(captures),
                    None => continue,
                },
            };
            // RFC 3261 §20.32: Require is for who answers in the end, and Proxy-Require for each proxy on the
            // way.
            let refused = if entry.is_through() && unsupported_here.is_some() {
                Some(NoRoute::ProxyExtension)
            } else if !entry.is_through() && unsupported.is_some() {
                Some(NoRoute::Extension)
            } else if !entry.takes_body(request) {
                Some(NoRoute::Body)
            } else if !entry.takes_event(request) {
                Some(NoRoute::Event)
            } else if table.takes_package(entry, request) {
                None
            } else if request.headers().contains(&HeaderName::INFO_PACKAGE) {
                Some(NoRoute::Package)
            } else {
                Some(NoRoute::NoPackage)
            };
            // A capture that does not parse is no match, whatever else the request lacks.
            let Some(routed) = table.call(index, request, captures.as_ref()) else {
                continue;
            };
            match refused {
                None => return Dispatch::Handler(routed),
                Some(refused) => {
                    matching.push(index);
                    refusal = Some(refusal.map_or(refused, |before: NoRoute| before.min(refused)))
                }
            }
        }
        Dispatch::Now(match refusal {
            // Routes of `#[any]` for other URIs say nothing about the method.
            None if !candidates.is_named => return self.without_route(request),
            None => return self.or_fallback(request, fallback::status(StatusCode::NOT_FOUND)),
            Some(NoRoute::Extension) => fallback::bad_extension(&unsupported.unwrap_or_default()),
            Some(NoRoute::ProxyExtension) => fallback::bad_extension(&unsupported_here.unwrap_or_default()),
            Some(NoRoute::Body) => fallback::unsupported_media_type(&table.accepted_by(&matching)),
            Some(NoRoute::Event) => fallback::bad_event(&table.events_of(&matching)),
            // Legacy usage (RFC 6086 §2) has no package, and gets what it gets where there is no route.
            Some(NoRoute::NoPackage) => fallback::status(StatusCode::OK),
            Some(NoRoute::Package) => {
                fallback::bad_info_package(table.packages.as_deref().unwrap_or_default())
            }
        })
    }

    /// Takes an ACK or a CANCEL, to which Require does not apply (RFC 3261 §8.2.2.3); `None` when no route
    /// wants it.
    pub(super) fn notify(&self, method: &Method, request: &Request) -> Option<Routed> {
        let table = &*self.table;
        let candidates = table.candidates(method, true);
        candidates.that_can_match(request.uri()).find_map(|index| {
            let entry = table.entry(index);
            let captures = match &entry.pattern {
                None => None,
                Some(pattern) => Some(pattern.matches(request.uri())?),
            };
            if !entry.takes_body(request)
                || !entry.takes_event(request)
                || !table.takes_package(entry, request)
            {
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
        Dispatch::Now(match self.unsupported(request, &HeaderName::REQUIRE) {
            Some(tags) => fallback::bad_extension(&tags),
            None => fallback::capabilities(
                &self.table.allow,
                &self.table.accept,
                &self.supported.join(", "),
                self.table.events.as_deref(),
            ),
        })
    }

    /// Lists the option tags that Require or Proxy-Require names and this router does not support; `None` if
    /// there is none.
    fn unsupported(&self, request: &Request, required: &HeaderName) -> Option<String> {
        if !request.headers().contains(required) {
            return None;
        }
        let lines = request.headers().get_all(required);
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
            Some(routed) => Dispatch::Handler(routed),
            None => Dispatch::Now(reply),
        }
    }
}

/// Why a route that matches the URI does not take the request. Of several reasons the first in this list is
/// answered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum NoRoute {
    Extension,
    ProxyExtension,
    Body,
    Event,
    Package,
    NoPackage,
}

fn now(status: StatusCode) -> Dispatch {
    Dispatch::Now(fallback::status(status))
}

impl fmt::Debug for FlatRouter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlatRouter")
            .field("routes", &self.table.rules().collect::<Vec<_>>())
            .field("supported", &self.supported)
            .finish()
    }
}

impl fmt::Display for FlatRouter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        display::table(f, self.table.rows())
    }
}
