//! The effect of a failed request on its dialog ([RFC 5057 §5.1], Table 2).
//!
//! The invariant: only a request that is integral to a usage can end it, and a challenge ends nothing.
//!
//! [RFC 5057 §5.1]: https://www.rfc-editor.org/rfc/rfc5057#section-5.1

use spigot_parser::{Method, StatusCode};

/// The extent of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effect {
    /// The failure ends the transaction and nothing else.
    Transaction,
    /// The failure ends the usage that the request belongs to.
    Usage,
    /// The failure ends the dialog with all its usages.
    Dialog,
}

/// Says what a final response other than 2xx to a request inside a dialog ends.
pub(crate) fn of_response(method: &Method, status: StatusCode) -> Effect {
    match status.as_u16() {
        404 | 410 | 416 | 482..=485 | 502 | 604 => Effect::Dialog,
        // A peer that does not know UPDATE or PRACK, which no session depends on, has not lost its session.
        405 | 501 if [Method::UPDATE, Method::PRACK].contains(method) => Effect::Transaction,
        405 | 408 | 480 | 481 | 489 | 501 if is_integral(method) => Effect::Usage,
        // RFC 3261 §15.1.1: the session is over as soon as the BYE was sent, whatever is answered to it.
        _ if *method == Method::BYE => Effect::Usage,
        _ => Effect::Transaction,
    }
}

/// Says what a request inside a dialog ends when no final response comes.
pub(crate) fn of_silence(method: &Method) -> Effect {
    if is_integral(method) {
        Effect::Usage
    } else {
        Effect::Transaction
    }
}

/// Reports whether a request belongs to a usage: of a session (INVITE and what changes or ends it), or of a
/// subscription.
///
/// A MESSAGE, an INFO, an OPTIONS or a REFER that fails leaves the session that it was sent in as it is.
fn is_integral(method: &Method) -> bool {
    is_of_session(method) || is_of_subscription(method)
}

/// Reports whether requests with that method belong to the usage of an INVITE.
pub(crate) fn is_of_session(method: &Method) -> bool {
    [Method::INVITE, Method::UPDATE, Method::PRACK, Method::BYE].contains(method)
}

/// Reports whether requests with that method belong to a subscription.
pub(crate) fn is_of_subscription(method: &Method) -> bool {
    [Method::SUBSCRIBE, Method::NOTIFY].contains(method)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_end_what_table_2_of_rfc_5057_says() {
        use Effect::{Dialog, Transaction, Usage};
        let table = [
            (Method::INVITE, 404, Dialog),
            (Method::INFO, 410, Dialog),
            (Method::MESSAGE, 483, Dialog),
            (Method::INVITE, 482, Dialog),
            (Method::INVITE, 502, Dialog),
            (Method::INVITE, 604, Dialog),
            (Method::INVITE, 481, Usage),
            (Method::UPDATE, 408, Usage),
            (Method::NOTIFY, 481, Usage),
            (Method::SUBSCRIBE, 489, Usage),
            (Method::NOTIFY, 480, Usage),
            (Method::INFO, 481, Transaction),
            (Method::INFO, 408, Transaction),
            (Method::INFO, 405, Transaction),
            (Method::OPTIONS, 501, Transaction),
            (Method::UPDATE, 405, Transaction),
            (Method::PRACK, 501, Transaction),
            (Method::INVITE, 501, Usage),
            (Method::REFER, 481, Transaction),
            (Method::INVITE, 401, Transaction),
            (Method::INVITE, 403, Transaction),
            (Method::INVITE, 407, Transaction),
            (Method::INVITE, 488, Transaction),
            (Method::INVITE, 491, Transaction),
            (Method::INVITE, 500, Transaction),
            (Method::INVITE, 503, Transaction),
            (Method::INVITE, 603, Transaction),
            (Method::BYE, 403, Usage),
            (Method::BYE, 500, Usage),
        ];
        for (method, status, effect) in table {
            let code = StatusCode::from_u16(status).expect("a status");
            assert_eq!(of_response(&method, code), effect, "{status} {method}");
        }
        for (method, effect) in [
            (Method::INVITE, Usage),
            (Method::BYE, Usage),
            (Method::NOTIFY, Usage),
            (Method::INFO, Transaction),
            (Method::MESSAGE, Transaction),
        ] {
            assert_eq!(of_silence(&method), effect, "{method}");
        }
    }
}
