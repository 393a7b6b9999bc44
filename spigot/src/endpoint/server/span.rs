//! The `tracing` span that a handler runs in.

use tracing::Span;
use tracing::field::Empty;

use crate::endpoint::Core;
use crate::router::Request;
use crate::sip::HeaderName;

/// Makes the span of a request, which says what it is and where it came from, without body or credentials.
/// Plugs fill in the empty fields.
pub(super) fn span(core: &Core, request: &Request) -> Span {
    tracing::info_span!(
        "request",
        agent = core.name(),
        method = request.method().as_str(),
        user = request.uri().user(),
        host = request.uri().host(),
        call_id = request.headers().get(&HeaderName::CALL_ID),
        transport = %request.source().transport,
        peer = %request.source().peer,
        uri = Empty,
        from = Empty,
        to = Empty,
        cseq = Empty,
        request_id = Empty,
        status = Empty,
    )
}
