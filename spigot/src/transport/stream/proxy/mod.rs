//! The PROXY protocol, by which a load balancer says for whom it connects.

mod crc32c;
mod header;
mod proxies;

pub(super) use header::{ProxyHeader, read};
pub use proxies::Proxies;
