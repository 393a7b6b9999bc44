//! The methods as types, so that the compiler knows which request a handler is for.
//!
//! [`FromRequest`](super::FromRequest) and [`IntoReply`](super::IntoReply) are told the method by one of these.
//! They are named as the attributes are, so that a diagnostic reads "an argument of a `register` handler".

/// A method whose requests are answered: every one but ACK, to which there is no response, and CANCEL, which
/// the library answers (RFC 3261 §9.2, §17).
#[diagnostic::on_unimplemented(
    message = "`{Self}` handlers cannot answer",
    label = "nothing can be sent in answer to this request",
    note = "ACK has no response in SIP, and the library answers CANCEL by itself: their handlers return `()`"
)]
pub trait Answered {}

macro_rules! methods {
    ($($name:ident $doc:literal $($answered:ident)?;)*) => {$(
        #[doc = $doc]
        #[allow(non_camel_case_types)]
        #[derive(Clone, Copy, Debug)]
        #[non_exhaustive]
        pub struct $name;

        $(impl $answered for $name {})?
    )*};
}

methods! {
    invite "INVITE: opens a session, or changes one (RFC 3261 §13)." Answered;
    ack "ACK: acknowledges the 2xx to an INVITE (RFC 3261 §13.2.2.4). It is never answered.";
    bye "BYE: ends a session (RFC 3261 §15)." Answered;
    cancel "CANCEL: gives up a pending INVITE (RFC 3261 §9). The library answers it.";
    register "REGISTER: binds an address of record to contacts (RFC 3261 §10)." Answered;
    options "OPTIONS: asks what a peer can do (RFC 3261 §11)." Answered;
    subscribe "SUBSCRIBE: asks for the notifications of an event (RFC 6665 §3.1)." Answered;
    notify "NOTIFY: reports an event's state (RFC 6665 §3.2)." Answered;
    info "INFO: carries application data within a session (RFC 6086)." Answered;
    message "MESSAGE: an instant message (RFC 3428)." Answered;
    prack "PRACK: acknowledges a reliable provisional response (RFC 3262)." Answered;
    publish "PUBLISH: puts an event's state in a server (RFC 3903)." Answered;
    pull "PULL: a method of the vendor's, with no RFC." Answered;
    push "PUSH: a method of the vendor's, with no RFC." Answered;
    refer "REFER: asks the recipient to send a request (RFC 3515)." Answered;
    store "STORE: a method of the vendor's, with no RFC." Answered;
    update "UPDATE: changes a session before it is answered (RFC 3311)." Answered;
    custom_method "A method that has no attribute of its own: `#[method(\"NAME\")]`." Answered;
    any "Any method but ACK and CANCEL: `#[any]`." Answered;
    fallback "What no route takes: `#[fallback]`." Answered;
}
