//! The headers that a caller sets in a request.
//!
//! The invariant: a header that may stand in a message once stands there once, and the caller sets none that
//! only the library can know.

use super::RequestError;
use crate::sip::header::{self, TypedHeader};
use crate::sip::{HeaderName, Headers, ParseError, Request};

/// An edit of a request: one header that its caller wants in it.
pub(super) struct HeaderEdit {
    /// The line of the header and no other.
    line: Headers,
    /// Whether the header takes the place of all others of its name, even where several may stand.
    alone: bool,
}

/// The owner of the headers that name a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// The caller's, who may leave them to the library.
    Outside,
    /// The dialog's.
    InDialog,
}

/// The headers that no caller sets, and what is expected instead.
const OF_THE_LIBRARY: [(HeaderName, &str); 2] = [
    (
        HeaderName::VIA,
        "none, since it names the flow that the request leaves by",
    ),
    (HeaderName::CONTENT_LENGTH, "none, since the body is counted"),
];

/// The headers that no caller sets inside a dialog, and what is expected instead.
const OF_THE_DIALOG: [(HeaderName, &str); 2] = [
    (HeaderName::CALL_ID, "none, since the dialog has one"),
    (HeaderName::CSEQ, "none, since the dialog numbers its requests"),
];

impl HeaderEdit {
    /// Makes an edit that adds a line, where several of its name may stand.
    pub(super) fn line(name: &str, value: &str) -> Result<HeaderEdit, ParseError> {
        let mut line = Headers::default();
        line.push(HeaderName::from_token(name)?, value)?;
        Ok(HeaderEdit { line, alone: false })
    }

    /// Makes an edit that sets this header, in the place of all others of its name.
    pub(super) fn only(header: &impl TypedHeader) -> HeaderEdit {
        let mut line = Headers::default();
        line.push_typed(header);
        HeaderEdit { line, alone: true }
    }

    /// Puts the header into a request.
    pub(super) fn put(&self, request: &mut Request, scope: Scope) -> Result<(), RequestError> {
        let Some(field) = self.line.iter().next() else {
            return Ok(());
        };
        let name = field.name();
        let dialogs = match scope {
            Scope::Outside => &[],
            Scope::InDialog => &OF_THE_DIALOG[..],
        };
        let mut taken = OF_THE_LIBRARY.iter().chain(dialogs);
        if let Some((_, expected)) = taken.find(|(other, _)| name == *other) {
            return Err(RequestError::Header { name, expected });
        }
        self.check(request)?;
        if name == HeaderName::FROM {
            return self.put_from(request, scope);
        }
        if name == HeaderName::TO {
            return self.put_to(request, scope);
        }
        // RFC 3261 §8.1.1.8, of requests that may open a dialog:
        // > The Contact header field MUST be present and contain exactly one SIP or SIPS URI
        let one_contact = name == HeaderName::CONTACT && request.method().needs_contact();
        if self.alone || name.is_single() || one_contact {
            request.headers_mut().set(name, field.value())?;
        } else {
            request.headers_mut().push(name, field.value())?;
        }
        Ok(())
    }

    /// Checks that the headers which the library reads can be read.
    fn check(&self, request: &Request) -> Result<(), RequestError> {
        let line = &self.line;
        if line.contains(&HeaderName::CALL_ID) {
            line.typed::<header::CallId>()?;
        }
        if line.contains(&HeaderName::MAX_FORWARDS) {
            line.typed::<header::MaxForwards>()?;
        }
        if line.contains(&HeaderName::CONTENT_TYPE) {
            line.typed::<header::ContentType>()?;
        }
        // RFC 3261 §8.1.1.5:
        // > The method MUST match that of the request.
        let cseq = line.typed::<header::CSeq>()?;
        if cseq.is_some_and(|cseq| cseq.method() != request.method()) {
            return Err(RequestError::Header {
                name: HeaderName::CSEQ,
                expected: "the method of the request after the number",
            });
        }
        Ok(())
    }

    fn put_from(&self, request: &mut Request, scope: Scope) -> Result<(), RequestError> {
        let Some(mut header) = self.line.typed::<header::From>()? else {
            return Ok(());
        };
        let stands = header::From::tag_of(request.headers())?;
        if let Some(tag) = tag_to_add(stands, header.tag(), scope, HeaderName::FROM)? {
            header = header.with_tag(tag)?;
        }
        request.headers_mut().set_typed(&header);
        Ok(())
    }

    fn put_to(&self, request: &mut Request, scope: Scope) -> Result<(), RequestError> {
        let Some(mut header) = self.line.typed::<header::To>()? else {
            return Ok(());
        };
        let stands = match scope {
            Scope::Outside => None,
            Scope::InDialog => header::To::tag_of(request.headers())?,
        };
        if let Some(tag) = tag_to_add(stands, header.tag(), scope, HeaderName::TO)? {
            header = header.with_tag(tag)?;
        }
        request.headers_mut().set_typed(&header);
        Ok(())
    }
}

/// Returns the tag that is added to a From or To: the one that stands there, unless the caller's has one.
/// Inside a dialog both have to be equal.
fn tag_to_add<'t>(
    stands: Option<&'t str>,
    own: Option<&str>,
    scope: Scope,
    name: HeaderName,
) -> Result<Option<&'t str>, RequestError> {
    match own {
        None => Ok(stands),
        Some(_) if scope == Scope::InDialog && own != stands => Err(RequestError::Header {
            name,
            expected: "the tag of the dialog, or none",
        }),
        Some(_) => Ok(None),
    }
}
