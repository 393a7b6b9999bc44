//! Where records come from.

use std::io;
use std::net::IpAddr;

use super::record::{Naptr, Srv};
use crate::transport::BoxFuture;

/// Looks up the records of a domain.
///
/// Names are absolute, with or without the final dot, and compare without case. If there are no records, the
/// answer is an empty list. An error says that nobody knows whether there are any; the search goes on as if
/// there were none.
///
/// Every request asks anew, so a resolver keeps what it has found for as long as it is valid. A look-up that
/// takes long is dropped.
pub trait Resolver: Send + Sync + 'static {
    /// Looks up the NAPTR records of a domain, in any order. Unless implemented, there are none.
    fn naptr<'r>(&'r self, domain: &'r str) -> BoxFuture<'r, io::Result<Vec<Naptr>>> {
        let _ = domain;
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// Looks up the SRV records of a name such as `_sip._tcp.example.com`, in any order. Unless implemented,
    /// there are none.
    fn srv<'r>(&'r self, name: &'r str) -> BoxFuture<'r, io::Result<Vec<Srv>>> {
        let _ = name;
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// Looks up the IPv6 and IPv4 addresses of a host, in the order in which they are tried.
    fn addresses<'r>(&'r self, host: &'r str) -> BoxFuture<'r, io::Result<Vec<IpAddr>>>;
}
