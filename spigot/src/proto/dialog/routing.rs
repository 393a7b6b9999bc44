//! Where the requests inside a dialog go: the target, the route set, and the next hop that follows from both.
//!
//! The invariant: a peer that has answered can be sent to. What its messages do not say, or say unreadably, is
//! taken from the other end of the flow that they came by.

use spigot_parser::header::{Contact, RecordRoute};
use spigot_parser::{HeaderName, Headers, NameAddr, SipUri, Uri};

use super::{Dialog, Part};

/// How the next hop of a request is found. Without either, its first Route names it, or else its Request-URI
/// ([RFC 3261 §8.1.2](https://www.rfc-editor.org/rfc/rfc3261#section-8.1.2)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Destination {
    /// Whether the Request-URI names the next hop although there is a Route.
    ///
    /// RFC 3261 §8.1.2:
    /// > If the first element in the route set indicated a strict router (resulting in forming the request
    /// > as described in Section 12.2.1.1), the procedures MUST be applied to the Request-URI of the request.
    pub by_request_uri: bool,
    /// Whether the request goes by the flow of its dialog for as long as that stands.
    pub by_flow: bool,
}

/// The origin of the target of a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TargetSource {
    /// The Contact of the peer.
    Contact,
    /// The Request-URI, or the From of the peer, because there was no Contact.
    Substitute,
    /// The Request-URI, or the From of the peer, because the Contact could not be read.
    Unreadable,
}

/// The target that the headers of a message name.
pub(super) enum NamedTarget {
    /// The URI of a Contact.
    Uri(Uri),
    /// There is no Contact, or none with a URI.
    None,
    /// There is a Contact, and none that can be read.
    Unreadable,
}

/// A route set as it was read from Record-Route.
pub(super) struct RouteSet {
    /// The routes in the order of our requests, a route a line.
    pub(super) text: String,
    is_strict: bool,
    lacks_first: bool,
    /// Whether each route could be read.
    is_whole: bool,
}

/// The order in which Record-Route values become the route set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    AsWritten,
    /// > The route set MUST be set to the list of URIs in the Record-Route header field from the response,
    /// > taken in reverse order and preserving all URI parameters.
    Reversed,
}

impl NamedTarget {
    /// Reads the first Contact that can be read.
    pub(super) fn of(headers: &Headers) -> NamedTarget {
        let mut is_there = false;
        for contact in headers.all::<Contact>() {
            is_there = true;
            let Ok(contact) = contact else { continue };
            return match contact.uri() {
                Some(uri) => NamedTarget::Uri(as_request_uri(uri.clone())),
                None => NamedTarget::None,
            };
        }
        if is_there {
            NamedTarget::Unreadable
        } else {
            NamedTarget::None
        }
    }

    /// Returns the target and its origin. Where no Contact names it, `substitute` does.
    pub(super) fn or<E>(self, substitute: impl FnOnce() -> Result<Uri, E>) -> Result<(Uri, TargetSource), E> {
        match self {
            NamedTarget::Uri(uri) => Ok((uri, TargetSource::Contact)),
            NamedTarget::None => Ok((as_request_uri(substitute()?), TargetSource::Substitute)),
            NamedTarget::Unreadable => Ok((as_request_uri(substitute()?), TargetSource::Unreadable)),
        }
    }
}

impl RouteSet {
    /// Reads the Record-Route values that can be read.
    ///
    /// A route that cannot be read is left out, and the others stay: the proxy before it can reach the one
    /// behind it. The nearest proxy has nobody before it but us. It is the one that the message came from, so
    /// the flow leads to it, and the rest is said in Route. To go to the second route directly would often
    /// end at a firewall.
    pub(super) fn of(headers: &Headers, order: Order) -> RouteSet {
        let mut set = RouteSet {
            text: String::new(),
            is_strict: false,
            lacks_first: false,
            is_whole: true,
        };
        if !headers.contains(&HeaderName::RECORD_ROUTE) {
            return set;
        }
        let mut routes: Vec<Option<RecordRoute>> = headers
            .all::<RecordRoute>()
            .map(|route| route.ok().filter(|route| route.uri().as_sip().is_some()))
            .collect();
        if order == Order::Reversed {
            routes.reverse();
        }
        set.lacks_first = routes.first().is_some_and(Option::is_none);
        set.is_whole = routes.iter().all(Option::is_some);
        let mut readable = routes.iter().flatten();
        let first = readable.clone().next();
        set.is_strict = first.is_some_and(|first| !is_loose(first.uri()));
        let routes: Vec<&str> = readable
            .by_ref()
            .map(|route| route.name_addr().as_str())
            .collect();
        set.text = routes.join("\n");
        set
    }
}

