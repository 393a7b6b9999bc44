//! One side's view of a dialog ([RFC 3261 §12](https://www.rfc-editor.org/rfc/rfc3261#section-12)).
//!
//! Plain data, and pure: what it makes is sent by whoever holds it. The invariant: the route set and both
//! tags are those of the messages that made the dialog; only the target and the numbers move.

use spigot_parser::header::{CSeq, Contact, From, MaxForwards, RecordRoute, Route, To};
use spigot_parser::{HeaderName, Headers, Method, ParseError, Request, Response, SipUri, StatusCode, Uri};

/// What identifies a dialog at one of its ends (RFC 3261 §12). Compared octet by octet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DialogId {
    /// The Call-ID.
    pub call_id: String,
    /// Our tag: in From of what we send and To of what we receive.
    pub local_tag: String,
    /// The peer's tag; empty for a peer of RFC 2543, which has none (RFC 3261 §12.1.1).
    pub remote_tag: String,
}

impl DialogId {
    /// The dialog that a request from the peer is in, or would make with `local_tag`.
    pub(crate) fn received(request: &Request, local_tag: &str) -> DialogId {
        let headers = request.headers();
        DialogId {
            call_id: headers.get(&HeaderName::CALL_ID).unwrap_or_default().to_owned(),
            local_tag: local_tag.to_owned(),
            remote_tag: From::tag_of(headers)
                .ok()
                .flatten()
                .unwrap_or_default()
                .to_owned(),
        }
    }
}

