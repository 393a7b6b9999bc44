//! The router: an agent's routes, and those of others that it was composed with.

use std::fmt;
use std::sync::Arc;

use super::flat_router::FlatRouter;
use super::layered::Layer;
use super::nest::{IntoPattern, NestedRouters, RouterId};
use super::plug::Plug;
use super::{Agent, Dispatch, Reply, Request, Routed};
use crate::sip::{Method, Response};

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
/// | no pattern matches, or no capture parses | 404, or `#[fallback]`; where only `#[any]` has routes, as one with no route |
/// | Require names an option that is not [`supported`](Router::supported) | 420 with Unsupported |
/// | a body that no route for this URI takes | 415 with Accept |
/// | an event package that no route for this URI takes | 489 with Allow-Events |
/// | an INFO package that no route for this URI takes | 469 with Recv-Info |
/// | INFO without a package, where all routes want one | 200 |
///
/// A request that carries a Route which this element has put into a Record-Route goes to the routes that take
/// a [`Proxy`](crate::Proxy), and to none of the others. Require is not asked of those, but Proxy-Require is
/// (RFC 3261 §16.3).
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
    own: FlatRouter,
    nested: Arc<NestedRouters>,
}

impl Router {
    /// Makes the router of an agent.
    pub fn new<A: Agent>(agent: A) -> Router {
        Router {
            own: FlatRouter::of(agent),
            nested: Arc::default(),
        }
    }

    /// Names the option tags that the application supports (RFC 3261 §19.2), such as `100rel`: they are taken
    /// in Require and listed in Supported. There are none by default.
    #[must_use]
    pub fn supported(mut self, tags: &[&str]) -> Router {
        self.own.supported = tags.iter().map(|tag| (*tag).to_owned()).collect();
        self
    }

    /// Returns the value of the Allow header: the methods that have a route, ACK, CANCEL and BYE where INVITE
    /// is among them, and OPTIONS.
    pub fn allow(&self) -> &str {
        self.own.allow()
    }

    /// Says whether one of the routes takes a [`Proxy`](crate::Proxy).
    pub(crate) fn forwards(&self) -> bool {
        self.members().any(FlatRouter::forwards)
    }

    /// Returns the first domain of an agent that is none.
    pub(crate) fn bad_domain(&self) -> Option<&str> {
        self.members().find_map(FlatRouter::bad_domain)
    }

    fn members(&self) -> impl Iterator<Item = &FlatRouter> {
        let nested = self.nested.iter().map(|(_, router)| router);
        [&self.own].into_iter().chain(nested)
    }

    /// Gives the requests whose Request-URI matches a pattern to a router nested in this one: a host with an
    /// agent of its own, say. Of several patterns that match, the first that was given decides. What they
    /// capture is not used.
    ///
    /// The nested router answers those requests entirely: with its plugs and not with those of this router,
    /// with its own 404 and 405, and with its own Allow when asked for OPTIONS. A [`layer`](Router::layer)
    /// that is added later is around both. Requests inside a dialog have our Contact as their Request-URI;
    /// they go to the router that took the INVITE.
    ///
    /// ```
    /// use spigot::{Path, Router, StatusCode, sip_router};
    ///
    /// struct Conference;
    ///
    /// #[sip_router]
    /// impl Conference {
    ///     #[invite("sip:{room}@*")]
    ///     async fn join(&self, Path(_room): Path<u16>) -> StatusCode {
    ///         StatusCode::OK
    ///     }
    /// }
    ///
    /// struct Pbx;
    ///
    /// #[sip_router]
    /// impl Pbx {
    ///     #[invite]
    ///     async fn ring(&self) -> StatusCode {
    ///         StatusCode::BUSY_HERE
    ///     }
    /// }
    ///
    /// let router = Router::new(Pbx).nest("sip:*@conference.example.com", Router::new(Conference));
    /// assert_eq!(router.to_string(), "\
    /// METHOD  REQUEST-URI  CONDITIONS  HANDLER
    /// INVITE  *            -           ring
    ///
    /// sip:*@conference.example.com
    /// METHOD  REQUEST-URI   CONDITIONS  HANDLER
    /// INVITE  sip:{room}@*  -           join");
    /// ```
    ///
    /// # Panics
    ///
    /// When a text is no pattern. One that is not written in the program is read with
    /// [`Pattern::parse`](crate::sip::Pattern::parse), which gives an error, and given as the
    /// [`Pattern`](crate::sip::Pattern).
    #[must_use]
    #[track_caller]
    pub fn nest(mut self, pattern: impl IntoPattern, router: Router) -> Router {
        let pattern = pattern.into_pattern();
        Arc::make_mut(&mut self.nested).push(pattern, router.own, &router.nested);
        self
    }

    /// Puts the routes of both routers into one table, those of this one first. Each keeps its plugs.
    ///
    /// What no route of either takes is answered as this router does, behind its plugs; of two `#[fallback]`
    /// the first is taken. That a route is covered by one before it is found when a block is compiled, and
    /// not here.
    ///
    /// ```
    /// use spigot::{Router, StatusCode, sip_router};
    ///
    /// struct Registrar;
    ///
    /// #[sip_router]
    /// impl Registrar {
    ///     #[register]
    ///     async fn register(&self) -> StatusCode {
    ///         StatusCode::OK
    ///     }
    /// }
    ///
    /// struct Messages;
    ///
    /// #[sip_router]
    /// impl Messages {
    ///     #[message]
    ///     async fn text(&self) -> StatusCode {
    ///         StatusCode::ACCEPTED
    ///     }
    /// }
    ///
    /// let router = Router::new(Registrar).merge(Router::new(Messages));
    /// assert_eq!(router.allow(), "REGISTER, MESSAGE, OPTIONS");
    /// ```
    #[must_use]
    pub fn merge(mut self, other: Router) -> Router {
        self.own = self.own.and(&other.own);
        Arc::make_mut(&mut self.nested).append(&other.nested);
        self
    }

