//! ZoneRecords by hand: a resolver for tests.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::resolve::{Naptr, Resolver, Srv};
use crate::transport::BoxFuture;

/// A resolver whose records a test writes down. Look-ups may be slow, or fail.
///
/// Clones share the zone, so that a test can change it, and see what was asked.
///
/// ```
/// use spigot::testing::{TestServer, Zone};
///
/// # struct Agent;
/// # #[spigot::sip_router]
/// # impl Agent {}
/// # spigot::testing::run("doc", Default::default(), None, async {
/// let zone = Zone::new()
///     .srv("_sip._tcp.example.com", 0, 1, 5060, "a.example.com")
///     .srv("_sip._tcp.example.com", 1, 1, 5060, "b.example.com")
///     .address("a.example.com", [192, 0, 2, 11])
///     .address("b.example.com", [192, 0, 2, 12]);
/// let server = TestServer::start_with(Agent, |config| config.resolver(zone.clone())).await;
///
/// let request = server.spigot().client().options("sip:example.com;transport=tcp");
/// assert!(request.send().await.is_err()); // nobody is there
/// assert_eq!(zone.asked(), ["SRV _sip._tcp.example.com", "A a.example.com", "A b.example.com"]);
/// # });
/// ```
#[derive(Clone, Default)]
pub struct Zone {
    inner: Arc<Mutex<ZoneState>>,
}

#[derive(Default)]
struct ZoneState {
    names: HashMap<String, ZoneRecords>,
    asked: Vec<String>,
}

#[derive(Clone, Default)]
struct ZoneRecords {
    naptr: Vec<Naptr>,
    srv: Vec<Srv>,
    addresses: Vec<IpAddr>,
    delay: Duration,
    fails: bool,
}

impl Zone {
    /// A zone without records.
    pub fn new() -> Self {
        Zone::default()
    }

    /// Adds a NAPTR record of `domain` that points at the SRV records of `replacement`, for services such as
    /// `SIP+D2T`.
    pub fn naptr(self, domain: &str, order: u16, preference: u16, services: &str, replacement: &str) -> Self {
        let naptr = Naptr {
            order,
            preference,
            flags: "s".to_owned(),
            services: services.to_owned(),
            regexp: String::new(),
            replacement: replacement.to_owned(),
        };
        self.with(domain, |records| records.naptr.push(naptr))
    }

    /// Adds an SRV record of a name such as `_sip._tcp.example.com`.
    pub fn srv(self, name: &str, priority: u16, weight: u16, port: u16, target: &str) -> Self {
        let srv = Srv {
            priority,
            weight,
            port,
            target: target.to_owned(),
        };
        self.with(name, |records| records.srv.push(srv))
    }

    /// Adds an address of a host, IPv4 or IPv6, behind those that it has.
    pub fn address(self, host: &str, address: impl Into<IpAddr>) -> Self {
        let address = address.into();
        self.with(host, |records| records.addresses.push(address))
    }

    /// Lets look-ups of this name take so long.
    pub fn slow(self, name: &str, delay: Duration) -> Self {
        self.with(name, |records| records.delay = delay)
    }

    /// Lets look-ups of this name fail.
    pub fn fail(self, name: &str) -> Self {
        self.with(name, |records| records.fails = true)
    }

    /// What was asked so far, oldest first: `NAPTR example.com`, `SRV _sip._udp.example.com`,
    /// `A example.com`.
    pub fn asked(&self) -> Vec<String> {
        self.lock().asked.clone()
    }

    fn with(self, name: &str, change: impl FnOnce(&mut ZoneRecords)) -> Self {
        change(self.lock().names.entry(normal(name)).or_default());
        self
    }

    fn lock(&self) -> MutexGuard<'_, ZoneState> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn look_up<T>(
        &self,
        kind: &str,
        name: &str,
        read: impl Fn(ZoneRecords) -> Vec<T>,
    ) -> io::Result<Vec<T>> {
        let records = {
            let mut inner = self.lock();
            inner.asked.push(format!("{kind} {name}"));
            inner.names.get(&normal(name)).cloned().unwrap_or_default()
        };
        if !records.delay.is_zero() {
            tokio::time::sleep(records.delay).await;
        }
        if records.fails {
            return Err(io::Error::other("the zone says that this fails"));
        }
        Ok(read(records))
    }
}

impl Resolver for Zone {
    fn naptr<'r>(&'r self, domain: &'r str) -> BoxFuture<'r, io::Result<Vec<Naptr>>> {
        Box::pin(self.look_up("NAPTR", domain, |records| records.naptr))
    }

    fn srv<'r>(&'r self, name: &'r str) -> BoxFuture<'r, io::Result<Vec<Srv>>> {
        Box::pin(self.look_up("SRV", name, |records| records.srv))
    }

    fn addresses<'r>(&'r self, host: &'r str) -> BoxFuture<'r, io::Result<Vec<IpAddr>>> {
        Box::pin(self.look_up("A", host, |records| records.addresses))
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zone")
            .field("names", &self.lock().names.len())
            .finish_non_exhaustive()
    }
}

/// Gives a name as it is compared: in lower case, without the final dot.
fn normal(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}
