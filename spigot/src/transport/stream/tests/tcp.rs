//! TCP over the loopback.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::Ordering;
use std::time::Duration;

use spigot_parser::{self as sip, Bytes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::flow::Transport;
use crate::transport::Tcp;
use crate::transport::probe::{TransportEvent, bind, echo, silent, soon};
use crate::transport::{Carrier, SendError, TransportLimits};

pub(super) const V4: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const V6: SocketAddr = SocketAddr::new(std::net::IpAddr::V6(Ipv6Addr::LOCALHOST), 0);

/// A request with a body, framed as a stream wants it.
pub(super) fn request(body: &str) -> String {
    format!(
        "MESSAGE sip:bob@example.com SIP/2.0\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A request of exactly so many octets.
fn request_of(length: usize) -> String {
    let body = (0..length)
        .rev()
        .find(|body| request(&"x".repeat(*body)).len() == length)
        .unwrap();
    request(&"x".repeat(body))
}

pub(super) async fn open(carrier: &dyn Carrier) -> TcpStream {
    TcpStream::connect(carrier.local_addr()).await.unwrap()
}

pub(super) async fn read(stream: &mut TcpStream, length: usize) -> Vec<u8> {
    let mut octets = vec![0; length];
    soon(stream.read_exact(&mut octets)).await.unwrap();
    octets
}

/// All that comes until the peer closes.
async fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut octets = Vec::new();
    soon(stream.read_to_end(&mut octets)).await.unwrap();
    octets
}

#[tokio::test]
async fn two_answers_to_keepalives_are_no_keepalive() {
    let mut server = bind(Tcp::new(V4), &TransportLimits::default(), silent).await;
    let mut client = bind(Tcp::new(V4), &TransportLimits::default(), silent).await;
    let flow = soon(client.carrier.connect(server.carrier.local_addr()))
        .await
        .unwrap();
    for _ in 0..4 {
        client.carrier.keep_alive(&flow).unwrap();
        assert_eq!(client.alive().await, (flow, None));
    }
    assert_eq!(server.carrier.counters().keepalives, 4);
    assert_eq!(client.carrier.counters().keepalives, 0);
    client.carrier.give_up(&flow);
    assert_eq!(client.closed().await, flow);
    server.closed().await;
    assert_eq!(client.carrier.counters().closed_dead, 1);
}

#[tokio::test]
async fn a_message_comes_and_its_answer_goes_by_the_same_connection() {
    for address in [V4, V6] {
        if TcpListener::bind(address).await.is_err() {
            continue; // a machine without IPv6
        }
        let mut bound = bind(Tcp::new(address), &TransportLimits::default(), echo).await;
        let mut client = open(&*bound.carrier).await;
        let message = request("hello");
        client.write_all(message.as_bytes()).await.unwrap();
        let (flow, bytes) = bound.message().await;
        assert_eq!(bytes, message);
        assert_eq!(
            (flow.transport(), flow.local()),
            (Transport::Tcp, bound.carrier.local_addr())
        );
        assert_eq!(flow.peer(), client.local_addr().unwrap());
        assert!(flow.connection().is_some());
        assert_eq!(read(&mut client, message.len()).await, message.as_bytes());

        drop(client);
        assert_eq!(bound.closed().await, flow);
        assert!(matches!(
            bound.carrier.send(&flow, Bytes::from_static(b"x")),
            Err(SendError::Closed)
        ));
        let counters = bound.carrier.counters();
        assert_eq!((counters.accepted, counters.closed_by_peer), (1, 1));
        assert_eq!((counters.received, counters.sent), (1, 1));
    }
}

#[tokio::test]
async fn octets_one_at_a_time_and_messages_many_at_a_time_are_framed_alike() {
    let mut bound = bind(Tcp::new(V4), &TransportLimits::default(), silent).await;
    let mut client = open(&*bound.carrier).await;
    client.set_nodelay(true).unwrap();
    for octet in request("slowly").bytes() {
        client.write_all(&[octet]).await.unwrap();
    }
    assert_eq!(bound.message().await.1, request("slowly"));

    let many: String = (0..100).map(|number| request(&number.to_string())).collect();
    client.write_all(many.as_bytes()).await.unwrap();
    for number in 0..100 {
        assert_eq!(bound.message().await.1, request(&number.to_string()));
    }
}

#[tokio::test]
async fn answers_to_the_messages_of_one_turn_come_in_order() {
    let mut bound = bind(Tcp::new(V4), &TransportLimits::default(), echo).await;
    let mut client = open(&*bound.carrier).await;
    let many: String = (0..100).map(|number| request(&number.to_string())).collect();
    client.write_all(many.as_bytes()).await.unwrap();
    assert_eq!(read(&mut client, many.len()).await, many.as_bytes());
    bound.carrier.shutdown().await;
    assert_eq!(bound.carrier.counters().sent, 100);
    assert_eq!(bound.rest().len(), 101, "the messages and the end");
}

#[tokio::test]
async fn a_ping_is_answered_by_a_pong() {
    let mut bound = bind(Tcp::new(V4), &TransportLimits::default(), silent).await;
    let mut client = open(&*bound.carrier).await;
    client.write_all(b"\r\n\r\n").await.unwrap();
    assert_eq!(read(&mut client, 2).await, b"\r\n");
    assert!(bound.rest().is_empty());
    bound.carrier.shutdown().await;
    assert_eq!(bound.carrier.counters().keepalives, 1);
}

#[tokio::test]
async fn what_cannot_be_framed_is_answered_and_the_connection_closed() {
    let answer = |carrier: &dyn Carrier, flow, bytes: Bytes| {
        if bytes.is_empty() {
            carrier
                .send(&flow, Bytes::from_static(b"SIP/2.0 400 Bad Request\r\n\r\n"))
                .unwrap();
        }
    };
    let mut bound = bind(Tcp::new(V4), &TransportLimits::default(), answer).await;
    let mut client = open(&*bound.carrier).await;
    let broken = "OPTIONS sip:bob@example.com SIP/2.0\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n";
    client
        .write_all([&request("good"), broken, "and more of it"].concat().as_bytes())
        .await
        .unwrap();

    let (flow, _) = bound.message().await;
    assert!(matches!(bound.event().await, TransportEvent::Unframed(unframed) if unframed == flow));
    assert_eq!(read_to_end(&mut client).await, b"SIP/2.0 400 Bad Request\r\n\r\n");
    drop(client);
    assert_eq!(bound.closed().await, flow);
    bound.carrier.shutdown().await;
    assert!(bound.rest().is_empty(), "closed once");
    assert_eq!(bound.carrier.counters().closed_unframed, 1);
}

#[tokio::test]
async fn a_message_at_the_bound_passes_and_one_past_it_does_not() {
    let limits = TransportLimits {
        parser: sip::Limits {
            message: 4_000,
            ..sip::Limits::default()
        },
        ..TransportLimits::default()
    };
    let mut bound = bind(Tcp::new(V4), &limits, silent).await;
    let mut client = open(&*bound.carrier).await;
    client.write_all(request_of(4_000).as_bytes()).await.unwrap();
    assert_eq!(bound.message().await.1.len(), 4_000);
    client.write_all(request_of(4_001).as_bytes()).await.unwrap();
    assert!(matches!(bound.event().await, TransportEvent::Unframed(_)));
}

#[tokio::test]
async fn connections_past_a_bound_are_refused_and_counted() {
    for (total, per_source) in [(2, 256), (16_384, 2)] {
        let limits = TransportLimits {
            connections: total,
            connections_per_source: per_source,
            ..TransportLimits::default()
        };
        let mut bound = bind(Tcp::new(V4), &limits, silent).await;
        let mut kept = Vec::new();
        for _ in 0..2 {
            let mut client = open(&*bound.carrier).await;
            client.write_all(request("in").as_bytes()).await.unwrap();
            bound.message().await;
            kept.push(client);
        }
        let mut refused = open(&*bound.carrier).await;
        assert_eq!(read_to_end(&mut refused).await, b"");
        assert_eq!(bound.carrier.counters().refused_connections, 1);
        // One goes, and there is room again.
        kept.pop();
        bound.closed().await;
        let mut client = open(&*bound.carrier).await;
        client.write_all(request("in").as_bytes()).await.unwrap();
        bound.message().await;
        if total == 2 {
            let elsewhere = TcpListener::bind(V4).await.unwrap();
            let error = bound
                .carrier
                .connect(elsewhere.local_addr().unwrap())
                .await
                .unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::QuotaExceeded);
        }
    }
}

#[tokio::test]
async fn a_connection_is_used_again_whoever_opened_it() {
    let mut server = bind(Tcp::new(V4), &TransportLimits::default(), silent).await;
    let mut client = bind(Tcp::new(V4), &TransportLimits::default(), silent).await;
    let peer = server.carrier.local_addr();
    let opened = client.carrier.connect(peer).await.unwrap();
    assert_eq!(opened.peer(), peer);
    assert_eq!(client.carrier.connect(peer).await.unwrap(), opened);
    client.carrier.send(&opened, request("there").into()).unwrap();
    let (accepted, _) = server.message().await;
    assert_eq!(
        (accepted.peer().ip(), accepted.local()),
        (opened.local().ip(), opened.peer())
    );
    assert_ne!(accepted.connection(), opened.connection());

    assert_eq!(server.carrier.connect(accepted.peer()).await.unwrap(), accepted);
    server
        .carrier
        .send(&accepted, request("and back").into())
        .unwrap();
    assert_eq!(client.message().await, (opened, request("and back").into()));
    assert_eq!(client.carrier.counters().connected, 1);
    assert_eq!(server.carrier.counters().connected, 0);

    // Gone, it is not used again.
    server.carrier.shutdown().await;
    assert_eq!(client.closed().await, opened);
    assert!(client.carrier.connect(peer).await.is_err());
}

#[tokio::test]
async fn many_who_connect_at_once_share_one_connection() {
    let listener = TcpListener::bind(V4).await.unwrap();
    let peer = listener.local_addr().unwrap();
    let bound = bind(Tcp::new(V4), &TransportLimits::default(), silent).await;
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let carrier = std::sync::Arc::clone(&bound.carrier);
        waiting.spawn(async move { carrier.connect(peer).await.unwrap() });
    }
    let flows = waiting.join_all().await;
    assert!(flows.iter().all(|flow| *flow == flows[0]));
    assert_eq!(bound.carrier.counters().connected, 1);
}

