//! A request of ours while it is put together.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use super::challenged::Challenged;
use super::draft::{Draft, Ours, Ourselves};
use super::headers::{Said, Scope};
use super::urn::is_urn;
use super::{Client, ClientTransaction, IntoUri, RequestError};
use crate::endpoint::Targets;
use crate::flow::{Flow, Transport};
use crate::proto::digest::Login;
use crate::resolve::locate::NextHop;
use crate::sip::header::{self, TypedHeader};
use crate::sip::{Bytes, HeaderName, ParseError, Request, Response};

/// A request that is not sent yet; made by [`Client::request`].
///
/// Via, From, To, Call-ID, CSeq, Max-Forwards, Content-Length and, where the method wants one, Contact are written by the
/// library. What can be said of them is said by [`header`](Self::header) or [`with`](Self::with), and of From and To by
/// [`from`](Self::from) and [`to`](Self::to).
///
/// A mistake in any of it is told when the request is sent.
#[derive(Debug)]
#[must_use = "nothing is sent before `send` or `start`"]
pub struct RequestBuilder {
    client: Client,
    /// The first mistake, kept until the request is sent.
    request: Result<Request, RequestError>,
    scope: Scope,
    towards: Towards,
    acknowledge: bool,
    ours: Ours,
    challenged: Challenged,
}

#[derive(Clone, Copy, Debug)]
enum Towards {
    /// The first Route or the Request-URI says.
    Uri,
    /// The caller says.
    Address(Transport, SocketAddr),
    /// The flow of a dialog, while it stands; datagrams go to the next hop all the same.
    Dialog(Flow),
    /// That flow and no other.
    Flow(Flow),
}

impl RequestBuilder {
    pub(super) fn new(client: Client, request: Result<Request, ParseError>) -> Self {
        RequestBuilder {
            client,
            request: request.map_err(RequestError::from).and_then(on_its_own),
            scope: Scope::Outside,
            towards: Towards::Uri,
            acknowledge: true,
            ours: Ours::default(),
            challenged: Challenged::default(),
        }
    }

    /// Inside a dialog: on its flow, with its numbers and credentials.
    pub(super) fn inside(mut self, flow: Flow, challenged: Challenged) -> Self {
        self.scope = Scope::InDialog;
        self.towards = Towards::Dialog(flow);
        self.challenged = challenged;
        self
    }

    /// From another address than the client's own: `sip:alice@example.com`. The tag is the library's, or the dialog's
    /// ([RFC 4916 §4.4.1](https://www.rfc-editor.org/rfc/rfc4916#section-4.4.1)). One with a name to show is for
    /// [`with`](Self::with) and a [`header::From`].
    pub fn from(self, uri: impl IntoUri) -> Self {
        self.say(|| Ok(Said::only(&header::From::new(uri.into_uri()?))))
    }

    /// To another address than the Request-URI. Inside a dialog it has the dialog's tag.
    pub fn to(self, uri: impl IntoUri) -> Self {
        self.say(|| Ok(Said::only(&header::To::new(uri.into_uri()?))))
    }

