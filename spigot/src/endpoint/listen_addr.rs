//! Where a listener binds, and how others reach it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::transport::Proxies;

/// Where a listener binds, made from a port, an IP address and port, a [`SocketAddr`], or a text. It also says
/// where others reach the listener, and which load balancers are in front of it.
///
/// A text is `127.0.0.1:5060`, `[::1]:5060`, or a port alone, `:5060` or `5060`, which listens on every IPv4
/// interface as a number does. Any other text is [`Error::ListenAddress`](crate::Error::ListenAddress) at the
/// start. Names, such as `localhost`, are not looked up.
///
/// ```
/// use spigot::{Config, ListenAddr, Transport};
/// # struct Pbx;
/// # #[spigot::sip_router]
/// # impl Pbx {}
///
/// // Behind a router that forwards port 5060 of its public address.
/// let behind_nat = ListenAddr::from(([10, 0, 0, 5], 5060)).public("203.0.113.5");
/// let config = Config::new(Pbx).listen(Transport::Udp, behind_nat);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddr {
    /// The address, or the text that is none.
    pub(super) address: Result<SocketAddr, String>,
    pub(super) public: Option<String>,
    pub(super) proxies: Option<Proxies>,
}

impl ListenAddr {
    /// Sets the address by which peers reach the listener, as `host` or `host:port`, if it is not the one
    /// that is bound: behind a NAT, or by a name. Via and Contact have it in the place of the bound address.
    /// Without a port, the bound port stands. Any other text is
    /// [`Error::PublicAddress`](crate::Error::PublicAddress) at the start.
    #[must_use]
    pub fn public(mut self, address: impl Into<String>) -> Self {
        self.public = Some(address.into());
        self
    }

    /// Names the load balancers in front of this listener, in the place of those that
    /// [`Config::proxy_protocol`](crate::Config::proxy_protocol) has for all. Use [`Proxies::none`] where
    /// clients connect themselves. A listener of datagrams can have none
    /// ([`Error::ProxiedDatagrams`](crate::Error::ProxiedDatagrams)).
    ///
    /// ```
    /// use spigot::transport::Proxies;
    /// use spigot::{Config, ListenAddr, Transport};
    /// # struct Pbx;
    /// # #[spigot::sip_router]
    /// # impl Pbx {}
    ///
    /// // A balancer is in front of TLS; phones come by TCP themselves.
    /// let balanced = ListenAddr::from(5061).proxy_protocol(Proxies::new(["10.0.0.2"])?);
    /// let config = Config::new(Pbx).listen(Transport::Tls, balanced).listen(Transport::Tcp, 5060);
    /// # Ok::<(), spigot::transport::BadNetwork>(())
    /// ```
    #[must_use]
    pub fn proxy_protocol(mut self, proxies: Proxies) -> Self {
        self.proxies = Some(proxies);
        self
    }

    fn at(address: Result<SocketAddr, String>) -> Self {
        ListenAddr {
            address,
            public: None,
            proxies: None,
        }
    }
}

impl From<u16> for ListenAddr {
    fn from(port: u16) -> Self {
        ListenAddr::from(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))
    }
}

impl<I: Into<IpAddr>> From<(I, u16)> for ListenAddr {
    fn from(address: (I, u16)) -> Self {
        ListenAddr::from(SocketAddr::from(address))
    }
}

impl From<SocketAddr> for ListenAddr {
    fn from(address: SocketAddr) -> Self {
        ListenAddr::at(Ok(address))
    }
}

impl From<&str> for ListenAddr {
    fn from(text: &str) -> Self {
        ListenAddr::at(read(text).ok_or_else(|| text.to_owned()))
    }
}

impl From<&String> for ListenAddr {
    fn from(text: &String) -> Self {
        ListenAddr::from(text.as_str())
    }
}

impl From<String> for ListenAddr {
    fn from(text: String) -> Self {
        ListenAddr::at(read(&text).ok_or(text))
    }
}

/// Reads an IP address and port, or a port of every IPv4 interface.
fn read(text: &str) -> Option<SocketAddr> {
    let text = text.trim();
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let port = text.strip_prefix(':').unwrap_or(text);
    // A port that is read as a number may begin with a sign.
    if !port.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    Some(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_named_by_port_by_address_or_by_both() {
        fn at(address: impl Into<ListenAddr>) -> String {
            address.into().address.unwrap().to_string()
        }
        assert_eq!(at(5060), "0.0.0.0:5060");
        assert_eq!(at(([127, 0, 0, 1], 5060)), "127.0.0.1:5060");
        assert_eq!(at((IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]), 0)), "[::1]:0");
        assert_eq!(at(SocketAddr::from(([192, 0, 2, 1], 5080))), "192.0.2.1:5080");
    }

    #[test]
    fn a_listener_is_named_by_a_text_with_an_ip_address_and_port_or_a_port() {
        let table = [
            ("127.0.0.1:5060", Some("127.0.0.1:5060")),
            ("[::1]:5060", Some("[::1]:5060")),
            ("[::]:0", Some("[::]:0")),
            (":5060", Some("0.0.0.0:5060")),
            ("5060", Some("0.0.0.0:5060")),
            (" 5060\n", Some("0.0.0.0:5060")),
            ("", None),
            (":", None),
            ("+5060", None),
            ("65536", None),
            ("127.0.0.1", None),
            ("127.0.0.1:", None),
            ("127.0.0.1:sip", None),
            ("127.0.0.300:5060", None),
            ("::1", None),
            ("::1:5060", None),
            ("[::1]", None),
            ("localhost:5060", None),
            ("*:5060", None),
            ("udp:127.0.0.1:5060", None),
        ];
        for (text, expected) in table {
            let read = ListenAddr::from(text);
            assert_eq!(read, ListenAddr::from(text.to_owned()));
            assert_eq!(read, ListenAddr::from(&text.to_owned()));
            match expected {
                Some(address) => assert_eq!(read.address.unwrap().to_string(), address),
                None => assert_eq!(read.address, Err(text.to_owned())),
            }
        }
    }
}
