//! Where the body of one content type is in a request: the body itself, or a part of a multipart body.

use crate::router::Request;
use crate::router::capabilities::list;
use crate::sip::header::ContentType;
use crate::sip::{ParseError, Part};

/// Why a body is not taken.
pub(super) enum NotTaken {
    /// The body is of another type, or has a part of another type that must be understood. The text lists the
    /// types that would be taken.
    OtherType(String),
    /// The multipart body cannot be split into its parts.
    Unreadable(ParseError),
}

/// Where the body of one type is.
pub(super) enum Found {
    /// The body of the request is of the type.
    Whole,
    /// A part of the multipart body is of the type.
    Part(Box<Part>),
}

impl From<ParseError> for NotTaken {
    fn from(error: ParseError) -> Self {
        NotTaken::Unreadable(error)
    }
}

/// Finds the body of the type `wanted`, with this disposition if one is given; `None` if there is none.
///
/// > If a UAS cannot process a request because, in the given context, the UAS does not support the content
/// > type or the disposition type of a body part whose handling is required, the UAS SHOULD return a 415
/// > (Unsupported Media Type) response
///
/// [RFC 5621 §8.4](https://www.rfc-editor.org/rfc/rfc5621#section-8.4). What is supported is what all
/// arguments of the handler take. One that takes the body as it is may take all of its parts.
pub(super) fn find(
    request: &Request,
    wanted: &'static str,
    disposition: Option<&str>,
) -> Result<Option<Found>, NotTaken> {
    if request.body().is_empty() {
        return Ok(None);
    }
    let taken = request.body_types();
    let other_type = || NotTaken::OtherType(list(taken.unwrap_or(&[wanted]).iter().copied()));
    let Ok(Some(content_type)) = request.headers().typed::<ContentType>() else {
        return Err(other_type());
    };
    if is(&content_type, wanted) {
        return Ok(Some(Found::Whole));
    }
    let whole = Part::of_message(request.headers(), request.body());
    let (kind, subtype) = wanted.split_once('/').unwrap_or((wanted, ""));
    let found = match disposition {
        Some(disposition) => whole.find_for(disposition, kind, subtype)?,
        None => whole.find(kind, subtype)?,
    };
    let is_supported = match taken {
        Some(taken) => {
            let takes = |given: &ContentType| taken.iter().any(|wanted| is(given, wanted));
            whole.unsupported(&takes)?.is_none()
        }
        None => found.is_some() || !whole.is_required(),
    };
    if is_supported {
        Ok(found.map(|part| Found::Part(part.into())))
    } else {
        Err(other_type())
    }
}

/// Reports whether a content type is `wanted`, which is `type/subtype`.
fn is(given: &ContentType, wanted: &str) -> bool {
    wanted
        .split_once('/')
        .is_some_and(|(kind, subtype)| given.is(kind, subtype))
}
