//! Networks that an address may be in.
//!
//! A leaf: the transports and the router both ask it.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

/// A set of IP networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Networks(Vec<IpNet>);

/// The text is neither a network nor an address.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no network: expected an address such as `192.0.2.7`, or one with a prefix, `2001:db8::/32`"
)]
pub struct BadNetwork {
    text: String,
}

/// Writes the text of the error, since that is what a `main` prints that returns it.
impl fmt::Debug for BadNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Networks {
    /// The empty set.
    pub(crate) const fn none() -> Networks {
        Networks(Vec::new())
    }

    /// Reads networks in the notation with a prefix, or single addresses.
    pub(crate) fn new<T: AsRef<str>>(networks: impl IntoIterator<Item = T>) -> Result<Networks, BadNetwork> {
        let network = |text: T| {
            let text = text.as_ref();
            let address = || text.parse::<IpAddr>().map(IpNet::from);
            text.parse::<IpNet>()
                .or_else(|_| address())
                .map_err(|_| BadNetwork {
                    text: text.to_owned(),
                })
        };
        let networks = networks.into_iter().map(network).collect::<Result<_, _>>()?;
        Ok(Networks(networks))
    }

    /// Whether an address is in one of the networks. An IPv4 address that came through an IPv6 socket is an
    /// IPv4 address.
    pub(crate) fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}
