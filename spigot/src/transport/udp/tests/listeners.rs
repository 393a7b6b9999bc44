//! Binding, several sockets, and the end.

use std::num::NonZeroUsize;
use std::sync::Arc;

use spigot_parser::Bytes;

use super::*;
use crate::flow::Flow;
use crate::transport::probe::{bind, echo, silent};
use crate::transport::udp::Udp;
use crate::transport::{Bind, SendError, TransportLimits};

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

/// What one socket has asked is answered to another, for the kernel spreads by address and port.
#[tokio::test]
async fn several_sockets_ask_for_signs_of_life_and_answer_from_the_address_that_was_sent_to() {
    let sockets = NonZeroUsize::new(4).unwrap();
    let wildcard = ([0, 0, 0, 0], 0).into();
    let mut bound = bind(
        Udp::new(wildcard).sockets(sockets),
        &TransportLimits::default(),
        silent,
    )
    .await;
    let port = bound.carrier.local_addr().port();
    let at: std::net::SocketAddr = ([127, 0, 0, 2], port).into();
    for _ in 0..16 {
        let peer = bind(Udp::new(V4), &TransportLimits::default(), silent).await;
        let ours = Flow::datagram(at, peer.carrier.local_addr());
        let theirs = peer.carrier.connect(at).await.unwrap();
        peer.carrier.send(&theirs, Bytes::from_static(b"hello")).unwrap();
        assert_eq!(bound.message().await.0, ours);
        bound.carrier.keep_alive(&ours).unwrap();
        assert_eq!(bound.alive().await, (ours, Some(at)));
    }
}
