//! The operating system's resolver.

use std::io;
use std::net::IpAddr;

use super::resolver::Resolver;
use crate::transport::BoxFuture;

/// The operating system's resolver: `/etc/hosts`, name servers and whatever else it is set up to ask.
///
/// It finds addresses, in the order of RFC 6724. It knows no NAPTR and no SRV records, so that a domain is
/// its own server, at the default port.
///
/// ```
/// use spigot::resolve::{Resolver, SystemResolver};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let addresses = SystemResolver.addresses("localhost").await?;
/// assert!(addresses.iter().all(|address| address.is_loopback()));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn addresses<'r>(&'r self, host: &'r str) -> BoxFuture<'r, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}
