//! How a dialog begins and moves: from the messages that make it, and by those that refresh its target.
//!
//! The invariant: a header that is missing or cannot be read is replaced by what is there. A call that was
//! answered can then be acknowledged and ended.

use spigot_parser::header::{CSeq, Contact, From, RecordRoute, To};
use spigot_parser::{HeaderName, Headers, ParseError, Request, Response, SipUri, StatusCode, Uri};

use super::{Dialog, Part};

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
    /// comes from a peer of RFC 2543, and the tag is then empty.
    ///
    /// # Errors
    ///
    /// A response that makes no dialog, or a mandatory header that is missing or malformed.
    pub fn uac(request: &Request, response: &Response) -> Result<Dialog, DialogError> {
        let early = is_early(response)?;
        let (asked, answered) = (request.headers(), response.headers());
        let local_tag = From::tag_of(asked)?.ok_or(DialogError::Tag("From"))?;
        let remote_tag = To::tag_of(answered)?.unwrap_or_default();
        let target = contact(answered).unwrap_or_else(|| as_request_uri(request.uri().clone()));
        let mut dialog = Dialog::new([
            text(asked, HeaderName::CALL_ID, "Call-ID")?,
            local_tag,
            remote_tag,
            text(asked, HeaderName::FROM, "From")?,
            text(answered, HeaderName::TO, "To")?,
            target.as_str(),
            &routes(answered, Order::Reversed),
        ]);
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
        let target = match contact(asked) {
            Some(target) => target,
            None => {
                let from = asked.typed::<From>()?.ok_or(DialogError::Missing("From"))?;
                as_request_uri(from.uri().clone())
            }
        };
        let mut dialog = Dialog::new([
            text(asked, HeaderName::CALL_ID, "Call-ID")?,
            local_tag,
            From::tag_of(asked)?.unwrap_or_default(),
            &local,
            from,
            target.as_str(),
            // > The route set MUST be set to the list of URIs in the Record-Route header field from the
            // > request, taken in order and preserving all URI parameters.
            &routes(asked, Order::AsWritten),
        ]);
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
        if self.early {
            self.early = false;
            self.set_part(Part::Routes, &routes(success, Order::Reversed));
        }
        self.refresh_target(success);
    }

    /// Moves the target to the Contact of a message that refreshes it, if it has a readable one.
    ///
    /// [RFC 3261 §12.2.2](https://www.rfc-editor.org/rfc/rfc3261#section-12.2.2):
    /// > When a UAS receives a target refresh request, it MUST replace the dialog's remote target URI with
    /// > the URI from the Contact header field in that request, if present.
    pub(crate) fn refresh_target(&mut self, headers: &Headers) {
        if let Some(target) = contact(headers) {
            self.set_part(Part::Target, target.as_str());
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

/// The order in which Record-Route values become the route set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    AsWritten,
    /// > The route set MUST be set to the list of URIs in the Record-Route header field from the response,
    /// > taken in reverse order and preserving all URI parameters.
    Reversed,
}

/// Returns the Record-Route values that can be read, a value a line.
fn routes(headers: &Headers, order: Order) -> String {
    if !headers.contains(&HeaderName::RECORD_ROUTE) {
        return String::new();
    }
    let mut routes: Vec<RecordRoute> = headers.all::<RecordRoute>().filter_map(Result::ok).collect();
    if order == Order::Reversed {
        routes.reverse();
    }
    let routes: Vec<&str> = routes.iter().map(|route| route.name_addr().as_str()).collect();
    routes.join("\n")
}

fn text<'h>(headers: &'h Headers, name: HeaderName, shown: &'static str) -> Result<&'h str, DialogError> {
    headers.get(&name).ok_or(DialogError::Missing(shown))
}

fn number(headers: &Headers) -> Result<u32, DialogError> {
    let cseq = headers.typed::<CSeq>()?.ok_or(DialogError::Missing("CSeq"))?;
    Ok(cseq.number())
}

/// Returns the URI in the first Contact, if it can be read.
fn contact(headers: &Headers) -> Option<Uri> {
    let contact = headers.typed::<Contact>().ok().flatten()?;
    contact.uri().cloned().map(as_request_uri)
}

/// Removes from a URI what no Request-URI may have: headers and `method` (RFC 3261 §19.1.1, Table 1).
pub(super) fn as_request_uri(uri: Uri) -> Uri {
    match uri {
        Uri::Sip(sip) if sip.as_str().contains(['?', ';']) => {
            Uri::Sip(sip.without_headers().without_param("method"))
        }
        other => other,
    }
}

/// Reads the text of a URI back.
pub(super) fn uri_of(text: &str) -> Uri {
    text.parse()
        .expect("a dialog keeps as its target what a URI was written as")
}

fn is_secure(uri: &Uri) -> bool {
    uri.as_sip().is_some_and(SipUri::is_secure)
}
