//! Where a request goes: the next hop of its Route set or Request-URI, as an address.
//!
//! Hosts are looked up as A and AAAA records through the system's resolver.

use std::net::SocketAddr;

use super::RequestError;
use crate::flow::Transport;
use crate::sip::{Request, SipUri, Uri, header};

/// The next hop of a request, not yet looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NextHop {
    pub(super) transport: Transport,
    host: String,
    port: u16,
}

impl NextHop {
    /// The first Route, or else the Request-URI
    /// ([RFC 3261 §8.1.2](https://www.rfc-editor.org/rfc/rfc3261#section-8.1.2)).
    pub(super) fn of(request: &Request) -> Result<NextHop, RequestError> {
        let route = request.headers().typed::<header::Route>()?;
        match route {
            Some(route) => NextHop::of_uri(route.uri()),
            None => NextHop::of_uri(request.uri()),
        }
    }

    /// The host, port and transport that a URI names. A `sips:` URI goes over TLS
    /// ([RFC 3261 §26.2.2](https://www.rfc-editor.org/rfc/rfc3261#section-26.2.2)), one without a transport
    /// parameter over UDP.
    fn of_uri(uri: &Uri) -> Result<NextHop, RequestError> {
        let sip = uri
            .as_sip()
            .ok_or_else(|| RequestError::NoHost(uri.to_string()))?;
        let transport = transport_of(sip);
        Ok(NextHop {
            transport,
            host: sip.maddr().unwrap_or(sip.host().as_str()).to_owned(),
            port: sip.port().unwrap_or(transport.default_port()),
        })
    }

    /// The address, if it needs no look-up.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        host.parse().ok().map(|ip| SocketAddr::new(ip, self.port))
    }

    /// The addresses of the host, in the resolver's order.
    pub(super) async fn resolve(&self) -> Result<Vec<SocketAddr>, RequestError> {
        if let Some(address) = self.address() {
            return Ok(vec![address]);
        }
        let failed = |source| RequestError::Resolve {
            host: self.host.clone(),
            source,
        };
        let found: Vec<_> = tokio::net::lookup_host((self.host.as_str(), self.port))
            .await
            .map_err(failed)?
            .collect();
        if found.is_empty() {
            return Err(failed(std::io::Error::new(
                std::io::ErrorKind::NotFound,
                "no address",
            )));
        }
        Ok(found)
    }
}

fn transport_of(uri: &SipUri) -> Transport {
    let named = uri.transport().and_then(|name| name.parse().ok());
    match named {
        Some(Transport::Ws | Transport::Wss) if uri.is_secure() => Transport::Wss,
        _ if uri.is_secure() => Transport::Tls,
        Some(transport) => transport,
        None => Transport::Udp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(uri: &str) -> String {
        let hop = NextHop::of_uri(&uri.parse().unwrap()).unwrap();
        format!("{}:{}:{}", hop.transport, hop.host, hop.port)
    }

    #[test]
    fn a_uri_names_host_port_and_transport() {
        assert_eq!(hop("sip:bob@192.0.2.1"), "udp:192.0.2.1:5060");
        assert_eq!(
            hop("sip:bob@example.com:5080;transport=tcp"),
            "tcp:example.com:5080"
        );
        assert_eq!(hop("sips:bob@example.com"), "tls:example.com:5061");
        assert_eq!(hop("sip:bob@example.com;maddr=192.0.2.7"), "udp:192.0.2.7:5060");
        assert_eq!(hop("sip:[2001:db8::1]:5062"), "udp:[2001:db8::1]:5062");
    }

    #[test]
    fn a_tel_uri_has_no_host() {
        let error = NextHop::of_uri(&"tel:+15551234".parse().unwrap()).unwrap_err();
        assert!(error.to_string().contains("tel:+15551234"), "{error}");
    }
}
