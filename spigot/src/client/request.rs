//! A request of ours while it is put together.

use std::net::SocketAddr;

use tokio::runtime::Handle;

use super::headers::{HeaderEdit, Scope};
use super::urn::is_urn;
use super::{Client, ClientTransaction, IntoUri, RequestError};
use crate::endpoint::{ContactKind, NewRequest, OwnParts, RequestDraft, Targets};
use crate::flow::{Flow, Transport};
use crate::proto::digest::Login;
use crate::proto::{Destination, DialogKey};
use crate::resolve::locate::NextHop;
use crate::sip::header::{self, TypedHeader};
use crate::sip::{Bytes, HeaderName, Method, ParseError, Request, Response};

/// A request that is not sent yet. [`Client::request`] and [`Dialog::request`](crate::Dialog::request) make
/// it.
///
/// The library writes Via, From, To, Call-ID, CSeq, Max-Forwards, Content-Length and, where the method wants
/// one, Contact. [`from`](Self::from) and [`to`](Self::to) change From and To, [`header`](Self::header) and
/// [`with`](Self::with) any other that may be changed.
///
/// A mistake is told when the request is sent.
#[derive(Debug)]
#[must_use = "nothing is sent before `send` or `start`"]
pub struct RequestBuilder {
    client: Client,
    /// The first mistake, kept until the request is sent.
    request: Result<Request, RequestError>,
    scope: Scope,
    towards: Towards,
    /// The dialog that the request is in.
    dialog: Option<DialogKey>,
    acknowledge: bool,
    own_parts: OwnParts,
    login: Option<Box<Login>>,
    opens_mailboxes: bool,
}

#[derive(Clone, Copy, Debug)]
enum Towards {
    /// Where the first Route or the Request-URI says.
    Uri,
    /// Where the caller says.
    Address(Transport, SocketAddr),
    /// Where the dialog says, whose peer was last heard on that flow.
    Dialog(Flow, Destination),
    /// By that flow and no other.
    Flow(Flow),
}

impl RequestBuilder {
    pub(super) fn new(client: Client, request: Result<Request, ParseError>) -> Self {
        RequestBuilder {
            client,
            request: request.map_err(RequestError::from).and_then(on_its_own),
            scope: Scope::Outside,
            towards: Towards::Uri,
            dialog: None,
            acknowledge: true,
            own_parts: OwnParts::default(),
            login: None,
            opens_mailboxes: false,
        }
    }

    /// Begins a request inside a dialog, on its flow and with its credentials.
    pub(crate) fn inside(client: Client, lane: usize, dialog: DialogKey, method: Method) -> Self {
        let drafted = client
            .core
            .step(lane, |state, _| state.shard.draft(&dialog, method.clone()));
        let (request, towards) = match drafted {
            Some(draft) => {
                let towards = Towards::Dialog(draft.flow, draft.destination);
                (Ok(draft.request), towards)
            }
            None => (Err(RequestError::DialogEnded), Towards::Uri),
        };
        RequestBuilder {
            request: request.and_then(on_its_own),
            scope: Scope::InDialog,
            towards,
            dialog: Some(dialog),
            client,
            acknowledge: true,
            own_parts: OwnParts::default(),
            login: None,
            opens_mailboxes: false,
        }
    }

    /// Sets the address in From, in the place of the client's own: `sip:alice@example.com`.
    ///
    /// The tag is the library's, or the dialog's ([RFC 4916
    /// §4.4.1](https://www.rfc-editor.org/rfc/rfc4916#section-4.4.1)). For a From with a display name use
    /// [`with`](Self::with) and a [`header::From`].
    pub fn from(self, uri: impl IntoUri) -> Self {
        self.edit_header(|| Ok(HeaderEdit::only(&header::From::new(uri.into_uri()?))))
    }

    /// Sets the address in To, in the place of the Request-URI. Inside a dialog it has the dialog's tag.
    pub fn to(self, uri: impl IntoUri) -> Self {
        self.edit_header(|| Ok(HeaderEdit::only(&header::To::new(uri.into_uri()?))))
    }

