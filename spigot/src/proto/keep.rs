//! Offers to keep a flow alive, and how often that should be
//! ([RFC 6223](https://www.rfc-editor.org/rfc/rfc6223)).

use std::time::Duration;

use spigot_parser::header::Via;
use spigot_parser::{HeaderName, ParseError, Response};

use crate::flow::Transport;

/// How often the peer of a flow should give a sign of life, in seconds: for the NATs on the way where there are only datagrams
/// (RFC 5626 §4.4.2 has 24 to 29), well before it would be closed where there is a connection, which it is after `idle`.
pub(crate) fn often(transport: Transport, idle: Duration) -> u32 {
    match transport.is_reliable() {
        true => (idle.as_secs().saturating_mul(3) / 4)
            .max(1)
            .try_into()
            .unwrap_or(u32::MAX),
        false => 25,
    }
}

/// Accepts the offer in the topmost Via of a response of ours, if there is one, and says how often.
///
/// [RFC 6223 §4.4](https://www.rfc-editor.org/rfc/rfc6223#section-4.4):
/// > A SIP entity MUST NOT indicate willingness to receive keep-alives associated with a dialog, unless it has also inserted
/// > itself in the dialog route set.
///
/// Who answers is at its end. Whether one who forwards is in the route set is not known here, so the responses that it forwards stay
/// as they are.
///
/// # Errors
///
/// The Via cannot be read.
pub(super) fn accept(response: &mut Response, seconds: u32) -> Result<(), ParseError> {
    // Looked at as text first: few offer it.
    let text = response.headers().get(&HeaderName::VIA).unwrap_or_default();
    let says_it = |word: &[u8]| word.eq_ignore_ascii_case(b"keep");
    if !text.as_bytes().windows(4).any(says_it) {
        return Ok(());
    }
    let Some(via) = response.headers().typed::<Via>()? else {
        return Ok(());
    };
    if via.param("keep") != Some(None) {
        return Ok(());
    }
    let via = via.with_param("keep", Some(&seconds.to_string()))?;
    response.headers_mut().replace_first(&via)
}

#[cfg(test)]
mod tests {
    use spigot_parser::StatusCode;

    use super::*;

    #[test]
    fn who_would_keep_the_flow_alive_hears_how_often() {
        let idle = Duration::from_secs(120);
        let table = [
            (Transport::Udp, ";keep", Some(Some("25"))),
            (Transport::Tcp, ";keep", Some(Some("90"))),
            (Transport::Tcp, ";KEEP", Some(Some("90"))),
            (Transport::Tcp, ";keep=10", Some(Some("10"))),
            (Transport::Tcp, "", None),
            (Transport::Tcp, ", SIP/2.0/UDP keep.example;keep", None),
        ];
        for (transport, keep, expected) in table {
            let line = format!("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1{keep}, SIP/2.0/UDP next.example;keep");
            let mut response = Response::new(StatusCode::OK);
            response.headers_mut().push(HeaderName::VIA, &line).unwrap();
            accept(&mut response, often(transport, idle)).unwrap();
            let vias: Vec<Via> = response.headers().all().map(Result::unwrap).collect();
            assert_eq!(vias[0].param("keep"), expected, "{transport} {keep}");
            for other in &vias[1..] {
                assert_eq!(other.param("keep"), Some(None), "only the topmost is ours");
            }
        }
    }

    #[test]
    fn a_connection_that_is_never_idle_is_kept_alive_now_and_then() {
        assert_eq!(often(Transport::Tcp, Duration::MAX), u32::MAX);
        assert_eq!(often(Transport::Tcp, Duration::ZERO), 1);
    }
}
