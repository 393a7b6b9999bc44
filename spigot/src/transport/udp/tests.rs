//! UDP over the loopback.

use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, RwLock};

use spigot_parser::Bytes;
use tokio::net::UdpSocket;
use tokio::sync::Notify;

use super::batch::Datagram;
use super::outbox::Outbox;
use super::socket::Socket;
use super::{LARGEST_V4, Shared, Udp, flush};
use crate::flow::Flow;
use crate::transport::counters::Tally;
use crate::transport::probe::{Event, bind, echo, silent, soon};
use crate::transport::stun;
use crate::transport::turn::{Turn, TurnId};
use crate::transport::{Bind, SendError, TransportLimits};

const V4: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const V6: SocketAddr = SocketAddr::new(std::net::IpAddr::V6(Ipv6Addr::LOCALHOST), 0);

async fn client(address: SocketAddr) -> UdpSocket {
    UdpSocket::bind(address).await.unwrap()
}

async fn received(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = vec![0; 65_535];
    let (length, from) = soon(socket.recv_from(&mut buffer)).await.unwrap();
    buffer.truncate(length);
    (buffer, from)
}

#[tokio::test]
async fn a_datagram_comes_and_its_answer_goes_by_the_same_flow() {
    for address in [V4, V6] {
        let Ok(client) = UdpSocket::bind(address).await else {
            continue;
        }; // a machine without IPv6
        let mut bound = bind(Udp::new(address), &TransportLimits::default(), echo).await;
        let local = bound.carrier.local_addr();
        client.send_to(b"hello", local).await.unwrap();
        let (flow, bytes) = bound.message().await;
        let peer = client.local_addr().unwrap();
        assert_eq!(flow, Flow::datagram(local, peer));
        assert_eq!(bytes, "hello");
        assert_eq!(received(&client).await, (b"hello".to_vec(), local));

        assert_eq!(bound.carrier.connect(peer).await.unwrap(), flow);
        bound.carrier.send(&flow, Bytes::from_static(b"again")).unwrap();
        assert_eq!(received(&client).await.0, b"again");
        let counters = bound.carrier.counters();
        assert_eq!((counters.received, counters.received_bytes), (1, 5));
        assert_eq!((counters.sent, counters.sent_bytes), (2, 10));
    }
}

#[tokio::test]
async fn a_peer_gives_a_sign_of_life_and_says_from_where_it_was_asked() {
    for address in [V4, V6] {
        if UdpSocket::bind(address).await.is_err() {
            continue; // a machine without IPv6
        }
        let mut bound = bind(Udp::new(address), &TransportLimits::default(), silent).await;
        let mut peer = bind(Udp::new(address), &TransportLimits::default(), silent).await;
        let flow = bound.carrier.connect(peer.carrier.local_addr()).await.unwrap();
        bound.carrier.keep_alive(&flow).unwrap();
        assert_eq!(bound.alive().await, (flow, Some(bound.carrier.local_addr())));
        assert_eq!(peer.carrier.counters().keepalives, 1);
        assert!(peer.rest().is_empty());

        // An answer to what was never asked is no sign of life.
        let forger = client(address).await;
        let forged = stun::read(&stun::request([7; 12]), bound.carrier.local_addr());
        let Some(stun::Stun::Request(forged)) = forged else {
            panic!("not a request");
        };
        forger.send_to(&forged, bound.carrier.local_addr()).await.unwrap();
        forger
            .send_to(b"hello", bound.carrier.local_addr())
            .await
            .unwrap();
        assert_eq!(bound.message().await.1, "hello");
    }
}

#[tokio::test]
async fn a_refusal_counts_if_it_is_of_what_was_asked() {
    let mut bound = bind(Udp::new(V4), &TransportLimits::default(), silent).await;
    let peer = client(V4).await;
    let flow = bound.carrier.connect(peer.local_addr().unwrap()).await.unwrap();
    bound.carrier.keep_alive(&flow).unwrap();
    let (asked, from) = received(&peer).await;
    // A Binding error response without an attribute, to what was never asked, and to what was.
    let mut forged = asked.clone();
    forged[19] ^= 1;
    for mut refusal in [forged, asked] {
        refusal[..2].copy_from_slice(&[0x01, 0x11]);
        peer.send_to(&refusal, from).await.unwrap();
        peer.send_to(b"hello", from).await.unwrap();
    }
    assert_eq!(bound.message().await.1, "hello");
    assert!(matches!(bound.event().await, Event::Refused(refused) if refused == flow));
    assert_eq!(bound.message().await.1, "hello");
}

