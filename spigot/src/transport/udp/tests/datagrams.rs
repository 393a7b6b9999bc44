//! Datagrams and their answers.

use std::collections::HashSet;
use std::sync::Arc;

use spigot_parser::Bytes;

use super::*;
use crate::flow::Flow;
use crate::transport::probe::{bind, echo, silent};
use crate::transport::udp::Udp;
use crate::transport::udp::socket::LARGEST_V4;
use crate::transport::{SendError, TransportLimits};

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