    /// Puts a plug around everything that is in this router: its routes, its nested routers, and the answers
    /// to what no route takes. What is nested or merged later does not pass it.
    ///
    /// As in axum, **the layer that is added last runs first**. All layers run before the plugs of
    /// `#[sip_router(plugs(...))]`, which are inside. The printed table shows them in the order in which they
    /// run.
    ///
    /// As any plug, it sees requests outside of dialogs, and those inside only if it [says
    /// so](Plug::in_dialog). Put [`plug::in_dialog`](super::plug::in_dialog) around one that does not:
    /// `layer(plug::in_dialog(RateLimit::per_source(50)))`. ACK and CANCEL pass no plug. A layer of `tower`
    /// becomes a plug by `plug::layer`.
    ///
    /// ```
    /// use spigot::plug::{RateLimit, Trace};
    /// use spigot::{Router, StatusCode, sip_router};
    ///
    /// struct Pbx;
    ///
    /// #[sip_router]
    /// impl Pbx {
    ///     #[message]
    ///     async fn text(&self) -> StatusCode {
    ///         StatusCode::ACCEPTED
    ///     }
    /// }
    ///
    /// let requests_per_second = 50; // as a file says, or a command line
    /// let router = Router::new(Pbx)
    ///     .layer(RateLimit::per_source(requests_per_second))
    ///     .layer(Trace::new()); // runs first
    /// assert_eq!(router.to_string(), "\
    /// METHOD   REQUEST-URI  CONDITIONS  HANDLER  PLUGS
    /// MESSAGE  *            -           text     Trace, RateLimit");
    /// ```
    #[must_use]
    pub fn layer(mut self, plug: impl Plug) -> Router {
        let layer = Layer::new(plug);
        self.own = self.own.layered(&layer);
        Arc::make_mut(&mut self.nested).layer(&layer);
        self
    }

    /// Answers a request without an endpoint, as tests of an agent's routes do. [`Request::new`] makes one.
    ///
    /// There is no transaction and no client: a handler that takes a `Transaction` or a `Client` answers 500.
    /// A handler that panics takes the caller along.
    ///
    /// ```
    /// use spigot::{Request, Router, Source, StatusCode, Transport, sip, sip_router};
    ///
    /// struct Pbx;
    ///
    /// #[sip_router]
    /// impl Pbx {
    ///     #[message]
    ///     async fn text(&self) -> StatusCode {
    ///         StatusCode::ACCEPTED
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let message = sip::Request::new(sip::Method::MESSAGE, "sip:bob@example.com".parse()?);
    /// let source = Source::new(Transport::Udp, "192.0.2.9:5060".parse()?, "192.0.2.1:5060".parse()?);
    /// let reply = Router::new(Pbx).handle(Request::new(message, source)).await;
    /// assert_eq!(reply.status(), Some(StatusCode::ACCEPTED));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn handle(&self, request: Request) -> Reply {
        self.dispatch(request).reply().await
    }

    /// Takes a request that opened a transaction: every one but ACK and CANCEL.
    ///
    /// Nothing runs before the handler's future is polled but the reading of captures (`FromStr`). A panic in
    /// either is the caller's to catch.
    pub(crate) fn dispatch(&self, request: Request) -> Dispatch {
        self.member(self.router_of(&request)).dispatch(request)
    }

    /// Takes the ACK to a 2xx; `None` when no route wants it.
    pub(crate) fn ack(&self, request: Request) -> Option<Routed> {
        self.member(self.router_of(&request))
            .notify(&Method::ACK, &request)
    }

    /// Takes a CANCEL that the library has answered; `None` when no route wants it.
    pub(crate) fn cancelled(&self, request: Request) -> Option<Routed> {
        self.member(self.router_of(&request))
            .notify(&Method::CANCEL, &request)
    }

    /// Says which of the routers that this one is composed of takes the request.
    ///
    /// A request inside a dialog goes where [it says](Request::inside_dialog_of) that the dialog was opened.
    pub(crate) fn router_of(&self, request: &Request) -> RouterId {
        match request.dialog() {
            Some(router) => router,
            None => self.nested.router_of(request.uri()),
        }
    }

    /// Adds to a 2xx to INVITE or OPTIONS what that router can do: Allow, Supported and Recv-Info, and for
    /// OPTIONS Accept and Allow-Events too ([RFC 3261
    /// §11.2](https://www.rfc-editor.org/rfc/rfc3261#section-11.2)).
    ///
    /// [RFC 3261 §13.3.1.4](https://www.rfc-editor.org/rfc/rfc3261#section-13.3.1.4):
    /// > A 2xx response to an INVITE SHOULD contain the Allow header field and the Supported header field,
    /// > and MAY contain the Accept header field.
    pub(crate) fn introduce(&self, router: RouterId, asked: &Method, response: &mut Response) {
        self.member(router).introduce(asked, response);
    }

    fn member(&self, id: RouterId) -> &FlatRouter {
        self.nested.get(id).unwrap_or(&self.own)
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router")
            .field("own", &self.own)
            .field("nested", &self.nested)
            .finish()
    }
}

impl fmt::Display for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.own)?;
        for (patterns, router) in self.nested.iter() {
            write!(f, "\n\n{patterns}\n{router}")?;
        }
        Ok(())
    }
}
