//! The routes of agents made ready: patterns parsed, the candidates of each method found, and the headers
//! that say what the agent can do.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::display::Row;
use super::layered::Layer;
use super::plug::Plug;
use super::route::{Captured, Handler, Route, RouterPlugs, Takes};
use super::{Agent, Reply, Request, Routed, capabilities};
use crate::proto::Role;
use crate::sip::header::ContentType;
use crate::sip::{Domains, HeaderName, Headers, Method, Part, Pattern, PatternSet, Uri};

pub(super) struct RouteTable {
    entries: Vec<Entry>,
    by_method: HashMap<Method, Candidates>,
    /// Routes of `#[any]`, for the methods that no route names.
    any: Candidates,
    /// The routes of ACK and CANCEL where no route names them: none.
    none: Candidates,
    fallback: Option<usize>,
    /// URI schemes that a pattern names, besides those that are always taken.
    schemes: Vec<String>,
    pub(super) allow: String,
    pub(super) accept: String,
    pub(super) events: Option<String>,
    pub(super) packages: Option<String>,
    router_plugs: Option<RouterPlugs>,
    /// The first domain of an agent that is none. No host matches `{domain}` then.
    pub(super) bad_domain: Option<String>,
}

#[derive(Clone)]
pub(super) struct Entry {
    rule: &'static Route,
    pub(super) pattern: Option<Pattern>,
    handler: Handler,
    /// The names of the plugs that requests of the route pass.
    plugs: Arc<[Cow<'static, str>]>,
}

/// The routes of a method: those for requests outside of dialogs, and inside, and those for requests that
/// pass through.
#[derive(Default)]
struct Candidates {
    initial: Choice,
    in_dialog: Choice,
    through: Choice,
}

/// Routes in the order written, as indices, and which of them can match a Request-URI.
#[derive(Default)]
pub(super) struct Choice {
    pub(super) all: Vec<usize>,
    /// Whether one of them names the method, and is not of `#[any]`.
    pub(super) is_named: bool,
    patterns: PatternSet,
}

impl Choice {
    fn of(all: Vec<usize>, entries: &[Entry]) -> Choice {
        let patterns = PatternSet::new(all.iter().map(|index| entries[*index].pattern.as_ref()));
        let is_named = all
            .iter()
            .any(|index| matches!(entries[*index].rule.takes, Takes::Method(_)));
        Choice {
            all,
            is_named,
            patterns,
        }
    }

    /// Lists the routes that can match, in the order written.
    pub(super) fn that_can_match(&self, uri: &Uri) -> impl Iterator<Item = usize> + '_ {
        self.patterns
            .candidates(uri)
            .filter_map(|place| self.all.get(place).copied())
    }
}

impl RouteTable {
    pub(super) fn of<A: Agent>(agent: A) -> RouteTable {
        let (domains, bad_domain) = match agent.domains() {
            Some(Ok(domains)) => (Some(domains), None),
            Some(Err(text)) => (Some(Domains::default()), Some(text)),
            None => (None, None),
        };
        let handlers = A::handlers(Arc::new(agent));
        let routes: &'static [Route] = A::ROUTES.table;
        let entries = routes.iter().zip(handlers.routes).map(|(route, handler)| {
            Entry::new(route, handler, handlers.router_plugs.as_ref(), domains.as_ref())
        });
        RouteTable {
            bad_domain,
            ..RouteTable::new(entries.collect(), handlers.router_plugs.clone())
        }
    }

    /// Merges two tables: the routes of both, those of `self` first. What no route takes passes the plugs of
    /// `self`.
    pub(super) fn and(&self, other: &RouteTable) -> RouteTable {
        let entries = self.entries.iter().chain(&other.entries).cloned();
        RouteTable {
            bad_domain: self.bad_domain.as_ref().or(other.bad_domain.as_ref()).cloned(),
            ..RouteTable::new(entries.collect(), self.router_plugs.clone())
        }
    }

    /// Puts a plug around all routes, and around the answers to what none of them takes.
    pub(super) fn layered<P: Plug>(&self, layer: &Layer<P>) -> RouteTable {
        let entries = self.entries.iter().map(|entry| entry.layered(layer));
        let unrouted = layer.around_unrouted(self.router_plugs.as_ref());
        RouteTable {
            bad_domain: self.bad_domain.clone(),
            ..RouteTable::new(entries.collect(), Some(unrouted))
        }
    }