#[tokio::test]
async fn a_peer_that_is_not_there_fails_all_who_wait_for_it() {
    let gone = TcpListener::bind(V4).await.unwrap().local_addr().unwrap();
    let bound = bind(Tcp::new(V4), &TransportLimits::default(), silent).await;
    let (one, other) = tokio::join!(bound.carrier.connect(gone), bound.carrier.connect(gone));
    for error in [one.unwrap_err(), other.unwrap_err()] {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    }
    let error = bound.carrier.connect(V6).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_cut_at_the_bound() {
    let limits = TransportLimits {
        write_queue: 10_000,
        ..TransportLimits::default()
    };
    let mut bound = bind(Tcp::new(V4), &limits, silent).await;
    let mut client = open(&*bound.carrier).await;
    client
        .write_all(request("I do not read").as_bytes())
        .await
        .unwrap();
    let (flow, _) = bound.message().await;
    let message = Bytes::from(vec![b'x'; 1_000]);
    // The kernel's buffers fill first, then the queue.
    let refused = loop {
        if let Err(error) = bound.carrier.send(&flow, message.clone()) {
            break error;
        }
    };
    assert!(matches!(refused, SendError::QueueFull), "{refused:?}");
    assert!(matches!(
        bound.carrier.send(&flow, message),
        Err(SendError::Closed)
    ));
    assert_eq!(bound.closed().await, flow);
    assert_eq!(bound.carrier.counters().closed_full, 1);
    assert_eq!(bound.carrier.counters().refused_sends, 1);
}

#[tokio::test]
async fn nothing_is_a_message_that_leaves_no_trace() {
    let mut bound = bind(
        Tcp::new(V4),
        &TransportLimits::default(),
        |carrier, flow, bytes| {
            carrier.send(&flow, Bytes::new()).unwrap();
            carrier.send(&flow, bytes).unwrap();
            carrier.send(&flow, Bytes::new()).unwrap();
        },
    )
    .await;
    let mut client = open(&*bound.carrier).await;
    for _ in 0..2 {
        client.write_all(request("hello").as_bytes()).await.unwrap();
        let (flow, _) = bound.message().await;
        assert_eq!(
            read(&mut client, request("hello").len()).await,
            request("hello").as_bytes()
        );
        assert!(bound.carrier.is_open(&flow));
    }
}

/// The peer resets the connection in the middle of a turn that gathers more than its queue holds.
#[tokio::test]
async fn what_is_sent_on_a_connection_that_breaks_is_refused_and_not_queued() {
    let limits = TransportLimits {
        write_queue: 1_000,
        ..TransportLimits::default()
    };
    let (arrived, has_arrived) = std::sync::mpsc::channel();
    let (reset, was_reset) = std::sync::mpsc::channel();
    let (outcome, mut outcomes) = tokio::sync::mpsc::unbounded_channel();
    let was_reset = std::sync::Mutex::new(was_reset);
    let mut bound = bind(Tcp::new(V4), &limits, move |carrier, flow, _| {
        arrived.send(()).unwrap();
        was_reset.lock().unwrap().recv().unwrap();
        for _ in 0..3 {
            let _ = outcome.send(carrier.send(&flow, Bytes::from(vec![b'x'; 900])));
        }
    })
    .await;
    let address = bound.carrier.local_addr();
    std::thread::spawn(move || {
        let mut client = std::net::TcpStream::connect(address).unwrap();
        std::io::Write::write_all(&mut client, request("break").as_bytes()).unwrap();
        has_arrived.recv().unwrap();
        socket2::SockRef::from(&client)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
        drop(client);
        reset.send(()).unwrap();
    });
    bound.message().await;
    bound.closed().await;
    let mut all = Vec::new();
    while let Some(outcome) = soon(outcomes.recv()).await {
        all.push(outcome.is_ok());
        if all.len() == 3 {
            break;
        }
    }
    assert_eq!(all, [true, false, false]);
}

#[tokio::test]
async fn a_peer_that_reads_late_gets_all_in_order() {
    let limits = TransportLimits {
        write_queue: 64 * 1024 * 1024,
        ..TransportLimits::default()
    };
    let mut bound = bind(Tcp::new(V4), &limits, silent).await;
    let mut client = open(&*bound.carrier).await;
    client.write_all(request("later").as_bytes()).await.unwrap();
    let (flow, _) = bound.message().await;
    let mut sent = Vec::new();
    for number in 0..2_000_u32 {
        let message = format!("{number:0>6}").repeat(1_000);
        sent.extend_from_slice(message.as_bytes());
        bound.carrier.send(&flow, message.into()).unwrap();
    }
    assert!(read(&mut client, sent.len()).await == sent);
}

#[tokio::test]
async fn a_peer_that_sends_no_more_still_gets_what_it_is_owed() {
    let mut bound = bind(Tcp::new(V4), &TransportLimits::default(), silent).await;
    bound.owes.store(true, Ordering::Relaxed);
    let mut client = open(&*bound.carrier).await;
    client.write_all(request("answer me").as_bytes()).await.unwrap();
    client.shutdown().await.unwrap();
    let (flow, _) = bound.message().await;
    // A line end, which a parser of SIP skips, shows whether the peer is there at all.
    assert_eq!(read(&mut client, 2).await, b"\r\n");
    assert!(!bound.carrier.is_open(&flow), "no answer to us can come");
    bound.carrier.send(&flow, Bytes::from_static(b"ringing")).unwrap();
    assert_eq!(read(&mut client, 7).await, b"ringing");
    bound.owes.store(false, Ordering::Relaxed);
    bound.carrier.send(&flow, Bytes::from_static(b"answer")).unwrap();
    assert_eq!(read_to_end(&mut client).await, b"answer");
    assert_eq!(bound.closed().await, flow);
    assert_eq!(bound.carrier.counters().closed_by_peer, 1);
}

#[tokio::test]
async fn a_peer_that_is_gone_is_owed_nothing_on_its_connection() {
    let mut bound = bind(Tcp::new(V4), &TransportLimits::default(), silent).await;
    bound.owes.store(true, Ordering::Relaxed);
    let mut client = open(&*bound.carrier).await;
    client.write_all(request("answer me").as_bytes()).await.unwrap();
    bound.message().await;
    drop(client);
    let flow = bound.closed().await;
    assert!(matches!(
        bound.carrier.send(&flow, Bytes::from_static(b"answer")),
        Err(SendError::Closed)
    ));
}

#[tokio::test]
async fn the_shutdown_ends_every_connection_and_frees_the_port() {
    let mut bound = bind(Tcp::new(V4), &TransportLimits::default(), echo).await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = open(&*bound.carrier).await;
        client.write_all(request("last").as_bytes()).await.unwrap();
        bound.message().await;
        clients.push(client);
    }
    soon(bound.carrier.shutdown()).await;
    for client in &mut clients {
        assert_eq!(read_to_end(client).await, request("last").as_bytes());
        bound.closed().await;
    }
    assert!(bound.rest().is_empty());
    assert_eq!(bound.carrier.counters().closed_by_shutdown, 3);
    assert!(bound.carrier.connect(V4).await.is_err());
    bind(
        Tcp::new(bound.carrier.local_addr()),
        &TransportLimits::default(),
        silent,
    )
    .await;
    bound.carrier.shutdown().await;
}

