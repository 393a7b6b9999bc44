//! Flows that last: kept alive, found dead, and told of, on virtual time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use spigot::testing::{Faults, TestServer};
use spigot::{Flow, Request, RequestError, StatusCode, Transport, sip_router};
use tokio::time::Instant;

#[derive(Clone, Default)]
struct Registrar {
    registered: Arc<Mutex<Option<Flow>>>,
    closed: Arc<Mutex<Vec<Flow>>>,
}

#[sip_router]
impl Registrar {
    #[register]
    async fn register(&self, request: Request) -> StatusCode {
        *self.registered.lock().unwrap() = Some(request.source().flow());
        StatusCode::OK
    }
}

impl Registrar {
    async fn start(&self) -> TestServer {
        let closed = self.closed.clone();
        let told = move |flow| closed.lock().unwrap().push(flow);
        TestServer::start_with(self.clone(), |config| config.on_closed(told)).await
    }

    fn flow(&self) -> Flow {
        self.registered.lock().unwrap().expect("somebody has registered")
    }

    fn closed(&self) -> Vec<Flow> {
        self.closed.lock().unwrap().clone()
    }
}

const BOTH: [Transport; 2] = [Transport::Udp, Transport::Tcp];

#[spigot::test]
async fn a_flow_lasts_as_long_as_the_peer_answers() {
    for transport in BOTH {
        let registrar = Registrar::default();
        let server = registrar.start().await;
        let alice = server.client_over(transport, "sip:alice@example.com").await;
        alice.register().send().await;
        let mut kept = server
            .spigot()
            .client()
            .keep_alive(registrar.flow(), Duration::from_secs(30));
        let clock = Instant::now();
        let failed = tokio::time::timeout(Duration::from_secs(3_600), kept.failed()).await;
        assert!(failed.is_err(), "{transport}: failed after {:?}", clock.elapsed());
        assert_eq!(registrar.closed(), []);

        // From now on nothing arrives in time.
        server
            .network()
            .set_faults(Faults::none().loss(1.0).delay(HOUR..HOUR * 2));
        let clock = Instant::now();
        kept.failed().await;
        // At most 30 s until it asks, and then RFC 5626 §4.4.1 has 10 s, RFC 5389 §7.2.1 39.5 s.
        let patience = match transport {
            Transport::Udp => 39.5,
            _ => 10.0,
        };
        let after = clock.elapsed().as_secs_f64();
        assert!(
            (patience..=patience + 30.0).contains(&after),
            "{transport}: {after}"
        );
        if transport.is_reliable() {
            server.spigot().client().closed(registrar.flow()).await;
        }
        assert_eq!(registrar.closed(), [registrar.flow()]);
    }
}

const HOUR: Duration = Duration::from_secs(3_600);

#[spigot::test]
async fn a_connection_that_the_peer_closes_ends_what_keeps_it_alive() {
    let registrar = Registrar::default();
    let server = registrar.start().await;
    let alice = server.client_over(Transport::Tcp, "sip:alice@example.com").await;
    alice.register().send().await;
    let client = server.spigot().client();
    let mut kept = client.keep_alive(registrar.flow(), Duration::from_secs(30));
    drop(alice);
    kept.failed().await;
    assert_eq!(registrar.closed(), [registrar.flow()]);
    let greeting = client
        .message("sip:alice@example.com")
        .on(registrar.flow())
        .send();
    assert!(matches!(greeting.await, Err(RequestError::FlowFailed)));
}
