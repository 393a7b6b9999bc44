//! How a dialog begins and moves: from the messages that make it, and by those that refresh its target.
//!
//! The invariant: a header that is missing or cannot be read is replaced by what is there. A call that was
//! answered can then be acknowledged and ended.

use spigot_parser::header::{CSeq, From, To};
use spigot_parser::{HeaderName, Headers, ParseError, Request, Response, SipUri, StatusCode, Uri};

use super::Dialog;
use super::routing::{NamedTarget, Order, RouteSet};

/// Why a request and its response make no dialog.
#[non_exhaustive]
#[derive(Clone, Debug, thiserror::Error)]
pub enum DialogError {
    /// The response is neither a 2xx nor a 101 to 199.
    #[error("a {0} response does not establish a dialog")]
    Status(StatusCode),
    /// There is no such dialog, or not any more.
    #[error("there is no such dialog, or not any more")]
    Ended,
    /// Our own tag is missing.
    #[error("the {0} header has no tag")]
    Tag(&'static str),
    /// A header that the dialog is made of is not there.
    #[error("there is no {0} header")]
    Missing(&'static str),
    /// A header that the dialog is made of cannot be read.
    #[error("a header that the dialog is made of cannot be read")]
    Header(#[from] ParseError),
}

impl Dialog {
    /// Makes the dialog of the end that sent the request (RFC 3261 §12.1.2).
    ///
    /// Without a readable Contact in the response the target is the Request-URI. A response without a To tag
    /// comes from a peer of RFC 2543, and the tag is then empty
    /// ([§12.1.2](https://www.rfc-editor.org/rfc/rfc3261#section-12.1.2)):
    /// > A UAC MUST be prepared to receive a response without a tag in the To field, in which case the tag is
    /// > considered to have a value of null.
    ///
    /// # Errors
    ///
    /// A response that makes no dialog, or a mandatory header that is missing or malformed.
    pub fn uac(request: &Request, response: &Response) -> Result<Dialog, DialogError> {
        let early = is_early(response)?;
        let (asked, answered) = (request.headers(), response.headers());
        let local_tag = From::tag_of(asked)?.ok_or(DialogError::Tag("From"))?;
        let remote_tag = To::tag_of(answered)?.unwrap_or_default();
        let named = NamedTarget::of(answered);
        let (target, source) = named.or(|| Ok::<_, DialogError>(request.uri().clone()))?;
        let routes = RouteSet::of(answered, Order::Reversed);
        let mut dialog = Dialog::new([
            text(asked, HeaderName::CALL_ID, "Call-ID")?,
            local_tag,
            remote_tag,
            text(asked, HeaderName::FROM, "From")?,
            text(answered, HeaderName::TO, "To")?,
            target.as_str(),
            &routes.text,
        ]);
        dialog.target_source = source;
        dialog.note_routes(&routes);
        dialog.local_cseq = number(asked)?;
        // > The remote sequence number MUST be empty (it is established when the remote UA sends a
        // > request within the dialog).
        dialog.remote_cseq = None;
        dialog.secure = is_secure(request.uri());
        dialog.early = early;
        Ok(dialog)
    }

    /// Makes the dialog of the end that answers the request with this tag in its To (RFC 3261 §12.1.1): an
    /// early one until [`Dialog::confirm`].
    ///
    /// Without a readable Contact in the request the target is the URI of its From.
    ///
    /// # Errors
    ///
    /// A mandatory header that is missing or malformed.
    pub fn uas(request: &Request, local_tag: &str) -> Result<Dialog, DialogError> {
        let asked = request.headers();
        let from = text(asked, HeaderName::FROM, "From")?;
        let to = text(asked, HeaderName::TO, "To")?;
        let local = match To::tag_of(asked)? {
            Some(_) => to.to_owned(),
            None => format!("{to};tag={local_tag}"),
        };
        let (target, source) = NamedTarget::of(asked).or(|| {
            let from = asked.typed::<From>()?.ok_or(DialogError::Missing("From"))?;
            Ok::<_, DialogError>(from.uri().clone())
        })?;
        // > The route set MUST be set to the list of URIs in the Record-Route header field from the request,
        // > taken in order and preserving all URI parameters.
        let routes = RouteSet::of(asked, Order::AsWritten);
        let mut dialog = Dialog::new([
            text(asked, HeaderName::CALL_ID, "Call-ID")?,
            local_tag,
            From::tag_of(asked)?.unwrap_or_default(),
            &local,
            from,
            target.as_str(),
            &routes.text,
        ]);
        dialog.target_source = source;
        dialog.note_routes(&routes);
        // > The local sequence number MUST be empty.
        dialog.local_cseq = 0;
        dialog.remote_cseq = Some(number(asked)?);
        dialog.secure = is_secure(request.uri());
        dialog.early = true;
        Ok(dialog)
    }

    /// Makes the dialog of a subscriber from the first NOTIFY that answers its request
    /// ([RFC 6665 §4.4.1](https://www.rfc-editor.org/rfc/rfc6665#section-4.4.1)).
    ///
    /// # Errors
    ///
    /// A mandatory header that is missing or malformed.
    pub(crate) fn subscriber(request: &Request, notify: &Request) -> Result<Dialog, DialogError> {
        let local_tag = From::tag_of(request.headers())?.ok_or(DialogError::Tag("From"))?;
        let mut dialog = Dialog::uas(notify, local_tag)?;
        dialog.local_cseq = number(request.headers())?;
        dialog.early = false;
        Ok(dialog)
    }

    /// Makes an early dialog a confirmed one.
    pub fn confirm(&mut self) {
        self.early = false;
    }

    /// Takes the 2xx to the INVITE that made an early dialog into account.
    ///
    /// [RFC 3261 §13.2.2.4](https://www.rfc-editor.org/rfc/rfc3261#section-13.2.2.4):
    /// > If the dialog identifier in the 2xx response matches the dialog identifier of an existing dialog,
    /// > the dialog MUST be transitioned to the "confirmed" state, and the route set for the dialog MUST be
    /// > recomputed based on the 2xx response
    pub(crate) fn confirmed_by(&mut self, success: &Headers) {
        if std::mem::take(&mut self.early) {
            self.recompute_routes(success);
            self.confirm_target(success);
        } else {
            self.refresh_target(success);
        }
    }

    /// Takes note of the number of a request of the peer's. Returns `false` if a higher one was seen before.
    ///
    /// [RFC 3261 §12.2.2](https://www.rfc-editor.org/rfc/rfc3261#section-12.2.2):
    /// > If the remote sequence number was not empty, but the sequence number of the request is lower than
    /// > the remote sequence number, the request is out of order and MUST be rejected with a 500 (Server
    /// > Internal Error) response.
    pub(crate) fn note_remote_cseq(&mut self, number: u32) -> bool {
        if self.remote_cseq.is_some_and(|last| number < last) {
            return false;
        }
        self.remote_cseq = Some(number);
        true
    }
}

/// Reports whether a response makes an early dialog.
fn is_early(response: &Response) -> Result<bool, DialogError> {
    match response.status().as_u16() {
        101..=199 => Ok(true),
        200..=299 => Ok(false),
        _ => Err(DialogError::Status(response.status())),
    }
}

fn text<'h>(headers: &'h Headers, name: HeaderName, shown: &'static str) -> Result<&'h str, DialogError> {
    headers.get(&name).ok_or(DialogError::Missing(shown))
}

fn number(headers: &Headers) -> Result<u32, DialogError> {
    let cseq = headers.typed::<CSeq>()?.ok_or(DialogError::Missing("CSeq"))?;
    Ok(cseq.number())
}

fn is_secure(uri: &Uri) -> bool {
    uri.as_sip().is_some_and(SipUri::is_secure)
}