    /// Adds a header line, by its long or its compact name. A header that may stand there once takes the
    /// place of the one that is there: a Subject, an Expires, a Call-ID, the one Contact of an INVITE.
    ///
    /// Some cannot be set ([`RequestError::Header`]): Via and Content-Length; a CSeq with another method than
    /// the request's; and inside a dialog the Call-ID, the CSeq, and a From or To with another tag. A From
    /// without a tag gets one.
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
        self.edit_header(|| HeaderEdit::line(name.as_ref(), value.as_ref()))
    }

    /// Sets a typed header, in the place of all those of its name. It may be any that
    /// [`header`](Self::header) may set.
    pub fn with(self, header: impl TypedHeader) -> Self {
        self.edit_header(|| Ok(HeaderEdit::only(&header)))
    }

    /// Sets the body and its Content-Type.
    pub fn body(self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.edit(|request| Ok(request.set_body(content_type, body)?))
    }

    /// Sends the request to this address and nowhere else, whatever its URI says: to an outbound proxy, or to
    /// a server under test. It keeps to this transport, however large it is.
    pub fn to_address(mut self, transport: Transport, peer: SocketAddr) -> Self {
        self.towards = Towards::Address(transport, peer);
        self
    }

    /// Sends the request on this flow or not at all, whatever its URI says: to a browser, or to a phone
    /// behind a NAT. A handler has the flow of its request from [`Source::flow`](crate::Source::flow).
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

    /// Offers to keep the flow of the request alive, by `keep` in the Via of a REGISTER or of a request that
    /// opens a dialog ([RFC 6223 §4.3](https://www.rfc-editor.org/rfc/rfc6223#section-4.3)).
    ///
    /// [`ClientTransaction::keep_alive`] reads from the responses whether the server asks for it. Inside a
    /// dialog it is not offered again once the server has asked.
    pub fn keep(mut self) -> Self {
        self.own_parts.keep = true;
        self
    }

    /// Asks for requests inside the new dialog to come by the flow of this request, by `ob` in the Contact
    /// ([RFC 5626 §4.3](https://www.rfc-editor.org/rfc/rfc5626#section-4.3)).
    pub fn outbound(mut self) -> Self {
        self.own_parts.contact = ContactKind::OnFlow;
        self
    }

    /// Makes a REGISTER one for the flow that it leaves by
    /// ([RFC 5626 §4.2](https://www.rfc-editor.org/rfc/rfc5626#section-4.2)).
    ///
    /// `instance` is the URN of the user agent (RFC 8141: `urn:uuid:...`), and `reg_id` the number of the
    /// flow among its flows. They stand in the Contact as `+sip.instance` and `reg-id`, beside `Supported:
    /// path, outbound`. A registrar that knows flows says `Require: outbound`, and the flow has to be [kept
    /// alive](ClientTransaction::keep_alive) then.
    ///
    /// [`to`](Self::to) and [`from`](Self::from) both name who is registered; without them it is the domain
    /// itself. Before the registration expires it is sent again, [`on`](Self::on) the same flow.
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
        self.own_parts.contact = ContactKind::Registered(instance.into(), reg_id);
        self.edit(|request| {
            // RFC 5626 §4.1:
            // > Each UA MUST have an Instance Identifier Uniform Resource Name (URN) [RFC2141] that uniquely
            // > identifies the device.
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

    /// Opens a mailbox for each dialog that this request makes. Requests of the peer inside it go to
    /// [`Dialog::next`](crate::Dialog::next) then, and not to the routes.
    ///
    /// The mailbox is there from the response on that makes the dialog, so nothing is missed.
    pub fn with_mailbox(mut self) -> Self {
        self.opens_mailboxes = true;
        self
    }

    /// Leaves the ACK for the 2xx of an INVITE to the caller.
    /// [`Dialog::acknowledge`](crate::Dialog::acknowledge) or
    /// [`Dialog::acknowledge_with`](crate::Dialog::acknowledge_with) sends it. Without this the library sends
    /// it as soon as the 2xx comes.
    pub fn without_ack(mut self) -> Self {
        self.acknowledge = false;
        self
    }

    /// Answers challenges (401 and 407) with this name and password
    /// ([RFC 3261 §22](https://www.rfc-editor.org/rfc/rfc3261#section-22)).
    ///
    /// The request is sent again as soon as the challenge comes, whether or not somebody waits for the
    /// response. If the password is wrong, a second 401 or 407 comes, and that is the response. Requests
    /// inside a dialog are answered for with the credentials of the request that made it, if that had any.
    pub fn credentials(mut self, username: impl Into<String>, password: impl Into<String>) -> Self {
        self.login = Some(Box::new(Login::new(username, password)));
        self
    }

    /// Sends the request and waits for the final response.
    ///
    /// A call is made by [`start`](Self::start), which gives its dialog. Here nobody could end the call of an
    /// INVITE, so a 2xx to it is acknowledged and hung up on at once. A SUBSCRIBE is for
    /// [`start`](Self::start), too.
    ///
    /// # Errors
    ///
    /// [`RequestError`]. A 3xx, 4xx, 5xx or 6xx is a response, not an error.
    pub async fn send(self) -> Result<Response, RequestError> {
        self.start().await?.response().await
    }

    /// Sends the request and gives the transaction: for provisional responses, to cancel, and for the dialog.
    ///
    /// # Errors
    ///
    /// [`RequestError`], for all that keeps the request from leaving.
    pub async fn start(self) -> Result<ClientTransaction, RequestError> {
        let RequestBuilder {
            client,
            request,
            scope: _,
            towards,
            dialog,
            acknowledge,
            own_parts,
            login,
            opens_mailboxes,
        } = self;
        Handle::try_current().map_err(|_| RequestError::NoRuntime)?;
        let mut request = request?;
        let core = client.core.clone();
        let call_id = request.headers().get(&HeaderName::CALL_ID).unwrap_or_default();
        let lane = core.lanes.of(call_id);
        if core.is_closed(lane) {
            return Err(RequestError::ShutDown);
        }
        if let Some(dialog) = &dialog {
            core.step(lane, |state, _| state.shard.authorize(dialog, &mut request));
        }
        let draft = draft(request, own_parts)?;
        let names_flow = matches!(towards, Towards::Flow(_));
        let (flow, targets) = match towards {
            Towards::Address(transport, peer) => (core.flow_to_address(transport, peer).await?, None),
            Towards::Flow(flow) if core.carriers.is_open(&flow) => (flow, None),
            Towards::Flow(_) => return Err(RequestError::FlowFailed),
            Towards::Uri => {
                let mut targets = Targets::of(&core, NextHop::of(draft.request(), Destination::default())?);
                (
                    targets.flow(&|flow| draft.size(&core, flow)).await?,
                    Some(targets),
                )
            }
            Towards::Dialog(flow, destination) => core.flow_in_dialog(&draft, flow, destination).await?,
        };
        let new = NewRequest {
            draft,
            flow,
            stays_on_flow: names_flow || core.carriers.is_accepted(&flow),
            targets,
            upstream: None,
            dialog,
            acknowledge,
            login,
            opens_mailboxes,
        };
        let (pending, events) = core.begin_request(lane, new)?;
        Ok(ClientTransaction::new(client, pending, events))
    }

    fn edit_header(self, edit: impl FnOnce() -> Result<HeaderEdit, ParseError>) -> Self {
        let scope = self.scope;
        self.edit(|request| edit()?.put(request, scope))
    }

    fn edit(mut self, edit: impl FnOnce(&mut Request) -> Result<(), RequestError>) -> Self {
        self.request = self.request.and_then(|mut request| {
            edit(&mut request)?;
            Ok(request)
        });
        self
    }
}

/// Refuses ACK and CANCEL, which are no requests of their own.
fn on_its_own(request: Request) -> Result<Request, RequestError> {
    let expected = match request.method().as_str() {
        "ACK" => "`Dialog::acknowledge`",
        "CANCEL" => "`ClientTransaction::cancel`",
        _ => return Ok(request),
    };
    let method = request.method().clone();
    Err(RequestError::Method { method, expected })
}

/// Makes the draft of a request, which is completed when its flow is known. A Contact of the caller's own
/// stands as it is, so `outbound` and `register_flow` are errors beside it.
fn draft(request: Request, own_parts: OwnParts) -> Result<RequestDraft, RequestError> {
    let writes_more = matches!(
        own_parts.contact,
        ContactKind::OnFlow | ContactKind::Registered(..)
    );
    if writes_more && request.headers().contains(&HeaderName::CONTACT) {
        return Err(RequestError::Header {
            name: HeaderName::CONTACT,
            expected: "none beside `outbound` or `register_flow`, which write it",
        });
    }
    Ok(RequestDraft::new(request, own_parts))
}
