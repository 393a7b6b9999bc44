//! Name servers, asked by `hickory-resolver`.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, Record, RecordType};
use hickory_resolver::{TokioResolver, lookup::Lookup};

use super::record::{Naptr, Srv};
use super::resolver::Resolver;
use crate::transport::BoxFuture;

/// A [`Resolver`] that asks name servers for NAPTR, SRV, A and AAAA records, and keeps them for as long as
/// their TTL says.
///
/// Clones are cheap and share what was found.
///
/// ```no_run
/// use spigot::resolve::Dns;
/// use spigot::{Config, Spigot, Transport};
///
/// # struct MyUserAgent;
/// # #[spigot::sip_router]
/// # impl MyUserAgent {}
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config::new(MyUserAgent).listen(Transport::Udp, 5060).resolver(Dns::system()?);
/// let spigot = Spigot::start(config).await?;
/// let response = spigot.client().options("sip:example.com").send().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Dns {
    resolver: TokioResolver,
}

/// How long one name server may take before it is asked again, or another: a lost datagram must not cost a
/// request the time for all of its look-ups.
const PATIENCE: Duration = Duration::from_secs(1);

impl Dns {
    /// Asks the name servers that the system uses: those of `/etc/resolv.conf`, with `/etc/hosts` before them
    /// for addresses.
    ///
    /// # Errors
    ///
    /// When the system's configuration cannot be read.
    pub fn system() -> io::Result<Dns> {
        let mut builder = TokioResolver::builder_tokio().map_err(failed)?;
        configure(builder.options_mut());
        Ok(Dns {
            resolver: builder.build().map_err(failed)?,
        })
    }

    /// Asks these name servers.
    ///
    /// # Errors
    ///
    /// When the list is empty.
    pub fn servers(addresses: impl IntoIterator<Item = SocketAddr>) -> io::Result<Dns> {
        let servers: Vec<_> = addresses.into_iter().map(server).collect();
        if servers.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no name server"));
        }
        let config = ResolverConfig::from_parts(None, Vec::new(), servers);
        let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        configure(builder.options_mut());
        Ok(Dns {
            resolver: builder.build().map_err(failed)?,
        })
    }

    async fn records<T>(
        &self,
        name: &str,
        kind: RecordType,
        read: impl Fn(&RData) -> Option<T>,
    ) -> io::Result<Vec<T>> {
        // Names of records are absolute; the search list of the system is for hosts.
        let name = format!("{}.", name.trim_end_matches('.'));
        let found = some(self.resolver.lookup(name, kind).await)?;
        let answers = found.as_ref().map_or(&[][..], Lookup::answers);
        Ok(answers
            .iter()
            .filter_map(|Record { data, .. }| read(data))
            .collect())
    }
}

impl Resolver for Dns {
    fn naptr<'r>(&'r self, domain: &'r str) -> BoxFuture<'r, io::Result<Vec<Naptr>>> {
        Box::pin(self.records(domain, RecordType::NAPTR, |data| match data {
            RData::NAPTR(naptr) => Some(Naptr {
                order: naptr.order,
                preference: naptr.preference,
                flags: text(&naptr.flags),
                services: text(&naptr.services),
                regexp: text(&naptr.regexp),
                replacement: naptr.replacement.to_string(),
            }),
            _ => None,
        }))
    }

    fn srv<'r>(&'r self, name: &'r str) -> BoxFuture<'r, io::Result<Vec<Srv>>> {
        Box::pin(self.records(name, RecordType::SRV, |data| match data {
            RData::SRV(srv) => Some(Srv {
                priority: srv.priority,
                weight: srv.weight,
                port: srv.port,
                target: srv.target.to_string(),
            }),
            _ => None,
        }))
    }

    fn addresses<'r>(&'r self, host: &'r str) -> BoxFuture<'r, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = some(self.resolver.lookup_ip(host).await)?;
            Ok(found.map_or_else(Vec::new, |found| in_turn(found.iter())))
        })
    }
}

impl fmt::Debug for Dns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dns")
    }
}

fn configure(options: &mut ResolverOpts) {
    options.timeout = options.timeout.min(PATIENCE);
    options.attempts = options.attempts.max(2);
    options.ip_strategy = LookupIpStrategy::Ipv6AndIpv4;
}

fn server(address: SocketAddr) -> NameServerConfig {
    let (mut udp, mut tcp) = (ConnectionConfig::udp(), ConnectionConfig::tcp());
    udp.port = address.port();
    tcp.port = address.port();
    NameServerConfig::new(address.ip(), true, vec![udp, tcp])
}

/// IPv6 and IPv4 in turn, IPv6 first, so that a network without one of them costs one attempt and not one for
/// each address ([RFC 8305 §4](https://www.rfc-editor.org/rfc/rfc8305#section-4)).
fn in_turn(addresses: impl Iterator<Item = IpAddr>) -> Vec<IpAddr> {
    let (six, four): (Vec<_>, Vec<_>) = addresses.partition(IpAddr::is_ipv6);
    let (mut six, mut four) = (six.into_iter(), four.into_iter());
    let mut ordered = Vec::with_capacity(six.len() + four.len());
    while six.len() + four.len() > 0 {
        ordered.extend(six.next());
        ordered.extend(four.next());
    }
    ordered
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// Takes an answer without records for an answer, and not for an error.
fn some<T>(found: Result<T, NetError>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_no_records_found() => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

fn failed(error: NetError) -> io::Error {
    io::Error::other(error)
}

#[cfg(test)]
mod tests;
