//! A caller, the servers of example.com, and their records.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use spigot::sip::Response;
use spigot::testing::{Network, Zone};
use spigot::{
    Client, Config, Counters, HeaderName, Limits, Reply, Request, Spigot, StatusCode, Transport, sip_router,
};

/// What a server does with every request.
#[derive(Clone, Copy)]
pub(crate) enum Conduct {
    /// 200.
    Answers,
    /// Nothing at all.
    Drops,
    /// A provisional response, and nothing after it.
    Rings(StatusCode),
    /// 503, with Retry-After in seconds unless that is 0.
    Refuses(u64),
    /// 503 to an INVITE that rings, once it is cancelled.
    RefusesWhenCancelled,
}

/// A server, and what has reached it.
#[derive(Clone)]
pub(crate) struct Server {
    conduct: Arc<Mutex<Conduct>>,
    requests: Arc<Mutex<Vec<Request>>>,
}

#[sip_router]
impl Server {
    #[any(in_dialog)]
    async fn inside(&self, request: Request) -> StatusCode {
        self.requests.lock().unwrap().push(request);
        StatusCode::OK
    }

    #[any]
    async fn any(&self, request: Request) -> Reply {
        self.requests.lock().unwrap().push(request.clone());
        let conduct = *self.conduct.lock().unwrap();
        match conduct {
            Conduct::Answers => StatusCode::OK.into(),
            Conduct::Drops => Reply::Dropped,
            Conduct::Rings(status) => {
                let transaction = request.transaction().expect("no ACK comes here");
                let _ = transaction.provisional(status);
                std::future::pending().await
            }
            Conduct::Refuses(0) => StatusCode::SERVICE_UNAVAILABLE.into(),
            Conduct::Refuses(seconds) => Reply::service_unavailable(Duration::from_secs(seconds)),
            Conduct::RefusesWhenCancelled => {
                let transaction = request.transaction().expect("no ACK comes here");
                let _ = transaction.provisional(StatusCode::RINGING);
                transaction.cancelled().await;
                StatusCode::SERVICE_UNAVAILABLE.into()
            }
        }
    }
}

impl Server {
    pub(crate) fn new(conduct: Conduct) -> Server {
        Server {
            conduct: Arc::new(Mutex::new(conduct)),
            requests: Arc::default(),
        }
    }

    /// What it does from now on.
    pub(crate) fn conduct(&self, conduct: Conduct) {
        *self.conduct.lock().unwrap() = conduct;
    }

    /// How many requests have reached it.
    pub(crate) fn reached(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    /// A header of the last request.
    pub(crate) fn last(&self, name: &HeaderName) -> String {
        let requests = self.requests.lock().unwrap();
        let last = requests.last().expect("a request has come");
        last.headers().get(name).unwrap_or_default().to_owned()
    }

    /// What the last request came by.
    pub(crate) fn last_transport(&self) -> Transport {
        let requests = self.requests.lock().unwrap();
        requests.last().expect("a request has come").source().transport
    }
}

/// The caller and the network that it is on.
pub(crate) struct House {
    pub(crate) network: Network,
    pub(crate) caller: Spigot,
    pub(crate) zone: Zone,
    servers: Vec<Spigot>,
}

impl House {
    /// A caller with IPv4 listeners who asks this zone.
    pub(crate) async fn new(zone: Zone) -> House {
        House::with(zone, |config| config).await
    }

    /// A caller who asks this zone, with limits or listeners of its own.
    pub(crate) async fn with(zone: Zone, configure: impl FnOnce(Config) -> Config) -> House {
        let network = Network::new();
        let own = SocketAddr::from(([198, 51, 100, 200], 5060));
        let config = Config::new(Server::new(Conduct::Answers))
            .name("caller")
            .resolver(zone.clone())
            .bind(network.datagrams(own, "caller"))
            .bind(network.streams(own, "caller"));
        House::started(network, zone, configure(config)).await
    }

    pub(crate) async fn started(network: Network, zone: Zone, config: Config) -> House {
        House {
            caller: Spigot::start(config)
                .await
                .expect("nobody has the caller's address"),
            network,
            zone,
            servers: Vec::new(),
        }
    }

    /// A server at 192.0.2.`last`, or another address, on both transports.
    pub(crate) async fn server(&mut self, address: impl Into<IpAddr>, conduct: Conduct) -> Server {
        self.server_over(&[Transport::Udp, Transport::Tcp], address, conduct)
            .await
    }

    pub(crate) async fn server_over(
        &mut self,
        transports: &[Transport],
        address: impl Into<IpAddr>,
        conduct: Conduct,
    ) -> Server {
        let (address, server) = (SocketAddr::new(address.into(), 5060), Server::new(conduct));
        let patient = limits(|limits| limits.handler = Duration::from_secs(3_600));
        let mut config = Config::new(server.clone()).name("server").limits(patient);
        for transport in transports {
            config = match transport {
                Transport::Udp => config.bind(self.network.datagrams(address, &address.to_string())),
                _ => config.bind(self.network.streams(address, &address.to_string())),
            };
        }
        self.servers
            .push(Spigot::start(config).await.expect("a free address"));
        server
    }

    pub(crate) fn client(&self) -> Client {
        self.caller.client()
    }

    pub(crate) fn counters(&self) -> Counters {
        self.caller.counters()
    }

    /// `OPTIONS` to this URI.
    pub(crate) async fn options(&self, uri: &str) -> Response {
        let response = self.client().options(uri).send().await;
        response.unwrap_or_else(|error| panic!("{error}\n{}", self.network.ladder()))
    }
}

/// Two servers of example.com by SRV: 192.0.2.11, and if it fails 192.0.2.12.
pub(crate) fn two_servers() -> Zone {
    Zone::new()
        .srv("_sip._tcp.example.com", 0, 0, 5060, "a.example.com")
        .srv("_sip._tcp.example.com", 1, 0, 5060, "b.example.com")
        .srv("_sip._udp.example.com", 0, 0, 5060, "a.example.com")
        .srv("_sip._udp.example.com", 1, 0, 5060, "b.example.com")
        .address("a.example.com", A)
        .address("b.example.com", B)
}

pub(crate) const A: [u8; 4] = [192, 0, 2, 11];
pub(crate) const B: [u8; 4] = [192, 0, 2, 12];
pub(crate) const OVER_UDP: &str = "sip:bob@example.com;transport=udp";
pub(crate) const OVER_TCP: &str = "sip:bob@example.com;transport=tcp";

/// The default limits, changed.
pub(crate) fn limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}
