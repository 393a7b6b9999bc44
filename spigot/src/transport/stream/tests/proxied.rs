//! Connections that a load balancer makes for others.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::flow::Flow;
use crate::transport::probe::{Bound, TransportEvent, bind, echo, silent, soon};
use crate::transport::{Proxies, Tcp, TransportLimits};

const LOCAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const MESSAGE: &str = "MESSAGE sip:bob@example.com SIP/2.0\r\nContent-Length: 5\r\n\r\nhello";
const TEXT: &[u8] = b"PROXY TCP4 192.0.2.1 192.0.2.9 51234 5060\r\n";
const BINARY: &[u8] =
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0f\xc0\x00\x02\x02\xc0\x00\x02\x09\xc8\x22\x13\xc4\x04\0\0";
const MAPPED: &[u8] = b"PROXY TCP6 ::ffff:192.0.2.3 ::ffff:192.0.2.9 51234 5060\r\n";

fn loopback() -> Proxies {
    Proxies::new(["127.0.0.0/8"]).unwrap()
}

async fn behind(limits: &TransportLimits) -> Bound {
    bind(Tcp::new(LOCAL).proxy_protocol(loopback()), limits, echo).await
}

async fn connect(bound: &Bound) -> TcpStream {
    let stream = TcpStream::connect(bound.carrier.local_addr()).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Connects for somebody, and says a message with the header; its flow.
async fn say(bound: &mut Bound, header: &[u8]) -> (TcpStream, Flow) {
    let mut stream = connect(bound).await;
    stream
        .write_all(&[header, MESSAGE.as_bytes()].concat())
        .await
        .unwrap();
    let (flow, message) = bound.message().await;
    assert_eq!(message, MESSAGE);
    let mut echoed = vec![0; MESSAGE.len()];
    soon(stream.read_exact(&mut echoed)).await.unwrap();
    assert_eq!(echoed, MESSAGE.as_bytes());
    (stream, flow)
}

/// What comes until the server closes, which it does.
async fn until_closed(mut stream: TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    let _or_reset = soon(stream.read_to_end(&mut rest)).await;
    rest
}

#[tokio::test]
async fn the_client_that_a_proxy_names_is_the_peer() {
    let mut bound = behind(&TransportLimits::default()).await;
    let listener = bound.carrier.local_addr();
    let mut streams = Vec::new();
    for (header, client) in [
        (TEXT, "192.0.2.1:51234"),
        (BINARY, "192.0.2.2:51234"),
        (MAPPED, "192.0.2.3:51234"),
    ] {
        let (stream, flow) = say(&mut bound, header).await;
        streams.push(stream);
        assert_eq!(flow.peer(), client.parse().unwrap());
        assert_eq!(flow.local(), listener);
        assert_eq!(
            soon(bound.carrier.connect(flow.peer())).await.unwrap(),
            flow,
            "by this connection"
        );
    }
    for header in [&b"PROXY UNKNOWN\r\n"[..], b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"] {
        let (stream, flow) = say(&mut bound, header).await;
        assert_eq!(flow.peer(), stream.local_addr().unwrap(), "the proxy's own");
        streams.push(stream);
    }
    assert_eq!(bound.carrier.counters().accepted, 5);
}

#[tokio::test]
async fn a_header_may_come_octet_by_octet() {
    let mut bound = behind(&TransportLimits::default()).await;
    let mut streams = Vec::new();
    for header in [TEXT, BINARY] {
        let mut stream = connect(&bound).await;
        for octet in [header, MESSAGE.as_bytes()].concat() {
            stream.write_all(&[octet]).await.unwrap();
            tokio::task::yield_now().await;
        }
        assert_eq!(bound.message().await.1, MESSAGE);
        streams.push(stream);
    }
}

#[tokio::test]
async fn a_proxy_without_a_good_header_is_cut_off_and_the_listener_goes_on() {
    let mut bound = behind(&TransportLimits::default()).await;
    let too_long = [b"PROXY UNKNOWN ".as_slice(), &[b'f'; 200], b"\r\n"].concat();
    let bad = [
        MESSAGE.as_bytes(),
        b"PROXY TCP4 192.0.2.1\r\n",
        &too_long,
        b"\x16\x03\x01\x02\0",
    ];
    for header in bad {
        let mut stream = connect(&bound).await;
        stream.write_all(header).await.unwrap();
        assert_eq!(until_closed(stream).await, b"");
    }
    let mut gone = connect(&bound).await;
    gone.write_all(&TEXT[..20]).await.unwrap();
    gone.shutdown().await.unwrap();
    assert_eq!(until_closed(gone).await, b"");
    let _stream = say(&mut bound, TEXT).await;
    let counters = bound.carrier.counters();
    assert_eq!((counters.refused_headers, counters.accepted), (4, 1));
    assert_eq!(counters.closed_by_peer, 1, "{counters:?}");
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_says_nothing_or_half_a_header_is_cut_off() {
    let bound = behind(&TransportLimits::default()).await;
    let start = tokio::time::Instant::now();
    let silent = connect(&bound).await;
    let mut slow = connect(&bound).await;
    slow.write_all(&TEXT[..10]).await.unwrap();
    assert_eq!(until_closed(silent).await, b"");
    assert_eq!(until_closed(slow).await, b"");
    assert!(start.elapsed() >= Duration::from_secs(10));
    assert_eq!(bound.carrier.counters().refused_headers, 2);
}

#[tokio::test]
async fn whoever_is_no_proxy_is_taken_as_it_is() {
    let elsewhere = Proxies::new(["192.0.2.0/24"]).unwrap();
    let listener = Tcp::new(LOCAL).proxy_protocol(elsewhere);
    let mut bound = bind(listener, &TransportLimits::default(), echo).await;
    let (stream, flow) = say(&mut bound, b"").await;
    assert_eq!(flow.peer(), stream.local_addr().unwrap());
    let mut forged = connect(&bound).await;
    forged.write_all(TEXT).await.unwrap();
    assert_eq!(until_closed(forged).await, b"");
    assert!(matches!(bound.event().await, TransportEvent::Unframed(_)));
    bound.closed().await;
    assert_eq!(bound.carrier.counters().closed_unframed, 1);
}

#[tokio::test]
async fn the_bound_of_a_source_counts_clients_and_not_their_proxy() {
    let limits = TransportLimits {
        connections_per_source: 1,
        ..TransportLimits::default()
    };
    let mut bound = behind(&limits).await;
    let first = say(&mut bound, TEXT).await;
    let _other = say(&mut bound, BINARY).await;
    let mut second = connect(&bound).await;
    second.write_all(TEXT).await.unwrap();
    assert_eq!(until_closed(second).await, b"");
    assert_eq!(bound.carrier.counters().refused_connections, 1);
    drop(first);
    bound.closed().await;
    say(&mut bound, TEXT).await;
}

#[tokio::test]
async fn so_many_headers_may_be_awaited_and_one_more_is_refused() {
    let limits = TransportLimits {
        handshakes: 2,
        ..TransportLimits::default()
    };
    let mut bound = behind(&limits).await;
    let first = connect(&bound).await;
    let _second = connect(&bound).await;
    assert_eq!(until_closed(connect(&bound).await).await, b"");
    assert_eq!(bound.carrier.counters().refused_handshakes, 1);
    drop(first);
    while bound.carrier.counters().closed_by_peer == 0 {
        tokio::task::yield_now().await;
    }
    say(&mut bound, TEXT).await;
}

#[tokio::test]
async fn a_shutdown_waits_for_no_header() {
    let bound = bind(
        Tcp::new(LOCAL).proxy_protocol(loopback()),
        &TransportLimits::default(),
        silent,
    )
    .await;
    let waiting = connect(&bound).await;
    // Accepted in order: once this one is refused, the first is taken.
    let mut bad = connect(&bound).await;
    bad.write_all(b"x").await.unwrap();
    until_closed(bad).await;
    bound.carrier.shutdown().await;
    assert_eq!(until_closed(waiting).await, b"");
}
