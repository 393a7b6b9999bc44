//! What the socket did not take.

use std::sync::Arc;

use spigot_parser::Bytes;

use super::*;
use crate::flow::Flow;
use crate::transport::SendError;
use crate::transport::probe::soon;
use crate::transport::turn::Turn;
use crate::transport::udp::batch::Datagram;
use crate::transport::udp::flusher;
use crate::transport::udp::shared_socket::SharedSocket;
use crate::transport::udp::socket::Socket;
use crate::transport::udp::stun_ids::StunIds;

/// The loopback always takes what it is given: the backlog, of three octets, is filled by hand.
fn by_hand() -> (Arc<Socket>, Arc<SharedSocket>) {
    let socket = Arc::new(Socket::bind(V4, false).unwrap());
    let stun_ids = Arc::new(StunIds::new().unwrap());
    let shared = SharedSocket::new(Arc::clone(&socket), stun_ids, 3, Arc::default());
    (socket, shared)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_queued_just_before_the_end_leaves() {
    let client = client(V4).await;
    let peer = client.local_addr().unwrap();
    let (socket, shared) = by_hand();
    let flusher = {
        // Held, this stops whoever asks whether it is the end.
        let mut open = shared.socket.write().unwrap();
        let flusher = tokio::spawn(flusher::run(socket, Arc::clone(&shared)));
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
    soon(flusher::run(socket, Arc::clone(&shared))).await;
    for message in ["1", "2", "3"] {
        assert_eq!(received(&client).await.0, message.as_bytes());
    }
    assert_eq!(shared.tally.snapshot().sent, 3);
}
