//! The address by which peers reach us: what stands in Via and Contact.

use std::fmt;
use std::net::SocketAddr;

use crate::sip::SipUri;

/// A host and a port by which peers reach us. Prints as the sent-by of a Via: `192.0.2.1:5060`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnAddress {
    /// A name, an IPv4 address, or an IPv6 address in brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl fmt::Display for OwnAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl From<SocketAddr> for OwnAddress {
    fn from(address: SocketAddr) -> OwnAddress {
        OwnAddress {
            host: host_of(address),
            port: address.port(),
        }
    }
}

impl OwnAddress {
    /// Reads `host` or `host:port`. Without a port it is that of `bound`. Returns `None` if the text is
    /// neither.
    pub(crate) fn parse(text: &str, bound: SocketAddr) -> Option<OwnAddress> {
        let host = |text: &str| {
            let uri = SipUri::new(false, text).ok()?;
            let host = uri.host();
            let is_somewhere = match host.ip() {
                Some(ip) => !ip.is_unspecified(),
                // RFC 3261 §25.1: the last label of a name begins with a letter. An address with a slip is
                // not a name.
                None => !host
                    .as_str()
                    .trim_end_matches('.')
                    .rsplit('.')
                    .next()?
                    .starts_with(|c: char| c.is_ascii_digit()),
            };
            is_somewhere.then(|| host.as_str().to_owned())
        };
        if let Some(host) = host(text) {
            let port = bound.port();
            return Some(OwnAddress { host, port });
        }
        let (name, port) = text.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port != 0)?;
        let host = host(name)?;
        Some(OwnAddress { host, port })
    }
}

/// Writes an IP address as a SIP host, with brackets around IPv6.
pub(crate) fn host_of(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_public_address_is_a_host_with_or_without_a_port() {
        let parse = |text| OwnAddress::parse(text, address("10.0.0.1:5070")).map(|own| own.to_string());
        let table = [
            ("203.0.113.5", Some("203.0.113.5:5070")),
            ("203.0.113.5:5060", Some("203.0.113.5:5060")),
            ("sip.example.com", Some("sip.example.com:5070")),
            ("sip.example.com:5061", Some("sip.example.com:5061")),
            ("2001:db8::5", Some("[2001:db8::5]:5070")),
            ("[2001:db8::5]", Some("[2001:db8::5]:5070")),
            ("[2001:db8::5]:5080", Some("[2001:db8::5]:5080")),
            ("", None),
            ("sip:example.com", None),
            ("me@example.com", None),
            ("example.com:0", None),
            ("example.com:65536", None),
            ("example.com;lr", None),
            ("0.0.0.0", None),
            ("[::]:5060", None),
            ("203.0.113.300", None),
            ("203.0.113:5060", None),
            ("example .com", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text).as_deref(), expected, "{text:?}");
        }
    }
}
