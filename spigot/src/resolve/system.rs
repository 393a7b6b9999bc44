//! The operating system's resolver.

use std::io;
use std::net::IpAddr;

use super::number::refuse_number;
use super::resolver::Resolver;
use crate::transport::BoxFuture;

/// The operating system's resolver: `/etc/hosts`, name servers and whatever else it is set up to ask.
///
/// It finds addresses, in the order of RFC 6724. It knows no NAPTR and no SRV records, so that a domain is
/// its own server, at the default port. A name that is a number is refused: the system would take it for an
/// IPv4 address.
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
            refuse_number(host)?;
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_number_is_no_ipv4_address() {
        for host in ["3232235777", "3402000000", "0x7f000001", "127.1"] {
            let found = SystemResolver.addresses(host).await;
            let refused = found.expect_err(host).kind();
            assert_eq!(refused, io::ErrorKind::InvalidInput, "{host}");
        }
    }
}
