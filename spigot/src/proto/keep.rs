//! Offers to keep a flow alive, and how often that should be
//! ([RFC 6223](https://www.rfc-editor.org/rfc/rfc6223)).

use std::time::Duration;

use spigot_parser::ParseError;
use spigot_parser::header::Via;

use crate::flow::Transport;

/// Returns how often the peer of a flow should give a sign of life, in seconds.
///
/// Datagrams come often enough for the NATs on the way (RFC 5626 §4.4.2 has 24 to 29). On a connection they
/// come well before it would be closed for being `idle`.
pub(crate) fn often(transport: Transport, idle: Duration) -> u32 {
    if !transport.is_reliable() {
        return 25;
    }
    let most = idle.as_secs().saturating_mul(3) / 4;
    most.max(1).try_into().unwrap_or(u32::MAX)
}

/// Makes the topmost Via of a response of ours if the request offers to keep the flow alive: it says how
/// often.
///
/// [RFC 6223 §4.4](https://www.rfc-editor.org/rfc/rfc6223#section-4.4):
/// > A SIP entity MUST NOT indicate willingness to receive keep-alives associated with a dialog, unless it
/// > has also inserted itself in the dialog route set.
///
/// Who answers is at its end. Whether one who forwards is in the route set is not known here, so the
/// responses that it forwards stay as they are.
///
/// # Errors
///
/// A Via that has no room for the value.
pub(super) fn accepted(via: &Via, seconds: u32) -> Result<Option<Via>, ParseError> {
    if via.param("keep") != Some(None) {
        return Ok(None);
    }
    via.clone()
        .with_param("keep", Some(&seconds.to_string()))
        .map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_would_keep_the_flow_alive_hears_how_often() {
        let idle = Duration::from_secs(120);
        let table = [
            (Transport::Udp, ";keep", Some(Some("25"))),
            (Transport::Tcp, ";keep", Some(Some("90"))),
            (Transport::Tcp, ";KEEP", Some(Some("90"))),
            (Transport::Tcp, ";keep=10", None),
            (Transport::Tcp, "", None),
        ];
        for (transport, keep, expected) in table {
            let via: Via = format!("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1{keep}")
                .parse()
                .unwrap();
            let told = accepted(&via, often(transport, idle)).unwrap();
            let told = told.map(|via| via.param("keep").map(|value| value.map(str::to_owned)));
            let expected = expected.map(|value| value.map(str::to_owned));
            assert_eq!(told, expected.map(Some), "{transport} {keep}");
        }
    }

    #[test]
    fn a_connection_that_is_never_idle_is_kept_alive_now_and_then() {
        assert_eq!(often(Transport::Tcp, Duration::MAX), u32::MAX);
        assert_eq!(often(Transport::Tcp, Duration::ZERO), 1);
    }
}