#[tokio::test]
async fn both_families_share_a_port() {
    let v4 = bind(
        Udp::new((Ipv4Addr::UNSPECIFIED, 0).into()),
        &TransportLimits::default(),
        silent,
    )
    .await;
    let port = v4.carrier.local_addr().port();
    if UdpSocket::bind(V6).await.is_err() {
        return; // a machine without IPv6
    }
    let v6 = bind(
        Udp::new((Ipv6Addr::UNSPECIFIED, port).into()),
        &TransportLimits::default(),
        silent,
    )
    .await;
    assert_eq!(v6.carrier.local_addr().port(), port);
    let error = v6.carrier.connect(V4).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}

/// Linux gives the whole of 127.0.0.0/8 to the loopback.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_wildcard_answers_from_the_address_that_was_asked() {
    let wildcard = Udp::new((Ipv4Addr::UNSPECIFIED, 0).into());
    let mut bound = bind(wildcard, &TransportLimits::default(), |carrier, flow, bytes| {
        // Two, so that they leave as a batch; and one of another source behind them.
        carrier.send(&flow, bytes.clone()).unwrap();
        carrier.send(&flow, bytes.clone()).unwrap();
        let other = (Ipv4Addr::new(127, 0, 0, 8), flow.local().port()).into();
        carrier.send(&Flow::datagram(other, flow.peer()), bytes).unwrap();
    })
    .await;
    let asked = SocketAddr::from((Ipv4Addr::new(127, 0, 0, 7), bound.carrier.local_addr().port()));
    let client = client(V4).await;
    client.send_to(b"?", asked).await.unwrap();

    let (flow, _) = bound.message().await;
    assert_eq!(flow.local(), asked);
    assert_eq!(received(&client).await.1, asked);
    assert_eq!(received(&client).await.1, asked);
    assert_eq!(received(&client).await.1.ip(), Ipv4Addr::new(127, 0, 0, 8));
    // Out of a turn it is a call of its own.
    bound.carrier.send(&flow, Bytes::from_static(b"!")).unwrap();
    assert_eq!(received(&client).await.1, asked);
    // What we open leaves from where the routing table says.
    let opened = bound.carrier.connect(flow.peer()).await.unwrap();
    assert_eq!(opened.local(), (Ipv4Addr::LOCALHOST, asked.port()).into());

    if UdpSocket::bind(V6).await.is_ok() {
        let wildcard = Udp::new((Ipv6Addr::UNSPECIFIED, 0).into());
        let mut bound = bind(wildcard, &TransportLimits::default(), echo).await;
        let asked = SocketAddr::from((Ipv6Addr::LOCALHOST, bound.carrier.local_addr().port()));
        let client = self::client(V6).await;
        client.send_to(b"?", asked).await.unwrap();
        assert_eq!(bound.message().await.0.local(), asked);
        assert_eq!(received(&client).await.1, asked);
    }
}

#[tokio::test]
async fn the_largest_datagram_passes_both_ways_and_one_octet_more_is_refused() {
    let mut bound = bind(Udp::new(V4), &TransportLimits::default(), echo).await;
    let client = client(V4).await;
    let largest = vec![b'x'; LARGEST_V4];
    client
        .send_to(&largest, bound.carrier.local_addr())
        .await
        .unwrap();
    let (flow, bytes) = bound.message().await;
    assert_eq!(bytes.len(), 65_507);
    assert_eq!(received(&client).await.0, largest);

    let refused = bound.carrier.send(&flow, Bytes::from(vec![b'x'; LARGEST_V4 + 1]));
    assert!(matches!(refused, Err(SendError::TooLarge)), "{refused:?}");
    assert_eq!(bound.carrier.counters().failed_sends, 1);
}

