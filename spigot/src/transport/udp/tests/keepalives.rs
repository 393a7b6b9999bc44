//! Empty datagrams, line ends and STUN.

use super::*;
use crate::transport::TransportLimits;
use crate::transport::probe::{TransportEvent, bind, silent};
use crate::transport::stun;
use crate::transport::udp::Udp;

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
    assert!(matches!(bound.event().await, TransportEvent::Refused(refused) if refused == flow));
    assert_eq!(bound.message().await.1, "hello");
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
