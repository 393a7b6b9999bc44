//! Which load balancers are believed.

use std::net::IpAddr;

use crate::networks::{BadNetwork, Networks};

/// Load balancers that are believed when they say for whom they connect, by the PROXY protocol in version 1
/// or 2.
///
/// A connection from one of these networks must begin with a header of the protocol, before TLS and
/// everything else, within [`TransportLimits::handshake`](crate::transport::TransportLimits::handshake);
/// otherwise it is closed. Its [`Flow`](crate::Flow) then has the client's address as its peer, and bounds
/// for each source count the client. A header that names no address (`LOCAL`, `UNKNOWN`, a UNIX socket)
/// leaves that of the balancer itself, as when it looks whether we live. Where clients reach the balancer is
/// no matter of the header: it is the public address of the listener ([`ListenAddr`](crate::ListenAddr)).
///
/// A connection from anywhere else is what it is: a header on it is not SIP.
///
/// Of the TLVs of version 2 a checksum (CRC32C) that is there has to be right; the others are skipped. What a
/// balancer says of its client's certificate is not looked at.
///
/// ```
/// use spigot::transport::Proxies;
///
/// let proxies = Proxies::new(["192.0.2.10", "2001:db8:1::/64"])?;
/// # Ok::<(), spigot::transport::BadNetwork>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Networks);

impl Proxies {
    /// No load balancer: clients reach the listener themselves.
    pub const fn none() -> Proxies {
        Proxies(Networks::none())
    }

    /// Load balancers at these addresses, or in these networks.
    ///
    /// # Errors
    ///
    /// The first text that is neither an address nor a network.
    pub fn new<T: AsRef<str>>(networks: impl IntoIterator<Item = T>) -> Result<Proxies, BadNetwork> {
        Networks::new(networks).map(Proxies)
    }

    /// Whether one of the load balancers connects from there.
    pub(in crate::transport::stream) fn contain(&self, address: IpAddr) -> bool {
        self.0.contain(address)
    }
}