#[tokio::test]
async fn keepalives_are_dropped_and_counted() {
    let mut bound = bind(Udp::new(V4), &TransportLimits::default(), silent).await;
    let client = client(V4).await;
    for datagram in ["", "\r\n", "\r\n\r\n", "x"] {
        client
            .send_to(datagram.as_bytes(), bound.carrier.local_addr())
            .await
            .unwrap();
    }
    let (flow, message) = bound.message().await;
    assert_eq!(message, "x");
    assert!(bound.rest().is_empty() && bound.carrier.is_open(&flow));
    bound.carrier.shutdown().await;
    assert!(!bound.carrier.is_open(&flow));
    assert_eq!(bound.carrier.counters().keepalives, 3);
    assert_eq!(bound.carrier.counters().received, 1);
}

#[tokio::test]
async fn what_is_sent_in_a_turn_leaves_at_its_end_and_what_others_send_at_once() {
    let client = Arc::new(client(V4).await);
    let looking = Arc::clone(&client);
    let mut bound = bind(
        Udp::new(V4),
        &TransportLimits::default(),
        move |carrier, flow, _| {
            std::thread::scope(|scope| {
                scope.spawn(|| carrier.send(&flow, Bytes::from_static(b"other")).unwrap());
            });
            carrier.send(&flow, Bytes::from_static(b"gathered")).unwrap();
            // Straight from the kernel: only the other thread's is there.
            let socket = socket2::SockRef::from(&*looking);
            let mut buffer = [std::mem::MaybeUninit::uninit(); 16];
            assert_eq!(socket.recv(&mut buffer).unwrap(), "other".len());
            assert!(socket.recv(&mut buffer).is_err());
        },
    )
    .await;
    client.send_to(b"?", bound.carrier.local_addr()).await.unwrap();
    bound.message().await;
    assert_eq!(received(&client).await.0, b"gathered");
}

#[tokio::test]
async fn ten_thousand_datagrams_come_and_are_answered() {
    const WINDOW: usize = 50; // what the smallest receive buffer of a kernel takes
    let mut bound = bind(Udp::new(V4), &TransportLimits::default(), echo).await;
    let client = client(V4).await;
    let mut answered = HashSet::new();
    for window in 0..10_000 / WINDOW {
        for number in 0..WINDOW {
            let datagram = format!("{}", window * WINDOW + number);
            client
                .send_to(datagram.as_bytes(), bound.carrier.local_addr())
                .await
                .unwrap();
        }
        for _ in 0..WINDOW {
            answered.insert(received(&client).await.0);
        }
    }
    assert_eq!(answered.len(), 10_000);
    assert_eq!(bound.rest().len(), 10_000);
}

/// A sender may hand the kernel many datagrams at once, and so may the kernel hand them to us.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn coalesced_datagrams_are_told_apart() {
    let mut bound = bind(Udp::new(V4), &TransportLimits::default(), silent).await;
    let client = client(V4).await;
    client.writable().await.unwrap();
    let state = quinn_udp::UdpSocketState::new((&client).into()).unwrap();
    if state.max_gso_segments() < 10 {
        return; // an old kernel
    }
    let contents: Vec<u8> = (0..10).flat_map(|digit| vec![b'0' + digit; 100]).collect();
    let transmit = quinn_udp::Transmit {
        destination: bound.carrier.local_addr(),
        ecn: None,
        contents: &contents[..950],
        segment_size: Some(100),
        src_ip: None,
    };
    state.try_send((&client).into(), &transmit).unwrap();
    for digit in 0..10 {
        let length = if digit == 9 { 50 } else { 100 };
        assert_eq!(bound.message().await.1, vec![b'0' + digit; length]);
    }
}