#[tokio::test]
async fn a_carrier_that_is_dropped_stops_listening() {
    struct Nobody;
    impl crate::transport::Inbound for Nobody {
        fn message(&self, _: crate::Flow, _: Bytes) {}
        fn unframed(&self, _: crate::Flow, _: spigot_parser::FrameError) {}
        fn closed(&self, _: crate::Flow) {}
    }
    let nobody = std::sync::Arc::new(Nobody);
    let tcp: Box<dyn crate::transport::Bind> = Box::new(Tcp::new(V4));
    let inbound = std::sync::Arc::clone(&nobody);
    let carrier = tcp.bind(inbound, &TransportLimits::default()).await.unwrap();
    carrier.start();
    let mut client = open(&*carrier).await;
    let address = carrier.local_addr();
    drop(carrier);
    // Closed, or reset where it had not been accepted yet.
    let end = soon(client.read(&mut [0])).await;
    assert!(!matches!(end, Ok(1)), "{end:?}");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_connection_that_we_opened_names_the_address_at_which_we_are_reached() {
    let peer = bind(Tcp::new(V4), &TransportLimits::default(), silent).await;
    let wildcard = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    for address in [V4, wildcard] {
        let bound = bind(Tcp::new(address), &TransportLimits::default(), silent).await;
        let flow = bound.carrier.connect(peer.carrier.local_addr()).await.unwrap();
        let listener = bound.carrier.local_addr();
        assert_eq!(flow.local(), SocketAddr::new(V4.ip(), listener.port()));
    }
}
