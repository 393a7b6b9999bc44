//! Where records come from.

use std::io;
use std::net::IpAddr;

use super::record::{Naptr, Srv};
use crate::transport::BoxFuture;

/// What knows the records of a domain.
///
/// Names are absolute, with or without the final dot, and compare without case. No records is an empty list; an error is for
/// when nobody knows whether there are any, and counts as none: the search goes on without them.
///
/// Every request asks anew, so a resolver keeps what it has found for as long as it is valid. A look-up that takes long is
/// dropped.
pub trait Resolver: Send + Sync + 'static {
    /// The NAPTR records of a domain, in any order. None, unless implemented.
    fn naptr<'r>(&'r self, domain: &'r str) -> BoxFuture<'r, io::Result<Vec<Naptr>>> {
        let _ = domain;
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// The SRV records of a name such as `_sip._tcp.example.com`, in any order. None, unless implemented.
    fn srv<'r>(&'r self, name: &'r str) -> BoxFuture<'r, io::Result<Vec<Srv>>> {
        let _ = name;
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// The IPv6 and IPv4 addresses of a host, in the order in which they are tried.
    fn addresses<'r>(&'r self, host: &'r str) -> BoxFuture<'r, io::Result<Vec<IpAddr>>>;
}
