//! Networks that requests may come from.

use std::net::IpAddr;

use super::{Next, Plug};
pub use crate::networks::BadNetwork;
use crate::networks::Networks;
use crate::router::{Reply, Request};
use crate::sip::StatusCode;

/// Refuses with 403 what does not come from one of these networks.
///
/// What counts is the address that the request came from, and not what its Via says. An IPv4 address that
/// came through an IPv6 socket is an IPv4 address. Requests inside dialogs do not pass it: a peer that was
/// called may be in any network.
///
/// ```
/// use spigot::plug::AllowSources;
/// use spigot::{StatusCode, sip_router};
///
/// struct Trunk;
///
/// #[sip_router(plugs(AllowSources::new(["192.0.2.0/24", "2001:db8::/32", "198.51.100.7"]).unwrap()))]
/// impl Trunk {
///     #[invite]
///     async fn ring(&self) -> StatusCode {
///         StatusCode::BUSY_HERE
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct AllowSources {
    networks: Networks,
}

impl AllowSources {
    /// Allows these networks, each in the notation with a prefix or as a single address.
    ///
    /// # Errors
    ///
    /// Names the first text that is neither.
    pub fn new<T: AsRef<str>>(networks: impl IntoIterator<Item = T>) -> Result<AllowSources, BadNetwork> {
        Networks::new(networks).map(|networks| AllowSources { networks })
    }

    /// Says whether requests may come from that address.
    pub fn allows(&self, address: IpAddr) -> bool {
        self.networks.contain(address)
    }
}

impl Plug for AllowSources {
    async fn call(&self, request: Request, next: Next<'_>) -> Reply {
        if !self.allows(request.source().peer.ip()) {
            return StatusCode::FORBIDDEN.into();
        }
        next.run(request).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_addresses_are_told_from_what_is_none() {
        let allowed = AllowSources::new(["192.0.2.0/24", "2001:db8::/32", "198.51.100.7"]).unwrap();
        let allows = |text: &str| allowed.allows(text.parse().unwrap());
        for text in [
            "192.0.2.0",
            "192.0.2.255",
            "::ffff:192.0.2.1",
            "2001:db8:1::1",
            "198.51.100.7",
        ] {
            assert!(allows(text), "{text}");
        }
        for text in ["192.0.3.0", "2001:db9::", "198.51.100.8", "::1"] {
            assert!(!allows(text), "{text}");
        }
        for text in ["", "192.0.2.0/33", "example.com", "192.0.2", "2001:db8::/129"] {
            let error = AllowSources::new([text]).unwrap_err();
            assert!(error.to_string().contains(text) && error.to_string().contains("expected"));
        }
        assert!(!AllowSources::new([""; 0]).unwrap().allows([192, 0, 2, 1].into()));
    }
}