    fn new(entries: Vec<Entry>, router_plugs: Option<RouterPlugs>) -> RouteTable {
        let mut by_method: HashMap<Method, Candidates> = HashMap::new();
        for method in entries.iter().filter_map(Entry::method) {
            by_method
                .entry(method.clone())
                .or_insert_with(|| Candidates::of(&method, &entries));
        }
        for method in Method::ALL.iter().filter(|method| method.is_dialog_only()) {
            by_method
                .entry(method.clone())
                .or_insert_with(|| Candidates::of(method, &entries));
        }
        let rules = || entries.iter().map(|entry| entry.rule);
        RouteTable {
            by_method,
            any: Candidates::of_any(&entries),
            none: Candidates::default(),
            fallback: entries
                .iter()
                .position(|entry| entry.rule.takes == Takes::Fallback),
            schemes: entries.iter().filter_map(Entry::scheme).collect(),
            allow: capabilities::allow(rules()),
            accept: capabilities::accept(
                entries
                    .iter()
                    .map(|entry| (entry.rule, entry.handler.body.parts())),
            ),
            events: capabilities::events(rules()),
            packages: capabilities::packages(rules()),
            router_plugs,
            bad_domain: None,
            entries,
        }
    }

    pub(super) fn rules(&self) -> impl Iterator<Item = &Route> {
        self.entries.iter().map(|entry| entry.rule)
    }

    /// Lists the routes as they are shown to people.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row> {
        self.entries
            .iter()
            .map(|entry| Row::new(entry.rule, &entry.plugs))
    }

    /// Says whether a route names the method, or it is one that SIP has.
    pub(super) fn knows(&self, method: &Method) -> bool {
        method.is_known() || self.by_method.contains_key(method)
    }

    pub(super) fn takes_scheme(&self, scheme: &str) -> bool {
        ["sip", "sips", "tel"]
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known))
            || self
                .schemes
                .iter()
                .any(|named| scheme.eq_ignore_ascii_case(named))
    }

    /// Lists the routes that a request may take which carries a Route of ours: those of the proxy.
    pub(super) fn candidates_through(&self, method: &Method) -> &Choice {
        let candidates = self.by_method.get(method).unwrap_or(&self.any);
        &candidates.through
    }

    pub(super) fn candidates(&self, method: &Method, in_dialog: bool) -> &Choice {
        let candidates = match self.by_method.get(method) {
            Some(candidates) => candidates,
            None if matches!(*method, Method::ACK | Method::CANCEL) => &self.none,
            None => &self.any,
        };
        if in_dialog {
            &candidates.in_dialog
        } else {
            &candidates.initial
        }
    }

    pub(super) fn forwards(&self) -> bool {
        self.entries.iter().any(Entry::is_through)
    }

    pub(super) fn entry(&self, index: usize) -> &Entry {
        &self.entries[index]
    }

    pub(super) fn call(&self, index: usize, request: &Request, captured: Captured<'_>) -> Option<Routed> {
        let entry = self.entries.get(index)?;
        let Handler { role, body, call } = &entry.handler;
        let request = request.clone().with_role(*role).with_body_types(body.only());
        let future = call(request, captured, None)?;
        Some(Routed {
            role: *role,
            route: Some(entry.rule),
            future,
        })
    }

    /// Takes the library's own answer through the plugs of the router, if the request passes some.
    pub(super) fn unrouted(&self, request: &Request, reply: Reply) -> Result<Routed, Reply> {
        match &self.router_plugs {
            Some(plugs) if !request.in_dialog() || plugs.in_dialog.contains(&true) => Ok(Routed {
                role: Role::Us,
                route: None,
                future: (plugs.unrouted)(request.clone(), reply),
            }),
            _ => Err(reply),
        }
    }

    /// Says whether the INFO package is one that the entry takes.
    pub(super) fn takes_package(&self, entry: &Entry, request: &Request) -> bool {
        entry.takes_package(request, self.packages.is_some())
    }

    pub(super) fn fallback(&self, request: &Request) -> Option<Routed> {
        self.call(self.fallback?, request, None)
    }

    /// Lists the content types that the candidates name.
    pub(super) fn accepted_by(&self, candidates: &[usize]) -> String {
        capabilities::list(
            candidates
                .iter()
                .filter_map(|index| self.entries[*index].rule.content_type),
        )
    }

    /// Lists the event packages that the candidates name.
    pub(super) fn events_of(&self, candidates: &[usize]) -> String {
        capabilities::list(
            candidates
                .iter()
                .filter_map(|index| self.entries[*index].rule.event),
        )
    }
}

