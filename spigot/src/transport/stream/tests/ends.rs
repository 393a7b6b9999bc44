//! What is sent just as a connection ends.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use spigot_parser::{self as sip, Bytes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::layers::{protocol, tls};
use crate::flow::{Flow, Transport};
use crate::transport::probe::{bind, silent, soon};
use crate::transport::stream::codec::{Codec, Decoded};
use crate::transport::{Bind, Carrier, Inbound, Origins, SendError, Tcp, Tls, TransportLimits, WebSocket};

const LOCAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const MESSAGE: &str = "MESSAGE sip:bob@example.com SIP/2.0\r\nContent-Length: 5\r\n\r\nhello";

/// An endpoint that sends a message while it is asked whether a connection is in use.
#[derive(Default)]
struct Sender {
    carrier: OnceLock<Arc<dyn Carrier>>,
    sent: AtomicUsize,
}

struct Judge(Arc<Sender>, mpsc::UnboundedSender<Flow>);

impl Inbound for Judge {
    fn message(&self, _: Flow, _: Bytes) {}
    fn unframed(&self, _: Flow, _: sip::FrameError) {}
    fn closed(&self, flow: Flow) {
        let _test_over = self.1.send(flow);
    }
    fn owes(&self, flow: Flow) -> bool {
        if let Some(carrier) = self.0.carrier.get()
            && self.0.sent.fetch_add(1, Ordering::Relaxed) == 0
        {
            carrier
                .send(&flow, Bytes::from_static(MESSAGE.as_bytes()))
                .unwrap();
        }
        false
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_not_idle_on_which_something_is_sent_just_then() {
    let sender = Arc::new(Sender::default());
    let (closed, mut was_closed) = mpsc::unbounded_channel();
    let listener = Box::new(Tcp::new(LOCAL));
    let limits = TransportLimits::default();
    let carrier = listener.bind(Arc::new(Judge(Arc::clone(&sender), closed)), &limits);
    let carrier = carrier.await.unwrap();
    let _first = sender.carrier.set(Arc::clone(&carrier));
    carrier.start();
    let mut client = TcpStream::connect(carrier.local_addr()).await.unwrap();
    client.write_all(MESSAGE.as_bytes()).await.unwrap();
    let start = Instant::now();
    soon(was_closed.recv()).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 2 * limits.idle.as_secs());
    carrier.shutdown().await;
}

/// Opens a connection by hand, to read from it when the test wants.
async fn open(address: SocketAddr, codec: &mut Codec) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut decoded, mut wire) = (Decoded::default(), Vec::new());
    codec.received(&[], &mut decoded, &mut wire).unwrap();
    let mut greeted = false;
    loop {
        stream.write_all(&std::mem::take(&mut wire)).await.unwrap();
        if greeted {
            return stream;
        }
        if codec.is_ready() {
            codec
                .encode(&Bytes::from_static(MESSAGE.as_bytes()), &mut wire)
                .unwrap();
            greeted = true;
            continue;
        }
        let mut octets = [0; 4096];
        let count = soon(stream.read(&mut octets)).await.unwrap();
        codec.received(&octets[..count], &mut decoded, &mut wire).unwrap();
    }
}

#[tokio::test]
async fn what_comes_too_late_costs_nothing_that_is_queued() {
    const MESSAGES: usize = 400;
    let limits = TransportLimits {
        write_queue: 64 * 1024 * 1024,
        linger: Duration::from_secs(300),
        ..TransportLimits::default()
    };
    let tls = tls(&["127.0.0.1"]);
    for transport in [Transport::Ws, Transport::Tls] {
        let listener: Box<dyn Bind> = match transport {
            Transport::Tls => Box::new(Tls::new(LOCAL, tls.clone())),
            _ => Box::new(WebSocket::new(LOCAL, Origins::any())),
        };
        let mut server = bind(super::wires::Boxed(listener), &limits, silent).await;
        let address = server.carrier.local_addr();
        let protocol = protocol(transport, &tls, Origins::any());
        let mut codec = protocol.opening(address, None, 65_535).unwrap();
        let mut stream = open(address, &mut codec).await;
        let (flow, _) = server.message().await;
        // More than the kernel takes.
        for _ in 0..MESSAGES {
            let message = Bytes::from(vec![b'x'; 60_000]);
            server.carrier.send(&flow, message).unwrap();
        }
        let carrier = Arc::clone(&server.carrier);
        let shutdown = tokio::spawn(async move { carrier.shutdown().await });
        while server.carrier.is_open(&flow) {
            tokio::task::yield_now().await;
        }
        for _ in 0..10 {
            tokio::task::yield_now().await; // its task says goodbye
        }
        let late = server.carrier.send(&flow, Bytes::from_static(b"late"));
        assert!(matches!(late, Err(SendError::Closed)), "{transport}: {late:?}");

        let (mut decoded, mut octets) = (Decoded::default(), vec![0; 65_536]);
        let mut count = 0;
        while !decoded.ended {
            let read = soon(stream.read(&mut octets)).await.unwrap();
            assert_ne!(read, 0, "{transport}: closed after {count}");
            codec
                .received(&octets[..read], &mut decoded, &mut Vec::new())
                .unwrap();
            let messages = decoded.messages.drain(..).map(|message| message.len());
            count += messages.sum::<usize>() + std::mem::take(&mut decoded.octets).len();
        }
        assert_eq!(count, MESSAGES * 60_000, "{transport}");
        drop(stream);
        soon(shutdown).await.unwrap();
    }
}
