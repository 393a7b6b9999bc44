//! TLS and WebSocket over the loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use spigot_parser::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::layers::tls;
use crate::flow::Transport;
use crate::transport::probe::{Bound, bind, echo, silent, soon};
use crate::transport::stream::codec::Decoded;
use crate::transport::tls::{TlsConfig, Trust};
use crate::transport::{Bind, Origins, Proxies, Tls, TransportLimits, WebSocket};

const LOCAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const ALL: [Transport; 3] = [Transport::Tls, Transport::Ws, Transport::Wss];

fn listener(transport: Transport, tls: &TlsConfig) -> Box<dyn Bind> {
    match transport {
        Transport::Tls => Box::new(Tls::new(LOCAL, tls.clone())),
        Transport::Wss => Box::new(WebSocket::new(LOCAL, Origins::any()).secured(tls.clone())),
        _ => Box::new(WebSocket::new(LOCAL, Origins::any())),
    }
}

pub(super) struct Boxed(pub(super) Box<dyn Bind>);

impl Bind for Boxed {
    fn bind(
        self: Box<Self>,
        inbound: std::sync::Arc<dyn crate::transport::Inbound>,
        limits: &TransportLimits,
    ) -> crate::transport::BoxFuture<'static, std::io::Result<std::sync::Arc<dyn crate::transport::Carrier>>>
    {
        self.0.bind(inbound, limits)
    }

    fn describe(&self) -> String {
        self.0.describe()
    }
}

async fn two(transport: Transport, limits: &TransportLimits) -> (Bound, Bound) {
    let tls = tls(&["127.0.0.1", "sip.example.com"]);
    let server = bind(Boxed(listener(transport, &tls)), limits, echo).await;
    let client = bind(Boxed(listener(transport, &tls)), limits, silent).await;
    (server, client)
}

const MESSAGE: &str = "MESSAGE sip:bob@example.com SIP/2.0\r\nContent-Length: 5\r\n\r\nhello";

#[tokio::test]
async fn messages_go_both_ways_and_one_connection_serves_both() {
    for transport in ALL {
        let (mut server, mut client) = two(transport, &TransportLimits::default()).await;
        let address = server.carrier.local_addr();
        let flow = soon(client.carrier.connect(address)).await.unwrap();
        assert_eq!(flow.transport(), transport);
        for domain in [None, Some("SIP.example.com")] {
            let flow = soon(client.carrier.connect_to(address, domain)).await.unwrap();
            for _ in 0..3 {
                client
                    .carrier
                    .send(&flow, Bytes::from_static(MESSAGE.as_bytes()))
                    .unwrap();
                let (at, message) = server.message().await;
                assert_eq!(
                    (at.transport(), message),
                    (transport, Bytes::from_static(MESSAGE.as_bytes()))
                );
                assert_eq!(
                    client.message().await,
                    (flow, Bytes::from_static(MESSAGE.as_bytes()))
                );
            }
        }
        let again = soon(client.carrier.connect(address)).await.unwrap();
        assert_eq!(again, flow, "{transport}: the same connection");
        client.carrier.shutdown().await;
        server.closed().await;
        let counters = server.carrier.counters();
        assert_eq!(counters.closed_broken, 0, "{transport}: {counters:?}");
        assert_eq!(counters.received, 6, "{transport}");
    }
}

#[tokio::test]
async fn a_peer_that_is_asked_gives_a_sign_of_life_and_one_that_gives_none_can_be_given_up() {
    for transport in ALL {
        let (mut server, mut client) = two(transport, &TransportLimits::default()).await;
        let flow = soon(client.carrier.connect(server.carrier.local_addr()))
            .await
            .unwrap();
        client.carrier.keep_alive(&flow).unwrap();
        assert_eq!(client.alive().await, (flow, None), "{transport}");
        assert_eq!(server.carrier.counters().keepalives, 1, "{transport}");
        client.carrier.give_up(&flow);
        assert_eq!(client.closed().await, flow, "{transport}");
        server.closed().await;
        assert_eq!(client.carrier.counters().closed_dead, 1, "{transport}");
    }
}

