//! What a caller may say of the headers of a request.
//!
//! The invariant: what may stand in a message once stands there once, and what only the library can know is what the
//! library has written.

use super::RequestError;
use crate::sip::header::{self, TypedHeader};
use crate::sip::{HeaderName, Headers, ParseError, Request};

/// A header that a caller wants in a request.
pub(super) struct Said {
    /// Its line and no other.
    line: Headers,
    /// Whether it takes the place of those of its name even where several may stand.
    alone: bool,
}

/// Whose the headers are that name a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// The caller's, who may leave them to the library.
    Outside,
    /// The dialog's.
    InDialog,
}

/// What no caller sets, and what is expected instead.
const OF_THE_LIBRARY: [(HeaderName, &str); 2] = [
    (
        HeaderName::VIA,
        "none, since it names the flow that the request leaves by",
    ),
    (HeaderName::CONTENT_LENGTH, "none, since the body is counted"),
];

/// The same inside a dialog.
const OF_THE_DIALOG: [(HeaderName, &str); 2] = [
    (HeaderName::CALL_ID, "none, since the dialog has one"),
    (HeaderName::CSEQ, "none, since the dialog numbers its requests"),
];

impl Said {
    /// A line more, where several of its name may stand.
    pub(super) fn line(name: &str, value: &str) -> Result<Said, ParseError> {
        let mut line = Headers::default();
        line.push(HeaderName::from_token(name)?, value)?;
        Ok(Said { line, alone: false })
    }

    /// This header and no other of its name.
    pub(super) fn only(header: &impl TypedHeader) -> Said {
        let mut line = Headers::default();
        line.push_typed(header);
        Said { line, alone: true }
    }

    /// Puts it into the request.
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
        match self.alone || name.is_single() || one_contact {
            true => request.headers_mut().set(name, field.value())?,
            false => request.headers_mut().push(name, field.value())?,
        }
        Ok(())
    }

    /// What the library reads itself can be read.
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
        let Some(mut said) = self.line.typed::<header::From>()? else {
            return Ok(());
        };
        let stands = header::From::tag_of(request.headers())?;
        if let Some(tag) = tag_to_add(stands, said.tag(), scope, HeaderName::FROM)? {
            said = said.with_tag(tag)?;
        }
        request.headers_mut().set_typed(&said);
        Ok(())
    }

    fn put_to(&self, request: &mut Request, scope: Scope) -> Result<(), RequestError> {
        let Some(mut said) = self.line.typed::<header::To>()? else {
            return Ok(());
        };
        let stands = match scope {
            Scope::Outside => None,
            Scope::InDialog => header::To::tag_of(request.headers())?,
        };
        if let Some(tag) = tag_to_add(stands, said.tag(), scope, HeaderName::TO)? {
            said = said.with_tag(tag)?;
        }
        request.headers_mut().set_typed(&said);
        Ok(())
    }
}

/// The tag that an address gets beside what is said: that which stands, unless it has one of its own, which inside a dialog
/// can only be the same.
fn tag_to_add<'t>(
    stands: Option<&'t str>,
    said: Option<&str>,
    scope: Scope,
    name: HeaderName,
) -> Result<Option<&'t str>, RequestError> {
    match said {
        None => Ok(stands),
        Some(_) if scope == Scope::InDialog && said != stands => Err(RequestError::Header {
            name,
            expected: "the tag of the dialog, or none",
        }),
        Some(_) => Ok(None),
    }
}
