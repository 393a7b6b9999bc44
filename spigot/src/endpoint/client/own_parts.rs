//! A request of ours before its flow is known, and the parts that are written when it is: Contact, and the
//! host of a From of our own.

use std::sync::Arc;

use crate::endpoint::Core;
use crate::endpoint::flow::{contact, is_secured};
use crate::flow::Flow;
use crate::proto::proxy::MARK;
use crate::proto::{Role, via_length};
use crate::sip::header;
use crate::sip::{HeaderName, ParseError, Request, SipUri, Uri};

/// The parts that the endpoint writes into a request when its flow is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnParts {
    pub(crate) contact: ContactKind,
    /// Whether the Via offers to keep the flow alive.
    pub(crate) keep: bool,
    /// What there is instead for a request of another that is forwarded.
    pub(crate) forwarded: Option<Forwarded>,
}

/// What the endpoint writes into a request of another that it forwards.
#[derive(Clone, Debug)]
pub(crate) struct Forwarded {
    /// The request, before anything of ours is in it.
    pub(crate) request: Arc<Request>,
    /// The flow that it came by, if later requests of its dialog are to come here.
    pub(crate) record_route: Option<Flow>,
    /// What its branch ends with.
    pub(crate) mark: String,
}

impl OwnParts {
    /// Says whether this element is the user agent of the request, or forwards it.
    pub(crate) fn role(&self) -> Role {
        if self.forwarded.is_some() {
            Role::Through
        } else {
            Role::Us
        }
    }

    /// Returns what the branch of the request ends with.
    pub(crate) fn mark(&self) -> Option<&str> {
        Some(&self.forwarded.as_ref()?.mark)
    }
}

/// Which Contact the endpoint writes.
#[derive(Clone, Debug, Default)]
pub(crate) enum ContactKind {
    /// None, or our address where the method wants a Contact.
    #[default]
    Unsaid,
    /// Our address.
    Address,
    /// Our address on this flow (RFC 5626 §4.3).
    OnFlow,
    /// The flow of an instance with that number (RFC 5626 §4.2).
    Registered(Arc<str>, u32),
}

/// A request that is complete but for what its flow says.
#[derive(Clone, Debug)]
pub(crate) struct RequestDraft {
    request: Request,
    own_parts: OwnParts,
}

impl RequestDraft {
    /// Makes the draft of a request that is sent for the first time. It gets our Contact if its method wants
    /// one.
    pub(crate) fn new(request: Request, mut own_parts: OwnParts) -> Self {
        let has_contact = request.headers().contains(&HeaderName::CONTACT);
        let is_unsaid = matches!(own_parts.contact, ContactKind::Unsaid);
        if !has_contact && is_unsaid && request.method().needs_contact() {
            own_parts.contact = ContactKind::Address;
        }
        RequestDraft { request, own_parts }
    }

    /// Makes the draft of a request of another, to be sent by a flow that is found or by another that is
    /// tried next.
    pub(crate) fn forwarded(forwarded: Forwarded) -> Self {
        RequestDraft {
            request: Request::clone(&forwarded.request),
            own_parts: OwnParts {
                forwarded: Some(forwarded),
                ..OwnParts::default()
            },
        }
    }

    /// Makes the draft of a request that was sent before and is sent again, perhaps by another flow.
    pub(crate) fn again(request: Request, own_parts: OwnParts) -> Self {
        RequestDraft { request, own_parts }
    }

    /// Returns the parts that the endpoint writes into the request.
    pub(crate) fn own_parts(&self) -> &OwnParts {
        &self.own_parts
    }

    pub(crate) fn request(&self) -> &Request {
        &self.request
    }

    /// Completes the request for a flow, but for the Via.
    pub(crate) fn on(&self, core: &Core, flow: &Flow) -> Result<Request, ParseError> {
        let mut request = self.request.clone();
        if let Some(forwarded) = &self.own_parts.forwarded {
            if let Some(upstream) = &forwarded.record_route {
                core.record_route(&mut request, upstream, flow)?;
            }
            return Ok(request);
        }
        let own = core.carriers.own_address(flow);
        name_host(&mut request, &own.host)?;
        if !matches!(self.own_parts.contact, ContactKind::Unsaid) {
            let from = request.headers().typed::<header::From>()?;
            let user = from.as_ref().and_then(|from| from.uri().user());
            let secured = is_secured(&request);
            let address = contact(user, &own, flow.transport(), secured);
            let contact = self.own_parts.contact.upon(address.parse()?)?;
            request.headers_mut().set_typed(&contact);
        }
        Ok(request)
    }

    /// Returns the sent-by of the request's Via on a flow, with its parameters.
    pub(crate) fn sent_by(&self, core: &Core, flow: &Flow) -> String {
        let mut sent_by = core.carriers.sent_by(flow);
        if self.own_parts.keep {
            sent_by.push_str(";keep");
        }
        sent_by
    }

    /// Returns how many octets the request has on a flow, with its Via.
    pub(crate) fn size(&self, core: &Core, flow: &Flow) -> usize {
        let request = self.on(core, flow);
        let via = via_length(flow, &self.sent_by(core, flow));
        let mark = self.own_parts.mark().map_or(0, |_| MARK);
        request.map_or(0, |request| request.to_bytes().len()) + via + mark
    }
}

impl ContactKind {
    /// Adds to our Contact the parameters that the caller wants.
    fn upon(&self, contact: header::Contact) -> Result<header::Contact, ParseError> {
        match self {
            ContactKind::Unsaid | ContactKind::Address => Ok(contact),
            ContactKind::OnFlow => match contact.uri().and_then(Uri::as_sip) {
                Some(uri) => Ok(header::Contact::new(Uri::Sip(uri.with_param("ob", None)?))),
                None => Ok(contact),
            },
            ContactKind::Registered(instance, reg_id) => {
                contact.with_instance(instance)?.with_reg_id(*reg_id)
            }
        }
    }
}

/// Writes the host of the flow into a From of the client's own that names none.
fn name_host(request: &mut Request, host: &str) -> Result<(), ParseError> {
    let Some(from) = request.headers().typed::<header::From>()? else {
        return Ok(());
    };
    let Some(uri) = from.uri().as_sip() else {
        return Ok(());
    };
    if !uri.host().ip().is_some_and(|ip| ip.is_unspecified()) {
        return Ok(());
    }
    let mut named = SipUri::new(uri.is_secure(), host)?;
    if let Some(user) = uri.user() {
        named = named.with_user(user)?;
    }
    let named = header::From::new(Uri::Sip(named)).with_tag(from.tag().unwrap_or_default())?;
    request.headers_mut().set_typed(&named);
    Ok(())
}
