//! One side's view of a dialog ([RFC 3261 §12](https://www.rfc-editor.org/rfc/rfc3261#section-12)).
//!
//! Plain data, and pure: a dialog makes the requests inside it and says where they go. The invariant: the
//! route set and both tags are those of the messages that made the dialog; only the target and the numbers
//! move.

pub(crate) mod effect;
mod establish;
mod routing;
#[cfg(test)]
mod tests;
pub(crate) mod usage;

use std::fmt;

use spigot_parser::header::{CSeq, MaxForwards};
use spigot_parser::{HeaderName, Headers, Method, Request};

pub use establish::DialogError;
pub use routing::Destination;

use routing::TargetSource;

/// The identity of a dialog at one of its ends (RFC 3261 §12), compared octet by octet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DialogId {
    /// The Call-ID.
    pub call_id: String,
    /// Our tag: in From of what we send and in To of what we receive.
    pub local_tag: String,
    /// The peer's tag; empty for a peer of RFC 2543, which has none (RFC 3261 §12.1.1).
    pub remote_tag: String,
}

/// A dialog as one end sees it.
///
/// An application holds a [`spigot::Dialog`](crate::Dialog), which is a handle of one of these.
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
#[derive(Clone)]
pub struct Dialog {
    /// All that is text, in the order of [`Part`], so that a dialog is one allocation and holds no message.
    text: Box<str>,
    /// Where each part ends in the text.
    ends: [u32; PARTS],
    local_cseq: u32,
    remote_cseq: Option<u32>,
    secure: bool,
    early: bool,
    target_source: TargetSource,
    /// Whether the first route is a strict router.
    is_strict: bool,
    /// Whether the Record-Route of the nearest proxy could not be read.
    lacks_first_route: bool,
}

/// The text of a dialog.
#[derive(Clone, Copy)]
enum Part {
    CallId,
    LocalTag,
    RemoteTag,
    /// The From of our requests.
    Local,
    /// The To of our requests.
    Remote,
    /// The URI in the peer's Contact.
    Target,
    /// The route set in the order of our requests, a route a line.
    Routes,
}

const PARTS: usize = 7;

impl Dialog {
    fn new(parts: [&str; PARTS]) -> Dialog {
        let mut ends = [0; PARTS];
        let mut length = 0;
        for (end, part) in ends.iter_mut().zip(parts) {
            length += part.len();
            // A message has less than 4 GiB, and so has what is copied out of one.
            *end = length as u32;
        }
        Dialog {
            text: parts.concat().into_boxed_str(),
            ends,
            local_cseq: 0,
            remote_cseq: None,
            secure: false,
            early: false,
            target_source: TargetSource::Contact,
            is_strict: false,
            lacks_first_route: false,
        }
    }

    fn part(&self, part: Part) -> &str {
        let at = part as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.text[start..self.ends[at] as usize]
    }

    /// Puts another text in the place of one part.
    fn set_part(&mut self, part: Part, text: &str) {
        if self.part(part) == text {
            return;
        }
        let old = |part| self.part(part);
        let mut parts = [
            old(Part::CallId),
            old(Part::LocalTag),
            old(Part::RemoteTag),
            old(Part::Local),
            old(Part::Remote),
            old(Part::Target),
            old(Part::Routes),
        ];
        parts[part as usize] = text;
        let Dialog { text, ends, .. } = Dialog::new(parts);
        (self.text, self.ends) = (text, ends);
    }

    /// Its Call-ID and both tags.
    pub fn id(&self) -> DialogId {
        DialogId {
            call_id: self.part(Part::CallId).to_owned(),
            local_tag: self.part(Part::LocalTag).to_owned(),
            remote_tag: self.part(Part::RemoteTag).to_owned(),
        }
    }

    /// Reports whether the peer has no tag, because it is one of RFC 2543.
    pub(crate) fn has_null_tag(&self) -> bool {
        self.part(Part::RemoteTag).is_empty()
    }

    /// Reports whether only provisional responses made it so far.
    pub fn is_early(&self) -> bool {
        self.early
    }

