//! Reads the header of the PROXY protocol, versions 1 and 2 of
//! [haproxy's specification](https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt).
//!
//! Sans-I/O. Invariant: a header is read to its last octet and no further; one that is not exactly as it
//! should be is none.

use std::net::{IpAddr, SocketAddr};

use super::crc32c;

/// What a header of version 1 begins with; it ends with CRLF.
const TEXT: &[u8] = b"PROXY ";
/// The longest header of version 1, its CRLF included.
const TEXT_MOST: usize = 107;
/// What a header of version 2 begins with.
const BINARY: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// How many octets stand before the addresses of version 2: the signature, the command, the family, the
/// length.
const BINARY_HEAD: usize = 16;
/// How many octets of addresses and TLVs may follow. A proxy needs fewer, even for the certificate of a
/// client.
const BINARY_MOST: usize = 4_096;
/// The type of the TLV that has the checksum of the header (PP2_TYPE_CRC32C).
const CHECKSUM: u8 = 0x03;

/// A header that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transport::stream) struct ProxyHeader {
    /// How many octets the header has.
    pub(in crate::transport::stream) length: usize,
    /// Who connects; `None` where it is the proxy itself, or a client that it cannot describe.
    pub(in crate::transport::stream) source: Option<SocketAddr>,
}

/// What came is no header, or a malformed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no PROXY header, or a malformed one")]
pub(in crate::transport::stream) struct MalformedHeader;

/// Reads the header that a connection begins with; `None` until there is more of it.
pub(in crate::transport::stream) fn read(octets: &[u8]) -> Result<Option<ProxyHeader>, MalformedHeader> {
    if is_begun(octets, TEXT) {
        return read_text(octets);
    }
    if is_begun(octets, BINARY) {
        return read_binary(octets);
    }
    Err(MalformedHeader)
}

/// Whether `octets` begin like `with`, as far as they have come.
fn is_begun(octets: &[u8], with: &[u8]) -> bool {
    octets.iter().zip(with).all(|(one, other)| one == other)
}

/// Reads version 1: `PROXY TCP4 192.0.2.1 192.0.2.2 51234 5060`, the like with `TCP6`, or `UNKNOWN` and
/// whatever.
fn read_text(octets: &[u8]) -> Result<Option<ProxyHeader>, MalformedHeader> {
    let within = &octets[..octets.len().min(TEXT_MOST)];
    let Some(end) = within.windows(2).position(|pair| pair == b"\r\n") else {
        return if octets.len() < TEXT_MOST {
            Ok(None)
        } else {
            Err(MalformedHeader)
        };
    };
    let length = end + 2;
    let line = std::str::from_utf8(&octets[..end]).map_err(|_| MalformedHeader)?;
    let mut words = line.split(' ').skip(1);
    let mut next = || words.next().ok_or(MalformedHeader);
    let family = next()?;
    if family == "UNKNOWN" {
        return Ok(Some(ProxyHeader { length, source: None }));
    }
    let (source, destination) = (next()?, next()?);
    let (source_port, destination_port) = (port(next()?)?, port(next()?)?);
    if words.next().is_some() {
        return Err(MalformedHeader);
    }
    let address = |text: &str| -> Result<IpAddr, MalformedHeader> {
        match family {
            "TCP4" => text.parse().map(IpAddr::V4).map_err(|_| MalformedHeader),
            "TCP6" => text.parse().map(IpAddr::V6).map_err(|_| MalformedHeader),
            _ => Err(MalformedHeader),
        }
    };
    // To whom it was is of no use, and has to be right all the same.
    let (source, _) = (
        SocketAddr::new(address(source)?, source_port),
        SocketAddr::new(address(destination)?, destination_port),
    );
    Ok(Some(ProxyHeader {
        length,
        source: Some(source),
    }))
}