impl Entry {
    /// # Panics
    ///
    /// When the pattern is not one, which `#[sip_router]` has made sure of with the same parser.
    fn new(
        rule: &'static Route,
        handler: Handler,
        router_plugs: Option<&RouterPlugs>,
        domains: Option<&Domains>,
    ) -> Entry {
        let pattern = rule.pattern.map(|text| match Pattern::parse(text) {
            Ok(pattern) => match domains {
                Some(domains) => pattern.with_domains(domains),
                None => pattern,
            },
            Err(error) => panic!("the pattern \"{text}\" of `{}`: {error}", rule.handler),
        });
        let (of_router, others) = rule.plugs_of_router_and_others();
        let in_dialog = router_plugs.map_or(&[][..], |plugs| &*plugs.in_dialog);
        let passed = of_router
            .iter()
            .zip(in_dialog)
            .filter(|(_, in_dialog)| **in_dialog || !rule.is_inside_dialogs())
            .map(|(name, _)| name);
        Entry {
            rule,
            pattern,
            handler,
            plugs: passed.chain(others).map(|name| Cow::Borrowed(*name)).collect(),
        }
    }

    /// Puts a plug around the route, if the route is one that plugs can be on.
    fn layered<P: Plug>(&self, layer: &Layer<P>) -> Entry {
        if matches!(self.rule.takes, Takes::Method("ACK" | "CANCEL")) {
            return self.clone();
        }
        let is_passed = layer.in_dialog() || !self.rule.is_inside_dialogs();
        let name = is_passed.then(|| Cow::Owned(layer.name.clone()));
        Entry {
            handler: layer.around(&self.handler),
            plugs: name.into_iter().chain(self.plugs.iter().cloned()).collect(),
            ..self.clone()
        }
    }

    fn method(&self) -> Option<Method> {
        match self.rule.takes {
            Takes::Method(name) => Method::from_token(name).ok(),
            Takes::Any | Takes::Fallback => None,
        }
    }

    fn scheme(&self) -> Option<String> {
        self.pattern.as_ref()?.scheme().map(str::to_owned)
    }

    /// Says whether the body is one that the route takes. Only a body has a type (RFC 3261 §20.15).
    pub(super) fn takes_body(&self, request: &Request) -> bool {
        match self.rule.content_type {
            None => true,
            Some(_) if request.body().is_empty() => true,
            Some(content_type) => media_type(request.headers()).is_some_and(|given| {
                same_media_type(given, content_type)
                    || (is_multipart(given) && self.takes_part(request, content_type))
            }),
        }
    }

    /// Says whether the route takes a multipart body for its part of this type.
    ///
    /// It does where an argument takes that part, which also refuses what cannot be read. An argument that
    /// takes the body as it is would get another one than the route says.
    fn takes_part(&self, request: &Request, content_type: &str) -> bool {
        let body = &self.handler.body;
        let has_argument = body
            .parts()
            .iter()
            .any(|part| same_media_type(part, content_type));
        if body.has_whole() && !has_argument {
            return false;
        }
        let Some((kind, subtype)) = content_type.split_once('/') else {
            return false;
        };
        let whole = Part::of_message(request.headers(), request.body());
        match whole.find(kind, subtype) {
            Ok(None) => false,
            Ok(Some(_)) | Err(_) if has_argument => true,
            Err(_) => false,
            Ok(Some(_)) => {
                let takes = |given: &ContentType| given.is(kind, subtype);
                matches!(whole.unsupported(&takes), Ok(None))
            }
        }
    }

    /// Says whether the INFO package is the route's.
    ///
    /// Names of packages are tokens, which compare without case (RFC 6086 §9.2, RFC 3261 §7.3.1). A route
    /// that names none takes every INFO of an agent that names none. Where other routes name some, it takes
    /// those without a package.
    fn takes_package(&self, request: &Request, has_packages: bool) -> bool {
        if self.rule.package.is_none() && !has_packages {
            return true;
        }
        let asked = request.headers().get(&HeaderName::INFO_PACKAGE);
        match (self.rule.package, asked) {
            (Some(package), Some(asked)) => without_params(asked).eq_ignore_ascii_case(package),
            (Some(_), None) => false,
            (None, asked) => asked.is_none() || *request.method() != Method::INFO,
        }
    }

