//! As much of STUN as keepalives over datagrams need: Binding requests and what answers them
//! ([RFC 5389](https://www.rfc-editor.org/rfc/rfc5389), used as RFC 5626 §8 says: no authentication, no
//! fingerprint).
//!
//! Sans-I/O: octets in, octets out.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The magic cookie, behind the type and the length (RFC 5389 §6). No SIP message begins so.
const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const HEADER: usize = 20;

const REQUEST: u16 = 0x0001;
const SUCCESS: u16 = 0x0101;
const ERROR: u16 = 0x0111;

const ERROR_CODE: u16 = 0x0009;
const UNKNOWN_ATTRIBUTES: u16 = 0x000a;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
/// The attributes that have to be understood and are: those of RFC 5389 §18.2.
const UNDERSTOOD: [u16; 8] = [
    0x0001,
    0x0006,
    0x0008,
    ERROR_CODE,
    UNKNOWN_ATTRIBUTES,
    0x0014,
    0x0015,
    XOR_MAPPED_ADDRESS,
];
/// How many unknown attributes an answer names, so that it is hardly larger than the request.
const NAMED: usize = 4;

/// The identifier that tells one request from another.
pub(crate) type TransactionId = [u8; 12];

/// What a datagram is, if it is STUN.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stun {
    /// A Binding request, and its answer.
    Request(Vec<u8>),
    /// A success response, and the address of ours that the peer saw.
    Response(TransactionId, SocketAddr),
    /// An error response, with whatever code: for a keepalive they all mean that the flow has failed.
    Refusal(TransactionId),
    /// A message that wants no answer and is none of ours.
    Other,
}

/// Writes a Binding request.
pub(crate) fn request(id: TransactionId) -> Vec<u8> {
    message(REQUEST, &id, &[])
}

/// Reads a datagram from `peer`; `None` if it is not STUN.
pub(crate) fn read(datagram: &[u8], peer: SocketAddr) -> Option<Stun> {
    let (header, attributes) = datagram.split_at_checked(HEADER)?;
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    if header[0] & 0xc0 != 0 || header[4..8] != COOKIE || length != attributes.len() || length % 4 != 0 {
        return None;
    }
    let id: TransactionId = header[8..].try_into().ok()?;
    Some(match u16::from_be_bytes([header[0], header[1]]) {
        REQUEST => Stun::Request(answer(&id, attributes, peer)),
        SUCCESS => match mapped(&id, attributes) {
            Some(mapped) => Stun::Response(id, mapped),
            None => Stun::Other,
        },
        ERROR => Stun::Refusal(id),
        _ => Stun::Other,
    })
}

/// Writes the success response, or 420 if the request has attributes that we have to know and do not (RFC
/// 5389 §7.3.1).
fn answer(id: &TransactionId, attributes: &[u8], peer: SocketAddr) -> Vec<u8> {
    let unknown: Vec<u16> = each(attributes)
        .map(|(kind, _)| kind)
        .filter(|kind| *kind < 0x8000 && !UNDERSTOOD.contains(kind))
        .take(NAMED)
        .collect();
    if unknown.is_empty() {
        return message(SUCCESS, id, &[(XOR_MAPPED_ADDRESS, xor_mapped(id, peer))]);
    }
    let code = [&[0, 0, 4, 20][..], b"Unknown Attribute"].concat();
    let names = unknown.iter().flat_map(|kind| kind.to_be_bytes()).collect();
    message(ERROR, id, &[(ERROR_CODE, code), (UNKNOWN_ATTRIBUTES, names)])
}

/// Writes a message with those attributes, each padded to four octets.
fn message(kind: u16, id: &TransactionId, attributes: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (kind, value) in attributes {
        body.extend_from_slice(&kind.to_be_bytes());
        body.extend_from_slice(&(value.len() as u16).to_be_bytes());
        body.extend_from_slice(value);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    let length = (body.len() as u16).to_be_bytes();
    [&kind.to_be_bytes()[..], &length, &COOKIE, id, &body].concat()
}

/// Reads the attributes, as far as they can be read.
fn each(mut attributes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let (head, rest) = attributes.split_at_checked(4)?;
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let value = rest.get(..length)?;
        attributes = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((u16::from_be_bytes([head[0], head[1]]), value))
    })
}