    /// Adds a header line, by its long or its compact name. What may stand in a request once takes the place of what is
    /// there: a Subject, an Expires, a Call-ID, the one Contact of an INVITE.
    ///
    /// Some cannot be set ([`RequestError::Header`]): Via and Content-Length; a CSeq with another method than the request's; and
    /// inside a dialog the Call-ID, the CSeq, and a From or To with another tag. A From without a tag gets one.
    ///
    /// A registration that is sent again has the same Call-ID and the next number
    /// ([RFC 3261 §10.2.4](https://www.rfc-editor.org/rfc/rfc3261#section-10.2.4)):
    ///
    /// ```no_run
    /// # async fn example(client: spigot::Client) -> Result<(), spigot::RequestError> {
    /// # let (alice, contact) = ("sip:alice@example.com", "<sip:alice@192.0.2.7>");
    /// let register = client.request(spigot::Method::REGISTER, "sip:example.com").from(alice).to(alice);
    /// let register = register.header("Contact", contact).header("Expires", "600");
    /// register.header("Call-ID", "843817637684230@998sdasdh09").header("CSeq", "2 REGISTER").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn header(self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.say(|| Said::line(name.as_ref(), value.as_ref()))
    }

    /// Sets a typed header, in the place of all those of its name; as [`header`](Self::header) otherwise.
    pub fn with(self, header: impl TypedHeader) -> Self {
        self.say(|| Ok(Said::only(&header)))
    }

    /// The body and its Content-Type.
    pub fn body(self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.edit(|request| Ok(request.set_body(content_type, body)?))
    }

    /// Sends it to this address, whatever its URI says, and nowhere else: an outbound proxy, or a server under test. It stays
    /// with the transport, however large it is.
    pub fn to_address(mut self, transport: Transport, peer: SocketAddr) -> Self {
        self.towards = Towards::Address(transport, peer);
        self
    }

    /// Sends it on this flow, whatever its URI says, or not at all: to a peer that is reached by no other way, because it is
    /// behind a NAT or a browser. A handler has the flow of what it answers from [`Source::flow`](crate::Source::flow).
    ///
    /// ```
    /// use spigot::{Client, Source, StatusCode};
    ///
    /// struct Registrar;
    ///
    /// #[spigot::sip_router]
    /// impl Registrar {
    ///     #[register]
    ///     async fn register(&self, source: Source, client: Client) -> StatusCode {
    ///         let greeting = client.message("sip:alice@browser.invalid").body("text/plain", "welcome");
    ///         tokio::spawn(greeting.on(source.flow()).send());
    ///         StatusCode::OK
    ///     }
    /// }
    /// ```
    pub fn on(mut self, flow: Flow) -> Self {
        self.towards = Towards::Flow(flow);
        self
    }

    /// Offers to keep the flow alive that it leaves by: `keep` in the Via of a REGISTER, or of a request that opens a dialog
    /// ([RFC 6223 §4.3](https://www.rfc-editor.org/rfc/rfc6223#section-4.3)). Whether the server asks for that is what
    /// [`ClientTransaction::keep_alive`] reads from its responses. Inside a dialog it is not offered again once the server has asked.
    pub fn keep(mut self) -> Self {
        self.ours.keep = true;
        self
    }

    /// Wants requests of the dialog that it makes to come by the flow that it leaves by: `ob` in the Contact
    /// ([RFC 5626 §4.3](https://www.rfc-editor.org/rfc/rfc5626#section-4.3)).
    pub fn outbound(mut self) -> Self {
        self.ours.contact = Ourselves::OnFlow;
        self
    }

    /// A REGISTER for the flow that it leaves by, of the user agent with this instance (a URN, RFC 8141: `urn:uuid:...`) and this
    /// number among its flows: the Contact with `+sip.instance` and `reg-id`, and `Supported: path, outbound`
    /// ([RFC 5626 §4.2](https://www.rfc-editor.org/rfc/rfc5626#section-4.2)). A registrar that knows flows says
    /// `Require: outbound`, and the flow has to be [kept alive](ClientTransaction::keep_alive) then.
    ///
    /// Who is registered is said by [`to`](Self::to), and [`from`](Self::from) says the same; without them it is the domain itself.
    /// Before the registration expires it is sent again, [`on`](Self::on) the same flow.
    ///
    /// ```no_run
    /// # async fn example(client: spigot::Client) -> Result<(), spigot::RequestError> {
    /// let (alice, phone) = ("sip:alice@example.com", "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6");
    /// let register = client.request(spigot::Method::REGISTER, "sip:example.com;transport=tcp").from(alice).to(alice);
    /// let mut register = register.register_flow(phone, 1).start().await?;
    /// let response = register.response().await?;
    /// if let Some(mut kept) = register.keep_alive(&response) {
    ///     kept.failed().await; // and register again
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn register_flow(mut self, instance: &str, reg_id: u32) -> Self {
        self.ours.contact = Ourselves::Registered(instance.into(), reg_id);
        self.edit(|request| {
            // RFC 5626 §4.1:
            // > Each UA MUST have an Instance Identifier Uniform Resource Name (URN) [RFC2141] that uniquely identifies the
            // > device.
            if !is_urn(instance) {
                return Err(RequestError::Header {
                    name: HeaderName::CONTACT,
                    expected: "a URN as its `+sip.instance`, such as `urn:uuid:` and a UUID",
                });
            }
            request.headers_mut().remove(&HeaderName::CONTACT);
            let supported = header::Supported::new(["path", "outbound"])?;
            request.headers_mut().push_typed(&supported);
            Ok(())
        })
    }

    /// Leaves the ACK for the 2xx of an INVITE to the caller, who sends it by
    /// [`Dialog::acknowledge`](super::Dialog::acknowledge). Without this the library sends it as soon as the 2xx comes.
    pub fn without_ack(mut self) -> Self {
        self.acknowledge = false;
        self
    }

    /// Answers a 401 or 407 with this name and password: the request is sent again with what the challenge asks for, and so
    /// are requests in the dialog that it makes ([RFC 3261 §22](https://www.rfc-editor.org/rfc/rfc3261#section-22)). That a password
    /// is wrong is seen by the second 401 or 407, which is the response then.
    ///
    /// After [`start`](Self::start) it is sent again as soon as somebody waits for a response of the
    /// [`ClientTransaction`], and not before.
    pub fn credentials(mut self, username: impl Into<String>, password: impl Into<String>) -> Self {
        let login = Login::new(username, password);
        self.challenged.login = Some(Arc::new(Mutex::new(login)));
        self
    }

    /// Sends it and waits for the final response. The dialog that an INVITE or a SUBSCRIBE opens is lost with it: those are for
    /// [`start`](Self::start).
    ///
    /// # Errors
    ///
    /// [`RequestError`]. A 3xx, 4xx, 5xx or 6xx is a response, not an error.
    pub async fn send(self) -> Result<Response, RequestError> {
        self.start().await?.response().await
    }

    /// Sends it and gives the transaction: for provisional responses, to cancel, and for the dialog that it opens.
    ///
    /// # Errors
    ///
    /// [`RequestError`], for all that keeps it from leaving.
    pub async fn start(self) -> Result<ClientTransaction, RequestError> {
        let RequestBuilder {
            client,
            request,
            scope: _,
            towards,
            acknowledge,
            ours,
            challenged,
        } = self;
        let mut request = request?;
        let core = client.core.clone();
        let lane = core.lane_of(request.headers());
        if core.is_closed(lane) {
            return Err(RequestError::ShutDown);
        }
        challenged.authorize(&mut request, || core.unique())?;
        let draft = Draft::new(request, ours)?;
        let (flow, targets) = match towards {
            Towards::Address(transport, peer) => (core.flow_to_address(transport, peer).await?, None),
            Towards::Flow(flow) if core.is_open(&flow) => (flow, None),
            Towards::Flow(_) => return Err(RequestError::FlowFailed),
            Towards::Uri => {
                let mut targets = Targets::of(&core, NextHop::of(draft.request())?);
                (
                    targets.flow(&|flow| draft.size(&core, flow)).await?,
                    Some(targets),
                )
            }
            Towards::Dialog(flow) => {
                let hop = NextHop::of(draft.request())?;
                let flow = core.flow_at_once(&hop, flow);
                match flow.filter(|flow| !core.is_too_large(flow, &|flow| draft.size(&core, flow))) {
                    Some(flow) => (flow, Some(Targets::none(&core, hop))),
                    None => {
                        let mut targets = Targets::of(&core, hop);
                        (
                            targets.flow(&|flow| draft.size(&core, flow)).await?,
                            Some(targets),
                        )
                    }
                }
            }
        };
        ClientTransaction::begin(client, lane, draft, flow, targets, acknowledge, challenged)
    }

    fn say(self, said: impl FnOnce() -> Result<Said, ParseError>) -> Self {
        let scope = self.scope;
        self.edit(|request| said()?.put(request, scope))
    }

    fn edit(mut self, edit: impl FnOnce(&mut Request) -> Result<(), RequestError>) -> Self {
        self.request = self.request.and_then(|mut request| {
            edit(&mut request)?;
            Ok(request)
        });
        self
    }
}

/// Refuses what is no request of its own.
fn on_its_own(request: Request) -> Result<Request, RequestError> {
    let expected = match request.method().as_str() {
        "ACK" => "`Dialog::acknowledge`",
        "CANCEL" => "`ClientTransaction::cancel`",
        _ => return Ok(request),
    };
    let method = request.method().clone();
    Err(RequestError::Method { method, expected })
}