#[tokio::test]
async fn a_connection_is_the_way_back_to_who_has_proved_to_be_there() {
    let trust = Trust::from_pem(crate::testing::authority()).unwrap();
    let limits = TransportLimits::default();
    let of = |names: &[&str]| crate::testing::certificates(names).require_clients(trust.clone());
    let server = Tls::new(LOCAL, of(&["server.example.com"]));
    let mut server = bind(server, &limits, silent).await;
    let client = Tls::new(LOCAL, of(&["client.example.com", "*.example.org"]));
    let mut client = bind(client, &limits, silent).await;
    let opened = client
        .carrier
        .connect_to(server.carrier.local_addr(), Some("server.example.com"));
    let opened = soon(opened).await.unwrap();
    client
        .carrier
        .send(&opened, Bytes::from_static(MESSAGE.as_bytes()))
        .unwrap();
    let (accepted, _) = server.message().await;

    let identity = server.carrier.identity(&accepted).unwrap();
    assert_eq!(identity.domains().collect::<Vec<_>>(), ["client.example.com"]);
    assert!(identity.is_of("Client.Example.COM"));
    assert!(
        client
            .carrier
            .identity(&opened)
            .unwrap()
            .is_of("server.example.com")
    );

    let address = client.carrier.local_addr();
    server.carrier.alias(&accepted, address);
    let back = server.carrier.connect_to(address, Some("CLIENT.example.com"));
    assert_eq!(soon(back).await.unwrap(), accepted);
    assert_eq!(server.carrier.counters().connected, 0);
    // To another domain at that address it says nothing, nor once it is gone.
    let other = soon(server.carrier.connect_to(address, Some("a.example.org"))).await;
    assert!(other.is_err(), "{other:?}");
    client.closed().await;
    server.closed().await;
    client.carrier.give_up(&opened);
    assert_eq!(client.closed().await, opened);
    assert_eq!(server.closed().await, accepted);
    let back = server.carrier.connect_to(address, Some("client.example.com"));
    assert_ne!(soon(back).await.unwrap(), accepted);
}

#[tokio::test]
async fn a_connection_is_the_way_to_so_many_and_one_more_is_refused() {
    let trust = Trust::from_pem(crate::testing::authority()).unwrap();
    let tls = crate::testing::certificates(&["a.example.com", "b.example.com"]).require_clients(trust);
    let limits = TransportLimits::default();
    let mut server = bind(Tls::new(LOCAL, tls.clone()), &limits, silent).await;
    let client = bind(Tls::new(LOCAL, tls), &limits, silent).await;
    let address = server.carrier.local_addr();
    let opened = soon(client.carrier.connect_to(address, Some("a.example.com"))).await;
    let opened = opened.unwrap();
    client
        .carrier
        .send(&opened, Bytes::from_static(MESSAGE.as_bytes()))
        .unwrap();
    let (accepted, _) = server.message().await;
    // Each address is two: the certificate has two domains.
    for port in [5061, 5062, 5063, 5061, 5064, 5064] {
        let address = SocketAddr::new(LOCAL.ip(), port);
        server.carrier.alias(&accepted, address);
    }
    assert_eq!(server.carrier.counters().refused_aliases, 0);
    for (port, refused) in [(5065, 2), (5061, 2), (5065, 4)] {
        let address = SocketAddr::new(LOCAL.ip(), port);
        server.carrier.alias(&accepted, address);
        assert_eq!(server.carrier.counters().refused_aliases, refused, "{port}");
    }
    let address = SocketAddr::new(LOCAL.ip(), 5064);
    let back = server.carrier.connect_to(address, Some("b.example.com"));
    assert_eq!(soon(back).await.unwrap(), accepted);
}

