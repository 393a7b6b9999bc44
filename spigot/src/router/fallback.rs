//! The answers that the library gives where no handler does.

use super::Reply;
use super::reply::push;
use crate::sip::{HeaderName, Response, StatusCode};

/// Returns the reason for which the library answers with that status where no route has the request, as the
/// log says it. `None` stands for the answer of a plug.
pub(crate) fn library_reason(status: StatusCode) -> Option<&'static str> {
    Some(match status {
        StatusCode::OK => "no route has the method, and the library answers it",
        StatusCode::NOT_FOUND => "no route has the Request-URI",
        StatusCode::METHOD_NOT_ALLOWED => "no route has the method",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "no route takes a body of this type",
        StatusCode::UNSUPPORTED_URI_SCHEME => "no route takes a URI of this scheme",
        StatusCode::BAD_EXTENSION => "it needs an extension that is not supported",
        StatusCode::BAD_INFO_PACKAGE => "no route takes this INFO package",
        StatusCode::CALL_DOES_NOT_EXIST => "there is no such dialog",
        StatusCode::NOT_ACCEPTABLE_HERE => "no route takes an offer inside a dialog",
        StatusCode::BAD_EVENT => "no route takes this event package",
        StatusCode::NOT_IMPLEMENTED => "the method is not known",
        _ => return None,
    })
}

pub(super) fn status(status: StatusCode) -> Reply {
    Reply::Response(Response::new(status))
}

/// Answers 405, with the methods that are taken.
///
/// > The response MUST include an Allow header field containing a list of valid methods for the indicated
/// > address.
///
/// [RFC 3261 §21.4.6](https://www.rfc-editor.org/rfc/rfc3261#section-21.4.6)
pub(super) fn method_not_allowed(allow: &str) -> Reply {
    with(StatusCode::METHOD_NOT_ALLOWED, &[(HeaderName::ALLOW, allow)])
}

/// Answers 420, with the option tags that are not supported.
///
/// > The server MUST include a list of the unsupported extensions in an Unsupported header field in the
/// > response.
///
/// [RFC 3261 §21.4.15](https://www.rfc-editor.org/rfc/rfc3261#section-21.4.15)
pub(super) fn bad_extension(unsupported: &str) -> Reply {
    with(
        StatusCode::BAD_EXTENSION,
        &[(HeaderName::UNSUPPORTED, unsupported)],
    )
}

/// Answers 415, with the types that are taken.
///
/// > The server MUST return a list of acceptable formats using the Accept, Accept-Encoding, or
/// > Accept-Language header field, depending on the specific problem with the content.
///
/// [RFC 3261 §21.4.13](https://www.rfc-editor.org/rfc/rfc3261#section-21.4.13)
pub(super) fn unsupported_media_type(accept: &str) -> Reply {
    with(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        &[(HeaderName::ACCEPT, accept)],
    )
}

/// Answers 489, with the event packages that there are in Allow-Events
/// ([RFC 6665 §8.3.2](https://www.rfc-editor.org/rfc/rfc6665#section-8.3.2)).
pub(super) fn bad_event(events: &str) -> Reply {
    with(StatusCode::BAD_EVENT, &[(HeaderName::ALLOW_EVENTS, events)])
}

/// Answers 469, with the INFO packages that there are in Recv-Info
/// ([RFC 6086 §4.2.2](https://www.rfc-editor.org/rfc/rfc6086#section-4.2.2)).
pub(super) fn bad_info_package(packages: &str) -> Reply {
    with(StatusCode::BAD_INFO_PACKAGE, &[(HeaderName::RECV_INFO, packages)])
}

/// Answers an OPTIONS request with what can be done here.
///
/// > Allow, Accept, Accept-Encoding, Accept-Language, and Supported header fields SHOULD be present in a
/// > 200 (OK) response to an OPTIONS request.
///
/// [RFC 3261 §11.2](https://www.rfc-editor.org/rfc/rfc3261#section-11.2)
pub(super) fn capabilities(allow: &str, accept: &str, supported: &str, events: Option<&str>) -> Reply {
    let mut headers = vec![
        (HeaderName::ALLOW, allow),
        (HeaderName::ACCEPT, accept),
        (HeaderName::SUPPORTED, supported),
    ];
    headers.extend(events.map(|events| (HeaderName::ALLOW_EVENTS, events)));
    with(StatusCode::OK, &headers)
}

/// Answers with a status and a Warning that says why. Its code 399 is a "miscellaneous warning" (RFC 3261
/// §20.43).
pub(super) fn warned(status: StatusCode, why: &str) -> Reply {
    let text = why.replace(['"', '\\'], "'");
    with(
        status,
        &[(HeaderName::WARNING, &format!("399 spigot \"{text}\""))],
    )
}

fn with(status: StatusCode, headers: &[(HeaderName, &str)]) -> Reply {
    let mut response = Response::new(status);
    for (name, value) in headers {
        push(&mut response, name.clone(), value);
    }
    Reply::Response(response)
}
