//! Datagrams that the system does not send.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use spigot::testing::Network;
use spigot::transport::{Bind, BoxFuture, Carrier, Inbound, SendError, TransportLimits};
use spigot::{Bytes, Config, Flow, StatusCode, Transport};
use tokio::time::Instant;

use crate::house::{A, B, Conduct, House, OVER_UDP, Server, two_servers};

/// A listener from which there is no route to one address.
struct WithoutRoute<B>(B, SocketAddr);

impl<B: Bind> Bind for WithoutRoute<B> {
    fn bind(
        self: Box<Self>,
        inbound: Arc<dyn Inbound>,
        limits: &TransportLimits,
    ) -> BoxFuture<'static, io::Result<Arc<dyn Carrier>>> {
        let (bound, unreached) = (Box::new(self.0).bind(inbound, limits), self.1);
        Box::pin(async move {
            let carrier = bound.await?;
            Ok(Arc::new(Carries { carrier, unreached }) as Arc<dyn Carrier>)
        })
    }

    fn describe(&self) -> String {
        self.0.describe()
    }
}

struct Carries {
    carrier: Arc<dyn Carrier>,
    unreached: SocketAddr,
}

impl Carrier for Carries {
    fn transport(&self) -> Transport {
        self.carrier.transport()
    }

    fn local_addr(&self) -> SocketAddr {
        self.carrier.local_addr()
    }

    fn start(&self) {
        self.carrier.start();
    }

    fn connect(&self, peer: SocketAddr) -> BoxFuture<'_, io::Result<Flow>> {
        self.carrier.connect(peer)
    }

    fn send(&self, flow: &Flow, message: Bytes) -> Result<(), SendError> {
        match flow.peer() == self.unreached {
            true => Err(SendError::Io(io::ErrorKind::NetworkUnreachable.into())),
            false => self.carrier.send(flow, message),
        }
    }

    fn shutdown(&self) -> BoxFuture<'_, ()> {
        self.carrier.shutdown()
    }
}

#[spigot::test]
async fn without_a_route_the_next_server_is_tried_at_once() {
    let network = Network::new();
    let own = network.datagrams(([198, 51, 100, 200], 5060).into(), "caller");
    let config = Config::new(Server::new(Conduct::Answers))
        .resolver(two_servers())
        .bind(WithoutRoute(own, (A, 5060).into()));
    let mut house = House::started(network, two_servers(), config).await;
    let second = house.server(B, Conduct::Answers).await;
    let start = Instant::now();

    assert_eq!(house.options(OVER_UDP).await.status(), StatusCode::OK);

    assert_eq!((second.reached(), start.elapsed().as_millis()), (1, 0));
    assert_eq!(house.counters().failovers, 1);
}
