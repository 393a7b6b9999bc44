//! Registrations of flows, as a registrar sees them.

use crate::endpoint::{Endpoint, Limits};
use crate::flow::Flow;
use crate::proto::keep;
use crate::router::body_use::BodyUse;
use crate::router::extract::{BadHeader, OptionalFromRequest};
use crate::router::{Agent, FromRequest, IntoReply, Reply, ReplyPart, Request, method};
use crate::sip::header::{Contact, Expires, FlowTimer, Path, Require, Supported, Via};
use crate::sip::{HeaderName, ParseError, Response, StatusCode};

/// A REGISTER for one flow of a user agent that may have several ([RFC 5626
/// §6](https://www.rfc-editor.org/rfc/rfc5626#section-6)): an argument of handlers, as `Option<Outbound>`,
/// and a part of their answer.
///
/// The argument is there if the request says `Supported: outbound` and a Contact has a `reg-id` and a
/// `+sip.instance`. A binding is then of that instance and number, in the place of one that has the same, and
/// is reached by the flow that it came by. Contacts that are removed (`expires=0`) may stand beside that one,
/// which may be one that is removed itself.
///
/// As a part of an answer of 2xx it says `Require: outbound` and, if the request came from the user agent
/// itself, by a Flow-Timer how often the flow is to be kept alive; a proxy on the way has one of its own to
/// say. A REGISTER that itself requires `outbound` is answered 420, as for every option tag, unless the agent
/// names it to [`Router::supported`](crate::Router::supported).
///
/// ```
/// use spigot::{Outbound, StatusCode, sip_router};
///
/// struct Registrar;
///
/// #[sip_router]
/// impl Registrar {
///     #[register]
///     async fn register(&self, outbound: Option<Outbound>) -> (StatusCode, Option<Outbound>) {
///         if let Some(flow) = &outbound {
///             println!("{} is reached by {} ({})", flow.instance(), flow.flow(), flow.reg_id());
///         }
///         (StatusCode::OK, outbound)
///     }
/// }
/// ```
///
/// Refused by the library, and not seen by the handler, is one that came through a proxy which does not know
/// flows, with 439 (the first URI of Path has no `ob`), and a `reg-id` in one of several Contacts that are to
/// be registered, with 400.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbound {
    instance: String,
    reg_id: u32,
    flow: Flow,
    /// How often the flow is to be kept alive, if that is ours to say.
    seconds: Option<u32>,
}

impl Outbound {
    /// Returns the URN of the user agent (`urn:uuid:...`).
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// Returns the `reg-id`: which flow of the user agent this is.
    pub fn reg_id(&self) -> u32 {
        self.reg_id
    }

    /// Returns the flow to the user agent, or to the first proxy on the way to it.
    pub fn flow(&self) -> Flow {
        self.flow
    }
}

/// Why a registration of a flow was refused.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadOutbound {
    /// A header that is needed cannot be read, or is wrong. Answered 400.
    #[error(transparent)]
    Header(#[from] BadHeader),
    /// A proxy on the way does not know flows. Answered 439.
    #[error("the first hop does not support outbound")]
    FirstHop,
}

impl<M> IntoReply<M> for BadOutbound {
    fn into_reply(self) -> Reply {
        match self {
            BadOutbound::Header(why) => IntoReply::<M>::into_reply(why),
            BadOutbound::FirstHop => StatusCode::FIRST_HOP_LACKS_OUTBOUND_SUPPORT.into(),
        }
    }
}

// For the compiler's sake, which can then say that it is taken as an `Option`.
#[doc(hidden)]
impl<S: Agent, M: method::Has<Outbound>> FromRequest<S, M> for Outbound {
    type Rejection = BadOutbound;

    const BODY: BodyUse = BodyUse::Nothing;

    async fn from_request(request: &Request, agent: &S) -> Result<Self, BadOutbound> {
        let there = <Self as OptionalFromRequest<S, M>>::from_request_if_there(request, agent).await?;
        Ok(there.unwrap_or_else(M::unseen))
    }
}

impl<S: Agent, M> OptionalFromRequest<S, M> for Outbound {
    type Rejection = BadOutbound;

    const BODY: BodyUse = BodyUse::Nothing;

    async fn from_request_if_there(request: &Request, _: &S) -> Result<Option<Self>, BadOutbound> {
        let headers = request.headers();
        let supported = headers.typed::<Supported>();
        let supported = supported.map_err(|error| BadHeader::unreadable(HeaderName::SUPPORTED, error))?;
        if !supported.is_some_and(|supported| supported.contains("outbound")) {
            return Ok(None);
        }
        let contacts = headers.all::<Contact>().collect::<Result<Vec<_>, _>>();
        let contacts = contacts.map_err(|error| BadHeader::unreadable(HeaderName::CONTACT, error))?;
        // One that cannot be read counts as if it were not there.
        let expires = headers.typed::<Expires>().ok().flatten();
        let expires = expires.map(|expires| expires.seconds());
        let (registered, removed): (Vec<_>, Vec<_>) = contacts
            .into_iter()
            .partition(|contact| contact.expires().or(expires) != Some(0));
        let named = |contact: &&Contact| contact.reg_id().is_some() && contact.instance().is_some();
        // RFC 5626 §6:
        // > if the Contact header field contains more than one header field value with a non-zero expiration
        // > and any of these header field values contain a "reg-id" Contact header field parameter, the
        // > entire registration SHOULD be rejected with a 400 (Bad Request) response.
        if registered.len() > 1 && registered.iter().any(|contact| named(&contact)) {
            let why = "one with a reg-id is registered alone";
            return Err(BadHeader::wrong(HeaderName::CONTACT, why).into());
        }
        let Some(contact) = registered.iter().chain(&removed).find(named) else {
            return Ok(None);
        };
        // With one Via it came from the user agent itself.
        let is_direct = headers.all::<Via>().count() == 1;
        if !is_direct {
            let path = headers.typed::<Path>();
            let path = path.map_err(|error| BadHeader::unreadable(HeaderName::PATH, error))?;
            let first = path.as_ref().and_then(|path| path.uri().as_sip());
            if !first.is_some_and(|uri| uri.is_outbound()) {
                return Err(BadOutbound::FirstHop);
            }
        }
        let core = request.extension::<Endpoint>().and_then(Endpoint::core);
        let idle = core.map_or_else(
            || Limits::default().transport.idle,
            |core| core.limits.transport.idle,
        );
        let flow = request.source().flow();
        Ok(Some(Outbound {
            instance: contact.instance().unwrap_or_default().to_owned(),
            reg_id: contact.reg_id().unwrap_or_default(),
            flow,
            seconds: is_direct.then(|| keep::often(flow.transport(), idle)),
        }))
    }
}

impl ReplyPart for Outbound {
    fn apply(self, response: &mut Response) -> Result<(), ParseError> {
        if !response.status().is_success() {
            return Ok(());
        }
        let headers = response.headers_mut();
        headers.push_typed(&Require::new(["outbound"])?);
        if let Some(seconds) = self.seconds {
            headers.push_typed(&FlowTimer::new(seconds));
        }
        Ok(())
    }
}