impl Dialog {
    /// Says how the next hop of a request inside the dialog is found.
    pub fn destination(&self) -> Destination {
        // Without Contact the URI in its place names somebody who may have sent the call on. Where it came
        // from is the one address that is known.
        let lacks_target = self.target_source != TargetSource::Contact && self.part(Part::Routes).is_empty();
        Destination {
            by_request_uri: self.is_strict,
            by_flow: self.lacks_first_route || lacks_target,
        }
    }

    /// Reports whether the Contact of the message that has made the dialog, or has confirmed it, cannot be
    /// read.
    pub(crate) fn has_unreadable_contact(&self) -> bool {
        self.target_source == TargetSource::Unreadable
    }

    pub(super) fn note_routes(&mut self, routes: &RouteSet) {
        self.is_strict = routes.is_strict;
        self.lacks_first_route = routes.lacks_first;
    }

    /// Takes the route set of the 2xx to the INVITE that made an early dialog. One that cannot be read as a
    /// whole does not take the place of one that could be.
    pub(super) fn recompute_routes(&mut self, success: &Headers) {
        let routes = RouteSet::of(success, Order::Reversed);
        let had_all = !self.part(Part::Routes).is_empty() && !self.lacks_first_route;
        if routes.is_whole || !had_all {
            self.set_part(Part::Routes, &routes.text);
            self.note_routes(&routes);
        }
    }

    /// Moves the target to the Contact of a message that refreshes it, if it has a readable one.
    ///
    /// [RFC 3261 §12.2.2](https://www.rfc-editor.org/rfc/rfc3261#section-12.2.2):
    /// > When a UAS receives a target refresh request, it MUST replace the dialog's remote target URI with
    /// > the URI from the Contact header field in that request, if present.
    pub(crate) fn refresh_target(&mut self, headers: &Headers) {
        if let NamedTarget::Uri(target) = NamedTarget::of(headers) {
            self.set_part(Part::Target, target.as_str());
            self.target_source = TargetSource::Contact;
        }
    }

    /// Takes the target of the 2xx that confirms an early dialog.
    pub(super) fn confirm_target(&mut self, success: &Headers) {
        match NamedTarget::of(success) {
            NamedTarget::Uri(target) => {
                self.set_part(Part::Target, target.as_str());
                self.target_source = TargetSource::Contact;
            }
            // Whatever the early dialog has is the target, if it is but the substitute of an unreadable
            // Contact.
            NamedTarget::None if self.has_unreadable_contact() => {
                self.target_source = TargetSource::Substitute;
            }
            NamedTarget::None => {}
            NamedTarget::Unreadable => self.target_source = TargetSource::Unreadable,
        }
    }

    /// Returns the Request-URI, the routes, and what comes behind them.
    pub(super) fn way(&self) -> (Uri, &str, Option<&str>) {
        let (target, routes) = (self.part(Part::Target), self.part(Part::Routes));
        // > If the route set is not empty, and the first URI in the route set contains the lr parameter (see
        // > Section 19.1.1), the UAC MUST place the remote target URI into the Request-URI and MUST include a
        // > Route header field containing the route set values in order, including all parameters.
        let (first, rest) = routes.split_once('\n').unwrap_or((routes, ""));
        let strict = self.is_strict.then(|| first.parse::<NameAddr>().ok()).flatten();
        match strict {
            // > If the route set is not empty, and its first URI does not contain the lr parameter, the UAC
            // > MUST place the first URI from the route set into the Request-URI, stripping any parameters
            // > that are not allowed in a Request-URI.  The UAC MUST add a Route header field containing the
            // > remainder of the route set values in order, including all parameters.  The UAC MUST then
            // > place the remote target URI into the Route header field as the last value.
            Some(first) => (as_request_uri(first.uri().clone()), rest, Some(target)),
            None => (uri_of(target), routes, None),
        }
    }
}

fn is_loose(uri: &Uri) -> bool {
    uri.as_sip().is_some_and(SipUri::is_loose_route)
}

/// Removes from a URI what no Request-URI may have: headers and `method` (RFC 3261 §19.1.1, Table 1).
fn as_request_uri(uri: Uri) -> Uri {
    match uri {
        Uri::Sip(sip) if sip.as_str().contains(['?', ';']) => {
            Uri::Sip(sip.without_headers().without_param("method"))
        }
        other => other,
    }
}

/// Reads the text of a URI back.
fn uri_of(text: &str) -> Uri {
    text.parse()
        .expect("a dialog keeps as its target what a URI was written as")
}
