//! The client as an argument of handlers.

use super::Client;
use crate::endpoint::Endpoint;
use crate::router::body_use::BodyUse;
use crate::router::{Agent, FromRequest, IntoReply, Reply, Request};
use crate::sip::StatusCode;

/// Why a handler is not given a [`Client`]: the router was asked directly, or the endpoint has been shut
/// down. Answered 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no endpoint to send requests from")]
pub struct NoClient;

impl<M> IntoReply<M> for NoClient {
    fn into_reply(self) -> Reply {
        tracing::error!("a handler takes a `Client`, and there is no endpoint to send requests from: 500");
        StatusCode::SERVER_INTERNAL_ERROR.into()
    }
}

/// The client of the endpoint that the request came to.
///
/// ```
/// use spigot::{Client, StatusCode, sip_router};
///
/// struct Relay;
///
/// #[sip_router]
/// impl Relay {
///     #[message]
///     async fn relay(&self, client: Client, text: String) -> StatusCode {
///         let request = client.message("sip:bob@192.0.2.7").body("text/plain", text);
///         match request.send().await {
///             Ok(response) => response.status(),
///             Err(_) => StatusCode::BAD_GATEWAY,
///         }
///     }
/// }
/// ```
impl<S: Agent, M> FromRequest<S, M> for Client {
    type Rejection = NoClient;

    const BODY: BodyUse = BodyUse::Nothing;

    async fn from_request(request: &Request, _: &S) -> Result<Self, NoClient> {
        let endpoint = request.extension::<Endpoint>().and_then(Endpoint::core);
        endpoint.map(|core| Client { core }).ok_or(NoClient)
    }
}