/// Reads a port: digits, without a sign or a zero before them.
fn port(text: &str) -> Result<u16, MalformedHeader> {
    let is_plain =
        text.bytes().all(|octet| octet.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if !is_plain {
        return Err(MalformedHeader);
    }
    text.parse().map_err(|_| MalformedHeader)
}

/// Reads version 2: signature, version and command, family and protocol, length of what follows, addresses,
/// TLVs.
fn read_binary(octets: &[u8]) -> Result<Option<ProxyHeader>, MalformedHeader> {
    // What cannot become good is refused as soon as that is seen.
    let is_local = match octets.get(12) {
        None => return Ok(None),
        Some(0x20) => true,
        Some(0x21) => false,
        Some(_) => return Err(MalformedHeader),
    };
    let Some(head) = octets.get(..BINARY_HEAD) else {
        return Ok(None);
    };
    let followed_by = usize::from(u16::from_be_bytes([head[14], head[15]]));
    if followed_by > BINARY_MOST {
        return Err(MalformedHeader);
    }
    let length = BINARY_HEAD + followed_by;
    let Some(header) = octets.get(..length) else {
        return Ok(None);
    };
    let body = &header[BINARY_HEAD..];
    let (source, addresses) = match (is_local, head[13]) {
        // The proxy's own connection, which it opened to see whether we live: what follows is to be ignored.
        (true, _) => (None, body.len()),
        // TCP over IPv4, TCP over IPv6; other families, such as UNIX sockets, have no address that could be a
        // peer's.
        (false, 0x11) => (Some(source(body.first_chunk::<12>().ok_or(MalformedHeader)?)), 12),
        (false, 0x21) => (Some(source(body.first_chunk::<36>().ok_or(MalformedHeader)?)), 36),
        (false, 0x31 | 0x32) => (None, 216),
        // Of this one it is not said what follows.
        (false, 0x00) => (None, body.len()),
        (false, _) => return Err(MalformedHeader),
    };
    if !is_intact(header, BINARY_HEAD + addresses) {
        return Err(MalformedHeader);
    }
    Ok(Some(ProxyHeader { length, source }))
}

/// Whether the checksum is right, if there is one among the TLVs. Other TLVs are skipped.
///
/// [§2.2.3](https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt):
/// > verify that the calculated CRC32c checksum is the same as the received CRC32c checksum. If it is not,
/// > the receiver MUST treat the TCP connection providing the header as invalid.
fn is_intact(header: &[u8], tlvs: usize) -> bool {
    let mut at = tlvs;
    while let Some(&[kind, high, low]) = header.get(at..).and_then(<[u8]>::first_chunk) {
        let value = at + 3..at + 3 + usize::from(u16::from_be_bytes([high, low]));
        let Some(said) = header.get(value.clone()) else {
            break;
        };
        if kind == CHECKSUM {
            let found = crc32c::of([&header[..value.start], &[0; 4], &header[value.end..]]);
            return *said == found.to_be_bytes();
        }
        at = value.end;
    }
    true
}

/// Reads the first of two addresses, with the first of two ports.
fn source<const N: usize>(octets: &[u8; N]) -> SocketAddr {
    let (addresses, ports) = octets.split_at(N - 4);
    let source = &addresses[..addresses.len() / 2];
    let ip = match (source.first_chunk::<16>(), source.first_chunk::<4>()) {
        (Some(octets), _) => IpAddr::from(*octets),
        (None, Some(octets)) => IpAddr::from(*octets),
        (None, None) => IpAddr::from([0; 4]),
    };
    SocketAddr::new(ip, u16::from_be_bytes([ports[0], ports[1]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binary(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&BINARY[..], &[command, family], &length, body].concat()
    }

    const FOUR: [u8; 12] = [192, 0, 2, 1, 192, 0, 2, 2, 0xc8, 0x22, 0x13, 0xc4];

    fn six() -> Vec<u8> {
        let mut octets = Vec::new();
        octets.extend_from_slice(&"2001:db8::1".parse::<std::net::Ipv6Addr>().unwrap().octets());
        octets.extend_from_slice(&"2001:db8::2".parse::<std::net::Ipv6Addr>().unwrap().octets());
        octets.extend_from_slice(&FOUR[8..]);
        octets
    }

    /// With a checksum, between two TLVs that say nothing.
    fn checked(family: u8, addresses: &[u8]) -> Vec<u8> {
        let mut octets = binary(
            0x21,
            family,
            &[addresses, b"\x04\0\x01x\x03\0\x04\0\0\0\0\x04\0\0"].concat(),
        );
        let checksum = crc32c::of([&octets[..]]).to_be_bytes();
        let at = octets.len() - 3 - checksum.len();
        octets[at..at + checksum.len()].copy_from_slice(&checksum);
        octets
    }

    fn good() -> Vec<(Vec<u8>, Option<SocketAddr>)> {
        let four = Some("192.0.2.1:51234".parse().unwrap());
        let with_six = Some("[2001:db8::1]:51234".parse().unwrap());
        // Of a connection of the proxy's own nothing is looked at.
        let unchecked = [&FOUR[..], b"\x03\0\x04\0\0\0\0"].concat();
        let longest_text = format!("PROXY UNKNOWN {}\r\n", "f".repeat(TEXT_MOST - 16));
        vec![
            (b"PROXY TCP4 192.0.2.1 192.0.2.2 51234 5060\r\n".to_vec(), four),
            (
                b"PROXY TCP6 2001:db8::1 2001:db8::2 51234 5060\r\n".to_vec(),
                with_six,
            ),
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (b"PROXY UNKNOWN ffff:: ffff:: 65535 65535\r\n".to_vec(), None),
            (longest_text.into_bytes(), None),
            (binary(0x21, 0x11, &FOUR), four),
            (binary(0x21, 0x21, &six()), with_six),
            (checked(0x11, &FOUR), four),
            (checked(0x21, &six()), with_six),
            (checked(0x31, &[0; 216]), None),
            (
                binary(0x21, 0x11, &[&FOUR[..], &[0; BINARY_MOST - 12]].concat()),
                four,
            ),
            (binary(0x20, 0x00, &[]), None),
            (binary(0x20, 0x11, &FOUR), None),
            (binary(0x20, 0x11, &unchecked), None),
            (binary(0x21, 0x00, b"anything"), None),
            (binary(0x21, 0x31, &[0; 216]), None),
        ]
    }

    #[test]
    fn a_header_is_read_to_its_last_octet_and_no_further() {
        for (octets, source) in good() {
            let expected = ProxyHeader {
                length: octets.len(),
                source,
            };
            let followed = [&octets[..], b"OPTIONS sip:a SIP/2.0\r\n"].concat();
            assert_eq!(read(&octets), Ok(Some(expected)), "{}", octets.escape_ascii());
            assert_eq!(read(&followed), Ok(Some(expected)), "{}", octets.escape_ascii());
            for length in 0..octets.len() {
                assert_eq!(
                    read(&octets[..length]),
                    Ok(None),
                    "{} of {}",
                    length,
                    octets.escape_ascii()
                );
            }
        }
    }

    #[test]
    fn what_is_not_as_it_should_be_is_no_header() {
        let bad: Vec<Vec<u8>> = vec![
            b"OPTIONS sip:a SIP/2.0\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.1 192.0.2.2 51234\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.1 192.0.2.2 51234 5060 1\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.1  192.0.2.2 51234 5060\r\n".to_vec(),
            b"PROXY TCP4 2001:db8::1 2001:db8::2 51234 5060\r\n".to_vec(),
            b"PROXY TCP6 192.0.2.1 192.0.2.2 51234 5060\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.1 192.0.2.256 51234 5060\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.1 192.0.2.2 65536 5060\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.1 192.0.2.2 +512 5060\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.1 192.0.2.2 0512 5060\r\n".to_vec(),
            b"PROXY TCP5 192.0.2.1 192.0.2.2 51234 5060\r\n".to_vec(),
            b"PROXY \r\n".to_vec(),
            b"PROXY TCP4 \xff\xff\r\n".to_vec(),
            format!("PROXY UNKNOWN {}\r\n", "f".repeat(TEXT_MOST - 15)).into_bytes(),
            b"\x16\x03\x01".to_vec(),
            binary(0x11, 0x11, &FOUR),
            binary(0x22, 0x11, &FOUR),
            binary(0x21, 0x11, &FOUR[..11]),
            binary(0x21, 0x21, &FOUR),
            binary(0x21, 0x12, &FOUR),
            binary(0x21, 0x41, &FOUR),
            binary(0x21, 0x11, &[0; BINARY_MOST + 1]),
            binary(0x21, 0x11, &[&FOUR[..], b"\x03\0\x04\0\0\0\0"].concat()),
            binary(0x21, 0x11, &[&FOUR[..], b"\x03\0\0"].concat()),
        ];
        for octets in bad {
            assert_eq!(read(&octets), Err(MalformedHeader), "{}", octets.escape_ascii());
        }
    }

    #[test]
    fn addresses_that_were_changed_on_their_way_are_none() {
        for octets in [checked(0x11, &FOUR), checked(0x21, &six())] {
            let tlvs = octets.len() - 14;
            for bit in BINARY_HEAD * 8..tlvs * 8 {
                let mut changed = octets.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(read(&changed), Err(MalformedHeader), "{bit}");
            }
        }
    }

    #[test]
    fn no_change_of_an_octet_makes_it_read_what_is_not_there() {
        for (octets, _) in good().into_iter().filter(|(octets, _)| octets.len() < 400) {
            for place in 0..octets.len() {
                for octet in 0..=u8::MAX {
                    let mut changed = octets.clone();
                    changed[place] = octet;
                    if let Ok(Some(header)) = read(&changed) {
                        assert!(header.length <= changed.len());
                    }
                }
            }
        }
    }
}
