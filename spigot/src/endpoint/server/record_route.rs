//! The Record-Route that a forwarded request gets from this element.

use crate::endpoint::Core;
use crate::endpoint::flow::{contact, is_secured};
use crate::flow::Flow;
use crate::sip::header::{Contact, RecordRoute};
use crate::sip::{ParseError, Request, Uri};

impl Core {
    /// Puts this element on the way of the later requests of a dialog: where `upstream` reaches it, and where
    /// `downstream` does if that is another socket. Each value carries the token of its flow, by which it is
    /// known again.
    ///
    /// [RFC 3261 §16.6](https://www.rfc-editor.org/rfc/rfc3261#section-16.6), item 4:
    /// > it MUST insert a Record-Route header field value into the copy before any existing Record-Route
    /// > header field values, even if a Route header field is already present. [...] The URI placed in the
    /// > Record-Route header field value MUST be a SIP or SIPS URI.  This URI MUST contain an lr parameter
    pub(in crate::endpoint) fn record_route(
        &self,
        request: &mut Request,
        upstream: &Flow,
        downstream: &Flow,
    ) -> Result<(), ParseError> {
        let secured = is_secured(request);
        let socket = |flow: &Flow| (flow.transport(), self.carriers.own_address(flow));
        let is_one = socket(upstream) == socket(downstream);
        for flow in [Some(upstream), (!is_one).then_some(downstream)]
            .into_iter()
            .flatten()
        {
            let (transport, own) = socket(flow);
            let here: Contact = contact(Some(&self.flow_token(flow)), &own, transport, secured).parse()?;
            if let Some(uri) = here.uri().and_then(Uri::as_sip) {
                let uri = Uri::Sip(uri.with_param("lr", None)?);
                request.headers_mut().push_first_typed(&RecordRoute::new(uri));
            }
        }
        Ok(())
    }
}