    /// Says whether the event package is the route's: compared "byte by byte" (RFC 6665 §8.2.1).
    /// Says whether the route takes requests that carry a Route of ours. The endpoint knows no dialog of
    /// theirs.
    fn passes_through(&self) -> bool {
        self.handler.role == Role::Through && !self.rule.in_dialog
    }

    /// Says whether the requests of the route are a proxy's.
    pub(super) fn is_through(&self) -> bool {
        self.handler.role == Role::Through
    }

    pub(super) fn takes_event(&self, request: &Request) -> bool {
        match self.rule.event {
            None => true,
            Some(package) => request.headers().get(&HeaderName::EVENT).map(without_params) == Some(package),
        }
    }
}

impl Candidates {
    fn of(method: &Method, entries: &[Entry]) -> Candidates {
        let always_both = matches!(*method, Method::ACK | Method::CANCEL);
        let dialog_only = method.is_dialog_only();
        let (mut all_initial, mut all_in_dialog) = (Vec::new(), Vec::new());
        for (index, entry) in entries.iter().enumerate() {
            let (initial, in_dialog) = match entry.rule.takes {
                Takes::Fallback => continue,
                Takes::Any if always_both => continue,
                Takes::Any => (!entry.rule.in_dialog && !dialog_only, entry.rule.in_dialog),
                Takes::Method(name) if *method != *name => continue,
                Takes::Method(_) if always_both => (true, true),
                Takes::Method(_) if dialog_only => (false, true),
                Takes::Method(_) => (!entry.rule.in_dialog, entry.rule.in_dialog),
            };
            if initial {
                all_initial.push(index);
            }
            if in_dialog {
                all_in_dialog.push(index);
            }
        }
        let through = entries.iter().enumerate().filter(|(_, entry)| {
            let takes = match entry.rule.takes {
                Takes::Method(name) => *method == *name,
                Takes::Any => !always_both,
                Takes::Fallback => false,
            };
            takes && entry.passes_through()
        });
        let all_through = through.map(|(index, _)| index).collect();
        Candidates {
            initial: Choice::of(all_initial, entries),
            in_dialog: Choice::of(all_in_dialog, entries),
            through: Choice::of(all_through, entries),
        }
    }

    fn of_any(entries: &[Entry]) -> Candidates {
        let of = |is_one: &dyn Fn(&Entry) -> bool| {
            let is_one = |entry: &Entry| entry.rule.takes == Takes::Any && is_one(entry);
            let all = (0..entries.len()).filter(|index| is_one(&entries[*index]));
            Choice::of(all.collect(), entries)
        };
        Candidates {
            initial: of(&|entry| !entry.rule.in_dialog),
            in_dialog: of(&|entry| entry.rule.in_dialog),
            through: of(&Entry::passes_through),
        }
    }
}

fn media_type(headers: &Headers) -> Option<&str> {
    headers.get(&HeaderName::CONTENT_TYPE).map(without_params)
}

fn is_multipart(media_type: &str) -> bool {
    let kind = media_type.split('/').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("multipart")
}

fn without_params(value: &str) -> &str {
    value.split(';').next().unwrap_or(value).trim()
}

/// Compares two `type SLASH subtype`, where spaces may stand around the slash and case does not matter (RFC
/// 3261 §25.1).
fn same_media_type(given: &str, wanted: &str) -> bool {
    match (given.split_once('/'), wanted.split_once('/')) {
        (Some((kind, subtype)), Some((wanted_kind, wanted_subtype))) => {
            kind.trim().eq_ignore_ascii_case(wanted_kind)
                && subtype.trim().eq_ignore_ascii_case(wanted_subtype)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_compared_without_case_spaces_and_parameters() {
        assert!(same_media_type(
            without_params("Application / SDP ;charset=utf-8"),
            "application/sdp"
        ));
        assert!(!same_media_type("application/sdpx", "application/sdp"));
        assert!(!same_media_type("sdp", "application/sdp"));
    }
}
