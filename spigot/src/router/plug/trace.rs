//! What became of each request, in the log.

use tracing::Instrument;
use tracing::field::Empty;

use super::{Next, Plug};
use crate::router::{Reply, Request};
use crate::sip::{HeaderName, Headers};

/// A span for each request, in which everything after it runs: plugs, handler, and what they log. When the reply is there,
/// one event says its status and how long it took.
///
/// The span has the method, the Request-URI, From, To, Call-ID and CSeq. It has no body, no credentials and no password, be it
/// in a URI.
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
    /// Spans at the level INFO.
    pub const fn new() -> Trace {
        Trace
    }
}

/// The first line of that name, without a password.
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
        let headers = request.headers();
        let span = tracing::info_span!(
            "sip",
            method = request.method().as_str(),
            // `Debug` shows no password.
            uri = ?request.uri(),
            from = shown(headers, &HeaderName::FROM),
            to = shown(headers, &HeaderName::TO),
            call_id = headers.get(&HeaderName::CALL_ID),
            cseq = headers.get(&HeaderName::CSEQ),
            status = Empty,
            request_id = Empty,
        );
        let begun = tokio::time::Instant::now();
        async {
            let reply = next.run(request).await;
            let status = reply.status().map(|status| status.as_u16());
            tracing::Span::current().record("status", status);
            tracing::info!(status, elapsed = ?begun.elapsed(), "answered");
            reply
        }
        .instrument(span)
        .await
    }
}
