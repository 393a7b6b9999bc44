//! Requests of our own: built, sent, answered.
//!
//! A [`Client`] sends from the listeners of its endpoint, so its Via and Contact say where it can be reached.

mod error;
mod extract;
mod headers;
mod into_uri;
mod keep_alive;
mod request;
mod transaction;
mod urn;

use std::fmt;
use std::sync::Arc;

pub use error::RequestError;
pub use extract::NoClient;
pub use into_uri::IntoUri;
pub use keep_alive::KeepAlive;
pub use request::RequestBuilder;
pub use transaction::{ClientTransaction, Provisionals};

use crate::endpoint::{BadFlowToken, Core, Spigot};
use crate::flow::Flow;
use crate::sip::{Method, ParseError, Request, SipUri, Uri, header};

/// Sends requests from an endpoint's listeners: [`Spigot::client`](crate::Spigot::client) gives one, and a
/// handler takes one as an argument. Cloning shares it.
///
/// A request goes where its first Route or else its URI says: to an address, or to the servers of a domain
/// ([`resolve`](crate::resolve)), by the transport that the URI names or that they are found by. The endpoint
/// needs a listener of that transport and of the address's family, or it is
/// [`Unreachable`](crate::Unreachable). It comes from the endpoint's name at its first listener, unless
/// [`from`](RequestBuilder::from) says who is calling.
///
/// ```no_run
/// # async fn example(spigot: spigot::Spigot) -> Result<(), spigot::RequestError> {
/// let client = spigot.client();
/// let response = client.options("sip:bob@192.0.2.7").header("Accept", "application/sdp").send().await?;
/// println!("{}", response.status());
/// # Ok(())
/// # }
/// ```
///
/// A call, followed from its first ring to its end:
///
/// ```no_run
/// # async fn example(client: spigot::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use spigot::Method;
///
/// let mut invite = client.invite("sip:bob@192.0.2.7").body("application/sdp", "v=0\r\n").start().await?;
/// while let Some(response) = invite.provisional().await {
///     println!("{}", response.status()); // 180 Ringing
/// }
/// let answer = invite.response().await?;
/// if answer.status().is_success() {
///     let dialog = invite.dialog(&answer)?; // the ACK has gone out
///     dialog.request(Method::BYE).send().await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) core: Arc<Core>,
}

impl Spigot {
    /// Returns a client that sends from the endpoint's own listeners. It may outlive this handle: its
    /// requests then fail with [`RequestError::ShutDown`].
    pub fn client(&self) -> Client {
        Client {
            core: self.core.clone(),
        }
    }
}

impl Client {
    /// Begins a request outside of any dialog: a REGISTER, a SUBSCRIBE, a method of your own.
    ///
    /// A mistake in the URI is told when the request is sent. ACK and CANCEL are errors here:
    /// [`Dialog::acknowledge`](crate::Dialog::acknowledge) and [`ClientTransaction::cancel`] send them.
    pub fn request(&self, method: Method, uri: impl IntoUri) -> RequestBuilder {
        let request = uri.into_uri().and_then(|uri| self.prepare(method, uri));
        RequestBuilder::new(self.clone(), request)
    }

    /// Begins an OPTIONS, which asks what the peer can do.
    pub fn options(&self, uri: impl IntoUri) -> RequestBuilder {
        self.request(Method::OPTIONS, uri)
    }

    /// Begins an INVITE, a call. It is sent by [`start`](RequestBuilder::start), because its
    /// [dialog](ClientTransaction::dialog) is needed to go on with the call. The library sends the ACK for its
    /// 2xx.
    pub fn invite(&self, uri: impl IntoUri) -> RequestBuilder {
        self.request(Method::INVITE, uri)
    }

    /// Begins a MESSAGE, an instant message (RFC 3428).
    pub fn message(&self, uri: impl IntoUri) -> RequestBuilder {
        self.request(Method::MESSAGE, uri)
    }

    /// Waits until a flow is gone: until its connection is closed, whoever closes it. Returns at once if the
    /// flow is gone already.
    ///
    /// A flow of datagrams can be used for as long as the endpoint lives. It counts as gone when a
    /// [`KeepAlive`] finds that it has failed.
    pub async fn closed(&self, flow: Flow) {
        self.core.closed(flow).await;
    }

    /// Makes the token of a flow: letters and digits that nobody else can make. An edge proxy writes it as
    /// the user part of its URI in Path or Record-Route ([RFC 5626
    /// §5.2](https://www.rfc-editor.org/rfc/rfc5626#section-5.2)).
    pub fn flow_token(&self, flow: Flow) -> String {
        self.core.flow_token(&flow)
    }

    /// Returns the flow of a token.
    ///
    /// ```
    /// use spigot::{BadFlowToken, Client, Path, StatusCode, sip_router};
    ///
    /// struct Edge;
    ///
    /// #[sip_router]
    /// impl Edge {
    ///     #[message("sip:{token}@edge.example.com")]
    ///     async fn message(
    ///         &self,
    ///         Path(token): Path<String>,
    ///         text: String,
    ///         client: Client,
    ///     ) -> Result<StatusCode, BadFlowToken> {
    ///         let flow = client.flow_of(&token)?; // 403 or 430
    ///         let message = client.message("sip:alice@example.com").body("text/plain", text);
    ///         let sent = message.on(flow).send().await;
    ///         Ok(sent.map_or(StatusCode::FLOW_FAILED, |response| response.status()))
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`BadFlowToken`], which is an answer too: 403 to a token of nobody here, and 430 where the flow is
    /// closed.
    pub fn flow_of(&self, token: &str) -> Result<Flow, BadFlowToken> {
        self.core.flow_of(token)
    }

    /// Makes a request with the headers that every request has (RFC 3261 §8.1.1). The Via is written when the
    /// flow is known.
    fn prepare(&self, method: Method, uri: Uri) -> Result<Request, ParseError> {
        let core = &self.core;
        let from = header::From::new(self.identity()?).with_tag(&core.random.unique())?;
        let to = header::To::new(uri.clone());
        let cseq = header::CSeq::new(1, method.clone())?;
        let mut request = Request::new(method, uri);
        let headers = request.headers_mut();
        headers.push_typed(&header::MaxForwards::new(70));
        headers.push_typed(&from);
        headers.push_typed(&to);
        headers.push(crate::sip::HeaderName::CALL_ID, &core.random.unique())?;
        headers.push_typed(&cseq);
        Ok(request)
    }

    /// Returns the client's own address, for a From: the endpoint's name at its first listener.
    fn identity(&self) -> Result<Uri, ParseError> {
        let host = self.core.carriers.own_host().unwrap_or("invalid");
        Ok(Uri::Sip(SipUri::new(false, host)?.with_user(self.core.name())?))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("agent", &self.core.name())
            .finish()
    }
}