/// Each system call may bring hundreds of datagrams where they come coalesced.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_flood_lets_other_tasks_have_their_turn() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    const SEGMENTS: usize = 50;
    let others = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&others);
    let last = std::sync::Mutex::new((0, 0));
    let (longest, runs) = std::sync::mpsc::channel();
    let mut bound = bind(Udp::new(V4), &TransportLimits::default(), move |_, _, _| {
        let mut last = last.lock().unwrap();
        let now = seen.load(Ordering::Relaxed);
        *last = if last.0 == now {
            (now, last.1 + 1)
        } else {
            (now, 1)
        };
        longest.send(last.1).unwrap();
    })
    .await;
    let client = client(V4).await;
    client.writable().await.unwrap();
    let state = quinn_udp::UdpSocketState::new((&client).into()).unwrap();
    if state.max_gso_segments() < SEGMENTS {
        return; // an old kernel
    }
    let contents = [b'x'; SEGMENTS];
    let transmit = quinn_udp::Transmit {
        destination: bound.carrier.local_addr(),
        ecn: None,
        contents: &contents,
        segment_size: Some(1),
        src_ip: None,
    };
    let mut sent = 0;
    while sent < 100 && state.try_send((&client).into(), &transmit).is_ok() {
        sent += 1;
    }
    let counting = Arc::clone(&others);
    let other = tokio::spawn(async move {
        loop {
            counting.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    });
    for _ in 0..(sent * SEGMENTS).min(4_000) {
        bound.message().await;
    }
    other.abort();
    let longest = runs.try_iter().max().unwrap_or_default();
    // The runtime wakes those that yielded last first: one may have two turns before another has its next.
    let two_turns = 2 * quinn_udp::BATCH_SIZE * SEGMENTS;
    assert!(
        longest <= two_turns,
        "{longest} in a row of {sent} times {SEGMENTS}"
    );
}

#[tokio::test]
async fn a_closed_port_and_a_panic_do_not_end_the_reader() {
    let mut bound = bind(Udp::new(V4), &TransportLimits::default(), |_, _, bytes| {
        assert_ne!(bytes, "panic", "as the test wants it");
    })
    .await;
    let gone = client(V4).await;
    let flow = bound.carrier.connect(gone.local_addr().unwrap()).await.unwrap();
    drop(gone);
    for _ in 0..3 {
        bound.carrier.send(&flow, Bytes::from_static(b"nobody")).unwrap();
    }
    let client = client(V4).await;
    for datagram in ["panic", "next"] {
        client
            .send_to(datagram.as_bytes(), bound.carrier.local_addr())
            .await
            .unwrap();
        assert_eq!(bound.message().await.1, datagram);
    }
}

#[tokio::test]
async fn a_datagram_that_cannot_leave_costs_none_of_those_beside_it() {
    let mut bound = bind(
        Udp::new(V4),
        &TransportLimits::default(),
        |carrier, flow, bytes| {
            let to = |peer: SocketAddr| flow.with_peer(peer);
            let no_port = SocketAddr::new(flow.peer().ip(), 0);
            let no_permission = (Ipv4Addr::BROADCAST, 5060).into();
            for peer in [no_port, flow.peer(), no_permission, V6, flow.peer(), no_port] {
                carrier.send(&to(peer), bytes.clone()).unwrap();
            }
        },
    )
    .await;
    let client = client(V4).await;
    client.send_to(b"?", bound.carrier.local_addr()).await.unwrap();
    bound.message().await;
    for _ in 0..2 {
        assert_eq!(received(&client).await.0, b"?");
    }
    bound.carrier.shutdown().await;
    let counters = bound.carrier.counters();
    assert_eq!((counters.sent, counters.failed_sends), (2, 4));
}

/// An endpoint that hears nothing.
struct Nobody;

impl crate::transport::Inbound for Nobody {
    fn message(&self, _: Flow, _: Bytes) {}
    fn unframed(&self, _: Flow, _: spigot_parser::FrameError) {}
    fn closed(&self, _: Flow) {}
}

