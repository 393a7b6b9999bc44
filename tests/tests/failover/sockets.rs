//! Requests go from server to server over real sockets of the loopback, too.

use std::net::SocketAddr;

use spigot::testing::{Zone, certificates};
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

/// An endpoint with TLS, whose certificate is for this name.
async fn secured(server: Server, name: &str) -> (Spigot, u16) {
    let config = Config::new(server).tls(certificates(&[name]));
    let config = config.listen(Transport::Tls, (LOOPBACK, 0));
    let spigot = Spigot::start(config).await.expect("a free port");
    let port = spigot.listeners()[0].address.port();
    (spigot, port)
}

/// RFC 5922 §7: the server must be that of the domain in the URI, whatever host the SRV record names.
#[spigot::test(real_time)]
async fn a_server_without_the_certificate_of_the_domain_is_given_up() {
    let (imposter, genuine) = (Server::new(Conduct::Answers), Server::new(Conduct::Answers));
    let (_imposter, first) = secured(imposter.clone(), "host.example.com").await;
    let (_genuine, second) = secured(genuine.clone(), "example.com").await;
    let zone = Zone::new()
        .naptr("example.com", 0, 0, "SIPS+D2T", "_sips._tcp.example.com")
        .srv("_sips._tcp.example.com", 0, 0, first, "host.example.com")
        .srv("_sips._tcp.example.com", 1, 0, second, "host.example.com")
        .address("host.example.com", LOOPBACK);
    let config = Config::new(Server::new(Conduct::Drops)).tls(certificates(&["caller.example.com"]));
    let config = config.listen(Transport::Tls, (LOOPBACK, 0)).resolver(zone);
    let caller = Spigot::start(config).await.expect("a free port");

    for uri in [
        "sips:bob@example.com",
        "sip:bob@example.com",
        "sip:bob@example.com;transport=tls",
    ] {
        let response = caller.client().options(uri).send().await.expect(uri);
        assert_eq!(response.status(), StatusCode::OK, "{uri}");
    }

    assert_eq!((imposter.reached(), genuine.reached()), (0, 3));
    assert_eq!(caller.counters().failovers, 1, "only the first found out");
}

#[spigot::test(real_time)]
async fn a_host_is_tried_over_ipv4_when_it_does_not_answer_over_ipv6() {
    let six = std::net::Ipv6Addr::LOCALHOST;
    let Ok(probe) = TcpListener::bind((six, 0)).await else {
        return; // a machine without IPv6
    };
    drop(probe);
    let server = Server::new(Conduct::Answers);
    let (_server, port) = endpoint(server.clone(), |config| config).await;
    let zone = Zone::new()
        .address("both.example", six)
        .address("both.example", LOOPBACK);
    let (caller, _) = endpoint(Server::new(Conduct::Drops), |config| {
        config.listen(Transport::Tcp, (six, 0)).resolver(zone)
    })
    .await;
    let uri = format!("sip:both.example:{port};transport=tcp");

    let response = caller.client().options(uri).send().await.unwrap();

    assert_eq!((response.status(), server.reached()), (StatusCode::OK, 1));
    assert_eq!(caller.counters().failovers, 1);
}
