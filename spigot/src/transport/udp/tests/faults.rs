//! What must not stop a listener: floods, refusals, panics.

use std::sync::Arc;

use spigot_parser::Bytes;

use super::*;
use crate::transport::TransportLimits;
use crate::transport::probe::bind;
use crate::transport::udp::Udp;

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
