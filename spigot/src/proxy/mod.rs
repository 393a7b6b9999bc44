//! Requests that pass through this element (RFC 3261 §16), as a handler sees them.
//!
//! `forward` says where one goes on, `branch` is what it was forwarded as, `error` why it is not.
//!
//! Invariant: whoever holds a [`Proxy`] handles a request whose role is [`Role::Through`], which the router
//! has told the endpoint before the handler began.

mod branch;
mod error;
mod forward;

use std::fmt;

pub use branch::Branch;
pub use error::ForwardError;
pub use forward::Forward;

use crate::client::IntoUri;
use crate::endpoint::Endpoint;
use crate::proto::Role;
use crate::router::extract::OptionalFromRequest;
use crate::router::{Agent, FromRequest, IntoReply, Reply, Request, Transaction, TransactionError, method};
use crate::sip::{Response, StatusCode};

/// A request that passes through this element, which is a proxy for it, as an argument of handlers.
///
/// A handler that takes one makes the requests of its route pass *through* this element ([RFC 3261
/// §16](https://www.rfc-editor.org/rfc/rfc3261#section-16)). Nothing else has to be configured. For the
/// requests of all other routes this element is the user agent.
///
/// Every handler may take a `Proxy` but those of ACK and CANCEL, which go the way of their INVITE. It stands
/// alone, in a tuple or in a `Result<Proxy, NoProxy>`. It is never missing, so there is no `Option<Proxy>`.
/// An extractor of your own cannot contain it: the request would be answered 500 ([`NoProxy::NotThrough`]).
///
/// A handler forwards the request, passes each provisional response back, and returns the final one:
///
/// ```
/// use spigot::{ForwardError, Proxy, Reply, Uri, sip_router};
///
/// struct Edge;
///
/// #[sip_router]
/// impl Edge {
///     #[invite("sip:*@example.com")]
///     async fn invite(&self, proxy: Proxy) -> Result<Reply, ForwardError> {
///         let mut branch = proxy.forward("sip:bob@192.0.2.7").record_route().start().await?;
///         while let Some(response) = branch.provisional().await {
///             proxy.relay(&response)?; // 180 Ringing
///         }
///         Ok(Reply::relayed(branch.response().await?))
///     }
///
///     /// What follows in the dialogs, and all else, goes to where it says itself.
///     #[any]
///     async fn onward(&self, proxy: Proxy, uri: Uri) -> Result<Reply, ForwardError> {
///         let mut branch = proxy.forward(uri).start().await?;
///         while let Some(response) = branch.provisional().await {
///             proxy.relay(&response)?;
///         }
///         Ok(Reply::relayed(branch.response().await?))
///     }
/// }
/// ```
///
/// # Dialogs
///
/// The dialogs of such requests are those of the user agents at both ends: this element makes none, counts
/// none and judges none. So a later request of one is [outside of any dialog](Request::in_dialog) here and
/// passes all plugs. It comes here if its INVITE was forwarded with [`record_route`](Forward::record_route).
///
/// A request of a dialog that this element does not know, also a BYE or an INFO, goes to a route that takes a
/// `Proxy`. Its Request-URI is the Contact of a peer, so that route has no pattern. Where no such route takes
/// it, it is answered as if there were no proxy: 481 as a rule.
///
/// # What the library does by itself
///
/// - The ACK of a 2xx goes on to where its Route and Request-URI say, if it carries a Route of ours
///   ([§16.6](https://www.rfc-editor.org/rfc/rfc3261#section-16.6)). That of a refusal ends here
///   ([§17.1.1.3](https://www.rfc-editor.org/rfc/rfc3261#section-17.1.1.3)).
/// - A 2xx to an INVITE that comes after the final response of its branch goes back at once, from whichever
///   fork it is ([§16.7](https://www.rfc-editor.org/rfc/rfc3261#section-16.7)). It is acknowledged by the
///   caller alone.
/// - A CANCEL is answered 200 and cancels the branches
///   ([§16.10](https://www.rfc-editor.org/rfc/rfc3261#section-16.10)). The INVITE is answered by the handler,
///   with the 487 that a branch gives. [`Transaction::cancelled`] tells of it.
/// - Credentials, Require and the body are the business of the user agents. Proxy-Require is this element's:
///   an option that is not [`supported`](crate::Router::supported) is answered 420
///   ([§16.3](https://www.rfc-editor.org/rfc/rfc3261#section-16.3)).
pub struct Proxy {
    request: Request,
    transaction: Transaction,
}

impl Proxy {
    /// Begins to forward the request to a target, which takes the place of the Request-URI
    /// ([RFC 3261 §16.6](https://www.rfc-editor.org/rfc/rfc3261#section-16.6)).
    ///
    /// A request inside a dialog keeps its Request-URI whatever the target is, because that names the peer
    /// already ([§12.2.1.1](https://www.rfc-editor.org/rfc/rfc3261#section-12.2.1.1)). A handler may forward
    /// a request more than once: one target after the other, or several beside each other.
    pub fn forward(&self, target: impl IntoUri) -> Forward {
        Forward::new(
            self.request.message().clone(),
            self.transaction.clone(),
            target.into_uri(),
        )
    }

    /// Passes a provisional response of a branch back to where the request came from
    /// ([RFC 3261 §16.7](https://www.rfc-editor.org/rfc/rfc3261#section-16.7)). A final one is what the
    /// handler returns, as [`Reply::relayed`].
    ///
    /// # Errors
    ///
    /// [`TransactionError::NotProvisional`] if it is final, [`TransactionError::Answered`] if the request is
    /// answered.
    pub fn relay(&self, response: &Response) -> Result<(), TransactionError> {
        self.transaction.relay(response)
    }
}

/// Why a handler is not given a [`Proxy`]. Answered 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoProxy {
    /// The router was asked without an endpoint, or the endpoint has been shut down.
    #[error("there is no endpoint to forward requests from")]
    NoEndpoint,
    /// The handler does not take a `Proxy` itself: an extractor of the application's own asks for one, or a
    /// plug.
    #[error(
        "the handler of this request takes no `Proxy`: make it an argument of the handler, alone, in a tuple or a `Result`"
    )]
    NotThrough,
}

impl<M> IntoReply<M> for NoProxy {
    fn into_reply(self) -> Reply {
        tracing::error!(error = %self, "a `Proxy` cannot be had: 500");
        StatusCode::SERVER_INTERNAL_ERROR.into()
    }
}

impl<S: Agent, M: method::Proxied> FromRequest<S, M> for Proxy {
    type Rejection = NoProxy;

    const ROLE: Role = Role::Through;

    async fn from_request(request: &Request, _: &S) -> Result<Self, NoProxy> {
        if request.role() != Role::Through {
            return Err(NoProxy::NotThrough);
        }
        let has_endpoint = request.extension::<Endpoint>().and_then(Endpoint::core).is_some();
        match request.transaction() {
            Some(transaction) if has_endpoint => Ok(Proxy {
                request: request.clone(),
                transaction: transaction.clone(),
            }),
            _ => Err(NoProxy::NoEndpoint),
        }
    }
}

// For the compiler's sake, which can then say why this is no `Option`.
#[doc(hidden)]
impl<S: Agent, M: method::Proxied + method::Lacks<Proxy>> OptionalFromRequest<S, M> for Proxy {
    type Rejection = NoProxy;

    async fn from_request_if_there(request: &Request, agent: &S) -> Result<Option<Self>, NoProxy> {
        <Self as FromRequest<S, M>>::from_request(request, agent)
            .await
            .map(Some)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("request", &self.request)
            .field("transaction", &self.transaction)
            .finish()
    }
}