/// The value of XOR-MAPPED-ADDRESS (RFC 5389 §15.2).
fn xor_mapped(id: &TransactionId, address: SocketAddr) -> Vec<u8> {
    let octets = match address.ip() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let family = if address.is_ipv4() { 1 } else { 2 };
    let port = address.port() ^ 0x2112;
    let mut value = vec![0, family];
    value.extend_from_slice(&port.to_be_bytes());
    value.extend(xor(id, &octets));
    value
}

fn xor(id: &TransactionId, octets: &[u8]) -> Vec<u8> {
    let mask = COOKIE.iter().chain(id);
    octets
        .iter()
        .zip(mask)
        .map(|(octet, mask)| octet ^ mask)
        .collect()
}

fn mapped(id: &TransactionId, attributes: &[u8]) -> Option<SocketAddr> {
    let (_, value) = each(attributes).find(|(kind, _)| *kind == XOR_MAPPED_ADDRESS)?;
    let (head, address) = value.split_at_checked(4)?;
    let port = u16::from_be_bytes([head[2], head[3]]) ^ 0x2112;
    let octets = xor(id, address);
    let ip = match (head[1], address.len()) {
        (1, 4) => IpAddr::from(<[u8; 4]>::try_from(octets).ok()?),
        (2, 16) => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?)),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: TransactionId = *b"0123456789ab";

    #[test]
    fn a_request_is_answered_with_the_address_it_came_from() {
        for peer in ["192.0.2.1:32853", "[2001:db8:1234:5678:11:2233:4455:6677]:32853"] {
            let peer: SocketAddr = peer.parse().unwrap();
            let Some(Stun::Request(answer)) = read(&request(ID), peer) else {
                panic!("not taken for a request");
            };
            let elsewhere = "198.51.100.1:1".parse().unwrap();
            assert_eq!(read(&answer, elsewhere), Some(Stun::Response(ID, peer)));
        }
    }

    /// RFC 5769 §2.2, whose transaction and address these are.
    #[test]
    fn the_mapped_address_is_that_of_the_test_vector() {
        let id: TransactionId = [
            0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae,
        ];
        let address: SocketAddr = "192.0.2.1:32853".parse().unwrap();
        assert_eq!(
            xor_mapped(&id, address),
            [0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]
        );
    }

    #[test]
    fn what_must_be_understood_and_is_not_is_named() {
        let peer = "192.0.2.1:5060".parse().unwrap();
        let asked = message(
            REQUEST,
            &ID,
            &[(0x7777, vec![1, 2, 3]), (0x8022, b"optional".to_vec())],
        );
        let Some(Stun::Request(answer)) = read(&asked, peer) else {
            panic!("not taken for a request");
        };
        assert_eq!(answer[..2], ERROR.to_be_bytes());
        let attributes: Vec<_> = each(&answer[HEADER..]).collect();
        assert_eq!(attributes[0], (ERROR_CODE, &b"\0\0\x04\x14Unknown Attribute"[..]));
        assert_eq!(attributes[1], (UNKNOWN_ATTRIBUTES, &[0x77, 0x77][..]));
        assert_eq!(read(&answer, peer), Some(Stun::Refusal(ID)));
    }

    #[test]
    fn what_is_no_stun_is_left_alone() {
        let peer = "192.0.2.1:5060".parse().unwrap();
        let whole = request(ID);
        assert_eq!(read(b"OPTIONS sip:a@example.com SIP/2.0\r\n\r\n", peer), None);
        for cut in 0..whole.len() {
            assert_eq!(read(&whole[..cut], peer), None, "{cut}");
        }
        let mut cookie = whole.clone();
        cookie[4] = 0;
        assert_eq!(read(&cookie, peer), None);
        // An indication, and a response without an address.
        for kind in [0x0011, SUCCESS] {
            assert_eq!(read(&message(kind, &ID, &[]), peer), Some(Stun::Other));
        }
        // Attributes that are longer than the message.
        let broken = [&whole[..2], &[0, 4], &whole[4..], &[0, 0x20, 0xff, 0xff]].concat();
        assert!(matches!(read(&broken, peer), Some(Stun::Request(_))));
    }
}
