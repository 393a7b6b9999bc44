//! Names that are numbers: no domain has such a name, and some systems take them for IPv4 addresses.

use std::io;
use std::net::IpAddr;

/// Refuses to look up a name of which the last label is a number, unless the whole is an IP address.
///
/// [RFC 3696 §2](https://www.rfc-editor.org/rfc/rfc3696#section-2):
/// > There is an additional rule that essentially requires that top-level domain names not be all-numeric.
///
/// `inet_aton`, which systems ask first, reads `3232235777` and `0xc0a80101` as 192.168.1.1: a domain of
/// digits (GB/T 28181) would send its requests to a stranger.
pub(crate) fn refuse_number(name: &str) -> io::Result<()> {
    if !ends_in_number(name) || name.parse::<IpAddr>().is_ok() {
        return Ok(());
    }
    let why = "a number is no name that can be looked up: say by a Route, an address or a flow where it goes";
    Err(io::Error::new(io::ErrorKind::InvalidInput, why))
}

/// Reports whether the last label of a name is a number, decimal or hexadecimal.
fn ends_in_number(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let last = name.rsplit('.').next().unwrap_or(name).as_bytes();
    match last {
        [b'0', b'x' | b'X', digits @ ..] => digits.iter().all(u8::is_ascii_hexdigit),
        digits => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_not_looked_up() {
        for name in [
            "3402000000",
            "34020000002000000001",
            "3232235777",
            "0",
            "256.",
            "127.1",
            "192.168.1.300",
            "0xc0a80101",
            "0X7F.1",
            "0x",
            "_sip._udp.3402000000",
            "_sip._udp.3402000000.",
        ] {
            let refused = refuse_number(name).map_err(|error| error.kind());
            assert_eq!(refused, Err(io::ErrorKind::InvalidInput), "{name}");
        }
    }

    #[test]
    fn a_name_and_an_address_are() {
        for name in [
            "019f9ae299f5",
            "sip_proxy_1",
            "1.example.com",
            "example.com.",
            "a1",
            "0xbox",
            "",
            "192.0.2.1",
            "2001:db8::1",
        ] {
            assert!(refuse_number(name).is_ok(), "{name}");
        }
    }
}
