//! Peers that keep us waiting, on virtual time over the loopback.

use std::sync::atomic::Ordering;
use std::time::Duration;

use spigot_parser::Bytes;
use tokio::io::AsyncWriteExt;

use super::tcp::{V4, open, read, request};
use crate::transport::probe::{TransportEvent, bind, echo, silent};
use crate::transport::{Tcp, TransportLimits};

/// The clock is paused: it jumps to the next deadline when there is nothing else to do.
#[tokio::test(start_paused = true)]
async fn a_connection_that_keeps_us_waiting_is_closed() {
    let start = tokio::time::Instant::now();
    let mut bound = bind(Tcp::new(V4), &TransportLimits::default(), silent).await;
    let address = bound.carrier.local_addr();

    let _silent = std::net::TcpStream::connect(address).unwrap();
    bound.closed().await;
    assert_eq!(bound.carrier.counters().closed_silent, 1);
    assert!(start.elapsed() >= Duration::from_secs(10));

    let mut slow = std::net::TcpStream::connect(address).unwrap();
    std::io::Write::write_all(&mut slow, b"OPTIONS sip:").unwrap();
    bound.closed().await;
    assert_eq!(bound.carrier.counters().closed_slow, 1);
    assert!(start.elapsed() >= Duration::from_secs(30));

    let mut idle = std::net::TcpStream::connect(address).unwrap();
    std::io::Write::write_all(&mut idle, request("that is all").as_bytes()).unwrap();
    bound.message().await;
    bound.closed().await;
    assert_eq!(bound.carrier.counters().closed_idle, 1);
    assert!(start.elapsed() >= Duration::from_secs(150));
}

#[tokio::test(start_paused = true)]
async fn those_who_send_an_octet_now_and_then_are_closed_in_time_and_others_are_served() {
    let limits = TransportLimits {
        connections_per_source: 1_000,
        ..TransportLimits::default()
    };
    let mut bound = bind(Tcp::new(V4), &limits, echo).await;
    let start = tokio::time::Instant::now();
    let mut good = open(&*bound.carrier).await;
    let mut slow: Vec<_> = (0..500)
        .map(|_| std::net::TcpStream::connect(bound.carrier.local_addr()).unwrap())
        .collect();
    for octet in b"OPTI" {
        for stream in &mut slow {
            std::io::Write::write_all(stream, &[*octet]).unwrap();
        }
        let message = request("good");
        good.write_all(message.as_bytes()).await.unwrap();
        assert_eq!(read(&mut good, message.len()).await, message.as_bytes());
        bound.message().await;
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    for _ in &slow {
        bound.closed().await;
    }
    assert!(
        start.elapsed() <= Duration::from_secs(25),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(bound.carrier.counters().closed_slow, 500);
}

#[tokio::test(start_paused = true)]
async fn a_connection_on_which_an_answer_is_due_is_not_closed_for_being_idle() {
    let mut bound = bind(Tcp::new(V4), &TransportLimits::default(), silent).await;
    bound.owes.store(true, Ordering::Relaxed);
    let mut ringing = std::net::TcpStream::connect(bound.carrier.local_addr()).unwrap();
    std::io::Write::write_all(&mut ringing, request("ring").as_bytes()).unwrap();
    let (flow, _) = bound.message().await;
    tokio::time::sleep(Duration::from_secs(170)).await;
    bound.carrier.send(&flow, Bytes::from_static(b"answer")).unwrap();
    bound.owes.store(false, Ordering::Relaxed);
    let since = tokio::time::Instant::now();
    bound.closed().await;
    assert!(since.elapsed() >= Duration::from_secs(120));
    assert_eq!(bound.carrier.counters().closed_idle, 1);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_neither_sends_nor_reads_any_more_holds_up_no_end() {
    let limits = TransportLimits {
        write_queue: 64 * 1024 * 1024,
        ..TransportLimits::default()
    };
    let mut bound = bind(Tcp::new(V4), &limits, silent).await;
    bound.owes.store(true, Ordering::Relaxed);
    let mut deaf = std::net::TcpStream::connect(bound.carrier.local_addr()).unwrap();
    std::io::Write::write_all(&mut deaf, request("I do not read").as_bytes()).unwrap();
    deaf.shutdown(std::net::Shutdown::Write).unwrap();
    let (flow, _) = bound.message().await;
    while bound.carrier.is_open(&flow) {
        tokio::task::yield_now().await;
    }
    bound.owes.store(false, Ordering::Relaxed);
    let answer = Bytes::from(vec![b'x'; 32 * 1024 * 1024]);
    bound.carrier.send(&flow, answer).unwrap();
    assert_eq!(bound.closed().await, flow);
}

/// The clock is paused here too.
#[tokio::test(start_paused = true)]
async fn a_peer_that_neither_reads_nor_closes_holds_up_no_end() {
    let limits = TransportLimits {
        write_queue: 64 * 1024 * 1024,
        ..TransportLimits::default()
    };
    let mut bound = bind(Tcp::new(V4), &limits, silent).await;
    let mut broken = std::net::TcpStream::connect(bound.carrier.local_addr()).unwrap();
    std::io::Write::write_all(&mut broken, b"OPTIONS sip:me SIP/2.0\r\n\r\n").unwrap();
    let TransportEvent::Unframed(flow) = bound.event().await else {
        panic!("framed")
    };
    let since = tokio::time::Instant::now();
    assert_eq!(bound.closed().await, flow);
    assert!(since.elapsed() >= limits.linger);

    let mut deaf = std::net::TcpStream::connect(bound.carrier.local_addr()).unwrap();
    std::io::Write::write_all(&mut deaf, request("I do not read").as_bytes()).unwrap();
    let (flow, _) = bound.message().await;
    bound
        .carrier
        .send(&flow, Bytes::from(vec![b'x'; 32 * 1024 * 1024]))
        .unwrap();
    bound.carrier.shutdown().await;
    assert_eq!(bound.closed().await, flow);
    let counters = bound.carrier.counters();
    assert_eq!((counters.closed_unframed, counters.closed_by_shutdown), (1, 1));
}
