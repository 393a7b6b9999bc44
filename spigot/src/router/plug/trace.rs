//! What became of each request, in the log.

use tracing::field::{Empty, debug};
use tracing::{Instrument, Span};

use super::{Next, Plug};
use crate::router::{Reply, Request};
use crate::sip::{HeaderName, Headers};

/// Says more of each request in its span, in which everything runs: plugs, handler, and what they log. When
/// the reply is there, one event says its status and how long it took.
///
/// An endpoint gives each request one span, `request`, with the agent, the method, the user and the host of
/// the Request-URI, the Call-ID, and where it came from. This plug adds the whole Request-URI, From, To, CSeq
/// and the status; where there is no such span, as in a router without an endpoint, it makes one. It shows no
/// body, no credentials and no password, be it in a URI. Requests inside dialogs pass it too.
///
/// ```
/// use spigot::plug::Trace;
/// use spigot::{StatusCode, sip_router};
///
/// struct Pbx;
///
/// #[sip_router(plugs(Trace::new()))]
/// impl Pbx {
///     #[register]
///     async fn register(&self) -> StatusCode {
///         tracing::info!("somebody registers");
///         StatusCode::OK
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Trace;

impl Trace {
    /// Makes the plug. It logs at the level INFO.
    pub const fn new() -> Trace {
        Trace
    }
}

/// Says whether this is the span that an endpoint has made for the request.
fn is_of_request(span: &Span) -> bool {
    span.metadata()
        .is_some_and(|metadata| metadata.name() == "request" && metadata.target().starts_with("spigot::"))
}

fn new_span(request: &Request) -> Span {
    tracing::info_span!(
        "request",
        method = request.method().as_str(),
        uri = Empty,
        from = Empty,
        to = Empty,
        call_id = request.headers().get(&HeaderName::CALL_ID),
        cseq = Empty,
        status = Empty,
        request_id = Empty,
    )
}

/// Shows the first line of that name, without a password.
fn shown(headers: &Headers, name: &HeaderName) -> Option<String> {
    let field = headers.iter().find(|field| field.is(name))?;
    let line = format!("{field:?}");
    Some(match line.split_once(": ") {
        Some((_, value)) => value.to_owned(),
        None => line,
    })
}

impl Plug for Trace {
    async fn call(&self, request: Request, next: Next<'_>) -> Reply {
        let current = Span::current();
        let (span, entered) = if is_of_request(&current) {
            (current, Span::none())
        } else {
            let new = new_span(&request);
            (new.clone(), new)
        };
        if !span.is_disabled() {
            let headers = request.headers();
            // `Debug` shows no password.
            span.record("uri", debug(request.uri()));
            span.record("from", shown(headers, &HeaderName::FROM));
            span.record("to", shown(headers, &HeaderName::TO));
            span.record("cseq", headers.get(&HeaderName::CSEQ));
        }
        let begun = tokio::time::Instant::now();
        async {
            let reply = next.run(request).await;
            let status = reply.status().map(|status| status.as_u16());
            span.record("status", status);
            tracing::info!(status, elapsed = ?begun.elapsed(), "answered");
            reply
        }
        .instrument(entered)
        .await
    }

    /// Whatever happens in a call is to be seen.
    fn in_dialog(&self) -> bool {
        true
    }
}