    /// Reports whether a `sips:` URI made it, so that only `sips:` may be its Contacts (RFC 3261 §12.1).
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The URI in the peer's Contact: where requests inside the dialog go in the end.
    pub fn target(&self) -> &str {
        self.part(Part::Target)
    }

    /// The highest number that a request of ours has used; 0 if none has.
    pub fn local_cseq(&self) -> u32 {
        self.local_cseq
    }

    /// The highest number that a request of the peer's has used.
    pub fn remote_cseq(&self) -> Option<u32> {
        self.remote_cseq
    }

    /// Octets of memory that it takes.
    #[cfg(test)]
    pub(crate) fn size(&self) -> usize {
        size_of::<Dialog>() + self.text.len()
    }

    /// Makes the next request inside the dialog, numbered one higher than the last one. It has no Via and no
    /// Contact yet. For an ACK use [`Dialog::ack`].
    ///
    /// [RFC 3261 §12.2.1.1](https://www.rfc-editor.org/rfc/rfc3261#section-12.2.1.1):
    /// > Requests within a dialog MUST contain strictly monotonically increasing and contiguous CSeq sequence
    /// > numbers (increasing-by-one) in each direction
    pub fn request(&mut self, method: Method) -> Request {
        let number = self.next_cseq();
        self.make(method, number)
    }

    /// Takes the number of the next request of ours.
    pub(crate) fn next_cseq(&mut self) -> u32 {
        // CSeq numbers stay below 2^31 (§8.1.1.5); no dialog lives to see it.
        self.local_cseq = self.local_cseq.saturating_add(1).min((1 << 31) - 1);
        self.local_cseq
    }

    /// Makes a request that [`Dialog::number`] numbers when it is sent.
    pub(crate) fn draft(&self, method: Method) -> Request {
        self.make(method, self.local_cseq)
    }

    /// Gives a request of this dialog the next number.
    pub(crate) fn number(&mut self, request: &mut Request) {
        let number = self.next_cseq();
        // The number stays below 2^31, so it is one of a CSeq.
        if let Ok(cseq) = CSeq::new(number, request.method().clone()) {
            request.headers_mut().set_typed(&cseq);
        }
    }

    /// Makes the ACK for a 2xx to an INVITE with these headers.
    ///
    /// [RFC 3261 §13.2.2.4](https://www.rfc-editor.org/rfc/rfc3261#section-13.2.2.4):
    /// > The ACK MUST contain the same credentials as the INVITE.
    pub fn ack(&self, invite: &Headers) -> Request {
        let number = invite.typed::<CSeq>().ok().flatten();
        let mut ack = self.make(Method::ACK, number.map_or(0, |cseq| cseq.number()));
        for name in [HeaderName::AUTHORIZATION, HeaderName::PROXY_AUTHORIZATION] {
            ack.headers_mut().copy_from(invite, &name);
        }
        ack
    }

    /// Makes a request by the rules of RFC 3261 §12.2.1.1.
    fn make(&self, method: Method, number: u32) -> Request {
        let (uri, routes, last) = self.way();
        let mut request = Request::new(method.clone(), uri);
        let headers = request.headers_mut();
        let last = last.map(|target| format!("<{target}>"));
        for route in routes.lines().chain(last.as_deref()) {
            // It comes from a message that was read, so it can be written; and so it is with what follows.
            let _ = headers.push(HeaderName::ROUTE, route);
        }
        headers.push_typed(&MaxForwards::new(70));
        let _ = headers.push(HeaderName::FROM, self.part(Part::Local));
        let _ = headers.push(HeaderName::TO, self.part(Part::Remote));
        let _ = headers.push(HeaderName::CALL_ID, self.part(Part::CallId));
        let _ = headers.push(HeaderName::CSEQ, &format!("{number} {method}"));
        request
    }
}

/// The identity and the numbers; no more of what a peer wrote.
impl fmt::Debug for Dialog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialog")
            .field("id", &self.id())
            .field("local_cseq", &self.local_cseq)
            .field("remote_cseq", &self.remote_cseq)
            .field("early", &self.early)
            .finish_non_exhaustive()
    }
}
