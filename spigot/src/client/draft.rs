//! A request that is complete but for what its flow says: Contact, and the host of a From of our own.

use std::sync::Arc;

use super::RequestError;
use crate::endpoint::{Core, contact, is_secured};
use crate::flow::Flow;
use crate::proto::via_length;
use crate::sip::header;
use crate::sip::{HeaderName, ParseError, Request, SipUri, Uri};

/// What is ours to write into a request wherever it leaves.
#[derive(Clone, Debug, Default)]
pub(super) struct Ours {
    pub(super) contact: Ourselves,
    /// Whether the Via offers to keep the flow alive.
    pub(super) keep: bool,
}

/// The Contact that is ours to write.
#[derive(Clone, Debug, Default)]
pub(super) enum Ourselves {
    /// None, or where the method wants one.
    #[default]
    Unsaid,
    /// Where we are.
    Place,
    /// Where we are, on this flow (RFC 5626 §4.3).
    OnFlow,
    /// The flow of an instance with that number (RFC 5626 §4.2).
    Registered(Arc<str>, u32),
}

/// A request before it is known by which flow it leaves.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    request: Request,
    ours: Ours,
}

impl Draft {
    /// A Contact of the caller's own stands as it is, so that nothing can be said beside it.
    pub(super) fn new(request: Request, mut ours: Ours) -> Result<Self, RequestError> {
        if request.headers().contains(&HeaderName::CONTACT) {
            if matches!(ours.contact, Ourselves::OnFlow | Ourselves::Registered(..)) {
                return Err(RequestError::Header {
                    name: HeaderName::CONTACT,
                    expected: "none beside `outbound` or `register_flow`, which write it",
                });
            }
        } else if matches!(ours.contact, Ourselves::Unsaid) && request.method().needs_contact() {
            ours.contact = Ourselves::Place;
        }
        Ok(Draft { request, ours })
    }

    /// What was sent once, to be sent again, perhaps by another flow.
    pub(super) fn again(request: Request, ours: Ours) -> Self {
        Draft { request, ours }
    }

    /// What is ours to write.
    pub(super) fn ours(&self) -> &Ours {
        &self.ours
    }

    pub(super) fn request(&self) -> &Request {
        &self.request
    }

    /// The request as it leaves by a flow, but for the Via.
    pub(super) fn on(&self, core: &Core, flow: &Flow) -> Result<Request, ParseError> {
        let mut request = self.request.clone();
        let place = core.place(flow);
        name_host(&mut request, &place.host)?;
        if !matches!(self.ours.contact, Ourselves::Unsaid) {
            let from = request.headers().typed::<header::From>()?;
            let user = from.as_ref().and_then(|from| from.uri().user());
            let secured = is_secured(&request);
            if let Some(contact) = contact(user, &place, flow.transport(), secured) {
                let contact = self.ours.contact.upon(contact)?;
                request.headers_mut().set_typed(&contact);
            }
        }
        Ok(request)
    }

    /// What its Via says of us on that flow.
    pub(super) fn sent_by(&self, core: &Core, flow: &Flow) -> String {
        let mut sent_by = core.sent_by(flow);
        if self.ours.keep {
            sent_by.push_str(";keep");
        }
        sent_by
    }

    /// How many octets it has on that flow, with its Via.
    pub(super) fn size(&self, core: &Core, flow: &Flow) -> usize {
        let request = self.on(core, flow);
        request.map_or(0, |request| request.to_bytes().len()) + via_length(flow, &self.sent_by(core, flow))
    }
}

impl Ourselves {
    /// The Contact that says where we are, with what is to be said beside it.
    fn upon(&self, contact: header::Contact) -> Result<header::Contact, ParseError> {
        match self {
            Ourselves::Unsaid | Ourselves::Place => Ok(contact),
            Ourselves::OnFlow => match contact.uri().and_then(Uri::as_sip) {
                Some(uri) => Ok(header::Contact::new(Uri::Sip(uri.with_param("ob", None)?))),
                None => Ok(contact),
            },
            Ourselves::Registered(instance, reg_id) => contact.with_instance(instance)?.with_reg_id(*reg_id),
        }
    }
}

/// A From that says the client's own name at no address in particular gets the one of the flow.
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
