//! The methods as types, so that the compiler knows which request a handler is for.
//!
//! [`FromRequest`](super::FromRequest) and [`IntoReply`](super::IntoReply) are told the method by one of
//! these. They are named as the attributes are, so that a diagnostic reads "an argument of a `register`
//! handler".

/// A method whose requests are answered: every one but ACK, to which there is no response, and CANCEL, which
/// the library answers (RFC 3261 §9.2, §17).
#[diagnostic::on_unimplemented(
    message = "`{Self}` handlers cannot answer",
    label = "nothing can be sent in answer to this request",
    note = "ACK has no response in SIP, and the library answers CANCEL by itself: their handlers return `()`"
)]
pub trait Answered {}

/// A method whose requests open a transaction: every one but ACK, which belongs to that of its INVITE or to
/// none (RFC 3261 §17).
#[diagnostic::on_unimplemented(
    message = "`Transaction` cannot be an argument of an `{Self}` handler",
    label = "there is no transaction here",
    note = "an ACK opens no transaction: there is nothing to answer and nothing to cancel"
)]
pub trait Transacted {}

/// A method whose requests pass plugs: every one but ACK and CANCEL, to which nothing can be answered.
#[diagnostic::on_unimplemented(
    message = "`Extension` cannot be an argument of `{Self}` handlers",
    label = "no plug puts anything beside this request",
    note = "ACK and CANCEL pass no plug: nothing can be answered to them, and neither may be challenged"
)]
pub trait Plugged {}

#[diagnostic::do_not_recommend]
impl<M: Answered> Plugged for M {}

/// A method whose requests a handler can pass on: every one but ACK and CANCEL, which go the way of their
/// INVITE.
#[diagnostic::on_unimplemented(
    message = "`Proxy` cannot be an argument of `{Self}` handlers",
    label = "this request goes the way of its INVITE",
    note = "where the INVITE has passed through, its ACK and CANCEL do so by themselves: take the `Proxy` in the `invite` handler"
)]
pub trait Proxied {}

#[diagnostic::do_not_recommend]
impl<M: Answered> Proxied for M {}

/// A method whose requests may lack a `T`, so that a handler takes an `Option`.
///
/// No method implements it for what is always there: it is there for the compiler's message.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{T}` is never missing from a `{Self}` request",
    label = "take this without `Option`",
    note = "`Request`, `Uri`, `Source` and `Proxy` are always there; `Contacts`, `Bytes` and `String` are empty where there is nothing"
)]
pub trait Lacks<T> {}

/// A method whose requests all have a `T`, so that a handler takes it without `Option`.
///
/// No method implements it for what may be missing: it is there for the compiler's message.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{T}` may be missing from a `{Self}` request",
    label = "take this as an `Option`",
    note = "the argument is an `Option<{T}>`: `None` for requests that have none"
)]
pub trait Has<T> {
    /// Makes the value of a request that shows none. As no method has it, this is never called.
    fn unseen() -> T;
}

macro_rules! methods {
    ($($name:ident $doc:literal $($is:ident)*;)*) => {$(
        #[doc = $doc]
        #[allow(non_camel_case_types)]
        #[derive(Clone, Copy, Debug)]
        #[non_exhaustive]
        pub struct $name;

        $(impl $is for $name {})*
    )*};
}

methods! {
    invite "INVITE: opens a session, or changes one (RFC 3261 §13)." Answered Transacted;
    ack "ACK: acknowledges the 2xx to an INVITE (RFC 3261 §13.2.2.4). It is never answered.";
    bye "BYE: ends a session (RFC 3261 §15)." Answered Transacted;
    cancel "CANCEL: gives up a pending INVITE (RFC 3261 §9). The library answers it." Transacted;
    register "REGISTER: binds an address of record to contacts (RFC 3261 §10)." Answered Transacted;
    options "OPTIONS: asks what a peer can do (RFC 3261 §11)." Answered Transacted;
    subscribe "SUBSCRIBE: asks for the notifications of an event (RFC 6665 §3.1)." Answered Transacted;
    notify "NOTIFY: reports an event's state (RFC 6665 §3.2)." Answered Transacted;
    info "INFO: carries application data within a session (RFC 6086)." Answered Transacted;
    message "MESSAGE: an instant message (RFC 3428)." Answered Transacted;
    prack "PRACK: acknowledges a reliable provisional response (RFC 3262)." Answered Transacted;
    publish "PUBLISH: puts an event's state in a server (RFC 3903)." Answered Transacted;
    pull "PULL: a method of the vendor's, with no RFC." Answered Transacted;
    push "PUSH: a method of the vendor's, with no RFC." Answered Transacted;
    refer "REFER: asks the recipient to send a request (RFC 3515)." Answered Transacted;
    store "STORE: a method of the vendor's, with no RFC." Answered Transacted;
    update "UPDATE: changes a session before it is answered (RFC 3311)." Answered Transacted;
    custom_method "A method that has no attribute of its own: `#[method(\"NAME\")]`." Answered Transacted;
    any "Any method but ACK and CANCEL: `#[any]`." Answered Transacted;
    fallback "What no route takes: `#[fallback]`." Answered Transacted;
}
