//! A request that is complete but for what its flow says: Contact, and the host of a From of our own.

use crate::endpoint::{Core, contact, is_secured};
use crate::flow::Flow;
use crate::proto::via_length;
use crate::sip::header;
use crate::sip::{HeaderName, Method, ParseError, Request, SipUri, Uri};

/// A request before it is known by which flow it leaves.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    request: Request,
    /// Whether its Contact is ours to write.
    contact: bool,
}

impl Draft {
    pub(super) fn new(request: Request) -> Self {
        let contact = names_contact(request.method()) && !request.headers().contains(&HeaderName::CONTACT);
        Draft { request, contact }
    }

    /// What was sent once, to be sent again, perhaps by another flow.
    pub(super) fn again(request: Request, contact: bool) -> Self {
        Draft { request, contact }
    }

    /// Whether its Contact is ours to write.
    pub(super) fn contact(&self) -> bool {
        self.contact
    }

    pub(super) fn request(&self) -> &Request {
        &self.request
    }

    /// The request as it leaves by a flow, but for the Via.
    pub(super) fn on(&self, core: &Core, flow: &Flow) -> Result<Request, ParseError> {
        let mut request = self.request.clone();
        let place = core.place(flow);
        name_host(&mut request, &place.host)?;
        if self.contact {
            let from = request.headers().typed::<header::From>()?;
            let user = from.as_ref().and_then(|from| from.uri().user());
            let secured = is_secured(&request, &HeaderName::ROUTE);
            if let Some(contact) = contact(user, &place, flow.transport, secured) {
                request.headers_mut().set_typed(&contact);
            }
        }
        Ok(request)
    }

    /// How many octets it has on that flow, with its Via.
    pub(super) fn size(&self, core: &Core, flow: &Flow) -> usize {
        let request = self.on(core, flow);
        request.map_or(0, |request| request.to_bytes().len()) + via_length(flow, &core.sent_by(flow))
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

/// The methods whose requests must say where requests of their dialog go: RFC 3261 §8.1.1.8 and the RFCs
/// of the others.
fn names_contact(method: &Method) -> bool {
    [
        Method::INVITE,
        Method::SUBSCRIBE,
        Method::REFER,
        Method::UPDATE,
        Method::NOTIFY,
    ]
    .contains(method)
}
