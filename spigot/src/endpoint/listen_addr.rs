//! Where a listener binds, and how others reach it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::transport::Proxies;

/// Where a listener binds, made from a port, an IP address and port, or a [`SocketAddr`]. It also says where
/// others reach the listener, and which load balancers are in front of it.
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
    pub(super) address: SocketAddr,
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
        ListenAddr {
            address,
            public: None,
            proxies: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_named_by_port_by_address_or_by_both() {
        fn at(address: impl Into<ListenAddr>) -> String {
            address.into().address.to_string()
        }
        assert_eq!(at(5060), "0.0.0.0:5060");
        assert_eq!(at(([127, 0, 0, 1], 5060)), "127.0.0.1:5060");
        assert_eq!(at((IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]), 0)), "[::1]:0");
        assert_eq!(at(SocketAddr::from(([192, 0, 2, 1], 5080))), "192.0.2.1:5080");
    }
}
