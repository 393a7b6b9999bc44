//! Flow tokens: a flow as a text that nobody else can make. An edge proxy puts it into Record-Route and Path,
//! to know the flow again ([RFC 5626 §5.2](https://www.rfc-editor.org/rfc/rfc5626#section-5.2)).

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU64;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::endpoint::Core;
use crate::flow::{ConnectionId, Flow, Transport};
use crate::router::{IntoReply, Reply};
use crate::sip::StatusCode;

/// How many octets of the proof are in a token; RFC 5626 §5.2 has as many.
const PROOF: usize = 10;

const TRANSPORTS: [Transport; 5] = [
    Transport::Udp,
    Transport::Tcp,
    Transport::Tls,
    Transport::Ws,
    Transport::Wss,
];

/// Why a flow token leads nowhere. Each cause has its own answer
/// ([RFC 5626 §5.3.1](https://www.rfc-editor.org/rfc/rfc5626#section-5.3.1)):
/// > If the flow token has been tampered with, the proxy SHOULD send a 403 (Forbidden) response. If the flow
/// > no longer exists, the proxy SHOULD send a 430 (Flow Failed) response to the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadFlowToken {
    /// This endpoint has not made the token since it was started. The token is made up or was changed.
    /// Answered 403.
    #[error("the flow token is none of this endpoint's")]
    Forged,
    /// The flow of the token is closed. Answered 430.
    #[error("the flow of the token is closed")]
    Closed,
}

impl<M> IntoReply<M> for BadFlowToken {
    fn into_reply(self) -> Reply {
        match self {
            BadFlowToken::Forged => StatusCode::FORBIDDEN.into(),
            BadFlowToken::Closed => StatusCode::FLOW_FAILED.into(),
        }
    }
}

impl Core {
    /// Makes the token of a flow, of letters and digits.
    pub(crate) fn flow_token(&self, flow: &Flow) -> String {
        write(&self.random.token_key, flow)
    }

    /// Reports whether a text is a token of ours, whatever has become of its flow.
    pub(crate) fn is_flow_token(&self, text: &str) -> bool {
        read(&self.random.token_key, text).is_some()
    }

    /// Returns the flow of a token that is ours and whose flow still stands.
    pub(crate) fn flow_of(&self, token: &str) -> Result<Flow, BadFlowToken> {
        let flow = read(&self.random.token_key, token).ok_or(BadFlowToken::Forged)?;
        self.carriers
            .is_open(&flow)
            .then_some(flow)
            .ok_or(BadFlowToken::Closed)
    }
}

fn write(key: &[u8; 16], flow: &Flow) -> String {
    let octets = octets(flow);
    let proof = &mac(key, &octets).finalize().into_bytes()[..PROOF];
    proof
        .iter()
        .chain(&octets)
        .map(|octet| format!("{octet:02x}"))
        .collect()
}

fn read(key: &[u8; 16], token: &str) -> Option<Flow> {
    if !token.is_ascii() || !token.len().is_multiple_of(2) {
        return None;
    }
    let octets: Option<Vec<u8>> = (0..token.len() / 2)
        .map(|at| u8::from_str_radix(&token[2 * at..2 * at + 2], 16).ok())
        .collect();
    let octets = octets?;
    let (proof, octets) = octets.split_at_checked(PROOF)?;
    mac(key, octets).verify_truncated_left(proof).ok()?;
    let (transport, rest) = octets.split_first()?;
    let transport = *TRANSPORTS.get(usize::from(*transport))?;
    let (connection, rest) = rest.split_first_chunk()?;
    let (local, rest) = address(rest)?;
    let (peer, rest) = address(rest)?;
    let flow = match NonZeroU64::new(u64::from_be_bytes(*connection)) {
        Some(number) => Flow::stream(transport, local, peer, ConnectionId::from_number(number)),
        None => Flow::datagram(local, peer),
    };
    rest.is_empty().then_some(flow)
}

fn mac(key: &[u8; 16], octets: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    mac.update(octets);
    mac
}

/// Writes a flow as octets: the transport, the connection, and both addresses, each behind its length.
fn octets(flow: &Flow) -> Vec<u8> {
    let number = TRANSPORTS.iter().position(|other| *other == flow.transport());
    let mut octets = vec![number.unwrap_or(TRANSPORTS.len()) as u8];
    let connection = flow
        .connection()
        .map_or(0, |connection| connection.to_number().get());
    octets.extend_from_slice(&connection.to_be_bytes());
    for address in [flow.local(), flow.peer()] {
        let ip = match address.ip() {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        octets.push(ip.len() as u8);
        octets.extend_from_slice(&ip);
        octets.extend_from_slice(&address.port().to_be_bytes());
    }
    octets
}

fn address(octets: &[u8]) -> Option<(SocketAddr, &[u8])> {
    let (length, rest) = octets.split_first()?;
    let (ip, rest) = rest.split_at_checked(usize::from(*length))?;
    let ip = match ip.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(ip).ok()?),
        16 => IpAddr::from(<[u8; 16]>::try_from(ip).ok()?),
        _ => return None,
    };
    let (port, rest) = rest.split_first_chunk()?;
    Some((SocketAddr::new(ip, u16::from_be_bytes(*port)), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(transport: Transport, local: &str, peer: &str) -> Flow {
        Flow::detached(transport, local.parse().unwrap(), peer.parse().unwrap())
    }

    #[test]
    fn a_token_is_read_by_who_wrote_it_and_by_nobody_else() {
        let (ours, theirs) = ([1; 16], [2; 16]);
        for transport in TRANSPORTS {
            for (local, peer) in [
                ("192.0.2.1:5060", "198.51.100.7:40000"),
                ("[2001:db8::1]:5061", "[2001:db8::2]:1"),
            ] {
                let flow = flow(transport, local, peer);
                let token = write(&ours, &flow);
                assert_eq!(read(&ours, &token), Some(flow));
                assert_eq!(read(&theirs, &token), None);
                assert!(token.bytes().all(|octet| octet.is_ascii_alphanumeric()));
            }
        }
    }

    #[test]
    fn each_fault_has_its_answer() {
        let status = |fault| IntoReply::<()>::into_reply(fault).status();
        assert_eq!(status(BadFlowToken::Forged), Some(StatusCode::FORBIDDEN));
        assert_eq!(status(BadFlowToken::Closed), Some(StatusCode::FLOW_FAILED));
    }

    #[test]
    fn a_token_that_was_changed_is_none() {
        let key = [3; 16];
        let token = write(&key, &flow(Transport::Tcp, "192.0.2.1:5060", "192.0.2.2:5060"));
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            assert_eq!(read(&key, &String::from_utf8(changed).unwrap()), None, "{at}");
            assert_eq!(read(&key, &token[..at]), None, "{at}");
        }
        for text in ["", "zz", "é", "0", &format!("{token}00")] {
            assert_eq!(read(&key, text), None, "{text}");
        }
    }
}