/// Why a request and its response make no dialog.
#[non_exhaustive]
#[derive(Clone, Debug, thiserror::Error)]
pub enum DialogError {
    /// The response is neither a 2xx nor a 101 to 199.
    #[error("a {0} response does not establish a dialog")]
    Status(StatusCode),
    /// Our own tag is missing, or the To tag of a response.
    #[error("the {0} header has no tag")]
    Tag(&'static str),
    /// There is no Contact to send requests to.
    #[error("the peer gave no Contact")]
    Contact,
    /// A header that the dialog is made of is not there.
    #[error("there is no {0} header")]
    Missing(&'static str),
    /// A header that the dialog is made of cannot be read.
    #[error("a header that the dialog is made of cannot be read")]
    Header(#[from] ParseError),
}

/// A dialog as one end sees it.
///
/// ```
/// use spigot::proto::Dialog;
/// use spigot::sip::{HeaderName, Method, Request, Response};
///
/// let invite = Request::parse(
///     "INVITE sip:bob@b.example SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n\
///      From: <sip:alice@a.example>;tag=a\r\nTo: <sip:bob@b.example>\r\nCall-ID: 1@a.example\r\n\
///      CSeq: 4 INVITE\r\nContact: <sip:alice@10.0.0.1>\r\n\r\n",
/// )?;
/// let ok = Response::parse(
///     "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nRecord-Route: <sip:p.example;lr>\r\n\
///      From: <sip:alice@a.example>;tag=a\r\nTo: <sip:bob@b.example>;tag=b\r\nCall-ID: 1@a.example\r\n\
///      CSeq: 4 INVITE\r\nContact: <sip:bob@10.0.0.2>\r\n\r\n",
/// )?;
///
/// let mut dialog = Dialog::uac(&invite, &ok)?;
/// let bye = dialog.request(Method::BYE);
///
/// assert_eq!(bye.uri().to_string(), "sip:bob@10.0.0.2");
/// assert_eq!(bye.headers().get(&HeaderName::ROUTE), Some("<sip:p.example;lr>"));
/// assert_eq!(bye.headers().get(&HeaderName::CSEQ), Some("5 BYE"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Dialog {
    id: DialogId,
    local: From,
    remote: To,
    local_cseq: u32,
    remote_cseq: Option<u32>,
    target: Uri,
    routes: Vec<Route>,
    secure: bool,
    early: bool,
    /// Those that the INVITE had, for its ACK.
    credentials: Vec<(HeaderName, String)>,
}

impl Dialog {
    /// The dialog that a response makes at the end that sent the request (RFC 3261 §12.1.2).
    ///
    /// A provisional response without Contact, which some peers send, leaves the Request-URI as the target.
    ///
    /// # Errors
    ///
    /// A response that makes none, or a header that is missing or malformed.
    pub fn uac(request: &Request, response: &Response) -> Result<Dialog, DialogError> {
        let early = stage(response)?;
        let local = need::<From>(request.headers(), "From")?;
        let remote = need::<To>(response.headers(), "To")?;
        let target = match contact(response.headers())? {
            Some(target) => target,
            None if early => request.uri().clone(),
            None => return Err(DialogError::Contact),
        };
        Ok(Dialog {
            id: DialogId {
                call_id: call_id(request.headers())?,
                local_tag: local.tag().ok_or(DialogError::Tag("From"))?.to_owned(),
                remote_tag: remote.tag().ok_or(DialogError::Tag("To"))?.to_owned(),
            },
            local,
            remote,
            local_cseq: need::<CSeq>(request.headers(), "CSeq")?.number(),
            // > The remote sequence number MUST be empty (it is established when the remote UA sends a
            // > request within the dialog).
            remote_cseq: None,
            target: as_request_uri(target),
            routes: routes_of_request(request)?.map_or_else(|| routes_of_uac(response.headers()), Ok)?,
            secure: is_secure(request.uri()),
            early,
            credentials: credentials(request.headers()),
        })
    }

    /// The dialog that a response makes at the end that sent the response (RFC 3261 §12.1.1). `response` is
    /// the whole one, with our tag in its To.
    ///
    /// # Errors
    ///
    /// A response that makes none, or a header that is missing or malformed.
    pub fn uas(request: &Request, response: &Response) -> Result<Dialog, DialogError> {
        let early = stage(response)?;
        let remote = need::<From>(request.headers(), "From")?;
        let local = need::<To>(response.headers(), "To")?;
        let mut routes = Vec::new();
        // > The route set MUST be set to the list of URIs in the Record-Route header field from the request,
        // > taken in order and preserving all URI parameters.
        for route in request.headers().all::<RecordRoute>() {
            routes.push(Route::from(route?.name_addr().clone()));
        }
        Ok(Dialog {
            id: DialogId {
                call_id: call_id(request.headers())?,
                local_tag: local.tag().ok_or(DialogError::Tag("To"))?.to_owned(),
                remote_tag: remote.tag().unwrap_or_default().to_owned(),
            },
            local: From::from(local.name_addr().clone()),
            remote: To::from(remote.name_addr().clone()),
            // > The local sequence number MUST be empty.
            local_cseq: 0,
            remote_cseq: Some(need::<CSeq>(request.headers(), "CSeq")?.number()),
            target: as_request_uri(contact(request.headers())?.ok_or(DialogError::Contact)?),
            routes,
            secure: is_secure(request.uri()),
            early,
            credentials: Vec::new(),
        })
    }

    /// Its identity.
    pub fn id(&self) -> &DialogId {
        &self.id
    }

    /// Whether only provisional responses made it so far.
    pub fn is_early(&self) -> bool {
        self.early
    }

    /// Whether a `sips:` URI made it, so that only `sips:` may be its Contacts (RFC 3261 §12.1).
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Where requests inside it go in the end: the peer's Contact.
    pub fn target(&self) -> &Uri {
        &self.target
    }

    /// The URI of the next hop: the first of the route set, or the target where that is empty.
    pub fn next_hop(&self) -> &Uri {
        self.routes.first().map_or(&self.target, Route::uri)
    }

    /// The highest number that a request of ours has used; 0 if none has.
    pub fn local_cseq(&self) -> u32 {
        self.local_cseq
    }

    /// The highest number that a request of the peer's has used.
    pub fn remote_cseq(&self) -> Option<u32> {
        self.remote_cseq
    }

    /// The next request inside the dialog, numbered one higher than the last. It has no Via and no Contact
    /// yet. For an ACK use [`Dialog::ack`].
    ///
    /// [RFC 3261 §12.2.1.1](https://www.rfc-editor.org/rfc/rfc3261#section-12.2.1.1):
    /// > Requests within a dialog MUST contain strictly monotonically increasing and contiguous CSeq sequence
    /// > numbers (increasing-by-one) in each direction
    pub fn request(&mut self, method: Method) -> Request {
        // CSeq numbers stay below 2^31 (§8.1.1.5); no dialog lives to see it.
        self.local_cseq = self.local_cseq.saturating_add(1).min((1 << 31) - 1);
        self.make(method, self.local_cseq)
    }

    /// The ACK for a 2xx to the INVITE numbered `cseq`.
    ///
    /// [RFC 3261 §13.2.2.4](https://www.rfc-editor.org/rfc/rfc3261#section-13.2.2.4):
    /// > The ACK MUST contain the same credentials as the INVITE.
    pub fn ack(&self, cseq: u32) -> Request {
        let mut ack = self.make(Method::ACK, cseq);
        for (name, value) in &self.credentials {
            // They come from a message that was sent, so they can be written.
            let _ = ack.headers_mut().push(name.clone(), value);
        }
        ack
    }

    /// Takes note that requests inside the dialog have used numbers up to this one.
    pub fn skip_to(&mut self, cseq: u32) {
        self.local_cseq = self.local_cseq.max(cseq);
    }

    /// Takes a request of the peer's into account: its CSeq, and its Contact when it refreshes the target.
    ///
    /// [RFC 3261 §12.2.2](https://www.rfc-editor.org/rfc/rfc3261#section-12.2.2):
    /// > When a UAS receives a target refresh request, it MUST replace the dialog's remote target URI with the
    /// > URI from the Contact header field in that request, if present.
    pub fn received(&mut self, request: &Request) {
        if let Ok(Some(cseq)) = request.headers().typed::<CSeq>() {
            self.remote_cseq = self.remote_cseq.max(Some(cseq.number()));
        }
        if request.method().refreshes_target() {
            self.refresh(request.headers());
        }
    }

    /// Takes a response to a request of ours into account: a 2xx to a target refresh request brings a new
    /// Contact, and the 2xx to the INVITE makes an early dialog a confirmed one.
    ///
    /// [RFC 3261 §13.2.2.4](https://www.rfc-editor.org/rfc/rfc3261#section-13.2.2.4):
    /// > the route set for the dialog MUST be recomputed based on the 2xx response
    pub fn answered(&mut self, request: &Request, response: &Response) {
        if !response.status().is_success() || !request.method().refreshes_target() {
            return;
        }
        self.refresh(response.headers());
        if self.early && *request.method() == Method::INVITE {
            self.early = false;
            if let Ok(routes) = routes_of_uac(response.headers()) {
                self.routes = routes;
            }
        }
    }

    fn refresh(&mut self, headers: &Headers) {
        if let Ok(Some(target)) = contact(headers) {
            self.target = as_request_uri(target);
        }
    }

    /// A request by the rules of RFC 3261 §12.2.1.1.
    fn make(&self, method: Method, cseq: u32) -> Request {
        // > If the route set is not empty, and the first URI in the route set contains the lr parameter (see
        // > Section 19.1.1), the UAC MUST place the remote target URI into the Request-URI and MUST include a
        // > Route header field containing the route set values in order, including all parameters.
        let strict = self.routes.first().filter(|route| !is_loose(route.uri()));
        let (uri, routes, last) = match strict {
            // > If the route set is not empty, and its first URI does not contain the lr parameter, the UAC
            // > MUST place the first URI from the route set into the Request-URI, stripping any parameters
            // > that are not allowed in a Request-URI.  The UAC MUST add a Route header field containing the
            // > remainder of the route set values in order, including all parameters.  The UAC MUST then
            // > place the remote target URI into the Route header field as the last value.
            Some(first) => {
                let last = Route::new(self.target.clone());
                (as_request_uri(first.uri().clone()), &self.routes[1..], Some(last))
            }
            None => (self.target.clone(), &self.routes[..], None),
        };
        let mut request = Request::new(method.clone(), uri);
        let headers = request.headers_mut();
        for route in routes.iter().chain(&last) {
            headers.push_typed(route);
        }
        headers.push_typed(&MaxForwards::new(70));
        headers.push_typed(&self.local);
        headers.push_typed(&self.remote);
        // Both come from a message that was read, so they can be written.
        let _ = headers.push(HeaderName::CALL_ID, &self.id.call_id);
        let _ = headers.push(HeaderName::CSEQ, &format!("{cseq} {method}"));
        request
    }
}

fn credentials(headers: &Headers) -> Vec<(HeaderName, String)> {
    [HeaderName::AUTHORIZATION, HeaderName::PROXY_AUTHORIZATION]
        .into_iter()
        .flat_map(|name| {
            let values = headers.get_all(&name).map(str::to_owned);
            values.map(move |value| (name.clone(), value)).collect::<Vec<_>>()
        })
        .collect()
}

/// Whether a response makes an early dialog.
fn stage(response: &Response) -> Result<bool, DialogError> {
    match response.status().as_u16() {
        101..=199 => Ok(true),
        200..=299 => Ok(false),
        _ => Err(DialogError::Status(response.status())),
    }
}

/// > The route set MUST be set to the list of URIs in the Record-Route header field from the response, taken
/// > in reverse order and preserving all URI parameters.
fn routes_of_uac(headers: &Headers) -> Result<Vec<Route>, ParseError> {
    let mut routes = Vec::new();
    for route in headers.all::<RecordRoute>() {
        routes.push(Route::from(route?.name_addr().clone()));
    }
    routes.reverse();
    Ok(routes)
}

/// The route set of the dialog that a request is inside of already; `None` for one outside of any.
///
/// [RFC 3261 §12.2](https://www.rfc-editor.org/rfc/rfc3261#section-12.2):
/// > Requests within a dialog MAY contain Record-Route and Contact header fields.  However, these requests do
/// > not cause the dialog's route set to be modified, although they may modify the remote target URI.
fn routes_of_request(request: &Request) -> Result<Option<Vec<Route>>, ParseError> {
    let headers = request.headers();
    if To::tag_of(headers)?.is_none() {
        return Ok(None);
    }
    headers.all::<Route>().collect::<Result<Vec<_>, _>>().map(Some)
}

fn need<H: spigot_parser::header::TypedHeader>(
    headers: &Headers,
    name: &'static str,
) -> Result<H, DialogError> {
    headers.typed()?.ok_or(DialogError::Missing(name))
}

fn call_id(headers: &Headers) -> Result<String, DialogError> {
    headers
        .get(&HeaderName::CALL_ID)
        .map(str::to_owned)
        .ok_or(DialogError::Missing("Call-ID"))
}

fn contact(headers: &Headers) -> Result<Option<Uri>, ParseError> {
    Ok(headers
        .typed::<Contact>()?
        .and_then(|contact| contact.uri().cloned()))
}

/// What RFC 3261 §19.1.1 (Table 1) does not allow in a Request-URI is taken out: headers and `method`.
fn as_request_uri(uri: Uri) -> Uri {
    match uri {
        Uri::Sip(sip) => Uri::Sip(sip.without_headers().without_param("method")),
        other => other,
    }
}

fn is_loose(uri: &Uri) -> bool {
    uri.as_sip().is_some_and(SipUri::is_loose_route)
}

fn is_secure(uri: &Uri) -> bool {
    uri.as_sip().is_some_and(SipUri::is_secure)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTES: &str = "Record-Route: <sip:p2.example;lr>, <sip:p1.example;lr;x=y>\r\n";

    fn invite(extra: &str) -> Request {
        Request::parse(format!(
            "INVITE sip:bob@b.example SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n{extra}\
             From: \"Alice\" <sip:alice@a.example>;tag=a\r\nTo: <sip:bob@b.example>\r\nCall-ID: 1@a.example\r\n\
             CSeq: 4 INVITE\r\nContact: <sip:alice@10.0.0.1;method=INVITE?Subject=x>\r\n\r\n"
        ))
        .expect("a request")
    }

    fn response(status: &str, extra: &str) -> Response {
        Response::parse(format!(
            "SIP/2.0 {status} X\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n{extra}\
             From: \"Alice\" <sip:alice@a.example>;tag=a\r\nTo: <sip:bob@b.example>;tag=b\r\n\
             Call-ID: 1@a.example\r\nCSeq: 4 INVITE\r\n\r\n"
        ))
        .expect("a response")
    }

    const CONTACT: &str = "Contact: <sip:bob@10.0.0.2>\r\n";

    #[test]
    fn a_re_invite_leaves_the_route_set_as_it_is_and_moves_the_target() {
        let ok = response("200", &format!("{ROUTES}{CONTACT}"));
        let mut caller = Dialog::uac(&invite(""), &ok).expect("a dialog");
        let again = caller.request(Method::INVITE);

        let moved = response("200", "Contact: <sip:bob@10.0.0.3>\r\n");
        let ack = Dialog::uac(&again, &moved).expect("the dialog").ack(5);

        assert_eq!(routes(&ack), ["<sip:p1.example;lr;x=y>", "<sip:p2.example;lr>"]);
        assert_eq!(ack.uri().as_str(), "sip:bob@10.0.0.3");
    }

    fn routes(request: &Request) -> Vec<&str> {
        request.headers().get_all(&HeaderName::ROUTE).collect()
    }

    #[test]
    fn the_caller_reverses_the_route_set_and_the_callee_does_not() {
        let ok = response("200", &format!("{ROUTES}{CONTACT}"));
        let mut caller = Dialog::uac(&invite(""), &ok).expect("a dialog");
        let mut callee = Dialog::uas(&invite(ROUTES), &response("200", "")).expect("a dialog");

        let (bye, back) = (caller.request(Method::BYE), callee.request(Method::BYE));

        assert_eq!(routes(&bye), ["<sip:p1.example;lr;x=y>", "<sip:p2.example;lr>"]);
        assert_eq!(routes(&back), ["<sip:p2.example;lr>", "<sip:p1.example;lr;x=y>"]);
        assert_eq!(bye.uri().as_str(), "sip:bob@10.0.0.2");
        // What a Request-URI must not have is gone.
        assert_eq!(back.uri().as_str(), "sip:alice@10.0.0.1");
        assert_eq!(caller.next_hop().as_str(), "sip:p1.example;lr;x=y");
    }

    #[test]
    fn both_ends_name_the_dialog_from_their_side() {
        let caller = Dialog::uac(&invite(""), &response("200", CONTACT)).expect("a dialog");
        let mut callee = Dialog::uas(&invite(""), &response("200", "")).expect("a dialog");
        assert_eq!((&*caller.id().local_tag, &*caller.id().remote_tag), ("a", "b"));
        assert_eq!((&*callee.id().local_tag, &*callee.id().remote_tag), ("b", "a"));
        let bye = callee.request(Method::BYE);
        assert_eq!(
            bye.headers().get(&HeaderName::FROM),
            Some("<sip:bob@b.example>;tag=b")
        );
        assert_eq!(
            bye.headers().get(&HeaderName::TO),
            Some("\"Alice\" <sip:alice@a.example>;tag=a")
        );
        assert_eq!(bye.headers().get(&HeaderName::CSEQ), Some("1 BYE"));
        assert_eq!(callee.remote_cseq(), Some(4));
    }

    #[test]
    fn numbers_grow_by_one_and_an_ack_takes_its_invites() {
        let mut dialog = Dialog::uac(&invite(""), &response("200", CONTACT)).expect("a dialog");
        let cseq = |request: &Request| request.headers().get(&HeaderName::CSEQ).map(str::to_owned);
        assert_eq!(cseq(&dialog.ack(4)).as_deref(), Some("4 ACK"));
        assert_eq!(cseq(&dialog.request(Method::INFO)).as_deref(), Some("5 INFO"));
        assert_eq!(cseq(&dialog.request(Method::BYE)).as_deref(), Some("6 BYE"));
        assert_eq!(dialog.local_cseq(), 6);
    }

    #[test]
    fn a_strict_router_is_the_request_uri_and_the_target_the_last_route() {
        let strict = "Record-Route: <sip:p2.example;lr>\r\nRecord-Route: <sip:p1.example;method=INVITE>\r\n";
        let mut dialog =
            Dialog::uac(&invite(""), &response("200", &format!("{strict}{CONTACT}"))).expect("a dialog");
        let bye = dialog.request(Method::BYE);
        assert_eq!(bye.uri().as_str(), "sip:p1.example");
        assert_eq!(routes(&bye), ["<sip:p2.example;lr>", "<sip:bob@10.0.0.2>"]);
    }

    #[test]
    fn an_early_dialog_takes_target_and_routes_of_the_success() {
        let mut dialog = Dialog::uac(&invite(""), &response("180", "")).expect("a dialog");
        assert!(dialog.is_early());
        assert_eq!(dialog.target().as_str(), "sip:bob@b.example");

        dialog.answered(&invite(""), &response("200", &format!("{ROUTES}{CONTACT}")));

        assert!(!dialog.is_early());
        assert_eq!(dialog.target().as_str(), "sip:bob@10.0.0.2");
        assert_eq!(routes(&dialog.request(Method::BYE)).len(), 2);
    }

    #[test]
    fn a_target_refresh_moves_the_target_and_nothing_else_does() {
        let mut dialog = Dialog::uas(&invite(ROUTES), &response("200", "")).expect("a dialog");
        let request = |method: &str| {
            Request::parse(format!(
                "{method} sip:bob@b.example SIP/2.0\r\nFrom: <sip:alice@a.example>;tag=a\r\nCSeq: 9 {method}\r\n\
                 Contact: <sip:{method}@moved.example>\r\nRecord-Route: <sip:other.example;lr>\r\n\r\n"
            ))
            .expect("a request")
        };
        dialog.received(&request("INFO"));
        assert_eq!(dialog.target().as_str(), "sip:alice@10.0.0.1");
        dialog.received(&request("UPDATE"));
        assert_eq!(dialog.target().as_str(), "sip:UPDATE@moved.example");
        assert_eq!(dialog.remote_cseq(), Some(9));
        assert_eq!(routes(&dialog.request(Method::BYE)).len(), 2);
    }

    #[test]
    fn what_makes_no_dialog_says_why() {
        let refused = Dialog::uac(&invite(""), &response("486", CONTACT));
        assert!(matches!(refused, Err(DialogError::Status(StatusCode::BUSY_HERE))));
        assert!(matches!(
            Dialog::uac(&invite(""), &response("200", "")),
            Err(DialogError::Contact)
        ));
        assert!(matches!(
            Dialog::uac(&invite(""), &response("100", CONTACT)),
            Err(DialogError::Status(_))
        ));
    }
}
