//! An agent on the in-memory network.

use std::hash::{Hash, Hasher};
use std::net::SocketAddr;

use super::complaint::Caller;
use super::network::{Network, server_address};
use super::{Ladder, TestClient, run};
use crate::endpoint::Tables;
use crate::router::IntoRouter;
use crate::{Config, Counters, Spigot, Transport};

/// An agent under test, listening for datagrams and streams at 192.0.2.1:5060 of a [`Network`].
#[derive(Debug)]
pub struct TestServer {
    spigot: Spigot,
    network: Network,
}

/// Where a server stands.
struct Place<'n> {
    network: Network,
    address: SocketAddr,
    name: &'n str,
    /// What its seed follows from.
    seed: u64,
}

impl TestServer {
    /// Starts `agent` on a network of its own.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime; `#[spigot::test]` is one.
    #[track_caller]
    pub fn start(agent: impl IntoRouter) -> impl Future<Output = TestServer> {
        TestServer::start_with(agent, |config| config)
    }

    /// Starts `agent` with a configuration of its own: limits, timers, a resolver, whom to tell of closed
    /// flows.
    ///
    /// ```
    /// # use spigot::testing::TestServer;
    /// # use std::time::Duration;
    /// # struct Agent;
    /// # #[spigot::sip_router]
    /// # impl Agent {}
    /// # spigot::testing::run("doc", Default::default(), None, async {
    /// let mut limits = spigot::Limits::default();
    /// limits.handler = Duration::from_secs(1);
    /// let server = TestServer::start_with(Agent, |config| config.limits(limits)).await;
    /// # });
    /// ```
    ///
    /// # Panics
    ///
    /// As [`start`](TestServer::start), and when nothing starts with that configuration.
    #[track_caller]
    pub fn start_with(
        agent: impl IntoRouter,
        configure: impl FnOnce(Config) -> Config,
    ) -> impl Future<Output = TestServer> {
        let place = Place {
            network: Network::new(),
            address: server_address(),
            name: "server",
            seed: 0,
        };
        TestServer::start_for(agent, configure, place, Caller::here())
    }

    /// Starts another agent at an address of its own on the network of this server. `name` is its name in the
    /// ladder.
    ///
    /// # Panics
    ///
    /// As [`start`](TestServer::start), and when the address is taken.
    #[track_caller]
    pub fn start_beside(
        &self,
        name: &str,
        address: SocketAddr,
        agent: impl IntoRouter,
    ) -> impl Future<Output = TestServer> {
        let mut hasher = std::hash::DefaultHasher::new();
        address.hash(&mut hasher);
        let place = Place {
            network: self.network.clone(),
            address,
            name,
            seed: hasher.finish(),
        };
        TestServer::start_for(agent, |config| config, place, Caller::here())
    }

    async fn start_for(
        agent: impl IntoRouter,
        configure: impl FnOnce(Config) -> Config,
        place: Place<'_>,
        caller: Caller,
    ) -> TestServer {
        let Place {
            network,
            address,
            name,
            seed,
        } = place;
        let config = Config::new(agent)
            .name(name)
            .seed(run::endpoint_seed(seed))
            .bind(network.datagrams(address, name))
            .bind(network.streams(address, name));
        let spigot = Spigot::start(configure(config))
            .await
            .unwrap_or_else(|error| caller.refuse_start("the server", "#[spigot::test]", &error));
        TestServer { spigot, network }
    }

    /// Makes a client with this address of record, which speaks over datagrams.
    ///
    /// # Panics
    ///
    /// When `aor` is no SIP URI.
    #[track_caller]
    pub fn client(&self, aor: &str) -> impl Future<Output = TestClient> {
        self.client_over(Transport::Udp, aor)
    }

    /// Makes a client that speaks over this transport: [`Transport::Udp`] or [`Transport::Tcp`].
    ///
    /// # Panics
    ///
    /// When `aor` is no SIP URI, or the in-memory network does not have the transport.
    #[track_caller]
    pub fn client_over(&self, transport: Transport, aor: &str) -> impl Future<Output = TestClient> {
        let server = server_address();
        TestClient::on_network(&self.network, transport, server, aor, Caller::here())
    }

    /// The network between the server and its clients, to make faults on.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// What was said so far.
    pub fn ladder(&self) -> Ladder {
        self.network.ladder()
    }

    /// What the server has counted.
    pub fn counters(&self) -> Counters {
        self.spigot.counters()
    }

    /// How much the tables of the server hold now.
    pub fn tables(&self) -> Tables {
        self.spigot.core.tables()
    }

    /// The running endpoint: its client, its listeners.
    pub fn spigot(&self) -> &Spigot {
        &self.spigot
    }

    /// Shuts the server down gracefully.
    pub async fn shutdown(self) {
        self.spigot.shutdown().await;
    }
}