#[tokio::test]
async fn a_server_that_is_somebody_else_is_an_error_that_says_so() {
    let (server, client) = two(Transport::Tls, &TransportLimits::default()).await;
    let refused = client
        .carrier
        .connect_to(server.carrier.local_addr(), Some("other.example"))
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("NotValidForName"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_does_not_come_to_its_end_is_cut_off() {
    let limits = TransportLimits {
        first_byte: Duration::from_secs(5),
        ..TransportLimits::default()
    };
    for transport in ALL {
        let (mut server, _client) = two(transport, &limits).await;
        let mut silent = TcpStream::connect(server.carrier.local_addr()).await.unwrap();
        let mut slow = TcpStream::connect(server.carrier.local_addr()).await.unwrap();
        slow.write_all(match transport {
            Transport::Ws => b"GET / HTTP/1.1\r\n",
            _ => b"\x16\x03\x01\x02\x00\x01",
        })
        .await
        .unwrap();
        server.closed().await;
        server.closed().await;
        let counters = server.carrier.counters();
        assert_eq!(
            (counters.closed_silent, counters.closed_broken),
            (1, 1),
            "{transport}"
        );
        let mut rest = Vec::new();
        let _closed = silent.read_to_end(&mut rest).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_does_not_open_in_time_is_closed_at_once() {
    for transport in ALL {
        let (_server, mut client) = two(transport, &TransportLimits::default()).await;
        let silent = TcpListener::bind(LOCAL).await.unwrap();
        let start = tokio::time::Instant::now();
        let error = client
            .carrier
            .connect(silent.local_addr().unwrap())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
        client.closed().await;
        let after = start.elapsed().as_secs();
        assert_eq!(
            (after, client.carrier.counters().closed_broken),
            (5, 1),
            "{transport}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_speaks_something_else_is_an_error_at_once() {
    for transport in ALL {
        let (_server, client) = two(transport, &TransportLimits::default()).await;
        let other = TcpListener::bind(LOCAL).await.unwrap();
        let address = other.local_addr().unwrap();
        let answering = tokio::spawn(async move {
            let (mut stream, _) = other.accept().await.unwrap();
            stream.write_all(b"HTTP/1.1 404 Not Found\r\n\r\n").await.unwrap();
            stream // which it does not close
        });
        let start = tokio::time::Instant::now();
        let error = client.carrier.connect(address).await.unwrap_err();
        assert_eq!(
            error.kind(),
            std::io::ErrorKind::InvalidData,
            "{transport}: {error}"
        );
        let after = start.elapsed();
        assert!(after < Duration::from_secs(1), "{transport}: after {after:?}");
        drop(answering.await.unwrap());
    }
}

#[tokio::test]
async fn a_shutdown_fails_who_waits_for_a_connection() {
    for transport in ALL {
        let (_server, mut client) = two(transport, &TransportLimits::default()).await;
        let silent = TcpListener::bind(LOCAL).await.unwrap();
        let address = silent.local_addr().unwrap();
        let carrier = std::sync::Arc::clone(&client.carrier);
        let waiting = tokio::spawn(async move { carrier.connect(address).await });
        let (_accepted, _) = soon(silent.accept()).await.unwrap();
        soon(client.carrier.shutdown()).await;
        let error = soon(waiting).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::NotConnected, "{transport}");
        let again = soon(client.carrier.connect(address)).await.unwrap_err();
        assert_eq!(again.kind(), std::io::ErrorKind::NotConnected, "{transport}");
        // It may have been cut before it was taken in.
        assert!(client.rest().len() <= 1);
    }
}

#[tokio::test]
async fn tls_begins_right_behind_what_a_proxy_says() {
    let tls = tls(&["127.0.0.1"]);
    let listener = Tls::new(LOCAL, tls.clone()).proxy_protocol(Proxies::new(["127.0.0.1"]).unwrap());
    let mut server = bind(listener, &TransportLimits::default(), echo).await;
    let address = server.carrier.local_addr();
    let protocol = super::layers::protocol(Transport::Tls, &tls, Origins::any());
    let mut client = protocol.opening(address, None, 65_535).unwrap();
    let (mut decoded, mut wire) = (
        Decoded::default(),
        b"PROXY TCP4 192.0.2.1 192.0.2.9 51234 5061\r\n".to_vec(),
    );
    client.received(&[], &mut decoded, &mut wire).unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut asked = false;
    while decoded.octets != MESSAGE.as_bytes() {
        stream.write_all(&std::mem::take(&mut wire)).await.unwrap();
        if client.is_ready() && !asked {
            asked = true;
            client
                .encode(&Bytes::from_static(MESSAGE.as_bytes()), &mut wire)
                .unwrap();
            continue;
        }
        let mut octets = [0; 4096];
        let count = soon(stream.read(&mut octets)).await.unwrap();
        assert_ne!(count, 0, "closed");
        client
            .received(&octets[..count], &mut decoded, &mut wire)
            .unwrap();
    }
    assert_eq!(
        server.message().await.0.peer(),
        "192.0.2.1:51234".parse().unwrap()
    );
}

#[tokio::test]
async fn so_many_handshakes_may_be_under_way_and_one_more_is_refused() {
    for (handshakes, handshakes_per_source) in [(512, 2), (2, 16)] {
        let limits = TransportLimits {
            handshakes,
            handshakes_per_source,
            ..TransportLimits::default()
        };
        let (server, client) = two(Transport::Tls, &limits).await;
        let address = server.carrier.local_addr();
        let _first = TcpStream::connect(address).await.unwrap();
        let _second = TcpStream::connect(address).await.unwrap();
        let refused = soon(client.carrier.connect(address)).await;
        assert!(refused.is_err());
        assert_eq!(server.carrier.counters().refused_handshakes, 1);
    }
    let limits = TransportLimits {
        handshakes_per_source: 1,
        ..TransportLimits::default()
    };
    let (server, client) = two(Transport::Wss, &limits).await;
    for domain in [None, Some("sip.example.com")] {
        let flow = client
            .carrier
            .connect_to(server.carrier.local_addr(), domain)
            .await;
        assert!(flow.is_ok(), "one that is done makes room: {flow:?}");
    }
}

#[tokio::test]
async fn plain_text_on_a_tls_port_is_closed_and_the_listener_goes_on() {
    let (mut server, mut client) = two(Transport::Tls, &TransportLimits::default()).await;
    let address = server.carrier.local_addr();
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(MESSAGE.as_bytes()).await.unwrap();
    let mut alert = Vec::new();
    let _closed = soon(plain.read_to_end(&mut alert)).await;
    assert_eq!(alert.first(), Some(&21), "an alert: {alert:?}");
    server.closed().await;
    assert_eq!(server.carrier.counters().closed_broken, 1);
    let flow = soon(client.carrier.connect(address)).await.unwrap();
    client
        .carrier
        .send(&flow, Bytes::from_static(MESSAGE.as_bytes()))
        .unwrap();
    assert_eq!(client.message().await.1, MESSAGE);
}
