//! The same over real sockets of the loopback.

use std::net::SocketAddr;

use spigot::testing::Zone;
use spigot::{Config, Spigot, StatusCode, Transport};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::house::{Conduct, OVER_TCP, Server};

const LOOPBACK: [u8; 4] = [127, 0, 0, 1];

/// Two servers of example.com on these ports of the loopback.
fn zone(first: u16, second: u16) -> Zone {
    Zone::new()
        .srv("_sip._tcp.example.com", 0, 0, first, "host.example.com")
        .srv("_sip._tcp.example.com", 1, 0, second, "host.example.com")
        .address("host.example.com", LOOPBACK)
}

async fn endpoint(server: Server, configure: impl FnOnce(Config) -> Config) -> (Spigot, u16) {
    let config = Config::new(server).listen(Transport::Tcp, (LOOPBACK, 0));
    let spigot = Spigot::start(configure(config)).await.expect("a free port");
    let port = spigot.listeners()[0].address.port();
    (spigot, port)
}

#[spigot::test(real_time)]
async fn a_closed_port_is_given_up_at_once_and_spared_by_the_next_request() {
    let closed = TcpListener::bind(SocketAddr::from((LOOPBACK, 0))).await.unwrap();
    let first = closed.local_addr().unwrap();
    drop(closed);
    let (_server, second) = endpoint(Server::new(Conduct::Answers), |config| config).await;
    let (caller, _) = endpoint(Server::new(Conduct::Drops), |config| {
        config.resolver(zone(first.port(), second))
    })
    .await;
    let client = caller.client();
    assert_eq!(
        client.options(OVER_TCP).send().await.unwrap().status(),
        StatusCode::OK
    );
    assert_eq!(caller.counters().failovers, 1);

    // Whoever listens there now would have a connection.
    let Ok(open) = TcpListener::bind(first).await else {
        return; // somebody else has taken the port
    };
    assert_eq!(
        client.options(OVER_TCP).send().await.unwrap().status(),
        StatusCode::OK
    );
    assert_eq!(caller.counters().failovers, 1);
    let waiting = std::future::poll_fn(|cx| std::task::Poll::Ready(open.poll_accept(cx).is_ready())).await;
    assert!(!waiting, "the dead server was tried");
}

#[spigot::test(real_time)]
async fn a_connection_that_breaks_before_the_response_is_a_failure_too() {
    let breaking = TcpListener::bind(SocketAddr::from((LOOPBACK, 0))).await.unwrap();
    let first = breaking.local_addr().unwrap().port();
    let broken = tokio::spawn(async move {
        let (mut stream, _) = breaking.accept().await.unwrap();
        let mut octets = [0; 4_096];
        let read = stream.read(&mut octets).await.unwrap();
        String::from_utf8_lossy(&octets[..read]).into_owned()
    });
    let server = Server::new(Conduct::Answers);
    let (_server, second) = endpoint(server.clone(), |config| config).await;
    let (caller, _) = endpoint(Server::new(Conduct::Drops), |config| {
        config.resolver(zone(first, second))
    })
    .await;

    let response = caller.client().options(OVER_TCP).send().await.unwrap();

    assert_eq!((response.status(), server.reached()), (StatusCode::OK, 1));
    let call_id = server.last(&spigot::HeaderName::CALL_ID);
    assert!(broken.await.unwrap().contains(&format!("Call-ID: {call_id}\r\n")));
}