#[tokio::test]
async fn a_port_that_is_taken_says_so() {
    let bound = bind(Udp::new(V4), &TransportLimits::default(), silent).await;
    let again = Udp::new(bound.carrier.local_addr());
    assert_eq!(again.describe(), format!("udp:{}", bound.carrier.local_addr()));
    let error = Box::new(again)
        .bind(Arc::new(Nobody), &TransportLimits::default())
        .await
        .err()
        .unwrap();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn after_the_shutdown_the_port_is_free_and_nothing_is_sent() {
    let bound = bind(Udp::new(V4), &TransportLimits::default(), silent).await;
    let flow = bound.carrier.connect(V4).await.unwrap();
    bound.carrier.shutdown().await;
    assert!(matches!(
        bound.carrier.send(&flow, Bytes::from_static(b"x")),
        Err(SendError::Closed)
    ));
    assert!(bound.carrier.connect(V4).await.is_err());
    let again = bind(
        Udp::new(bound.carrier.local_addr()),
        &TransportLimits::default(),
        silent,
    )
    .await;
    bound.carrier.shutdown().await;
    again.carrier.shutdown().await;
}

#[tokio::test]
async fn several_sockets_are_one_listener() {
    let sockets = NonZeroUsize::new(4).unwrap();
    let mut bound = bind(Udp::new(V4).sockets(sockets), &TransportLimits::default(), echo).await;
    let address = bound.carrier.local_addr();
    let mut clients = Vec::new();
    for number in 0..64 {
        let client = client(V4).await;
        client
            .send_to(format!("{number}").as_bytes(), address)
            .await
            .unwrap();
        clients.push(client);
    }
    for (number, client) in clients.iter().enumerate() {
        assert_eq!(
            received(client).await,
            (format!("{number}").into_bytes(), address)
        );
    }
    for _ in &clients {
        let (flow, message) = bound.message().await;
        assert_eq!(flow.local(), address);
        // Out of turn, by whichever socket.
        bound.carrier.send(&flow, message).unwrap();
    }
    for (number, client) in clients.iter().enumerate() {
        assert_eq!(
            received(client).await,
            (format!("{number}").into_bytes(), address)
        );
    }
    let taken = Box::new(Udp::new(address))
        .bind(Arc::new(Nobody), &TransportLimits::default())
        .await;
    assert!(taken.is_err(), "it is its own");

    bound.carrier.shutdown().await;
    let counters = bound.carrier.counters();
    assert_eq!((counters.received, counters.sent), (64, 128));
    let free = client(address).await;
    assert_eq!(free.local_addr().unwrap(), address);
}

/// The loopback always takes what it is given: the backlog, of three octets, is filled by hand.
fn by_hand() -> (Arc<Socket>, Arc<Shared>) {
    let socket = Arc::new(Socket::bind(V4, false).unwrap());
    let shared = Shared {
        id: TurnId::unique(),
        key: [0; 16],
        asked: AtomicU32::new(0),
        largest: LARGEST_V4,
        socket: RwLock::new(Some(Arc::clone(&socket))),
        outbox: Mutex::new(Outbox::new(3)),
        backlogged: Notify::new(),
        tally: Arc::new(Tally::default()),
    };
    (socket, Arc::new(shared))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_queued_just_before_the_end_leaves() {
    let client = client(V4).await;
    let peer = client.local_addr().unwrap();
    let (socket, shared) = by_hand();
    let flusher = {
        // Held, this stops whoever asks whether it is the end.
        let mut open = shared.socket.write().unwrap();
        let flusher = tokio::spawn(flush(socket, Arc::clone(&shared)));
        for _ in 0..10_000 {
            std::thread::yield_now();
        }
        let bytes = Bytes::from_static(b"1");
        shared
            .queue(Datagram {
                peer,
                source: None,
                bytes,
            })
            .unwrap();
        *open = None;
        flusher
    };
    soon(flusher).await.unwrap();
    assert_eq!(shared.tally.snapshot().sent, 1);
    assert_eq!(received(&client).await.0, b"1");
}

#[tokio::test]
async fn the_backlog_leaves_in_order_and_what_is_past_its_bound_is_refused() {
    let client = client(V4).await;
    let (socket, shared) = by_hand();
    let flow = Flow::datagram(socket.local, client.local_addr().unwrap());
    let datagram = Datagram {
        peer: flow.peer(),
        source: None,
        bytes: Bytes::from_static(b"1"),
    };
    shared.queue(datagram).unwrap();
    // Behind a backlog all queue up, from wherever they are sent.
    shared.send(&flow, Bytes::from_static(b"2")).unwrap();
    {
        let _turn = Turn::begin(shared.id);
        for message in ["3", "4"] {
            shared
                .send(&flow, Bytes::from_static(message.as_bytes()))
                .unwrap();
        }
    }
    shared.send_gathered(&socket);
    let refused = shared.send(&flow, Bytes::from_static(b"5"));
    assert!(matches!(refused, Err(SendError::QueueFull)), "{refused:?}");
    assert_eq!(shared.tally.snapshot().refused_sends, 2, "one gathered, one not");

    shared.close();
    soon(flush(socket, Arc::clone(&shared))).await;
    for message in ["1", "2", "3"] {
        assert_eq!(received(&client).await.0, message.as_bytes());
    }
    assert_eq!(shared.tally.snapshot().sent, 3);
}
